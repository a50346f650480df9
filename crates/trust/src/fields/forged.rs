//! Authentication-Results fields from outside that claim to be ours (RFC 8601 section 5): readers of our mail
//! trust what stands under our name, so nobody else may write there. Errs towards taking out: a field that
//! somebody could take for ours is no use to anybody else. Does not touch ARC-Authentication-Results, which
//! are signed and speak for those who sealed them.

use std::ops::Range;

use posthorn_base::Domain;
use posthorn_base::limits::HEADER_OCTETS;
use posthorn_message::header::Fields;

/// Octets of a field value in which the name is looked for.
const NAME_OCTETS: usize = 4_096;

/// Does the value of an Authentication-Results field begin with our name? Letter case, comments, quotes, a
/// version or a dot behind it do not matter.
#[must_use]
pub fn is_forged(field_value: &[u8], authserv_id: &str) -> bool {
    let value = field_value.get(..NAME_OCTETS).unwrap_or(field_value);
    let (text, is_closed) = without_comments(value);
    let is_end = |c: char| c.is_whitespace() || matches!(c, '/' | '=' | ',');
    let claimed = text.trim().split(is_end).next().unwrap_or_default();
    is_same(claimed, authserv_id)
        // Of a comment or a quoted string that never ends nobody knows what others make of it.
        || (!is_closed && contains(value, authserv_id))
}

/// The value up to its first semicolon without comments, quotes and backslashes; and whether all of these
/// were closed.
fn without_comments(value: &[u8]) -> (String, bool) {
    let mut text = Vec::new();
    let mut depth = 0_u32;
    let mut is_quoted = false;
    let mut octets = value.iter().copied();
    while let Some(octet) = octets.next() {
        match octet {
            b'\\' => {
                let escaped = octets.next();
                if depth == 0 {
                    text.extend(escaped);
                }
            }
            b'"' if depth == 0 => is_quoted = !is_quoted,
            b'(' if !is_quoted => depth = depth.saturating_add(1),
            b')' if depth > 0 => depth = depth.saturating_sub(1),
            b';' if depth == 0 && !is_quoted => break,
            b'\r' | b'\n' => {}
            other if depth == 0 => text.push(other),
            _ => {}
        }
    }
    let is_closed = depth == 0 && !is_quoted;
    (String::from_utf8_lossy(&text).into_owned(), is_closed)
}

fn is_same(claimed: &str, ours: &str) -> bool {
    let claimed = claimed.strip_suffix('.').unwrap_or(claimed);
    if claimed.eq_ignore_ascii_case(ours) {
        return true;
    }
    // U-labels and A-labels of one name.
    let name = |text: &str| Domain::parse(text).ok();
    !claimed.is_ascii() && name(claimed).is_some_and(|claimed| Some(claimed) == name(ours))
}

fn contains(value: &[u8], ours: &str) -> bool {
    let value = value.to_ascii_lowercase();
    let ours = ours.to_ascii_lowercase();
    memchr::memmem::find(&value, ours.as_bytes()).is_some()
}

/// The message without Authentication-Results fields that claim to be ours; `None` when there is none, which
/// is nearly always.
#[must_use]
pub fn strip_forged(octets: &[u8], authserv_id: &str) -> Option<Vec<u8>> {
    let forged = forged_fields(octets, authserv_id);
    if forged.is_empty() {
        return None;
    }
    let mut kept = Vec::with_capacity(octets.len());
    let mut at = 0;
    for range in forged {
        kept.extend_from_slice(octets.get(at..range.start).unwrap_or_default());
        at = range.end;
    }
    kept.extend_from_slice(octets.get(at..).unwrap_or_default());
    Some(kept)
}

/// Where the forged fields lie, in order.
fn forged_fields(octets: &[u8], authserv_id: &str) -> Vec<Range<usize>> {
    let mut forged = Vec::new();
    let mut base: usize = 0;
    loop {
        let rest = octets.get(base..).unwrap_or_default();
        let mut end = 0;
        let mut is_cut = false;
        for field in Fields::new(rest) {
            // `Fields` looks at so many octets; a field that reaches their end may go on behind it.
            is_cut = field.whole.end >= HEADER_OCTETS && rest.len() > HEADER_OCTETS;
            if is_cut {
                break;
            }
            end = field.whole.end;
            if is_ours_or_hides_it(field.name, field.value, authserv_id) {
                let place = |at: usize| base.saturating_add(at);
                forged.push(place(field.whole.start)..place(field.whole.end));
            }
        }
        if !is_cut || end == 0 {
            return forged;
        }
        base = base.saturating_add(end);
    }
}

fn is_ours_or_hides_it(name: &[u8], value: &[u8], authserv_id: &str) -> bool {
    if is_results(name) {
        return is_forged(value, authserv_id);
    }
    // A bare CR ends a line for some programs, and a new field begins there. Our SMTP refuses them; what
    // comes another way may have them.
    let mut lines = value.split(|octet| *octet == b'\r').skip(1);
    lines.any(|line| {
        let mut parts = line.splitn(2, |octet| *octet == b':');
        match (parts.next(), parts.next()) {
            (Some(name), Some(value)) => is_results(name.trim_ascii_end()) && is_forged(value, authserv_id),
            _ => false,
        }
    })
}

fn is_results(name: &[u8]) -> bool {
    name.eq_ignore_ascii_case(b"Authentication-Results")
}
