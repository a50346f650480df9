//! `posthorn serve`.

use std::path::{Path, PathBuf};

use super::failure::Failure;
use super::settings;
use crate::node;

/// Run the server until it is told to stop.
///
/// Listens on everything that the settings say, keeps mail in the data folder and delivers mail to other
/// servers. SIGTERM or Ctrl-C stops it in order, SIGHUP reads the certificate anew. The log goes to the
/// standard error stream.
#[derive(Debug, clap::Args)]
#[command(after_long_help = "Example:\n  posthorn serve --config /etc/posthorn/posthorn.toml")]
pub(super) struct Args {
    /// Write a JSON file with every address that is listened on, once all are.
    #[arg(long, value_name = "FILE")]
    ready_file: Option<PathBuf>,
}

pub(super) fn run(config: Option<&Path>, args: Args) -> Result<(), Failure> {
    let settings = settings::load(config)?;
    Ok(runtime()?.block_on(node::serve(settings, args.ready_file))?)
}

/// The threads that a server runs on.
pub(super) fn runtime() -> Result<tokio::runtime::Runtime, Failure> {
    tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(Failure::Runtime)
}
