//! Checks of the repository itself, as ordinary tests: `cargo nextest run -p xtask`. Each check is a pure
//! function from what it looks at to a list of complaints; `tests/repository.rs` runs them on this
//! repository, and the unit tests show that they find what they are for. A complaint says how to mend it.

pub mod decisions;
pub mod layers;
pub mod licences;
pub mod rfc_index;
pub mod sources;
pub mod tree;
