//! `posthorn demo`.

use std::io::IsTerminal;
use std::path::PathBuf;

use super::failure::Failure;
use super::serve::runtime;
use crate::demo;

/// Show a private internet on this machine: name server, domains, servers, and mail between them.
///
/// Nothing leaves the loopback interface. Every address, port, account and password is shown, so that any
/// mail program can join in. Ctrl-C ends it.
#[derive(Debug, clap::Args)]
#[command(after_long_help = "Example:\n  posthorn demo --dir /tmp/posthorn-demo")]
pub(super) struct Args {
    /// Keep everything in this folder; without it in one that is removed at the end.
    #[arg(long, value_name = "PATH")]
    dir: Option<PathBuf>,
    /// Write a JSON file with every address, port, account and password, once the story is told.
    #[arg(long, value_name = "PATH")]
    ready_file: Option<PathBuf>,
    /// Use the ports from this one on; without it free ones.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1024..))]
    base_port: Option<u16>,
    /// End after the story is told.
    #[arg(long)]
    once: bool,
    /// Tell it without colours; also where the output is no terminal.
    #[arg(long)]
    no_color: bool,
}

pub(super) fn run(args: Args) -> Result<(), Failure> {
    let options = demo::Options {
        dir: args.dir,
        ready_file: args.ready_file,
        base_port: args.base_port,
        once: args.once,
        color: !args.no_color && std::io::stdout().is_terminal(),
    };
    Ok(runtime()?.block_on(demo::run(options))?)
}
