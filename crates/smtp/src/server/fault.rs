//! Everything that makes the server say no, and the one function that turns it into a reply: RFC 5321
//! section 4.2, RFC 3463, RFC 4954 section 6. What the shell refuses is worded in `refusal`.

use crate::codec::SyntaxError;
use crate::codec::reply::Reply;
use crate::framing::body::BodyFault;
use crate::refusal::Refusal;

/// Why a command, a message or the whole session is refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Fault {
    /// The shell said no.
    Refused(Refusal),
    /// The argument cannot be read.
    Syntax(SyntaxError),
    /// The command is known and has no business here.
    OutOfOrder(Disorder),
    /// A log-in was refused.
    Login(LoginFault),
    /// The message is void.
    Body(BodyFault),
    /// No such command.
    UnknownCommand,
    /// The command exists and is not offered now.
    NotOffered,
    /// Control characters, no UTF-8, or nothing at all.
    NotText,
    /// A line that did not end with CRLF.
    BareLf,
    /// A command line over the limit.
    LineTooLong,
    /// HTTP.
    NotSmtp,
    TooManyErrors,
    TooManyLogins,
    Timeout,
    SessionTimeout,
    Shutdown,
    /// More input than may be held.
    Overrun,
    /// The shell answered something that was not asked, or a bug of ours.
    Internal,
}

/// In which way a command came out of order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Disorder {
    HelloFirst,
    MailFirst,
    NestedMail,
    NoRecipients,
    ChunksBegun,
    NotInTransaction,
    BinaryNeedsBdat,
    AlreadyTls,
    AlreadyLoggedIn,
    LoginFirst,
    TlsFirst,
}

/// What went wrong with AUTH.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum LoginFault {
    UnknownMechanism,
    NotEncrypted,
    Cancelled,
    NotBase64,
    Malformed,
    Rejected,
    Denied,
    Unavailable,
}

impl Fault {
    /// The reply; `reference` is the session's id.
    pub(super) fn reply(&self, reference: &str) -> Reply {
        match self {
            Self::Refused(refusal) => refusal.reply(reference),
            Self::Syntax(error) => syntax(error),
            Self::OutOfOrder(disorder) => out_of_order(*disorder),
            Self::Login(fault) => login(*fault),
            Self::Body(fault) => body(*fault),
            Self::UnknownCommand => Reply::new(500, (5, 5, 1), "Unknown command"),
            Self::NotOffered => Reply::new(502, (5, 5, 1), "Command not offered"),
            Self::NotText => Reply::new(500, (5, 5, 2), "This is no command line"),
            Self::BareLf => Reply::new(500, (5, 5, 2), "Bare LF: lines end with CR LF"),
            Self::LineTooLong => Reply::new(500, (5, 5, 6), "Line too long"),
            Self::NotSmtp => Reply::new(421, (4, 7, 0), "This is a mail server"),
            Self::TooManyErrors => Reply::new(421, (4, 7, 0), "Too many errors"),
            Self::TooManyLogins => Reply::new(421, (4, 7, 0), "Too many failed log-ins"),
            Self::Timeout => Reply::new(421, (4, 4, 2), "Timed out waiting for you"),
            Self::SessionTimeout => Reply::new(421, (4, 4, 2), "The session lasted too long"),
            Self::Shutdown => Reply::new(421, (4, 3, 2), "The server is going down; try again later"),
            Self::Overrun => Reply::new(421, (4, 7, 0), "Too much input without waiting for replies"),
            Self::Internal => Reply::new(
                421,
                (4, 3, 0),
                &format!("Internal failure; try again later (reference {reference})"),
            ),
        }
    }
}

fn syntax(error: &SyntaxError) -> Reply {
    let (code, enhanced) = match error {
        SyntaxError::Expected(_) | SyntaxError::RepeatedParameter(_) | SyntaxError::ParameterValue(_) => {
            (501, (5, 5, 4))
        }
        SyntaxError::UnknownParameter(_) => (555, (5, 5, 4)),
        SyntaxError::SenderAddress(_) => (501, (5, 1, 7)),
        SyntaxError::RecipientAddress(_) | SyntaxError::EmptyRecipient => (501, (5, 1, 3)),
        SyntaxError::NeedsSmtpUtf8 => (553, (5, 6, 7)),
    };
    Reply::new(code, enhanced, &format!("Syntax: {error}"))
}

fn out_of_order(disorder: Disorder) -> Reply {
    let sequence = (5, 5, 1);
    match disorder {
        Disorder::HelloFirst => Reply::new(503, sequence, "Say EHLO first"),
        Disorder::MailFirst => Reply::new(503, sequence, "Say MAIL first"),
        Disorder::NestedMail => Reply::new(503, sequence, "Nested MAIL: a transaction is open already"),
        Disorder::NoRecipients => Reply::new(554, sequence, "No valid recipients"),
        Disorder::ChunksBegun => Reply::new(503, sequence, "BDAT has begun: go on with BDAT, or RSET"),
        Disorder::NotInTransaction => Reply::new(503, sequence, "Not at this point"),
        Disorder::BinaryNeedsBdat => Reply::new(503, sequence, "BODY=BINARYMIME needs BDAT"),
        Disorder::AlreadyTls => Reply::new(503, sequence, "TLS is in use already"),
        Disorder::AlreadyLoggedIn => Reply::new(503, sequence, "Logged in already"),
        Disorder::LoginFirst => Reply::new(530, (5, 7, 0), "Log in first"),
        Disorder::TlsFirst => Reply::new(530, (5, 7, 0), "Say STARTTLS first, then log in"),
    }
}

/// RFC 4954 section 6.
fn login(fault: LoginFault) -> Reply {
    match fault {
        LoginFault::UnknownMechanism => Reply::new(504, (5, 5, 4), "Mechanism not offered"),
        LoginFault::NotEncrypted => Reply::new(538, (5, 7, 11), "Log-in needs TLS: say STARTTLS first"),
        LoginFault::Cancelled => Reply::new(501, (5, 7, 0), "Log-in cancelled"),
        LoginFault::NotBase64 => Reply::new(501, (5, 5, 2), "Not base64"),
        LoginFault::Malformed => Reply::new(501, (5, 5, 2), "The mechanism's message cannot be read"),
        LoginFault::Rejected => Reply::new(535, (5, 7, 8), "Wrong user or password"),
        LoginFault::Denied => Reply::new(535, (5, 7, 8), "Not allowed to act as that user"),
        LoginFault::Unavailable => Reply::new(454, (4, 7, 0), "Log-in is not possible now; try again later"),
    }
}

fn body(fault: BodyFault) -> Reply {
    let format = (5, 6, 0);
    match fault {
        BodyFault::BareCr => Reply::new(554, format, "bare CR in the message: lines end with CR LF"),
        BodyFault::BareLf => Reply::new(554, format, "bare LF in the message: lines end with CR LF"),
        BodyFault::LineTooLong => Reply::new(554, format, "a line of the message is too long"),
        BodyFault::TooLarge => Refusal::MessageTooLarge.reply(""),
    }
}
