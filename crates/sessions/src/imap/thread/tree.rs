//! The two threading algorithms of RFC 5256 section 3, over facts alone.
//!
//! A sender chooses what his message refers to, and how deep; so nothing here recurses, and every step is
//! about linear in the number of references.

use std::collections::HashMap;

use posthorn_base::Timestamp;
use posthorn_imap::types::ThreadNode;

mod links;

/// What threads one message to others.
#[derive(Clone, Debug)]
pub(super) struct Fact {
    pub(super) uid: u32,
    pub(super) sent_at: Timestamp,
    /// `None`: it has none, and nobody can refer to it.
    pub(super) message_id: Option<String>,
    /// The messages before it, the nearest last.
    pub(super) ancestors: Vec<String>,
    /// The base subject, fit to be compared.
    pub(super) subject: Box<str>,
    /// Is it a reply or a forward by its subject?
    pub(super) is_reply: bool,
}

/// ORDEREDSUBJECT: one thread per base subject, all of it below its first message.
pub(super) fn by_ordered_subject(mut facts: Vec<Fact>) -> Vec<ThreadNode> {
    facts.sort_by(|one, other| {
        (&one.subject, one.sent_at, one.uid).cmp(&(&other.subject, other.sent_at, other.uid))
    });
    let mut threads: Vec<&[Fact]> = facts
        .chunk_by(|one, other| one.subject == other.subject)
        .collect();
    threads.sort_by_key(|thread| thread.first().map(|fact| (fact.sent_at, fact.uid)));
    let mut nodes = Vec::with_capacity(facts.len());
    for thread in threads {
        for (place, fact) in thread.iter().enumerate() {
            nodes.push(ThreadNode {
                uid: Some(fact.uid),
                children: if place == 0 {
                    count(thread.len()).saturating_sub(1)
                } else {
                    0
                },
            });
        }
    }
    nodes
}

fn count(length: usize) -> u32 {
    u32::try_from(length).unwrap_or(u32::MAX)
}

/// REFERENCES. `facts` are in the order of the mailbox.
pub(super) fn by_references(facts: Vec<Fact>) -> Vec<ThreadNode> {
    // Steps 1 to 3.
    let (mut children, tops) = links::pruned(&facts);
    let mut forest = Forest { facts, tops };
    // Steps 4 and 5.
    forest.sort_tops();
    forest.gather_subjects(&mut children);
    // Step 6.
    forest.sort_tops();
    for siblings in &mut children {
        siblings.sort_by_key(|&message| forest.date(message));
    }
    forest.into_nodes(&children)
}

/// A thread's beginning: a message by its index among the facts, or messages that answer one which is missing.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Top {
    Message(usize),
    Missing(Vec<usize>),
}

struct Forest {
    facts: Vec<Fact>,
    tops: Vec<Top>,
}

impl Forest {
    /// By what siblings are ordered: the sent date, then the order of the mailbox.
    fn date(&self, message: usize) -> Option<(Timestamp, u32)> {
        self.facts.get(message).map(|fact| (fact.sent_at, fact.uid))
    }

    /// Steps 4 and 6, for the beginnings of threads. A missing message stands where its first child does.
    fn sort_tops(&mut self) {
        let mut tops = std::mem::take(&mut self.tops);
        for top in &mut tops {
            if let Top::Missing(siblings) = top {
                siblings.sort_by_key(|&message| self.date(message));
            }
        }
        tops.sort_by_key(|top| first_of(top).and_then(|message| self.date(message)));
        self.tops = tops;
    }

    /// Step 5: threads of one subject become one.
    fn gather_subjects(&mut self, children: &mut [Vec<usize>]) {
        let table = self.subject_table();
        let mut tops: Vec<Option<Top>> = std::mem::take(&mut self.tops).into_iter().map(Some).collect();
        for index in 0..tops.len() {
            let subject = tops
                .get(index)
                .and_then(Option::as_ref)
                .and_then(|top| self.subject(top));
            let Some(&place) = subject.and_then(|subject| table.get(subject)) else {
                continue;
            };
            if place == index {
                continue;
            }
            let current = tops.get_mut(index).and_then(Option::take);
            let standing = tops.get_mut(place).and_then(Option::take);
            if let (Some(standing), Some(current)) = (standing, current) {
                let merged = self.merge(standing, current, children);
                if let Some(slot) = tops.get_mut(place) {
                    *slot = Some(merged);
                }
            }
        }
        self.tops = tops.into_iter().flatten().collect();
    }

    /// Step 5.B: for each subject the thread to which the others are added.
    fn subject_table(&self) -> HashMap<Box<str>, usize> {
        let mut table: HashMap<Box<str>, usize> = HashMap::new();
        for (index, top) in self.tops.iter().enumerate() {
            let Some(subject) = self.subject(top) else {
                continue;
            };
            let standing = table.get(subject).and_then(|&place| self.tops.get(place));
            let replaces = match (standing, top) {
                (None, _) | (Some(Top::Message(_)), Top::Missing(_)) => true,
                (Some(Top::Missing(_)), _) => false,
                (Some(Top::Message(standing)), Top::Message(current)) => {
                    self.is_reply(*standing) && !self.is_reply(*current)
                }
            };
            if replaces {
                table.insert(subject.into(), index);
            }
        }
        table
    }

    /// Step 5.C, for two threads with the same subject.
    fn merge(&self, standing: Top, current: Top, children: &mut [Vec<usize>]) -> Top {
        match (standing, current) {
            (Top::Missing(mut siblings), Top::Missing(others)) => {
                siblings.extend(others);
                Top::Missing(siblings)
            }
            (Top::Missing(mut siblings), Top::Message(current)) => {
                siblings.push(current);
                Top::Missing(siblings)
            }
            (Top::Message(standing), Top::Message(current))
                if self.is_reply(current) && !self.is_reply(standing) =>
            {
                if let Some(answers) = children.get_mut(standing) {
                    answers.push(current);
                }
                Top::Message(standing)
            }
            (Top::Message(standing), Top::Message(current)) => Top::Missing(vec![standing, current]),
            // The table prefers what is missing, so that this does not come.
            (Top::Message(standing), Top::Missing(mut siblings)) => {
                siblings.push(standing);
                Top::Missing(siblings)
            }
        }
    }

    /// The thread's subject; `None` when it is empty.
    fn subject(&self, top: &Top) -> Option<&str> {
        let fact = self.facts.get(first_of(top)?)?;
        (!fact.subject.is_empty()).then_some(&*fact.subject)
    }

    fn is_reply(&self, message: usize) -> bool {
        self.facts.get(message).is_some_and(|fact| fact.is_reply)
    }

    fn into_nodes(self, children: &[Vec<usize>]) -> Vec<ThreadNode> {
        let mut nodes = Vec::with_capacity(self.facts.len());
        for top in &self.tops {
            let mut left = match top {
                Top::Message(message) => vec![*message],
                Top::Missing(siblings) => {
                    let children = count(siblings.len());
                    nodes.push(ThreadNode { uid: None, children });
                    siblings.iter().rev().copied().collect()
                }
            };
            while let Some(message) = left.pop() {
                let answers = children.get(message).map_or(&[][..], Vec::as_slice);
                nodes.push(ThreadNode {
                    uid: self.facts.get(message).map(|fact| fact.uid),
                    children: count(answers.len()),
                });
                left.extend(answers.iter().rev());
            }
        }
        nodes
    }
}

fn first_of(top: &Top) -> Option<usize> {
    match top {
        Top::Message(message) => Some(*message),
        Top::Missing(siblings) => siblings.first().copied(),
    }
}

#[cfg(test)]
mod tests;
