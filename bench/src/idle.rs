//! Sessions that wait: what they cost, and how soon they hear of new mail.

use crate::error::{Error, Result};
use crate::imap::Imap;
use crate::message::{Ident, dot_stuff};
use crate::process;
use crate::report::{Errors, Latency, Report};
use crate::server::Server;
use crate::smtp::{Smtp, clock_run};
use crate::tls;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::Semaphore;

#[derive(clap::Args, Clone)]
pub struct IdleArgs {
    /// Server's IMAP address
    #[arg(long)]
    imap: SocketAddr,
    /// It speaks TLS at once
    #[arg(long)]
    tls: bool,
    /// Mailbox that each opens
    #[arg(long, default_value = "INBOX")]
    mailbox: String,
    /// Sessions held
    #[arg(long, default_value_t = 1000)]
    connections: usize,
    /// Logins at a time while they are opened
    #[arg(long, default_value_t = 20)]
    opening: usize,
    /// Seconds to hold them before memory is read
    #[arg(long, default_value_t = 10)]
    hold: u64,
}

/// Holds many sessions in IDLE and reads the server's memory.
pub async fn hold(server: &Server, args: &IdleArgs) -> Result<()> {
    let users = Arc::new(server.users());
    let mut errors = Errors::default();
    let before = process::tree_memory(&server.tree);
    let before_available = process::available_kb();
    let mut report = Report::start(server, "idle");
    let opening = Arc::new(Semaphore::new(args.opening));
    let tls = args.tls.then(tls::connector).transpose()?;
    let tasks: Vec<_> = (0..args.connections as u64)
        .map(|n| {
            let (users, opening, imap, limit) = (users.clone(), opening.clone(), args.imap, server.limit());
            let (tls, mailbox) = (tls.clone(), args.mailbox.clone());
            tokio::spawn(async move {
                let _permit = opening.acquire().await;
                tokio::time::timeout(limit, async {
                    let (name, password) = (users.name(n % users.count()), users.password());
                    let mut s = match &tls {
                        Some(tls) => Imap::login_tls(imap, tls, &name, password).await?,
                        None => Imap::login(imap, &name, password).await?,
                    };
                    s.select(&mailbox).await?;
                    let tag = s.idle_start().await?;
                    Ok::<_, Error>((s, tag))
                })
                .await
                .map_err(Error::from)
                .and_then(|r| r)
            })
        })
        .collect();
    let mut sessions = Vec::new();
    for task in tasks {
        sessions.extend(errors.check(task.await?));
    }
    let opened_in = report.elapsed();
    let held = sessions.len() as u64;
    tokio::time::sleep(Duration::from_secs(args.hold)).await;
    let after = process::tree_memory(&server.tree);
    let after_available = process::available_kb();
    // Every one of them must still answer.
    let mut alive = 0;
    for (mut session, tag) in sessions {
        let end = async {
            session.idle_end(&tag).await?;
            session.logout().await
        };
        let r = tokio::time::timeout(server.limit(), end)
            .await
            .map_err(Error::from)
            .and_then(|r| r);
        alive += errors.check(r).is_some() as u64;
    }
    report.int("connections", args.connections as u64);
    report.int("held", held);
    report.int("alive_at_end", alive);
    report.float("open_s", opened_in);
    report.float("opens_s", held as f64 / opened_in);
    report.int("processes_before", before.processes);
    report.int("processes", after.processes);
    report.int("rss_before_kb", before.rss_kb);
    report.int("rss_kb", after.rss_kb);
    report.int("pss_before_kb", before.pss_kb);
    report.int("pss_kb", after.pss_kb);
    let each = |after: u64, before: u64| (after as f64 - before as f64) / held.max(1) as f64;
    report.float("rss_each_kb", each(after.rss_kb, before.rss_kb));
    report.float("pss_each_kb", each(after.pss_kb, before.pss_kb));
    report.float("machine_each_kb", each(before_available, after_available));
    report.finish(&errors);
    Ok(())
}

#[derive(clap::Args, Clone)]
pub struct NotifyArgs {
    /// Server's SMTP address
    #[arg(long)]
    smtp: SocketAddr,
    /// Server's IMAP address
    #[arg(long)]
    imap: SocketAddr,
    /// Messages sent, one after another
    #[arg(long, default_value_t = 100)]
    count: u64,
    /// Bytes of a message
    #[arg(long, default_value_t = 4096)]
    size: usize,
    /// Milliseconds between messages
    #[arg(long, default_value_t = 50)]
    pause: u64,
}

/// Time from the SMTP 250 to the EXISTS in a session in IDLE.
pub async fn notify(server: &Server, args: &NotifyArgs) -> Result<()> {
    let users = server.users();
    let user = users.name(0);
    let mut errors = Errors::default();
    let mut imap = Imap::login(args.imap, &user, users.password()).await?;
    let mut exists = imap.select("INBOX").await?;
    let tag = imap.idle_start().await?;
    let mut smtp = Smtp::connect(args.smtp).await?;
    let mut report = Report::start(server, "notify");
    let (mut after_250, mut after_data, mut early) = (Latency::default(), Latency::default(), 0);
    let run = clock_run();
    for seq in 0..args.count {
        let stuffed = dot_stuff(
            &Ident {
                run,
                seq,
                size: args.size,
            }
            .build(),
        );
        let rcpts = [user.clone()];
        let send = async {
            let accept = smtp
                .send("sender@load.example.test", &rcpts, &stuffed, false)
                .await?;
            Ok::<_, Error>((Instant::now(), accept))
        };
        let hear = async {
            loop {
                let r = imap.response().await?;
                if let Some((n, _)) = r.numbered("EXISTS")
                    && n == exists + 1
                {
                    return Ok::<_, Error>(Instant::now());
                }
            }
        };
        let both = async { tokio::try_join!(send, hear) };
        match tokio::time::timeout(server.limit(), both)
            .await
            .map_err(Error::from)
            .and_then(|r| r)
        {
            Ok(((accepted, accept), heard)) => {
                exists += 1;
                early += (heard < accepted) as u64;
                after_250.add(heard.saturating_duration_since(accepted));
                after_data.add(heard.saturating_duration_since(accepted - accept));
            }
            Err(e) => {
                errors.add(e);
                break;
            }
        }
        tokio::time::sleep(Duration::from_millis(args.pause)).await;
    }
    errors.check(imap.idle_end(&tag).await);
    report.int("count", args.count);
    report.int("heard_before_250", early);
    report.latency("exists_after_250", &after_250);
    report.latency("exists_after_data", &after_data);
    report.finish(&errors);
    Ok(())
}
