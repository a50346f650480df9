//! `posthorn mailbox`.

use std::path::Path;

use clap::ValueEnum as _;
use posthorn_base::{Address, Rights};

use super::ask::{FormArg, ask, order, show};
use super::failure::Failure;
use crate::admin::{MailboxName, MailboxRequest, MailboxView, Request, Response, ShareView, Text};
use crate::output;

/// What each right allows.
const RIGHTS: [(Rights, &str); 11] = [
    (Rights::LOOKUP, "see"),
    (Rights::READ, "read"),
    (Rights::SEEN, "mark as read"),
    (Rights::WRITE, "flag"),
    (Rights::INSERT, "add"),
    (Rights::POST, "send to it"),
    (Rights::CREATE, "make mailboxes below it"),
    (Rights::DELETE_MAILBOX, "rename or delete it"),
    (Rights::DELETE_MESSAGES, "mark as deleted"),
    (Rights::EXPUNGE, "expunge"),
    (Rights::ADMINISTER, "share it"),
];

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[command(flatten)]
    form: FormArg,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    /// List the mailboxes of an account with what they hold and with whom they are shared.
    ///
    /// Behind each name stand the rights that it has; what is in the entry of a name with a - before it is taken
    /// away, whoever gives it.
    #[command(after_long_help = "Example:\n  posthorn mailbox list anna@example.org")]
    List {
        /// Whose.
        address: Address,
    },
    /// Share a mailbox with another account, or give that account other rights to it.
    ///
    /// Whoever it is shared with finds it under Other Users in a mail program. Mailboxes that are made below it
    /// later are shared in the same way; those that are there already are not. Whether a message was read is the
    /// same for all who read it, and what they put into it counts against the owner's quota.
    #[command(after_long_help = "Examples:\n  \
            posthorn mailbox share anna@example.org Projects bert@example.org contribute\n  \
            posthorn mailbox share anna@example.org Projects anyone read\n  \
            posthorn mailbox share anna@example.org Projects bert@example.org --rights lrsw")]
    Share {
        #[command(flatten)]
        mailbox: MailboxArg,
        /// With whom: the address of an account of this server, or `anyone` for all of them.
        #[arg(value_name = "WITH")]
        whom: String,
        /// What they may do.
        #[arg(value_enum, required_unless_present = "rights")]
        level: Option<Level>,
        /// The same by the letters of RFC 4314: l see it, r read, s mark as read, w flag, i add messages, p send to
        /// it, k make mailboxes below it, x rename or delete it, t mark as deleted, e expunge, a share it on.
        #[arg(long, value_name = "LETTERS", value_parser = rights, conflicts_with = "level")]
        rights: Option<Rights>,
    },
    /// Share a mailbox with an account no longer.
    #[command(
        after_long_help = "Example:\n  posthorn mailbox unshare anna@example.org Projects bert@example.org"
    )]
    Unshare {
        #[command(flatten)]
        mailbox: MailboxArg,
        /// With whom: the address of an account, or `anyone` for what was shared with all of them.
        #[arg(value_name = "WITH")]
        whom: String,
    },
}

#[derive(Debug, clap::Args)]
struct MailboxArg {
    /// Whose mailbox.
    #[arg(value_name = "OWNER")]
    owner: Address,
    /// Its name, such as Projects or Projects/2026.
    #[arg(value_name = "MAILBOX")]
    name: String,
}

impl MailboxArg {
    fn name(self) -> MailboxName {
        MailboxName {
            owner: Text(self.owner),
            name: self.name,
        }
    }
}

/// Rights that belong together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Level {
    /// See it, read and mark as read (lrs).
    Read,
    /// Also flag, add and delete messages and make mailboxes below it (lrswipkte).
    Contribute,
    /// Also rename, delete and share it: everything the owner may do (lrswipkxtea).
    Manage,
}

impl Level {
    fn rights(self) -> Rights {
        match self {
            Self::Read => Rights::LOOKUP.with(Rights::READ).with(Rights::SEEN),
            Self::Contribute => Rights::ALL
                .without(Rights::DELETE_MAILBOX)
                .without(Rights::ADMINISTER),
            Self::Manage => Rights::ALL,
        }
    }
}

/// Letters from the command line. An entry without rights would say nothing: `unshare` removes it.
fn rights(letters: &str) -> Result<Rights, String> {
    match Rights::parse(letters) {
        Ok(Rights::NONE) => {
            Err("there is no letter; `posthorn mailbox unshare` takes all rights away".to_owned())
        }
        Ok(rights) => Ok(rights),
        Err(letter) => Err(format!("{letter} is no right; those there are: {}", Rights::ALL)),
    }
}

pub(super) fn run(config: Option<&Path>, args: Args) -> Result<(), Failure> {
    let form = args.form.form();
    let request = match args.command {
        Command::List { address } => {
            let request = Request::Mailbox(MailboxRequest::List(Text(address)));
            let Response::Mailboxes(mailboxes) = ask(config, request)? else {
                return Err(Failure::OtherAnswer);
            };
            return show(&mailboxes, form, |mailboxes| text(mailboxes));
        }
        Command::Share {
            mailbox,
            whom,
            level,
            rights,
        } => MailboxRequest::Share {
            mailbox: mailbox.name(),
            whom,
            // One of the two is given.
            rights: Text(rights.or(level.map(Level::rights)).unwrap_or_default()),
        },
        Command::Unshare { mailbox, whom } => MailboxRequest::Unshare {
            mailbox: mailbox.name(),
            whom,
        },
    };
    order(config, Request::Mailbox(request), form)
}

fn text(mailboxes: &[MailboxView]) -> String {
    let row = |mailbox: &MailboxView| {
        let shares: Vec<String> = mailbox.shared_with.iter().map(share).collect();
        vec![
            mailbox.name.clone(),
            mailbox.messages.to_string(),
            mailbox.unseen.to_string(),
            output::size(mailbox.size_octets),
            mailbox.special_use.clone().unwrap_or_else(|| "-".to_owned()),
            match shares.as_slice() {
                [] => "-".to_owned(),
                shares => shares.join("; "),
            },
        ]
    };
    let rows: Vec<_> = mailboxes.iter().map(row).collect();
    output::table(
        &["MAILBOX", "MESSAGES", "UNREAD", "SIZE", "FOR", "SHARED WITH"],
        &rows,
    )
}

fn share(share: &ShareView) -> String {
    let ShareView { with, rights } = share;
    match words(rights).as_str() {
        "" => format!("{with}: nothing"),
        words => format!("{with}: {words} ({rights})"),
    }
}

/// Rights in words: those of a level, or one by one.
fn words(letters: &str) -> String {
    let rights = Rights::parse(letters).unwrap_or_default();
    let level = Level::value_variants()
        .iter()
        .find(|level| level.rights() == rights)
        .and_then(Level::to_possible_value);
    if let Some(level) = level {
        return level.get_name().to_owned();
    }
    let words: Vec<&str> = RIGHTS
        .into_iter()
        .filter(|(right, _)| rights.contains(*right))
        .map(|(_, word)| word)
        .collect();
    words.join(", ")
}
