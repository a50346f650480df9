//! Accounts: what `posthorn account` asks for. An account is two things that live and die together, its
//! entry in the directory and its mail storage.

use posthorn_accounts::{Account, AccountState, Forwarding, NewAccount, PasswordRecord};
use posthorn_base::{AccountId, Address, Domain};
use posthorn_mailbox::{MailboxError, Usage};
use posthorn_runtime::clock;
use posthorn_store::{Partition, Tx};

use super::refusal::Refusal;
use super::response::{AccountView, Response};
use super::{AccountRequest, Admin, HashedPassword, Text};
use crate::output;

pub(super) fn execute(admin: &Admin, request: AccountRequest) -> Result<Response, Refusal> {
    match request {
        AccountRequest::Add {
            address: Text(address),
            password: HashedPassword(password),
            quota_octets,
        } => add(admin, address, password, quota_octets),
        AccountRequest::Remove(Text(address)) => remove(admin, &address),
        AccountRequest::List { domain } => list(admin, domain.map(|text| text.0)),
        AccountRequest::SetPassword {
            address: Text(address),
            password: HashedPassword(password),
        } => set_password(admin, address, password),
        AccountRequest::SetQuota {
            address: Text(address),
            quota_octets,
        } => set_quota(admin, &address, quota_octets),
        AccountRequest::Forward {
            address: Text(address),
            targets,
            keeps_copy,
        } => {
            let targets = targets.into_iter().map(|text| text.0).collect();
            forward(admin, address, Forwarding { targets, keeps_copy })
        }
        AccountRequest::Enable(Text(address)) => set_state(admin, address, AccountState::Active),
        AccountRequest::Disable(Text(address)) => set_state(admin, address, AccountState::Disabled),
    }
}

/// The account's id is born inside the transaction, so its own partition cannot be named beforehand: entry
/// and mail storage are made in one transaction of the directory. Nobody else can touch the storage of an
/// account that is not there yet.
fn add(admin: &Admin, address: Address, password: PasswordRecord, quota: u64) -> Result<Response, Refusal> {
    let said = format!("the account {address} is there now");
    let now = clock::wall();
    admin
        .store
        .write(Partition::Directory, move |tx| {
            let new = NewAccount {
                address: &address,
                password: &password,
                now,
            };
            let id = posthorn_accounts::add_account(tx, &new)?;
            posthorn_mailbox::create_account(tx, id, quota, now)?;
            Ok::<_, Refusal>(())
        })
        .wait()?;
    Ok(Response::Done(said))
}

fn remove(admin: &Admin, address: &Address) -> Result<Response, Refusal> {
    let id = id_of(admin, address)?;
    let key = address.lookup_key();
    let partners = admin.store.read(move |tx| posthorn_mailbox::partners(tx, id));
    let partners = partners.wait().map_err(Refusal::from)?;
    let mut partitions = vec![Partition::Directory, Partition::Account(id)];
    partitions.extend(partners.iter().copied().map(Partition::Account));
    let removed = admin.store.write_group(partitions, move |tx, part| match part {
        0 => {
            posthorn_accounts::remove_account(tx, id)?;
            posthorn_correspondents::forget_own_names(tx, &key).map_err(Refusal::from)
        }
        // Others no longer share anything with it, nor it with them.
        2.. => {
            let partner = partners.get(part - 2).copied().unwrap_or(id);
            posthorn_mailbox::forget_shared(tx, partner, id).map_err(Refusal::from)
        }
        _ => {
            posthorn_mailbox::remove_account(tx, id)?;
            posthorn_search::remove_account(tx, id)?;
            posthorn_correspondents::forget_account(tx, id).map_err(Refusal::from)
        }
    });
    removed.wait()?;
    Ok(Response::Done(format!(
        "the account {address} and all its mail are removed"
    )))
}

fn set_password(admin: &Admin, address: Address, password: PasswordRecord) -> Result<Response, Refusal> {
    let said = format!("{address} has the new password now");
    let now = clock::wall();
    admin
        .store
        .write(Partition::Directory, move |tx| {
            let id = find(tx, &address)?;
            posthorn_accounts::set_password(tx, id, &password, now).map_err(Refusal::from)
        })
        .wait()?;
    Ok(Response::Done(said))
}

fn set_state(admin: &Admin, address: Address, state: AccountState) -> Result<Response, Refusal> {
    let said = match state {
        AccountState::Active => format!("{address} can log in"),
        AccountState::Disabled => format!("{address} can no longer log in; its mail still arrives"),
    };
    admin
        .store
        .write(Partition::Directory, move |tx| {
            let id = find(tx, &address)?;
            posthorn_accounts::set_account_state(tx, id, state).map_err(Refusal::from)
        })
        .wait()?;
    Ok(Response::Done(said))
}

fn forward(admin: &Admin, address: Address, forwarding: Forwarding) -> Result<Response, Refusal> {
    let to: Vec<String> = forwarding.targets.iter().map(ToString::to_string).collect();
    let said = match (to.as_slice(), forwarding.keeps_copy) {
        ([], _) => format!("mail for {address} stays in its mailbox"),
        (to, true) => format!("mail for {address} goes to {} too", to.join(", ")),
        (to, false) => format!(
            "mail for {address} goes to {} and no longer into its mailbox",
            to.join(", ")
        ),
    };
    admin
        .store
        .write(Partition::Directory, move |tx| {
            let id = find(tx, &address)?;
            posthorn_accounts::set_forwarding(tx, id, &forwarding).map_err(Refusal::from)
        })
        .wait()?;
    Ok(Response::Done(said))
}

fn set_quota(admin: &Admin, address: &Address, quota_octets: u64) -> Result<Response, Refusal> {
    let id = id_of(admin, address)?;
    let written = admin.store.write(Partition::Account(id), move |tx| {
        posthorn_mailbox::set_quota(tx, id, quota_octets).map_err(Refusal::from)
    });
    written.wait()?;
    Ok(Response::Done(match quota_octets {
        0 => format!("{address} may hold any amount of mail"),
        octets => format!("{address} may hold {} of mail", output::size(octets)),
    }))
}

fn list(admin: &Admin, domain: Option<Domain>) -> Result<Response, Refusal> {
    let accounts = admin
        .store
        .read(move |tx| {
            let mut views = Vec::new();
            for account in posthorn_accounts::list_accounts(tx)? {
                if domain.is_none() || account.address.domain() == domain.as_ref() {
                    let usage = usage(tx, account.id)?;
                    let forwarding = posthorn_accounts::forwarding(tx, &account.address)?;
                    views.push(view(&account, usage, &forwarding));
                }
            }
            Ok::<_, Refusal>(views)
        })
        .wait()?;
    Ok(Response::Accounts(accounts))
}

/// `None` when the storage is missing, which is for the check to complain about.
pub(super) fn usage(tx: &Tx<'_>, id: AccountId) -> Result<Option<Usage>, Refusal> {
    match posthorn_mailbox::usage(tx, id) {
        Ok(usage) => Ok(Some(usage)),
        Err(MailboxError::NoSuchAccount) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

fn view(account: &Account, usage: Option<Usage>, forwarding: &Forwarding) -> AccountView {
    AccountView {
        id: account.id.0,
        address: account.address.to_string(),
        state: match account.state {
            AccountState::Active => "active".to_owned(),
            AccountState::Disabled => "disabled".to_owned(),
        },
        used_octets: usage.map(|usage| usage.used_octets),
        quota_octets: usage.and_then(|usage| usage.quota_octets),
        created_at: account.created_at.to_rfc3339(),
        password_changed_at: account.password_changed_at.to_rfc3339(),
        forwards_to: forwarding.targets.iter().map(ToString::to_string).collect(),
        keeps_copy: forwarding.keeps_copy,
    }
}

fn find(tx: &Tx<'_>, address: &Address) -> Result<AccountId, Refusal> {
    Ok(account(tx, address)?.id)
}

/// The account with that address.
pub(super) fn account(tx: &Tx<'_>, address: &Address) -> Result<Account, Refusal> {
    posthorn_accounts::find_account(tx, address)?.ok_or_else(|| Refusal::NoSuchAccount(address.clone()))
}

fn id_of(admin: &Admin, address: &Address) -> Result<AccountId, Refusal> {
    let address = address.clone();
    admin.store.read(move |tx| find(tx, &address)).wait()
}
