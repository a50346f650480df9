//! Does a message pretend to be from somebody its reader knows? Look-alike domains (Unicode TR39 skeletons,
//! edit distance), borrowed display names, answers that would go elsewhere, first contact: each fact is a
//! [`Sign`] with a weight, and only their combination makes an [`Impression`] that warns. One odd fact
//! alone never does.
//!
//! A pure function over facts: knows no store, no DNS. What is known about the sender comes as
//! [`Acquaintance`].

mod impression;

pub use impression::{Impression, Level, Sign, SignKind};
