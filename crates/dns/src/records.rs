//! From the library's record data to ours, one function for each record type that is asked for.

#![expect(
    clippy::wildcard_enum_match_arm,
    reason = "the library's list of record types grows; one is meant here"
)]

use std::net::IpAddr;

use hickory_proto::rr::{Name, RData};

/// One MX record.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Mx {
    /// Smaller is better.
    pub preference: u16,
    /// The host; `None` for the root, which says "no mail" (RFC 7505).
    pub exchange: Option<String>,
}

pub(crate) fn mx(data: &RData) -> Option<Mx> {
    match data {
        RData::MX(mx) => Some(Mx {
            preference: mx.preference,
            exchange: (!mx.exchange.is_root()).then(|| name_text(&mx.exchange)),
        }),
        _ => None,
    }
}

pub(crate) fn address(data: &RData) -> Option<IpAddr> {
    match data {
        RData::A(a) => Some(IpAddr::V4(a.0)),
        RData::AAAA(aaaa) => Some(IpAddr::V6(aaaa.0)),
        _ => None,
    }
}

pub(crate) fn ptr(data: &RData) -> Option<String> {
    match data {
        RData::PTR(ptr) => Some(name_text(&ptr.0)),
        _ => None,
    }
}

pub(crate) fn txt(data: &RData) -> Option<String> {
    match data {
        RData::TXT(txt) => Some(String::from_utf8_lossy(&txt.txt_data.concat()).into_owned()),
        _ => None,
    }
}

/// In lower case, without the final dot.
fn name_text(name: &Name) -> String {
    let text = name.to_ascii().to_ascii_lowercase();
    text.strip_suffix('.').unwrap_or(&text).to_owned()
}
