//! Who is here: domains, accounts, addresses, aliases, catch-all addresses, passwords. Answers "is this
//! recipient ours, and whose is it?", "may this account send as that address?" and "is this the
//! password?". All functions work inside a transaction of the caller's, so that several can be one.
//!
//! Asks no clock and no random source: `now` and salts are arguments. Knows nothing of messages and
//! mailboxes; whoever removes an account removes its mailboxes in the same transaction.
//!
//! **Invariant**: every account and every alias has exactly one row in the table `address`, under the
//! address's lookup key, so no address can belong to two. An account's id is never used again.

mod account;
mod alias;
mod check;
mod domain;
mod entry;
mod forwarding;
mod password;
mod proof;
mod resolve;
mod schema;
mod sql;

pub use account::{
    Account, AccountState, AddAccountError, ChangeAccountError, NewAccount, RemoveAccountError, account,
    add_account, find_account, list_accounts, remove_account, set_account_state, set_password,
};
pub use alias::{Alias, AliasError, RemoveAliasError, add_alias, change_alias, list_aliases, remove_alias};
pub use check::check;
pub use domain::{
    AddDomainError, CatchAllError, DomainEntry, RemoveDomainError, add_domain, domains, is_local_domain,
    remove_domain, rules, set_catch_all, set_rules,
};
pub use entry::{AddressHolder, TargetUse};
pub use forwarding::{Forwarding, ForwardingError, forwarding, set_forwarding};
pub use password::{
    MAX_PASSWORD_OCTETS, MIN_PASSWORD_CHARACTERS, PasswordError, PasswordRecord, Salts, verify, verify_nobody,
};
pub use proof::{PROOF_LIFETIME, ProofCache, REMEMBERED_PROOFS};
pub use resolve::{
    AliasFault, DetailSeparator, MAX_ALIAS_DEPTH, MAX_TARGETS, Resolution, Target, may_send_as, resolve,
};
pub use schema::SCHEMA;
pub use sql::STATEMENTS;

#[cfg(test)]
mod fixture;
