//! The part of a report that a person reads: who did not get the message, what the other server said, and
//! what can be done.

use posthorn_message::header::{decode, first_field};

use super::{Action, DsnFacts, DsnRecipient};
use crate::explain_status;

/// Recipients that are named with their reason; the report for programs has all.
const NAMED: usize = 50;
/// Characters of the subject and of a server's words that are quoted.
const QUOTED_CHARS: usize = 500;

pub(super) fn subject(facts: &DsnFacts<'_>) -> String {
    let what = match leading(facts) {
        Action::Failed => "Your message was not delivered to",
        Action::Delayed { .. } => "Your message is still on its way to",
        Action::Delivered => "Your message was delivered to",
        Action::Relayed => "Your message was passed on to",
    };
    let matching: Vec<&DsnRecipient> = with_action(facts, leading(facts)).collect();
    match matching.as_slice() {
        [one] => format!("{what} {}", one.address),
        several => format!("{what} {} recipients", several.len()),
    }
}

/// The action the subject speaks of: the worst.
fn leading(facts: &DsnFacts<'_>) -> Action {
    let rank = |action: &Action| match action {
        Action::Failed => 0,
        Action::Delayed { .. } => 1,
        Action::Relayed => 2,
        Action::Delivered => 3,
    };
    let actions = facts.recipients.iter().map(|one| one.action);
    actions.min_by_key(rank).unwrap_or(Action::Failed)
}

fn with_action<'a>(facts: &DsnFacts<'a>, action: Action) -> impl Iterator<Item = &'a DsnRecipient> {
    facts
        .recipients
        .iter()
        .filter(move |one| one.action.word() == action.word())
}

pub(super) fn compose(facts: &DsnFacts<'_>) -> String {
    let mut out = format!("This is the mail server {}.\r\n", facts.reporting_mta);
    let mut seen: Vec<&str> = Vec::new();
    for recipient in facts.recipients {
        if !seen.contains(&recipient.action.word()) {
            seen.push(recipient.action.word());
            paragraph(&mut out, facts, recipient.action);
        }
    }
    out.push_str("\r\nThe message:\r\n");
    for name in ["Subject", "Date", "To"] {
        if let Some(value) = first_field(facts.original, name) {
            out.push_str(&format!("  {name}: {}\r\n", one_line(&decode(value))));
        }
    }
    let arrived = facts.arrived_at.to_rfc5322();
    out.push_str(&format!("  Accepted here: {arrived}\r\n"));
    out
}

/// All recipients with one action.
fn paragraph(out: &mut String, facts: &DsnFacts<'_>, action: Action) {
    let all: Vec<&DsnRecipient> = with_action(facts, action).collect();
    let whom = if all.len() == 1 {
        "this recipient"
    } else {
        "these recipients"
    };
    out.push_str("\r\n");
    out.push_str(&match action {
        Action::Failed => format!("Your message could not be delivered to {whom}, and no further attempt will be made:\r\n"),
        Action::Delayed { .. } => format!("Your message could not be delivered to {whom} yet. It is tried again; you need not send it again:\r\n"),
        Action::Delivered => format!("Your message lies in the mailbox of {whom}:\r\n"),
        Action::Relayed => format!("Your message was passed on to the server of {whom}. That server sends no confirmations, so whether it is read you will not hear from here:\r\n"),
    });
    for recipient in all.iter().take(NAMED) {
        entry(out, recipient);
    }
    if let Some(more) = all.len().checked_sub(NAMED).filter(|more| *more > 0) {
        out.push_str(&format!(
            "\r\n  and {more} more, listed in the delivery report below.\r\n"
        ));
    }
}

fn entry(out: &mut String, recipient: &DsnRecipient) {
    let diagnosis = &recipient.diagnosis;
    out.push_str(&format!("\r\n  {}\r\n", recipient.address));
    let words = one_line(&diagnosis.text);
    match recipient.action {
        Action::Failed | Action::Delayed { .. } => {
            // What was said last explains a delay and a refusal, but not that the time is over.
            let said = if recipient.status == diagnosis.status {
                diagnosis.text.as_str()
            } else {
                ""
            };
            wrap(out, explain_status(&recipient.status, said));
            match (diagnosis.code, &diagnosis.host) {
                (Some(code), Some(host)) => {
                    out.push_str(&format!(
                        "    {host} said: {code} {} {words}\r\n",
                        diagnosis.status
                    ));
                }
                (_, _) => out.push_str(&format!("    What happened: {words} ({})\r\n", diagnosis.status)),
            }
        }
        Action::Delivered | Action::Relayed => {}
    }
    if let Action::Delayed { until } = recipient.action {
        out.push_str(&format!("    It is tried until {}.\r\n", until.to_rfc5322()));
    }
}

/// Sentences in lines of at most 76 characters.
fn wrap(out: &mut String, text: &str) {
    let mut column = 0usize;
    for word in text.split(' ') {
        let width = word.chars().count().saturating_add(1);
        if column == 0 || column.saturating_add(width) > 76 {
            if column > 0 {
                out.push_str("\r\n");
            }
            out.push_str("    ");
            column = 4;
        } else {
            out.push(' ');
        }
        out.push_str(word);
        column = column.saturating_add(width);
    }
    out.push_str("\r\n");
}

/// What came from outside begins no line of its own and is not endless.
fn one_line(text: &str) -> String {
    text.chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .take(QUOTED_CHARS)
        .collect()
}
