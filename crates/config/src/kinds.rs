//! The types of settings that are words or names of our own. Numbers, times and sizes are elsewhere.

use std::fmt;
use std::net::IpAddr;

use posthorn_base::Domain;

/// Declares an enum whose variants are the words of a setting.
macro_rules! words {
    ($(#[$doc:meta])* $name:ident { $($(#[$word_doc:meta])* $variant:ident = $word:literal,)+ }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum $name { $($(#[$word_doc])* $variant,)+ }

        impl $name {
            /// Every word, as the file has it.
            pub const WORDS: &[&str] = &[$($word),+];

            /// The value that the word stands for; `None` for any other word.
            #[must_use]
            pub fn from_word(word: &str) -> Option<Self> {
                match word {
                    $($word => Some(Self::$variant),)+
                    _ => None,
                }
            }

            /// The word, as the file has it.
            #[must_use]
            pub const fn word(self) -> &'static str {
                match self { $(Self::$variant => $word,)+ }
            }
        }
    };
}

words! {
    /// What a sender hears when the mailbox is full.
    OverQuota {
        /// Reply 452: the sender keeps the message and tries again.
        Retry = "retry",
        /// Reply 552: the sender gives up and tells the author.
        Refuse = "refuse",
    }
}

words! {
    /// Does `anna+news@…` reach `anna@…` (RFC 5233)?
    DetailSeparator {
        /// Yes, what follows the plus sign is detail.
        Plus = "+",
        /// No, it is another address.
        Off = "off",
    }
}

words! {
    /// How the connection to the smarthost is protected.
    SmarthostTls {
        /// TLS from the first octet (RFC 8314), usually port 465.
        Implicit = "implicit",
        /// The STARTTLS command, which must succeed, usually port 587.
        StartTls = "starttls",
        /// Not at all.
        None = "none",
    }
}

words! {
    /// From which weight on events are logged.
    LogLevel {
        /// Something is broken and needs a person.
        Error = "error",
        /// Something is odd.
        Warn = "warn",
        /// What happened to each message and connection.
        Info = "info",
        /// Each command and decision.
        Debug = "debug",
        /// Everything.
        Trace = "trace",
    }
}

words! {
    /// The form of a log line.
    LogFormat {
        /// For people.
        Text = "text",
        /// One JSON object a line, for programs.
        Json = "json",
    }
}

/// A host to connect to, by name or by address.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum RemoteHost {
    /// Looked up when it is needed.
    Name(Domain),
    /// Used as it stands.
    Ip(IpAddr),
}

impl RemoteHost {
    /// Does it certainly name this machine?
    #[must_use]
    pub fn is_loopback(&self) -> bool {
        match self {
            Self::Name(domain) => domain.as_str() == "localhost",
            Self::Ip(ip) => ip.is_loopback(),
        }
    }
}

impl fmt::Display for RemoteHost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Name(domain) => domain.fmt(f),
            Self::Ip(ip) => ip.fmt(f),
        }
    }
}
