//! A whole examination, as people and programs take it.

use posthorn_base::Domain;
use serde::Serialize;

use crate::finding::{Fact, Finding, Severity};
use crate::paragraph::{heading, paragraph};
use crate::print::write_entry;

/// Everything found about a domain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checkup {
    /// The domain.
    pub domain: Domain,
    /// The gravest first.
    pub findings: Vec<Finding>,
    /// What stands there, whether good or bad.
    pub facts: Vec<Fact>,
}

impl Checkup {
    pub(crate) fn new(domain: &Domain, mut findings: Vec<Finding>, facts: Vec<Fact>) -> Self {
        findings.sort_by_key(|finding| finding.severity);
        Self {
            domain: domain.clone(),
            findings,
            facts,
        }
    }

    /// The gravest effect; [`Severity::Good`] when nothing is wrong.
    #[must_use]
    pub fn worst(&self) -> Severity {
        let severities = self.findings.iter().map(|finding| finding.severity);
        severities.min().unwrap_or(Severity::Good)
    }

    /// For scripts: 0 nothing is lost and nothing can be forged (there may be advice), 1 the domain can be
    /// forged, 2 mail can be lost. Advice alone is 0, so that a nightly check stays silent about a domain
    /// that works; whoever wants it reads the findings.
    #[must_use]
    pub fn exit_status(&self) -> u8 {
        match self.worst() {
            Severity::MailLost => 2,
            Severity::CanBeForged => 1,
            Severity::CouldBeBetter | Severity::Good => 0,
        }
    }

    /// For people: the facts, then the findings, the gravest first, set to `width` characters.
    #[must_use]
    pub fn to_text(&self, width: usize) -> String {
        let mut out = String::new();
        let sentence = format!("{}: {}", self.domain.to_unicode(), self.sentence());
        paragraph(&mut out, "", &sentence, width);
        out.push('\n');
        let widest = self.facts.iter().map(|fact| fact.name.chars().count()).max();
        let column = widest.unwrap_or(0);
        for fact in &self.facts {
            let head = format!("{:column$}  ", fact.name);
            paragraph(&mut out, &head, &fact.value, width);
        }
        let mut severity = None;
        for finding in &self.findings {
            if severity != Some(finding.severity) {
                out.push('\n');
                heading(&mut out, finding.severity.title());
                severity = Some(finding.severity);
            }
            write_finding(&mut out, finding, width);
        }
        out
    }

    /// The whole in one sentence.
    #[must_use]
    pub fn sentence(&self) -> String {
        let of = |severity: Severity| {
            let those = self.findings.iter().filter(|one| one.severity == severity);
            those.count()
        };
        let mut parts = Vec::new();
        for (severity, one, many) in [
            (Severity::MailLost, "one thing loses mail", "things lose mail"),
            (
                Severity::CanBeForged,
                "one thing lets others forge it",
                "things let others forge it",
            ),
            (
                Severity::CouldBeBetter,
                "one thing could be better",
                "things could be better",
            ),
        ] {
            match of(severity) {
                0 => {}
                1 => parts.push(one.to_owned()),
                count => parts.push(format!("{count} {many}")),
            }
        }
        match parts.split_last() {
            None => "everything that was looked at is as it should be.".to_owned(),
            Some((last, [])) => format!("{last}."),
            Some((last, before)) => format!("{} and {last}.", before.join(", ")),
        }
    }

    /// For programs: `{"domain", "exit_status", "summary", "facts": [{"name", "value"}], "findings": [{"code",
    /// "severity", "what", "why", "fix", "verify", "record"}]}`; what a finding does not have is left out.
    #[must_use]
    pub fn to_json(&self) -> serde_json::Value {
        #[derive(Serialize)]
        struct Whole<'a> {
            domain: &'a str,
            exit_status: u8,
            summary: String,
            facts: &'a [Fact],
            findings: &'a [Finding],
        }
        let whole = Whole {
            domain: self.domain.as_str(),
            exit_status: self.exit_status(),
            summary: self.sentence(),
            facts: &self.facts,
            findings: &self.findings,
        };
        // Only a map with keys that are no strings cannot be written, and there is none.
        serde_json::to_value(whole).unwrap_or_default()
    }
}

fn write_finding(out: &mut String, finding: &Finding, width: usize) {
    if finding.severity == Severity::Good {
        paragraph(out, "- ", &finding.what, width);
        return;
    }
    out.push('\n');
    paragraph(out, "* ", &format!("{} [{}]", finding.what, finding.code), width);
    for (head, text) in [("  Why    ", &finding.why), ("  Mend   ", &finding.fix)] {
        if !text.is_empty() {
            paragraph(out, head, text, width);
        }
    }
    if let Some(entry) = &finding.record {
        out.push_str(&format!("  Type   {}\n", entry.kind()));
        write_entry(out, entry);
    }
    if !finding.verify.is_empty() {
        out.push_str(&format!("  Check  {}\n", finding.verify));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn checkup(severities: &[Severity]) -> Checkup {
        let findings = severities
            .iter()
            .map(|severity| Finding::new("code", *severity, "Something is so."));
        let domain = Domain::parse("example.test").unwrap();
        Checkup::new(&domain, findings.collect(), Vec::new())
    }

    #[test]
    fn the_exit_status_follows_the_gravest_effect() {
        use Severity::{CanBeForged, CouldBeBetter, Good, MailLost};
        for (severities, status) in [
            (vec![], 0),
            (vec![Good], 0),
            (vec![Good, CouldBeBetter], 0),
            (vec![CouldBeBetter, CanBeForged], 1),
            (vec![Good, CanBeForged, MailLost], 2),
        ] {
            assert_eq!(checkup(&severities).exit_status(), status, "{severities:?}");
        }
    }

    #[test]
    fn the_gravest_comes_first() {
        let checkup = checkup(&[Severity::Good, Severity::MailLost, Severity::CanBeForged]);
        let order: Vec<Severity> = checkup.findings.iter().map(|finding| finding.severity).collect();
        assert_eq!(order, [Severity::MailLost, Severity::CanBeForged, Severity::Good]);
    }

    #[test]
    fn one_sentence_counts_what_is_wrong() {
        let all = checkup(&[Severity::MailLost, Severity::CanBeForged, Severity::CanBeForged]);
        assert_eq!(
            all.sentence(),
            "one thing loses mail and 2 things let others forge it."
        );
        assert_eq!(
            checkup(&[Severity::Good]).sentence(),
            "everything that was looked at is as it should be."
        );
    }
}
