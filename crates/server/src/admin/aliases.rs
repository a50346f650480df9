//! Aliases: what `posthorn alias` asks for.

use posthorn_accounts::{Alias, AliasError};
use posthorn_base::{Address, Domain};
use posthorn_store::{Partition, Tx};

use super::refusal::Refusal;
use super::response::{AliasView, Response};
use super::{Admin, AliasRequest, Text};

pub(super) fn execute(admin: &Admin, request: AliasRequest) -> Result<Response, Refusal> {
    match request {
        AliasRequest::Add { address, targets } => {
            set_targets(admin, address.0, targets, posthorn_accounts::add_alias)
        }
        AliasRequest::Change { address, targets } => {
            set_targets(admin, address.0, targets, posthorn_accounts::change_alias)
        }
        AliasRequest::Remove(Text(address)) => remove(admin, address),
        AliasRequest::List { domain } => list(admin, domain.map(|text| text.0)),
    }
}

fn set_targets(
    admin: &Admin,
    address: Address,
    targets: Vec<Text<Address>>,
    set: fn(&mut Tx<'_>, &Address, &[Address]) -> Result<(), AliasError>,
) -> Result<Response, Refusal> {
    let targets: Vec<Address> = targets.into_iter().map(|text| text.0).collect();
    let names: Vec<String> = targets.iter().map(ToString::to_string).collect();
    let said = format!("mail for {address} goes to {} now", names.join(", "));
    admin
        .store
        .write(Partition::Directory, move |tx| {
            set(tx, &address, &targets).map_err(Refusal::from)
        })
        .wait()?;
    Ok(Response::Done(said))
}

fn remove(admin: &Admin, address: Address) -> Result<Response, Refusal> {
    let said = format!("the alias {address} is removed");
    admin
        .store
        .write(Partition::Directory, move |tx| {
            posthorn_accounts::remove_alias(tx, &address).map_err(Refusal::from)
        })
        .wait()?;
    Ok(Response::Done(said))
}

fn list(admin: &Admin, domain: Option<Domain>) -> Result<Response, Refusal> {
    let aliases = admin
        .store
        .read(|tx| posthorn_accounts::list_aliases(tx))
        .wait()?;
    let is_asked_for = |alias: &Alias| domain.is_none() || alias.address.domain() == domain.as_ref();
    let view = |alias: Alias| AliasView {
        address: alias.address.to_string(),
        targets: alias.targets.iter().map(ToString::to_string).collect(),
    };
    Ok(Response::Aliases(
        aliases.into_iter().filter(is_asked_for).map(view).collect(),
    ))
}
