//! What is judged: how a message presents itself, and what its reader knows of the names in it.

/// The most known domains that are compared with the one in `From`; more are not looked at.
pub const MAX_KNOWN_DOMAINS: usize = 500;

/// What the checks say about the domain in `From`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default)]
pub enum Standing {
    /// DMARC passed.
    Passed,
    /// DMARC failed, and the domain asks for quarantine or refusal.
    FailedStrictly,
    /// DMARC failed, and the domain asks for nothing (`p=none`).
    FailedSoftly,
    /// The domain publishes no usable DMARC record.
    NoPolicy,
    /// Nobody could tell: a temporary failure of the DNS, or nothing was asked.
    #[default]
    Unknown,
}

/// How a message presents itself. Domains in any case, U-labels or A-labels.
#[derive(Clone, Copy, Debug, Default)]
pub struct Look<'a> {
    /// The display name in `From`, decoded; may be empty.
    pub name: &'a str,
    /// The address in `From`; empty when there is none that can be read.
    pub address: &'a str,
    /// The domain of the reverse path; `None` for `<>`.
    pub reverse_path_domain: Option<&'a str>,
    /// Did SPF pass for `reverse_path_domain`?
    pub spf_passed: bool,
    /// The first address in `Reply-To`, when there is one.
    pub reply_to: Option<&'a str>,
    /// The domains (`d=`) whose signatures hold.
    pub signers: &'a [&'a str],
    /// What DMARC says.
    pub standing: Standing,
    /// `List-Id`, with or without its angle brackets.
    pub list_id: Option<&'a str>,
    /// The reader's own domains. A message that came from our own people, logged in, is not judged at all:
    /// do not ask.
    pub ours: &'a [&'a str],
}

/// How well the reader knows an address or a domain.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub enum Familiarity {
    /// Never met.
    #[default]
    Unknown,
    /// Met, but not long or often enough to speak for itself.
    Seen,
    /// An old acquaintance: see [`Familiarity::of`].
    Known,
}

impl Familiarity {
    /// From what an account keeps of a correspondent: messages sent to them, messages received from them,
    /// how many of those DMARC passed, and for how many days they are known.
    ///
    /// Somebody is known when the reader has written to them and the acquaintance is a week old (whoever
    /// cheats wants an answer today), or when five messages that DMARC passed came over at least 30 days
    /// (a bank, a newsletter).
    #[must_use]
    pub const fn of(sent: u64, received: u64, vouched: u64, days: u64) -> Self {
        if (sent > 0 && days >= 7) || (vouched >= 5 && days >= 30) {
            Self::Known
        } else if sent > 0 || received > 0 {
            Self::Seen
        } else {
            Self::Unknown
        }
    }
}

/// Somebody who bears the display name of the message, in this form or with its words in another order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Namesake {
    /// The name as they write it.
    pub name: String,
    /// Their address.
    pub address: String,
}

/// What the reader knows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Acquaintance {
    /// How well the address in `From`.
    pub address: Familiarity,
    /// How well the domain in `From`: the best of its addresses.
    pub domain: Familiarity,
    /// Known correspondents with the display name of the message; the sender's own address may be among them.
    pub namesakes: Vec<Namesake>,
    /// Our own people with that display name; the sender's own address may be among them.
    pub colleagues: Vec<Namesake>,
    /// Known domains with the [`crate::skeleton`] of the domain in `From`; itself may be among them.
    pub same_skeleton: Vec<String>,
    /// Some more known domains, the best known first, for names that are near or inside one another; at most
    /// [`MAX_KNOWN_DOMAINS`] are looked at. May be left empty when `domain` is [`Familiarity::Known`].
    ///
    /// Here and in `same_skeleton` only domains that are known better than the one in `From`, or a look-alike
    /// that wrote once would make the genuine one suspicious: those of [`Familiarity::Known`].
    pub known_domains: Vec<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_yesterday_makes_no_old_acquaintance() {
        assert_eq!(Familiarity::of(0, 0, 0, 400), Familiarity::Unknown);
        assert_eq!(Familiarity::of(1, 1, 1, 1), Familiarity::Seen);
        assert_eq!(Familiarity::of(1, 0, 0, 8), Familiarity::Known);
        assert_eq!(Familiarity::of(0, 9, 9, 40), Familiarity::Known);
        assert_eq!(Familiarity::of(0, 9, 0, 40), Familiarity::Seen);
    }
}
