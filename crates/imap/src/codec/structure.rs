//! `body` for a client that knows no more than IMAP4rev1: to it `MESSAGE/GLOBAL` (RFC 6532) is a part like any
//! other, while RFC 9051 section 7.5.2 shows the message inside (media-message). The shell prints the latter.

use std::borrow::Cow;

/// How the description of such a part begins.
const GLOBAL: &[u8] = b"(\"MESSAGE\" \"GLOBAL\"";
/// Parameters, id, description, encoding and size.
const BASIC_FIELDS: usize = 5;
/// Envelope, structure and lines of the message inside.
const MESSAGE_FIELDS: usize = 3;

/// The same structure without what is inside of `MESSAGE/GLOBAL`.
pub(crate) fn for_rev1(structure: &[u8]) -> Cow<'_, [u8]> {
    match structure.windows(GLOBAL.len()).any(|window| window == GLOBAL) {
        true => closed(structure).map_or(Cow::Borrowed(structure), Cow::Owned),
        false => Cow::Borrowed(structure),
    }
}

fn closed(structure: &[u8]) -> Option<Vec<u8>> {
    let mut out = Vec::with_capacity(structure.len());
    let mut walk = Walk { rest: structure };
    while let Some(&next) = walk.rest.first() {
        if walk.rest.starts_with(GLOBAL) {
            out.extend_from_slice(walk.take(GLOBAL.len())?);
            for _ in 0..BASIC_FIELDS {
                out.extend_from_slice(walk.take(1)?);
                out.extend_from_slice(walk.item()?);
            }
            for _ in 0..MESSAGE_FIELDS {
                walk.take(1)?;
                walk.item()?;
            }
        } else if matches!(next, b'"' | b'{') {
            out.extend_from_slice(walk.item()?);
        } else {
            out.extend_from_slice(walk.take(1)?);
        }
    }
    Some(out)
}

struct Walk<'a> {
    rest: &'a [u8],
}

impl<'a> Walk<'a> {
    fn take(&mut self, count: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.rest.split_at_checked(count)?;
        self.rest = rest;
        Some(taken)
    }

    /// A string, a list with all in it, or an atom.
    fn item(&mut self) -> Option<&'a [u8]> {
        let whole = self.rest;
        let mut depth = 0_usize;
        loop {
            match *self.rest.first()? {
                b'(' => {
                    depth = depth.checked_add(1)?;
                    self.take(1)?;
                }
                b')' => {
                    depth = depth.checked_sub(1)?;
                    self.take(1)?;
                }
                b' ' if depth > 0 => {
                    self.take(1)?;
                    continue;
                }
                b'"' => self.quoted()?,
                b'{' => self.literal()?,
                _ => self.atom()?,
            }
            if depth == 0 {
                return whole.get(..whole.len().checked_sub(self.rest.len())?);
            }
        }
    }

    fn quoted(&mut self) -> Option<()> {
        self.take(1)?;
        loop {
            match *self.take(1)?.first()? {
                b'"' => return Some(()),
                b'\\' => self.take(1).map(|_escaped| ())?,
                _ => {}
            }
        }
    }

    fn literal(&mut self) -> Option<()> {
        self.take(1)?;
        let digits = self.rest.iter().position(|octet| *octet == b'}')?;
        let size: usize = std::str::from_utf8(self.take(digits)?).ok()?.parse().ok()?;
        self.take(b"}\r\n".len())?;
        self.take(size).map(|_text| ())
    }

    fn atom(&mut self) -> Option<()> {
        let is_end = |octet: &u8| matches!(octet, b' ' | b'(' | b')');
        let length = self.rest.iter().position(is_end).unwrap_or(self.rest.len());
        match length {
            0 => None,
            length => self.take(length).map(|_atom| ()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ENVELOPE: &str = "(NIL \"s (\\\")\" NIL NIL NIL NIL NIL NIL NIL {3}\r\n()\")";

    fn shown(structure: &str) -> String {
        String::from_utf8(for_rev1(structure.as_bytes()).into_owned()).unwrap()
    }

    #[test]
    fn what_is_inside_of_message_global_is_left_out() {
        let text = "(\"TEXT\" \"PLAIN\" NIL NIL NIL \"7BIT\" 1 1)";
        let global = |inside: &str| {
            format!(
                "(\"MESSAGE\" \"GLOBAL\" (\"NAME\" {{2}}\r\n\u{fc}) NIL NIL \"8BIT\" 99{inside} NIL NIL NIL NIL)"
            )
        };
        let open = global(&format!(
            " {ENVELOPE} ({text}{} \"MIXED\") 5",
            global(&format!(" {ENVELOPE} {text} 3"))
        ));
        let mixed = |part: &str| format!("({text}{part}{text} \"MIXED\" NIL NIL NIL NIL)");
        assert_eq!(shown(&mixed(&open)), mixed(&global("")));
    }

    #[test]
    fn what_only_looks_like_it_stays() {
        let rfc822 = format!(
            "(\"MESSAGE\" \"RFC822\" NIL NIL NIL \"7BIT\" 9 {ENVELOPE} (\"TEXT\" \"PLAIN\" NIL NIL NIL \"7BIT\" 1 1) 3)"
        );
        assert_eq!(shown(&rfc822), rfc822);
        let literal = "(\"TEXT\" \"PLAIN\" (\"NAME\" {21}\r\n(\"MESSAGE\" \"GLOBAL\" ) NIL NIL \"7BIT\" 1 1)";
        assert_eq!(shown(literal), literal);
        let broken = "(\"MESSAGE\" \"GLOBAL\" NIL (";
        assert_eq!(shown(broken), broken);
    }
}
