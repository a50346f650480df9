//! The evidence in plain words: one sentence, the journey, what each check asked, found and means, why the
//! message lies where it lies, what its sender should mend. As data for the web and terminal readers, and as
//! text for a terminal.
//!
//! Judges nothing: what it says, the evidence says. SPF, DKIM and DMARC vouch for a domain, never for a
//! person, and no sentence here claims more.

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

mod advice;
mod checks;
mod explanation;
mod facts;
mod free_mail;
mod headline;
mod journey;
mod place;
mod points;
mod several;
mod text;
mod unvouched;
mod words;

pub use explanation::{Check, CheckName, Context, Explanation, Station, Tone};
pub use text::{Level, to_text};

use posthorn_trust::Evidence;

use crate::facts::Facts;

/// Puts the evidence of a message into words. Texts of strangers in it are cut to a length and free of
/// control and direction characters.
#[must_use]
pub fn explain(evidence: &Evidence, context: &Context) -> Explanation {
    let facts = Facts::of(evidence, context);
    let (tone, headline) = headline::headline(&facts);
    let points = points::points(&facts, tone, &headline);
    let mut explanation = Explanation {
        headline,
        tone,
        subject: context.subject.clone().unwrap_or_default(),
        points,
        journey: journey::journey(&facts),
        boundary: journey::boundary(&facts),
        checks: checks::checks(&facts),
        place: place::place(&facts, tone),
        advice: advice::advice(&facts),
        notes: points::notes(&facts),
    };
    explanation.for_each_text(&mut |text| *text = words::clean(text, words::MAX_LINE));
    explanation
}
