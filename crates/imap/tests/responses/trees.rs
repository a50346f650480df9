//! Trees of THREAD (RFC 5256): grown at random, and read back.

use std::num::NonZeroU32;

use imap_codec::imap_types::extensions::thread::Thread;
use posthorn_imap::types::ThreadNode;

use crate::dice::Dice;

/// Adds a tree; a node that is no message has two children.
pub(crate) fn grow(
    dice: &mut Dice,
    uids: &mut impl ExactSizeIterator<Item = u32>,
    depth: usize,
    nodes: &mut Vec<ThreadNode>,
) {
    let is_gap = depth == 3 && uids.len() >= 2 && dice.is_one_in(4);
    let at = nodes.len();
    nodes.push(ThreadNode {
        uid: if is_gap { None } else { uids.next() },
        children: 0,
    });
    let wanted = if is_gap { 2 } else { dice.below(3) };
    for _ in 0..wanted {
        if depth == 0 || uids.len() == 0 || (is_gap && uids.len() < 2 && nodes[at].children == 0) {
            break;
        }
        nodes[at].children += 1;
        // The second child of what is no message must find a message left.
        let depth = if is_gap { 0 } else { depth - 1 };
        grow(dice, uids, depth, nodes);
    }
}

/// Parents first, as the shell answers.
pub(crate) fn flatten(thread: &Thread, nodes: &mut Vec<ThreadNode>) {
    let (prefix, answers): (&[NonZeroU32], &[Thread]) = match thread {
        Thread::Members { prefix, answers } => (
            prefix.as_ref(),
            answers.as_ref().map_or(&[], |answers| answers.as_ref()),
        ),
        Thread::Nested { answers } => (&[], answers.as_ref()),
    };
    let children = u32::try_from(answers.len()).unwrap();
    if prefix.is_empty() {
        nodes.push(ThreadNode { uid: None, children });
    }
    for (index, uid) in prefix.iter().enumerate() {
        let children = if index + 1 == prefix.len() { children } else { 1 };
        nodes.push(ThreadNode {
            uid: Some(uid.get()),
            children,
        });
    }
    for answer in answers {
        flatten(answer, nodes);
    }
}
