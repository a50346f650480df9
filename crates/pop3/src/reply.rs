//! Refusals and the one place that words them (RFC 1939 section 3, codes of RFC 2449 section 8,
//! RFC 3206 and RFC 6856 section 5). `[SYS/PERM]` is never sent: what fails inside is temporary.

use posthorn_sasl::Failure;

use crate::codec::{BadArguments, BadOctets};
use crate::framing::TooLong;

/// Why a command gets `-ERR`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Refusal {
    // The peer broke a rule.
    UnknownCommand,
    WrongState,
    BadArguments,
    BadOctets,
    TooLong,
    TlsRequired,
    TlsActive,
    TlsNotOffered,
    NeedsUser,
    UnknownMechanism,
    BadBase64,
    BadLoginMessage,
    Cancelled,
    NoSuchMessage,
    Deleted,
    Utf8Needed,
    // The log-in is refused.
    WrongPassword,
    AuthorizationDenied,
    ChannelBindingMismatch,
    // The environment.
    InUse,
    LoginDelay,
    Gone,
    Unavailable,
    CommitFailed,
    ShuttingDown,
    // A limit was hit; the connection ends.
    TooManyErrors,
    TooMuchInput,
}

impl From<BadArguments> for Refusal {
    fn from(_: BadArguments) -> Self {
        Self::BadArguments
    }
}

impl From<BadOctets> for Refusal {
    fn from(_: BadOctets) -> Self {
        Self::BadOctets
    }
}

impl From<TooLong> for Refusal {
    fn from(_: TooLong) -> Self {
        Self::TooLong
    }
}

impl From<Failure> for Refusal {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Malformed => Self::BadLoginMessage,
            Failure::Rejected => Self::WrongPassword,
            Failure::AuthorizationDenied => Self::AuthorizationDenied,
            Failure::ChannelBindingMismatch => Self::ChannelBindingMismatch,
            Failure::Unavailable => Self::Unavailable,
        }
    }
}

/// What a refusal counts as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Counts {
    /// As a fault of the client; a client that goes on is cut off.
    Error,
    /// As a log-in that was refused.
    LoginFailure,
    /// As nothing.
    Nothing,
}

impl Refusal {
    /// The words behind `-ERR `.
    pub(crate) const fn text(self) -> &'static str {
        match self {
            Self::UnknownCommand => "unknown command",
            Self::WrongState => "not in this state",
            Self::BadArguments => "the arguments do not fit this command",
            Self::BadOctets => "the line holds octets that no command has",
            Self::TooLong => "line too long",
            Self::TlsRequired => "log-in needs TLS here, say STLS first",
            Self::TlsActive => "TLS is active already",
            Self::TlsNotOffered => "TLS is not offered here",
            Self::NeedsUser => "say USER first",
            Self::UnknownMechanism => "this mechanism is not offered",
            Self::BadBase64 => "not base64",
            Self::BadLoginMessage => "the log-in message cannot be read",
            Self::Cancelled => "log-in cancelled",
            Self::NoSuchMessage => "no such message",
            Self::Deleted => "this message is marked as deleted",
            Self::Utf8Needed => "[UTF8] this message needs the UTF8 command",
            Self::WrongPassword => "[AUTH] wrong user or password",
            Self::AuthorizationDenied => "[AUTH] not allowed to act as somebody else",
            Self::ChannelBindingMismatch => "[AUTH] the channel binding does not match",
            Self::InUse => "[IN-USE] the maildrop is in use by another session",
            Self::LoginDelay => "[LOGIN-DELAY] too soon after the last log-in",
            Self::Gone => "another program removed this message",
            Self::Unavailable => "[SYS/TEMP] temporary failure, try again later",
            Self::CommitFailed => "[SYS/TEMP] some deleted messages not removed",
            Self::ShuttingDown => "[SYS/TEMP] the server is shutting down",
            Self::TooManyErrors => "too many faulty commands, closing",
            Self::TooMuchInput => "too much input at once, closing",
        }
    }

    /// Does the log hold more, under the session's reference?
    pub(crate) const fn has_reference(self) -> bool {
        matches!(self, Self::Unavailable | Self::CommitFailed)
    }

    /// What it counts as.
    pub(crate) const fn counts(self) -> Counts {
        match self {
            Self::UnknownCommand
            | Self::WrongState
            | Self::BadArguments
            | Self::BadOctets
            | Self::TooLong
            | Self::TlsRequired
            | Self::TlsActive
            | Self::TlsNotOffered
            | Self::NeedsUser
            | Self::UnknownMechanism
            | Self::BadBase64
            | Self::BadLoginMessage
            | Self::Cancelled => Counts::Error,
            Self::WrongPassword | Self::AuthorizationDenied | Self::ChannelBindingMismatch => {
                Counts::LoginFailure
            }
            Self::NoSuchMessage
            | Self::Deleted
            | Self::Utf8Needed
            | Self::InUse
            | Self::LoginDelay
            | Self::Gone
            | Self::Unavailable
            | Self::CommitFailed
            | Self::ShuttingDown
            | Self::TooManyErrors
            | Self::TooMuchInput => Counts::Nothing,
        }
    }
}
