//! The tables, as versions that are only added to.

use posthorn_store::Component;

/// The tables of this crate, for [`posthorn_store::Store::open`].
pub const SCHEMA: Component = Component {
    name: "signing",
    migrations: &[VERSION_1],
    blob_references: &[],
};

/// `algorithm` is `rsa` or `ed25519`; `state` is `pending`, `active`, `retiring` or `retired`. `private_key` is
/// DER (PKCS#1 for RSA, PKCS#8 for Ed25519) and NULL as soon as the key signs no more; `public_key` is what
/// `p=` holds, before base64. `last_signed_at`: nothing was signed with it later.
const VERSION_1: &[&str] = &[
    "CREATE TABLE dkim_key (
        domain TEXT NOT NULL, selector TEXT NOT NULL, algorithm TEXT NOT NULL,
        private_key BYTEA, public_key BYTEA NOT NULL, state TEXT NOT NULL,
        made_at BIGINT NOT NULL, activated_at BIGINT, last_signed_at BIGINT, keep_until BIGINT,
        PRIMARY KEY (domain, selector))",
    "CREATE TABLE server_secret (name TEXT NOT NULL, secret BYTEA NOT NULL, PRIMARY KEY (name))",
];
