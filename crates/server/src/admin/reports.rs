//! Reports: what `posthorn reports` asks for.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use posthorn_base::Domain;
use posthorn_reports::{Carrier, Kept, Limits, Sending, read_file};
use posthorn_runtime::clock;
use posthorn_store::Partition;

use super::refusal::Refusal;
use super::response::{ReportedView, Response};
use super::{Admin, ReportsRequest, Text};

const DAY: Duration = Duration::from_secs(24 * 60 * 60);
/// Columns of a line on the screen.
const WIDTH: usize = 100;

pub(super) fn execute(admin: &Admin, request: ReportsRequest) -> Result<Response, Refusal> {
    match request {
        ReportsRequest::Show {
            domain: Text(domain),
            days,
            names,
        } => show(admin, domain, days, names),
        ReportsRequest::Send {
            domain: Text(domain),
            on,
        } => send(admin, domain, on),
        ReportsRequest::Keep { file, octets } => keep(admin, &file, &octets),
    }
}

fn show(
    admin: &Admin,
    domain: Domain,
    days: u32,
    names: BTreeMap<IpAddr, String>,
) -> Result<Response, Refusal> {
    let now = clock::wall();
    let since = now.minus(DAY.saturating_mul(days));
    let summary = admin
        .store
        .read(move |tx| {
            if posthorn_accounts::is_local_domain(tx, &domain)? {
                Ok(posthorn_reports::summary(tx, &domain, since, now, &names)?)
            } else {
                Err(Refusal::NotOurDomain(domain.clone()))
            }
        })
        .wait()?;
    Ok(Response::Reported(ReportedView {
        text: summary.to_text(WIDTH),
        sources: summary.addresses(),
        summary: serde_json::to_value(&summary).unwrap_or_default(),
    }))
}

fn send(admin: &Admin, domain: Domain, on: bool) -> Result<Response, Refusal> {
    let (said, sending) = if on {
        (format!("{domain} reports daily on the mail it gets"), Sending::On)
    } else {
        (format!("{domain} sends no reports"), Sending::Off)
    };
    admin
        .store
        .write(Partition::Directory, move |tx| {
            if posthorn_accounts::is_local_domain(tx, &domain)? {
                Ok(posthorn_reports::set_sending(tx, &domain, sending)?)
            } else {
                Err(Refusal::NotOurDomain(domain.clone()))
            }
        })
        .wait()?;
    admin.tell_domains_changed();
    Ok(Response::Done(said))
}

fn keep(admin: &Admin, file: &str, octets: &str) -> Result<Response, Refusal> {
    let octets = STANDARD.decode(octets).unwrap_or_default();
    let found = read_file(file, &octets, &Limits::default()).map_err(|why| Refusal::NoReport {
        file: file.to_owned(),
        why,
    })?;
    let (count, now) = (found.len(), clock::wall());
    let kept = admin
        .store
        .write(Partition::Directory, move |tx| {
            let ours: Vec<Domain> = posthorn_accounts::domains(tx)?
                .into_iter()
                .map(|entry| entry.domain)
                .collect();
            let keep = |report| posthorn_reports::keep(tx, report, &Carrier::File, &ours, now);
            Ok::<_, Refusal>(found.iter().map(keep).collect::<Result<Vec<Kept>, _>>()?)
        })
        .wait()?;
    let new = kept.iter().filter(|outcome| **outcome == Kept::New).count();
    if let (0, Some(first)) = (new, kept.first()) {
        return Err(Refusal::NotKept {
            file: file.to_owned(),
            why: why(*first),
        });
    }
    Ok(Response::Done(match count {
        1 => format!("{file} is kept"),
        _ => format!("{file}: {new} of its {count} reports are new"),
    }))
}

/// Why a report was not kept.
fn why(outcome: Kept) -> &'static str {
    match outcome {
        Kept::New => "it is new",
        Kept::Repeated => "it was kept before",
        Kept::Foreign => "it is about none of our domains; `posthorn domain list` shows those",
        Kept::TooOld => "it is about a time more than 400 days ago, and such reports are not kept",
        Kept::Full => "its domain has as many reports as are kept",
    }
}
