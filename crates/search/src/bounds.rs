//! What is known of a search: messages that fit for certain, and messages that may.

use posthorn_base::EmailId;
use roaring::RoaringTreemap;

/// Contents of an account: these, or all but these.
#[derive(Clone, Debug, PartialEq)]
pub enum EmailSet {
    /// These.
    Only(RoaringTreemap),
    /// All but these.
    AllBut(RoaringTreemap),
}

impl EmailSet {
    /// No content.
    #[must_use]
    pub fn none() -> Self {
        Self::Only(RoaringTreemap::new())
    }

    /// Every content.
    #[must_use]
    pub fn all() -> Self {
        Self::AllBut(RoaringTreemap::new())
    }

    /// Whether the content is among them.
    #[must_use]
    pub fn contains(&self, email: EmailId) -> bool {
        let id = key(email);
        match self {
            Self::Only(ids) => id.is_some_and(|id| ids.contains(id)),
            Self::AllBut(ids) => !id.is_some_and(|id| ids.contains(id)),
        }
    }

    fn and(self, other: Self) -> Self {
        match (self, other) {
            (Self::Only(one), Self::Only(other)) => Self::Only(one & other),
            (Self::Only(only), Self::AllBut(but)) | (Self::AllBut(but), Self::Only(only)) => {
                Self::Only(only - but)
            }
            (Self::AllBut(one), Self::AllBut(other)) => Self::AllBut(one | other),
        }
    }

    fn not(self) -> Self {
        match self {
            Self::Only(ids) => Self::AllBut(ids),
            Self::AllBut(ids) => Self::Only(ids),
        }
    }
}

fn key(email: EmailId) -> Option<u64> {
    u64::try_from(email.0).ok()
}

/// What is known of a search. Whatever is `certain` is `possible`.
#[derive(Clone, Debug, PartialEq)]
pub struct Bounds {
    /// These fit.
    pub certain: EmailSet,
    /// No others fit.
    pub possible: EmailSet,
}

impl Bounds {
    /// Nothing is known.
    #[must_use]
    pub fn unknown() -> Self {
        Self {
            certain: EmailSet::none(),
            possible: EmailSet::all(),
        }
    }

    /// Every content fits.
    #[must_use]
    pub fn all() -> Self {
        Self {
            certain: EmailSet::all(),
            possible: EmailSet::all(),
        }
    }

    /// This content fits and no other.
    #[must_use]
    pub fn one(email: EmailId) -> Self {
        let set = EmailSet::Only(key(email).into_iter().collect());
        Self {
            certain: set.clone(),
            possible: set,
        }
    }

    /// Both must fit.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        Self {
            certain: self.certain.and(other.certain),
            possible: self.possible.and(other.possible),
        }
    }

    /// One of both must fit.
    #[must_use]
    pub fn or(self, other: Self) -> Self {
        self.not().and(other.not()).not()
    }

    /// What does not fit.
    #[must_use]
    #[expect(
        clippy::should_implement_trait,
        reason = "`and` and `or` cannot be operators with the same meaning"
    )]
    pub fn not(self) -> Self {
        Self {
            certain: self.possible.not(),
            possible: self.certain.not(),
        }
    }

    /// Whether nothing is known.
    #[must_use]
    pub fn is_unknown(&self) -> bool {
        *self == Self::unknown()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[derive(Clone, Debug)]
    enum Key {
        /// What fits, and whether the index knows it, of eight contents.
        Leaf(u8, u8),
        And(Box<Self>, Box<Self>),
        Or(Box<Self>, Box<Self>),
        Not(Box<Self>),
    }

    fn keys() -> impl Strategy<Value = Key> {
        let leaf = (any::<u8>(), any::<u8>()).prop_map(|(fits, known)| Key::Leaf(fits, known));
        leaf.prop_recursive(4, 16, 2, |inner| {
            let boxed = || inner.clone().prop_map(Box::new);
            prop_oneof![
                (boxed(), boxed()).prop_map(|(a, b)| Key::And(a, b)),
                (boxed(), boxed()).prop_map(|(a, b)| Key::Or(a, b)),
                boxed().prop_map(Key::Not),
            ]
        })
    }

    fn set(bits: u8) -> RoaringTreemap {
        (0..8).filter(|bit| bits & 1 << bit != 0).collect()
    }

    fn bounds(key: &Key) -> Bounds {
        match key {
            Key::Leaf(fits, known) => Bounds {
                certain: EmailSet::Only(set(fits & known)),
                possible: EmailSet::AllBut(set(!fits & known)),
            },
            Key::And(a, b) => bounds(a).and(bounds(b)),
            Key::Or(a, b) => bounds(a).or(bounds(b)),
            Key::Not(key) => bounds(key).not(),
        }
    }

    fn truth(key: &Key) -> u8 {
        match key {
            Key::Leaf(fits, _) => *fits,
            Key::And(a, b) => truth(a) & truth(b),
            Key::Or(a, b) => truth(a) | truth(b),
            Key::Not(key) => !truth(key),
        }
    }

    proptest! {
        #[test]
        fn what_fits_lies_between_the_bounds(key in keys()) {
            let (bounds, truth) = (bounds(&key), set(truth(&key)));
            for id in 0..8_u8 {
                let (email, fits) = (EmailId(id.into()), truth.contains(id.into()));
                prop_assert!(fits || !bounds.certain.contains(email));
                prop_assert!(!fits || bounds.possible.contains(email));
            }
        }
    }
}
