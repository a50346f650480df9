//! `posthorn account`.

use std::path::Path;

use posthorn_base::{Address, Domain};
use posthorn_config::Size;

use super::ask::{FormArg, ask, order, show};
use super::failure::Failure;
use super::password::{self, PasswordArg};
use super::settings;
use crate::admin::{AccountRequest, AccountView, Request, Response, Text};
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
    /// Add an account; its address is also its user name.
    ///
    /// Asks for the password twice, without showing it.
    #[command(after_long_help = "Example:\n  posthorn account add anna@example.org --quota 2GB")]
    Add {
        /// Its address, in a domain of ours.
        address: Address,
        /// How much mail it may hold, 0 for any amount; without it what the setting `mailbox.quota` says now.
        #[arg(long, value_name = "SIZE")]
        quota: Option<Size>,
        #[command(flatten)]
        password: PasswordArg,
    },
    /// Remove an account and all its mail, for good.
    #[command(after_long_help = "Example:\n  posthorn account remove anna@example.org")]
    Remove {
        /// Its address.
        address: Address,
    },
    /// List the accounts with what they hold.
    #[command(after_long_help = "Example:\n  posthorn account list --domain example.org")]
    List {
        /// Those of this domain only.
        #[arg(long)]
        domain: Option<Domain>,
    },
    /// Give an account another password.
    ///
    /// Asks for the password twice, without showing it.
    #[command(after_long_help = "Example:\n  posthorn account password anna@example.org")]
    Password {
        /// Its address.
        address: Address,
        #[command(flatten)]
        password: PasswordArg,
    },
    /// Set how much mail an account may hold; what it holds stays.
    #[command(after_long_help = "Example:\n  posthorn account quota anna@example.org 2GB")]
    Quota {
        /// Its address.
        address: Address,
        /// Such as 500MB or 2GB; 0 for any amount.
        size: Size,
    },
    /// Send the mail of an account on to other addresses, or keep it in the mailbox again.
    ///
    /// A copy stays in the mailbox unless --no-copy says otherwise. What goes to other servers carries a
    /// return address of ours (SRS), so that their SPF check passes and failures find the way back.
    #[command(
        after_long_help = "Examples:\n  posthorn account forward anna@example.org anna@elsewhere.example\n  \
            posthorn account forward anna@example.org --none"
    )]
    Forward {
        /// Whose mail.
        address: Address,
        /// Where it goes.
        #[arg(required_unless_present = "none", value_name = "TO")]
        to: Vec<Address>,
        /// Keep no copy in the mailbox.
        #[arg(long)]
        no_copy: bool,
        /// Send it on no longer.
        #[arg(long, conflicts_with_all = ["to", "no_copy"])]
        none: bool,
    },
    /// Let an account log in again.
    #[command(after_long_help = "Example:\n  posthorn account enable anna@example.org")]
    Enable {
        /// Its address.
        address: Address,
    },
    /// Do not let an account log in; its mail still arrives.
    #[command(after_long_help = "Example:\n  posthorn account disable anna@example.org")]
    Disable {
        /// Its address.
        address: Address,
    },
}

pub(super) fn run(config: Option<&Path>, args: Args) -> Result<(), Failure> {
    let form = args.form.form();
    let request = match args.command {
        Command::Add {
            address,
            quota,
            password,
        } => {
            let quota = match quota {
                Some(quota) => quota,
                None => settings::load(config)?.mailbox.quota,
            };
            AccountRequest::Add {
                password: password::read(password, &address)?,
                address: Text(address),
                quota_octets: quota.octets(),
            }
        }
        Command::Remove { address } => AccountRequest::Remove(Text(address)),
        Command::Password { address, password } => AccountRequest::SetPassword {
            password: password::read(password, &address)?,
            address: Text(address),
        },
        Command::Quota { address, size } => AccountRequest::SetQuota {
            address: Text(address),
            quota_octets: size.octets(),
        },
        Command::Forward {
            address, to, no_copy, ..
        } => AccountRequest::Forward {
            address: Text(address),
            targets: to.into_iter().map(Text).collect(),
            keeps_copy: !no_copy,
        },
        Command::Enable { address } => AccountRequest::Enable(Text(address)),
        Command::Disable { address } => AccountRequest::Disable(Text(address)),
        Command::List { domain } => {
            let request = AccountRequest::List {
                domain: domain.map(Text),
            };
            let Response::Accounts(accounts) = ask(config, Request::Account(request))? else {
                return Err(Failure::OtherAnswer);
            };
            return show(&accounts, form, |accounts| text(accounts));
        }
    };
    order(config, Request::Account(request), form)
}

fn text(accounts: &[AccountView]) -> String {
    if accounts.is_empty() {
        return "There are no accounts; add one: posthorn account add anna@example.org".to_owned();
    }
    let row = |account: &AccountView| {
        vec![
            account.address.clone(),
            account.state.clone(),
            account
                .used_octets
                .map_or_else(|| "missing".to_owned(), output::size),
            account.quota_octets.map_or_else(|| "-".to_owned(), output::size),
            forwards(account),
            account.created_at.clone(),
        ]
    };
    let rows: Vec<_> = accounts.iter().map(row).collect();
    output::table(
        &["ADDRESS", "STATE", "USED", "QUOTA", "FORWARDED TO", "ADDED"],
        &rows,
    )
}

fn forwards(account: &AccountView) -> String {
    match (account.forwards_to.as_slice(), account.keeps_copy) {
        ([], _) => "-".to_owned(),
        (to, true) => to.join(", "),
        (to, false) => format!("{} (no copy)", to.join(", ")),
    }
}
