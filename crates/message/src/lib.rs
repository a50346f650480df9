//! What the server needs to know of a message: envelope, body structure, preview, threads, search text.
//! On top of `mail-parser`; knows no store and no protocol session.

mod section;

pub use section::{Section, SectionText};
