//! `posthorn domain`.

use std::path::Path;

use posthorn_base::{Address, Domain};
use posthorn_inbound::{read_rules, rules_text};
use posthorn_trust::{OnImpersonation, OnQuarantine, OnReject, Rules};

use super::ask::{FormArg, ask, order, show};
use super::failure::Failure;
use crate::admin::{DomainRequest, DomainView, ReportsRequest, Request, Response, Text};
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
    /// What becomes of mail that nobody vouches for, at this domain.
    ///
    /// Without an option it tells what holds now.
    #[command(after_long_help = "Example:\n  posthorn domain rules example.org --reject junk")]
    Rules {
        /// The domain.
        domain: Domain,
        /// DMARC failed, and the sender's domain asks to refuse such mail. refuse-if-sure, which holds without a
        /// word, refuses only when all else agrees and nothing hints at a mailing list or a forwarder.
        #[arg(long, value_enum)]
        reject: Option<RejectArg>,
        /// DMARC failed, and the sender's domain asks to be suspicious.
        #[arg(long, value_enum)]
        quarantine: Option<PlaceArg>,
        /// Somebody pretends to be somebody whom the reader knows.
        #[arg(long, value_enum)]
        impersonation: Option<PlaceArg>,
    },
    /// Send daily reports to the domains in whose name mail came (RFC 9990), or do not.
    #[command(after_long_help = "Example:\n  posthorn domain reports example.org on")]
    Reports {
        /// The domain of ours whose incoming mail is reported on.
        domain: Domain,
        /// Send them?
        #[arg(value_enum)]
        sending: SwitchArg,
    },
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

#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum RejectArg {
    Junk,
    RefuseIfSure,
    Refuse,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum PlaceArg {
    Junk,
    Inbox,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum SwitchArg {
    On,
    Off,
}

/// The rules of a domain with what was given changed; `None` when nothing was given.
fn changed(
    mut rules: Rules,
    reject: Option<RejectArg>,
    quarantine: Option<PlaceArg>,
    impersonation: Option<PlaceArg>,
) -> Option<Rules> {
    if (reject, quarantine, impersonation) == (None, None, None) {
        return None;
    }
    if let Some(reject) = reject {
        rules.on_reject = match reject {
            RejectArg::Junk => OnReject::Junk,
            RejectArg::RefuseIfSure => OnReject::RefuseIfOthersAgree,
            RejectArg::Refuse => OnReject::Refuse,
        };
    }
    if let Some(place) = quarantine {
        rules.on_quarantine = match place {
            PlaceArg::Junk => OnQuarantine::Junk,
            PlaceArg::Inbox => OnQuarantine::Inbox,
        };
    }
    if let Some(place) = impersonation {
        rules.on_impersonation = match place {
            PlaceArg::Junk => OnImpersonation::Junk,
            PlaceArg::Inbox => OnImpersonation::Inbox,
        };
    }
    Some(rules)
}

fn list(config: Option<&Path>) -> Result<Vec<DomainView>, Failure> {
    let Response::Domains(domains) = ask(config, Request::Domain(DomainRequest::List))? else {
        return Err(Failure::OtherAnswer);
    };
    Ok(domains)
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
            return show(&list(config)?, form, |domains| text(domains));
        }
        Command::Reports { domain, sending } => {
            let request = ReportsRequest::Send {
                domain: Text(domain),
                on: sending == SwitchArg::On,
            };
            return order(config, Request::Reports(request), form);
        }
        Command::Rules {
            domain,
            reject,
            quarantine,
            impersonation,
        } => {
            let known = list(config)?;
            let Some(view) = known.into_iter().find(|view| view.domain == domain.as_str()) else {
                return Err(Failure::Refused(format!(
                    "the domain {domain} is not one of ours"
                )));
            };
            match changed(read_rules(&view.rules), reject, quarantine, impersonation) {
                None => return show(&view, form, |view| view.rules.clone()),
                Some(rules) => DomainRequest::Rules {
                    domain: Text(domain),
                    rules: rules_text(&rules),
                },
            }
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
            if read_rules(&domain.rules) == Rules::default() {
                "-".to_owned()
            } else {
                domain.rules.clone()
            },
            if domain.sends_reports { "on" } else { "off" }.to_owned(),
            domain.created_at.clone(),
        ]
    };
    let rows: Vec<_> = domains.iter().map(row).collect();
    output::table(&["DOMAIN", "CATCH-ALL", "RULES", "REPORTS", "ADDED"], &rows)
}
