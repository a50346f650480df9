//! `posthorn config`.

use super::failure::Failure;
use crate::output;

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    /// Print a settings file with every setting, its meaning and its default.
    #[command(after_long_help = "Example:\n  posthorn config example > posthorn.toml")]
    Example,
}

pub(super) fn run(args: &Args) -> Result<(), Failure> {
    match args.command {
        Command::Example => Ok(output::print(&posthorn_config::example_file())?),
    }
}
