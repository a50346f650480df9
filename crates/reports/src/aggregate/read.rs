//! Reads the XML of an aggregate report. Tolerant: unknown elements, other namespaces, unclosed and
//! misplaced ones, `Pass` for `pass` and octets that are no UTF-8 are passed over. Expands no entity but the
//! five of XML and characters by number, keeps a stack of bounded depth, and ends at the limit of records.

use std::net::IpAddr;

use quick_xml::events::{BytesRef, Event};
use quick_xml::reader::Reader;

use super::words::{disposition, line, mode, one_of, optional, policy, result, seconds};
use super::{ERRORS, OVERRIDES, SIGNATURES};
use crate::clean;
use crate::limits::{Limits, Unreadable};
use crate::report::{
    Aggregate, AuthResult, Discovery, Disposition, DkimAuth, Override, OverrideKind, Published, Record,
    SpfAuth,
};

/// How deep elements may stand in one another; a report has 6.
const DEPTH: usize = 32;
/// Octets of the text of one element that are kept.
const TEXT_OCTETS: usize = 2_000;
/// Messages of one record that are believed.
const MAX_COUNT: u64 = 1_000_000_000;

/// The elements that matter. Others are `""`.
const ELEMENTS: [&str; 40] = [
    "feedback",
    "report_metadata",
    "org_name",
    "email",
    "extra_contact_info",
    "report_id",
    "date_range",
    "begin",
    "end",
    "error",
    "generator",
    "policy_published",
    "domain",
    "p",
    "sp",
    "np",
    "adkim",
    "aspf",
    "testing",
    "discovery_method",
    "fo",
    "record",
    "row",
    "source_ip",
    "count",
    "policy_evaluated",
    "disposition",
    "dkim",
    "spf",
    "reason",
    "type",
    "comment",
    "identifiers",
    "header_from",
    "envelope_from",
    "envelope_to",
    "auth_results",
    "selector",
    "result",
    "scope",
];

/// Reads a report from XML.
pub(crate) fn read_xml(octets: &[u8], limits: &Limits) -> Result<Aggregate, Unreadable> {
    let text = decode(octets);
    let mut reader = Reader::from_str(&text);
    let config = reader.config_mut();
    config.check_end_names = false;
    config.allow_unmatched_ends = true;
    config.allow_dangling_amp = true;
    config.expand_empty_elements = true;
    let mut walk = Walk::new(limits.records);
    loop {
        match reader.read_event() {
            Ok(Event::Start(start)) => walk.open(start.local_name().as_ref())?,
            Ok(Event::End(end)) => walk.end(end.local_name().as_ref())?,
            Ok(Event::Text(text)) => walk.add(&text),
            Ok(Event::CData(text)) => walk.add(&text),
            Ok(Event::GeneralRef(reference)) => walk.add_reference(&reference),
            Ok(Event::DocType(text)) if text.contains("<!ENTITY") => return Err(Unreadable::Entities),
            Ok(Event::DocType(_) | Event::Empty(_) | Event::Comment(_) | Event::Decl(_) | Event::PI(_)) => {}
            Ok(Event::Eof) => return walk.finish(),
            Err(error) => return Err(broken(&error.to_string(), walk.found_feedback)),
        }
    }
}

/// XML that breaks off before it was a report is no report at all: most XML in mail is something else.
fn broken(reason: &str, found_feedback: bool) -> Unreadable {
    if found_feedback {
        Unreadable::Xml(clean::line(reason, clean::LINE_CHARACTERS))
    } else {
        Unreadable::NoReport
    }
}

/// UTF-8, or UTF-16 with its mark. What names another charset has ASCII where it matters.
fn decode(octets: &[u8]) -> String {
    let units = |of: fn([u8; 2]) -> u16| {
        let pairs = octets.get(2..).unwrap_or_default().chunks_exact(2);
        let units = pairs.map(move |pair| {
            of([
                pair.first().copied().unwrap_or(0),
                pair.last().copied().unwrap_or(0),
            ])
        });
        char::decode_utf16(units)
            .map(|c| c.unwrap_or(char::REPLACEMENT_CHARACTER))
            .collect()
    };
    match octets.get(..2) {
        Some([0xff, 0xfe]) => units(u16::from_le_bytes),
        Some([0xfe, 0xff]) => units(u16::from_be_bytes),
        _ => String::from_utf8_lossy(octets.strip_prefix(b"\xef\xbb\xbf").unwrap_or(octets)).into_owned(),
    }
}

fn known(name: &str) -> &'static str {
    ELEMENTS
        .iter()
        .find(|known| **known == name)
        .copied()
        .unwrap_or("")
}

/// The state of reading: the open elements, the text of the innermost, and what was found.
struct Walk {
    open: Vec<&'static str>,
    text: String,
    /// Has no element begun since the innermost open one?
    is_leaf: bool,
    found_feedback: bool,
    max_records: usize,
    report: Aggregate,
    record: Draft,
}

/// A record being read.
#[derive(Default)]
struct Draft {
    source: Option<IpAddr>,
    count: u64,
    disposition: Option<Disposition>,
    dkim_aligned: bool,
    spf_aligned: bool,
    overrides: Vec<Override>,
    header_from: String,
    envelope_from: Option<String>,
    envelope_to: Option<String>,
    dkim: Vec<DkimAuth>,
    spf: Option<SpfAuth>,
    /// The signature, SPF result or reason being read.
    part: Part,
}

#[derive(Default)]
struct Part {
    domain: String,
    selector: String,
    result: Option<AuthResult>,
    is_helo: bool,
    kind: String,
    comment: String,
}

impl Walk {
    fn new(max_records: usize) -> Self {
        let published = Published {
            domain: String::new(),
            p: None,
            sp: None,
            np: None,
            adkim: None,
            aspf: None,
            testing: None,
            discovery: None,
            fo: None,
        };
        let report = Aggregate {
            org_name: String::new(),
            email: String::new(),
            extra_contact: None,
            report_id: String::new(),
            begin: 0,
            end: 0,
            errors: Vec::new(),
            generator: None,
            published,
            records: Vec::new(),
            unusable: 0,
        };
        Self {
            open: Vec::new(),
            text: String::new(),
            is_leaf: false,
            found_feedback: false,
            max_records,
            report,
            record: Draft::default(),
        }
    }

    fn open(&mut self, name: &str) -> Result<(), Unreadable> {
        if self.open.len() >= DEPTH {
            return Err(Unreadable::TooDeep { limit: DEPTH });
        }
        let name = known(name);
        self.found_feedback = self.found_feedback || name == "feedback";
        match name {
            "record" => self.record = Draft::default(),
            "dkim" | "spf" | "reason" => self.record.part = Part::default(),
            _ => {}
        }
        self.open.push(name);
        self.text.clear();
        self.is_leaf = true;
        Ok(())
    }

    /// Ends the innermost element of this name and all that stands open in it; without one, nothing.
    fn end(&mut self, name: &str) -> Result<(), Unreadable> {
        let name = known(name);
        let depth = if name.is_empty() {
            self.open
                .last()
                .filter(|open| open.is_empty())
                .map(|_| self.open.len())
        } else {
            self.open
                .iter()
                .rposition(|open| *open == name)
                .map(|at| at.saturating_add(1))
        };
        let Some(depth) = depth else { return Ok(()) };
        while self.open.len() >= depth {
            let Some(name) = self.open.pop() else { break };
            let parent = self.open.last().copied().unwrap_or("");
            let text = if self.is_leaf {
                std::mem::take(&mut self.text)
            } else {
                String::new()
            };
            self.close(parent, name, text.trim())?;
            self.is_leaf = false;
        }
        Ok(())
    }

    fn add(&mut self, text: &str) {
        let room = TEXT_OCTETS.saturating_sub(self.text.len());
        if text.len() <= room {
            self.text.push_str(text);
            return;
        }
        self.text.extend(text.chars().take(room / 4));
    }

    fn add_reference(&mut self, reference: &BytesRef<'_>) {
        let name: &str = reference;
        match name {
            "lt" => self.add("<"),
            "gt" => self.add(">"),
            "amp" => self.add("&"),
            "apos" => self.add("'"),
            "quot" => self.add("\""),
            _ => {
                if let Ok(Some(c)) = reference.resolve_char_ref() {
                    self.add(c.encode_utf8(&mut [0; 4]));
                }
            }
        }
    }

    fn close(&mut self, parent: &str, name: &str, text: &str) -> Result<(), Unreadable> {
        match (parent, name) {
            ("report_metadata" | "date_range", _) => self.close_metadata(name, text),
            ("policy_published", _) => self.close_published(name, text),
            (_, "record") => return self.close_record(),
            ("row" | "policy_evaluated" | "reason" | "identifiers", _) => {
                self.record.close_row(parent, name, text);
            }
            ("auth_results" | "dkim" | "spf", _) => self.record.close_result(parent, name, text),
            _ => {}
        }
        Ok(())
    }

    fn close_metadata(&mut self, name: &str, text: &str) {
        let report = &mut self.report;
        match name {
            "org_name" => report.org_name = line(text),
            "email" => report.email = line(text),
            "extra_contact_info" => report.extra_contact = optional(text),
            "report_id" => report.report_id = line(text),
            "begin" => report.begin = seconds(text),
            "end" => report.end = seconds(text),
            "error" if report.errors.len() < ERRORS => report.errors.extend(optional(text)),
            "generator" => report.generator = optional(text),
            _ => {}
        }
    }

    fn close_published(&mut self, name: &str, text: &str) {
        let published = &mut self.report.published;
        match name {
            "domain" => published.domain = clean::domain(text),
            "p" => published.p = policy(text),
            "sp" => published.sp = policy(text),
            "np" => published.np = policy(text),
            "adkim" => published.adkim = mode(text),
            "aspf" => published.aspf = mode(text),
            "testing" => published.testing = one_of(text, &[("y", true), ("n", false)]),
            "discovery_method" => {
                let methods = [("psl", Discovery::Psl), ("treewalk", Discovery::TreeWalk)];
                published.discovery = one_of(text, &methods);
            }
            "fo" => published.fo = optional(text),
            _ => {}
        }
    }

    fn close_record(&mut self) -> Result<(), Unreadable> {
        let records = self.report.records.len();
        if self
            .report
            .unusable
            .saturating_add(u64::try_from(records).unwrap_or(u64::MAX))
            >= u64::try_from(self.max_records).unwrap_or(u64::MAX)
        {
            return Err(Unreadable::TooManyRecords {
                limit: self.max_records,
            });
        }
        match std::mem::take(&mut self.record).into_record() {
            Some(record) => self.report.records.push(record),
            None => self.report.unusable = self.report.unusable.saturating_add(1),
        }
        Ok(())
    }

    fn finish(self) -> Result<Aggregate, Unreadable> {
        if !self.found_feedback {
            return Err(Unreadable::NoReport);
        }
        if self.open.contains(&"feedback") {
            return Err(Unreadable::Xml("it breaks off before its end".to_owned()));
        }
        let mut report = self.report;
        if report.published.domain.is_empty() {
            return Err(Unreadable::Incomplete("which domain it is about"));
        }
        if report.org_name.is_empty() {
            report.org_name = clean::domain_of(&report.email);
        }
        if report.report_id.is_empty() {
            report.report_id = format!("{}-{}", report.begin, report.end);
        }
        report.end = report.end.max(report.begin);
        Ok(report)
    }
}

impl Draft {
    fn close_row(&mut self, parent: &str, name: &str, text: &str) {
        match (parent, name) {
            ("row", "source_ip") => self.source = text.parse::<IpAddr>().ok().map(|ip| ip.to_canonical()),
            ("row", "count") => self.count = text.parse::<u64>().unwrap_or(0).min(MAX_COUNT),
            ("policy_evaluated", "disposition") => self.disposition = disposition(text),
            ("policy_evaluated", "dkim") => self.dkim_aligned = text.eq_ignore_ascii_case("pass"),
            ("policy_evaluated", "spf") => self.spf_aligned = text.eq_ignore_ascii_case("pass"),
            ("policy_evaluated", "reason") => self.close_reason(),
            ("reason", "type") => text.clone_into(&mut self.part.kind),
            ("reason", "comment") => text.clone_into(&mut self.part.comment),
            ("identifiers", "header_from") => self.header_from = clean::domain(text),
            ("identifiers", "envelope_from") => self.envelope_from = Some(clean::domain_of(text)),
            ("identifiers", "envelope_to") => self.envelope_to = Some(clean::domain_of(text)),
            _ => {}
        }
    }

    /// An empty reason, which some reporters write always, is none.
    fn close_reason(&mut self) {
        let part = std::mem::take(&mut self.part);
        if self.overrides.len() >= OVERRIDES || (part.kind.is_empty() && part.comment.is_empty()) {
            return;
        }
        let kinds = OverrideKind::ALL.map(|kind| (kind.name(), kind));
        self.overrides.push(Override {
            kind: one_of(&part.kind, &kinds).unwrap_or(OverrideKind::Other),
            comment: optional(&part.comment),
        });
    }

    fn close_result(&mut self, parent: &str, name: &str, text: &str) {
        match (parent, name) {
            ("dkim" | "spf", "domain") => self.part.domain = clean::domain(text),
            ("dkim", "selector") => self.part.selector = clean::domain(text),
            ("dkim" | "spf", "result") => self.part.result = result(text),
            ("spf", "scope") => self.part.is_helo = text.eq_ignore_ascii_case("helo"),
            ("auth_results", "dkim") => self.close_signature(),
            ("auth_results", "spf") => self.close_spf(),
            _ => {}
        }
    }

    fn close_signature(&mut self) {
        let part = std::mem::take(&mut self.part);
        let result = part.result.unwrap_or(AuthResult::None);
        let says_something = !part.domain.is_empty() || result != AuthResult::None;
        let signature = DkimAuth {
            domain: part.domain,
            selector: part.selector,
            result,
        };
        let is_pass = |of: &DkimAuth| of.result == AuthResult::Pass;
        if !says_something {
            return;
        }
        // Those that pass stand first, so that they are not the ones left out.
        let at = self
            .dkim
            .iter()
            .position(|other| is_pass(&signature) && !is_pass(other));
        self.dkim.insert(at.unwrap_or(self.dkim.len()), signature);
        self.dkim.truncate(SIGNATURES);
    }

    /// The reverse path counts for DMARC; HELO is kept only while nothing better has come.
    fn close_spf(&mut self) {
        let part = std::mem::take(&mut self.part);
        let result = part.result.unwrap_or(AuthResult::None);
        let says_something = !part.domain.is_empty() || result != AuthResult::None;
        let is_better = self
            .spf
            .as_ref()
            .is_none_or(|known| known.is_helo && !part.is_helo);
        if says_something && is_better {
            self.spf = Some(SpfAuth {
                domain: part.domain,
                is_helo: part.is_helo,
                result,
            });
        }
    }

    /// `None` without an address or a number.
    fn into_record(self) -> Option<Record> {
        Some(Record {
            source: self.source?,
            count: Some(self.count).filter(|count| *count > 0)?,
            disposition: self.disposition.unwrap_or(Disposition::None),
            dkim_aligned: self.dkim_aligned,
            spf_aligned: self.spf_aligned,
            overrides: self.overrides,
            header_from: self.header_from,
            envelope_from: self.envelope_from,
            envelope_to: self.envelope_to,
            dkim: self.dkim,
            spf: self.spf,
        })
    }
}
