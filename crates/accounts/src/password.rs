//! Passwords at rest: Argon2id (RFC 9106) for log-ins that send the password, SCRAM keys (RFC 7677) for
//! those that prove it. The password itself is kept nowhere.

use std::hint::black_box;

use argon2::password_hash::PasswordHasher as _;
use argon2::{Algorithm, Argon2, Params, PasswordHash, PasswordVerifier as _, Version};
use posthorn_base::Secret;
use posthorn_sasl::{ITERATIONS, SALT_OCTETS, ScramKeys, prepare};

/// A password is not shorter.
pub const MIN_PASSWORD_CHARACTERS: usize = 8;

/// A password is not longer; hashing must not become work that anybody can order.
pub const MAX_PASSWORD_OCTETS: usize = 1_024;

/// OWASP's password storage sheet: 19 MiB, two passes, one lane.
const MEMORY_KIB: u32 = 19 * 1024;
const PASSES: u32 = 2;
const LANES: u32 = 1;

/// The salt of the hash nobody's password has.
const NOBODYS_SALT: [u8; SALT_OCTETS] = *b"nobody's salt...";

/// What is stored of a password.
#[derive(Clone, PartialEq, Eq)]
pub struct PasswordRecord {
    /// Argon2id as a PHC string (`$argon2id$v=19$…`).
    pub password_hash: String,
    /// For SCRAM-SHA-256.
    pub scram: ScramKeys,
}

impl std::fmt::Debug for PasswordRecord {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("PasswordRecord(…)")
    }
}

/// Random octets for a new password; never use the same ones twice.
#[derive(Clone, Copy, Debug)]
pub struct Salts {
    argon2: [u8; SALT_OCTETS],
    scram: [u8; SALT_OCTETS],
}

impl Salts {
    /// How many random octets are needed.
    pub const OCTETS: usize = 2 * SALT_OCTETS;

    /// Takes the octets a random source gave.
    #[must_use]
    pub fn from_random(octets: &[u8; Self::OCTETS]) -> Self {
        let mut salts = Self {
            argon2: [0; SALT_OCTETS],
            scram: [0; SALT_OCTETS],
        };
        let (argon2, scram) = octets.split_at(SALT_OCTETS);
        salts.argon2.copy_from_slice(argon2);
        salts.scram.copy_from_slice(scram);
        salts
    }
}

/// Why a password is not taken.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PasswordError {
    /// Nothing, or nothing that can be seen.
    #[error("the password is empty; give at least {MIN_PASSWORD_CHARACTERS} characters")]
    Empty,
    /// Fewer than [`MIN_PASSWORD_CHARACTERS`].
    #[error("the password is too short; give at least {MIN_PASSWORD_CHARACTERS} characters")]
    TooShort,
    /// More than [`MAX_PASSWORD_OCTETS`].
    #[error("the password is too long; give at most {MAX_PASSWORD_OCTETS} octets")]
    TooLong,
    /// A line end, a NUL or another control character: RFC 4013 section 2.3, and no line-based log-in
    /// could send it.
    #[error("the password has a control character, which mail programs cannot send; leave it out")]
    ControlCharacter,
    /// It could not be hashed: there is not enough memory.
    #[error("the password could not be hashed: {0}; try again when more memory is free")]
    Hashing(String),
}

impl PasswordRecord {
    /// Computes what is stored of a password. Slow on purpose: tens of milliseconds and 19 MiB.
    ///
    /// # Errors
    /// See [`PasswordError`].
    pub fn new(password: &Secret<String>, salts: &Salts) -> Result<Self, PasswordError> {
        if password.declassify().len() > MAX_PASSWORD_OCTETS {
            return Err(PasswordError::TooLong);
        }
        let prepared = prepare(password.declassify());
        if prepared.trim().is_empty() {
            return Err(PasswordError::Empty);
        }
        if prepared.chars().count() < MIN_PASSWORD_CHARACTERS {
            return Err(PasswordError::TooShort);
        }
        if prepared.chars().any(char::is_control) {
            return Err(PasswordError::ControlCharacter);
        }
        let password_hash = hash(&prepared, &salts.argon2)
            .map_err(|cause| PasswordError::Hashing(cause.to_string()))?
            .to_string();
        Ok(Self {
            password_hash,
            scram: ScramKeys::derive(&prepared, &salts.scram, ITERATIONS),
        })
    }
}

/// Is this the password of a stored hash? Slow on purpose. `false` also for a hash that cannot be read;
/// [`crate::check`] reports that.
#[must_use]
pub fn verify(password_hash: &str, password: &Secret<String>) -> bool {
    let Some(prepared) = candidate(password) else {
        return false;
    };
    let Ok(stored) = PasswordHash::new(password_hash) else {
        return false;
    };
    // The cost is the one in the stored hash, so that it can be raised for new passwords.
    Argon2::default()
        .verify_password(prepared.as_bytes(), &stored)
        .is_ok()
}

/// Spends the time [`verify`] would, for a user there is not: otherwise the time of the answer would tell
/// which users there are.
pub fn verify_nobody(password: &Secret<String>) {
    if let Some(prepared) = candidate(password) {
        // Without memory there is no hash; then nobody else's is checked either.
        drop(black_box(hash(black_box(&prepared), &NOBODYS_SALT)));
    }
}

/// Can a stored hash be used?
pub(crate) fn is_readable(password_hash: &str) -> bool {
    PasswordHash::new(password_hash).is_ok_and(|hash| {
        hash.algorithm == argon2::ARGON2ID_IDENT && hash.salt.is_some() && hash.hash.is_some()
    })
}

/// The form that is hashed; `None` for what no stored password can be.
fn candidate(password: &Secret<String>) -> Option<std::borrow::Cow<'_, str>> {
    let text = password.declassify();
    (text.len() <= MAX_PASSWORD_OCTETS).then(|| prepare(text))
}

fn hash(prepared: &str, salt: &[u8]) -> Result<PasswordHash, argon2::password_hash::Error> {
    let params = Params::new(MEMORY_KIB, PASSES, LANES, None)?;
    Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
        .hash_password_with_salt(prepared.as_bytes(), salt)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::{PASSWORD, password};

    fn secret(text: &str) -> Secret<String> {
        Secret::new(text.to_owned())
    }

    fn new(text: &str) -> Result<PasswordRecord, PasswordError> {
        PasswordRecord::new(&secret(text), &Salts::from_random(&[1; Salts::OCTETS]))
    }

    #[test]
    fn only_the_right_password_is_verified() {
        let record = new(PASSWORD).unwrap();
        let hash = &record.password_hash;
        assert!(verify(hash, &secret(PASSWORD)));
        for wrong in ["", "correct hors", "correct horse ", "Correct horse"] {
            assert!(!verify(hash, &secret(wrong)), "{wrong}");
        }
        assert!(!verify(hash, &secret(&PASSWORD.repeat(100))));
    }

    #[test]
    fn a_new_hash_has_the_cost_it_should_and_nobody_s_is_the_same() {
        let record = new(PASSWORD).unwrap();
        let cost = "$argon2id$v=19$m=19456,t=2,p=1$";
        assert!(record.password_hash.starts_with(cost), "{}", record.password_hash);
        assert!(is_readable(&record.password_hash));
        assert!(record.scram.iterations >= 4_096);
        let nobody = hash(PASSWORD, &NOBODYS_SALT).unwrap().to_string();
        assert!(nobody.starts_with(cost), "{nobody}");
        assert_eq!(nobody.len(), record.password_hash.len());
    }

    #[test]
    fn the_cost_in_the_stored_hash_counts() {
        let cheap = &password().password_hash;
        assert!(cheap.contains("$m=64,t=1,p=1$"), "{cheap}");
        assert!(verify(cheap, &secret(PASSWORD)));
        assert!(!verify(cheap, &secret("wrong horse")));
    }

    #[test]
    fn the_scram_keys_are_those_of_the_password_and_its_own_salt() {
        let mut octets = [1; Salts::OCTETS];
        octets[SALT_OCTETS..].fill(2);
        let record = PasswordRecord::new(&secret(PASSWORD), &Salts::from_random(&octets)).unwrap();
        assert_eq!(
            record.scram,
            ScramKeys::derive(PASSWORD, &[2; SALT_OCTETS], ITERATIONS)
        );
        let other = PasswordRecord::new(&secret(PASSWORD), &Salts::from_random(&[2; 32])).unwrap();
        assert_ne!(record.password_hash, other.password_hash);
    }

    #[test]
    fn spellings_that_sasl_takes_as_one_are_one_password() {
        let record = new("correct\u{a0}hor\u{ad}se").unwrap();
        assert!(verify(&record.password_hash, &secret(PASSWORD)));
    }

    #[test]
    fn bad_passwords_are_refused_with_the_reason() {
        let too_long = "x".repeat(MAX_PASSWORD_OCTETS + 1);
        let cases = [
            ("", PasswordError::Empty),
            ("\u{ad}\u{200b}\u{feff}", PasswordError::Empty),
            ("          ", PasswordError::Empty),
            ("short12", PasswordError::TooShort),
            // Seven characters of more than one octet each.
            ("äöüßäöü", PasswordError::TooShort),
            ("correct\nhorse", PasswordError::ControlCharacter),
            ("correct\0horse", PasswordError::ControlCharacter),
            (too_long.as_str(), PasswordError::TooLong),
        ];
        for (text, reason) in cases {
            assert_eq!(new(text), Err(reason), "{text:?}");
        }
        assert!(new("eight888").is_ok());
        assert!(new(&"x".repeat(MAX_PASSWORD_OCTETS)).is_ok());
    }

    #[test]
    fn a_damaged_hash_verifies_nothing() {
        for damaged in ["", "x", "$argon2id$", "$argon2id$v=19$m=19456,t=2,p=1$"] {
            assert!(!verify(damaged, &secret(PASSWORD)), "{damaged}");
            assert!(!is_readable(damaged), "{damaged}");
        }
    }

    #[test]
    fn the_record_does_not_show_in_debug_output() {
        assert_eq!(format!("{:?}", password()), "PasswordRecord(…)");
    }
}
