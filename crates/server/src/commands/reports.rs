//! `posthorn reports`: what other servers report about mail in a domain's name.

use std::collections::BTreeMap;
use std::fs;
use std::net::{IpAddr, SocketAddr};
use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use futures_util::future::join_all;
use posthorn_base::Domain;
use posthorn_base::lookup::{Kind, Lookup, Record, reverse_name};

use super::ask::{Form, FormArg, ask, order};
use super::failure::Failure;
use super::names;
use crate::admin::{ReportedView, ReportsRequest, Request, Response, Text};
use crate::output;

/// Who sends mail in a domain's name, as other servers report it, and whether the policy may be tightened.
///
/// Reports come by themselves once the records of `posthorn dns records` are published: they name an address at
/// the domain that this server reads itself. With --read a file is kept that came another way.
#[derive(Debug, clap::Args)]
#[command(
    after_long_help = "Examples:\n  posthorn reports example.org\n  posthorn reports example.org --days 90 --json\n  \
        posthorn reports example.org --read report.xml.gz"
)]
pub(super) struct Args {
    #[command(flatten)]
    form: FormArg,
    /// The domain.
    domain: Domain,
    /// How many days to look back.
    #[arg(long, default_value_t = 30)]
    days: u32,
    /// Keep this report first: XML, gzip, zip, JSON or a whole mail.
    #[arg(long, value_name = "FILE")]
    read: Vec<PathBuf>,
    /// Ask this name server for the names of addresses.
    #[arg(long, value_name = "IP:PORT")]
    resolver: Option<SocketAddr>,
}

pub(super) fn run(config: Option<&Path>, args: Args) -> Result<(), Failure> {
    let form = args.form.form();
    for file in &args.read {
        keep(config, file, form)?;
    }
    let show = |names| ReportsRequest::Show {
        domain: Text(args.domain.clone()),
        days: args.days,
        names,
    };
    let unnamed = reported(config, show(BTreeMap::new()))?;
    let names = names::with_resolver(config, args.resolver, async |lookup| {
        let asked = unnamed.sources.iter().map(|ip| name(lookup, *ip));
        join_all(asked).await.into_iter().flatten().collect()
    })?;
    let named = reported(config, show(names))?;
    match form {
        Form::Json => output::print_json(&named.summary)?,
        Form::Text => output::print(named.text.trim_end())?,
    }
    Ok(())
}

fn keep(config: Option<&Path>, file: &Path, form: Form) -> Result<(), Failure> {
    let octets = fs::read(file);
    let octets =
        octets.map_err(|cause| Failure::Refused(format!("{} cannot be read: {cause}", file.display())))?;
    let request = ReportsRequest::Keep {
        file: file.display().to_string(),
        octets: STANDARD.encode(octets),
    };
    order(config, Request::Reports(request), form)
}

fn reported(config: Option<&Path>, request: ReportsRequest) -> Result<ReportedView, Failure> {
    let Response::Reported(view) = ask(config, Request::Reports(request))? else {
        return Err(Failure::OtherAnswer);
    };
    Ok(view)
}

async fn name(lookup: &impl Lookup, ip: IpAddr) -> Option<(IpAddr, String)> {
    let found = lookup.ask(&reverse_name(ip), Kind::Ptr).await.ok()?;
    let name = found.iter().find_map(Record::name)?;
    Some((ip, name.to_owned()))
}
