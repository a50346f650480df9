//! `posthorn dns`: which records a domain needs, and whether it has them.

mod probe;

use std::net::SocketAddr;
use std::path::Path;

use posthorn_base::Domain;
use posthorn_base::lookup::{Kind, Lookup, Record};
use posthorn_config::Settings;
use posthorn_doctor::{
    Key, MtaSts, MtaStsMode, Plan, Question, Service, Wanted, check, compare, present, public_key_sha256,
    records, to_json, to_text, zone,
};
use posthorn_runtime::clock;

use super::ask::{Form, FormArg};
use super::failure::Failure;
use super::names::{self, Asking};
use super::{dkim, settings};
use crate::admin::KeyView;
use crate::output;
use probe::Connecting;

/// Columns of a line, where the screen has as many.
const WIDTH: usize = 100;

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[command(flatten)]
    form: FormArg,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    /// Show every record that a domain of ours needs, with a sentence on what it is for.
    ///
    /// What is in the DNS already is kept: an SPF record is added to, a DMARC record stays.
    #[command(
        after_long_help = "Examples:\n  posthorn dns records example.org\n  posthorn dns records example.org --zone"
    )]
    Records {
        /// The domain.
        domain: Domain,
        /// Print a zone file.
        #[arg(long, conflicts_with = "json")]
        zone: bool,
        /// Who issues the certificates, for a CAA record: letsencrypt.org.
        #[arg(long, value_name = "NAME")]
        issuer: Option<String>,
        /// Ask this name server what is there already.
        #[arg(long, value_name = "IP:PORT")]
        resolver: Option<SocketAddr>,
    },
    /// Examine the records of any domain, hosted here or not, at its own name servers.
    ///
    /// The exit status is 0 when nothing is lost and nothing can be forged (there may be advice), 1 when the
    /// domain can be forged, 2 when mail can be lost.
    #[command(
        after_long_help = "Examples:\n  posthorn dns check example.org\n  posthorn dns check example.org --selector 2026a --json"
    )]
    Check {
        /// The domain.
        domain: Domain,
        /// A DKIM key that must be there; may be given several times.
        #[arg(long, value_name = "NAME")]
        selector: Vec<String>,
        /// Ask this name server instead of the domain's own.
        #[arg(long, value_name = "IP:PORT")]
        resolver: Option<SocketAddr>,
        /// Look at the DNS only, connect to no mail server.
        #[arg(long)]
        dns_only: bool,
    },
}

pub(super) fn run(config: Option<&Path>, args: Args) -> Result<(), Failure> {
    let form = args.form.form();
    match args.command {
        Command::Records {
            domain,
            zone,
            issuer,
            resolver,
        } => {
            let shape = if zone { Shape::Zone } else { Shape::of(form) };
            show_records(config, &domain, shape, issuer, resolver)
        }
        Command::Check {
            domain,
            selector,
            resolver,
            dns_only,
        } => {
            let ours = hosted(config, &domain);
            let checkup = names::with(config, resolver, async |lookup| {
                let ours = match ours {
                    Some((settings, keys)) => Some(plan(lookup, &settings, &domain, &keys).await),
                    None => None,
                };
                let question = Question {
                    selectors: selector,
                    ours,
                    ..Question::new(domain, clock::wall())
                };
                let probe = Connecting::new(lookup, !dns_only, resolver.is_none());
                check(lookup, &probe, &question).await
            })?;
            match form {
                Form::Json => output::print_json(&checkup.to_json())?,
                Form::Text => output::print(checkup.to_text(output::columns().min(WIDTH)).trim_end())?,
            }
            match checkup.exit_status() {
                0 => Ok(()),
                status => Err(Failure::Found(status)),
            }
        }
    }
}

/// How the records are shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Shape {
    Text,
    Zone,
    Json,
}

impl Shape {
    fn of(form: Form) -> Self {
        match form {
            Form::Text => Self::Text,
            Form::Json => Self::Json,
        }
    }
}

fn show_records(
    config: Option<&Path>,
    domain: &Domain,
    shape: Shape,
    issuer: Option<String>,
    resolver: Option<SocketAddr>,
) -> Result<(), Failure> {
    let keys = dkim::list(config, Some(domain.clone()))?;
    let settings = settings::load(config)?;
    let (wanted, present) = names::with(config, resolver, async |lookup| {
        let mut plan = plan(lookup, &settings, domain, &keys).await;
        plan.certificate_issuer = issuer;
        let present = present(lookup, domain).await;
        present.put_into(&mut plan);
        let mut wanted: Vec<Wanted> = records(&plan);
        compare(lookup, &mut wanted).await;
        (wanted, present)
    })?;
    for unanswered in &present.unanswered {
        output::complain(&format!("warning: {unanswered}"));
    }
    if shape == Shape::Zone && !present.unanswered.is_empty() {
        return Err(Failure::Refused(
            "no zone is printed: it could replace records that are there and could not be read; try again"
                .to_owned(),
        ));
    }
    match shape {
        Shape::Text => output::print(to_text(&wanted, domain, output::columns().min(WIDTH)).trim_end())?,
        Shape::Zone => output::print(zone(&wanted, domain, &present.name_servers).trim_end())?,
        Shape::Json => output::print_json(&to_json(&wanted, domain))?,
    }
    Ok(())
}

/// What is known of a domain that is hosted here; `None` for everybody else's, and where no settings are.
fn hosted(config: Option<&Path>, domain: &Domain) -> Option<(Settings, Vec<KeyView>)> {
    let settings = settings::load(config).ok()?;
    let keys = dkim::list(config, Some(domain.clone())).ok()?;
    Some((settings, keys))
}

/// What the records of a domain of ours follow from.
async fn plan(lookup: &Asking, settings: &Settings, domain: &Domain, keys: &[KeyView]) -> Plan {
    let mut plan = Plan::new(domain.clone(), settings.hostname.clone());
    let host = settings.hostname.as_str();
    for kind in [Kind::A, Kind::Aaaa] {
        let found = lookup.ask(host, kind).await;
        let addresses = found.iter().flat_map(|records| records.iter());
        plan.addresses.extend(addresses.filter_map(Record::address));
    }
    plan.keys = keys.iter().filter_map(key).collect();
    plan.public_key_sha256 = own_certificate(settings).as_deref().and_then(public_key_sha256);
    plan.serves_settings = !settings.listen.http.is_empty();
    if plan.serves_settings {
        plan.mta_sts = Some(MtaSts {
            id: policy_id(&settings.hostname),
            mode: MtaStsMode::Testing,
        });
    }
    let listen = &settings.listen;
    let services = [
        (Service::Submissions, &listen.submissions),
        (Service::Submission, &listen.submission),
        (Service::Imaps, &listen.imaps),
        (Service::Pop3s, &listen.pop3s),
    ];
    let port = |(service, addresses): (Service, &Vec<SocketAddr>)| {
        // 0 is whatever is free when the server starts: nothing that a record could name.
        let ports = addresses.iter().map(SocketAddr::port);
        ports.filter(|port| *port != 0).map(|port| (service, port)).next()
    };
    plan.services = services.into_iter().filter_map(port).collect();
    plan
}

/// Changes with the policy that our web page gives, which names the host.
fn policy_id(hostname: &Domain) -> String {
    let letters = hostname.as_str().chars().filter(char::is_ascii_alphanumeric);
    let mut id: String = letters.take(30).collect();
    id.insert(0, 't');
    id
}

fn key(view: &KeyView) -> Option<Key> {
    Some(Key {
        selector: view.selector.clone(),
        value: view.value.clone()?,
        is_pending: view.state == "pending",
    })
}

/// The certificate that is shown to other servers, in DER.
fn own_certificate(settings: &Settings) -> Option<Vec<u8>> {
    let path = settings.tls.certificate.clone();
    let path = path.unwrap_or_else(|| settings.data.join("certificate.pem"));
    posthorn_net::first_certificate(&path)
}
