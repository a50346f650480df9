//! Numbers with a meaning. Each is its own type, so that a UID is never taken for a mailbox.

use std::fmt;
use std::str::FromStr;

macro_rules! id {
    ($(#[$doc:meta])* $name:ident($inner:ty)) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub struct $name(pub $inner);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl From<$name> for $inner {
            fn from(id: $name) -> Self {
                id.0
            }
        }
    };
}

id!(
    /// An account: the partition key of everything that belongs to one person.
    AccountId(i64)
);
id!(
    /// A mailbox within its account. Never used again after the mailbox is deleted.
    MailboxId(i64)
);
id!(
    /// A message's content within its account; copies in several mailboxes share it (RFC 8474 EMAILID).
    EmailId(i64)
);
id!(
    /// A conversation within its account (RFC 8474 THREADID).
    ThreadId(i64)
);
id!(
    /// A message's number in its mailbox, from 1 up, never used twice (RFC 9051 section 2.3.1.1).
    Uid(u32)
);
id!(
    /// Changes when the UIDs of a mailbox start anew (RFC 9051 section 2.3.1.1). Never 0.
    UidValidity(u32)
);
id!(
    /// The account's change counter; each change takes the next value (RFC 7162 section 3.1). From 1 up.
    ModSeq(i64)
);

macro_rules! opaque_id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub struct $name(pub u64);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&to_base32(self.0))
            }
        }

        impl FromStr for $name {
            type Err = BadId;
            fn from_str(text: &str) -> Result<Self, BadId> {
                from_base32(text).map(Self).ok_or(BadId)
            }
        }
    };
}

opaque_id!(
    /// One connection; stands in the log, in Received and in replies to inner failures.
    SessionId
);
opaque_id!(
    /// One accepted message on its way out; the same in all its recipients' rows.
    QueueId
);

/// The text is no id as Posthorn prints them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not an id: 13 characters of 0-9 and a-z without i, l, o, u are expected")]
pub struct BadId;

/// Crockford's alphabet in lower case: no letter that is read as another.
const ALPHABET: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";

fn to_base32(value: u64) -> String {
    (0..13u32)
        .rev()
        .filter_map(|place| ALPHABET.get(usize::try_from(value >> (place * 5) & 31).ok()?))
        .map(|&c| char::from(c))
        .collect()
}

fn from_base32(text: &str) -> Option<u64> {
    if text.len() != 13 {
        return None;
    }
    text.bytes().try_fold(0u64, |value, c| {
        let digit = ALPHABET.iter().position(|&a| a == c.to_ascii_lowercase())?;
        value.checked_mul(32)?.checked_add(u64::try_from(digit).ok()?)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_opaque_id_is_read_back_as_it_was_printed() {
        for value in [0, 1, 31, 32, u64::MAX, 0x0123_4567_89ab_cdef] {
            let text = QueueId(value).to_string();
            assert_eq!(text.len(), 13);
            assert_eq!(text.parse::<QueueId>(), Ok(QueueId(value)));
        }
        assert!("zzzzzzzzzzzzz".parse::<QueueId>().is_err());
        assert!("0".parse::<QueueId>().is_err());
    }
}
