//! Many senders at once that remember what was acknowledged, and the comparison with what is stored.

use std::collections::{HashMap, HashSet};
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::message::{Message, sent_part};
use crate::node::Node;
use crate::smtp::Smtp;

/// A message that was handed over, or perhaps was.
#[derive(Clone, Debug)]
pub struct Sent {
    /// What.
    pub message: Message,
    /// To whom.
    pub recipients: Vec<String>,
    /// Set when the server said 250: whatever the mark of the load gave right after.
    pub acknowledged: Option<u64>,
}

/// What is sent, and how.
pub struct Load<'a> {
    /// Where.
    pub smtp: String,
    /// Each message goes to one of these lists, in turn.
    pub recipients: Vec<Vec<String>>,
    /// Each message has one of these sizes, in turn.
    pub sizes: &'a [usize],
    /// Messages of each sender, unless the server goes away before.
    pub each: usize,
    /// Asked after each 250.
    pub mark: &'a (dyn Fn() -> u64 + Sync),
    /// Counts the 250s of all senders.
    pub acknowledged: AtomicUsize,
}

const FROM: &str = "someone@sender.test";

impl Load<'_> {
    /// One sender with a connection of its own; ends when the server goes away.
    #[must_use]
    pub fn send(&self, sender: usize) -> Vec<Sent> {
        let mut all = Vec::new();
        let Ok(mut smtp) = Smtp::hello(&self.smtp) else {
            return all;
        };
        for number in sender..sender + self.each {
            let to = self
                .recipients
                .get(number % self.recipients.len())
                .cloned()
                .unwrap_or_default();
            let size = self
                .sizes
                .get(number % self.sizes.len())
                .copied()
                .unwrap_or_default();
            let message = Message::of_size(FROM, to.first().map_or("", String::as_str), size);
            let names: Vec<&str> = to.iter().map(String::as_str).collect();
            let reply = smtp.send(FROM, &names, &message);
            let is_accepted = reply.as_ref().is_ok_and(|reply| reply.code == 250);
            let acknowledged = is_accepted.then(|| (self.mark)());
            self.acknowledged
                .fetch_add(usize::from(is_accepted), Ordering::SeqCst);
            all.push(Sent {
                message,
                recipients: to,
                acknowledged,
            });
            if reply.is_err() {
                break;
            }
        }
        all
    }
}

/// What every recipient has must be what was sent: each acknowledged message exactly once and unchanged,
/// the others at most once, each with all of its recipients or none. Only messages acknowledged at `mark`
/// or before count as acknowledged.
///
/// # Panics
/// When it is not so.
#[track_caller]
pub fn assert_stored(node: &Node, names: &[&str], sent: &[Sent], mark: u64) {
    let stored: HashMap<String, HashMap<String, Vec<u8>>> = names
        .iter()
        .map(|name| (node.address(name), by_token(node, name)))
        .collect();
    let known: HashSet<&str> = sent.iter().map(|sent| sent.message.token.as_str()).collect();
    for token in stored.values().flat_map(HashMap::keys) {
        assert!(known.contains(token.as_str()), "{token} was never sent");
    }
    for Sent {
        message,
        recipients,
        acknowledged,
    } in sent
    {
        let copies: Vec<Option<&Vec<u8>>> = recipients
            .iter()
            .map(|to| stored.get(to).and_then(|inbox| inbox.get(&message.token)))
            .collect();
        let count = copies.iter().flatten().count();
        let is_due = acknowledged.is_some_and(|at| at <= mark);
        assert!(
            count == recipients.len() || count == 0 && !is_due,
            "{}: {count} copies for {recipients:?}, acknowledged: {acknowledged:?}, mark {mark}",
            message.token
        );
        for copy in copies.into_iter().flatten() {
            assert!(*copy == message.octets, "{} changed", message.token);
        }
    }
}

fn by_token(node: &Node, name: &str) -> HashMap<String, Vec<u8>> {
    let mut inbox = HashMap::new();
    let mut last_uid = 0;
    for stored in node.inbox(name) {
        let (token, part) = sent_part(&stored.octets).unwrap();
        assert!(stored.uid > last_uid, "UID {} after {last_uid}", stored.uid);
        last_uid = stored.uid;
        assert!(
            inbox.insert(token.clone(), part.to_vec()).is_none(),
            "{token} is twice in the inbox of {name}"
        );
    }
    inbox
}
