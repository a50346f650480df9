//! Filling mailboxes by APPEND, and checking that everything that was sent is there, once and whole.

use crate::error::{Error, Result};
use crate::fail;
use crate::imap::Imap;
use crate::message::{Ident, verify};
use crate::report::{Errors, Latency, Report};
use crate::server::Server;
use crate::smtp::clock_run;
use std::collections::{HashMap, HashSet};
use std::net::SocketAddr;
use std::time::Instant;

#[derive(clap::Args, Clone)]
pub struct FillArgs {
    /// Server's IMAP address
    #[arg(long)]
    imap: SocketAddr,
    /// Mailbox of the first user
    #[arg(long, default_value = "INBOX")]
    mailbox: String,
    /// Messages
    #[arg(long)]
    messages: u64,
    /// Bytes of a message
    #[arg(long, default_value_t = 4096)]
    size: usize,
    /// Messages in one APPEND, where the server has MULTIAPPEND
    #[arg(long, default_value_t = 200)]
    batch: u64,
    /// CREATE the mailbox first
    #[arg(long)]
    create: bool,
    /// Then COPY all of them so often to the mailbox of --copies-to
    #[arg(long, default_value_t = 0)]
    copies: u64,
    /// Mailbox that gets the copies; made for them
    #[arg(long, default_value = "Copied")]
    copies_to: String,
    /// Run number written into the messages (default: the clock)
    #[arg(long)]
    run: Option<u64>,
}

/// Fills one mailbox by APPEND.
pub async fn fill(server: &Server, args: &FillArgs) -> Result<()> {
    let users = server.users();
    let mut errors = Errors::default();
    let mut imap = Imap::login(args.imap, &users.name(0), users.password()).await?;
    if args.create {
        imap.command(&format!("CREATE {}", args.mailbox), |_| Ok(()))
            .await?;
    }
    let multi = imap.has_capability("MULTIAPPEND").await?;
    let batch = if multi { args.batch.max(1) } else { 1 };
    let run = args.run.unwrap_or_else(clock_run);
    let before = imap.status_messages(&args.mailbox).await?;
    let mut report = Report::start(server, "fill");
    let mut seq = 0;
    while seq < args.messages {
        let end = (seq + batch).min(args.messages);
        let messages: Vec<Vec<u8>> = (seq..end)
            .map(|seq| {
                Ident {
                    run,
                    seq,
                    size: args.size,
                }
                .build()
            })
            .collect();
        imap.append(&args.mailbox, &messages).await?;
        seq = end;
    }
    let seconds = report.elapsed();
    let after = imap.status_messages(&args.mailbox).await?;
    if after - before != args.messages {
        errors.add(Error(format!("{before} messages before, {after} after")));
    }
    if args.copies > 0 {
        copy(&mut imap, args, &mut report).await?;
    }
    report.int("messages", args.messages);
    report.int("size", args.size as u64);
    report.int("batch", batch);
    report.float("seconds", seconds);
    report.float("msgs_s", args.messages as f64 / seconds);
    report.finish(&errors);
    Ok(())
}

/// Makes a mailbox as large as wanted of what was filled in.
async fn copy(imap: &mut Imap, args: &FillArgs, report: &mut Report) -> Result<()> {
    let exists = imap.select(&args.mailbox).await?;
    let to = &args.copies_to;
    imap.command(&format!("CREATE {to}"), |_| Ok(())).await?;
    let begin = Instant::now();
    let mut latency = Latency::default();
    for _ in 0..args.copies {
        let begin = Instant::now();
        imap.command(&format!("COPY 1:{exists} {to}"), |_| Ok(())).await?;
        latency.add(begin.elapsed());
    }
    let seconds = begin.elapsed().as_secs_f64();
    let there = imap.status_messages(to).await?;
    if there != exists * args.copies {
        return fail!("{to}: {there} messages of {}", exists * args.copies);
    }
    report.int("copied", there);
    report.float("copied_s", there as f64 / seconds);
    report.latency("copy", &latency);
    Ok(())
}

#[derive(clap::Args, Clone)]
pub struct CheckArgs {
    /// Server's IMAP address
    #[arg(long)]
    imap: SocketAddr,
    /// Mailbox
    #[arg(long, default_value = "INBOX")]
    mailbox: String,
    /// Messages there must be in all users' mailboxes together
    #[arg(long)]
    expect: u64,
    /// Recipients of each message, which is how often it must be there
    #[arg(long, default_value_t = 1)]
    rcpts: u64,
    /// Delete everything afterwards
    #[arg(long)]
    empty: bool,
}

/// Fetches everything of every user; each message must be whole, and there
/// exactly as often as it was sent.
pub async fn check(server: &Server, args: &CheckArgs) -> Result<()> {
    let users = server.users();
    let mut errors = Errors::default();
    let mut report = Report::start(server, "check");
    let mut copies: HashMap<Ident, u64> = HashMap::new();
    let (mut total, mut bytes) = (0, 0);
    for n in 0..users.count() {
        let user = users.name(n);
        let mut imap = Imap::login(args.imap, &user, users.password()).await?;
        let exists = imap.select(&args.mailbox).await?;
        let mut here = HashSet::new();
        if exists > 0 {
            imap.command("FETCH 1:* (UID BODY.PEEK[])", |r| {
                let Some(literal) = r.literals.first() else {
                    return Ok(());
                };
                total += 1;
                bytes += literal.len() as u64;
                match verify(&r.text[literal.clone()], true) {
                    Ok(id) => {
                        if !here.insert(id) {
                            errors.add(Error(format!("{user}: {id:?} twice")));
                        }
                        *copies.entry(id).or_default() += 1;
                    }
                    Err(e) => errors.add(e),
                }
                Ok(())
            })
            .await?;
            if here.len() as u64 != exists {
                errors.add(Error(format!(
                    "{user}: {exists} exist, {} different ones fetched",
                    here.len()
                )));
            }
            if args.empty {
                imap.command("STORE 1:* +FLAGS.SILENT (\\Deleted)", |_| Ok(()))
                    .await?;
                imap.command("EXPUNGE", |_| Ok(())).await?;
            }
        }
        imap.logout().await?;
    }
    if total != args.expect {
        errors.add(Error(format!("{total} messages, wanted {}", args.expect)));
    }
    for (id, n) in &copies {
        if *n != args.rcpts {
            errors.add(Error(format!("{id:?}: {n} copies, wanted {}", args.rcpts)));
        }
    }
    let seconds = report.elapsed();
    report.int("messages", total);
    report.float("seconds", seconds);
    report.float("msgs_s", total as f64 / seconds);
    report.float("mb_s", bytes as f64 / 1e6 / seconds);
    report.finish(&errors);
    Ok(())
}
