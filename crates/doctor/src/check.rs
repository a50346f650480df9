//! Examines a domain, hosted here or not, from the outside: what its name servers say, and what its mail
//! host shows. Each file below looks at one matter and gives findings.
//!
//! Asks only through [`Lookup`] and [`Probe`]. Gives no opinion where it cannot know: which selectors a
//! domain signs with is not public, and whether mail is sent over TLS with MTA-STS is decided elsewhere.

mod caa;
mod dkim;
mod dmarc;
mod mail_hosts;
mod name_servers;
mod reverse;
mod spf;
mod tls;

use futures_util::future::{join, join3, join4};
use posthorn_base::lookup::{Answer, Kind, Lookup, NoRecords, Record};
use posthorn_base::{Domain, Timestamp};

use crate::checkup::Checkup;
use crate::entry::printable;
use crate::finding::{Fact, Finding, Severity};
use crate::plan::Plan;
use crate::probe::Probe;
use mail_hosts::Incoming;

/// Selectors that are looked at; what is asked for beyond is left out.
const MAX_SELECTORS: usize = 50;

/// What is examined.
#[derive(Clone, Debug)]
pub struct Question {
    /// The domain.
    pub domain: Domain,
    /// Names of DKIM keys that must be there, besides ours.
    pub selectors: Vec<String>,
    /// What is known of a domain that is hosted here: host name, addresses, keys. `None` for others.
    pub ours: Option<Plan>,
    /// Now.
    pub now: Timestamp,
}

impl Question {
    /// About somebody's domain.
    #[must_use]
    pub fn new(domain: Domain, now: Timestamp) -> Self {
        Self {
            domain,
            selectors: Vec::new(),
            ours: None,
            now,
        }
    }

    /// Is the domain hosted here, and meant to send and receive mail?
    fn our_mail(&self) -> Option<&Plan> {
        self.ours.as_ref().filter(|plan| !plan.no_mail)
    }
}

/// Asks everything there is to ask about the domain. Questions that do not depend on one another go out at
/// the same time.
pub async fn check<L: Lookup, P: Probe>(lookup: &L, probe: &P, question: &Question) -> Checkup {
    let domain = question.domain.as_str();
    let ((incoming, has_null_beside), own_texts, policy, servers) = join4(
        mail_hosts::find(lookup, domain),
        lookup.ask(domain, Kind::Txt),
        Box::pin(dmarc::look(lookup, domain)),
        Box::pin(name_servers::examine(lookup, probe, question)),
    )
    .await;
    if incoming == Incoming::NoSuchDomain {
        let finding = no_such_domain(question);
        return Checkup::new(&question.domain, vec![finding], Vec::new());
    }
    let is_enforced = policy.is_enforced();
    let context = Context {
        question,
        incoming: &incoming,
        is_enforced,
        sends_nothing: sends_nothing(own_texts),
    };
    let receiving = join3(
        Box::pin(mail_hosts::judge(probe, &context, has_null_beside)),
        Box::pin(reverse::examine(lookup, &context)),
        Box::pin(tls::examine(lookup, probe, &context)),
    );
    let sending = join4(
        Box::pin(spf::examine(lookup, &context)),
        Box::pin(dkim::examine(lookup, &context)),
        Box::pin(dmarc::examine(lookup, &context, &policy)),
        Box::pin(caa::examine(lookup, &context)),
    );
    let ((hosts, reverse, tls), (spf, dkim, dmarc, caa)) = join(receiving, sending).await;
    let mut whole = Part::default();
    for part in [hosts, spf, dkim, dmarc, reverse, tls, caa, servers] {
        whole.extend(part);
    }
    Checkup::new(&question.domain, whole.findings, whole.facts)
}

fn sends_nothing(answer: Answer) -> bool {
    let found = texts(answer, "v=spf1").unwrap_or_default();
    matches!(found.as_slice(), [one] if one.trim_end().eq_ignore_ascii_case("v=spf1 -all"))
}

fn no_such_domain(question: &Question) -> Finding {
    let domain = &question.domain;
    Finding::lost("domain-missing", format!("There is no domain {domain} in the DNS."))
        .why("Nobody can write to it, and mail that says it is from there is refused by many servers.")
        .fix(format!(
            "See that the name is spelled as it should be, that {domain} is registered and paid for, and that its \
             name servers know it."
        ))
        .verify(crate::finding::dig("NS", domain.as_str()))
}

/// What one matter needs to know of another.
struct Context<'a> {
    question: &'a Question,
    incoming: &'a Incoming,
    /// Does DMARC ask receivers to set forged mail aside?
    is_enforced: bool,
    /// Does SPF say that no server may send?
    sends_nothing: bool,
}

impl Context<'_> {
    fn domain(&self) -> &Domain {
        &self.question.domain
    }
}

/// What one matter gives.
#[derive(Debug, Default)]
struct Part {
    findings: Vec<Finding>,
    facts: Vec<Fact>,
}

impl Part {
    fn add(&mut self, finding: Finding) {
        self.findings.push(finding);
    }

    fn fact(&mut self, fact: Fact) {
        self.facts.push(fact);
    }

    /// The command for every fault that has none yet.
    fn with_verify(mut self, command: &str) -> Self {
        for finding in &mut self.findings {
            if finding.verify.is_empty() && finding.severity != Severity::Good {
                finding.verify = command.to_owned();
            }
        }
        self
    }

    fn extend(&mut self, other: Self) {
        self.findings.extend(other.findings);
        self.facts.extend(other.facts);
    }
}

/// The TXT records that begin with `version` (in any letter case), as they may be shown and read; or why
/// nobody could tell. A record that is no text is read with replacements, which no grammar here allows.
fn texts(answer: Answer, version: &str) -> Result<Vec<String>, String> {
    let records = match answer {
        Ok(records) => records,
        Err(NoRecords::NoSuchName | NoRecords::NoneOfKind) => return Ok(Vec::new()),
        Err(NoRecords::Temporary(why)) => return Err(printable(why.as_bytes())),
    };
    let text = |record: &Record| {
        let Record::Txt(octets) = record else {
            return None;
        };
        let start = octets.get(..version.len())?;
        start
            .eq_ignore_ascii_case(version.as_bytes())
            .then(|| printable(octets))
    };
    Ok(records.iter().filter_map(text).take(10).collect())
}
