//! The names of the mechanisms. Which of them is offered is the protocol session's decision.

/// A SASL mechanism, weakest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Mechanism {
    /// The obsolete LOGIN: two prompts, the same strength as PLAIN.
    Login,
    /// RFC 4616: the password itself, only ever inside TLS.
    Plain,
    /// RFC 7677: the password never travels.
    ScramSha256,
    /// RFC 7677 with channel binding: also proves that both ends see the same TLS connection.
    ScramSha256Plus,
}

impl Mechanism {
    /// All mechanisms, strongest first: the order in which a server lists them.
    pub const ALL: [Self; 4] = [Self::ScramSha256Plus, Self::ScramSha256, Self::Plain, Self::Login];

    /// The registered name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Plain => "PLAIN",
            Self::Login => "LOGIN",
            Self::ScramSha256 => "SCRAM-SHA-256",
            Self::ScramSha256Plus => "SCRAM-SHA-256-PLUS",
        }
    }

    /// Finds a mechanism by name, in any case; `None` when it is not one of ours.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|mechanism| mechanism.name().eq_ignore_ascii_case(name))
    }

    /// Does the password itself travel, so that the connection must be encrypted?
    #[must_use]
    pub const fn sends_password(self) -> bool {
        match self {
            Self::Plain | Self::Login => true,
            Self::ScramSha256 | Self::ScramSha256Plus => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_found_in_any_case() {
        assert_eq!(
            Mechanism::from_name("scram-sha-256-plus"),
            Some(Mechanism::ScramSha256Plus)
        );
        assert_eq!(Mechanism::from_name("CRAM-MD5"), None);
        for mechanism in Mechanism::ALL {
            assert_eq!(Mechanism::from_name(mechanism.name()), Some(mechanism));
        }
    }
}
