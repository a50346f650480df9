//! `posthorn queue`.

mod text;

use std::path::Path;

use posthorn_base::{Address, Domain, DomainError, QueueId};

use super::ask::{FormArg, ask, order, show};
use super::failure::Failure;
use crate::admin::{QueueChange, QueueRequest, Request, Response, Selection, Text};

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[command(flatten)]
    form: FormArg,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    /// List the recipients that wait or are held, oldest message first.
    #[command(after_long_help = "Example:\n  posthorn queue list --domain example.net")]
    List {
        /// Those of this domain only.
        #[arg(long, value_parser = domain_key)]
        domain: Option<String>,
        /// At most so many.
        #[arg(long, default_value_t = 1_000, value_name = "N")]
        limit: u32,
    },
    /// Tell all that is known of a message: its recipients, every attempt, and what the other servers said.
    #[command(after_long_help = "Example:\n  posthorn queue show 05rqx3hvgyvzb")]
    Show {
        /// The message, as `posthorn queue list` and the log name it.
        id: QueueId,
    },
    /// Try now what waits or is held.
    #[command(after_long_help = "Examples:\n  posthorn queue retry 05rqx3hvgyvzb\n  \
            posthorn queue retry --domain example.net")]
    Retry(Which),
    /// Give up on what waits or is held; nobody is told.
    #[command(after_long_help = "Examples:\n  posthorn queue drop 05rqx3hvgyvzb\n  \
            posthorn queue drop 05rqx3hvgyvzb --domain example.net")]
    Drop(Which),
    /// Do not try what waits until `posthorn queue retry`.
    #[command(after_long_help = "Examples:\n  posthorn queue hold 05rqx3hvgyvzb\n  \
            posthorn queue hold --domain example.net")]
    Hold(Which),
}

/// Which recipients: of a message, of a domain, or of a message in a domain.
#[derive(Debug, clap::Args)]
#[group(required = true, multiple = true)]
struct Which {
    /// The recipients of this message.
    id: Option<QueueId>,
    /// The recipients in this domain.
    #[arg(long, value_parser = domain_key)]
    domain: Option<String>,
}

/// A domain, or an address literal with its brackets, as the queue writes it.
fn domain_key(text: &str) -> Result<String, DomainError> {
    match Address::parse(&format!("postmaster@{text}")) {
        Ok(address) => Ok(posthorn_queue::domain_key(&address)),
        Err(_) => Domain::parse(text).map(|domain| domain.to_string()),
    }
}

pub(super) fn run(config: Option<&Path>, args: Args) -> Result<(), Failure> {
    let form = args.form.form();
    let (change, which) = match args.command {
        Command::List { domain, limit } => {
            let request = QueueRequest::List { domain, limit };
            let Response::Queue(queue) = ask(config, Request::Queue(request))? else {
                return Err(Failure::OtherAnswer);
            };
            return show(&queue, form, text::queue);
        }
        Command::Show { id } => {
            let request = QueueRequest::Show(Text(id));
            let Response::Message(message) = ask(config, Request::Queue(request))? else {
                return Err(Failure::OtherAnswer);
            };
            return show(&message, form, text::message);
        }
        Command::Retry(which) => (QueueChange::Retry, which),
        Command::Drop(which) => (QueueChange::Drop, which),
        Command::Hold(which) => (QueueChange::Hold, which),
    };
    let selection = Selection {
        queue_id: which.id.map(Text),
        domain: which.domain,
    };
    order(
        config,
        Request::Queue(QueueRequest::Change { change, selection }),
        form,
    )
}
