//! INPROGRESS (RFC 9585): a client that waits is told every ten seconds how far its command is, or at least
//! that it goes on.

use std::time::Duration;

use super::connection::{Asked, Connection};

/// The time between two lines; RFC 9585 section 4 has 10 to 15 seconds in mind.
pub(super) const EVERY: Duration = Duration::from_secs(10);

/// How many of the messages of a command are done; always less than all while something is asked.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Share {
    pub(super) done: u64,
    pub(super) goal: u64,
}

/// Tells how far the command with that tag is that waits for the shell.
pub(super) fn tell(connection: &mut Connection, tag: &str, asked: &Asked) {
    let share = if let Asked::Fetch(fetching) = asked {
        Some(fetching.share())
    } else if let Asked::Store(storing) = asked {
        Some(storing.share())
    } else {
        None
    };
    let (state, text) = match share.filter(|share| share.done < share.goal) {
        Some(Share { done, goal }) => (format!("{done} {goal}"), format!("{done} of {goal} messages")),
        None => ("NIL NIL".to_owned(), "Still working".to_owned()),
    };
    // A bracket would end the code for a client that reads no strings in it.
    let tag = match tag.contains(']') {
        true => "NIL".to_owned(),
        false => format!("\"{tag}\""),
    };
    connection.untagged(&format!("OK [INPROGRESS ({tag} {state})] {text}"));
}
