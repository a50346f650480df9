//! The commands of the TRANSACTION state, RFC 1939 sections 5 and 7, and `CAPA`.

use super::authorization;
use super::core::Core;
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

type Handler = fn(&mut Core, &mut Maildrop, &str) -> Result<NextTransaction, Refusal>;

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
    core: &mut Core,
    maildrop: &mut Maildrop,
    line: &[u8],
) -> Result<NextTransaction, Refusal> {
    let command = Command::parse(line)?;
    match COMMANDS.iter().find(|(verb, _)| *verb == command.verb) {
        Some((_, handler)) => handler(core, maildrop, command.arguments),
        None if authorization::knows(&command.verb) => Err(Refusal::WrongState),
        None => Err(Refusal::UnknownCommand),
    }
}

fn capa(core: &mut Core, _: &mut Maildrop, arguments: &str) -> Result<NextTransaction, Refusal> {
    codec::nothing(arguments)?;
    core.send(capa::reply(&core.config, core.circumstances(true)));
    Ok(NextTransaction::Stay)
}

fn noop(core: &mut Core, _: &mut Maildrop, arguments: &str) -> Result<NextTransaction, Refusal> {
    codec::nothing(arguments)?;
    core.ok("nothing done");
    Ok(NextTransaction::Stay)
}

fn quit(_: &mut Core, _: &mut Maildrop, arguments: &str) -> Result<NextTransaction, Refusal> {
    codec::nothing(arguments)?;
    Ok(NextTransaction::Quit)
}

/// The drop listing: `+OK SP count SP octets`, and nothing else on the line.
fn stat(core: &mut Core, maildrop: &mut Maildrop, arguments: &str) -> Result<NextTransaction, Refusal> {
    codec::nothing(arguments)?;
    core.ok(&format!("{} {}", maildrop.count(), maildrop.octets()));
    Ok(NextTransaction::Stay)
}

fn list(core: &mut Core, maildrop: &mut Maildrop, arguments: &str) -> Result<NextTransaction, Refusal> {
    listing(core, maildrop, arguments, Listing::Sizes)
}

fn uidl(core: &mut Core, maildrop: &mut Maildrop, arguments: &str) -> Result<NextTransaction, Refusal> {
    listing(core, maildrop, arguments, Listing::UniqueIds)
}

fn listing(
    core: &mut Core,
    maildrop: &Maildrop,
    arguments: &str,
    listing: Listing,
) -> Result<NextTransaction, Refusal> {
    let Some(number) = codec::optional_message_number(arguments)? else {
        core.ok(&format!(
            "{} messages ({} octets)",
            maildrop.count(),
            maildrop.octets()
        ));
        return Ok(NextTransaction::Listing(listing));
    };
    let index = maildrop.index(number)?;
    let line = listing.line(maildrop, index).ok_or(Refusal::Deleted)?;
    core.ok(&line);
    Ok(NextTransaction::Stay)
}

fn retr(_: &mut Core, maildrop: &mut Maildrop, arguments: &str) -> Result<NextTransaction, Refusal> {
    let index = maildrop.index(codec::message_number(arguments)?)?;
    Ok(NextTransaction::Fetch(index, Part::Whole))
}

fn top(_: &mut Core, maildrop: &mut Maildrop, arguments: &str) -> Result<NextTransaction, Refusal> {
    let (number, lines) = codec::message_and_lines(arguments)?;
    Ok(NextTransaction::Fetch(maildrop.index(number)?, Part::Top(lines)))
}

fn dele(core: &mut Core, maildrop: &mut Maildrop, arguments: &str) -> Result<NextTransaction, Refusal> {
    let number = codec::message_number(arguments)?;
    maildrop.delete(maildrop.index(number)?);
    core.ok(&format!("message {number} marked as deleted"));
    Ok(NextTransaction::Stay)
}

fn rset(core: &mut Core, maildrop: &mut Maildrop, arguments: &str) -> Result<NextTransaction, Refusal> {
    codec::nothing(arguments)?;
    maildrop.reset();
    core.ok(&format!(
        "{} messages ({} octets)",
        maildrop.count(),
        maildrop.octets()
    ));
    Ok(NextTransaction::Stay)
}
