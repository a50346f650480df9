//! `thread` and `thread-data` (RFC 5256 section 5).

use super::reader::{Parsed, Reader, SyntaxError};
use super::search::{self, Charset};
use super::text;
use crate::types::command::Command;
use crate::types::sequence_set::Numbering;
use crate::types::thread::{ThreadAlgorithm, ThreadCommand, ThreadNode};

/// Reads the arguments of THREAD.
pub(crate) fn parse(reader: &mut Reader<'_>, numbering: Numbering) -> Parsed<Command> {
    reader.space()?;
    let word = reader.word("an algorithm")?;
    let algorithm = ThreadAlgorithm::NAMES
        .into_iter()
        .find(|(_, name)| name.eq_ignore_ascii_case(word))
        .map(|(algorithm, _)| algorithm)
        .ok_or(SyntaxError::Expected("ORDEREDSUBJECT or REFERENCES"))?;
    reader.space()?;
    let charset = search::parse_charset(reader)?;
    reader.space()?;
    if charset == Charset::Unknown {
        reader.skip_rest();
        return Ok(Command::UnknownCharset { saves: false });
    }
    Ok(Command::Thread(ThreadCommand {
        numbering,
        algorithm,
        key: search::parse_keys(reader)?,
    }))
}

/// A node whose children are still to come.
struct Open {
    /// Children that have not begun.
    left: u32,
    /// Does each child stand in parentheses of its own?
    is_split: bool,
    /// Does a parenthesis close behind the last of them?
    closes: bool,
}

/// Prints `* THREAD …` with its line end. Nodes are numbered by `number`; their depth is not limited, so that
/// nothing here recurses.
pub(crate) fn print(out: &mut Vec<u8>, nodes: &[ThreadNode], number: impl Fn(u32) -> Option<u32>) {
    out.extend_from_slice(b"* THREAD");
    let mut open: Vec<Open> = Vec::new();
    for (index, node) in nodes.iter().enumerate() {
        let closes = match open.last_mut() {
            None => true,
            Some(parent) => {
                parent.left = parent.left.saturating_sub(1);
                parent.is_split
            }
        };
        // Threads follow one another without spaces, but the first stands behind the word.
        if index == 0 || !closes {
            out.push(b' ');
        }
        if closes {
            out.push(b'(');
        }
        let shown = node.uid.and_then(&number);
        let is_split = node.children > 1 || shown.is_none();
        if let Some(number) = shown {
            text::number(out, number);
            if is_split {
                out.push(b' ');
            }
        }
        open.push(Open {
            left: node.children,
            is_split,
            closes,
        });
        while let Some(last) = open.pop_if(|last| last.left == 0) {
            if last.closes {
                out.push(b')');
            }
        }
    }
    out.extend_from_slice(b"\r\n");
}

#[cfg(test)]
mod tests {
    use super::*;

    fn printed(nodes: &[(u32, u32)]) -> String {
        let nodes: Vec<ThreadNode> = nodes
            .iter()
            .map(|&(uid, children)| ThreadNode {
                uid: (uid > 0).then_some(uid),
                children,
            })
            .collect();
        let mut out = Vec::new();
        print(&mut out, &nodes, Some);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn the_examples_of_rfc_5256_come_out() {
        let nodes = [(2, 0), (3, 1), (6, 2), (4, 1), (23, 0), (44, 1), (7, 1), (96, 0)];
        assert_eq!(printed(&nodes), "* THREAD (2)(3 6 (4 23)(44 7 96))\r\n");
        assert_eq!(printed(&[(0, 2), (3, 0), (5, 0)]), "* THREAD ((3)(5))\r\n");
        assert_eq!(printed(&[]), "* THREAD\r\n");
        let nodes = [(196, 2), (197, 0), (198, 0), (199, 0), (200, 1), (202, 0)];
        assert_eq!(printed(&nodes), "* THREAD (196 (197)(198))(199)(200 202)\r\n");
    }

    #[test]
    fn a_very_long_thread_is_no_trouble() {
        let mut nodes: Vec<(u32, u32)> = (1..200_000).map(|uid| (uid, 1)).collect();
        nodes.push((200_000, 0));
        assert!(printed(&nodes).ends_with(" 199999 200000)\r\n"));
    }
}
