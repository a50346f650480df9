//! `posthorn domain`.

use std::path::Path;

use posthorn_base::{Address, Domain};

use super::ask::{FormArg, ask, order, show};
use super::failure::Failure;
use crate::admin::{DomainRequest, DomainView, Request, Response, Text};
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
    /// Receive mail for a domain.
    #[command(after_long_help = "Example:\n  posthorn domain add example.org")]
    Add {
        /// Its name.
        domain: Domain,
    },
    /// No longer receive mail for a domain that has no accounts and aliases left.
    #[command(after_long_help = "Example:\n  posthorn domain remove example.org")]
    Remove {
        /// Its name.
        domain: Domain,
    },
    /// List the domains.
    #[command(after_long_help = "Example:\n  posthorn domain list --json")]
    List,
    /// Send mail for unknown addresses of a domain to one address, or refuse it again.
    #[command(
        after_long_help = "Examples:\n  posthorn domain catch-all example.org anna@example.org\n  \
            posthorn domain catch-all example.org --none"
    )]
    CatchAll {
        /// The domain.
        domain: Domain,
        /// Where such mail goes.
        #[arg(required_unless_present = "none")]
        address: Option<Address>,
        /// Refuse such mail.
        #[arg(long, conflicts_with = "address")]
        none: bool,
    },
}

pub(super) fn run(config: Option<&Path>, args: Args) -> Result<(), Failure> {
    let form = args.form.form();
    let request = match args.command {
        Command::Add { domain } => DomainRequest::Add(Text(domain)),
        Command::Remove { domain } => DomainRequest::Remove(Text(domain)),
        Command::CatchAll { domain, address, .. } => DomainRequest::CatchAll {
            domain: Text(domain),
            target: address.map(Text),
        },
        Command::List => {
            let Response::Domains(domains) = ask(config, Request::Domain(DomainRequest::List))? else {
                return Err(Failure::OtherAnswer);
            };
            return show(&domains, form, |domains| text(domains));
        }
    };
    order(config, Request::Domain(request), form)
}

fn text(domains: &[DomainView]) -> String {
    if domains.is_empty() {
        return "There are no domains yet; add one: posthorn domain add example.org".to_owned();
    }
    let row = |domain: &DomainView| {
        vec![
            domain.unicode.clone(),
            domain.catch_all.clone().unwrap_or_else(|| "-".to_owned()),
            domain.created_at.clone(),
        ]
    };
    let rows: Vec<_> = domains.iter().map(row).collect();
    output::table(&["DOMAIN", "CATCH-ALL", "ADDED"], &rows)
}
