//! The claims a message makes to be from somebody the reader knows, each found on its own.

use posthorn_base::Domain;

use crate::impression::{Sign, SignKind};
use crate::look::{Acquaintance, Familiarity, Look, MAX_KNOWN_DOMAINS, Namesake, Standing};
use crate::names::{Name, domain_of, is_within, related};
use crate::near::{Nearness, near_names};
use crate::shown::shown;
use crate::skeleton::{fold, imitates_latin, reads_like};
use crate::weights;

/// Words of a display name that are looked at.
const MAX_WORDS: usize = 32;

/// Names that so many hosts bear that finding one inside another says nothing.
const EVERYDAY_NAMES: &[&str] = &[
    "account",
    "accounts",
    "click",
    "cloud",
    "contact",
    "email",
    "events",
    "forum",
    "group",
    "hosting",
    "invoice",
    "lists",
    "mailer",
    "mailing",
    "marketing",
    "media",
    "newsletter",
    "notifications",
    "office",
    "online",
    "orders",
    "portal",
    "reply",
    "secure",
    "server",
    "service",
    "shops",
    "status",
    "store",
    "support",
    "team",
    "ticket",
    "tickets",
    "updates",
];

/// A claim, and whom it is a claim to be.
pub(crate) struct Claim {
    pub(crate) sign: Sign,
    pub(crate) whom: String,
}

/// A message and what is known of it, with what every question needs.
pub(crate) struct Case<'a> {
    pub(crate) look: &'a Look<'a>,
    pub(crate) known: &'a Acquaintance,
    /// The domain in `From`; empty when there is none.
    pub(crate) domain: &'a str,
    /// Do the checks say that the domain in `From` stands behind the message?
    pub(crate) is_vouched: bool,
    /// Is it one of our own?
    pub(crate) is_ours: bool,
}

impl<'a> Case<'a> {
    pub(crate) fn new(look: &'a Look<'a>, known: &'a Acquaintance) -> Self {
        let domain = domain_of(look.address);
        let stands_for = |voucher: &str| {
            voucher.contains('.') && (is_within(domain, voucher) || is_within(voucher, domain))
        };
        let is_vouched = match look.standing {
            Standing::Passed => true,
            Standing::FailedStrictly | Standing::FailedSoftly => false,
            Standing::NoPolicy | Standing::Unknown => vouchers(look).any(stands_for),
        };
        let is_ours = look.ours.iter().any(|ours| is_within(domain, ours));
        Self {
            look,
            known,
            domain,
            is_vouched,
            is_ours,
        }
    }

    /// Everybody who bears the name, colleagues first.
    pub(crate) fn namesakes(&self) -> impl Iterator<Item = &'a Namesake> {
        self.known.colleagues.iter().chain(&self.known.namesakes)
    }

    /// Every domain the reader knows.
    pub(crate) fn known_domains(&self) -> impl Iterator<Item = &'a str> {
        let told = self.known.same_skeleton.iter().chain(&self.known.known_domains);
        let ours = self.look.ours.iter().copied().take(MAX_KNOWN_DOMAINS);
        ours.chain(told.map(String::as_str).take(MAX_KNOWN_DOMAINS))
    }

    /// The address in `From`, fit for a sentence.
    pub(crate) fn sender(&self) -> String {
        if self.look.address.is_empty() {
            return "an address that cannot be read".to_owned();
        }
        shown(self.look.address)
    }

    /// Every claim found.
    pub(crate) fn claims(&self) -> Vec<Claim> {
        let mut claims = Vec::new();
        claims.extend(self.likeness());
        claims.extend(self.foreign_letters());
        claims.extend(self.borrowed_name());
        claims.extend(self.address_in_name());
        claims.extend(self.claims_to_be_us());
        claims
    }

    /// The domain in `From` is like one that is known, and another. Of several, the closest counts.
    fn likeness(&self) -> Option<Claim> {
        if self.is_ours || self.known.domain == Familiarity::Known || self.domain.is_empty() {
            return None;
        }
        let name = Name::read(self.domain);
        let folded = Folded::of(&name);
        let (likeness, known) = self
            .known_domains()
            .filter_map(|known| Some((likeness(&name, &folded, known)?, known)))
            .max_by_key(|(likeness, _)| likeness.weight())?;
        let (domain, known) = (shown(self.domain), shown(known));
        let what = likeness.words(&domain, &known);
        Some(claim(likeness.kind(), likeness.weight(), what, known))
    }

    fn foreign_letters(&self) -> Option<Claim> {
        if self.domain.is_ascii() && !self.domain.contains("xn--") || self.known.domain == Familiarity::Known
        {
            return None;
        }
        let name = Name::read(self.domain);
        if !name.before_ending().split('.').any(imitates_latin) {
            return None;
        }
        let registered = name.registered();
        let what = format!(
            "{} is written with letters of another alphabet so that it reads like {}",
            shown(self.domain),
            shown(&reads_like(&registered))
        );
        let known = self
            .known_domains()
            .find(|known| fold(known) == fold(&registered));
        Some(claim(
            SignKind::ForeignLetters,
            weights::FOREIGN_LETTERS,
            what,
            known.map_or_else(String::new, shown),
        ))
    }

    /// Somebody the reader knows bears the display name, and it is not they.
    fn borrowed_name(&self) -> Option<Claim> {
        let is_themselves = |namesake: &Namesake| namesake.address.eq_ignore_ascii_case(self.look.address);
        // One word is no name of a person: "Anna", "Support", "Newsletter".
        if self.look.name.split_whitespace().count() < 2
            || (self.is_ours && self.is_vouched)
            || self.namesakes().any(is_themselves)
        {
            return None;
        }
        let colleague = self.known.colleagues.first();
        let namesake = colleague.or_else(|| self.known.namesakes.first())?;
        let is_same_domain = related(domain_of(&namesake.address), self.domain);
        let (weight, whose) = match (colleague, is_same_domain) {
            (Some(_), _) => (weights::COLLEAGUE, "one of your own people"),
            (None, true) => (weights::NAMESAKE_SAME_DOMAIN, "somebody you know"),
            (None, false) => (weights::NAMESAKE, "somebody you know"),
        };
        let what = format!(
            "{} is the name of {whose} ({}), and this is from {}",
            shown(self.look.name),
            shown(&namesake.address),
            self.sender()
        );
        Some(claim(
            SignKind::BorrowedName,
            weight,
            what,
            shown(&namesake.address),
        ))
    }

    /// The display name shows an address or a domain that is not the sender's.
    fn address_in_name(&self) -> Option<Claim> {
        let is_separator = |c: char| !(c.is_alphanumeric() || "@.-_+＠﹫".contains(c));
        let is_known = |domain: &str| {
            self.known_domains().any(|known| related(known, domain))
                || self
                    .namesakes()
                    .any(|known| domain_of(&known.address).eq_ignore_ascii_case(domain))
        };
        let read = |word: &str| {
            let word = word.replace(['＠', '﹫'], "@");
            let word = word.trim_matches(['.', '-', '_', '+']);
            let domain = if word.contains('@') { domain_of(word) } else { word };
            let is_domain = domain.contains('.') && Domain::parse(domain).is_ok();
            if !is_domain || related(domain, self.domain) {
                return None;
            }
            let weight = match (word.contains('@'), is_known(domain)) {
                (true, true) => weights::KNOWN_ADDRESS_IN_NAME,
                (true, false) => weights::ADDRESS_IN_NAME,
                (false, true) => weights::KNOWN_DOMAIN_IN_NAME,
                (false, false) => return None,
            };
            Some((weight, shown(word)))
        };
        let words = self
            .look
            .name
            .split(is_separator)
            .filter(|word| word.contains(['.', '＠', '﹫', '@']));
        let (weight, shows) = words
            .take(MAX_WORDS)
            .filter_map(read)
            .max_by_key(|(weight, _)| *weight)?;
        let what = format!(
            "the name shows {shows}, and the message is from {}",
            self.sender()
        );
        Some(claim(SignKind::AddressInName, weight, what, shows))
    }

    fn claims_to_be_us(&self) -> Option<Claim> {
        if !self.is_ours || self.is_vouched || self.look.standing == Standing::Unknown {
            return None;
        }
        let what = format!(
            "it says it is from {}, which is one of your own domains, and it did not come from your server",
            shown(self.domain)
        );
        Some(claim(
            SignKind::ClaimsToBeUs,
            weights::CLAIMS_TO_BE_US,
            what,
            self.sender(),
        ))
    }
}

/// The domains that signatures or SPF vouch for.
pub(crate) fn vouchers<'a>(look: &Look<'a>) -> impl Iterator<Item = &'a str> {
    let envelope = look.reverse_path_domain.filter(|_domain| look.spf_passed);
    look.signers.iter().copied().chain(envelope)
}

fn claim(kind: SignKind, weight: i8, what: String, whom: String) -> Claim {
    Claim {
        sign: Sign { kind, weight, what },
        whom,
    }
}

/// A name with the skeletons of its parts, made once for the many that it is compared with.
struct Folded {
    label: String,
    ending: String,
    /// Everything before the ending, its words between dots: `.bank.example.evil.` of
    /// `bank-example.evil.test`.
    words: String,
}

impl Folded {
    fn of(name: &Name) -> Self {
        Self {
            label: fold(&name.label),
            ending: fold(&name.ending),
            words: words(&name.before_ending()),
        }
    }
}

fn words(text: &str) -> String {
    format!(".{}.", fold(text).replace('-', "."))
}

/// In which way one domain is like another.
#[derive(Clone, Copy)]
enum Likeness {
    Looks,
    LooksWithOtherEnding,
    Near(Nearness, usize),
    WholeInside,
    NameInside,
}

fn likeness(name: &Name, folded: &Folded, known: &str) -> Option<Likeness> {
    let known = Name::read(known);
    if known.label.is_empty() || (known.label == name.label && known.ending == name.ending) {
        return None;
    }
    let label = fold(&known.label);
    // Two or three letters are alike by chance; a homograph of them is not in ASCII.
    let is_telling = known.label.chars().count() >= 4 || !name.label.is_ascii();
    if is_telling && label == folded.label && known.label != name.label {
        return Some(if fold(&known.ending) == folded.ending {
            Likeness::Looks
        } else {
            Likeness::LooksWithOtherEnding
        });
    }
    // Cheap and mostly decisive: without the name itself, neither of the two below can be inside.
    let may_be_inside = known.label.contains('-') || folded.words.contains(&label);
    if may_be_inside && known.label.len() >= 3 && folded.words.contains(&words(&known.registered())) {
        return Some(Likeness::WholeInside);
    }
    if let Some(nearness) = near_names(name, &known) {
        return Some(Likeness::Near(nearness, known.label.chars().count()));
    }
    let is_everyday = known.label.chars().count() < 5 || EVERYDAY_NAMES.contains(&known.label.as_str());
    // The same label below another ending is another ending, not a name inside.
    (may_be_inside
        && !is_everyday
        && name.label != known.label
        && folded.words.contains(&words(&known.label)))
    .then_some(Likeness::NameInside)
}

impl Likeness {
    fn kind(self) -> SignKind {
        match self {
            Self::Looks | Self::LooksWithOtherEnding => SignKind::LookAlikeDomain,
            Self::Near(..) => SignKind::NearDomain,
            Self::WholeInside | Self::NameInside => SignKind::DomainInDomain,
        }
    }

    fn weight(self) -> i8 {
        match self {
            Self::Looks => weights::LOOK_ALIKE,
            Self::LooksWithOtherEnding => weights::LOOK_ALIKE_OTHER_ENDING,
            Self::Near(Nearness::Letters(1), 9..) => weights::NEAR_LONG,
            Self::Near(Nearness::Letters(_), _) => weights::NEAR,
            Self::Near(Nearness::Ending, _) => weights::OTHER_ENDING,
            Self::WholeInside => weights::WHOLE_NAME_INSIDE,
            Self::NameInside => weights::NAME_INSIDE,
        }
    }

    fn words(self, domain: &str, known: &str) -> String {
        match self {
            Self::Looks | Self::LooksWithOtherEnding => {
                format!("{domain} looks like {known}, which you know, and is another")
            }
            Self::Near(Nearness::Letters(1), _) => {
                format!("{domain} differs by one letter from {known}, which you know")
            }
            Self::Near(Nearness::Letters(_), _) => {
                format!("{domain} differs by two letters from {known}, which you know")
            }
            Self::Near(Nearness::Ending, _) => {
                format!("{domain} is the name of {known}, which you know, with another ending")
            }
            Self::WholeInside | Self::NameInside => {
                format!(
                    "{domain} has the name of {known}, which you know, inside it and belongs to somebody else"
                )
            }
        }
    }
}
