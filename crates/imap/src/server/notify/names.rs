//! Mailboxes that come, go, are renamed or subscribed, as LIST tells of them (RFC 5465 sections 5.4 and 5.5):
//! the list of before is compared with the list of now.

use std::collections::BTreeMap;

use posthorn_base::Rights;

use super::super::connection::Connection;
use super::super::list::{Node, tree};
use super::Others;
use crate::ask::{MailboxHandle, MailboxInfo, WatchedMailboxes};
use crate::codec::list;
use crate::types::notify::{EventGroup, Events};

/// A name as it is remembered.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Listed {
    /// `None`: only subscribed.
    mailbox: Option<MailboxHandle>,
    subscribed: bool,
}

/// All names of an account.
pub(super) type Names = BTreeMap<String, Listed>;

pub(super) fn of(names: &[(Option<MailboxHandle>, MailboxInfo)]) -> Names {
    let mut all = Names::new();
    for (mailbox, info) in names {
        // A shared mailbox and its subscription come one by one.
        let listed = all.entry(info.name.clone()).or_default();
        listed.mailbox = listed.mailbox.or(*mailbox);
        listed.subscribed |= info.subscribed;
    }
    all
}

/// What happened to a name.
#[derive(Debug, Default, PartialEq, Eq)]
struct Change<'a> {
    /// A mailbox of that name, or right below, came or went.
    named: bool,
    /// The mailbox of that name was called so.
    old_name: Option<&'a str>,
    /// It was subscribed or is no longer.
    subscription: bool,
    /// Its subscription went with the mailbox to another name, or came from there.
    moved: bool,
}

impl Others {
    /// Prints the names that changed.
    pub(super) fn tell_names(
        &mut self,
        connection: &Connection,
        out: &mut Vec<u8>,
        watched: &WatchedMailboxes,
    ) {
        let Some(names) = watched.names.as_ref().filter(|_| self.wants_names()) else {
            return;
        };
        let now = of(names);
        if now != self.names {
            let tree = tree(names.iter().map(|(_, info)| info.clone()).collect());
            let missing = Node::default();
            for (name, change) in compare(&self.names, &now) {
                if self.is_told(name, &change, &now) && !self.is_own(name) {
                    let node = tree.get(name).unwrap_or(&missing);
                    print(connection, out, name, &change, node);
                }
            }
        }
        self.own.clear();
        self.names = now;
    }

    /// Prints the mailboxes that are meant and may be seen, but not read (RFC 5465 section 3.1).
    pub(super) fn print_no_access(
        &self,
        connection: &Connection,
        out: &mut Vec<u8>,
        watched: Option<&WatchedMailboxes>,
    ) {
        let names = watched.and_then(|watched| watched.names.as_ref());
        for (mailbox, info) in names.into_iter().flatten() {
            let is_closed = mailbox.is_some() && !info.rights.contains(Rights::READ);
            let fits = |group: &EventGroup| {
                group.events != Events::default() && group.filter.fits(&info.name, info.subscribed)
            };
            if is_closed && self.groups.iter().any(fits) {
                list::print(
                    out,
                    connection.names(),
                    &line(&info.name, None, vec!["\\NoAccess"]),
                );
            }
        }
    }

    fn is_told(&self, name: &str, change: &Change<'_>, now: &Names) -> bool {
        let subscribed = |names: &Names, name: &str| names.get(name).is_some_and(|listed| listed.subscribed);
        let fits = |filter: &crate::types::filter::MailboxFilter, name: &str| {
            filter.fits(name, subscribed(&self.names, name) || subscribed(now, name))
        };
        let fitting = || {
            self.groups.iter().filter(|group| {
                fits(&group.filter, name) || change.old_name.is_some_and(|old| fits(&group.filter, old))
            })
        };
        let names = fitting().any(|group| group.events.names);
        let subscriptions = fitting().any(|group| group.events.subscriptions);
        (change.named && names) || (change.subscription && subscriptions && !(change.moved && names))
    }

    /// Did the client itself do that, to this name, one above or one below?
    fn is_own(&self, name: &str) -> bool {
        self.own
            .iter()
            .any(|own| own == name || is_below(own, name) || is_below(name, own))
    }
}

/// Is `name` below `root`?
fn is_below(name: &str, root: &str) -> bool {
    name.strip_prefix(root).is_some_and(|rest| rest.starts_with('/'))
}

/// What is different, by name.
fn compare<'a>(before: &'a Names, now: &'a Names) -> BTreeMap<&'a str, Change<'a>> {
    let mut changes: BTreeMap<&str, Change<'_>> = BTreeMap::new();
    let (old_names, new_names) = (by_mailbox(before), by_mailbox(now));
    let renamed: BTreeMap<&str, &str> = old_names
        .iter()
        .filter_map(|(mailbox, &old)| Some((old, *new_names.get(mailbox)?)))
        .filter(|(old, new)| old != new)
        .collect();
    for (&old, &new) in &renamed {
        if !went_with_parent(&renamed, old, new) {
            let change = changes.entry(new).or_default();
            change.named = true;
            change.old_name = Some(old);
        }
        if before.get(old).map(|listed| listed.subscribed) == now.get(new).map(|listed| listed.subscribed) {
            changes.entry(old).or_default().moved = true;
            changes.entry(new).or_default().moved = true;
        }
    }
    let came = new_names
        .iter()
        .filter(|(mailbox, _)| !old_names.contains_key(mailbox));
    let went = old_names
        .iter()
        .filter(|(mailbox, _)| !new_names.contains_key(mailbox));
    for (_, &name) in came.chain(went) {
        changes.entry(name).or_default().named = true;
        if let Some((parent, _)) = name.rsplit_once('/') {
            changes.entry(parent).or_default().named = true;
        }
    }
    let is_subscribed = |names: &Names, name: &str| names.get(name).is_some_and(|listed| listed.subscribed);
    for name in before.keys().chain(now.keys()) {
        if is_subscribed(before, name) != is_subscribed(now, name) {
            changes.entry(name).or_default().subscription = true;
        }
    }
    changes
}

fn by_mailbox(names: &Names) -> BTreeMap<MailboxHandle, &str> {
    names
        .iter()
        .filter_map(|(name, listed)| Some((listed.mailbox?, name.as_str())))
        .collect()
}

/// Was a mailbox above renamed, and this one is called otherwise only for that?
fn went_with_parent(renamed: &BTreeMap<&str, &str>, old: &str, new: &str) -> bool {
    old.match_indices('/').any(|(at, _)| {
        old.split_at_checked(at).is_some_and(|(parent, rest)| {
            renamed
                .get(parent)
                .and_then(|to| new.strip_prefix(to))
                .is_some_and(|suffix| suffix == rest)
        })
    })
}

fn print(connection: &Connection, out: &mut Vec<u8>, name: &str, change: &Change<'_>, node: &Node) {
    let mut attributes = Vec::new();
    if !node.exists {
        attributes.push("\\NonExistent");
    }
    attributes.extend(node.kind());
    if node.subscribed {
        attributes.push("\\Subscribed");
    }
    list::print(out, connection.names(), &line(name, change.old_name, attributes));
}

const fn line<'a>(
    name: &'a str,
    old_name: Option<&'a str>,
    attributes: Vec<&'static str>,
) -> list::ListLine<'a> {
    list::ListLine {
        label: "LIST",
        attributes,
        name,
        old_name,
        has_subscribed_children: false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `name=handle`, `+` for subscribed, 0 for none.
    fn names(text: &str) -> Names {
        let listed = |word: &str| {
            let (name, rest) = word.split_once('=').unwrap();
            let handle: i64 = rest.trim_end_matches('+').parse().unwrap();
            let listed = Listed {
                mailbox: (handle > 0).then_some(MailboxHandle(handle)),
                subscribed: rest.ends_with('+'),
            };
            (name.to_owned(), listed)
        };
        text.split_whitespace().map(listed).collect()
    }

    /// `name`, `named`, `<old`, `subscription`, `moved` by their first letters.
    fn changes(before: &str, now: &str) -> String {
        let (before, now) = (names(before), names(now));
        let words = compare(&before, &now).into_iter().map(|(name, change)| {
            let old = change.old_name.map(|old| format!("<{old}"));
            let letter = |is_so: bool, letter: &'static str| if is_so { letter } else { "" };
            format!(
                "{name}:{}{}{}{}",
                letter(change.named, "n"),
                letter(change.subscription, "s"),
                letter(change.moved, "m"),
                old.unwrap_or_default()
            )
        });
        words.collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn what_comes_and_goes_is_told_with_its_parent() {
        assert_eq!(changes("a=1", "a=1 a/b=2"), "a:n a/b:n");
        assert_eq!(changes("a=1 a/b/c=2", "a=1"), "a/b:n a/b/c:n");
        assert_eq!(changes("a=1", "a=2"), "a:n");
        assert_eq!(changes("a=1", "a=1"), "");
    }

    #[test]
    fn a_mailbox_is_renamed_with_all_below_and_told_once() {
        assert_eq!(
            changes("a=1 a/x=2 a/x/y=3", "b=1 b/x=2 b/x/y=3"),
            "a:m a/x:m a/x/y:m b:nm<a b/x:m b/x/y:m"
        );
        assert_eq!(changes("a=1 a/x=2", "b=1 c=2"), "a:m a/x:m b:nm<a c:nm<a/x");
        assert_eq!(changes("a=1 b=2", "a=2 b=1"), "a:nm<b b:nm<a");
    }

    #[test]
    fn subscriptions_go_with_a_mailbox_or_alone() {
        assert_eq!(changes("a=1+ b=2", "a=1 b=2+ c=0+"), "a:s b:s c:s");
        assert_eq!(changes("a=1+", "b=1+"), "a:sm b:nsm<a");
        assert_eq!(changes("a=1+", "b=1"), "a:s b:n<a");
        assert_eq!(changes("a=1+", "a=0+"), "a:n");
    }
}
