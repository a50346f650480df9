//! Reports to the author: a `multipart/report` (RFC 6522) of a text for people, a `message/delivery-status`
//! (RFC 3464) and the original or its header, as RFC 3461 section 6 asks. Says nothing about whether a
//! report is wanted: see [`crate::wants`]. The caller sends it with the null reverse path.

mod original;
mod status;
mod text;

use posthorn_base::{Address, Domain, Timestamp};
use posthorn_message::build::{BodyPart, HeaderWriter, report};
use posthorn_message::header::{first_field, unfold};
use posthorn_smtp::{Body, Ret};

use crate::Diagnosis;

/// What a report is about.
#[derive(Clone, Debug)]
pub struct DsnFacts<'a> {
    /// The server that reports: ours.
    pub reporting_mta: &'a Domain,
    /// Who stands in `From`: somebody who reads answers, such as the postmaster.
    pub from: &'a Address,
    /// The reverse path of the message.
    pub to: &'a Address,
    /// Letters and digits, never used before; becomes `Message-ID` and boundary.
    pub unique: &'a str,
    /// The moment of the report.
    pub now: Timestamp,
    /// When we accepted the message.
    pub arrived_at: Timestamp,
    /// `ENVID`, decoded.
    pub envelope_id: Option<&'a str>,
    /// `RET`.
    pub ret: Option<Ret>,
    /// `BODY`.
    pub body: Body,
    /// The message.
    pub original: &'a [u8],
    /// Up to this size a message is returned whole when `RET=FULL` asks for it.
    pub full_limit_octets: usize,
    /// At least one.
    pub recipients: &'a [DsnRecipient],
}

/// What became of one recipient.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DsnRecipient {
    /// Where we sent it.
    pub address: Address,
    /// `ORCPT`, decoded, with its address type.
    pub original_recipient: Option<String>,
    /// What became of it.
    pub action: Action,
    /// The enhanced status code of the outcome, which may differ from what the last server said: 4.4.7 when
    /// the time is over.
    pub status: String,
    /// The words of the other server, or what stood in the way.
    pub diagnosis: Diagnosis,
    /// When it was tried last.
    pub last_attempt_at: Timestamp,
}

/// `action-value` of RFC 3464 section 2.3.3.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Action {
    /// Given up.
    Failed,
    /// Still trying.
    Delayed {
        /// When trying ends.
        until: Timestamp,
    },
    /// In the recipient's mailbox.
    Delivered,
    /// With a server that reports nothing back.
    Relayed,
}

impl Action {
    fn word(self) -> &'static str {
        match self {
            Self::Failed => "failed",
            Self::Delayed { .. } => "delayed",
            Self::Delivered => "delivered",
            Self::Relayed => "relayed",
        }
    }
}

/// Writes the report.
#[must_use]
pub fn compose(facts: &DsnFacts<'_>) -> Vec<u8> {
    let words = text::compose(facts);
    let status = status::compose(facts);
    let (content_type, returned) = original::compose(facts);
    let parts = [
        BodyPart {
            content_type: "text/plain; charset=utf-8",
            description: "Notification",
            body: words.as_bytes(),
        },
        BodyPart {
            content_type: "message/delivery-status",
            description: "Delivery report",
            body: &status,
        },
        BodyPart {
            content_type,
            description: original::description(content_type),
            body: &returned,
        },
    ];
    let is_ascii = parts.iter().all(|part| part.body.is_ascii());
    let header = header(facts);
    let header = if is_ascii {
        header
    } else {
        header.structured("Content-Transfer-Encoding", "8bit")
    };
    report(header, "delivery-status", facts.unique, &parts)
}

fn header(facts: &DsnFacts<'_>) -> HeaderWriter {
    let header = HeaderWriter::new()
        .addresses("From", &[("Mail Delivery System", facts.from)])
        .addresses("To", &[("", facts.to)])
        .text("Subject", &text::subject(facts))
        .date(facts.now)
        .message_id(facts.unique, facts.reporting_mta)
        .structured("Auto-Submitted", "auto-replied");
    // So that a reader shows the report beside the message it is about.
    match original_message_id(facts.original) {
        Some(id) => header
            .structured("In-Reply-To", &id)
            .structured("References", &id),
        None => header,
    }
}

fn original_message_id(original: &[u8]) -> Option<String> {
    let value = unfold(first_field(original, "Message-ID")?).into_owned();
    let is_id = value.starts_with('<') && value.ends_with('>') && value.len() < 500;
    (is_id && value.bytes().all(|c| c.is_ascii_graphic())).then_some(value)
}

#[cfg(test)]
mod tests;
