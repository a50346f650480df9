//! Tagged replies and farewells. [`of_fault`] is the one place that turns what went wrong into NO or BAD
//! with a response code (RFC 3501 section 7.1, RFC 5530, RFC 9051 section 7.1).

use std::borrow::Cow;

use crate::ask::Answer;
use crate::codec::SyntaxError;
use crate::types::sequence_set::NoSuchMessage;

/// The events there are (RFC 5465 section 8).
const BAD_EVENT: &str = "BADEVENT (MessageNew MessageExpunge FlagChange MailboxName SubscriptionChange \
    MailboxMetadataChange ServerMetadataChange)";

/// Why a command was not carried out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Fault {
    // The client broke a rule.
    Syntax(SyntaxError),
    UnknownCommand,
    WrongState(&'static str),
    NoSuchMessage(NoSuchMessage),
    /// RFC 9586.
    UidRequired,
    NotBase64,
    Cancelled,
    // It is refused.
    NoSuchMailbox,
    /// Of COPY, MOVE and APPEND: the client may create it.
    NoSuchTarget,
    AlreadyExists,
    /// The name can never be a mailbox's.
    UnfitName,
    Inbox(&'static str),
    ReadOnly,
    NoPermission,
    EmptyMessage,
    /// A message with NUL octets: nothing but a `literal8` could give them back.
    NulOctets,
    UnknownEncoding,
    NoSuchQuotaRoot,
    /// NOTIFY asks for an event there is not.
    UnknownEvent,
    NotificationOverflow,
    NoSuchMechanism,
    /// RFC 5255.
    NoSuchLanguage,
    NoTlsHere,
    CompressionActive,
    PrivacyRequired,
    WrongCredentials,
    MayNotActAs,
    Refused(String),
    // A limit was hit.
    LiteralTooBig,
    MessageTooBig,
    /// What may come in one command, said for the person.
    Limit(Cow<'static, str>),
    OverQuota,
    // It is our fault.
    Unavailable,
    // The session cannot go on.
    MailboxGone,
    UnfittingAnswer,
}

impl From<SyntaxError> for Fault {
    fn from(error: SyntaxError) -> Self {
        Self::Syntax(error)
    }
}

impl From<NoSuchMessage> for Fault {
    fn from(error: NoSuchMessage) -> Self {
        Self::NoSuchMessage(error)
    }
}

impl From<Answer> for Fault {
    /// What an answer means that is not the one hoped for.
    fn from(answer: Answer) -> Self {
        match answer {
            Answer::NoSuchMailbox => Self::NoSuchMailbox,
            Answer::NoPermission => Self::NoPermission,
            Answer::AlreadyExists => Self::AlreadyExists,
            Answer::UnknownEncoding => Self::UnknownEncoding,
            Answer::OverQuota => Self::OverQuota,
            Answer::TooBig => Self::MessageTooBig,
            Answer::Refused(reason) => Self::Refused(reason),
            Answer::LimitReached(reason) => Self::Limit(reason.into()),
            Answer::UnfitUse => Self::Syntax(SyntaxError::BadUse),
            Answer::Unavailable => Self::Unavailable,
            Answer::MailboxGone => Self::MailboxGone,
            Answer::Credentials(_)
            | Answer::Mailboxes(_)
            | Answer::Status(_)
            | Answer::Selected(_)
            | Answer::Peeked(_)
            | Answer::Watched(_)
            | Answer::Ok
            | Answer::Created { .. }
            | Answer::Quota { .. }
            | Answer::Acl(_)
            | Answer::Metadata(_)
            | Answer::MetadataTooBig { .. }
            | Answer::MetadataTooMany
            | Answer::Rights(_)
            | Answer::Appended { .. }
            | Answer::Fetched { .. }
            | Answer::Stored { .. }
            | Answer::Copied { .. }
            | Answer::Expunged { .. }
            | Answer::Found { .. }
            | Answer::Sorted { .. }
            | Answer::Threads(_)
            | Answer::ChangedUids(_)
            | Answer::Changes { .. } => Self::UnfittingAnswer,
        }
    }
}

impl Fault {
    /// The same for a mailbox that is to receive messages.
    pub(super) fn of_target(answer: Answer) -> Self {
        match answer == Answer::NoSuchMailbox {
            true => Self::NoSuchTarget,
            false => Self::from(answer),
        }
    }
}

/// `OK`, `NO` or `BAD`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Status {
    Ok,
    No,
    Bad,
}

/// The end of a command.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Reply {
    pub(super) status: Status,
    /// Without its brackets.
    pub(super) code: Option<String>,
    pub(super) text: String,
    /// Shall a client with QRESYNC be told the mod-sequence up to which it then knows everything?
    pub(super) tells_modseq: bool,
    /// Did the command, though one with UID, speak of message numbers? Then they must not move yet.
    pub(super) keeps_numbers: bool,
}

impl Reply {
    pub(super) fn ok(text: &str) -> Self {
        Self {
            status: Status::Ok,
            code: None,
            text: text.to_owned(),
            tells_modseq: false,
            keeps_numbers: false,
        }
    }

    /// With the HIGHESTMODSEQ code once the news is told, for a client with QRESYNC (RFC 7162 section 3.2.7).
    pub(super) fn telling_modseq(mut self) -> Self {
        self.tells_modseq = true;
        self
    }

    pub(super) fn with_code(mut self, code: impl Into<String>) -> Self {
        self.code = Some(code.into());
        self
    }

    /// With message numbers that stay as they are until the next command.
    pub(super) const fn keeping_numbers(mut self) -> Self {
        self.keeps_numbers = true;
        self
    }

    /// The octets, for a command with that tag; without a tag that could be read it is untagged.
    pub(super) fn print(&self, tag: Option<&str>) -> Vec<u8> {
        let status = match self.status {
            Status::Ok => "OK",
            Status::No => "NO",
            Status::Bad => "BAD",
        };
        let code = self
            .code
            .as_ref()
            .map(|code| format!("[{code}] "))
            .unwrap_or_default();
        let text = printable(&self.text);
        format!("{} {status} {code}{text}\r\n", tag.unwrap_or("*")).into_bytes()
    }
}

/// Text that cannot break out of its line and is ASCII, as RFC 3501 wants it.
fn printable(text: &str) -> String {
    text.chars()
        .map(|c| if matches!(c, ' '..='~') { c } else { '?' })
        .collect()
}

/// Turns a fault into the reply.
pub(super) fn of_fault(fault: &Fault, reference: &str) -> Reply {
    use Status::{Bad, No};
    let no = |code, text: &str| (No, Some(code), text.to_owned());
    let (status, code, text) = match fault {
        Fault::Syntax(SyntaxError::BadCharset) => (
            No,
            Some("BADCHARSET (US-ASCII UTF-8)"),
            "Unknown character set".to_owned(),
        ),
        Fault::Syntax(error @ SyntaxError::BadUse) => (No, Some("USEATTR"), error.to_string()),
        Fault::Syntax(error) => (Bad, None, format!("Syntax error: {error}")),
        Fault::UnknownCommand => (Bad, None, "Unknown command".to_owned()),
        Fault::WrongState(text) => (Bad, None, (*text).to_owned()),
        Fault::NoSuchMessage(error) => (Bad, None, format!("There is no message {}", error.0)),
        Fault::UidRequired => (Bad, Some("UIDREQUIRED"), "Messages have only UIDs now".to_owned()),
        Fault::NotBase64 => (Bad, None, "Not base64".to_owned()),
        Fault::Cancelled => (Bad, None, "Authentication cancelled".to_owned()),
        Fault::NoSuchMailbox => no("NONEXISTENT", "No such mailbox"),
        Fault::NoSuchTarget => no("TRYCREATE", "No such mailbox"),
        Fault::AlreadyExists => no("ALREADYEXISTS", "The mailbox exists already"),
        Fault::UnfitName => no("CANNOT", "No mailbox can have that name"),
        Fault::Inbox(text) => (No, Some("CANNOT"), (*text).to_owned()),
        Fault::NoPermission => no("NOPERM", "You do not have the right to do that"),
        Fault::ReadOnly => no("READ-ONLY", "The mailbox is open read-only"),
        Fault::EmptyMessage => no("CANNOT", "An empty message cannot be stored"),
        Fault::NoSuchQuotaRoot => no("NONEXISTENT", "No such quota root"),
        Fault::NulOctets => no("UNKNOWN-CTE", "A message with NUL octets cannot be stored"),
        Fault::UnknownEncoding => no("UNKNOWN-CTE", "The part has an encoding that is not known here"),
        Fault::UnknownEvent => no(BAD_EVENT, "No such event here"),
        Fault::NotificationOverflow => no("NOTIFICATIONOVERFLOW", "Too many mailboxes to watch"),
        Fault::NoSuchMechanism => no("CANNOT", "No such mechanism here"),
        Fault::NoSuchLanguage => (No, None, "None of these languages is spoken here".to_owned()),
        Fault::NoTlsHere => (Bad, None, "STARTTLS is not available".to_owned()),
        Fault::CompressionActive => (
            Bad,
            Some("COMPRESSIONACTIVE"),
            "DEFLATE is active already".to_owned(),
        ),
        Fault::PrivacyRequired => no("PRIVACYREQUIRED", "TLS is required first"),
        Fault::WrongCredentials => no("AUTHENTICATIONFAILED", "Wrong user or password"),
        Fault::MayNotActAs => no("AUTHORIZATIONFAILED", "Not allowed to act as that user"),
        Fault::Refused(reason) => (No, Some("CANNOT"), reason.clone()),
        Fault::LiteralTooBig => no("TOOBIG", "The literal is too large"),
        Fault::MessageTooBig => no("TOOBIG", "The message is too large"),
        Fault::Limit(text) => (No, Some("LIMIT"), text.clone().into_owned()),
        Fault::OverQuota => no("OVERQUOTA", "The quota is exceeded"),
        Fault::Unavailable | Fault::MailboxGone | Fault::UnfittingAnswer => {
            (No, Some("UNAVAILABLE"), format!("Try again later ({reference})"))
        }
    };
    Reply {
        status,
        code: code.map(str::to_owned),
        text,
        tells_modseq: false,
        keeps_numbers: false,
    }
}

/// Why the server ends the session (RFC 3501 section 7.1.5).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Farewell {
    Logout,
    Idle,
    LoginTooSlow,
    LoginFailures,
    Shutdown,
    LineTooLong,
    BareLf,
    LiteralTooBig,
    MailboxGone,
    Internal,
}

impl Farewell {
    /// The untagged BYE.
    pub(super) fn print(self, reference: &str) -> Vec<u8> {
        let text = match self {
            Self::Logout => "Good-bye",
            Self::Idle => "Closed after too long a silence",
            Self::LoginTooSlow => "Closed: nobody logged in in time",
            Self::LoginFailures => "Closed after too many failed log-ins",
            Self::Shutdown => "[UNAVAILABLE] The server is going down",
            Self::LineTooLong => "[TOOBIG] The command is too long",
            Self::BareLf => "A line ends with CRLF",
            Self::LiteralTooBig => "[TOOBIG] The literal is too large",
            Self::MailboxGone => "The selected mailbox was deleted or is no longer shared",
            Self::Internal => {
                return format!("* BYE [SERVERBUG] Try again later ({reference})\r\n").into_bytes();
            }
        };
        format!("* BYE {text}\r\n").into_bytes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reason_cannot_break_out_of_its_line() {
        let reply = of_fault(&Fault::Refused("no\r\n* BYE ü".to_owned()), "ref");
        assert_eq!(reply.print(Some("a")), b"a NO [CANNOT] no??* BYE ?\r\n");
    }

    #[test]
    fn an_inner_failure_carries_the_reference() {
        let reply = of_fault(&Fault::Unavailable, "01h");
        assert_eq!(
            reply.print(Some("a")),
            b"a NO [UNAVAILABLE] Try again later (01h)\r\n"
        );
        assert_eq!(
            Farewell::Internal.print("01h"),
            b"* BYE [SERVERBUG] Try again later (01h)\r\n"
        );
    }
}
