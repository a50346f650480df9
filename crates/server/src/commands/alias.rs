//! `posthorn alias`.

use std::path::Path;

use posthorn_base::{Address, Domain};

use super::ask::{FormArg, ask, order, show};
use super::failure::Failure;
use crate::admin::{AliasRequest, AliasView, Request, Response, Text};
use crate::output;

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[command(flatten)]
    form: FormArg,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    /// Add an address that sends its mail on to others, ours or not.
    #[command(
        after_long_help = "Example:\n  posthorn alias add sales@example.org anna@example.org zoe@example.net"
    )]
    Add {
        /// The alias, in a domain of ours.
        address: Address,
        /// Where its mail goes.
        #[arg(required = true, value_name = "TARGET")]
        targets: Vec<Address>,
    },
    /// Give an alias other targets, in place of those it has.
    #[command(after_long_help = "Example:\n  posthorn alias change sales@example.org zoe@example.net")]
    Change {
        /// The alias.
        address: Address,
        /// Where its mail goes from now on.
        #[arg(required = true, value_name = "TARGET")]
        targets: Vec<Address>,
    },
    /// Remove an alias.
    #[command(after_long_help = "Example:\n  posthorn alias remove sales@example.org")]
    Remove {
        /// The alias.
        address: Address,
    },
    /// List the aliases with their targets.
    #[command(after_long_help = "Example:\n  posthorn alias list --domain example.org")]
    List {
        /// Those of this domain only.
        #[arg(long)]
        domain: Option<Domain>,
    },
}

pub(super) fn run(config: Option<&Path>, args: Args) -> Result<(), Failure> {
    let form = args.form.form();
    let texts = |targets: Vec<Address>| targets.into_iter().map(Text).collect();
    let request = match args.command {
        Command::Add { address, targets } => AliasRequest::Add {
            address: Text(address),
            targets: texts(targets),
        },
        Command::Change { address, targets } => AliasRequest::Change {
            address: Text(address),
            targets: texts(targets),
        },
        Command::Remove { address } => AliasRequest::Remove(Text(address)),
        Command::List { domain } => {
            let request = AliasRequest::List {
                domain: domain.map(Text),
            };
            let Response::Aliases(aliases) = ask(config, Request::Alias(request))? else {
                return Err(Failure::OtherAnswer);
            };
            return show(&aliases, form, |aliases| text(aliases));
        }
    };
    order(config, Request::Alias(request), form)
}

fn text(aliases: &[AliasView]) -> String {
    if aliases.is_empty() {
        return "There are no aliases; add one: posthorn alias add sales@example.org anna@example.org"
            .to_owned();
    }
    let row = |alias: &AliasView| vec![alias.address.clone(), alias.targets.join(", ")];
    let rows: Vec<_> = aliases.iter().map(row).collect();
    output::table(&["ALIAS", "TARGETS"], &rows)
}
