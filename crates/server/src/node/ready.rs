//! Where a node listens, for its log and for scripts.

use std::fmt;
use std::net::SocketAddr;

use serde_json::{Map, Value};

/// The addresses of each protocol, in the order of the settings.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Addresses {
    protocols: Vec<(&'static str, Vec<SocketAddr>)>,
}

impl Addresses {
    pub(super) fn add(&mut self, protocol: &'static str, addresses: Vec<SocketAddr>) {
        self.protocols.push((protocol, addresses));
    }

    /// The first address of a protocol, by the name of its setting; `None` when it is off.
    #[must_use]
    pub(crate) fn first(&self, protocol: &str) -> Option<SocketAddr> {
        self.protocols
            .iter()
            .find(|(name, _)| *name == protocol)?
            .1
            .first()
            .copied()
    }

    /// `{"smtp": "127.0.0.1:25", …}`: the first address of each, `null` for what is off.
    #[must_use]
    pub(crate) fn to_json_value(&self) -> Map<String, Value> {
        let entry = |(name, addresses): &(&str, Vec<SocketAddr>)| {
            let first = addresses
                .first()
                .map_or(Value::Null, |address| Value::String(address.to_string()));
            ((*name).to_owned(), first)
        };
        self.protocols.iter().map(entry).collect()
    }

    /// The same as text.
    #[must_use]
    pub(crate) fn to_json(&self) -> String {
        Value::Object(self.to_json_value()).to_string()
    }
}

impl fmt::Display for Addresses {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut separator = "";
        for (name, addresses) in &self.protocols {
            for address in addresses {
                write!(f, "{separator}{name} {address}")?;
                separator = ", ";
            }
        }
        Ok(())
    }
}
