//! What a report says, as values: the same for reports that we read and for those that we write. RFC 9990
//! section 3.1 and its schema, RFC 7489 appendix C, RFC 8460 section 4, RFC 6591 and RFC 9991.
//!
//! Text in them is clean: on one line, cut to a length, domain names in lower case.

use std::net::IpAddr;

use posthorn_dmarc::Policy;
use serde::{Deserialize, Serialize};

/// A report of one of the three kinds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Report {
    /// What a receiver saw of a domain's mail in a day.
    Aggregate(Aggregate),
    /// How often senders reached a domain's servers over TLS.
    Tls(TlsReport),
    /// One message that failed DMARC.
    Failure(Failure),
}

/// An aggregate report.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Aggregate {
    /// Who reports; the domain of `email` when they give no name.
    pub org_name: String,
    /// How to reach them.
    pub email: String,
    /// More on that.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub extra_contact: Option<String>,
    /// Their id of this report.
    pub report_id: String,
    /// First second of the period, since 1970, UTC.
    pub begin: i64,
    /// Last second of the period.
    pub end: i64,
    /// What went wrong when they read the domain's record; at most 10.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub errors: Vec<String>,
    /// Their program.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub generator: Option<String>,
    /// The policy they found.
    pub published: Published,
    /// What they saw.
    pub records: Vec<Record>,
    /// Records that had no address or no number, and are not among `records`.
    #[serde(default)]
    pub unusable: u64,
}

/// The DMARC policy that a receiver found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Published {
    /// The domain whose record applies.
    pub domain: String,
    /// `p`; `None` when the report does not say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub p: Option<Policy>,
    /// `sp`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sp: Option<Policy>,
    /// `np`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub np: Option<Policy>,
    /// `adkim`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub adkim: Option<Mode>,
    /// `aspf`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub aspf: Option<Mode>,
    /// `t=y`; `None` when the report does not say, as before RFC 9990.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub testing: Option<bool>,
    /// How the record was found.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub discovery: Option<Discovery>,
    /// `fo`, as published.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fo: Option<String>,
}

/// How exactly domains must match.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Mode {
    /// The same organizational domain.
    Relaxed,
    /// The same domain.
    Strict,
}

/// How a receiver finds a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Discovery {
    /// The public suffix list, RFC 7489.
    Psl,
    /// The tree walk, RFC 9989.
    TreeWalk,
}

/// Messages of one source with the same results.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Record {
    /// The client they came from.
    pub source: IpAddr,
    /// How many; in an observation of ours, not counted yet.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub count: u64,
    /// What the receiver did.
    pub disposition: Disposition,
    /// Did a DKIM signature vouch for the domain in `From`?
    pub dkim_aligned: bool,
    /// Did SPF?
    pub spf_aligned: bool,
    /// Why the receiver did otherwise than the policy asks; at most 5.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub overrides: Vec<Override>,
    /// The domain in `From`.
    pub header_from: String,
    /// The domain of the reverse path; empty for an empty one, `None` when the report does not say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub envelope_from: Option<String>,
    /// The recipients' domain.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub envelope_to: Option<String>,
    /// The signatures; at most 10, those that pass first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub dkim: Vec<DkimAuth>,
    /// SPF of the reverse path, or of HELO when a report of the old form has nothing else.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub spf: Option<SpfAuth>,
}

fn is_zero(count: &u64) -> bool {
    *count == 0
}

impl Record {
    /// Does DMARC pass?
    #[must_use]
    pub fn passes(&self) -> bool {
        self.dkim_aligned || self.spf_aligned
    }
}

/// What a receiver did with messages.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Disposition {
    /// Nothing in particular.
    None,
    /// Delivered, because DMARC passes under a policy that would have refused them (RFC 9990).
    Pass,
    /// Put aside, into Junk.
    Quarantine,
    /// Refused.
    Reject,
}

impl Disposition {
    /// As reports write it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Pass => "pass",
            Self::Quarantine => "quarantine",
            Self::Reject => "reject",
        }
    }
}

/// Why a policy was not applied.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Override {
    /// The kind of reason.
    pub kind: OverrideKind,
    /// More on it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub comment: Option<String>,
}

/// The kinds of reasons; `Forwarded` and `SampledOut` are of RFC 7489 alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OverrideKind {
    /// The receiver's own rules.
    LocalPolicy,
    /// It came over a mailing list.
    MailingList,
    /// Something else.
    Other,
    /// `t=y`.
    PolicyTestMode,
    /// It came from a forwarder the receiver knows.
    TrustedForwarder,
    /// It was forwarded.
    Forwarded,
    /// `pct` spared it.
    SampledOut,
}

impl OverrideKind {
    /// All of them.
    pub const ALL: [Self; 7] = [
        Self::LocalPolicy,
        Self::MailingList,
        Self::Other,
        Self::PolicyTestMode,
        Self::TrustedForwarder,
        Self::Forwarded,
        Self::SampledOut,
    ];

    /// As reports write it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::LocalPolicy => "local_policy",
            Self::MailingList => "mailing_list",
            Self::Other => "other",
            Self::PolicyTestMode => "policy_test_mode",
            Self::TrustedForwarder => "trusted_forwarder",
            Self::Forwarded => "forwarded",
            Self::SampledOut => "sampled_out",
        }
    }
}

/// One DKIM signature, without regard to DMARC.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DkimAuth {
    /// `d=`.
    pub domain: String,
    /// `s=`; empty when the report does not say.
    pub selector: String,
    /// The result.
    pub result: AuthResult,
}

/// SPF, without regard to DMARC.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SpfAuth {
    /// The domain that was asked.
    pub domain: String,
    /// Which name it was: `true` for HELO, which only reports of RFC 7489 have.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_helo: bool,
    /// The result.
    pub result: AuthResult,
}

/// Results of SPF and DKIM (RFC 8601 sections 2.7.1 and 2.7.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum AuthResult {
    /// Nothing to check.
    None,
    /// It vouches.
    Pass,
    /// It does not.
    Fail,
    /// Probably not (SPF).
    SoftFail,
    /// No statement.
    Neutral,
    /// Signed, but not as the receiver wants it (DKIM).
    Policy,
    /// The DNS could not tell.
    TempError,
    /// The record or signature cannot be used.
    PermError,
}

impl AuthResult {
    /// All of them.
    pub const ALL: [Self; 8] = [
        Self::None,
        Self::Pass,
        Self::Fail,
        Self::SoftFail,
        Self::Neutral,
        Self::Policy,
        Self::TempError,
        Self::PermError,
    ];

    /// As reports write it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Pass => "pass",
            Self::Fail => "fail",
            Self::SoftFail => "softfail",
            Self::Neutral => "neutral",
            Self::Policy => "policy",
            Self::TempError => "temperror",
            Self::PermError => "permerror",
        }
    }
}

/// A TLS report (RFC 8460).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TlsReport {
    /// Who reports.
    pub org_name: String,
    /// How to reach them.
    pub contact: String,
    /// Their id of this report.
    pub report_id: String,
    /// First second of the period, since 1970, UTC.
    pub begin: i64,
    /// Last second of the period.
    pub end: i64,
    /// One for each policy that was applied.
    pub policies: Vec<TlsPolicy>,
}

/// How a policy of a domain fared.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TlsPolicy {
    /// `tlsa`, `sts` or `no-policy-found`.
    pub kind: String,
    /// The domain it is for.
    pub domain: String,
    /// Sessions that went well.
    pub successes: u64,
    /// Sessions that failed.
    pub failures: u64,
    /// What failed.
    pub details: Vec<TlsFailure>,
}

/// Failures of one kind (RFC 8460 section 4.3).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TlsFailure {
    /// `certificate-expired`, `starttls-not-supported`, …
    pub kind: String,
    /// How often.
    pub sessions: u64,
    /// The server of ours it happened at.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub receiving_host: Option<String>,
    /// The sender's address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sending_ip: Option<IpAddr>,
    /// More on the reason.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// A failure report, without the message it is about: that is somebody's private mail.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Failure {
    /// Who reports: the domain in `From` of the mail.
    pub reporter: String,
    /// The id of that mail.
    pub report_id: String,
    /// The domain whose policy was not met.
    pub domain: String,
    /// The client that the message came from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<IpAddr>,
    /// The domain of the reverse path.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub envelope_from: Option<String>,
    /// What failed: `dmarc`, `spf`, `signature`, …
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub what: Option<String>,
    /// `dkim`, `spf`, both with a comma between, or `none` (RFC 9991 section 4): what vouches for nobody
    /// aligned.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unaligned: Option<String>,
    /// What the receiver did: `delivered`, `spam`, `policy`, `reject`, `other`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub delivery: Option<String>,
    /// The signature that failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dkim_domain: Option<String>,
    /// How many messages it stands for.
    pub incidents: u64,
}
