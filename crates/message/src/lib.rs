//! What the server needs to know of a message: envelope, body structure, preview, threads, search text.
//! On top of `mail-parser`, which decodes charsets, base64, entities and dates; where the parts lie is found
//! by own code, because its time and nesting must have limits. Knows no store and no protocol session.

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

pub mod address_list;
mod body_structure;
pub mod build;
mod casemap;
mod envelope;
mod head;
pub mod header;
mod html;
mod imap_string;
mod line_count;
mod mime_value;
mod parts;
mod preview;
mod render;
mod scan;
pub mod search;
mod section;
mod text;
mod thread;
mod words;

pub use parts::{Kind, Part, Parts};
pub use render::{Rendered, render};
pub use section::{Section, SectionText};
pub use text::{decode_body, decode_known_body, media_type};
pub use thread::{BaseSubject, ThreadKeys, base_subject, message_id};
