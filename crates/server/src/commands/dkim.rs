//! `posthorn dkim`: the keys that domains sign with.

use std::net::SocketAddr;
use std::path::Path;

use posthorn_base::Domain;
use posthorn_base::lookup::{Kind, Lookup, NoRecords, Record};
use posthorn_doctor::Entry;

use super::ask::{FormArg, ask, order, show};
use super::failure::Failure;
use super::names;
use crate::admin::{DkimRequest, KeyView, Request, Response, Text};
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
    /// List the keys with their states.
    ///
    /// pending: made, signs once its record is published. active: signs. retiring: signs no longer, its record
    /// must stay while mail signed with it is under way. retired: its record may go.
    #[command(after_long_help = "Example:\n  posthorn dkim list example.org")]
    List {
        /// Those of this domain only.
        domain: Option<Domain>,
    },
    /// Change to new keys, one step at a time.
    ///
    /// The first time it makes new keys and shows the records to publish. The next time it looks whether they
    /// are published and lets them sign; the old keys retire. The server looks by itself every hour, too.
    #[command(after_long_help = "Example:\n  posthorn dkim rotate example.org")]
    Rotate {
        /// Whose keys.
        domain: Domain,
        /// Ask this name server instead of the domain's own.
        #[arg(long, value_name = "IP:PORT")]
        resolver: Option<SocketAddr>,
    },
    /// Let a key sign no longer.
    #[command(after_long_help = "Example:\n  posthorn dkim retire example.org rsa-a")]
    Retire {
        /// Whose key.
        domain: Domain,
        /// Its name in `posthorn dkim list`.
        selector: String,
        /// Even when the domain then signs with nothing.
        #[arg(long)]
        even_last: bool,
    },
}

pub(super) fn run(config: Option<&Path>, args: Args) -> Result<(), Failure> {
    let form = args.form.form();
    match args.command {
        Command::List { domain } => {
            let keys = list(config, domain)?;
            show(&keys, form, |keys| text(keys))
        }
        Command::Rotate { domain, resolver } => rotate(config, &domain, resolver),
        Command::Retire {
            domain,
            selector,
            even_last,
        } => {
            let request = DkimRequest::Retire {
                domain: Text(domain),
                selector,
                even_last,
            };
            order(config, Request::Dkim(request), form)
        }
    }
}

/// The keys of a domain, or all.
pub(super) fn list(config: Option<&Path>, domain: Option<Domain>) -> Result<Vec<KeyView>, Failure> {
    keys(ask(config, Request::Dkim(DkimRequest::List(domain.map(Text))))?)
}

fn keys(response: Response) -> Result<Vec<KeyView>, Failure> {
    let Response::Keys(keys) = response else {
        return Err(Failure::OtherAnswer);
    };
    Ok(keys)
}

fn rotate(config: Option<&Path>, domain: &Domain, resolver: Option<SocketAddr>) -> Result<(), Failure> {
    let known = list(config, Some(domain.clone()))?;
    let mut pending: Vec<KeyView> = known.into_iter().filter(is_pending).collect();
    if pending.is_empty() {
        let made = keys(ask(
            config,
            Request::Dkim(DkimRequest::Add(Text(domain.clone()))),
        )?)?;
        pending = made.into_iter().filter(is_pending).collect();
        output::print(&format!(
            "New keys for {domain}. Publish these records, then run the same command again:\n\n{}",
            records(&pending)
        ))?;
        return Ok(());
    }
    let published = names::with(config, resolver, async |lookup| {
        let mut published = Vec::new();
        for key in &pending {
            published.push(is_published(lookup, key).await);
        }
        published
    })?;
    let mut missing = Vec::new();
    let mut unanswered = None;
    for (key, is_published) in pending.into_iter().zip(published) {
        if is_published != Ok(true) {
            unanswered = is_published.err().or(unanswered);
            missing.push(key);
            continue;
        }
        let request = DkimRequest::Activate {
            domain: Text(domain.clone()),
            selector: key.selector,
        };
        order(config, Request::Dkim(request), super::ask::Form::Text)?;
    }
    if let Some(why) = unanswered {
        return Err(Failure::Refused(format!(
            "{domain}'s name servers could not be asked whether the records are there ({why}); try again"
        )));
    }
    if missing.is_empty() {
        return Ok(());
    }
    output::print(&format!(
        "Not in the DNS yet, as {domain}'s name servers say:\n\n{}\nWhat was published a moment ago may take minutes to \
         show. Nothing signs with these keys until it does.",
        records(&missing)
    ))?;
    Err(Failure::Told)
}

fn is_pending(key: &KeyView) -> bool {
    key.state == "pending"
}

/// Is it there? Or why nobody could tell.
async fn is_published(lookup: &impl Lookup, key: &KeyView) -> Result<bool, String> {
    let (Some(name), Some(value)) = (&key.name, &key.value) else {
        return Ok(false);
    };
    let found = match lookup.ask(name, Kind::Txt).await {
        Ok(found) => found,
        Err(NoRecords::Temporary(why)) => return Err(why),
        Err(NoRecords::NoSuchName | NoRecords::NoneOfKind) => return Ok(false),
    };
    let texts: Vec<&[u8]> = found.iter().filter_map(Record::text).collect();
    Ok(posthorn_signing::is_published(&texts, value))
}

/// As a zone file has them.
fn records(keys: &[KeyView]) -> String {
    let mut lines = String::new();
    for key in keys {
        if let (Some(name), Some(value)) = (&key.name, &key.value) {
            let Ok(domain) = Domain::parse(&key.domain) else {
                continue;
            };
            lines.push_str(&Entry::text(&domain, name, value).line());
            lines.push('\n');
        }
    }
    lines
}

fn text(keys: &[KeyView]) -> String {
    if keys.is_empty() {
        return "There are no keys; they are made with: posthorn dkim rotate DOMAIN".to_owned();
    }
    let row = |key: &KeyView| {
        vec![
            key.domain.clone(),
            key.selector.clone(),
            key.algorithm.clone(),
            key.state.clone(),
            key.since.clone().unwrap_or_else(|| "-".to_owned()),
            key.keep_until.clone().unwrap_or_else(|| "-".to_owned()),
        ]
    };
    let rows: Vec<_> = keys.iter().map(row).collect();
    let mut table = output::table(
        &[
            "DOMAIN",
            "SELECTOR",
            "ALGORITHM",
            "STATE",
            "SINCE",
            "RECORD MUST STAY UNTIL",
        ],
        &rows,
    );
    let pending: Vec<KeyView> = keys.iter().filter(|key| is_pending(key)).cloned().collect();
    if !pending.is_empty() {
        table.push_str("\n\nTo be published before they sign:\n\n");
        table.push_str(records(&pending).trim_end());
    }
    table
}
