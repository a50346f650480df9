//! TLS reports added up: which kinds of failures, how often, and what to do (RFC 8460 section 4.3).

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use crate::report::TlsReport;

/// Kinds of failures that are told apart; there are eleven.
const KINDS: usize = 30;
/// Hosts and reporters that are named.
const NAMES: usize = 10;

/// How senders fared with a domain's servers.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct TlsSummary {
    /// Reports.
    pub reports: u64,
    /// Who sent them.
    pub reporters: Vec<String>,
    /// Sessions that went well.
    pub successes: u64,
    /// Sessions that failed.
    pub failures: u64,
    /// What failed, the most frequent first.
    pub problems: Vec<TlsProblem>,
}

/// Failures of one kind.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct TlsProblem {
    /// As reports name it.
    pub kind: String,
    /// How often.
    pub sessions: u64,
    /// The servers of ours it happened at.
    pub hosts: Vec<String>,
    /// What it means and what to do.
    pub action: String,
}

/// Adds reports up.
#[derive(Default)]
pub(crate) struct TlsTally {
    summary: TlsSummary,
    reporters: BTreeSet<String>,
    problems: BTreeMap<String, (u64, BTreeSet<String>)>,
}

impl TlsTally {
    pub(crate) fn add(&mut self, report: &TlsReport, reporter: &str) {
        self.summary.reports = self.summary.reports.saturating_add(1);
        if self.reporters.len() < NAMES {
            self.reporters.insert(reporter.to_owned());
        }
        for policy in &report.policies {
            self.summary.successes = self.summary.successes.saturating_add(policy.successes);
            self.summary.failures = self.summary.failures.saturating_add(policy.failures);
            for detail in &policy.details {
                if self.problems.len() >= KINDS && !self.problems.contains_key(&detail.kind) {
                    continue;
                }
                let (sessions, hosts) = self.problems.entry(detail.kind.clone()).or_default();
                *sessions = sessions.saturating_add(detail.sessions);
                if hosts.len() < NAMES {
                    hosts.extend(detail.receiving_host.clone());
                }
            }
        }
    }

    /// `None` without a report.
    pub(crate) fn finish(mut self) -> Option<TlsSummary> {
        if self.summary.reports == 0 {
            return None;
        }
        self.summary.reporters = self.reporters.into_iter().collect();
        self.summary.problems = self
            .problems
            .into_iter()
            .map(|(kind, (sessions, hosts))| TlsProblem {
                action: action(&kind).to_owned(),
                kind,
                sessions,
                hosts: hosts.into_iter().collect(),
            })
            .collect();
        self.summary
            .problems
            .sort_by_key(|problem| (std::cmp::Reverse(problem.sessions), problem.kind.clone()));
        Some(self.summary)
    }
}

fn action(kind: &str) -> &'static str {
    match kind {
        "starttls-not-supported" => {
            "Your server did not offer STARTTLS. Switch TLS on for port 25, and look for a firewall that removes it."
        }
        "certificate-host-mismatch" => {
            "The certificate is for another name. It must name the host that the MX record names."
        }
        "certificate-expired" => {
            "The certificate had expired. Renew it, and see to it that renewing happens by itself."
        }
        "certificate-not-trusted" => {
            "Nobody the sender trusts has signed the certificate. Use one from a public authority, with its intermediate certificates."
        }
        "validation-failure" => {
            "The sender could not accept the certificate and does not say why. Check its name, its dates and its chain."
        }
        "tlsa-invalid" => "The TLSA record is faulty. Publish the one that belongs to the certificate.",
        "dnssec-invalid" => {
            "The DNSSEC signatures of your zone did not fit. Check the zone's keys and DS record."
        }
        "dane-required" => "The sender asks for DANE, but none of your servers has a TLSA record.",
        "sts-policy-fetch-error" => {
            "The MTA-STS policy could not be fetched. Look at https://mta-sts.YOUR-DOMAIN/.well-known/mta-sts.txt, or remove the _mta-sts record."
        }
        "sts-policy-invalid" => {
            "The MTA-STS policy has a fault of form. Compare it with RFC 8461 section 3.2."
        }
        "sts-webpki-invalid" => {
            "The certificate does not meet the MTA-STS policy. It must be from a public authority and name the MX host."
        }
        _ => "The sender gives no kind that RFC 8460 knows; ask it at the address in its report.",
    }
}
