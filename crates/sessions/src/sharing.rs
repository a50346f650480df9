//! Sharing a mailbox, by the addresses that people know: what IMAP's SETACL and the command line both do.
//! Identifiers are addresses of accounts of this server and `anyone`, each also behind a `-` (RFC 4314).

use std::cell::Cell;

use posthorn_base::{AccountId, AclChange, Address, MailboxId};
use posthorn_imap::types::mailbox::OTHER_USERS;
use posthorn_mailbox::{self as mailbox, Effect, Grantee, Identifier, MailboxError, Sharing};
use posthorn_store::{Partition, Pending, Store, Tx};

const ANYONE: &str = "anyone";

/// The name under which others see a mailbox of the account with that address.
#[must_use]
pub fn name_for_others(owner: &Address, name: &str) -> String {
    format!("{OTHER_USERS}{owner}/{name}")
}

/// Lets pass whose address can stand in a mailbox name as one level of it; nobody else can share.
///
/// # Errors
/// [`MailboxError::BadName`].
pub fn require_nameable(owner: &Address) -> Result<(), MailboxError> {
    if owner.to_string().contains(['/', '%', '*']) {
        return Err(MailboxError::BadName(
            "an address with /, * or % cannot stand in the name of a shared mailbox",
        ));
    }
    Ok(())
}

/// What an identifier means; `None`: nobody.
///
/// # Errors
/// When the store fails.
pub fn identifier(tx: &Tx<'_>, text: &str) -> Result<Option<Identifier>, MailboxError> {
    let (effect, whom) = match text.strip_prefix('-') {
        Some(whom) => (Effect::Denies, whom),
        None => (Effect::Grants, text),
    };
    let grantee = if whom == ANYONE {
        Some(Grantee::Anyone)
    } else if let Ok(address) = Address::parse(whom) {
        let account = posthorn_accounts::find_account(tx, &address)?;
        account.map(|account| Grantee::Account(account.id))
    } else {
        None
    };
    Ok(grantee.map(|grantee| Identifier { grantee, effect }))
}

/// An identifier as people write it; `None` for an account that is just being removed.
///
/// # Errors
/// When the store fails.
pub fn identifier_text(tx: &Tx<'_>, identifier: Identifier) -> Result<Option<String>, MailboxError> {
    let whom = match identifier.grantee {
        Grantee::Anyone => Some(ANYONE.to_owned()),
        Grantee::Account(account) => {
            posthorn_accounts::account(tx, account)?.map(|account| account.address.to_string())
        }
    };
    Ok(whom.map(|whom| match identifier.effect {
        Effect::Grants => whom,
        Effect::Denies => format!("-{whom}"),
    }))
}

/// Changes an entry of the access control list of a mailbox, and notes with whom it is about that something is
/// shared with them, or nothing any more. Errors are those of [`mailbox::change_acl`].
pub fn change(
    store: &Store,
    owner: AccountId,
    mailbox: MailboxId,
    identifier: Identifier,
    change: AclChange,
) -> Pending<Vec<()>, MailboxError> {
    let grantee = identifier.grantee;
    let partitions = vec![Partition::Account(owner), Partition::Account(grantee.partition())];
    // The first transaction tells the second.
    let sharing = Cell::new(Sharing::None);
    store.write_group(partitions, move |tx, part| {
        if part > 0 {
            return mailbox::set_sharing(tx, grantee, owner, sharing.get());
        }
        sharing.set(mailbox::change_acl(tx, owner, mailbox, identifier, change)?);
        Ok(())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_has_a_separator_or_a_wildcard_in_the_address_cannot_share() {
        let may_share = |address: &str| require_nameable(&Address::parse(address).unwrap()).is_ok();
        assert!(may_share("anna@x.test"));
        for address in ["a/b@x.test", "a*b@x.test", "a%b@x.test"] {
            assert!(!may_share(address), "{address}");
        }
    }
}
