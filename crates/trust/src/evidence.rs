//! The evidence, as it is stored. A version is only added to: a reader of version 1 knows what a later
//! one left out, and takes a field it does not know for absent.

use std::net::IpAddr;

use posthorn_dkim::Verification;
use posthorn_impersonation::Impression;
use serde::{Deserialize, Serialize};

/// The version this program writes.
pub const VERSION: u8 = 1;

/// The most octets the evidence of one message takes in the store.
pub const MAX_EVIDENCE_OCTETS: usize = 4_096;

/// How a message came to us.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Origin {
    /// From another server.
    Outside,
    /// A person of ours sent it, logged in as this account's address.
    Ours(String),
    /// This server wrote it itself: a report.
    Generated,
    /// It was put into the mailbox by a mail program or an import: nobody watched it arrive.
    Placed,
    /// It lies in a file and was judged when somebody asked, not when it arrived.
    File,
}

/// What the name of the client's address says (RFC 8601 section 3).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum IprevResult {
    /// The address has a name, and the name has that address.
    Pass,
    /// It has a name, and the name does not have the address.
    Fail,
    /// It has no name.
    PermError,
    /// The DNS could not tell now.
    TempError,
}

/// The client's address looked up backwards and forwards.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Iprev {
    /// The result.
    pub result: IprevResult,
    /// The name that was confirmed, or else the first one claimed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
}

/// The connection the message came over.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Connection {
    /// The client's address.
    pub ip: IpAddr,
    /// What it called itself.
    pub helo: String,
    /// Version and cipher; `None` without TLS.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tls: Option<String>,
    /// `ESMTPS` and the like.
    pub protocol: String,
    /// Its name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub iprev: Option<Iprev>,
}

/// Who the message says it is from.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Author {
    /// The display name in `From`, decoded; empty when there is none.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub name: String,
    /// The address in `From`; empty when there is none that can be read.
    pub address: String,
    /// Addresses in `From` beyond the first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub others: Vec<String>,
    /// The first address in `Reply-To`, when it is another.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reply_to: Option<String>,
    /// `List-Id`, for a mailing list.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub list: Option<String>,
}

/// One station on the way, read from a Received field.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hop {
    /// What the sending side called itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    /// Its address as the receiving side saw it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ip: Option<IpAddr>,
    /// Who wrote the field.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<String>,
    /// The `with` word.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub with: Option<String>,
    /// Whether the field or its `with` word tells of TLS.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub tls: bool,
    /// When, in seconds since 1970; `None` when it cannot be read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<i64>,
}

/// Where a message is put.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Place {
    /// Where it was sent.
    Inbox,
    /// Junk.
    Junk,
    /// Nowhere: refused with 550 5.7.1.
    Refused,
}

/// Why it is put there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Reason {
    /// DMARC passed, or there was nothing against it.
    NothingAgainst,
    /// DMARC failed, and the domain asks for nothing (`p=none`).
    DmarcNone,
    /// DMARC failed, and the domain asks for quarantine.
    DmarcQuarantine,
    /// DMARC failed, and the domain asks to refuse; we put it into Junk.
    DmarcReject,
    /// DMARC failed, the domain asks to refuse, and other evidence agrees or the setting says so: refused.
    DmarcRefused,
    /// DMARC failed, and a mailing list the reader knows is the likely reason.
    ListExcuse,
    /// Somebody pretends to be somebody else.
    Impersonation,
    /// A person of ours, logged in.
    Ours,
    /// Nothing was checked.
    NotChecked,
}

/// Where, and why.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Verdict {
    /// Where.
    pub place: Place,
    /// Why, the decisive reason first; at least one.
    pub reasons: Vec<Reason>,
}

/// Everything found out while a message arrived.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Evidence {
    /// [`VERSION`] of the program that wrote it.
    pub version: u8,
    /// When the message arrived, in seconds since 1970.
    pub at: i64,
    /// Our own name at that time: who says all this.
    pub by: String,
    /// How it came.
    pub origin: Origin,
    /// The connection; `None` when there was none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub connection: Option<Connection>,
    /// The reverse path as it arrived: `anna@example.org`, empty for `<>`.
    pub reverse_path: String,
    /// Who it says it is from.
    pub author: Author,
    /// SPF of the reverse path.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub spf: Option<posthorn_spf::Evaluation>,
    /// SPF of the HELO name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub spf_helo: Option<posthorn_spf::Evaluation>,
    /// DKIM signatures and the ARC chain.
    #[serde(default)]
    pub dkim: Verification,
    /// DMARC.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dmarc: Option<posthorn_dmarc::Evaluation>,
    /// The Received fields, newest first, as they stood when the message came: the station that handed it
    /// to us first. Ours is not among them. Everything in them is the word of others: trust begins with
    /// `connection`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub path: Vec<Hop>,
    /// What the reader's own acquaintance with the sender adds up to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub impression: Option<Impression>,
    /// Where it was put, and why.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub verdict: Option<Verdict>,
    /// Parts that were left out because it would have grown over [`MAX_EVIDENCE_OCTETS`].
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub left_out: Vec<String>,
}
