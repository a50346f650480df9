//! Why the shell refuses a sender, a recipient or a message, and the one function that says so in SMTP:
//! RFC 5321 section 4.2, codes of RFC 3463 and its registry. No text holds a path, a setting or a name
//! from inside; the log has the rest under the session's reference.

use crate::codec::reply::Reply;

/// A reason to refuse. What is our own failure is always temporary.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// No such address here: 550 5.1.1.
    UnknownRecipient,
    /// The address is known and takes no mail: 550 5.2.1.
    MailboxDisabled,
    /// Not our domain, and the sender is a stranger: 550 5.7.1.
    RelayDenied,
    /// The log-in may not send as this address: 550 5.7.1.
    SenderNotPermitted,
    /// The sender's domain does not exist or takes no mail: 550 5.1.8.
    NoValidSender,
    /// It could not be found out whether the sender's domain exists: 451 4.1.8.
    SenderUnresolved,
    /// The recipient's mailbox is full: 452 4.2.2 or 552 5.2.2.
    MailboxFull {
        /// Is there hope that it will be emptied soon?
        temporary: bool,
    },
    /// More octets than we take: 552 5.3.4.
    MessageTooLarge,
    /// More recipients than one transaction may have: 452 4.5.3.
    TooManyRecipients,
    /// Too many connections from there: 421 4.7.0, and the session ends.
    TooManySessions,
    /// Too much in too short a time: 450 4.7.1.
    RateLimited,
    /// Too many Received fields: 554 5.4.6.
    Loop,
    /// The message breaks RFC 5322 in a way that we do not accept; the text says how: 554 5.6.0.
    Malformed(String),
    /// A rule of this server; the text says which: 550 5.7.1.
    Policy(String),
    /// A rule of this server that may be over later: 451 4.7.1.
    TemporaryPolicy(String),
    /// The disk is full: 452 4.3.1.
    InsufficientStorage,
    /// Something that we need, such as DNS, does not answer: 451 4.4.3.
    Unavailable,
    /// A failure of our own: 451 4.3.0 with the reference under which the log has it.
    Internal,
}

impl Refusal {
    /// The reply to the peer. `reference` is the session's id.
    #[must_use]
    pub fn reply(&self, reference: &str) -> Reply {
        match self {
            Self::UnknownRecipient => Reply::new(550, (5, 1, 1), "No such address here"),
            Self::MailboxDisabled => Reply::new(550, (5, 2, 1), "This mailbox takes no mail"),
            Self::RelayDenied => Reply::new(550, (5, 7, 1), "Not a domain of this server; relaying denied"),
            Self::SenderNotPermitted => Reply::new(550, (5, 7, 1), "You may not send as this address"),
            Self::NoValidSender => Reply::new(550, (5, 1, 8), "The sender's domain takes no mail"),
            Self::SenderUnresolved => Reply::new(
                451,
                (4, 1, 8),
                "The sender's domain cannot be looked up; try again later",
            ),
            Self::MailboxFull { temporary: true } => Reply::new(452, (4, 2, 2), "The mailbox is full"),
            Self::MailboxFull { temporary: false } => Reply::new(552, (5, 2, 2), "The mailbox is full"),
            Self::MessageTooLarge => Reply::new(552, (5, 3, 4), "The message is too large"),
            Self::TooManyRecipients => Reply::new(
                452,
                (4, 5, 3),
                "Too many recipients; send the rest in another transaction",
            ),
            Self::TooManySessions => Reply::new(421, (4, 7, 0), "Too many connections; try again later"),
            Self::RateLimited => Reply::new(450, (4, 7, 1), "Too much mail; try again later"),
            Self::Loop => Reply::new(554, (5, 4, 6), "The message goes round in circles (mail loop)"),
            Self::Malformed(text) => Reply::new(554, (5, 6, 0), text),
            Self::Policy(text) => Reply::new(550, (5, 7, 1), text),
            Self::TemporaryPolicy(text) => Reply::new(451, (4, 7, 1), text),
            Self::InsufficientStorage => Reply::new(452, (4, 3, 1), "Not enough space; try again later"),
            Self::Unavailable => Reply::new(
                451,
                (4, 4, 3),
                &format!("A service we need does not answer; try again later (reference {reference})"),
            ),
            Self::Internal => Reply::new(
                451,
                (4, 3, 0),
                &format!("Internal failure; try again later (reference {reference})"),
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::codec::reply::Class;

    #[test]
    fn our_own_failures_are_temporary() {
        for refusal in [
            Refusal::Internal,
            Refusal::Unavailable,
            Refusal::InsufficientStorage,
            Refusal::SenderUnresolved,
        ] {
            assert_eq!(refusal.reply("r").class(), Class::Temporary, "{refusal:?}");
        }
    }

    #[test]
    fn an_internal_failure_names_the_reference() {
        assert_eq!(
            Refusal::Internal.reply("0abc").to_string(),
            "451 4.3.0 Internal failure; try again later (reference 0abc)"
        );
    }
}
