//! posthorn-bench: puts the same load on any SMTP, IMAP and POP3 server on loopback,
//! checks every answer, and prints one line of JSON per scenario.

mod error;
mod fill;
mod host;
mod idle;
mod imap;
mod mailbox;
mod message;
mod names;
mod pop3;
mod process;
mod report;
mod server;
mod smtp;
mod syncs;
mod table;
mod tls;
mod wire;

use clap::{Parser, Subcommand};
use error::Result;
use report::{Errors, Report};
use server::Server;
use std::process::ExitCode;

#[derive(Parser)]
#[command(about = "Load generator and checker for SMTP, IMAP and POP3 servers on loopback")]
struct Cli {
    #[command(flatten)]
    server: Server,
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Send messages; optionally wait until they show in the mailboxes
    Smtp(smtp::SmtpArgs),
    /// Fill a mailbox by APPEND
    Fill(fill::FillArgs),
    /// Fetch every message of every user and check that each is whole and there once
    Check(fill::CheckArgs),
    /// Measure IMAP operations on a mailbox
    Imap(mailbox::ImapArgs),
    /// Hold sessions in IDLE and read the server's memory
    Idle(idle::IdleArgs),
    /// Time from the SMTP 250 to the EXISTS in a session in IDLE
    Notify(idle::NotifyArgs),
    /// Download mailboxes by POP3
    Pop3(pop3::Pop3Args),
    /// Read the server's memory
    Memory,
    /// Send messages like `smtp`, with strace counting what forces data to the disk
    Syncs(smtp::SmtpArgs),
    /// Print the table of a run from its lines
    Table(table::TableArgs),
    /// Answer every question to the DNS with "no such name"
    Names(names::NamesArgs),
    /// Measure TCP round trips on this machine
    Loopback(host::LoopbackArgs),
    /// Measure how fast this machine's disk makes messages durable
    Disk(host::DiskArgs),
}

fn main() -> ExitCode {
    let cli = Cli::parse();
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(cli.server.threads.max(1))
        .enable_all()
        .build()
        .expect("a runtime can be built");
    let server = &cli.server;
    let result = runtime.block_on(async {
        match &cli.command {
            Command::Smtp(a) => smtp::run(server, a).await,
            Command::Fill(a) => fill::fill(server, a).await,
            Command::Check(a) => fill::check(server, a).await,
            Command::Imap(a) => mailbox::run(server, a).await,
            Command::Idle(a) => idle::hold(server, a).await,
            Command::Notify(a) => idle::notify(server, a).await,
            Command::Pop3(a) => pop3::run(server, a).await,
            Command::Memory => memory(server),
            Command::Syncs(a) => syncs::run(server, a).await,
            Command::Table(a) => table::print(a),
            Command::Names(a) => names::serve(a).await,
            Command::Loopback(a) => host::loopback(server, a).await,
            Command::Disk(a) => host::disk(server, a),
        }
    });
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(e) => {
            eprintln!("posthorn-bench: {e}");
            ExitCode::FAILURE
        }
    }
}

/// Memory of the server as it is now.
fn memory(server: &Server) -> Result<()> {
    let mut report = Report::start(server, "memory");
    let now = process::tree_memory(&server.tree);
    report.int("processes", now.processes);
    report.int("rss_kb", now.rss_kb);
    report.int("pss_kb", now.pss_kb);
    report.finish(&Errors::default());
    Ok(())
}
