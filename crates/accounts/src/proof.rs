//! Proofs of log-ins that have just succeeded, so that a program that logs in for every look into the
//! mailbox does not cost an Argon2 hash each time.
//!
//! A proof is the BLAKE3 hash, under a key that only this process has, of the user, the password and the
//! stored hash. It lives for minutes and in memory only. As the stored hash is part of it, a changed
//! password has no proof. Wrong passwords are not remembered.

use std::collections::{HashMap, VecDeque};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use posthorn_base::Secret;

/// How long a proof counts unless told otherwise.
pub const PROOF_LIFETIME: Duration = Duration::from_secs(5 * 60);

/// Proofs that are kept unless told otherwise; the oldest give way. About a megabyte.
pub const REMEMBERED_PROOFS: usize = 10_000;

type Proof = [u8; 32];

/// The proofs of one process. Threads may share it.
pub struct ProofCache {
    key: Secret<[u8; 32]>,
    lifetime: Duration,
    capacity: usize,
    proofs: Mutex<Proofs>,
}

#[derive(Default)]
struct Proofs {
    /// When each expires.
    expiry: HashMap<Proof, Instant>,
    /// The same in the order they came; one that came twice stands in it twice.
    order: VecDeque<(Proof, Instant)>,
}

impl ProofCache {
    /// An empty cache. `key` is random and new for each start; `capacity` is how many proofs it keeps.
    #[must_use]
    pub fn new(key: Secret<[u8; 32]>, lifetime: Duration, capacity: usize) -> Self {
        Self {
            key,
            lifetime,
            capacity,
            proofs: Mutex::default(),
        }
    }

    /// Did this user log in with this password against this stored hash not long ago? `user` is the
    /// lookup key of the address.
    #[must_use]
    pub fn check(&self, user: &str, password: &Secret<String>, stored_hash: &str, now: Instant) -> bool {
        let proof = self.proof(user, password, stored_hash);
        let proofs = self.proofs.lock().unwrap_or_else(PoisonError::into_inner);
        proofs.expiry.get(&proof).is_some_and(|expiry| now < *expiry)
    }

    /// Remembers a log-in that [`crate::verify`] has just found right.
    pub fn remember(&self, user: &str, password: &Secret<String>, stored_hash: &str, now: Instant) {
        let Some(expiry) = now.checked_add(self.lifetime) else {
            return;
        };
        let proof = self.proof(user, password, stored_hash);
        let mut proofs = self.proofs.lock().unwrap_or_else(PoisonError::into_inner);
        proofs.expiry.insert(proof, expiry);
        proofs.order.push_back((proof, expiry));
        proofs.shrink(self.capacity, now);
    }

    fn proof(&self, user: &str, password: &Secret<String>, stored_hash: &str) -> Proof {
        let mut hasher = blake3::Hasher::new_keyed(self.key.declassify());
        for part in [user, password.declassify(), stored_hash] {
            // The length first, or "a" + "bc" would be "ab" + "c".
            let length = u64::try_from(part.len()).unwrap_or(u64::MAX);
            hasher.update(&length.to_le_bytes());
            hasher.update(part.as_bytes());
        }
        hasher.finalize().into()
    }
}

impl std::fmt::Debug for ProofCache {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("ProofCache(…)")
    }
}

impl Proofs {
    /// Lets go of what has expired, and of the oldest until `capacity` are left.
    fn shrink(&mut self, capacity: usize, now: Instant) {
        while let Some(&(proof, expiry)) = self.order.front() {
            if self.order.len() <= capacity && now < expiry {
                return;
            }
            self.order.pop_front();
            // When it came again later, the later one counts.
            if self.expiry.get(&proof) == Some(&expiry) {
                self.expiry.remove(&proof);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINUTE: Duration = Duration::from_secs(60);

    #[expect(
        clippy::disallowed_methods,
        reason = "an Instant cannot be made in any other way"
    )]
    fn start() -> Instant {
        Instant::now()
    }

    fn cache(capacity: usize) -> ProofCache {
        ProofCache::new(Secret::new([3; 32]), 5 * MINUTE, capacity)
    }

    fn secret(text: &str) -> Secret<String> {
        Secret::new(text.to_owned())
    }

    #[test]
    fn only_the_same_log_in_is_remembered() {
        let now = start();
        let cache = cache(10);
        assert!(!cache.check("anna@a.test", &secret("pw"), "hash", now));
        cache.remember("anna@a.test", &secret("pw"), "hash", now);
        assert!(cache.check("anna@a.test", &secret("pw"), "hash", now));
        assert!(!cache.check("bob@a.test", &secret("pw"), "hash", now));
        assert!(!cache.check("anna@a.test", &secret("wrong"), "hash", now));
        assert!(!cache.check("anna@a.test", &secret("pw"), "new hash", now));
        assert!(!cache.check("anna@a.testp", &secret("w"), "hash", now));
    }

    #[test]
    fn a_proof_lives_for_its_minutes() {
        let now = start();
        let cache = cache(10);
        cache.remember("u", &secret("pw"), "hash", now);
        let last = now + 5 * MINUTE - Duration::from_nanos(1);
        assert!(cache.check("u", &secret("pw"), "hash", last));
        assert!(!cache.check("u", &secret("pw"), "hash", now + 5 * MINUTE));
    }

    #[test]
    fn looking_does_not_prolong_it_but_logging_in_again_does() {
        let now = start();
        let cache = cache(10);
        cache.remember("u", &secret("pw"), "hash", now);
        assert!(cache.check("u", &secret("pw"), "hash", now + 4 * MINUTE));
        assert!(!cache.check("u", &secret("pw"), "hash", now + 6 * MINUTE));
        cache.remember("u", &secret("pw"), "hash", now + 4 * MINUTE);
        cache.remember("other", &secret("pw"), "hash", now + 6 * MINUTE);
        assert!(cache.check("u", &secret("pw"), "hash", now + 6 * MINUTE));
    }

    #[test]
    fn the_oldest_give_way() {
        let now = start();
        let cache = cache(3);
        for user in ["a", "b", "c", "d"] {
            cache.remember(user, &secret("pw"), "hash", now);
        }
        assert!(!cache.check("a", &secret("pw"), "hash", now));
        for user in ["b", "c", "d"] {
            assert!(cache.check(user, &secret("pw"), "hash", now), "{user}");
        }
    }

    #[test]
    fn it_does_not_grow_with_log_ins() {
        let now = start();
        let cache = cache(3);
        for n in 0..100_u32 {
            let at = now + n * Duration::from_secs(1);
            cache.remember("same", &secret("pw"), "hash", at);
            cache.remember(&n.to_string(), &secret("pw"), "hash", at);
        }
        let proofs = cache.proofs.lock().unwrap();
        assert!(proofs.order.len() <= 3 && proofs.expiry.len() <= 3);
    }

    #[test]
    fn what_has_expired_is_let_go() {
        let now = start();
        let cache = cache(10);
        cache.remember("a", &secret("pw"), "hash", now);
        cache.remember("b", &secret("pw"), "hash", now + 6 * MINUTE);
        let proofs = cache.proofs.lock().unwrap();
        assert_eq!((proofs.order.len(), proofs.expiry.len()), (1, 1));
    }

    #[test]
    fn another_key_gives_other_proofs() {
        let one = cache(1).proof("u", &secret("pw"), "hash");
        let other = ProofCache::new(Secret::new([4; 32]), MINUTE, 1).proof("u", &secret("pw"), "hash");
        assert_ne!(one, other);
    }

    #[test]
    fn it_does_not_show_in_debug_output() {
        assert_eq!(format!("{:?}", cache(1)), "ProofCache(…)");
    }
}
