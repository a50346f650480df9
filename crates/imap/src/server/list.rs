//! LIST and LSUB (RFC 3501 sections 6.3.8 and 6.3.9) with RFC 5258, LIST-STATUS (RFC 5819) and
//! SPECIAL-USE (RFC 6154). The shell gives all names; matching, parents and attributes are found here.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use posthorn_base::Rights;

use super::connection::{Asked, Connection, Outcome, Step};
use super::reply::{Fault, Reply};
use crate::ask::{Answer, Ask, MailboxInfo};
use crate::codec::acl::print_mine;
use crate::codec::mailbox::NameCoding;
use crate::codec::{list as codec, status};
use crate::types::SpecialUse;
use crate::types::list::{ListCommand, ListForm, ListReturn, ListSelect};
use crate::types::status::StatusItem;

/// Comparisons of characters that one LIST may take: less than a second.
const MATCHING_STEPS: usize = 400_000_000;

/// Mailboxes whose STATUS is still to be told, after LIST … RETURN (STATUS (…)).
#[derive(Debug)]
pub(super) struct ListingStatus {
    current: String,
    left: VecDeque<String>,
    items: Vec<StatusItem>,
}

pub(super) fn start(connection: &mut Connection, list: ListCommand) -> Step {
    let asks_for_root = list.form != ListForm::Extended && list.patterns.iter().all(String::is_empty);
    if asks_for_root {
        // RFC 3501 section 6.3.8: the client wants to know the separator.
        let label = label(list.form);
        connection.untagged(&format!("{label} (\\Noselect) \"/\" \"\""));
        return Step::Done(completed(list.form));
    }
    if list.returns.status.contains(&StatusItem::HighestModSeq) {
        connection.enable_condstore();
    }
    Step::Ask(Ask::Mailboxes, Asked::List(list))
}

const fn label(form: ListForm) -> &'static str {
    match form {
        ListForm::Basic | ListForm::Extended => "LIST",
        ListForm::Lsub => "LSUB",
    }
}

fn completed(form: ListForm) -> Reply {
    Reply::ok(match form {
        ListForm::Basic | ListForm::Extended => "LIST completed",
        ListForm::Lsub => "LSUB completed",
    })
}

pub(super) fn answered(connection: &mut Connection, list: &ListCommand, answer: Answer) -> Outcome {
    let Answer::Mailboxes(mailboxes) = answer else {
        return Err(answer.into());
    };
    let tree = tree(mailboxes);
    if matching_steps(list, &tree) > MATCHING_STEPS {
        return Err(Fault::Limit(
            "The patterns are too long for so many mailboxes".into(),
        ));
    }
    let below = Below::of(list, &tree);
    let mut out = Vec::new();
    let mut left = VecDeque::new();
    for (name, node) in tree.iter().filter(|(name, _)| is_matched(list, name)) {
        let Some(line) = line(list, &below, name, node) else {
            continue;
        };
        codec::print(&mut out, connection.names(), &line);
        // RFC 8440 section 3: not for a parent that is listed for what is below it.
        let is_meant = node.exists && (node.subscribed || !list.select.subscribed);
        if list.returns.my_rights && is_meant {
            print_mine(&mut out, connection.names(), name, node.rights);
        }
        if node.exists && !list.returns.status.is_empty() {
            left.push_back(name.clone());
        }
    }
    connection.send(out);
    next_status(
        ListingStatus {
            current: String::new(),
            left,
            items: list.returns.status.clone(),
        },
        completed(list.form),
    )
}

/// The LIST response for one mailbox; empty when there is no such name.
pub(super) fn describe(names: NameCoding, mailboxes: Vec<MailboxInfo>, name: &str) -> Vec<u8> {
    let list = ListCommand {
        form: ListForm::Extended,
        select: ListSelect::default(),
        reference: String::new(),
        patterns: Vec::new(),
        returns: ListReturn {
            subscribed: true,
            my_rights: false,
            status: Vec::new(),
        },
    };
    let tree = tree(mailboxes);
    let mut out = Vec::new();
    if let Some(line) = tree
        .get(name)
        .and_then(|node| line(&list, &Below::default(), name, node))
    {
        codec::print(&mut out, names, &line);
    }
    out
}

fn next_status(mut listing: ListingStatus, reply: Reply) -> Outcome {
    match listing.left.pop_front() {
        Some(name) => {
            listing.current.clone_from(&name);
            let ask = super::status::question(name, &listing.items);
            Ok(Step::Ask(ask, Asked::ListStatus(listing)))
        }
        None => Ok(Step::Done(reply)),
    }
}

pub(super) fn status_answered(
    connection: &mut Connection,
    listing: ListingStatus,
    answer: Answer,
) -> Outcome {
    if let Answer::Status(status) = answer {
        let mut out = Vec::new();
        status::print(
            &mut out,
            connection.names(),
            &listing.current,
            &listing.items,
            &status,
            connection.append_limit(),
        );
        connection.send(out);
    } else if !matches!(answer, Answer::NoSuchMailbox | Answer::NoPermission) {
        // A mailbox that is gone by now, or cannot be read, is passed over (RFC 5819 section 2).
        return Err(answer.into());
    }
    next_status(listing, completed(ListForm::Extended))
}

/// A name in the hierarchy: a mailbox, a subscription, or a parent of either.
#[derive(Debug, Default)]
pub(super) struct Node {
    pub(super) exists: bool,
    rights: Rights,
    pub(super) subscribed: bool,
    special_use: Option<SpecialUse>,
    /// There is a mailbox below.
    has_children: bool,
    has_subscribed_children: bool,
}

impl Node {
    /// What a name is, beyond whether it exists and is subscribed.
    pub(super) fn kind(&self) -> impl Iterator<Item = &'static str> {
        let children = match self.has_children {
            true => "\\HasChildren",
            false => "\\HasNoChildren",
        };
        std::iter::once(children).chain(self.special_use.map(SpecialUse::attribute))
    }
}

/// All names with their parents, in order.
pub(super) fn tree(mailboxes: Vec<MailboxInfo>) -> BTreeMap<String, Node> {
    let mut tree: BTreeMap<String, Node> = BTreeMap::new();
    for mailbox in mailboxes {
        for (at, _) in mailbox.name.match_indices('/') {
            let Some((parent, _)) = mailbox.name.split_at_checked(at) else {
                continue;
            };
            let parent = tree.entry(parent.to_owned()).or_default();
            parent.has_children |= mailbox.exists;
            parent.has_subscribed_children |= mailbox.subscribed;
        }
        let node = tree.entry(mailbox.name).or_default();
        node.exists |= mailbox.exists;
        node.rights = node.rights.with(mailbox.rights);
        node.subscribed |= mailbox.subscribed;
        node.special_use = node.special_use.or(mailbox.special_use);
    }
    tree
}

/// The names above those that meet the criteria of a LIST with RECURSIVEMATCH (RFC 5258 section 3.5).
#[derive(Debug, Default)]
struct Below<'a> {
    selected: BTreeSet<&'a str>,
    /// Above some that match no pattern, so that nothing else tells of them.
    hidden: BTreeSet<&'a str>,
}

impl<'a> Below<'a> {
    fn of(list: &ListCommand, tree: &'a BTreeMap<String, Node>) -> Self {
        let mut below = Self::default();
        if !list.select.recursive_match {
            return below;
        }
        for (name, _) in tree.iter().filter(|(_, node)| meets(list, node)) {
            let parents = name.match_indices('/').filter_map(|(at, _)| name.get(..at));
            below.selected.extend(parents.clone());
            if !is_matched(list, name) {
                below.hidden.extend(parents);
            }
        }
        below
    }
}

/// Does a node meet the selection options of an extended LIST?
fn meets(list: &ListCommand, node: &Node) -> bool {
    let by_subscription = match list.select.subscribed {
        true => node.subscribed,
        false => node.exists || node.has_children,
    };
    by_subscription && (!list.select.special_use || node.special_use.is_some())
}

/// Does a name match one of the patterns? An empty one means nothing here (RFC 5258 section 3).
fn is_matched(list: &ListCommand, name: &str) -> bool {
    list.patterns
        .iter()
        .any(|pattern| !pattern.is_empty() && matches(&list.reference, pattern, name))
}

/// The response for a name that matches a pattern; `None` when it is not to be listed.
fn line<'a>(
    list: &ListCommand,
    below: &Below<'_>,
    name: &'a str,
    node: &Node,
) -> Option<codec::ListLine<'a>> {
    let is_there = node.exists || node.has_children;
    // A parent of subscribed names that is not itself subscribed.
    let stands_for_children = node.has_subscribed_children && !node.subscribed;
    let is_listed = match list.form {
        ListForm::Basic => is_there,
        // RFC 3501 section 6.3.9: with `%` the parent stands for what is below. `*` lists those anyway.
        ListForm::Lsub => node.subscribed || (stands_for_children && ends_with_percent(list)),
        ListForm::Extended => meets(list, node) || below.hidden.contains(name),
    };
    if !is_listed {
        return None;
    }
    let mut attributes = Vec::new();
    match list.form {
        ListForm::Lsub if !node.subscribed => attributes.push("\\Noselect"),
        // LSUB speaks of the subscription alone (RFC 3501 section 6.3.9).
        ListForm::Lsub => {}
        ListForm::Extended if !node.exists => attributes.push("\\NonExistent"),
        ListForm::Basic if !node.exists => attributes.push("\\Noselect"),
        ListForm::Basic | ListForm::Extended => {}
    }
    if list.form != ListForm::Lsub {
        attributes.extend(node.kind());
    }
    if list.returns.subscribed && node.subscribed {
        attributes.push("\\Subscribed");
    }
    Some(codec::ListLine {
        label: label(list.form),
        attributes,
        name,
        old_name: None,
        has_subscribed_children: below.selected.contains(name),
    })
}

fn ends_with_percent(list: &ListCommand) -> bool {
    list.patterns.iter().any(|pattern| pattern.ends_with('%'))
}

/// What [`matches()`] will do at most for all patterns and names.
fn matching_steps<T>(list: &ListCommand, tree: &BTreeMap<String, T>) -> usize {
    let patterns = list.patterns.iter().fold(0_usize, |octets, pattern| {
        octets
            .saturating_add(list.reference.len())
            .saturating_add(pattern.len())
    });
    let names = tree
        .keys()
        .fold(0_usize, |octets, name| octets.saturating_add(name.len()));
    patterns.saturating_mul(names)
}

/// Does a name match reference and pattern? `*` stands for anything, `%` for anything within a level.
/// Only INBOX is matched without case, also as the level above others. The work is bounded by the product of the lengths.
fn matches(reference: &str, pattern: &str, name: &str) -> bool {
    let pattern: Vec<char> = reference.chars().chain(pattern.chars()).collect();
    let inbox = match name.split('/').next() {
        Some("INBOX") => "INBOX".len(),
        Some(_) | None => 0,
    };
    let same = |a: char, b: char, at: usize| a == b || (at <= inbox && a.eq_ignore_ascii_case(&b));
    // `fits[i]`: the pattern read so far matches the first `i` characters of the name.
    let name: Vec<char> = name.chars().collect();
    let mut fits = vec![false; name.len().saturating_add(1)];
    if let Some(first) = fits.first_mut() {
        *first = true;
    }
    for &wanted in &pattern {
        let mut next = Vec::with_capacity(fits.len());
        let mut before = false;
        for (index, &fit) in fits.iter().enumerate() {
            let came = index.checked_sub(1).and_then(|last| name.get(last)).copied();
            let last_fit = index.checked_sub(1).and_then(|last| fits.get(last)).copied();
            let now = match wanted {
                '*' => fit || before,
                '%' => fit || (before && came != Some('/')),
                wanted => last_fit == Some(true) && came.is_some_and(|came| same(wanted, came, index)),
            };
            next.push(now);
            before = now;
        }
        fits = next;
    }
    fits.last() == Some(&true)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn many_long_patterns_over_many_long_names_are_too_much_and_a_star_is_not() {
        let tree: BTreeMap<String, ()> = (0..10_000).map(|n| (format!("{n:0900}"), ())).collect();
        let list = |pattern: &str, count: usize| ListCommand {
            form: ListForm::Extended,
            select: ListSelect::default(),
            reference: String::new(),
            patterns: vec![pattern.to_owned(); count],
            returns: ListReturn::default(),
        };
        assert!(matching_steps(&list("*", 40), &tree) < MATCHING_STEPS);
        assert!(matching_steps(&list(&"*a".repeat(500), 1), &tree) > MATCHING_STEPS);
        assert!(matching_steps(&list("%/a", 50), &tree) > MATCHING_STEPS);
    }

    #[test]
    fn wildcards_match_within_and_across_levels() {
        for (pattern, name, expected) in [
            ("*", "a/b/c", true),
            ("%", "a", true),
            ("%", "a/b", false),
            ("a/%", "a/b", true),
            ("a/%", "a/b/c", false),
            ("a/*", "a/b/c", true),
            ("a*", "a/b/c", true),
            ("%/%", "a/b", true),
            ("*b*", "a/b/c", true),
            ("inbox", "INBOX", true),
            ("in%", "INBOX", true),
            ("inbox/%", "INBOX/a", true),
            ("inbox/A", "INBOX/a", false),
            ("inboxes", "INBOXes", false),
            ("archive", "Archive", false),
            ("", "", true),
            ("", "a", false),
            ("%%%%", "abc", true),
            ("ä%", "äöü", true),
        ] {
            assert_eq!(matches("", pattern, name), expected, "{pattern} {name}");
        }
        assert!(matches("a/", "%", "a/b"));
        assert!(!matches("a/", "%", "b"));
    }
}
