//! MailboxMetadataChange and ServerMetadataChange (RFC 5465 sections 5.6 and 5.7): the client is told which
//! annotations others changed, not what they are now.

use super::super::connection::Connection;
use crate::ask::WatchedAnnotation;
use crate::codec::metadata as codec;
use crate::types::metadata::Entry;
use crate::types::notify::EventGroup;

/// Which changes the client knows.
#[derive(Debug, Default)]
pub(super) struct Annotations {
    /// All up to here.
    modseq: i64,
    /// Those that the client's own command makes: mailbox and entry.
    own: Vec<(Option<String>, String)>,
}

impl Annotations {
    /// What was before is not told.
    pub(super) const fn begin(&mut self, modseq: i64) {
        self.modseq = modseq;
    }

    pub(super) fn note_own(&mut self, name: Option<&str>, entries: &[Entry]) {
        let name = name.map(str::to_owned);
        let own = entries.iter().map(|(entry, _)| (name.clone(), entry.clone()));
        self.own.extend(own);
    }

    pub(super) fn tell(
        &mut self,
        connection: &Connection,
        out: &mut Vec<u8>,
        groups: &[EventGroup],
        changed: &[WatchedAnnotation],
    ) {
        for annotation in changed.iter().filter(|changed| changed.modseq > self.modseq) {
            let name = annotation.mailbox.as_ref().map(|(name, _)| name.clone());
            let is_own = self.own.contains(&(name.clone(), annotation.entry.clone()));
            if !is_own && is_watched(groups, annotation) {
                codec::print_changed(out, connection.names(), name.as_deref(), &annotation.entry);
            }
        }
        let last = changed.iter().map(|changed| changed.modseq).max();
        self.modseq = self.modseq.max(last.unwrap_or(0));
        self.own.clear();
    }
}

/// The first group that means a mailbox says what is told of it.
fn is_watched(groups: &[EventGroup], annotation: &WatchedAnnotation) -> bool {
    let Some((name, is_subscribed)) = &annotation.mailbox else {
        return groups.iter().any(|group| group.events.server_metadata);
    };
    groups
        .iter()
        .find(|group| group.filter.fits(name, *is_subscribed))
        .is_some_and(|group| group.events.metadata)
}
