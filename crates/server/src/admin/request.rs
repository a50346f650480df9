//! What can be asked of the administration. Serialised for the socket; the names are part of its version.

use std::collections::BTreeMap;
use std::net::IpAddr;

use posthorn_base::{Address, Domain, QueueId, Rights};
use serde::{Deserialize, Serialize};

use super::wire::{HashedPassword, Text};

/// One thing to do or to tell.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Request {
    /// Something about domains.
    Domain(DomainRequest),
    /// Something about accounts.
    Account(AccountRequest),
    /// Something about aliases.
    Alias(AliasRequest),
    /// Something about mailboxes.
    Mailbox(MailboxRequest),
    /// Something about mail on its way out.
    Queue(QueueRequest),
    /// Something about DKIM keys.
    Dkim(DkimRequest),
    /// Something about one message.
    Message(MessageRequest),
    /// Something about reports.
    Reports(ReportsRequest),
    /// Look for damage in the store. Reads everything.
    CheckStore,
}

impl Request {
    /// Does it change nothing?
    pub(crate) fn is_question(&self) -> bool {
        match self {
            Self::Domain(request) => matches!(request, DomainRequest::List),
            Self::Account(request) => matches!(request, AccountRequest::List { .. }),
            Self::Alias(request) => matches!(request, AliasRequest::List { .. }),
            Self::Mailbox(request) => matches!(request, MailboxRequest::List(_)),
            Self::Queue(request) => matches!(request, QueueRequest::List { .. } | QueueRequest::Show(_)),
            Self::Dkim(request) => matches!(request, DkimRequest::List(_)),
            Self::Reports(request) => matches!(request, ReportsRequest::Show { .. }),
            Self::Message(MessageRequest::Find { .. }) | Self::CheckStore => true,
        }
    }
}

/// Something about domains.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum DomainRequest {
    /// Receive mail for a domain.
    Add(Text<Domain>),
    /// No longer receive mail for it.
    Remove(Text<Domain>),
    /// Tell all.
    List,
    /// Where mail for unknown addresses goes.
    CatchAll {
        /// The domain.
        domain: Text<Domain>,
        /// The address; `None`: refuse such mail.
        target: Option<Text<Address>>,
    },
    /// What it does with mail that nobody vouches for.
    Rules {
        /// The domain.
        domain: Text<Domain>,
        /// As [`posthorn_inbound::rules_text`] writes them.
        rules: String,
    },
}

/// Something about DKIM keys.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum DkimRequest {
    /// Tell those of a domain, or all.
    List(Option<Text<Domain>>),
    /// Make new ones, which do not sign yet.
    Add(Text<Domain>),
    /// Let one sign whose record was seen in the DNS.
    Activate {
        /// Whose.
        domain: Text<Domain>,
        /// Which.
        selector: String,
    },
    /// Let one sign no longer.
    Retire {
        /// Whose.
        domain: Text<Domain>,
        /// Which.
        selector: String,
        /// Although none is left then?
        even_last: bool,
    },
}

/// Something about one message.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum MessageRequest {
    /// The newest of an account with that Message-ID.
    Find {
        /// Whose.
        account: Text<Address>,
        /// With or without angle brackets.
        message_id: String,
    },
}

/// Something about reports.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum ReportsRequest {
    /// What others say of mail in a domain's name.
    Show {
        /// The domain.
        domain: Text<Domain>,
        /// Days to look back.
        days: u32,
        /// Names of addresses, where they are known.
        names: BTreeMap<IpAddr, String>,
    },
    /// Send reports on the mail that a domain gets, or do not.
    Send {
        /// The domain.
        domain: Text<Domain>,
        /// Send them?
        on: bool,
    },
    /// Keep a report that came another way.
    Keep {
        /// The name of its file.
        file: String,
        /// Its octets, as base64.
        octets: String,
    },
}

/// Something about accounts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum AccountRequest {
    /// A new account with its mailboxes.
    Add {
        /// Its address.
        address: Text<Address>,
        /// Its password.
        password: HashedPassword,
        /// Octets it may hold; 0 is no limit.
        quota_octets: u64,
    },
    /// Remove an account with all its mail.
    Remove(Text<Address>),
    /// Tell all, or those of a domain.
    List {
        /// `None`: of every domain.
        domain: Option<Text<Domain>>,
    },
    /// Another password.
    SetPassword {
        /// The account.
        address: Text<Address>,
        /// Its new password.
        password: HashedPassword,
    },
    /// Another quota.
    SetQuota {
        /// The account.
        address: Text<Address>,
        /// Octets it may hold; 0 is no limit.
        quota_octets: u64,
    },
    /// Send its mail on; no targets: it stays in the mailbox.
    Forward {
        /// The account.
        address: Text<Address>,
        /// Where to.
        targets: Vec<Text<Address>>,
        /// Does a copy stay in the mailbox?
        keeps_copy: bool,
    },
    /// Let it log in.
    Enable(Text<Address>),
    /// Do not let it log in; its mail still arrives.
    Disable(Text<Address>),
}

/// Something about aliases.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum AliasRequest {
    /// A new alias.
    Add {
        /// Its address.
        address: Text<Address>,
        /// Where its mail goes.
        targets: Vec<Text<Address>>,
    },
    /// Other targets.
    Change {
        /// The alias.
        address: Text<Address>,
        /// Where its mail goes from now on.
        targets: Vec<Text<Address>>,
    },
    /// Remove an alias.
    Remove(Text<Address>),
    /// Tell all, or those of a domain.
    List {
        /// `None`: of every domain.
        domain: Option<Text<Domain>>,
    },
}

/// Something about mailboxes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum MailboxRequest {
    /// Tell those of an account.
    List(Text<Address>),
    /// Give somebody these rights and no others.
    Share {
        /// Which.
        mailbox: MailboxName,
        /// With whom: an identifier as [`posthorn_sessions::sharing::identifier`] reads it.
        whom: String,
        /// What they may do.
        rights: Text<Rights>,
    },
    /// Take somebody's entry away.
    Unshare {
        /// Which.
        mailbox: MailboxName,
        /// Whose entry.
        whom: String,
    },
}

/// A mailbox of somebody.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct MailboxName {
    /// Whose.
    pub(crate) owner: Text<Address>,
    /// As the owner calls it.
    pub(crate) name: String,
}

/// Something about mail on its way out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum QueueRequest {
    /// What waits.
    List {
        /// Recipients of this domain only, as [`posthorn_queue::domain_key`] writes it.
        domain: Option<String>,
        /// At most so many recipients.
        limit: u32,
    },
    /// All that is known of a message.
    Show(Text<QueueId>),
    /// Do something with recipients that wait or are held.
    Change {
        /// What.
        change: QueueChange,
        /// With which.
        selection: Selection,
    },
}

/// What is done with recipients.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum QueueChange {
    /// Try now; held ones are let go.
    Retry,
    /// Do not try until told so.
    Hold,
    /// Give up without telling anybody.
    Drop,
}

/// Which recipients: those that fit everything that is said. Saying nothing selects none.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Selection {
    /// Of this message.
    pub(crate) queue_id: Option<Text<QueueId>>,
    /// Of this domain, as [`posthorn_queue::domain_key`] writes it.
    pub(crate) domain: Option<String>,
}
