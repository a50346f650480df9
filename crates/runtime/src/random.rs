//! Random numbers from the operating system. Nothing here is seeded or repeatable; whoever needs that takes
//! the numbers as arguments.

use posthorn_base::{QueueId, SessionId};

/// Fills `octets` with numbers fit for secrets.
///
/// # Panics
/// When the operating system has no randomness to give, which happens on none that is set up right: no
/// secret would be safe, so nothing may go on.
#[expect(
    clippy::panic,
    reason = "without randomness no secret is safe, and no caller could do better"
)]
pub fn fill(octets: &mut [u8]) {
    if let Err(cause) = getrandom::fill(octets) {
        panic!("the operating system gives no random numbers: {cause}");
    }
}

/// A random number; every value is equally likely.
#[must_use]
pub fn u64() -> u64 {
    let mut octets = [0; 8];
    fill(&mut octets);
    u64::from_ne_bytes(octets)
}

/// An id for a new connection.
#[must_use]
pub fn session_id() -> SessionId {
    SessionId(u64())
}

/// An id for a message that was just accepted.
#[must_use]
pub fn queue_id() -> QueueId {
    QueueId(u64())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_differ() {
        assert_ne!(session_id(), session_id());
        assert_ne!(queue_id(), queue_id());
    }

    #[test]
    fn every_octet_of_a_long_buffer_is_filled_at_some_time() {
        let mut seen = [0u8; 67];
        for _ in 0..20 {
            let mut octets = [0u8; 67];
            fill(&mut octets);
            seen.iter_mut()
                .zip(octets)
                .for_each(|(seen, octet)| *seen |= octet);
        }
        assert!(seen.iter().all(|&octet| octet != 0));
    }
}
