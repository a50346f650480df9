//! POP3: download whole mailboxes and check every byte.

use crate::error::{Error, Result};
use crate::fail;
use crate::message::verify;
use crate::report::{Errors, Latency, Report};
use crate::server::{Server, Users};
use crate::wire::Wire;
use std::collections::HashSet;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

#[derive(clap::Args, Clone)]
pub struct Pop3Args {
    /// Server's POP3 address
    #[arg(long)]
    pop3: SocketAddr,
    /// Sessions at a time
    #[arg(long, default_value_t = 1)]
    connections: usize,
    /// Delete what was downloaded
    #[arg(long)]
    delete: bool,
    /// Messages each user must have (default: do not check)
    #[arg(long)]
    expect: Option<u64>,
}

struct Pop3 {
    wire: Wire,
}

impl Pop3 {
    async fn line(&mut self) -> Result<Vec<u8>> {
        let mut line = Vec::new();
        self.wire.line(&mut line).await?;
        Ok(line)
    }

    /// Reads a status line, which must be +OK; returns what follows.
    async fn ok(&mut self, what: &str) -> Result<String> {
        let line = self.line().await?;
        match line.strip_prefix(b"+OK") {
            Some(rest) => Ok(String::from_utf8_lossy(rest).trim().to_string()),
            None => fail!("{what}: {}", String::from_utf8_lossy(&line)),
        }
    }

    async fn command(&mut self, command: &str) -> Result<String> {
        self.wire.send(format!("{command}\r\n").as_bytes()).await?;
        self.ok(command).await
    }

    async fn command_lines(&mut self, command: &str) -> Result<Vec<Vec<u8>>> {
        self.command(command).await?;
        let mut lines = Vec::new();
        loop {
            let line = self.line().await?;
            if line == b"." {
                return Ok(lines);
            }
            lines.push(line);
        }
    }

    async fn retrieve(&mut self, n: u64) -> Result<Vec<u8>> {
        self.command(&format!("RETR {n}")).await?;
        let mut out = Vec::new();
        loop {
            let start = out.len();
            self.wire.line(&mut out).await?;
            if out[start..].starts_with(b".") {
                if out.len() == start + 1 {
                    out.pop();
                    return Ok(out);
                }
                out.remove(start);
            }
            out.extend_from_slice(b"\r\n");
        }
    }
}

#[derive(Default)]
struct Done {
    messages: u64,
    bytes: u64,
    login: Latency,
    listing: Latency,
    retrieve: Latency,
    quit: Latency,
    errors: Errors,
}

pub async fn run(server: &Server, args: &Pop3Args) -> Result<()> {
    let users = Arc::new(server.users());
    let next = Arc::new(AtomicU64::new(0));
    let mut report = Report::start(server, "pop3");
    let tasks: Vec<_> = (0..args.connections)
        .map(|_| {
            let (args, users, next, limit) = (args.clone(), users.clone(), next.clone(), server.limit());
            tokio::spawn(async move {
                let mut done = Done::default();
                loop {
                    let n = next.fetch_add(1, Ordering::Relaxed);
                    if n >= users.count() {
                        return done;
                    }
                    let r = tokio::time::timeout(limit, session(&args, &users, n, &mut done)).await;
                    let r = r.map_err(Error::from).and_then(|r| r);
                    done.errors.check(r);
                }
            })
        })
        .collect();
    let mut all = Done::default();
    for task in tasks {
        let one = task.await?;
        all.messages += one.messages;
        all.bytes += one.bytes;
        all.login.merge(&one.login);
        all.listing.merge(&one.listing);
        all.retrieve.merge(&one.retrieve);
        all.quit.merge(&one.quit);
        all.errors.merge(one.errors);
    }
    let seconds = report.elapsed();
    report.int("connections", args.connections as u64);
    report.int("users", users.count());
    report.int("messages", all.messages);
    report.int("delete", args.delete as u64);
    report.float("seconds", seconds);
    report.float("msgs_s", all.messages as f64 / seconds);
    report.float("mb_s", all.bytes as f64 / 1e6 / seconds);
    report.latency("login", &all.login);
    report.latency("stat_uidl", &all.listing);
    report.latency("retr", &all.retrieve);
    report.latency("quit", &all.quit);
    report.finish(&all.errors);
    Ok(())
}

async fn session(args: &Pop3Args, users: &Users, n: u64, done: &mut Done) -> Result<()> {
    let user = users.name(n);
    let begin = Instant::now();
    let mut pop3 = Pop3 {
        wire: Wire::connect(args.pop3).await?,
    };
    pop3.ok("greeting").await?;
    pop3.command(&format!("USER {user}")).await?;
    pop3.command(&format!("PASS {}", users.password())).await?;
    done.login.add(begin.elapsed());

    let begin = Instant::now();
    let stat = pop3.command("STAT").await?;
    let count: u64 = match stat.split(' ').next().and_then(|c| c.parse().ok()) {
        Some(c) => c,
        None => return fail!("STAT: {stat}"),
    };
    let uidl = pop3.command_lines("UIDL").await?;
    done.listing.add(begin.elapsed());
    let unique: HashSet<&[u8]> = uidl
        .iter()
        .filter_map(|l| l.splitn(2, |&b| b == b' ').nth(1))
        .collect();
    if uidl.len() as u64 != count || unique.len() != uidl.len() {
        return fail!(
            "{user}: STAT says {count}, UIDL has {} lines, {} of them unique",
            uidl.len(),
            unique.len()
        );
    }
    if args.expect.is_some_and(|e| e != count) {
        done.errors.add(Error(format!(
            "{user}: {count} messages, wanted {:?}",
            args.expect
        )));
    }

    let mut seen = HashSet::new();
    for n in 1..=count {
        let begin = Instant::now();
        let message = pop3.retrieve(n).await?;
        done.retrieve.add(begin.elapsed());
        done.messages += 1;
        done.bytes += message.len() as u64;
        match verify(&message, true) {
            Ok(id) if seen.insert(id) => {}
            Ok(id) => done.errors.add(Error(format!("{user}: {id:?} twice"))),
            Err(e) => done.errors.add(e),
        }
        if args.delete {
            pop3.command(&format!("DELE {n}")).await?;
        }
    }
    let begin = Instant::now();
    pop3.command("QUIT").await?;
    done.quit.add(begin.elapsed());
    Ok(())
}
