//! Numbers for tests that try many cases. The seed is printed, and `POSTHORN_SEED` repeats a run.

use std::time::SystemTime;

/// Xorshift64*: good enough to scatter cuts and kills.
#[derive(Clone, Debug)]
pub struct Random(u64);

impl Random {
    /// A generator whose seed stands in the output of a failed test.
    ///
    /// # Panics
    /// When `POSTHORN_SEED` is no number.
    #[must_use]
    pub fn seeded() -> Self {
        let seed = match std::env::var("POSTHORN_SEED") {
            Ok(text) => text.parse().unwrap(),
            Err(_) => SystemTime::UNIX_EPOCH.elapsed().unwrap().subsec_nanos().into(),
        };
        println!("POSTHORN_SEED={seed} repeats this run's choices");
        Self::from_seed(seed)
    }

    /// The same numbers for the same seed.
    #[must_use]
    pub fn from_seed(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    /// Any number.
    pub fn number(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d)
    }

    /// A number below `limit`.
    pub fn below(&mut self, limit: usize) -> usize {
        usize::try_from(self.number() % u64::try_from(limit).unwrap()).unwrap()
    }

    /// Heads or tails.
    pub fn coin(&mut self) -> bool {
        self.number() & 0x100 == 0
    }
}
