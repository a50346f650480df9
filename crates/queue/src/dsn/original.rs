//! What a report returns of the message: RFC 3461 section 4.3, RFC 6522 section 4, RFC 6533 section 6.

use posthorn_message::header::{Fields, header_section};
use posthorn_smtp::{Body, Ret};

use super::{Action, DsnFacts};

/// Octets of the header that are returned at most.
const HEADER_LIMIT_OCTETS: usize = 64 * 1024;

/// The content type of the third part, and its body.
pub(super) fn compose(facts: &DsnFacts<'_>) -> (&'static str, Vec<u8>) {
    let (header, _) = header_section(facts.original);
    if is_returned_whole(facts) {
        let content_type = if header.is_ascii() {
            "message/rfc822"
        } else {
            "message/global"
        };
        return (content_type, facts.original.to_vec());
    }
    let kept = cut(header);
    let content_type = if kept.is_ascii() {
        "text/rfc822-headers"
    } else {
        "message/global-headers"
    };
    (content_type, kept)
}

pub(super) fn description(content_type: &str) -> &'static str {
    if content_type.ends_with("headers") {
        "Header of the message"
    } else {
        "The message"
    }
}

/// RFC 3461 section 4.3: `RET` is about failures alone; without it we may choose, and a header tells enough.
/// Content that is not made of lines cannot stand in another message as it is.
fn is_returned_whole(facts: &DsnFacts<'_>) -> bool {
    let has_failed = facts.recipients.iter().any(|one| one.action == Action::Failed);
    has_failed
        && facts.ret == Some(Ret::Full)
        && facts.body != Body::BinaryMime
        && facts.original.len() <= facts.full_limit_octets
}

/// Whole fields up to the limit.
fn cut(header: &[u8]) -> Vec<u8> {
    if header.len() <= HEADER_LIMIT_OCTETS {
        return header.to_vec();
    }
    let fits = Fields::new(header).take_while(|field| field.whole.end <= HEADER_LIMIT_OCTETS);
    let end = fits.last().map_or(0, |field| field.whole.end);
    header.get(..end).unwrap_or_default().to_vec()
}
