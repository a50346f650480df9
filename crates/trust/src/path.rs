//! The way a message came: its Received fields (RFC 5321 section 4.4), read as leniently as the programs
//! that write them differ. Believes nothing: whoever handed the message to us could write these fields.

use std::net::IpAddr;

use posthorn_message::header;

use crate::evidence::Hop;
use crate::printable::printable;

/// Hops that are kept.
pub const MAX_HOPS: usize = 30;
/// Of these, the oldest: they tell where the message says it began.
const OLDEST: usize = 10;
/// Octets of one field that are looked at.
const FIELD_OCTETS: usize = 4_096;
/// Octets of one name that are kept; no DNS name is longer.
const NAME_OCTETS: usize = 253;
/// Octets of the `with` word that are kept.
const WITH_OCTETS: usize = 60;
/// Words of one `with` clause that are kept: `Microsoft SMTP Server`.
const WITH_WORDS: usize = 3;

/// The Received fields of a message, newest first, at most [`MAX_HOPS`]; the number says how many were left
/// out of the middle.
#[must_use]
pub fn path(octets: &[u8]) -> (Vec<Hop>, usize) {
    let fields = header::Fields::new(octets).filter(|field| field.is("Received"));
    shortened(fields.map(|field| hop(field.value)))
}

/// Keeps the newest and the oldest of the hops.
pub(crate) fn shortened(hops: impl Iterator<Item = Hop>) -> (Vec<Hop>, usize) {
    let newest = MAX_HOPS.saturating_sub(OLDEST);
    let mut kept = Vec::new();
    let mut left_out: usize = 0;
    for hop in hops {
        if kept.len() >= MAX_HOPS {
            kept.remove(newest);
            left_out = left_out.saturating_add(1);
        }
        kept.push(hop);
    }
    (kept, left_out)
}

/// Reads the value of one Received field. What it does not say is `None`.
#[must_use]
pub fn hop(value: &[u8]) -> Hop {
    let value = value.get(..FIELD_OCTETS).unwrap_or(value);
    let text = header::unfold(value);
    let mut reader = Reader::default();
    let mut rest: &str = &text;
    while let Some((token, tail)) = next_token(rest) {
        rest = tail;
        match token {
            Token::Word(word) => reader.word(word),
            Token::Comment(comment) => reader.comment(comment),
            // The date is what follows the last semicolon; some write one before it, too.
            Token::Semicolon => {
                reader.date = Some(tail);
                reader.clause = Clause::Other;
            }
        }
    }
    reader.finish()
}

/// What a Received field is made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Token<'a> {
    Word(&'a str),
    /// Without its outer parentheses.
    Comment(&'a str),
    Semicolon,
}

/// The next token, and what follows it.
fn next_token(text: &str) -> Option<(Token<'_>, &str)> {
    let text = text.trim_start();
    let first = text.chars().next()?;
    if let Some(inner) = text.strip_prefix('(') {
        let (comment, rest) = split_comment(inner);
        return Some((Token::Comment(comment), rest));
    }
    if let Some(rest) = text.strip_prefix(';') {
        return Some((Token::Semicolon, rest));
    }
    let end = text
        .find(|c: char| c.is_whitespace() || c == '(' || c == ';')
        .unwrap_or(text.len())
        .max(first.len_utf8());
    let (word, rest) = text.split_at_checked(end)?;
    Some((Token::Word(word), rest))
}

/// Splits behind the parenthesis that closes the comment; an open one takes all that is left.
fn split_comment(inner: &str) -> (&str, &str) {
    let mut depth = 1_u32;
    let mut escaped = false;
    for (at, octet) in inner.bytes().enumerate() {
        match octet {
            _ if escaped => {
                escaped = false;
                continue;
            }
            b'\\' => escaped = true,
            b'(' => depth = depth.saturating_add(1),
            b')' => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth == 0 {
            let (comment, rest) = inner.split_at_checked(at).unwrap_or((inner, ""));
            return (comment, rest.strip_prefix(')').unwrap_or(rest));
        }
    }
    (inner, "")
}

/// Which clause the words belong to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Clause {
    From,
    By,
    With,
    /// `via`, `id`, `for`, or nothing yet: words that nobody needs.
    #[default]
    Other,
}

#[derive(Debug, Default)]
struct Reader<'a> {
    clause: Clause,
    from: Option<&'a str>,
    /// What the client called itself, where the field tells it apart from its name in the DNS.
    helo: Option<&'a str>,
    ip: Option<IpAddr>,
    by: Option<&'a str>,
    with: Vec<&'a str>,
    tls: bool,
    date: Option<&'a str>,
}

impl<'a> Reader<'a> {
    fn word(&mut self, word: &'a str) {
        if let Some(clause) = self.begins(word) {
            self.clause = clause;
            return;
        }
        match self.clause {
            Clause::From if self.from.is_none() => self.from = Some(word),
            Clause::By if self.by.is_none() => self.by = Some(word),
            Clause::With if self.with.len() < WITH_WORDS => self.with.push(word),
            Clause::From | Clause::By | Clause::With | Clause::Other => {}
        }
    }

    /// The clause that a word begins. A clause comes once, so that a host that calls itself `by` does not
    /// confuse anybody more than it must.
    fn begins(&self, word: &str) -> Option<Clause> {
        let is = |name: &str| word.eq_ignore_ascii_case(name);
        let expects_name = matches!(self.clause, Clause::From if self.from.is_none())
            || matches!(self.clause, Clause::By if self.by.is_none());
        if expects_name {
            None
        } else if is("from") && self.from.is_none() && self.by.is_none() {
            Some(Clause::From)
        } else if is("by") && self.by.is_none() {
            Some(Clause::By)
        } else if is("with") && self.with.is_empty() {
            Some(Clause::With)
        } else if is("via") || is("id") || is("for") {
            Some(Clause::Other)
        } else {
            None
        }
    }

    fn comment(&mut self, comment: &'a str) {
        self.tls = self.tls || tells_of_tls(comment);
        if self.clause != Clause::From {
            return;
        }
        self.ip = self.ip.or_else(|| address_in(comment));
        self.helo = self.helo.or_else(|| helo_in(comment));
    }

    fn finish(self) -> Hop {
        let name = |text: &str| {
            let text = printable(text.trim_end_matches('.'), NAME_OCTETS);
            (!text.is_empty()).then_some(text)
        };
        let with = printable(&self.with.join(" "), WITH_OCTETS);
        Hop {
            // Exim writes the address where others write the name.
            ip: self.ip.or_else(|| self.from.and_then(literal)),
            from: self.helo.or(self.from).and_then(name),
            by: self.by.and_then(name),
            tls: self.tls || is_tls_protocol(&with),
            with: (!with.is_empty()).then_some(with),
            at: self
                .date
                .and_then(|date| header::date(date.as_bytes()))
                .map(posthorn_base::Timestamp::as_secs),
        }
    }
}

/// `[192.0.2.1]`, `[IPv6:2001:db8::1]`, `[192.0.2.1]:1234`.
fn literal(word: &str) -> Option<IpAddr> {
    let (inner, _) = word.strip_prefix('[')?.split_once(']')?;
    plain_address(inner)
}

/// An address without brackets; that of an IPv4 client in IPv6's clothes is IPv4.
fn plain_address(text: &str) -> Option<IpAddr> {
    let tagged = text.get(..5).is_some_and(|tag| tag.eq_ignore_ascii_case("IPv6:"));
    let text = if tagged { text.get(5..)? } else { text };
    text.parse().ok().map(|ip: IpAddr| ip.to_canonical())
}

/// The address in the comment behind the client's name. One in brackets counts before one without: it is
/// what the receiving program saw, where a bare one may be a name.
fn address_in(comment: &str) -> Option<IpAddr> {
    let bracketed = comment
        .split('[')
        .skip(1)
        .filter_map(|rest| rest.split_once(']'))
        .find_map(|(inner, _)| plain_address(inner));
    // qmail writes `(user@192.0.2.1)` when the client tells who it is.
    bracketed.or_else(|| comment.split([' ', '@', ',']).find_map(plain_address))
}

/// `HELO name`, `EHLO name`, `helo=name`.
fn helo_in(comment: &str) -> Option<&str> {
    let mut words = comment.split_whitespace();
    while let Some(word) = words.next() {
        if word.eq_ignore_ascii_case("HELO") || word.eq_ignore_ascii_case("EHLO") {
            return words.next();
        }
        let (name, value) = word.split_at_checked(5).unwrap_or(("", ""));
        if name.eq_ignore_ascii_case("helo=") || name.eq_ignore_ascii_case("ehlo=") {
            return Some(value).filter(|value| !value.is_empty());
        }
    }
    None
}

/// `using TLSv1.3 with cipher …`, `version=TLS1_2`, `TLS1.2:ECDHE_…`, and Exchange's bare `TLS`.
fn tells_of_tls(comment: &str) -> bool {
    let begins_so = |word: &str| {
        word.get(..3)
            .is_some_and(|begin| begin.eq_ignore_ascii_case("TLS"))
            && word
                .chars()
                .nth(3)
                .is_none_or(|c| matches!(c, 'v' | 'V' | '1' | '_'))
    };
    comment.split([' ', '=', ',', ':', ';', '(']).any(begins_so)
}

/// RFC 3848 and RFC 6531 section 4.3: the words with an `S` say TLS.
fn is_tls_protocol(with: &str) -> bool {
    let word = with
        .split([' ', '/'])
        .next()
        .unwrap_or_default()
        .to_ascii_uppercase();
    let word = word.strip_suffix('A').unwrap_or(&word);
    let named = [
        "ESMTPS",
        "LMTPS",
        "SMTPS",
        "UTF8SMTPS",
        "UTF8LMTPS",
        "HTTPS",
        "ASMTPS",
    ];
    named.contains(&word) || with.to_ascii_uppercase().contains("/TLS")
}

/// Whether the `with` word says that the client had logged in (RFC 3848): such a hop begins the way.
pub(crate) fn is_submission(hop: &Hop) -> bool {
    hop.with.as_deref().is_some_and(|with| {
        let word = with.split(' ').next().unwrap_or_default().to_ascii_uppercase();
        ["ESMTPA", "ESMTPSA", "UTF8SMTPA", "UTF8SMTPSA", "ASMTP"].contains(&word.as_str())
    })
}

#[cfg(test)]
mod tests;
