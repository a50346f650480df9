//! The keys that domains sign with: made, published, used, retired. Rotation publishes before it signs and
//! keeps an old key's record until the mail signed with it has expired. Each domain has two selectors per
//! algorithm that take turns: `ed-a` and `ed-b`, `rsa-a` and `rsa-b`.
//!
//! Asks no clock and no DNS: whoever activates a key has seen its record there ([`is_published`]). Signs
//! nothing itself: that is [`posthorn_dkim::Signer`], which a [`Keyring`] holds ready. Whether a domain is
//! ours is not asked here.
//!
//! **Invariant**: a key is `Pending` before it is `Active`, and its record is among [`records`] from the moment
//! it is made until nothing signed with it is under way. A private key is kept only while it signs or will.

mod check;
mod key;
mod keyring;
mod make;
mod records;
mod rotate;
mod schema;
mod secret;
mod sql;

pub use check::check;
pub use key::{Key, KeyState, all, list};
pub use keyring::{Keyring, UnusableKey};
pub use make::{MakeKeysError, NewKey, NewKeys, make};
pub use records::{PublishedKey, is_published, records};
pub use rotate::{
    ActivateError, AddKeysError, LastKey, RemoveKeyError, RetireError, activate, add_pending, remove,
    remove_domain, retire, tidy,
};
pub use schema::SCHEMA;
pub use secret::secret;
pub use sql::STATEMENTS;

#[cfg(test)]
mod fixture;
