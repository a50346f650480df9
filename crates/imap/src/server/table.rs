//! The table of commands: verb, states in which it is allowed, parser, and when the client may be told
//! news. Its handler is found by the exhaustive match in [`start`].

use super::connection::{Connection, Outcome, State};
use super::reply::Fault;
use super::{
    acl, authenticate, capability, compress, copy, create, enable, esearch, expunge, fetch, id, idle,
    language, list, login, logout, metadata, namespace, noop, notify, quota, search, select, sort, starttls,
    status, store, thread, unauthenticate,
};
use crate::ask::Transfer;
use crate::codec::reader::Parsed;
use crate::codec::{self, Reader};
use crate::types::command::{Access, Command};
use crate::types::sequence_set::Numbering;

/// The states in which a command is allowed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Allowed {
    Always,
    BeforeLogin,
    AfterLogin,
    Selected,
}

use Allowed::{AfterLogin, Always, BeforeLogin, Selected};

/// When the client is told what happened in the selected mailbox.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum News {
    /// Before the reply, if there may be any.
    IfNoticed,
    /// The same, but no EXPUNGE: it would renumber what the client speaks of (RFC 3501 section 7.4.1).
    IfNoticedKeepNumbers,
    /// Before the reply, always asked.
    Always,
}

/// The commands that end with a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Appends {
    /// APPEND.
    New,
    /// REPLACE: another goes.
    InsteadOf(Numbering),
}

/// A row of the table.
#[derive(Debug)]
pub(super) struct Row {
    /// With `UID ` in front for those commands.
    verb: &'static str,
    allowed: Allowed,
    pub(super) news: News,
    parse: fn(&mut Reader<'_>) -> Parsed<Command>,
}

const fn row(verb: &'static str, allowed: Allowed, parse: fn(&mut Reader<'_>) -> Parsed<Command>) -> Row {
    Row {
        verb,
        allowed,
        news: News::IfNoticed,
        parse,
    }
}

impl Row {
    const fn with(self, news: News) -> Self {
        Self { news, ..self }
    }
}

static TABLE: &[Row] = &[
    row("CAPABILITY", Always, |_| Ok(Command::Capability)),
    row("NOOP", Always, |_| Ok(Command::Noop)).with(News::Always),
    row("LOGOUT", Always, |_| Ok(Command::Logout)),
    row("ID", Always, codec::id::parse),
    row("LANGUAGE", Always, codec::language::parse),
    row("STARTTLS", BeforeLogin, |_| Ok(Command::StartTls)),
    row("LOGIN", BeforeLogin, codec::login::parse),
    row("AUTHENTICATE", BeforeLogin, codec::authenticate::parse),
    row("COMPRESS", AfterLogin, codec::compress::parse),
    row("ENABLE", AfterLogin, codec::enable::parse),
    row("UNAUTHENTICATE", AfterLogin, |_| Ok(Command::Unauthenticate)),
    row("SELECT", AfterLogin, |r| {
        codec::select::parse(r, Access::ReadWrite)
    }),
    row("EXAMINE", AfterLogin, |r| {
        codec::select::parse(r, Access::ReadOnly)
    }),
    row("CREATE", AfterLogin, codec::create::parse),
    row("DELETE", AfterLogin, codec::create::parse_delete),
    row("RENAME", AfterLogin, codec::create::parse_rename),
    row("SUBSCRIBE", AfterLogin, codec::create::parse_subscribe),
    row("UNSUBSCRIBE", AfterLogin, codec::create::parse_unsubscribe),
    row("LIST", AfterLogin, codec::list::parse),
    row("LSUB", AfterLogin, codec::list::parse_lsub),
    row("NAMESPACE", AfterLogin, |_| Ok(Command::Namespace)),
    row("STATUS", AfterLogin, codec::status::parse),
    row("GETMETADATA", AfterLogin, codec::metadata::parse_get),
    row("SETMETADATA", AfterLogin, codec::metadata::parse_set),
    row("SETACL", AfterLogin, codec::acl::parse_set),
    row("DELETEACL", AfterLogin, codec::acl::parse_delete),
    row("GETACL", AfterLogin, codec::acl::parse_get),
    row("LISTRIGHTS", AfterLogin, codec::acl::parse_list_rights),
    row("MYRIGHTS", AfterLogin, codec::acl::parse_my_rights),
    row("GETQUOTA", AfterLogin, codec::quota::parse),
    row("GETQUOTAROOT", AfterLogin, codec::quota::parse_root),
    row("APPEND", AfterLogin, codec::append::parse_without_message),
    row("REPLACE", Selected, codec::replace::parse_without_message),
    row("UID REPLACE", Selected, codec::replace::parse_without_message),
    row("IDLE", AfterLogin, |_| Ok(Command::Idle)),
    row("CHECK", Selected, |_| Ok(Command::Check)).with(News::Always),
    row("CLOSE", Selected, |_| Ok(Command::Close)),
    row("UNSELECT", Selected, |_| Ok(Command::Unselect)),
    row("EXPUNGE", Selected, |_| Ok(Command::Expunge { uids: None })),
    row("UID EXPUNGE", Selected, codec::sequence_set::parse_uid_expunge),
    row("NOTIFY", AfterLogin, codec::notify::parse),
    row("SEARCH", Selected, |r| {
        codec::search::parse(r, Numbering::Sequence)
    })
    .with(News::IfNoticedKeepNumbers),
    row("UID SEARCH", Selected, |r| {
        codec::search::parse(r, Numbering::Uid)
    }),
    row("ESEARCH", AfterLogin, codec::esearch::parse),
    row("SORT", Selected, |r| codec::sort::parse(r, Numbering::Sequence)).with(News::IfNoticedKeepNumbers),
    row("UID SORT", Selected, |r| codec::sort::parse(r, Numbering::Uid)),
    row("THREAD", Selected, |r| {
        codec::thread::parse(r, Numbering::Sequence)
    })
    .with(News::IfNoticedKeepNumbers),
    row("UID THREAD", Selected, |r| {
        codec::thread::parse(r, Numbering::Uid)
    }),
    row("FETCH", Selected, |r| codec::fetch::parse(r, Numbering::Sequence)).with(News::IfNoticedKeepNumbers),
    row("UID FETCH", Selected, |r| codec::fetch::parse(r, Numbering::Uid)),
    row("STORE", Selected, |r| codec::store::parse(r, Numbering::Sequence)).with(News::IfNoticedKeepNumbers),
    row("UID STORE", Selected, |r| codec::store::parse(r, Numbering::Uid)),
    row("COPY", Selected, |r| {
        codec::copy::parse(r, Numbering::Sequence, Transfer::Copy)
    }),
    row("UID COPY", Selected, |r| {
        codec::copy::parse(r, Numbering::Uid, Transfer::Copy)
    }),
    row("MOVE", Selected, |r| {
        codec::copy::parse(r, Numbering::Sequence, Transfer::Move)
    }),
    row("UID MOVE", Selected, |r| {
        codec::copy::parse(r, Numbering::Uid, Transfer::Move)
    }),
];

/// Reads the verb and finds its row, if the state allows the command.
pub(super) fn find(reader: &mut Reader<'_>, state: &State) -> Result<&'static Row, Fault> {
    let first = reader.word("a command")?;
    let verb = if first.eq_ignore_ascii_case("UID") {
        reader.space()?;
        format!("UID {}", reader.word("a command")?)
    } else {
        first.to_owned()
    };
    let row = TABLE
        .iter()
        .find(|row| row.verb.eq_ignore_ascii_case(&verb))
        .ok_or(Fault::UnknownCommand)?;
    let is_allowed = match (row.allowed, state) {
        (Always, _)
        | (BeforeLogin, State::NotAuthenticated)
        | (AfterLogin, State::Authenticated | State::Selected(_))
        | (Selected, State::Selected(_)) => true,
        (BeforeLogin | AfterLogin | Selected, _) => false,
    };
    if is_allowed {
        return Ok(row);
    }
    Err(Fault::WrongState(match (row.allowed, state) {
        (BeforeLogin, _) => "Already logged in",
        (_, State::NotAuthenticated) => "Log in first",
        (_, State::Authenticated | State::Selected(_)) => "Select a mailbox first",
    }))
}

impl Row {
    pub(super) fn is_login(&self) -> bool {
        self.verb == "LOGIN"
    }

    /// Does the command end with a message that is streamed?
    pub(super) fn appends(&self) -> Option<Appends> {
        match self.verb {
            "APPEND" => Some(Appends::New),
            "REPLACE" => Some(Appends::InsteadOf(Numbering::Sequence)),
            "UID REPLACE" => Some(Appends::InsteadOf(Numbering::Uid)),
            _ => None,
        }
    }

    /// Reads the arguments up to the end of the command.
    pub(super) fn parse(&self, reader: &mut Reader<'_>) -> Parsed<Command> {
        let command = (self.parse)(reader)?;
        reader.end()?;
        Ok(command)
    }
}

/// Starts a command.
pub(super) fn start(connection: &mut Connection, command: Command) -> Outcome {
    if let Some(notify) = &mut connection.notify {
        notify.note_own(&command);
    }
    match command {
        Command::Capability => Ok(capability::start(connection)),
        Command::Noop => Ok(noop::start("NOOP completed")),
        Command::Check => Ok(noop::start("CHECK completed")),
        Command::Unauthenticate => Ok(unauthenticate::start(connection)),
        Command::Logout => Ok(logout::start(connection)),
        Command::Id => Ok(id::start(connection)),
        Command::StartTls => starttls::start(connection),
        Command::Login { user, password } => login::start(connection, user, password),
        Command::Authenticate { mechanism, initial } => {
            authenticate::start(connection, mechanism, initial.as_ref())
        }
        Command::Compress => compress::start(connection),
        Command::Enable { capabilities } => Ok(enable::start(connection, &capabilities)),
        Command::Select(select) => select::start(connection, select),
        Command::Create { name, special_use } => create::start(name, special_use),
        Command::Delete { name } => create::start_delete(name),
        Command::Rename { from, to } => create::start_rename(from, to),
        Command::Subscribe { name, subscribed } => create::start_subscribe(name, subscribed),
        Command::Language { ranges } => language::start(connection, &ranges),
        Command::List(list) => Ok(list::start(connection, list)),
        Command::Namespace => Ok(namespace::start(connection)),
        Command::Status { name, items } => Ok(status::start(connection, name, items)),
        Command::GetMetadata(get) => Ok(metadata::start(get)),
        Command::SetMetadata { name, entries } => Ok(metadata::start_set(name, entries)),
        Command::SetAcl {
            name,
            identifier,
            change,
        } => Ok(acl::start_set(name, identifier, change)),
        Command::Acl { name, question } => Ok(acl::start(name, question)),
        Command::GetQuota { root } => quota::start(&root),
        Command::GetQuotaRoot { name } => Ok(quota::start_root(name)),
        Command::Idle => idle::start(connection),
        Command::Close => expunge::start_close(connection),
        Command::Unselect => Ok(select::start_unselect(connection)),
        Command::Expunge { uids } => expunge::start(connection, uids.as_ref()),
        Command::Notify(notify) => notify::start(connection, notify),
        Command::Search(search) => search::start(connection, search),
        Command::Esearch(esearch) => esearch::start(connection, esearch),
        Command::Sort(sort) => sort::start(connection, sort),
        Command::Thread(thread) => thread::start(connection, thread),
        Command::UnknownCharset { saves } => Err(search::unknown_charset(connection, saves)),
        Command::Fetch(fetch) => fetch::start(connection, fetch),
        Command::Store(store) => store::start(connection, store),
        Command::Copy(copy) => copy::start(connection, copy),
    }
}
