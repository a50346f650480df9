//! The report of success that a sender asked for (RFC 3461 section 5.2): for those recipients whose
//! message comes to rest here. What goes on to other servers is theirs, or the queue's, to report.

use std::sync::Arc;

use posthorn_accounts::Target;
use posthorn_base::{Address, Domain, Timestamp};
use posthorn_queue::dsn::{Action, DsnFacts, DsnRecipient, compose};
use posthorn_queue::{Diagnosis, Notice, wants};

use crate::incoming::{Addressee, Incoming};

/// Up to this size a report returns the message whole when `RET=FULL` asks for it.
const FULL_LIMIT_OCTETS: usize = 1024 * 1024;

/// Whom to tell, and the report; `None` when nobody asked.
pub(crate) fn confirmation(
    incoming: &Incoming,
    reporting_mta: &Domain,
    report_from: &Address,
    now: Timestamp,
) -> Option<(Address, Arc<[u8]>)> {
    let to = incoming.sender.reverse_path.address()?;
    let asked = incoming
        .addressees
        .iter()
        .filter(|addressee| is_asked(incoming, addressee));
    let recipients: Vec<DsnRecipient> = asked.map(|addressee| delivered(addressee, now)).collect();
    if recipients.is_empty() {
        return None;
    }
    let report = compose(&DsnFacts {
        reporting_mta,
        from: report_from,
        to,
        unique: &format!("{}d", incoming.queue_id),
        now,
        arrived_at: now,
        envelope_id: incoming.sender.envelope_id.as_deref(),
        ret: incoming.sender.ret,
        body: incoming.sender.body,
        original: &incoming.octets,
        full_limit_octets: FULL_LIMIT_OCTETS,
        recipients: &recipients,
    });
    Some((to.clone(), report.into()))
}

fn is_asked(incoming: &Incoming, addressee: &Addressee) -> bool {
    let is_here = addressee
        .targets
        .iter()
        .any(|target| matches!(target, Target::Local { .. }));
    is_here && wants(&incoming.sender.reverse_path, addressee.notify, Notice::Success)
}

fn delivered(addressee: &Addressee, now: Timestamp) -> DsnRecipient {
    DsnRecipient {
        address: addressee.address.clone(),
        original_recipient: addressee.original_recipient.clone(),
        action: Action::Delivered,
        status: "2.1.5".to_owned(),
        diagnosis: Diagnosis {
            code: None,
            status: "2.1.5".to_owned(),
            text: "The message is in the mailbox".to_owned(),
            host: None,
        },
        last_attempt_at: now,
    }
}
