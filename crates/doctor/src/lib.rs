//! A domain's DNS records for mail: [`records`] says which there should be, each with a sentence on what it
//! is for; [`check()`] examines a domain at its name servers, with findings that say what, why it matters, how
//! to mend it and how to see that it worked.
//!
//! Asks only through [`posthorn_base::lookup::Lookup`] and [`Probe`]. Changes nothing anywhere.

mod certificate;
mod check;
mod checkup;
mod entry;
mod finding;
mod merge;
mod paragraph;
mod plan;
mod present;
mod print;
mod probe;
mod records;
mod wanted;

pub use certificate::public_key_sha256;
pub use check::{Question, check};
pub use checkup::Checkup;
pub use entry::{Entry, USUAL_TTL_SECS};
pub use finding::{Fact, Finding, Severity};
pub use plan::{Key, MtaSts, MtaStsMode, Plan, Service};
pub use present::{Present, present};
pub use print::{to_json, to_text, zone};
pub use probe::{NoProbe, Probe, Reach};
pub use records::records;
pub use wanted::{Group, Necessity, State, Wanted, compare};
