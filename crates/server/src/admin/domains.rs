//! Domains: what `posthorn domain` asks for.

use posthorn_base::{Address, Domain};
use posthorn_inbound::{read_rules, rules_text};
use posthorn_reports::Sending;
use posthorn_runtime::clock;
use posthorn_store::Partition;

use super::dkim::first_keys;
use super::refusal::Refusal;
use super::response::{DomainView, Response};
use super::{Admin, DomainRequest, Text};

pub(super) fn execute(admin: &Admin, request: DomainRequest) -> Result<Response, Refusal> {
    match request {
        DomainRequest::Add(Text(domain)) => add(admin, domain),
        DomainRequest::Remove(Text(domain)) => remove(admin, domain),
        DomainRequest::List => list(admin),
        DomainRequest::Rules {
            domain: Text(domain),
            rules,
        } => set_rules(admin, domain, rules),
        DomainRequest::CatchAll { domain, target } => catch_all(admin, domain.0, target.map(|text| text.0)),
    }
}

fn add(admin: &Admin, domain: Domain) -> Result<Response, Refusal> {
    let said = format!(
        "{domain} is one of ours now; its DNS records, with keys to sign with: posthorn dns records {domain}"
    );
    let now = clock::wall();
    // Outside of the transaction: making keys takes a while.
    let keys = posthorn_signing::make()?;
    admin
        .store
        .write(Partition::Directory, move |tx| {
            posthorn_accounts::add_domain(tx, &domain, now)?;
            first_keys(tx, &domain, &keys)
        })
        .wait()?;
    admin.tell_domains_changed();
    Ok(Response::Done(said))
}

fn remove(admin: &Admin, domain: Domain) -> Result<Response, Refusal> {
    let said = format!("{domain} is no longer one of ours");
    admin
        .store
        .write(Partition::Directory, move |tx| {
            posthorn_accounts::remove_domain(tx, &domain)?;
            posthorn_signing::remove_domain(tx, &domain)?;
            posthorn_reports::set_sending(tx, &domain, Sending::Off)?;
            posthorn_reports::forget(tx, &domain)?;
            Ok::<_, Refusal>(())
        })
        .wait()?;
    admin.tell_domains_changed();
    Ok(Response::Done(said))
}

fn list(admin: &Admin) -> Result<Response, Refusal> {
    let (domains, reporting) = admin
        .store
        .read(|tx| Ok::<_, Refusal>((posthorn_accounts::domains(tx)?, posthorn_reports::sends(tx)?)))
        .wait()?;
    let view = |entry: posthorn_accounts::DomainEntry| DomainView {
        unicode: entry.domain.to_unicode(),
        domain: entry.domain.to_string(),
        catch_all: entry.catch_all.map(|address| address.to_string()),
        created_at: entry.created_at.to_rfc3339(),
        rules: rules_text(&entry.rules.as_deref().map(read_rules).unwrap_or_default()),
        sends_reports: reporting.contains(&entry.domain),
    };
    Ok(Response::Domains(domains.into_iter().map(view).collect()))
}

fn set_rules(admin: &Admin, domain: Domain, rules: String) -> Result<Response, Refusal> {
    let said = format!("{domain}, for mail that nobody vouches for: {rules}");
    admin
        .store
        .write(Partition::Directory, move |tx| {
            if posthorn_accounts::set_rules(tx, &domain, Some(&rules))? {
                Ok(())
            } else {
                Err(Refusal::NotOurDomain(domain.clone()))
            }
        })
        .wait()?;
    Ok(Response::Done(said))
}

fn catch_all(admin: &Admin, domain: Domain, target: Option<Address>) -> Result<Response, Refusal> {
    let said = match &target {
        Some(target) => format!("mail for unknown addresses in {domain} goes to {target} now"),
        None => format!("mail for unknown addresses in {domain} is refused now"),
    };
    admin
        .store
        .write(Partition::Directory, move |tx| {
            posthorn_accounts::set_catch_all(tx, &domain, target.as_ref()).map_err(Refusal::from)
        })
        .wait()?;
    Ok(Response::Done(said))
}
