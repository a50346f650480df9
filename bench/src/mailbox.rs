//! IMAP scenarios on one mailbox.

mod change;
mod resync;
mod session;

use crate::error::{Error, Result};
use crate::message::Ident;
use crate::report::{Errors, Latency, Report};
use crate::server::Server;
use session::Session;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

#[derive(Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Op {
    /// Connect and log in
    Login,
    /// SELECT on a fresh connection
    Select,
    /// UID, FLAGS, INTERNALDATE, RFC822.SIZE and ENVELOPE of every message
    FetchAll,
    /// UID and FLAGS of every message
    FetchFlags,
    /// Whole messages picked at random, one a command
    FetchRandom,
    /// +FLAGS and -FLAGS on messages picked at random, one a command
    Store,
    /// +FLAGS (\Seen) on every message in one command, where none has it
    StoreAll,
    /// COPY of the first 10,000 messages to another mailbox
    Copy,
    /// SELECT with QRESYNC on a fresh connection, after 100 messages were changed
    Resync,
    /// SORT of all by date
    Sort,
    /// SEARCH TEXT with a word in one message of a thousand
    SearchRare,
    /// SEARCH TEXT with a word in one message of ten
    SearchCommon,
    /// SEARCH SUBJECT for one message
    SearchSubject,
    /// SEARCH UNSEEN
    SearchFlag,
    /// SEARCH TEXT with the rare word again and again until it takes less than 50 ms: how long until then
    SearchReady,
    /// APPEND, one message a command
    Append,
}

#[derive(clap::Args, Clone)]
pub struct ImapArgs {
    /// Server's IMAP address
    #[arg(long)]
    imap: SocketAddr,
    /// Mailbox; users must have the same in it, or use one user
    #[arg(long, default_value = "INBOX")]
    mailbox: String,
    /// What to do, in this order
    #[arg(long, value_enum, value_delimiter = ',', required = true)]
    ops: Vec<Op>,
    /// Sessions at a time, of as many users
    #[arg(long, default_value_t = 1)]
    connections: usize,
    /// Commands of each session, of the operations that do one message at a time
    #[arg(long, default_value_t = 1000)]
    count: u64,
    /// Times each session does an operation on the whole mailbox
    #[arg(long, default_value_t = 1)]
    times: u64,
    /// Bytes of an appended message
    #[arg(long, default_value_t = 4096)]
    size: usize,
    /// Seed of the random picks
    #[arg(long, default_value_t = 1)]
    seed: u64,
}

/// What sits in the mailbox: by sequence number less one.
type Listing = Vec<(u64, Ident)>;

#[derive(Default)]
struct Done {
    /// Messages in the (last) mailbox.
    exists: u64,
    commands: u64,
    messages: u64,
    bytes: u64,
    latency: Latency,
    errors: Errors,
}

impl Op {
    fn name(self) -> String {
        clap::ValueEnum::to_possible_value(&self).map_or_else(String::new, |v| v.get_name().to_owned())
    }

    /// Is its answer checked against what the mailbox holds?
    fn needs_listing(self) -> bool {
        matches!(
            self,
            Self::FetchRandom | Self::SearchRare | Self::SearchCommon | Self::SearchSubject | Self::Sort
        )
    }
}

pub async fn run(server: &Server, args: &ImapArgs) -> Result<()> {
    let mut listings: Vec<Arc<Listing>> = Vec::new();
    for op in &args.ops {
        let sessions = prepare(server, args, *op, &mut listings).await?;
        let mut report = Report::start(server, "imap");
        let limit = server.limit();
        let tasks: Vec<_> = sessions
            .into_iter()
            .map(|s| tokio::spawn(perform(s, *op, limit)))
            .collect();
        let mut all = Done::default();
        for task in tasks {
            let one = task.await?;
            all.exists = one.exists;
            all.commands += one.commands;
            all.messages += one.messages;
            all.bytes += one.bytes;
            all.latency.merge(&one.latency);
            all.errors.merge(one.errors);
        }
        let seconds = report.elapsed();
        report.text("op", &op.name());
        report.int("connections", args.connections as u64);
        report.int("exists", all.exists);
        report.int("commands", all.commands);
        report.float("seconds", seconds);
        report.float("commands_s", all.commands as f64 / seconds);
        if all.messages > 0 {
            report.int("messages", all.messages);
            report.float("msgs_s", all.messages as f64 / seconds);
            report.float("mb_s", all.bytes as f64 / 1e6 / seconds);
        }
        report.latency("command", &all.latency);
        report.finish(&all.errors);
    }
    Ok(())
}

/// Opens the sessions. The listing that answers are checked against is taken as late as possible, so that a
/// fetch-all before it meets cold caches.
async fn prepare(
    server: &Server,
    args: &ImapArgs,
    op: Op,
    listings: &mut Vec<Arc<Listing>>,
) -> Result<Vec<Session>> {
    let users = server.users();
    let mut sessions = Vec::new();
    for n in 0..args.connections {
        let mut session = Session {
            args: args.clone(),
            user: users.name(n as u64 % users.count()),
            password: users.password().to_owned(),
            n: n as u64,
            listing: Arc::default(),
            imap: None,
            exists: 0,
        };
        if !matches!(op, Op::Login | Op::Select) {
            session.open().await?;
        }
        if op.needs_listing() {
            let user = n % users.count() as usize;
            if listings.len() <= user {
                listings.push(Arc::new(session.list(&mut Done::default()).await?));
            }
            session.listing = Arc::clone(&listings[user]);
        }
        sessions.push(session);
    }
    Ok(sessions)
}

async fn perform(session: Session, op: Op, limit: Duration) -> Done {
    let mut done = Done::default();
    let r = tokio::time::timeout(limit, session.perform(op, &mut done)).await;
    let r = r.map_err(Error::from).and_then(|r| r);
    done.errors.check(r);
    done
}
