//! What the author is told after an attempt, if anything.

use posthorn_base::{Address, Timestamp};
use posthorn_queue::dsn::{Action, DsnFacts, DsnRecipient, compose};
use posthorn_queue::{Disposition, Leased, Message, Notice, is_delay_notice_due, wants};
use posthorn_runtime::random;

use crate::deliver::Job;
use crate::outbound::Shared;
use crate::trial::Verdict;

/// The entry of one recipient in the report; `None` when the author is not to hear of it now.
pub(crate) fn entry(
    shared: &Shared,
    message: &Message,
    leased: &Leased,
    verdict: &Verdict,
    disposition: Disposition,
    now: Timestamp,
) -> Option<DsnRecipient> {
    let last = &verdict.attempt.diagnosis;
    let (notice, action, status) = match disposition {
        Disposition::Delivered if verdict.is_dsn_promised => return None,
        // RFC 3886: passed on to a server that reports nothing.
        Disposition::Delivered => (Notice::Success, Action::Relayed, "2.1.9"),
        Disposition::Refused => (Notice::Failure, Action::Failed, last.status.as_str()),
        Disposition::Expired => (Notice::Failure, Action::Failed, "4.4.7"),
        Disposition::Retry(_) => {
            let is_due = is_delay_notice_due(now, message.created_at, &shared.config.schedule);
            if leased.delay_noticed || !is_due {
                return None;
            }
            let until = message.expires_at;
            (Notice::Delay, Action::Delayed { until }, last.status.as_str())
        }
    };
    wants(&message.reverse_path, leased.notify, notice).then(|| DsnRecipient {
        address: leased.address.clone(),
        original_recipient: leased.original_recipient.clone(),
        action,
        status: status.to_owned(),
        diagnosis: last.clone(),
        last_attempt_at: now,
    })
}

/// Writes the report.
pub(crate) fn write(
    shared: &Shared,
    job: &Job,
    to: &Address,
    recipients: &[DsnRecipient],
    now: Timestamp,
) -> Vec<u8> {
    let unique = format!("{:016x}{:016x}", random::u64(), random::u64());
    compose(&DsnFacts {
        reporting_mta: &shared.config.hostname,
        from: &shared.config.report_from,
        to,
        unique: &unique,
        now,
        arrived_at: job.message.created_at,
        envelope_id: job.message.envelope_id.as_deref(),
        ret: job.message.ret,
        body: job.message.body,
        original: &job.body,
        full_limit_octets: shared.config.return_full_octets,
        recipients,
    })
}
