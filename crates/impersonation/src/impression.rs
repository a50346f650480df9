//! What the facts add up to, as a value that is stored with the message.

use serde::{Deserialize, Serialize};

/// What kind of fact a sign is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SignKind {
    /// The domain in `From` looks like one the reader knows, letter by letter (TR39), and is another.
    LookAlikeDomain,
    /// The domain in `From` differs from one the reader knows by a letter or two.
    NearDomain,
    /// The domain in `From` holds the name of one the reader knows: `bank-example.test`, `bank.example.evil.test`.
    DomainInDomain,
    /// The domain in `From` has letters of another alphabet that pass for Latin ones.
    ForeignLetters,
    /// The display name is that of somebody the reader knows, who writes from another address.
    BorrowedName,
    /// The display name holds an address, or a domain, that is not the sender's.
    AddressInName,
    /// Answers would go to another domain (`Reply-To`).
    ReplyElsewhere,
    /// The reverse path is of another domain.
    OtherEnvelope,
    /// Nobody vouches for the domain in `From` (DMARC did not pass).
    NotVouched,
    /// The domain in `From` said how its mail is to be recognised, and this is not (DMARC failed).
    Disowned,
    /// `From` claims one of our own domains, and it did not come from us.
    ClaimsToBeUs,
    /// The first message from this address to this reader.
    FirstContact,
    /// Something that speaks for the sender (a mailing list's fields, a known correspondent, DMARC pass with
    /// a domain long known); its weight is negative.
    Excuse,
}

/// One fact.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sign {
    /// What kind.
    pub kind: SignKind,
    /// How much it counts; negative for an excuse.
    pub weight: i8,
    /// The fact as half a sentence, with the names in it, without the final full stop: `rnicrosoft.example
    /// looks like microsoft.example, which you know`.
    pub what: String,
}

/// How loudly to warn.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// Say nothing.
    #[default]
    Silent,
    /// Say what is odd; the message stays where it is.
    Caution,
    /// Somebody pretends to be somebody else: Junk.
    Danger,
}

/// What the signs add up to.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Impression {
    /// The warning.
    pub level: Level,
    /// The sum of the weights.
    pub score: i16,
    /// The facts, heaviest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub signs: Vec<Sign>,
    /// Whom the sender pretends to be: an address or a domain, when the signs agree on one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pretends: Option<String>,
}
