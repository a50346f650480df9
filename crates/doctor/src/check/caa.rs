//! Who may issue certificates for the mail host (CAA, RFC 8659). Only a record that forbids what we need is
//! a finding: most domains have none, and lose nothing by it.

use futures_util::future::join_all;
use posthorn_base::lookup::{Kind, Lookup, Record};

use super::{Context, Part};
use crate::entry::{Entry, shown};
use crate::finding::{Fact, Finding};

/// Names above the host that are asked; a name has at most 127 labels, one that anybody uses far fewer.
const MAX_NAMES: usize = 8;

/// Looks at the host's name and those above it: the first that has CAA records decides (section 3).
pub(super) async fn examine<L: Lookup>(lookup: &L, context: &Context<'_>) -> Part {
    let mut part = Part::default();
    let host = match context.question.our_mail() {
        Some(plan) => plan.hostname.to_string(),
        None => match context.incoming.names().first() {
            Some(name) => (*name).to_owned(),
            None => return part,
        },
    };
    let names = upwards(&host);
    let answers = join_all(names.iter().map(|name| lookup.ask(name, Kind::Caa))).await;
    let found = names
        .iter()
        .zip(answers)
        .find_map(|(name, answer)| Some((*name, answer.ok()?)));
    let Some((name, records)) = found else {
        return part;
    };
    let issuers: Vec<&str> = records.iter().filter_map(issuer).take(16).collect();
    let listed: Vec<String> = issuers
        .iter()
        .map(|issuer| match *issuer {
            "" => "nobody".to_owned(),
            issuer => shown(issuer.as_bytes(), 253),
        })
        .collect();
    if listed.is_empty() {
        return part;
    }
    let listed = listed.join(", ");
    part.fact(Fact::new(
        "certificates by",
        format!("{listed} (CAA at {})", shown(name.as_bytes(), 253)),
    ));
    let ours = context
        .question
        .our_mail()
        .and_then(|plan| plan.certificate_issuer.as_deref());
    if let Some(ours) = ours
        && !issuers.iter().any(|issuer| issuer.eq_ignore_ascii_case(ours))
    {
        let record = Record::Caa {
            critical: false,
            tag: "issue".to_owned(),
            value: ours.to_owned(),
        };
        let what =
            format!("The CAA record at {name} lets only these issue certificates for {host}: {listed}.");
        part.add(
            Finding::better("caa-forbids", what)
                .why(format!(
                    "The next certificate from {ours} is refused, and mail programs will warn."
                ))
                .fix("Add this record; those that are there may stay.")
                .publish(Entry::new(context.domain(), name, record)),
        );
    }
    part
}

/// The name and those above it, without the top-level domain alone.
fn upwards(host: &str) -> Vec<&str> {
    let mut names = Vec::new();
    let mut rest = Some(host);
    while let Some(name) = rest.filter(|name| name.contains('.') && names.len() < MAX_NAMES) {
        names.push(name);
        rest = name.split_once('.').map(|(_, above)| above);
    }
    names
}

/// `issuer-domain-name [; parameters]`; empty: nobody.
fn issuer(record: &Record) -> Option<&str> {
    let Record::Caa { tag, value, .. } = record else {
        return None;
    };
    let name = value.split(';').next().unwrap_or_default().trim();
    tag.eq_ignore_ascii_case("issue").then_some(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_names_above_a_host_end_before_the_top() {
        assert_eq!(
            upwards("a.mail.example.test"),
            ["a.mail.example.test", "mail.example.test", "example.test"]
        );
        assert!(upwards("localhost").is_empty());
        assert_eq!(upwards(&"a.".repeat(126)).len(), MAX_NAMES);
    }
}
