//! The queue for people. What other servers said is shown without what a terminal would act on.

use crate::admin::{AttemptView, CountsView, MessageView, QueueView, RecipientView, WaitingView};
use crate::output::{clean, count, size, table};

/// What waits, and how the whole queue stands.
pub(super) fn queue(queue: &QueueView) -> String {
    let mut text = String::new();
    if !queue.recipients.is_empty() {
        let rows: Vec<_> = queue.recipients.iter().map(waiting).collect();
        let titles = [
            "ID",
            "RECIPIENT",
            "SENDER",
            "STATE",
            "TRIES",
            "NEXT TRY",
            "LAST REPLY",
        ];
        text.push_str(&table(&titles, &rows));
        if queue.has_more {
            text.push_str("… and more; see them with --limit N\n");
        }
        text.push('\n');
    }
    text.push_str(&totals(&queue.counts));
    text
}

fn waiting(one: &WaitingView) -> Vec<String> {
    let state = if one.is_being_tried {
        "being tried"
    } else {
        &one.state
    };
    vec![
        one.queue_id.clone(),
        one.recipient.clone(),
        sender(&one.sender),
        state.to_owned(),
        one.attempts.to_string(),
        one.next_attempt_at.clone().unwrap_or_else(|| "-".to_owned()),
        one.last_reply.clone().unwrap_or_else(|| "-".to_owned()),
    ]
}

/// The null path as it is written in SMTP.
fn sender(path: &str) -> String {
    if path.is_empty() {
        "<>".to_owned()
    } else {
        path.to_owned()
    }
}

fn totals(counts: &CountsView) -> String {
    let mut text = format!(
        "{} waiting ({} being tried), {} held; so far {} delivered, {} failed, {} dropped",
        count(counts.waiting, "recipient"),
        counts.being_tried,
        counts.held,
        counts.delivered,
        counts.failed,
        counts.dropped
    );
    if let Some(at) = &counts.next_attempt_at {
        text.push_str(&format!("; next try {at}"));
    }
    text
}

/// A message with its whole story.
pub(super) fn message(message: &MessageView) -> String {
    let mut text = format!("Message {}\n", message.queue_id);
    let mut line = |name: &str, value: &str| {
        text.push_str(&format!("  {name:<13}{}\n", clean(value)));
    };
    line("sender", &sender(&message.sender));
    if let Some(identity) = &message.identity {
        line("logged in", identity);
    }
    if let Some(envelope_id) = &message.envelope_id {
        line("ENVID", envelope_id);
    }
    line("size", &size(message.size_octets));
    line("accepted", &message.accepted_at);
    line("tried until", &message.expires_at);
    for one in &message.recipients {
        recipient(one, &mut text);
    }
    text
}

fn recipient(one: &RecipientView, text: &mut String) {
    let tries = if one.attempts == 1 {
        "1 try".to_owned()
    } else {
        format!("{} tries", one.attempts)
    };
    text.push_str(&format!("\n{}: {}, {tries}", clean(&one.recipient), one.state));
    if one.is_being_tried {
        text.push_str(", being tried now");
    }
    if let Some(at) = &one.finished_at {
        text.push_str(&format!(", since {at}"));
    }
    if let Some(at) = &one.next_attempt_at {
        text.push_str(&format!(", next try {at}"));
    }
    text.push('\n');
    if let Some(last) = &one.last {
        let code = last.code.map(|code| format!("{code} ")).unwrap_or_default();
        let host = last.host.as_deref().unwrap_or("no server");
        text.push_str(&format!(
            "  {}: {code}{} {}\n  {}\n",
            clean(host),
            clean(&last.status),
            clean(&last.text),
            last.explanation
        ));
    }
    for row in &one.tried {
        attempt(row, text);
    }
}

fn attempt(row: &AttemptView, text: &mut String) {
    let host = row.host.as_deref().unwrap_or("no server");
    let ip = row.ip.as_deref().map(|ip| format!(" [{ip}]")).unwrap_or_default();
    let tls = row.tls.as_deref().unwrap_or("no TLS");
    text.push_str(&format!(
        "  try {} at {}, {} ms, {}{ip}, {tls}: {}\n",
        row.attempt,
        row.at,
        row.duration_ms,
        clean(host),
        row.outcome
    ));
    for line in &row.lines {
        text.push_str(&format!("    {}\n", clean(line)));
    }
}
