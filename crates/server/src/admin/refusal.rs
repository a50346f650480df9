//! Why a request was refused. Its text goes to the administrator as it is: a plain sentence and what to do.

use posthorn_accounts::{
    AddAccountError, AddDomainError, AliasError, CatchAllError, ChangeAccountError, ForwardingError,
    RemoveAccountError, RemoveAliasError, RemoveDomainError,
};
use posthorn_base::{Address, Domain, QueueId};
use posthorn_mailbox::MailboxError;
use posthorn_reports::Unreadable;
use posthorn_signing::{ActivateError, AddKeysError, MakeKeysError, RetireError};
use posthorn_store::StoreError;

/// Why a request was refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum Refusal {
    #[error("the domain {0} is not one of ours; add it first: posthorn domain add {0}")]
    NotOurDomain(Domain),
    #[error("{0} has an IP address after the @; an address of ours needs a domain of ours there")]
    NeedsDomain(Address),
    #[error("there is no account {0}; `posthorn account list` shows those there are")]
    NoSuchAccount(Address),
    #[error("the queue does not know the message {0}; `posthorn queue list` shows what waits")]
    NoSuchMessage(QueueId),
    #[error("{account} has no message with the Message-ID {message_id}")]
    NoSuchMail { account: Address, message_id: String },
    #[error("{owner} has no mailbox {name}; there are: {there}")]
    NoSuchMailbox {
        owner: Address,
        name: String,
        there: String,
    },
    #[error(
        "there is no account {0} to share with; `posthorn account list` shows those there are, `anyone` is all of them"
    )]
    NobodyToShareWith(String),
    #[error("{mailbox} of {owner} is not shared with {whom}; `posthorn mailbox list {owner}` shows what is")]
    NotShared {
        mailbox: String,
        owner: Address,
        whom: String,
    },
    #[error("{file} is no report: {why}")]
    NoReport { file: String, why: Unreadable },
    #[error("{file}: nothing is kept: {why}")]
    NotKept { file: String, why: &'static str },
    #[error(transparent)]
    MakeKeys(#[from] MakeKeysError),
    #[error(transparent)]
    AddKeys(#[from] AddKeysError),
    #[error(transparent)]
    Activate(#[from] ActivateError),
    #[error(transparent)]
    Retire(#[from] RetireError),
    #[error("nothing in the queue fits; `posthorn queue list` shows what waits, `posthorn queue show` why")]
    NothingFits,
    #[error("say which recipients: give the id of a message, a domain, or both")]
    NothingSelected,
    #[error(transparent)]
    AddDomain(#[from] AddDomainError),
    #[error(transparent)]
    RemoveDomain(#[from] RemoveDomainError),
    #[error(transparent)]
    CatchAll(CatchAllError),
    #[error(transparent)]
    AddAccount(AddAccountError),
    #[error(transparent)]
    RemoveAccount(#[from] RemoveAccountError),
    #[error(transparent)]
    ChangeAccount(#[from] ChangeAccountError),
    #[error(transparent)]
    Forwarding(#[from] ForwardingError),
    #[error(transparent)]
    Alias(AliasError),
    #[error(transparent)]
    RemoveAlias(#[from] RemoveAliasError),
    #[error(transparent)]
    Mailbox(#[from] MailboxError),
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// An address in a domain that is not ours: the sentence names the command that helps.
fn not_ours(address: &Address) -> Refusal {
    match address.domain() {
        Some(domain) => Refusal::NotOurDomain(domain.clone()),
        None => Refusal::NeedsDomain(address.clone()),
    }
}

impl From<AddAccountError> for Refusal {
    fn from(error: AddAccountError) -> Self {
        match error {
            AddAccountError::NotOurDomain(address) => not_ours(&address),
            AddAccountError::AddressTaken { .. } | AddAccountError::Store(_) => Self::AddAccount(error),
        }
    }
}

impl From<AliasError> for Refusal {
    fn from(error: AliasError) -> Self {
        match error {
            AliasError::NotOurDomain(address) => not_ours(&address),
            AliasError::AddressTaken { .. }
            | AliasError::NoSuchAlias(_)
            | AliasError::NoTargets(_)
            | AliasError::TooManyTargets(_)
            | AliasError::Itself(_)
            | AliasError::UnknownTarget(_)
            | AliasError::Store(_) => Self::Alias(error),
        }
    }
}

impl From<CatchAllError> for Refusal {
    fn from(error: CatchAllError) -> Self {
        match error {
            CatchAllError::NotOurDomain(domain) => Self::NotOurDomain(domain),
            CatchAllError::UnknownTarget(_) | CatchAllError::Store(_) => Self::CatchAll(error),
        }
    }
}
