//! Who sends in a domain's name: the rows of reports grouped by organisation, what each group looks like, and
//! what to do about it. Judges by the figures alone; the PTR names come from the caller.

use std::collections::{BTreeMap, BTreeSet};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use posthorn_dmarc::Policy;
use serde::Serialize;

use crate::keep::Results;
use crate::report::{AuthResult, Disposition, OverrideKind};

/// Addresses of one group that are told apart.
const ADDRESSES: usize = 10_000;
/// Addresses that are named as examples.
const EXAMPLES: usize = 5;
/// Other domains, reporters and the like that are told apart in one group.
const NAMES: usize = 30;
/// Days that are told apart.
const DAYS: usize = 500;
/// Days a group was seen on before it counts as something that goes on.
const STEADY_DAYS: usize = 3;
/// Labels below a country that are no organisation's: `co.uk`, `com.br`.
const SECOND_LEVEL: [&str; 14] = [
    "ac", "co", "com", "edu", "ed", "go", "gob", "gov", "gouv", "ltd", "ne", "net", "or", "org",
];

/// What a source looks like.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// Its mail passes.
    Works,
    /// It forwards mail of ours.
    Forwarder,
    /// Some of its mail passes.
    Partly,
    /// Its mail has signatures of ours that no longer fit.
    BrokenSignature,
    /// Somebody vouches for it, but not as us, and it goes on: most likely a service.
    Service,
    /// The same, seen once or twice.
    Stranger,
    /// Nobody vouches for it.
    Forgery,
}

impl Kind {
    /// Does its mail count as ours when the policy is judged? A forgery and a stranger do not; neither does
    /// a forwarder that receivers know as one. A signature that no longer fits does: it may be a key of ours
    /// that is wrong.
    #[must_use]
    pub fn looks_legitimate(self) -> bool {
        match self {
            Self::Works | Self::Partly | Self::BrokenSignature | Self::Service => true,
            Self::Forwarder | Self::Stranger | Self::Forgery => false,
        }
    }
}

/// A source of mail in a domain's name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Source {
    /// The organisation, from the names of its addresses: `mailgun.net`; without names, the network:
    /// `203.0.113.0/24`.
    pub name: String,
    /// Addresses it sends from.
    pub addresses: u64,
    /// Some of them.
    pub examples: Vec<IpAddr>,
    /// Messages.
    pub messages: u64,
    /// Of these, DMARC passes.
    pub passed: u64,
    /// A DKIM signature vouches for the domain in `From`.
    pub dkim_aligned: u64,
    /// SPF does.
    pub spf_aligned: u64,
    /// Receivers refused them.
    pub refused: u64,
    /// Receivers put them into Junk.
    pub put_aside: u64,
    /// First day, `2026-11-23`.
    pub first_seen: String,
    /// Last day.
    pub last_seen: String,
    /// Who reported it; at most 30.
    pub reporters: Vec<String>,
    /// Other domains that vouch for its mail, the most frequent first; at most 5.
    pub vouched_by: Vec<String>,
    /// What it looks like.
    pub kind: Kind,
    /// What to do, in a sentence or two.
    pub action: String,
}

/// A row of a report.
pub(crate) struct Row<'a> {
    pub(crate) source: IpAddr,
    pub(crate) messages: u64,
    pub(crate) dkim_aligned: bool,
    pub(crate) spf_aligned: bool,
    pub(crate) disposition: Disposition,
    pub(crate) results: &'a Results,
    pub(crate) begin: i64,
    pub(crate) end: i64,
    pub(crate) reporter: &'a str,
}

/// What was added up of a group.
#[derive(Default)]
pub(crate) struct Tally {
    addresses: BTreeSet<IpAddr>,
    pub(crate) messages: u64,
    pub(crate) passed: u64,
    dkim_aligned: u64,
    spf_aligned: u64,
    refused: u64,
    put_aside: u64,
    forwarded: u64,
    broken_signature: u64,
    vouched_elsewhere: u64,
    spf_elsewhere: u64,
    dkim_elsewhere: u64,
    elsewhere: BTreeMap<String, u64>,
    days: BTreeSet<i64>,
    reporters: BTreeSet<String>,
}

impl Tally {
    /// Adds a row; `domain` is ours.
    pub(crate) fn add(&mut self, row: &Row<'_>, domain: &str) {
        let count = |sum: &mut u64, holds: bool| {
            if holds {
                *sum = sum.saturating_add(row.messages);
            }
        };
        let passes = row.dkim_aligned || row.spf_aligned;
        if self.addresses.len() < ADDRESSES {
            self.addresses.insert(row.source);
        }
        count(&mut self.messages, true);
        count(&mut self.passed, passes);
        count(&mut self.dkim_aligned, row.dkim_aligned);
        count(&mut self.spf_aligned, row.spf_aligned);
        count(&mut self.refused, row.disposition == Disposition::Reject);
        count(&mut self.put_aside, row.disposition == Disposition::Quarantine);
        count(
            &mut self.forwarded,
            row.results.overrides.iter().any(|of| is_forwarding(of.kind)),
        );
        let ours = |name: &str| is_within(name, domain);
        let dkim = &row.results.dkim;
        let is_broken = dkim
            .iter()
            .any(|of| ours(&of.domain) && of.result == AuthResult::Fail);
        count(&mut self.broken_signature, is_broken && !passes);
        let signer = dkim
            .iter()
            .find(|of| of.result == AuthResult::Pass && !ours(&of.domain));
        let sender = row
            .results
            .spf
            .as_ref()
            .filter(|of| of.result == AuthResult::Pass && !ours(&of.domain) && !of.domain.is_empty());
        count(&mut self.dkim_elsewhere, signer.is_some() && !passes);
        count(&mut self.spf_elsewhere, sender.is_some() && !passes);
        count(
            &mut self.vouched_elsewhere,
            (signer.is_some() || sender.is_some()) && !passes,
        );
        if let Some(name) = signer.map(|of| &of.domain).or(sender.map(|of| &of.domain)) {
            let name = organisation(name);
            if self.elsewhere.len() < NAMES || self.elsewhere.contains_key(&name) {
                let sum = self.elsewhere.entry(name).or_default();
                *sum = sum.saturating_add(row.messages);
            }
        }
        self.days.extend([day_of(row.begin), day_of(row.end)]);
        if self.days.len() > DAYS {
            // The first and the last day are shown; how many lie between does not matter any more.
            if let Some(between) = self.days.iter().nth(1).copied() {
                self.days.remove(&between);
            }
        }
        if self.reporters.len() < NAMES {
            self.reporters.insert(row.reporter.to_owned());
        }
    }

    /// At least so many per cent of its messages?
    fn most(&self, part: u64, per_cent: u64) -> bool {
        part.saturating_mul(100) >= self.messages.saturating_mul(per_cent)
    }

    fn kind(&self, name: &str) -> Kind {
        if self.forwarded > 0 && self.most(self.forwarded, 50) {
            return Kind::Forwarder;
        }
        if self.passed > 0 && self.most(self.passed, 95) {
            return Kind::Works;
        }
        if self.passed > 0 && self.most(self.passed, 20) {
            return Kind::Partly;
        }
        if self.broken_signature > 0 && self.most(self.broken_signature, 50) {
            return Kind::BrokenSignature;
        }
        if self.vouched_elsewhere > 0 && self.most(self.vouched_elsewhere, 50) {
            let owns_its_name = self.elsewhere.contains_key(name);
            return if owns_its_name || self.days.len() >= STEADY_DAYS {
                Kind::Service
            } else {
                Kind::Stranger
            };
        }
        if self.passed > 0 {
            Kind::Partly
        } else {
            Kind::Forgery
        }
    }

    /// As it is shown.
    pub(crate) fn into_source(self, name: String, domain: &str, policy: Option<Policy>) -> Source {
        let kind = self.kind(&name);
        let mut elsewhere: Vec<(&String, &u64)> = self.elsewhere.iter().collect();
        elsewhere.sort_by_key(|(name, count)| (std::cmp::Reverse(**count), (*name).clone()));
        let vouched_by: Vec<String> = elsewhere
            .into_iter()
            .take(EXAMPLES)
            .map(|(name, _)| name.clone())
            .collect();
        let action = self.action(kind, &vouched_by, domain, policy);
        let date = |day: Option<&i64>| crate::Day(day.copied().unwrap_or(0)).to_string();
        Source {
            name,
            addresses: u64::try_from(self.addresses.len()).unwrap_or(u64::MAX),
            examples: self.addresses.iter().take(EXAMPLES).copied().collect(),
            messages: self.messages,
            passed: self.passed,
            dkim_aligned: self.dkim_aligned,
            spf_aligned: self.spf_aligned,
            refused: self.refused,
            put_aside: self.put_aside,
            first_seen: date(self.days.first()),
            last_seen: date(self.days.last()),
            reporters: self.reporters.into_iter().collect(),
            vouched_by,
            kind,
            action,
        }
    }

    fn action(&self, kind: Kind, vouched_by: &[String], domain: &str, policy: Option<Policy>) -> String {
        let other = vouched_by.first().map_or("another domain", String::as_str);
        let failed = self.messages.saturating_sub(self.passed);
        match kind {
            Kind::Works => self.works(domain),
            Kind::Forwarder if self.passed == self.messages => {
                "Somebody forwards your mail from here. Your DKIM signature stays whole, so it passes: nothing to do.".to_owned()
            }
            Kind::Forwarder => format!(
                "Somebody forwards your mail from here, and {} on the way. Receivers who know forwarders take it; you can do nothing about the rest.",
                if failed == 1 { "1 message lost its proof".to_owned() } else { format!("{failed} messages lost their proof") }
            ),
            Kind::Partly => format!(
                "{failed} of {} messages from here fail, the others pass. Look for a program there that sends without your DKIM key.",
                self.messages
            ),
            Kind::BrokenSignature => format!(
                "These messages carry a signature of {domain} that no longer fits. Either a mailing list or forwarder changes them, which you cannot help, or the key in your DNS is not the one that signs: check your DKIM records."
            ),
            Kind::Service => format!(
                "This looks like a service that sends for you: {} for {other}, not for {domain}. If it is yours, let it sign with DKIM as {domain}; if you do not know it, these are forgeries.",
                self.passes_elsewhere()
            ),
            Kind::Stranger => format!(
                "{} for {other}, not for {domain}. If you know {other}, let it sign with DKIM as {domain}; otherwise these are forgeries, and {}.",
                capital(self.passes_elsewhere()),
                self.outcome(policy)
            ),
            Kind::Forgery => format!("Nobody you named sends from here: these are forgeries, and {}.", self.outcome(policy)),
        }
    }

    fn works(&self, domain: &str) -> String {
        let how = if self.dkim_aligned == 0 {
            format!(
                "It passes by SPF alone, and fails as soon as somebody forwards it: let it sign with DKIM as {domain}, too."
            )
        } else if self.spf_aligned > 0 {
            format!("All is well: DKIM and SPF vouch for {domain}.")
        } else if self.elsewhere.is_empty() {
            format!(
                "It passes, by DKIM alone: either somebody forwards your mail from here, or this is a server of yours that the SPF record of {domain} does not name."
            )
        } else {
            format!(
                "All is well: DKIM vouches for {domain}. SPF vouches for another domain, which does no harm."
            )
        };
        match self.messages.saturating_sub(self.passed) {
            0 => how,
            failed => format!("{how} Only {failed} of {} fail.", self.messages),
        }
    }

    fn passes_elsewhere(&self) -> &'static str {
        match (self.spf_elsewhere > 0, self.dkim_elsewhere > 0) {
            (true, true) => "SPF and DKIM pass",
            (true, false) => "SPF passes",
            (false, _) => "DKIM passes",
        }
    }

    /// What receivers did, behind "and".
    fn outcome(&self, policy: Option<Policy>) -> String {
        let stopped = self.refused.saturating_add(self.put_aside);
        if self.refused == self.messages {
            return "receivers refused them".to_owned();
        }
        if self.put_aside == self.messages {
            return "receivers put them into Junk".to_owned();
        }
        if stopped == 0 {
            return match policy {
                Some(Policy::None) => "receivers delivered them, as your policy none lets them".to_owned(),
                Some(Policy::Quarantine | Policy::Reject) | None => {
                    "receivers delivered them all the same".to_owned()
                }
            };
        }
        format!("receivers stopped {stopped} of {}", self.messages)
    }
}

fn capital(text: &str) -> String {
    let mut chars = text.chars();
    chars
        .next()
        .map_or_else(String::new, |first| first.to_uppercase().chain(chars).collect())
}

fn is_forwarding(kind: OverrideKind) -> bool {
    match kind {
        OverrideKind::Forwarded | OverrideKind::TrustedForwarder | OverrideKind::MailingList => true,
        OverrideKind::LocalPolicy
        | OverrideKind::Other
        | OverrideKind::PolicyTestMode
        | OverrideKind::SampledOut => false,
    }
}

fn day_of(at: i64) -> i64 {
    at.div_euclid(86_400)
}

/// Is this `parent` or a name below it?
fn is_within(name: &str, parent: &str) -> bool {
    name.strip_suffix(parent)
        .is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
}

/// The name under which an address is grouped: its organisation, or its network when it has no name.
pub(crate) fn group(source: IpAddr, host: Option<&str>) -> String {
    if let Some(host) = host.map(crate::clean::domain).filter(|host| host.contains('.')) {
        return organisation(&host);
    }
    match source {
        IpAddr::V4(ip) => {
            let [a, b, c, _] = ip.octets();
            format!("{}/24", Ipv4Addr::new(a, b, c, 0))
        }
        IpAddr::V6(ip) => {
            let [a, b, c, ..] = ip.segments();
            format!("{}/48", Ipv6Addr::new(a, b, c, 0, 0, 0, 0, 0))
        }
    }
}

/// The last two labels of a name, or three where the last two are nobody's: `example.co.uk`. A guess for
/// grouping; nothing is trusted on it.
pub(crate) fn organisation(name: &str) -> String {
    let mut labels = name.rsplit('.');
    let (Some(top), Some(second)) = (labels.next(), labels.next()) else {
        return name.to_owned();
    };
    match labels.next() {
        Some(third) if top.len() == 2 && SECOND_LEVEL.contains(&second) => format!("{third}.{second}.{top}"),
        Some(_) | None => format!("{second}.{top}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::ip;

    #[test]
    fn names_group_by_organisation() {
        assert_eq!(organisation("mail-41.google.com"), "google.com");
        assert_eq!(organisation("mx.shop.example.co.uk"), "example.co.uk");
        assert_eq!(organisation("example.de"), "example.de");
        assert_eq!(organisation("localhost"), "localhost");
    }

    #[test]
    fn addresses_without_names_group_by_network() {
        assert_eq!(group(ip("203.0.113.77"), None), "203.0.113.0/24");
        assert_eq!(group(ip("2001:db8:1:2::3"), None), "2001:db8:1::/48");
        assert_eq!(
            group(ip("203.0.113.77"), Some("Mail.Example.NET.")),
            "example.net"
        );
    }

    #[test]
    fn within_respects_label_borders() {
        assert!(is_within("a.ours.test", "ours.test"));
        assert!(!is_within("notours.test", "ours.test"));
    }
}
