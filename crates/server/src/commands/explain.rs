//! `posthorn explain`: who really sent a message, and why it lies where it lies.

use std::fs;
use std::io::{self, Read as _};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use posthorn_base::{Address, ReversePath};
use posthorn_explain::{Context, Explanation, Level, explain, to_text};
use posthorn_runtime::clock;
use posthorn_trust::{Arrival, Evidence, Origin, examine};

use super::ask::{Form, FormArg, ask};
use super::failure::Failure;
use super::names;
use crate::admin::{FoundView, MessageRequest, Request, Response, Text};
use crate::output;

/// Columns of a line, where the screen has as many.
const WIDTH: usize = 100;

/// Say in plain words who really sent a message.
///
/// Of a message in a mailbox it tells what was found when the message arrived. Of a file it looks everything up
/// now, which may differ: records change.
#[derive(Debug, clap::Args)]
#[command(
    after_long_help = "Examples:\n  posthorn explain letter.eml\n  posthorn explain --level detail letter.eml\n  \
        posthorn explain anna@example.org '<20261123.1@sender.example>'"
)]
pub(super) struct Args {
    #[command(flatten)]
    form: FormArg,
    /// A file with a message (- for the standard input), or the address of an account.
    #[arg(value_name = "FILE|ACCOUNT")]
    what: String,
    /// The Message-ID of a message of that account.
    message_id: Option<String>,
    /// How much is told.
    #[arg(long, value_enum, default_value = "plain")]
    level: LevelArg,
    /// Ask this name server about a file.
    #[arg(long, value_name = "IP:PORT")]
    resolver: Option<SocketAddr>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum LevelArg {
    /// One sentence, and why the message lies where it lies.
    Plain,
    /// The journey and every check: what was asked, what was found, what follows.
    Detail,
    /// The evidence itself.
    Raw,
}

pub(super) fn run(config: Option<&Path>, args: Args) -> Result<(), Failure> {
    let (evidence, context) = match &args.message_id {
        Some(message_id) => of_account(config, &args, message_id)?,
        None => {
            let octets = read(&args.what)?;
            (evaluate(config, args.resolver, &octets)?, context(None, true))
        }
    };
    let explanation = explain(&evidence, &context);
    match args.form.form() {
        Form::Json => output::print_json(&explanation)?,
        Form::Text => output::print(text(&explanation, &evidence, args.level).trim_end())?,
    }
    Ok(())
}

fn text(explanation: &Explanation, evidence: &Evidence, level: LevelArg) -> String {
    let level = match level {
        LevelArg::Plain => Level::Plain,
        LevelArg::Detail => Level::Detail,
        LevelArg::Raw => Level::Raw(evidence),
    };
    to_text(explanation, level, output::columns().min(WIDTH))
}

fn context(folder: Option<String>, evaluated_now: bool) -> Context {
    Context {
        folder,
        evaluated_now,
        ..Context::at(clock::wall())
    }
}

fn of_account(config: Option<&Path>, args: &Args, message_id: &str) -> Result<(Evidence, Context), Failure> {
    let account: Address = args
        .what
        .parse()
        .map_err(|cause| Failure::Refused(format!("`{}` is no address of an account: {cause}", args.what)))?;
    let request = MessageRequest::Find {
        account: Text(account),
        message_id: message_id.to_owned(),
    };
    let Response::Found(found) = ask(config, Request::Message(request))? else {
        return Err(Failure::OtherAnswer);
    };
    let FoundView {
        mailboxes,
        evidence,
        octets,
        ..
    } = found;
    let folder = mailboxes.into_iter().next();
    if let Some(stored) = evidence {
        let evidence = Evidence::from_stored(stored.as_bytes());
        let evidence = evidence.map_err(|cause| Failure::Refused(cause.to_string()))?;
        return Ok((evidence, context(folder, false)));
    }
    let octets = STANDARD.decode(octets.unwrap_or_default());
    let octets = octets.map_err(|_damaged| Failure::OtherAnswer)?;
    Ok((evaluate(config, args.resolver, &octets)?, context(folder, true)))
}

fn read(what: &str) -> Result<Vec<u8>, Failure> {
    let mut octets = Vec::new();
    let read = if what == "-" {
        io::stdin().read_to_end(&mut octets).map(drop)
    } else {
        fs::read(PathBuf::from(what)).map(|found| octets = found)
    };
    read.map_err(|cause| Failure::Refused(format!("{what} cannot be read: {cause}")))?;
    Ok(with_crlf(octets))
}

/// Files often have the line ends of the system; messages have CRLF, and signatures are made over these.
fn with_crlf(octets: Vec<u8>) -> Vec<u8> {
    if octets.windows(2).any(|two| two == b"\r\n") {
        return octets;
    }
    let mut out = Vec::with_capacity(octets.len().saturating_add(octets.len() / 30));
    for octet in octets {
        if octet == b'\n' {
            out.push(b'\r');
        }
        out.push(octet);
    }
    out
}

/// Looks everything up now.
fn evaluate(config: Option<&Path>, resolver: Option<SocketAddr>, octets: &[u8]) -> Result<Evidence, Failure> {
    names::with_resolver(config, resolver, async |lookup| {
        let arrival = Arrival {
            origin: Origin::File,
            client: None,
            reverse_path: &ReversePath::Null,
            octets,
            receiver: "localhost",
        };
        Box::pin(examine(lookup, &arrival, clock::wall())).await
    })
}
