//! What tests of several crates share: the transcript runner, the DNS as text. Never part of the program.

pub mod names;
mod script;
pub mod transcript;

pub use names::Names;
pub use transcript::{Described, Scripted, play_folder};
