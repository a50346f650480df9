//! Domains: what `posthorn domain` asks for.

use posthorn_base::{Address, Domain};
use posthorn_runtime::clock;
use posthorn_store::Partition;

use super::refusal::Refusal;
use super::response::{DomainView, Response};
use super::{Admin, DomainRequest, Text};

pub(super) fn execute(admin: &Admin, request: DomainRequest) -> Result<Response, Refusal> {
    match request {
        DomainRequest::Add(Text(domain)) => add(admin, domain),
        DomainRequest::Remove(Text(domain)) => remove(admin, domain),
        DomainRequest::List => list(admin),
        DomainRequest::CatchAll { domain, target } => catch_all(admin, domain.0, target.map(|text| text.0)),
    }
}

fn add(admin: &Admin, domain: Domain) -> Result<Response, Refusal> {
    let said = format!("{domain} is one of ours now");
    let now = clock::wall();
    admin
        .store
        .write(Partition::Directory, move |tx| {
            posthorn_accounts::add_domain(tx, &domain, now).map_err(Refusal::from)
        })
        .wait()?;
    Ok(Response::Done(said))
}

fn remove(admin: &Admin, domain: Domain) -> Result<Response, Refusal> {
    let said = format!("{domain} is no longer one of ours");
    admin
        .store
        .write(Partition::Directory, move |tx| {
            posthorn_accounts::remove_domain(tx, &domain).map_err(Refusal::from)
        })
        .wait()?;
    Ok(Response::Done(said))
}

fn list(admin: &Admin) -> Result<Response, Refusal> {
    let domains = admin.store.read(|tx| posthorn_accounts::domains(tx)).wait()?;
    let view = |entry: posthorn_accounts::DomainEntry| DomainView {
        unicode: entry.domain.to_unicode(),
        domain: entry.domain.to_string(),
        catch_all: entry.catch_all.map(|address| address.to_string()),
        created_at: entry.created_at.to_rfc3339(),
    };
    Ok(Response::Domains(domains.into_iter().map(view).collect()))
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
