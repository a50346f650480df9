//! Finding the one SPF record of a domain (RFC 7208 sections 4.4 and 4.5).

use posthorn_base::lookup::{Kind, Lookup, NoRecords, Record as Answered};

use crate::record::is_spf;
use crate::shown;

/// The longest text that is kept of a record that cannot be read; one TXT record holds no more.
const MAX_KEPT: usize = 65_536;

/// Why there is no one record.
#[derive(Clone, Debug)]
pub(crate) enum NotOne {
    /// The DNS says that there is none: no such name, or none that is SPF.
    Absent(NoRecords),
    /// There are TXT records, none of them SPF.
    NotAmongTxt,
    /// There are several, which RFC 7208 section 4.5 makes an error.
    Several(Vec<String>),
    /// Nobody could tell; the reason, fit to be shown.
    Temporary(String),
}

/// The text of the one SPF record of `domain`; what is not UTF-8 in it stands as U+FFFD.
pub(crate) async fn spf_record<L: Lookup>(lookup: &L, domain: &str) -> Result<String, NotOne> {
    let answer = match lookup.ask(domain, Kind::Txt).await {
        Ok(answer) => answer,
        Err(NoRecords::Temporary(reason)) => return Err(NotOne::Temporary(shown::shown(&reason, 100))),
        Err(none @ (NoRecords::NoSuchName | NoRecords::NoneOfKind)) => return Err(NotOne::Absent(none)),
    };
    let mut found = answer.iter().filter_map(texts).filter(|octets| is_spf(octets));
    let Some(first) = found.next() else {
        return Err(NotOne::NotAmongTxt);
    };
    match found.next() {
        None => Ok(text(first)),
        Some(second) => {
            let all = [first, second].into_iter().chain(found);
            Err(NotOne::Several(
                all.take(10)
                    .map(|octets| shown::shown(&text(octets), 500))
                    .collect(),
            ))
        }
    }
}

/// The octets of a TXT record.
#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "all other records are of no interest here"
)]
pub(crate) fn texts(record: &Answered) -> Option<&[u8]> {
    match record {
        Answered::Txt(octets) => Some(octets),
        _ => None,
    }
}

fn text(octets: &[u8]) -> String {
    String::from_utf8_lossy(octets.get(..MAX_KEPT).unwrap_or(octets)).into_owned()
}
