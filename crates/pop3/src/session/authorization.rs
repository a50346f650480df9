//! The commands of the AUTHORIZATION state: RFC 1939 sections 4 and 7, RFC 2595 section 4, RFC 5034,
//! RFC 6856 section 2. `USER`/`PASS` runs as a PLAIN exchange, so that there is one way to log in.

use posthorn_sasl::{Channel, Mechanism, ServerExchange, Step, decode_base64, is_prohibited};

use super::connection::Connection;
use super::transaction;
use crate::capa;
use crate::codec::{self, BadArguments, Command};
use crate::question::LoginMethod;
use crate::reply::Refusal;

/// What is known of a client that has not logged in.
#[derive(Debug, Default)]
pub(super) struct Login {
    /// The argument of `USER`.
    user: Option<String>,
}

/// Where a command leads.
#[derive(Debug)]
pub(super) enum NextLogin {
    /// On to the next command.
    Stay,
    /// Into an exchange.
    Exchange(Box<Exchange>, Step),
    /// Into the handshake.
    StartTls,
    /// To the end.
    Quit,
}

type Handler = fn(&mut Connection, &mut Login, &str) -> Result<NextLogin, Refusal>;

/// Verbs of this state and what they do.
const COMMANDS: [(&str, Handler); 7] = [
    ("AUTH", auth),
    ("CAPA", capa),
    ("PASS", pass),
    ("QUIT", quit),
    ("STLS", stls),
    ("USER", user),
    ("UTF8", utf8),
];

/// Is this a verb of the AUTHORIZATION state?
pub(super) fn knows(verb: &str) -> bool {
    COMMANDS.iter().any(|(known, _)| *known == verb)
}

pub(super) fn handle_line(
    connection: &mut Connection,
    login: &mut Login,
    line: &[u8],
) -> Result<NextLogin, Refusal> {
    let command = Command::parse(line)?;
    match COMMANDS.iter().find(|(verb, _)| *verb == command.verb) {
        Some((_, handler)) => handler(connection, login, command.arguments),
        None if transaction::knows(&command.verb) => Err(Refusal::WrongState),
        None => Err(Refusal::UnknownCommand),
    }
}

fn capa(connection: &mut Connection, _: &mut Login, arguments: &str) -> Result<NextLogin, Refusal> {
    codec::nothing(arguments)?;
    connection.send(capa::reply(&connection.config, connection.circumstances(false)));
    Ok(NextLogin::Stay)
}

fn quit(_: &mut Connection, _: &mut Login, arguments: &str) -> Result<NextLogin, Refusal> {
    codec::nothing(arguments)?;
    Ok(NextLogin::Quit)
}

fn utf8(connection: &mut Connection, _: &mut Login, arguments: &str) -> Result<NextLogin, Refusal> {
    codec::nothing(arguments)?;
    connection.is_utf8 = true;
    connection.ok("UTF8 it is");
    Ok(NextLogin::Stay)
}

fn stls(connection: &mut Connection, _: &mut Login, arguments: &str) -> Result<NextLogin, Refusal> {
    codec::nothing(arguments)?;
    if connection.is_tls() {
        return Err(Refusal::TlsActive);
    }
    match connection.config.starttls {
        true => Ok(NextLogin::StartTls),
        false => Err(Refusal::TlsNotOffered),
    }
}

/// Nobody may show a password, or begin to, on a line that others can read.
fn check_may_log_in(connection: &Connection) -> Result<(), Refusal> {
    match capa::may_log_in(&connection.config, connection.is_tls()) {
        true => Ok(()),
        false => Err(Refusal::TlsRequired),
    }
}

fn user(connection: &mut Connection, login: &mut Login, arguments: &str) -> Result<NextLogin, Refusal> {
    check_may_log_in(connection)?;
    let name = arguments.trim_end();
    if name.is_empty() || is_prohibited(name) {
        return Err(BadArguments.into());
    }
    login.user = Some(name.to_owned());
    // The same words for every name: whether it exists is not said.
    connection.ok("say PASS");
    Ok(NextLogin::Stay)
}

fn pass(connection: &mut Connection, login: &mut Login, arguments: &str) -> Result<NextLogin, Refusal> {
    check_may_log_in(connection)?;
    // PASS comes right after USER; after a failure USER comes first again (RFC 1939 section 7).
    let user = login.user.take().ok_or(Refusal::NeedsUser)?;
    if arguments.is_empty() || is_prohibited(arguments) {
        return Err(BadArguments.into());
    }
    let mut exchange = Exchange::new(LoginMethod::UserPass, &Channel::default());
    let step = exchange.start(Some(format!("\0{user}\0{arguments}").as_bytes()));
    Ok(NextLogin::Exchange(Box::new(exchange), step))
}

fn auth(connection: &mut Connection, login: &mut Login, arguments: &str) -> Result<NextLogin, Refusal> {
    check_may_log_in(connection)?;
    login.user = None;
    let offered = capa::mechanisms(&connection.config, connection.channel());
    let (name, initial) = codec::mechanism_and_initial(arguments);
    if name.is_empty() {
        // Not in RFC 5034: older clients ask so for the list.
        let mut list = "+OK mechanisms follow\r\n".to_owned();
        for mechanism in offered {
            list.push_str(mechanism.name());
            list.push_str("\r\n");
        }
        list.push_str(".\r\n");
        connection.send(list.into_bytes());
        return Ok(NextLogin::Stay);
    }
    let mechanism = Mechanism::from_name(name)
        .filter(|mechanism| offered.contains(mechanism))
        .ok_or(Refusal::UnknownMechanism)?;
    let initial = initial
        .map(|initial| decode_base64(initial.as_bytes()))
        .transpose()
        .map_err(|_malformed| Refusal::BadBase64)?;
    // Without -PLUS in the list, a client that says "I could bind, you do not offer it" is right.
    let channel = match offered.contains(&Mechanism::ScramSha256Plus) {
        true => connection.channel().clone(),
        false => Channel::default(),
    };
    let mut exchange = Exchange::new(LoginMethod::Sasl(mechanism), &channel);
    let step = exchange.start(initial.as_deref());
    Ok(NextLogin::Exchange(Box::new(exchange), step))
}

/// A log-in under way.
#[derive(Debug)]
pub(super) struct Exchange {
    machine: ServerExchange,
    pub(super) method: LoginMethod,
    /// The user as the client wrote it, once it did.
    pub(super) user: Option<String>,
}

impl Exchange {
    fn new(method: LoginMethod, channel: &Channel) -> Self {
        Self {
            machine: ServerExchange::new(method.mechanism(), channel),
            method,
            user: None,
        }
    }

    fn start(&mut self, initial: Option<&[u8]>) -> Step {
        self.machine.start(initial)
    }

    /// A line of the client: base64, or `*` to give up (RFC 5034 section 4).
    pub(super) fn respond(&mut self, line: &[u8]) -> Result<Step, Refusal> {
        if line == b"*" {
            return Err(Refusal::Cancelled);
        }
        let response = decode_base64(line).map_err(|_malformed| Refusal::BadBase64)?;
        Ok(self.machine.respond(&response))
    }

    pub(super) fn answer(&mut self, answer: posthorn_sasl::Answer) -> Step {
        self.machine.answer(answer)
    }

    /// Keeps the name for the log.
    pub(super) fn note_user(&mut self, ask: &posthorn_sasl::Ask) {
        self.user = Some(match ask {
            posthorn_sasl::Ask::VerifyPassword { user, .. } | posthorn_sasl::Ask::ScramKeys { user } => {
                user.clone()
            }
        });
    }
}
