//! MailboxMetadataChange and ServerMetadataChange (RFC 5465 sections 5.6 and 5.7): the client is told which
//! annotations others changed, not what they are now.

use super::super::connection::Connection;
use super::Others;
use crate::ask::WatchedAnnotation;
use crate::codec::metadata as codec;

impl Others {
    pub(super) fn tell_annotations(
        &self,
        connection: &Connection,
        out: &mut Vec<u8>,
        changed: &[WatchedAnnotation],
    ) {
        for annotation in changed.iter().filter(|changed| self.is_watched(changed)) {
            let name = annotation.mailbox.as_ref().map(|(name, _)| name.as_str());
            codec::print_changed(out, connection.names(), name, &annotation.entry);
        }
    }

    /// The first group that means a mailbox says what is told of it.
    fn is_watched(&self, annotation: &WatchedAnnotation) -> bool {
        let mut groups = self.groups.iter();
        let Some((name, is_subscribed)) = &annotation.mailbox else {
            return groups.any(|group| group.events.server_metadata);
        };
        groups
            .find(|group| group.filter.fits(name, *is_subscribed))
            .is_some_and(|group| group.events.metadata)
    }
}
