//! Why a mailbox operation did not happen.

use posthorn_store::StoreError;

/// Nothing was changed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MailboxError {
    /// The account has no mail storage: it was removed meanwhile.
    #[error("there is no such account")]
    NoSuchAccount,
    /// The mailbox does not exist, or no longer.
    #[error("there is no such mailbox")]
    NoSuchMailbox,
    /// The message does not exist any more.
    #[error("the message is gone")]
    NoSuchMessage,
    /// The mailbox may be known to whoever asks, but what they want is not granted (RFC 4314).
    #[error("this is not granted by the owner of the mailbox")]
    NotPermitted,
    /// A mailbox of that name exists.
    #[error("a mailbox of that name exists already")]
    AlreadyExists,
    /// The name breaks a rule, named here.
    #[error("{0}")]
    BadName(&'static str),
    /// INBOX cannot be deleted.
    #[error("INBOX cannot be deleted")]
    IsInbox,
    /// The value of an annotation is larger than [`crate::ANNOTATION_OCTETS`].
    #[error("the value of an annotation is too large")]
    AnnotationTooBig,
    /// A mailbox or an account has as many annotations as there may be.
    #[error("there are too many annotations")]
    TooManyAnnotations,
    /// The account would hold more than its quota.
    #[error("the mailbox is full")]
    OverQuota,
    /// A limit is reached, named here.
    #[error("{0}")]
    Limit(&'static str),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}
