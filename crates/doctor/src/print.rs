//! The wanted records as people and programs take them: a list to copy from, a zone file, JSON.

use posthorn_base::Domain;
use serde::Serialize;

use crate::entry::Entry;
use crate::paragraph::{heading, paragraph};
use crate::wanted::{Group, State, Wanted};

/// Stands for name servers that are not known. It is what Debian's own example zones use, and the one name
/// that `named-checkzone` can look up on any machine.
const PLACEHOLDER: &str = "localhost";

/// A list in groups to copy from, set to `width` characters; values stay in one line.
#[must_use]
pub fn to_text(wanted: &[Wanted], domain: &Domain, width: usize) -> String {
    let mut out = String::new();
    let lead = format!(
        "Records for {domain}. Where a form adds the domain by itself, type the name in brackets; @ is the domain. \
         Many forms have a field of its own for the number before a mail host (MX): its priority."
    );
    paragraph(&mut out, "", &lead, width);
    let mut group = None;
    for one in wanted_by_group(wanted) {
        if group != Some(one.group) {
            out.push('\n');
            heading(&mut out, one.group.title());
            group = Some(one.group);
        }
        out.push('\n');
        write_one(&mut out, one, width);
    }
    out
}

fn write_one(out: &mut String, one: &Wanted, width: usize) {
    let note = match &one.state {
        State::Unknown => String::new(),
        State::Missing => ", missing now".to_owned(),
        State::Same => ", already there".to_owned(),
        State::Different { .. } => ", now different".to_owned(),
        State::Unanswered { .. } => ", not known whether it is there".to_owned(),
    };
    let necessity = one.necessity.name();
    let subject = one
        .entry
        .subject()
        .map_or_else(String::new, |subject| format!(" for {subject}"));
    let kind = one.entry.kind();
    out.push_str(&format!("{kind} record{subject} ({necessity}{note})\n"));
    paragraph(out, "  ", &one.purpose, width);
    write_entry(out, &one.entry);
    match &one.state {
        State::Different { now } => {
            for there in now {
                out.push_str(&format!("  Now    {there}\n"));
            }
        }
        State::Unanswered { why } => {
            paragraph(out, "  Now    ", &format!("nobody could tell: {why}"), width);
        }
        State::Unknown | State::Missing | State::Same => {}
    }
}

/// Name, value and time to live, each in one line that can be copied.
pub(crate) fn write_entry(out: &mut String, entry: &Entry) {
    let short = entry
        .relative
        .as_ref()
        .map_or_else(String::new, |name| format!("   ({name})"));
    out.push_str(&format!("  Name   {}{short}\n", entry.name));
    out.push_str(&format!("  Value  {}\n", entry.content()));
    out.push_str(&format!("  TTL    {}\n", entry.ttl_secs));
}

/// A whole zone file (RFC 1035 section 5) that `named-checkzone` accepts. Records that belong into other
/// zones stand in it as comments. `name_servers` are the hosts that serve the zone; when none is given,
/// SOA and NS name `localhost` as a placeholder, and a comment says so.
#[must_use]
pub fn zone(wanted: &[Wanted], domain: &Domain, name_servers: &[String]) -> String {
    let mut out = format!("; What {domain} needs for mail, written by Posthorn.\n");
    let placeholder = [PLACEHOLDER.to_owned()];
    let servers = if name_servers.is_empty() {
        out.push_str(
            "; SOA and NS are placeholders, so that this is a whole zone: put those of your own name servers.\n",
        );
        &placeholder
    } else {
        out.push_str("; Increase the serial number (1) above the one in use.\n");
        name_servers
    };
    let primary = servers.first().map_or(PLACEHOLDER, String::as_str);
    out.push_str(&format!("$ORIGIN {domain}.\n$TTL 3600\n"));
    out.push_str(&format!(
        "@ IN SOA {primary}. hostmaster.{domain}. 1 86400 7200 3600000 3600\n"
    ));
    for server in servers {
        out.push_str(&format!("@ IN NS {server}.\n"));
    }
    let mut group = None;
    for one in wanted_by_group(wanted) {
        if group != Some(one.group) {
            out.push_str(&format!("\n; ---- {} ----\n", one.group.title()));
            group = Some(one.group);
        }
        paragraph(&mut out, "; ", &one.purpose, usize::MAX);
        match &one.entry.relative {
            Some(name) => {
                let Entry { ttl_secs, .. } = one.entry;
                out.push_str(&format!(
                    "{name} {ttl_secs} IN {} {}\n",
                    one.entry.kind(),
                    one.entry.value()
                ));
            }
            None => out.push_str(&format!("; {}\n", one.entry.line())),
        }
    }
    out
}

/// JSON: `{"domain": …, "records": [{"group", "necessity", "name", "relative", "ttl_secs", "kind", "value",
/// "content", "purpose", "state", …}]}`; `relative` is null for a name in somebody else's zone, `value` is
/// zone syntax, `content` what a form takes, `state` one of `unknown`, `missing`, `same`, `different` (with
/// `now`) and `unanswered` (with `why`).
#[must_use]
pub fn to_json(wanted: &[Wanted], domain: &Domain) -> serde_json::Value {
    #[derive(Serialize)]
    struct Whole<'a> {
        domain: &'a str,
        records: Vec<&'a Wanted>,
    }
    let whole = Whole {
        domain: domain.as_str(),
        records: wanted_by_group(wanted),
    };
    // Only a map with keys that are no strings cannot be written, and there is none.
    serde_json::to_value(whole).unwrap_or_default()
}

fn wanted_by_group(wanted: &[Wanted]) -> Vec<&Wanted> {
    let groups = [
        Group::Receiving,
        Group::Sending,
        Group::Programs,
        Group::Encryption,
        Group::Elsewhere,
    ];
    let of = |group: Group| wanted.iter().filter(move |one| one.group == group);
    groups.into_iter().flat_map(of).collect()
}
