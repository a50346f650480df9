//! Mail on its way out: what `posthorn queue` asks for. A message lies in one bucket for each group of its
//! recipients' domains, so whoever asks by id looks into all of them.

use posthorn_base::{QueueId, Timestamp};
use posthorn_queue::{
    AttemptRow, BUCKETS, Counts, Listed, Outcome, State, Story, StoryRecipient, bucket_of, domain_key,
    drop_recipients, explain_status, hold, retry_now,
};
use posthorn_runtime::clock;
use posthorn_store::{Partition, StoreError, Tx};

use super::refusal::Refusal;
use super::response::{
    AttemptView, CountsView, MessageView, QueueView, RecipientView, ReplyView, Response, WaitingView,
};
use super::{Admin, QueueChange, QueueRequest, Selection, Text};
use crate::output;

pub(super) fn execute(admin: &Admin, request: QueueRequest) -> Result<Response, Refusal> {
    match request {
        QueueRequest::List { domain, limit } => list(admin, domain, limit),
        QueueRequest::Show(Text(queue_id)) => show(admin, queue_id),
        QueueRequest::Change { change, selection } => change_recipients(admin, change, selection),
    }
}

/// The buckets that recipients of a domain, or of any, can be in.
fn buckets(domain: Option<&str>) -> Vec<i64> {
    domain.map_or_else(|| (0..BUCKETS).collect(), |domain| vec![bucket_of(domain)])
}

fn is_of(listed: &Listed, domain: Option<&str>) -> bool {
    domain.is_none_or(|domain| domain_key(&listed.address) == domain)
}

fn list(admin: &Admin, domain: Option<String>, limit: u32) -> Result<Response, Refusal> {
    let now = clock::wall();
    let view = admin.store.read(move |tx| {
        let domain = domain.as_deref();
        // A bucket holds other domains too, so with a filter the limit counts only afterwards.
        let from_each = domain.map_or_else(|| limit.saturating_add(1), |_domain| u32::MAX);
        let mut found = Vec::new();
        for bucket in buckets(domain) {
            let listed = posthorn_queue::list(tx, bucket, from_each)?;
            found.extend(listed.into_iter().filter(|listed| is_of(listed, domain)));
        }
        found.sort_by_key(|listed| (listed.created_at, listed.queue_id, listed.recipient));
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        let has_more = found.len() > limit;
        found.truncate(limit);
        let mut counts = Counts::default();
        for bucket in 0..BUCKETS {
            counts = counts.plus(posthorn_queue::statistics(tx, bucket, now)?);
        }
        Ok::<_, StoreError>(QueueView {
            recipients: found.iter().map(|listed| waiting(listed, now)).collect(),
            has_more,
            counts: counted(&counts),
        })
    });
    Ok(Response::Queue(view.wait()?))
}

fn show(admin: &Admin, queue_id: QueueId) -> Result<Response, Refusal> {
    let now = clock::wall();
    let stories = admin.store.read(move |tx| {
        let mut stories = Vec::new();
        for bucket in 0..BUCKETS {
            stories.extend(posthorn_queue::show(tx, bucket, queue_id)?);
        }
        Ok::<_, StoreError>(stories)
    });
    let mut stories = stories.wait()?.into_iter();
    let Some(mut whole) = stories.next() else {
        return Err(Refusal::NoSuchMessage(queue_id));
    };
    stories.for_each(|story| whole.recipients.extend(story.recipients));
    whole.recipients.sort_by_key(|recipient| recipient.number);
    Ok(Response::Message(message(&whole, now)))
}

fn change_recipients(admin: &Admin, change: QueueChange, selection: Selection) -> Result<Response, Refusal> {
    let queue_id = selection.queue_id.map(|text| text.0);
    if queue_id.is_none() && selection.domain.is_none() {
        return Err(Refusal::NothingSelected);
    }
    let now = clock::wall();
    let buckets = buckets(selection.domain.as_deref());
    let partitions = buckets.iter().map(|&bucket| Partition::Bucket(bucket)).collect();
    let changed = admin.store.write_group(partitions, move |tx, index| {
        let Some(&bucket) = buckets.get(index) else {
            return Ok(0);
        };
        match (queue_id, selection.domain.as_deref()) {
            (Some(id), None) => apply(tx, change, bucket, (id, None), now),
            (id, domain) => {
                let mut changed = 0_usize;
                for listed in posthorn_queue::list(tx, bucket, u32::MAX)? {
                    if is_of(&listed, domain) && id.is_none_or(|id| id == listed.queue_id) {
                        let which = (listed.queue_id, Some(listed.recipient));
                        changed = changed.saturating_add(apply(tx, change, bucket, which, now)?);
                    }
                }
                Ok(changed)
            }
        }
    });
    let changed: Vec<usize> = changed.wait()?;
    let changed = changed.into_iter().fold(0, usize::saturating_add);
    if changed == 0 {
        return Err(Refusal::NothingFits);
    }
    (admin.wake)();
    let recipients = output::count(u64::try_from(changed).unwrap_or(u64::MAX), "recipient");
    Ok(Response::Done(match change {
        QueueChange::Retry => format!("{recipients} to be tried now"),
        QueueChange::Hold => format!("{recipients} held until `posthorn queue retry`"),
        QueueChange::Drop => format!("{recipients} dropped; nobody is told"),
    }))
}

fn apply(
    tx: &mut Tx<'_>,
    change: QueueChange,
    bucket: i64,
    (id, recipient): (QueueId, Option<u32>),
    now: Timestamp,
) -> Result<usize, StoreError> {
    match change {
        QueueChange::Retry => retry_now(tx, bucket, id, recipient, now),
        QueueChange::Hold => hold(tx, bucket, id, recipient),
        QueueChange::Drop => drop_recipients(tx, bucket, id, recipient, now),
    }
}

/// A lease that ran out means nothing: whoever held it is gone.
fn is_leased(lease_until: Option<Timestamp>, now: Timestamp) -> bool {
    lease_until.is_some_and(|until| until > now)
}

fn next_attempt(state: State, due: Timestamp) -> Option<String> {
    (state == State::Waiting).then(|| due.to_rfc3339())
}

fn waiting(listed: &Listed, now: Timestamp) -> WaitingView {
    WaitingView {
        queue_id: listed.queue_id.to_string(),
        number: listed.recipient,
        recipient: listed.address.to_string(),
        sender: listed.reverse_path.to_text(),
        identity: listed.identity.clone(),
        state: listed.state.word().to_owned(),
        is_being_tried: is_leased(listed.lease_until, now),
        attempts: listed.attempts,
        next_attempt_at: next_attempt(listed.state, listed.due),
        last_reply: listed.last_text.clone(),
        last_host: listed.last_host.clone(),
        size_octets: listed.size_octets,
        accepted_at: listed.created_at.to_rfc3339(),
        expires_at: listed.expires_at.to_rfc3339(),
    }
}

fn counted(counts: &Counts) -> CountsView {
    CountsView {
        waiting: counts.waiting,
        being_tried: counts.leased,
        held: counts.held,
        delivered: counts.delivered,
        failed: counts.failed,
        dropped: counts.dropped,
        next_attempt_at: counts.next_due.map(Timestamp::to_rfc3339),
    }
}

fn message(story: &Story, now: Timestamp) -> MessageView {
    let message = &story.message;
    MessageView {
        queue_id: message.queue_id.to_string(),
        sender: message.reverse_path.to_text(),
        identity: message.identity.clone(),
        envelope_id: message.envelope_id.clone(),
        size_octets: message.blob.size_octets,
        accepted_at: message.created_at.to_rfc3339(),
        expires_at: message.expires_at.to_rfc3339(),
        recipients: story.recipients.iter().map(|one| recipient(one, now)).collect(),
    }
}

fn recipient(one: &StoryRecipient, now: Timestamp) -> RecipientView {
    RecipientView {
        number: one.number,
        recipient: one.address.to_string(),
        state: one.state.word().to_owned(),
        is_being_tried: is_leased(one.lease_until, now),
        attempts: one.attempts,
        next_attempt_at: next_attempt(one.state, one.due),
        finished_at: one.finished_at.map(Timestamp::to_rfc3339),
        last: one.last.as_ref().map(|last| ReplyView {
            code: last.code,
            status: last.status.clone(),
            text: last.text.clone(),
            host: last.host.clone(),
            explanation: match one.state {
                State::Delivered => "The other server has taken it.".to_owned(),
                State::Waiting | State::Held | State::Failed | State::Dropped => {
                    explain_status(&last.status, &last.text).to_owned()
                }
            },
        }),
        tried: one.tried.iter().map(attempt).collect(),
    }
}

fn attempt(row: &AttemptRow) -> AttemptView {
    let tls = [&row.tls_version, &row.tls_cipher];
    let tls: Vec<&str> = tls.into_iter().flatten().map(String::as_str).collect();
    AttemptView {
        attempt: row.number,
        at: row.at.to_rfc3339(),
        duration_ms: u64::try_from(row.duration.as_millis()).unwrap_or(u64::MAX),
        host: row.host.clone(),
        ip: row.ip.clone(),
        tls: (!tls.is_empty()).then(|| tls.join(" ")),
        outcome: match row.outcome {
            Outcome::Delivered => "delivered".to_owned(),
            Outcome::Temporary => "temporary".to_owned(),
            Outcome::Permanent => "permanent".to_owned(),
        },
        lines: row.lines.clone(),
    }
}
