//! What an evaluation found, as a value that is stored with the message (the results of RFC 9989 section 5.3
//! as RFC 8601 writes them). Only adds fields from one version to the next.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::record::Record;

/// The results of RFC 9989 (as Authentication-Results writes them: section on `dmarc=`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum DmarcResult {
    /// No record, or no domain in `From`.
    None,
    /// SPF or DKIM vouches for the domain in `From`.
    Pass,
    /// Neither does.
    Fail,
    /// The DNS could not tell now.
    TempError,
    /// The record cannot be used: it has neither a policy nor a report address. RFC 9989 section 4.10.1 has
    /// receivers act as if there were none; the word tells its owner why.
    PermError,
}

impl DmarcResult {
    /// As Authentication-Results writes it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Pass => "pass",
            Self::Fail => "fail",
            Self::TempError => "temperror",
            Self::PermError => "permerror",
        }
    }
}

impl fmt::Display for DmarcResult {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// What a domain asks receivers to do with mail that fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Policy {
    /// Nothing; only report.
    None,
    /// Be suspicious.
    Quarantine,
    /// Refuse.
    Reject,
}

impl Policy {
    /// As records write it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Quarantine => "quarantine",
            Self::Reject => "reject",
        }
    }
}

impl fmt::Display for Policy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Which tag of the record the policy comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum PolicyTag {
    /// For the domain itself.
    P,
    /// For names below it.
    Sp,
    /// For names below it that do not exist.
    Np,
}

impl PolicyTag {
    /// As records write it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::P => "p",
            Self::Sp => "sp",
            Self::Np => "np",
        }
    }
}

impl fmt::Display for PolicyTag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// What stood at one name of the tree walk.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Found {
    /// Exactly one DMARC record, as published.
    Record(String),
    /// No DMARC record.
    Nothing,
    /// Several, which counts as none (RFC 9989 section 4.10).
    Several,
    /// One that cannot be used, and why.
    Invalid(String),
    /// Nobody could tell, and why.
    Failed(String),
}

/// One question of a tree walk (RFC 9989 section 4.10).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Asked {
    /// `_dmarc.example.org`.
    pub name: String,
    /// What stood there.
    pub found: Found,
}

/// How a domain that SPF or DKIM vouches for relates to the one in `From`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Alignment {
    /// The domain vouched for.
    pub domain: String,
    /// Was an exact match asked for (`adkim=s`, `aspf=s`)?
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub strict: bool,
    /// Are the two aligned?
    pub aligned: bool,
    /// The DNS could not tell whether SPF or DKIM vouches for the domain (`aligned` is `true`), or whose the
    /// domain is (`aligned` is `false`). Either would make the difference.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub uncertain: bool,
    /// The organizational domain of the domain vouched for, when it was looked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub organizational_domain: Option<String>,
}

/// A domain that SPF or DKIM vouches for, or would if the DNS had answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Authenticated {
    /// The domain: of the reverse path, or `d=`.
    pub domain: String,
    /// `false` for a temperror.
    pub certain: bool,
}

impl Alignment {
    /// Does it make the message pass?
    #[must_use]
    pub fn vouches(&self) -> bool {
        self.aligned && !self.uncertain
    }
}

/// What DMARC found, and how.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Evaluation {
    /// The domain in `From`, in lower case and A-labels; of several the one that weighs most (see
    /// [`Self::strictest`]). Empty when there is none that could be asked, and when there are too many (see
    /// [`Self::of_too_many`]).
    pub domain: String,
    /// The result.
    pub result: DmarcResult,
    /// Why, as half a sentence without the final full stop.
    pub reason: String,
    /// The organizational domain of `domain`, when a record was found.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub organizational_domain: Option<String>,
    /// Every question of the walk from `domain` upwards, in order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub walk: Vec<Asked>,
    /// The domain whose record applies.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub policy_domain: Option<String>,
    /// What it asks for, as published.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub published: Option<Policy>,
    /// Which tag said so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tag: Option<PolicyTag>,
    /// `t=y`: the domain is testing, its policy is lowered by one step (RFC 9989 section 4.7).
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub testing: bool,
    /// What it asks for after that; [`Policy::None`] when there is no record, and when the DNS could not tell
    /// (a temperror is never a reason to do anything). Says nothing about the result.
    pub policy: Policy,
    /// How SPF's domain relates; `None` when SPF vouches for nobody.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub spf: Option<Alignment>,
    /// How the signing domains relate, one for each that vouches, at most 8.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub dkim: Vec<Alignment>,
    /// Where aggregate reports are asked for (`rua=`), as URIs.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub report_to: Vec<String>,
}

impl Evaluation {
    /// The record that applies, read again from what was found on the walk; `None` when there is none. For
    /// whoever reports what a domain had published. Of a record that was shortened for the store (`…`) the
    /// tag that was cut through is left out.
    #[must_use]
    pub fn record(&self) -> Option<Record> {
        let name = format!("_dmarc.{}", self.policy_domain.as_deref()?);
        let asked = self.walk.iter().find(|asked| asked.name == name)?;
        let text = match &asked.found {
            Found::Record(text) => text,
            Found::Nothing | Found::Several | Found::Invalid(_) | Found::Failed(_) => return None,
        };
        let whole = match text.split_once('…') {
            Some((kept, _)) => kept.rsplit_once(';')?.0,
            None => text,
        };
        Record::parse(whole).ok()
    }
}
