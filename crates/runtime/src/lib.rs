//! The shell's own needs: the clock, randomness, shutdown and signals, logging. The only crate that reads
//! a clock or draws random numbers; all others get them as arguments. Knows no protocol and no setting.

pub mod clock;
pub mod logging;
pub mod random;
mod shutdown;
mod signals;

pub use shutdown::Shutdown;
pub use signals::{Signal, Signals};
