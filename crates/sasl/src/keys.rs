//! The keys a server stores for SCRAM (RFC 5802 section 3), and the arithmetic both sides share.

use std::fmt;

use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::{Digest as _, Sha256};

use crate::prepare::prepare;

/// The iteration count for new passwords, and of made-up keys. RFC 7677 section 4: at least 4096, some
/// 15,000 where clients can bear it. One number for all accounts, or the made-up ones would stand out.
pub const ITERATIONS: u32 = 15_000;

/// Octets of the salt for new passwords, and of made-up keys.
pub const SALT_OCTETS: usize = 16;

/// What a server stores of a password for SCRAM-SHA-256. Whoever has it can test guesses, but cannot
/// log in with it.
#[derive(Clone, PartialEq, Eq)]
pub struct ScramKeys {
    /// Random octets, per password.
    pub salt: Vec<u8>,
    /// Rounds of PBKDF2.
    pub iterations: u32,
    /// Checks the client's proof.
    pub stored_key: [u8; 32],
    /// Signs the server's own proof.
    pub server_key: [u8; 32],
}

impl fmt::Debug for ScramKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ScramKeys(…)")
    }
}

impl ScramKeys {
    /// Computes the keys of a password; it is prepared with [`prepare`] here. Slow on purpose.
    #[must_use]
    pub fn derive(password: &str, salt: &[u8], iterations: u32) -> Self {
        let salted = salted_password(password, salt, iterations);
        Self {
            salt: salt.to_vec(),
            iterations,
            stored_key: sha256(&client_key(&salted)),
            server_key: server_key(&salted),
        }
    }
}

/// Keys no password fits, the same for the same user every time, so that an unknown user looks like a
/// known one. `secret` is random and stays the same for the installation.
#[must_use]
pub fn made_up_keys(secret: &[u8], user: &str) -> ScramKeys {
    let secret = sha256(secret);
    // Addresses compare without regard to case; two spellings must not get two salts.
    let user = user.to_lowercase();
    let part = |label: &str| hmac(&secret, format!("{label}\0{user}").as_bytes());
    ScramKeys {
        salt: part("salt").into_iter().take(SALT_OCTETS).collect(),
        iterations: ITERATIONS,
        stored_key: part("stored"),
        server_key: part("server"),
    }
}

/// `SaltedPassword := Hi(Normalize(password), salt, i)`.
pub(crate) fn salted_password(password: &str, salt: &[u8], iterations: u32) -> [u8; 32] {
    pbkdf2::pbkdf2_hmac_array::<Sha256, 32>(prepare(password).as_bytes(), salt, iterations)
}

/// `ClientKey := HMAC(SaltedPassword, "Client Key")`.
pub(crate) fn client_key(salted: &[u8; 32]) -> [u8; 32] {
    hmac(salted, b"Client Key")
}

/// `ServerKey := HMAC(SaltedPassword, "Server Key")`.
pub(crate) fn server_key(salted: &[u8; 32]) -> [u8; 32] {
    hmac(salted, b"Server Key")
}

/// `HMAC(key, message)` with SHA-256.
pub(crate) fn hmac(key: &[u8; 32], message: &[u8]) -> [u8; 32] {
    // HMAC pads a short key with zeros to its block of 64 octets; a key of that size cannot be refused.
    let mut block = [0; 64];
    for (to, from) in block.iter_mut().zip(key) {
        *to = *from;
    }
    let mut mac = Hmac::<Sha256>::new(&block.into());
    mac.update(message);
    mac.finalize().into_bytes().into()
}

/// `H(octets)`.
pub(crate) fn sha256(octets: &[u8]) -> [u8; 32] {
    Sha256::digest(octets).into()
}

/// `a XOR b`.
pub(crate) fn xor(mut a: [u8; 32], b: &[u8; 32]) -> [u8; 32] {
    for (x, y) in a.iter_mut().zip(b) {
        *x ^= *y;
    }
    a
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hmac_matches_rfc_4231_case_1() {
        let mut key = [0; 32];
        key[..20].fill(0x0b);
        // Trailing zeros of the key change nothing: the block is padded with zeros anyway.
        assert_eq!(hmac(&key, b"Hi There")[..4], [0xb0, 0x34, 0x4c, 0x61]);
    }

    #[test]
    fn made_up_keys_are_stable_and_differ_by_user_and_secret() {
        let keys = made_up_keys(b"s", "ann@example.org");
        assert_eq!(keys, made_up_keys(b"s", "Ann@Example.ORG"));
        assert_ne!(keys, made_up_keys(b"s", "bob@example.org"));
        assert_ne!(keys, made_up_keys(b"t", "ann@example.org"));
        assert_eq!((keys.salt.len(), keys.iterations), (SALT_OCTETS, ITERATIONS));
    }

    #[test]
    fn keys_do_not_show_in_debug_output() {
        assert_eq!(format!("{:?}", made_up_keys(b"s", "u")), "ScramKeys(…)");
    }
}
