//! The commands of the TRANSACTION state, RFC 1939 sections 5 and 7, and `CAPA`.

use super::authorization;
use super::connection::Connection;
use crate::capa;
use crate::codec::{self, Command};
use crate::maildrop::Maildrop;
use crate::reply::Refusal;
use crate::transfer::{Listing, Part};

/// Where a command leads.
#[derive(Debug)]
pub(super) enum NextTransaction {
    /// On to the next command.
    Stay,
    /// A listing is sent.
    Listing(Listing),
    /// A message is fetched and sent.
    Fetch(usize, Part),
    /// UPDATE state.
    Quit,
}

type Handler = fn(&mut Connection, &mut Maildrop, &str) -> Result<NextTransaction, Refusal>;

/// Verbs of this state and what they do.
const COMMANDS: [(&str, Handler); 10] = [
    ("CAPA", capa),
    ("DELE", dele),
    ("LIST", list),
    ("NOOP", noop),
    ("QUIT", quit),
    ("RETR", retr),
    ("RSET", rset),
    ("STAT", stat),
    ("TOP", top),
    ("UIDL", uidl),
];

/// Is this a verb of the TRANSACTION state?
pub(super) fn knows(verb: &str) -> bool {
    COMMANDS.iter().any(|(known, _)| *known == verb)
}

pub(super) fn handle_line(
    connection: &mut Connection,
    maildrop: &mut Maildrop,
    line: &[u8],
) -> Result<NextTransaction, Refusal> {
    let command = Command::parse(line)?;
    match COMMANDS.iter().find(|(verb, _)| *verb == command.verb) {
        Some((_, handler)) => handler(connection, maildrop, command.arguments),
        None if authorization::knows(&command.verb) => Err(Refusal::WrongState),
        None => Err(Refusal::UnknownCommand),
    }
}

fn capa(connection: &mut Connection, _: &mut Maildrop, arguments: &str) -> Result<NextTransaction, Refusal> {
    codec::nothing(arguments)?;
    connection.send(capa::reply(&connection.config, connection.circumstances(true)));
    Ok(NextTransaction::Stay)
}

fn noop(connection: &mut Connection, _: &mut Maildrop, arguments: &str) -> Result<NextTransaction, Refusal> {
    codec::nothing(arguments)?;
    connection.ok("nothing done");
    Ok(NextTransaction::Stay)
}

fn quit(_: &mut Connection, _: &mut Maildrop, arguments: &str) -> Result<NextTransaction, Refusal> {
    codec::nothing(arguments)?;
    Ok(NextTransaction::Quit)
}

/// The drop listing: `+OK SP count SP octets`, and nothing else on the line.
fn stat(
    connection: &mut Connection,
    maildrop: &mut Maildrop,
    arguments: &str,
) -> Result<NextTransaction, Refusal> {
    codec::nothing(arguments)?;
    connection.ok(&format!("{} {}", maildrop.count(), maildrop.octets()));
    Ok(NextTransaction::Stay)
}

fn list(
    connection: &mut Connection,
    maildrop: &mut Maildrop,
    arguments: &str,
) -> Result<NextTransaction, Refusal> {
    listing(connection, maildrop, arguments, Listing::Sizes)
}

fn uidl(
    connection: &mut Connection,
    maildrop: &mut Maildrop,
    arguments: &str,
) -> Result<NextTransaction, Refusal> {
    listing(connection, maildrop, arguments, Listing::UniqueIds)
}

fn listing(
    connection: &mut Connection,
    maildrop: &Maildrop,
    arguments: &str,
    listing: Listing,
) -> Result<NextTransaction, Refusal> {
    let Some(number) = codec::optional_message_number(arguments)? else {
        connection.ok(&format!(
            "{} messages ({} octets)",
            maildrop.count(),
            maildrop.octets()
        ));
        return Ok(NextTransaction::Listing(listing));
    };
    let index = maildrop.index(number)?;
    let line = listing.line(maildrop, index).ok_or(Refusal::Deleted)?;
    connection.ok(&line);
    Ok(NextTransaction::Stay)
}

fn retr(_: &mut Connection, maildrop: &mut Maildrop, arguments: &str) -> Result<NextTransaction, Refusal> {
    let index = maildrop.index(codec::message_number(arguments)?)?;
    Ok(NextTransaction::Fetch(index, Part::Whole))
}

fn top(_: &mut Connection, maildrop: &mut Maildrop, arguments: &str) -> Result<NextTransaction, Refusal> {
    let (number, lines) = codec::message_and_lines(arguments)?;
    Ok(NextTransaction::Fetch(maildrop.index(number)?, Part::Top(lines)))
}

fn dele(
    connection: &mut Connection,
    maildrop: &mut Maildrop,
    arguments: &str,
) -> Result<NextTransaction, Refusal> {
    let number = codec::message_number(arguments)?;
    maildrop.delete(maildrop.index(number)?);
    connection.ok(&format!("message {number} marked as deleted"));
    Ok(NextTransaction::Stay)
}

fn rset(
    connection: &mut Connection,
    maildrop: &mut Maildrop,
    arguments: &str,
) -> Result<NextTransaction, Refusal> {
    codec::nothing(arguments)?;
    maildrop.reset();
    connection.ok(&format!(
        "{} messages ({} octets)",
        maildrop.count(),
        maildrop.octets()
    ));
    Ok(NextTransaction::Stay)
}
