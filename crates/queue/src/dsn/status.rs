//! `message/delivery-status`: RFC 3464 section 2, and the address type of RFC 6533 section 3. ASCII only.

use std::fmt::Write;

use posthorn_base::Address;
use posthorn_message::build::HeaderWriter;

use super::{Action, DsnFacts, DsnRecipient};
use crate::Diagnosis;

/// Characters of the other server's text that are quoted.
const DIAGNOSTIC_CHARS: usize = 2_000;

pub(super) fn compose(facts: &DsnFacts<'_>) -> Vec<u8> {
    let mut message = HeaderWriter::new();
    if let Some(id) = facts.envelope_id {
        message = message.structured("Original-Envelope-Id", &to_ascii(id));
    }
    let mut out = message
        .structured("Reporting-MTA", &format!("dns; {}", facts.reporting_mta))
        .structured("Arrival-Date", &facts.arrived_at.to_rfc5322())
        .into_fields();
    for recipient in facts.recipients {
        out.extend_from_slice(b"\r\n");
        out.extend_from_slice(&per_recipient(recipient));
    }
    out
}

fn per_recipient(recipient: &DsnRecipient) -> Vec<u8> {
    let mut fields = HeaderWriter::new();
    if let Some(original) = &recipient.original_recipient {
        fields = fields.structured("Original-Recipient", &original_recipient(original));
    }
    fields = fields
        .structured("Final-Recipient", &final_recipient(&recipient.address))
        .structured("Action", recipient.action.word())
        .structured("Status", &recipient.status);
    if let Some(host) = &recipient.diagnosis.host {
        fields = fields.structured("Remote-MTA", &format!("dns; {}", to_ascii(host)));
    }
    fields = fields
        .structured("Diagnostic-Code", &diagnostic(&recipient.diagnosis))
        .structured("Last-Attempt-Date", &recipient.last_attempt_at.to_rfc5322());
    if let Action::Delayed { until } = recipient.action {
        fields = fields.structured("Will-Retry-Until", &until.to_rfc5322());
    }
    fields.into_fields()
}

/// `smtp` for the words of a server, `x-posthorn` for our own.
fn diagnostic(diagnosis: &Diagnosis) -> String {
    let text: String = to_ascii(&diagnosis.text).chars().take(DIAGNOSTIC_CHARS).collect();
    match diagnosis.code {
        Some(code) => format!("smtp; {code} {} {text}", diagnosis.status),
        None => format!("x-posthorn; {text}"),
    }
}

fn final_recipient(address: &Address) -> String {
    let text = address.to_string();
    if text.is_ascii() {
        format!("rfc822; {text}")
    } else {
        format!("utf-8; {}", utf8_addr_xtext(&text))
    }
}

/// `type;address` as the client gave it, decoded.
fn original_recipient(original: &str) -> String {
    match original.split_once(';') {
        // Whatever type it claims, only this one may hold such an address.
        Some((_, address)) if !address.is_ascii() => format!("utf-8; {}", utf8_addr_xtext(address)),
        Some((kind, address)) => format!("{kind}; {address}"),
        None => format!("rfc822; {}", to_ascii(original)),
    }
}

/// `utf-8-addr-xtext` of RFC 6533 section 3: the only form that is ASCII.
fn utf8_addr_xtext(text: &str) -> String {
    let mut out = String::new();
    for c in text.chars() {
        if matches!(c, '!'..='~') && !matches!(c, '+' | '=' | '\\') {
            out.push(c);
        } else if write!(out, "\\x{{{:X}}}", u32::from(c)).is_err() {
            break; // A String takes everything.
        }
    }
    out
}

/// The words of a server that answers in UTF-8 (RFC 6531 section 3.7.4.2), for a part that is ASCII.
fn to_ascii(text: &str) -> String {
    text.chars().map(|c| if c.is_ascii() { c } else { '?' }).collect()
}
