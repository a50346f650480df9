//! Keys: what `posthorn dkim` asks for. Whether a key's record stands in the DNS is looked up by whoever asks.

use std::time::Duration;

use posthorn_base::Domain;
use posthorn_runtime::clock;
use posthorn_signing::{Key, LastKey, NewKeys, PublishedKey};
use posthorn_store::{Partition, Tx};

use super::refusal::Refusal;
use super::response::{KeyView, Response};
use super::{Admin, DkimRequest, Text};

/// How long the record of a key that no longer signs must stay: mail is under way for days, and receivers
/// look again later.
pub(crate) const KEEP_FOR: Duration = Duration::from_secs(14 * 24 * 60 * 60);

pub(super) fn execute(admin: &Admin, request: DkimRequest) -> Result<Response, Refusal> {
    match request {
        DkimRequest::List(domain) => list(admin, domain.map(|text| text.0)),
        DkimRequest::Add(Text(domain)) => add(admin, &domain),
        DkimRequest::Activate {
            domain: Text(domain),
            selector,
        } => activate(admin, domain, selector),
        DkimRequest::Retire {
            domain: Text(domain),
            selector,
            even_last,
        } => {
            let last = if even_last {
                LastKey::Allow
            } else {
                LastKey::Refuse
            };
            retire(admin, domain, selector, last)
        }
    }
}

fn list(admin: &Admin, domain: Option<Domain>) -> Result<Response, Refusal> {
    let keys = admin
        .store
        .read(move |tx| {
            let Some(domain) = &domain else {
                return Ok(posthorn_signing::all(tx)?);
            };
            if posthorn_accounts::is_local_domain(tx, domain)? {
                Ok(posthorn_signing::list(tx, domain)?)
            } else {
                Err(Refusal::NotOurDomain(domain.clone()))
            }
        })
        .wait()?;
    Ok(Response::Keys(keys.iter().map(view).collect()))
}

/// Makes keys for a domain; they sign once their records are published.
fn add(admin: &Admin, domain: &Domain) -> Result<Response, Refusal> {
    // Outside of the transaction: it takes a while.
    let keys = posthorn_signing::make()?;
    let (name, now) = (domain.clone(), clock::wall());
    admin
        .store
        .write(Partition::Directory, move |tx| {
            if posthorn_accounts::is_local_domain(tx, &name)? {
                posthorn_signing::add_pending(tx, &name, &keys, now)?;
                Ok(())
            } else {
                Err(Refusal::NotOurDomain(name.clone()))
            }
        })
        .wait()?;
    list(admin, Some(domain.clone()))
}

/// The keys of a domain that has just become ours.
pub(super) fn first_keys(tx: &mut Tx<'_>, domain: &Domain, keys: &NewKeys) -> Result<(), Refusal> {
    posthorn_signing::add_pending(tx, domain, keys, clock::wall())?;
    Ok(())
}

fn activate(admin: &Admin, domain: Domain, selector: String) -> Result<Response, Refusal> {
    let said = format!("{selector} signs the mail of {domain} now");
    admin
        .store
        .write(Partition::Directory, move |tx| {
            posthorn_signing::activate(tx, &domain, &selector, clock::wall(), KEEP_FOR).map_err(Refusal::from)
        })
        .wait()?;
    admin.tell_domains_changed();
    Ok(Response::Done(said))
}

fn retire(admin: &Admin, domain: Domain, selector: String, last: LastKey) -> Result<Response, Refusal> {
    let said = format!("{selector} no longer signs the mail of {domain}; its record must stay for now");
    admin
        .store
        .write(Partition::Directory, move |tx| {
            let now = clock::wall();
            posthorn_signing::retire(tx, &domain, &selector, last, now, KEEP_FOR).map_err(Refusal::from)
        })
        .wait()?;
    admin.tell_domains_changed();
    Ok(Response::Done(said))
}

fn view(key: &Key) -> KeyView {
    let published = PublishedKey::of(key);
    KeyView {
        domain: key.domain.to_string(),
        selector: key.selector.clone(),
        algorithm: key.algorithm.name().to_owned(),
        state: key.state.name().to_owned(),
        made_at: key.made_at.to_rfc3339(),
        since: published.as_ref().map(|key| key.since.to_rfc3339()),
        keep_until: key.keep_until.map(|until| until.to_rfc3339()),
        name: published.as_ref().map(|key| key.name.clone()),
        value: published.map(|key| key.value),
    }
}
