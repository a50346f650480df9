//! Waiting for something outside this process, which gives no other sign: look, and look again.

use std::time::{Duration, Instant};

/// How long anything may take before a test fails. Far above what it takes on a busy machine.
pub const DEADLINE: Duration = Duration::from_secs(60);
/// Between two looks.
const PAUSE: Duration = Duration::from_millis(5);

/// Looks until there is something. `what` is for the failure.
///
/// # Panics
/// After [`DEADLINE`].
pub fn until<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let started = Instant::now();
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(started.elapsed() < DEADLINE, "waited in vain: {what}");
        std::thread::sleep(PAUSE);
    }
}
