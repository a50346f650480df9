//! `notify` (RFC 5465 section 8).

use super::reader::{Parsed, Reader, SyntaxError};
use super::{fetch, filter};
use crate::types::command::Command;
use crate::types::fetch::FetchItem;
use crate::types::filter::MailboxFilter;
use crate::types::notify::{EventGroup, Events, NotifyCommand, NotifySet};

/// The most groups of one command.
const GROUPS: usize = 100;
/// The most events of one group: more than there are.
const EVENTS: usize = 20;

/// Reads the arguments of NOTIFY.
pub(crate) fn parse(reader: &mut Reader<'_>) -> Parsed<Command> {
    reader.space()?;
    if reader.keyword("NONE") {
        return Ok(Command::Notify(NotifyCommand::None));
    }
    if !reader.keyword("SET") {
        return Err(SyntaxError::Expected("SET or NONE"));
    }
    reader.space()?;
    let status = reader.keyword("STATUS");
    if status {
        reader.space()?;
    }
    let (mut groups, mut all_known) = (Vec::new(), true);
    loop {
        let (group, is_known) = parse_group(reader)?;
        all_known &= is_known;
        groups.push(group);
        if !reader.take(b' ') {
            break;
        }
        if groups.len() >= GROUPS {
            return Err(SyntaxError::TooMany("event groups"));
        }
    }
    if groups
        .iter()
        .filter(|group| is_of_selected(&group.filter))
        .count()
        > 1
    {
        return Err(SyntaxError::Expected("one group for the selected mailbox"));
    }
    Ok(Command::Notify(match all_known {
        true => NotifyCommand::Set(NotifySet { status, groups }),
        false => NotifyCommand::UnknownEvent,
    }))
}

const fn is_of_selected(filter: &MailboxFilter) -> bool {
    matches!(filter, MailboxFilter::Selected | MailboxFilter::SelectedDelayed)
}

/// Reads `event-group`, and whether all its events are known.
fn parse_group(reader: &mut Reader<'_>) -> Parsed<(EventGroup, bool)> {
    reader.expect(b'(', "(")?;
    let filter = filter::parse(reader)?;
    if matches!(filter, MailboxFilter::SubtreeOne(_)) {
        return Err(SyntaxError::Expected("a mailbox filter of NOTIFY"));
    }
    reader.space()?;
    let mut read = Read::default();
    if !reader.keyword("NONE") {
        reader.list(EVENTS, |reader| parse_event(reader, &mut read))?;
    }
    reader.expect(b')', ")")?;
    // What is not known is not judged: the client learns what there is (RFC 5465 section 3.1).
    if !read.has_unknown {
        check(&filter, &read)?;
    }
    let events = Events {
        messages: read.has_new,
        ..read.events
    };
    Ok((EventGroup { filter, events }, !read.has_unknown))
}

/// A group as far as it was read.
#[derive(Default)]
struct Read {
    events: Events,
    has_new: bool,
    has_expunge: bool,
    has_unknown: bool,
}

fn parse_event(reader: &mut Reader<'_>, read: &mut Read) -> Parsed<()> {
    match reader.atom("an event")?.to_ascii_uppercase().as_str() {
        "MESSAGENEW" => {
            read.has_new = true;
            let mut ahead = reader.clone();
            if ahead.take(b' ') && ahead.peek() == Some(b'(') {
                read.events.fetch = parse_fetch(&mut ahead)?;
                *reader = ahead;
            }
        }
        "MESSAGEEXPUNGE" => read.has_expunge = true,
        "FLAGCHANGE" => read.events.flags = true,
        "MAILBOXNAME" => read.events.names = true,
        "SUBSCRIPTIONCHANGE" => read.events.subscriptions = true,
        "MAILBOXMETADATACHANGE" => read.events.metadata = true,
        "SERVERMETADATACHANGE" => read.events.server_metadata = true,
        _ => read.has_unknown = true,
    }
    Ok(())
}

fn parse_fetch(reader: &mut Reader<'_>) -> Parsed<Vec<FetchItem>> {
    fetch::parse_items(reader).map(fetch::unique)
}

/// RFC 5465 sections 5, 6.1 and 8.
fn check(filter: &MailboxFilter, read: &Read) -> Parsed<()> {
    let events = &read.events;
    if read.has_new != read.has_expunge || (events.flags && !read.has_new) {
        return Err(SyntaxError::Expected("MessageNew and MessageExpunge together"));
    }
    let is_of_mailboxes = events.names || events.subscriptions || events.metadata || events.server_metadata;
    if is_of_selected(filter) && is_of_mailboxes {
        return Err(SyntaxError::Expected("an event of messages"));
    }
    if !is_of_selected(filter) && !events.fetch.is_empty() {
        return Err(SyntaxError::Expected("fetch items of the selected mailbox alone"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::codec::mailbox::NameCoding;

    fn read(text: &str) -> Parsed<NotifyCommand> {
        let text = format!(" {text}");
        let mut reader = Reader::new(text.as_bytes(), NameCoding::Utf7);
        let command = parse(&mut reader)?;
        reader.end()?;
        let Command::Notify(notify) = command else {
            panic!("{command:?}");
        };
        Ok(notify)
    }

    #[test]
    fn groups_have_a_filter_and_events() {
        assert_eq!(read("none"), Ok(NotifyCommand::None));
        let set = "set status (selected-delayed (MessageNew (UID FLAGS uid) messageexpunge)) \
                   (subtree (a b) (MailboxName SubscriptionChange)) (mailboxes misc NONE)";
        let Ok(NotifyCommand::Set(set)) = read(set) else {
            panic!("no SET");
        };
        assert!(set.status);
        let [selected, subtree, misc] = set.groups.as_slice() else {
            panic!("{:?}", set.groups);
        };
        assert_eq!(selected.filter, MailboxFilter::SelectedDelayed);
        assert!(selected.events.messages && !selected.events.flags);
        assert_eq!(selected.events.fetch, [FetchItem::Uid, FetchItem::Flags]);
        assert!(subtree.events.names && subtree.events.subscriptions && !subtree.events.messages);
        assert_eq!(misc.events, Events::default());
    }

    #[test]
    fn an_event_that_is_not_there_is_no_syntax_error() {
        for set in [
            "SET (personal (AnnotationChange))",
            "SET (selected (MessageNew MessageExpunge Foo)) (personal (MailboxName))",
        ] {
            assert_eq!(read(set), Ok(NotifyCommand::UnknownEvent), "{set}");
        }
    }

    #[test]
    fn what_is_no_notify_is_refused() {
        for bad in [
            "",
            "SET",
            "SET STATUS",
            "SET ()",
            "SET (foo NONE)",
            "SET (subtree-one a NONE)",
            "SET (personal MessageNew)",
            "SET (personal ())",
            "SET (personal (MessageNew))",
            "SET (personal (MessageExpunge))",
            "SET (personal (FlagChange))",
            "SET (personal (MessageNew (UID) MessageExpunge))",
            "SET (selected (MessageNew () MessageExpunge))",
            "SET (selected (MailboxName))",
            "SET (selected NONE) (selected-delayed NONE)",
            "SET (personal NONE) ",
            "NONE x",
        ] {
            assert!(read(bad).is_err(), "{bad}");
        }
    }
}
