//! Does a message pretend to be from somebody its reader knows? Look-alike domains (Unicode TR39 skeletons,
//! edit distance), borrowed display names, answers that would go elsewhere, first contact: each fact is a
//! [`Sign`] with a weight, and only their combination makes an [`Impression`] that warns. One odd fact
//! alone never does.
//!
//! A pure function over facts: knows no store, no DNS. What is known about the sender comes as
//! [`Acquaintance`].

#![warn(
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::as_conversions
)]
#![cfg_attr(
    test,
    allow(
        clippy::indexing_slicing,
        clippy::arithmetic_side_effects,
        clippy::as_conversions,
        reason = "tests"
    )
)]

mod claims;
mod impression;
mod judge;
mod look;
mod names;
mod near;
mod shown;
mod skeleton;
mod weights;

pub use impression::{Impression, Level, Sign, SignKind};
pub use judge::impression;
pub use look::{Acquaintance, Familiarity, Look, MAX_KNOWN_DOMAINS, Namesake, Standing};
pub use names::related;
pub use near::{Nearness, near};
pub use skeleton::skeleton;
