//! SMTP: a client, and the inbound load scenario.

use crate::error::{Error, Result};
use crate::fail;
use crate::imap::Imap;
use crate::message::{Ident, dot_stuff};
use crate::report::{Errors, Latency, Report};
use crate::server::{Server, Users};
use crate::wire::Wire;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

pub struct Smtp {
    wire: Wire,
    pipelining: bool,
}

impl Smtp {
    /// Connects, reads the greeting and says EHLO.
    pub async fn connect(addr: SocketAddr) -> Result<Self> {
        let mut smtp = Self {
            wire: Wire::connect(addr).await?,
            pipelining: false,
        };
        smtp.expect(220, "greeting").await?;
        let lines = smtp.command("EHLO load.example.test", 250).await?;
        smtp.pipelining = lines.split('\n').any(|l| l.eq_ignore_ascii_case("PIPELINING"));
        Ok(smtp)
    }

    /// Reads one reply, which must have this code; returns its text, one line
    /// per line.
    async fn expect(&mut self, code: u16, what: &str) -> Result<String> {
        let mut text = String::new();
        loop {
            let mut line = Vec::new();
            self.wire.line(&mut line).await?;
            let got = std::str::from_utf8(line.get(..3).unwrap_or(&line))
                .ok()
                .and_then(|c| c.parse::<u16>().ok());
            if got != Some(code) {
                return fail!("{what}: wanted {code}, got {:?}", String::from_utf8_lossy(&line));
            }
            text.push_str(&String::from_utf8_lossy(line.get(4..).unwrap_or(b"")));
            match line.get(3) {
                Some(b'-') => text.push('\n'),
                _ => return Ok(text),
            }
        }
    }

    async fn command(&mut self, command: &str, code: u16) -> Result<String> {
        self.wire.send(format!("{command}\r\n").as_bytes()).await?;
        self.expect(code, command).await
    }

    /// Sends one message. Returns the time from the end of the data sent to
    /// the 250 received.
    pub async fn send(
        &mut self,
        from: &str,
        rcpts: &[String],
        stuffed: &[u8],
        pipeline: bool,
    ) -> Result<Duration> {
        let mail = format!("MAIL FROM:<{from}>");
        if pipeline && self.pipelining {
            let mut group = format!("{mail}\r\n");
            for r in rcpts {
                group.push_str(&format!("RCPT TO:<{r}>\r\n"));
            }
            group.push_str("DATA\r\n");
            self.wire.send(group.as_bytes()).await?;
            self.expect(250, &mail).await?;
            for r in rcpts {
                self.expect(250, r).await?;
            }
            self.expect(354, "DATA").await?;
        } else {
            self.command(&mail, 250).await?;
            for r in rcpts {
                self.command(&format!("RCPT TO:<{r}>"), 250).await?;
            }
            self.command("DATA", 354).await?;
        }
        self.wire.send(stuffed).await?;
        let sent = Instant::now();
        self.expect(250, "end of data").await?;
        Ok(sent.elapsed())
    }

    pub async fn quit(mut self) -> Result<()> {
        self.command("QUIT", 221).await.map(drop)
    }
}

#[derive(clap::Args, Clone)]
pub struct SmtpArgs {
    /// Server's SMTP address
    #[arg(long)]
    smtp: SocketAddr,
    /// Connections at a time
    #[arg(long, default_value_t = 1)]
    connections: usize,
    /// Messages in all
    #[arg(long, default_value_t = 1000)]
    messages: u64,
    /// Bytes of a message
    #[arg(long, default_value_t = 1024)]
    size: usize,
    /// Recipients of a message
    #[arg(long, default_value_t = 1)]
    rcpts: u64,
    /// Messages on a connection before it is closed and a new one made (0: no limit)
    #[arg(long, default_value_t = 0)]
    per_connection: u64,
    /// Send MAIL, RCPT and DATA in one write where the server allows it
    #[arg(long)]
    pipeline: bool,
    /// Envelope sender
    #[arg(long, default_value = "sender@load.example.test")]
    from: String,
    /// Run number written into the messages (default: the clock)
    #[arg(long)]
    run: Option<u64>,
    /// First sequence number
    #[arg(long, default_value_t = 0)]
    first_seq: u64,
    /// Wait until every message shows in the users' INBOXes at this IMAP address
    #[arg(long)]
    wait_imap: Option<SocketAddr>,
    /// Longest wait for that, in seconds
    #[arg(long, default_value_t = 300)]
    wait_limit: u64,
}

impl SmtpArgs {
    pub fn messages(&self) -> u64 {
        self.messages.max(1)
    }
}

/// What one connection did.
#[derive(Default)]
struct Done {
    sent: u64,
    accept: Latency,
    whole: Latency,
    errors: Errors,
}

pub async fn run(server: &Server, args: &SmtpArgs) -> Result<()> {
    let (report, errors) = send(server, args, "smtp").await?;
    report.finish(&errors);
    Ok(())
}

/// Sends the messages and writes what there is to say into the report.
pub async fn send(server: &Server, args: &SmtpArgs, scenario: &str) -> Result<(Report, Errors)> {
    let users = Arc::new(server.users());
    let mut watch = match args.wait_imap {
        Some(imap) => Some(Watch::start(imap, &users).await?),
        None => None,
    };
    let run = args.run.unwrap_or_else(clock_run);
    let next = Arc::new(AtomicU64::new(args.first_seq));
    let mut report = Report::start(server, scenario);
    let tasks: Vec<_> = (0..args.connections)
        .map(|_| {
            let (args, users, next, limit) = (args.clone(), users.clone(), next.clone(), server.limit());
            tokio::spawn(async move { connection(&args, &users, run, &next, limit).await })
        })
        .collect();
    let mut all = Done::default();
    for task in tasks {
        let one = task.await?;
        all.sent += one.sent;
        all.accept.merge(&one.accept);
        all.whole.merge(&one.whole);
        all.errors.merge(one.errors);
    }
    let accepted_in = report.elapsed();
    report.int("connections", args.connections as u64);
    report.int("messages", args.messages);
    report.int("size", args.size as u64);
    report.int("rcpts", args.rcpts);
    report.int("per_connection", args.per_connection);
    report.int("pipeline", args.pipeline as u64);
    report.int("run", run);
    report.int("accepted", all.sent);
    report.float("accept_s", accepted_in);
    report.float("accept_msgs_s", all.sent as f64 / accepted_in);
    report.float(
        "accept_mb_s",
        all.sent as f64 * args.size as f64 / 1e6 / accepted_in,
    );
    report.latency("data_250", &all.accept);
    report.latency("transaction", &all.whole);
    if let Some(watch) = &mut watch {
        let want = args.messages * args.rcpts;
        let mut share = vec![0; users.count() as usize];
        for i in 0..want {
            share[((args.first_seq * args.rcpts + i) % users.count()) as usize] += 1;
        }
        let seen = watch
            .wait(&share, Duration::from_secs(args.wait_limit), &mut all.errors)
            .await;
        let visible_in = report.elapsed();
        report.int("visible", seen);
        report.float("visible_s", visible_in);
        report.float("visible_msgs_s", seen as f64 / visible_in);
        if seen != want {
            all.errors
                .add(Error(format!("{seen} messages visible, wanted {want}")));
        }
    }
    Ok((report, all.errors))
}

pub fn clock_run() -> u64 {
    std::time::SystemTime::now()
        .duration_since(std::time::UNIX_EPOCH)
        .map_or(0, |d| d.as_millis() as u64)
}

async fn connection(args: &SmtpArgs, users: &Users, run: u64, next: &AtomicU64, limit: Duration) -> Done {
    let mut done = Done::default();
    let end = args.first_seq + args.messages;
    let mut smtp = None;
    let mut on_this = 0;
    loop {
        let seq = next.fetch_add(1, Ordering::Relaxed);
        if seq >= end {
            break;
        }
        let rcpts: Vec<String> = (0..args.rcpts)
            .map(|r| users.name((seq * args.rcpts + r) % users.count()))
            .collect();
        let stuffed = dot_stuff(
            &Ident {
                run,
                seq,
                size: args.size,
            }
            .build(),
        );
        let begin = Instant::now();
        let attempt = tokio::time::timeout(limit, async {
            let mut s = match smtp.take() {
                Some(s) => s,
                None => Smtp::connect(args.smtp).await?,
            };
            let accept = s.send(&args.from, &rcpts, &stuffed, args.pipeline).await?;
            Ok::<_, Error>((s, accept))
        });
        match attempt.await.map_err(Error::from).and_then(|r| r) {
            Ok((s, accept)) => {
                done.sent += 1;
                done.accept.add(accept);
                done.whole.add(begin.elapsed());
                on_this += 1;
                if args.per_connection > 0 && on_this >= args.per_connection {
                    on_this = 0;
                    done.errors.check(s.quit().await);
                } else {
                    smtp = Some(s);
                }
            }
            Err(e) => {
                on_this = 0;
                done.errors.add(e);
            }
        }
    }
    if let Some(s) = smtp {
        done.errors.check(s.quit().await);
    }
    done
}

/// One IMAP session per user, to see when messages arrive.
struct Watch {
    sessions: Vec<(Imap, u64)>,
}

impl Watch {
    async fn start(imap: SocketAddr, users: &Users) -> Result<Self> {
        let mut sessions = Vec::new();
        for n in 0..users.count() {
            let mut session = Imap::login(imap, &users.name(n), users.password()).await?;
            let before = session.status_messages("INBOX").await?;
            sessions.push((session, before));
        }
        Ok(Self { sessions })
    }

    /// Waits until each user has got `want[n]` more messages, or nothing more
    /// came for `limit`; returns how many came. It asks about one mailbox at a
    /// time, every 20 ms, so that the asking costs the server next to nothing:
    /// whichever mailbox is last to be complete, the wait ends when it is.
    async fn wait(&mut self, want: &[u64], limit: Duration, errors: &mut Errors) -> u64 {
        let mut seen = 0;
        for ((session, before), want) in self.sessions.iter_mut().zip(want) {
            let (mut came, mut last_change) = (0, Instant::now());
            loop {
                match session.status_messages("INBOX").await {
                    Ok(count) => {
                        let now = count.saturating_sub(*before);
                        if now != came {
                            came = now;
                            last_change = Instant::now();
                        }
                    }
                    Err(e) => {
                        errors.add(e);
                        return seen;
                    }
                }
                if came >= *want || last_change.elapsed() > limit {
                    break;
                }
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
            seen += came;
        }
        seen
    }
}
