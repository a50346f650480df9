//! Which annotations others changed (RFC 5465 sections 5.6 and 5.7), among those that GETMETADATA would show.

use std::collections::HashSet;

use posthorn_base::{AccountId, ModSeq};
use posthorn_imap::WatchedAnnotation;
use posthorn_mailbox::{self as mailbox, ChangedAnnotation, MailboxError};
use posthorn_store::Tx;

use super::super::metadata::{is_shared, may_see};
use super::{Found, Mark};

/// All that lies in an account and is different.
pub(super) fn since(tx: &Tx<'_>, mark: Mark) -> Result<Vec<ChangedAnnotation>, MailboxError> {
    match mark.annotated {
        Some(since) => mailbox::changed_annotations(tx, mark.owner, since),
        None => Ok(Vec::new()),
    }
}

/// What of it the reader may see and has not done in this session.
pub(super) fn of_others(
    reader: AccountId,
    found: &[Found],
    own: &HashSet<(AccountId, ModSeq)>,
) -> Vec<WatchedAnnotation> {
    let mut all = Vec::new();
    for place in found {
        for changed in &place.annotated {
            // What lies with somebody else and is not shared is theirs alone.
            let is_open = place.owner == reader || is_shared(&changed.name);
            if is_open && !own.contains(&(place.owner, changed.modseq)) {
                all.extend(named(reader, found, changed));
            }
        }
    }
    all
}

/// `None`: the mailbox is not there for the reader.
fn named(reader: AccountId, found: &[Found], changed: &ChangedAnnotation) -> Option<WatchedAnnotation> {
    let folders = |owner| {
        found
            .iter()
            .filter(move |found| found.owner == owner)
            .flat_map(|found| &found.folders)
    };
    let mailbox = match changed.about {
        None => None,
        Some((owner, mailbox)) => {
            let (folder, _) =
                folders(owner).find(|(folder, rights)| folder.id == Some(mailbox) && may_see(*rights))?;
            // Subscriptions lie with the reader, whosever the mailbox is.
            let is_subscribed = folders(reader).any(|(own, _)| own.is_subscribed && own.name == folder.name);
            Some((folder.name.clone(), is_subscribed))
        }
    };
    Some(WatchedAnnotation {
        mailbox,
        entry: changed.name.clone(),
    })
}
