//! What tests of several crates share: the transcript runner. Never part of the program.

mod script;
pub mod transcript;

pub use transcript::{Described, Scripted, play_folder};
