//! The command line: what can be typed, and how it ends. Exit status 0: done; 1: refused or failed, with a
//! sentence on the standard error stream; 2: not a command that there is. `posthorn dns check` says
//! with it how bad things are.

mod account;
mod alias;
mod ask;
mod check;
mod config;
mod demo;
mod dkim;
mod dns;
mod domain;
mod explain;
mod failure;
mod mailbox;
mod names;
mod password;
mod queue;
mod reports;
mod serve;
mod settings;
#[cfg(test)]
mod tests;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

use failure::Failure;

use crate::output;

/// What can be typed.
#[derive(Debug, Parser)]
#[command(
    name = "posthorn",
    version,
    about = "Everything an e-mail needs, in one program.",
    after_long_help = "Example:\n  posthorn demo\n\nA first server of your own:\n  \
        posthorn config example > posthorn.toml\n  posthorn check\n  posthorn domain add example.org\n  \
        posthorn account add anna@example.org\n  posthorn serve"
)]
struct Cli {
    /// The settings file; without it ./posthorn.toml, else /etc/posthorn/posthorn.toml.
    #[arg(long, global = true, value_name = "FILE")]
    config: Option<PathBuf>,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Serve(serve::Args),
    Demo(demo::Args),
    /// Domains that this server receives mail for.
    Domain(domain::Args),
    /// People: their addresses, passwords and mailboxes.
    Account(account::Args),
    /// Addresses that only send on.
    Alias(alias::Args),
    /// What mailboxes hold, and with whom they are shared.
    Mailbox(mailbox::Args),
    /// Mail on its way to other servers.
    Queue(queue::Args),
    /// The keys that domains sign their mail with.
    Dkim(dkim::Args),
    /// The DNS records of a domain.
    Dns(dns::Args),
    Explain(explain::Args),
    /// What other servers report about mail in a domain's name.
    Reports(reports::Args),
    Check(check::Args),
    /// The settings file.
    Config(config::Args),
    /// Tell the version.
    #[command(after_long_help = "Example:\n  posthorn version")]
    Version,
}

/// Does what the command line says.
#[must_use]
pub(crate) fn run() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            // Help and version come this way too, with status 0. A reader that went away is no fault.
            drop(error.print());
            return ExitCode::from(u8::try_from(error.exit_code()).unwrap_or(2));
        }
    };
    match execute(cli) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) if failure.is_reader_gone() => ExitCode::SUCCESS,
        Err(failure) => {
            if let Some(text) = failure.text() {
                output::complain(&text);
            }
            ExitCode::from(failure.status())
        }
    }
}

fn execute(cli: Cli) -> Result<(), Failure> {
    let config = cli.config.as_deref();
    match cli.command {
        Command::Serve(args) => serve::run(config, args),
        Command::Demo(args) => demo::run(args),
        Command::Domain(args) => domain::run(config, args),
        Command::Account(args) => account::run(config, args),
        Command::Alias(args) => alias::run(config, args),
        Command::Mailbox(args) => mailbox::run(config, args),
        Command::Queue(args) => queue::run(config, args),
        Command::Dkim(args) => dkim::run(config, args),
        Command::Dns(args) => dns::run(config, args),
        Command::Explain(args) => explain::run(config, args),
        Command::Reports(args) => reports::run(config, args),
        Command::Check(args) => check::run(config, &args),
        Command::Config(args) => config::run(&args),
        Command::Version => Ok(output::print(concat!("posthorn ", env!("CARGO_PKG_VERSION")))?),
    }
}
