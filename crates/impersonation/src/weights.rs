//! How much each fact counts. The one place to look at when a warning is too loud or too quiet; after a
//! change the files in `tests/quiet` and `tests/loud` say what it did.
//!
//! Two kinds of facts: *claims* to be somebody the reader knows, and *circumstances*, which most honest mail
//! has some of (a newsletter answers elsewhere, everybody writes for the first time once). Circumstances make
//! a claim worse and are nothing without one, however many.

/// From here on we say what is odd. No single weight reaches it.
pub(crate) const CAUTION: i16 = 5;
/// From here on it is called a deception. No two of the weights that honest mail may have reach it.
pub(crate) const DANGER: i16 = 8;

// Claims.

/// Looks like a known domain, letter by letter: innocent only by great chance.
pub(crate) const LOOK_ALIKE: i8 = 4;
/// The same with another ending: there, chance plays a little more.
pub(crate) const LOOK_ALIKE_OTHER_ENDING: i8 = 3;
/// Letters of another alphabet that pass for Latin ones: nobody registers that by accident.
pub(crate) const FOREIGN_LETTERS: i8 = 3;
/// One letter of nine or more: seldom chance.
pub(crate) const NEAR_LONG: i8 = 3;
/// One letter of five to eight, or two of many: Maier and Meier.
pub(crate) const NEAR: i8 = 2;
/// The same name with another ending: most firms own several.
pub(crate) const OTHER_ENDING: i8 = 1;
/// A whole known name with its ending inside another: `bank.example.evil.test`.
pub(crate) const WHOLE_NAME_INSIDE: i8 = 4;
/// The name without its ending: `bank-service.test`; firms do that themselves.
pub(crate) const NAME_INSIDE: i8 = 2;
/// A colleague's name: colleagues have private addresses, and namesakes.
pub(crate) const COLLEAGUE: i8 = 3;
/// A correspondent's name: even more so.
pub(crate) const NAMESAKE: i8 = 2;
/// The name of a correspondent at the same domain: people have several addresses there.
pub(crate) const NAMESAKE_SAME_DOMAIN: i8 = 1;
/// The display name shows an address of ours, or of somebody known, and the message is from another.
pub(crate) const KNOWN_ADDRESS_IN_NAME: i8 = 4;
/// It shows the name of a known domain.
pub(crate) const KNOWN_DOMAIN_IN_NAME: i8 = 3;
/// It shows some other address: services that write for others do that.
pub(crate) const ADDRESS_IN_NAME: i8 = 2;
/// One of our own domains, and nobody vouches for it.
pub(crate) const CLAIMS_TO_BE_US: i8 = 4;

// Circumstances. DMARC is one, too, as forwarding and mailing lists break it; for a sender whom the reader
// knows it counts as a claim.

/// DMARC failed for a domain that asks for quarantine or refusal.
pub(crate) const DISOWNED_STRICTLY: i8 = 4;
/// DMARC failed for a domain that asks for nothing.
pub(crate) const DISOWNED_SOFTLY: i8 = 2;
/// Answers would go to another domain: newsletters, tickets, and nearly every fraud.
pub(crate) const REPLY_ELSEWHERE: i8 = 2;
/// No DMARC record, and neither signature nor SPF of the domain itself: small domains.
pub(crate) const NOT_VOUCHED: i8 = 1;
/// Another reverse path on top of that.
pub(crate) const OTHER_ENVELOPE: i8 = 1;
/// Never met.
pub(crate) const FIRST_CONTACT: i8 = 1;
/// The most that circumstances count together: below [`CAUTION`].
pub(crate) const MAX_CIRCUMSTANCES: i16 = 4;

// Excuses.

/// An old acquaintance, and the checks say it is they.
pub(crate) const KNOWN_SENDER: i8 = -4;
/// Answers go to the very address whose name is borrowed or shown: a service that writes in somebody's name.
/// Counts once for each such claim.
pub(crate) const ANSWERS_GO_TO_THE_NAMED: i8 = -3;
