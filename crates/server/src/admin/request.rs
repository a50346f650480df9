//! What can be asked of the administration. Serialised for the socket; the names are part of its version.

use posthorn_base::{Address, Domain, QueueId};
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
    /// Something about mail on its way out.
    Queue(QueueRequest),
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
            Self::Queue(request) => matches!(request, QueueRequest::List { .. } | QueueRequest::Show(_)),
            Self::CheckStore => true,
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
