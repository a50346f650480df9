//! How requests and responses travel through the socket: one line of JSON with a version, each way.

use std::fmt::{self, Display};
use std::str::FromStr;

use posthorn_accounts::PasswordRecord;
use posthorn_sasl::ScramKeys;
use serde::de::{DeserializeOwned, Error as _};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value;

/// Both sides must have the same; a request of another version is not looked at.
pub(super) const VERSION: u32 = 1;

/// A request line is not longer; an alias with a thousand long targets fits.
pub(super) const REQUEST_OCTETS: u64 = 1 << 20;

/// A value that is serialised as its text, and checked when it is read.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct Text<T>(pub(crate) T);

/// Requests stand in the log, where people read them.
impl<T: Display> fmt::Debug for Text<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl<T: Display> Serialize for Text<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&self.0)
    }
}

impl<'de, T: FromStr<Err: Display>> Deserialize<'de> for Text<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map(Self).map_err(D::Error::custom)
    }
}

/// What is stored of a password. It is hashed before it travels; `Debug` shows nothing of it.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct HashedPassword(pub(crate) PasswordRecord);

impl fmt::Debug for HashedPassword {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("HashedPassword(…)")
    }
}

#[derive(Serialize, Deserialize)]
struct Fields {
    password_hash: String,
    salt: Vec<u8>,
    iterations: u32,
    stored_key: [u8; 32],
    server_key: [u8; 32],
}

impl Serialize for HashedPassword {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Self(record) = self;
        let fields = Fields {
            password_hash: record.password_hash.clone(),
            salt: record.scram.salt.clone(),
            iterations: record.scram.iterations,
            stored_key: record.scram.stored_key,
            server_key: record.scram.server_key,
        };
        fields.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for HashedPassword {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let fields = Fields::deserialize(deserializer)?;
        Ok(Self(PasswordRecord {
            password_hash: fields.password_hash,
            scram: ScramKeys {
                salt: fields.salt,
                iterations: fields.iterations,
                stored_key: fields.stored_key,
                server_key: fields.server_key,
            },
        }))
    }
}

/// Why a line is not understood.
#[derive(Debug, thiserror::Error)]
pub(crate) enum WireError {
    /// Another version wrote it.
    #[error(
        "the running server and this command are different versions of posthorn; restart the server or use its command"
    )]
    OtherVersion,
    /// It is no JSON, or not of the form it should have.
    #[error("what came through the socket is not understood: {0}")]
    Malformed(#[from] serde_json::Error),
}

#[derive(Serialize, Deserialize)]
struct Line<T> {
    version: u32,
    body: T,
}

/// A line with its line end.
pub(super) fn to_line(body: &impl Serialize) -> Result<Vec<u8>, WireError> {
    let mut line = serde_json::to_vec(&Line {
        version: VERSION,
        body,
    })?;
    line.push(b'\n');
    Ok(line)
}

/// Reads a line. The version is looked at before the body, as another version's body may be anything.
pub(super) fn from_line<T: DeserializeOwned>(line: &[u8]) -> Result<T, WireError> {
    let line: Line<Value> = serde_json::from_slice(line)?;
    if line.version != VERSION {
        return Err(WireError::OtherVersion);
    }
    Ok(serde_json::from_value(line.body)?)
}
