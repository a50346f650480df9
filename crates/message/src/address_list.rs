//! Address fields for showing, RFC 5322 section 3.4 with the obsolete forms of section 4.4: names, routes,
//! groups. Takes what mail has and refuses nothing, so it must not be used to decide where mail goes: that
//! is `base::Address`.

use crate::words::decode_words;

/// Entries of one field that are kept; who writes to more has made his point.
const ENTRIES: usize = 1_000;
/// Octets of one name, mailbox or domain that are kept.
const TEXT_OCTETS: usize = 2_000;

/// One entry of an address list, in the shape IMAP's `ENVELOPE` has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Entry {
    /// An address; octets as written, without quotes.
    Mailbox(Mailbox),
    /// A group begins; its name.
    GroupStart(Vec<u8>),
    /// The group ends.
    GroupEnd,
}

/// An address with its name and source route.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Mailbox {
    /// The display name or else a comment, encoded-words not decoded; `None` without either.
    pub name: Option<Vec<u8>>,
    /// The source route, `@a,@b`.
    pub route: Option<Vec<u8>>,
    /// What stands before the last `@`, without quotes.
    pub local: Vec<u8>,
    /// What stands behind it; empty when the address has none.
    pub domain: Vec<u8>,
}

impl Mailbox {
    /// The name, decoded, or else the address.
    #[must_use]
    pub fn display(&self) -> String {
        let name = self.name.as_deref().map(decode_words);
        name.map(|name| name.trim().to_owned())
            .filter(|name| !name.is_empty())
            .unwrap_or_else(|| {
                let local = String::from_utf8_lossy(&self.local);
                let domain = String::from_utf8_lossy(&self.domain);
                if domain.is_empty() {
                    local.into_owned()
                } else {
                    format!("{local}@{domain}")
                }
            })
    }
}

/// What an address list is made of.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Token {
    Word(Vec<u8>),
    Special(u8),
    Comment(Vec<u8>),
    Space,
}

/// Reads an unfolded address field. At most a thousand entries, each text of at most 2,000 octets.
#[must_use]
pub fn parse_addresses(text: &[u8]) -> Vec<Entry> {
    let mut parser = Parser::default();
    let mut rest = text;
    while let Some((token, tail)) = next_token(rest) {
        rest = tail;
        if parser.entries.len() >= ENTRIES {
            break;
        }
        parser.take(token);
    }
    parser.finish_mailbox();
    if parser.in_group {
        parser.entries.push(Entry::GroupEnd);
    }
    parser.entries
}

#[derive(Debug, Default)]
struct Parser {
    entries: Vec<Entry>,
    /// Words of a name or of an address without angle brackets.
    outside: Vec<Token>,
    /// What stands between angle brackets, once they opened.
    inside: Option<Vec<Token>>,
    is_inside: bool,
    comment: Option<Vec<u8>>,
    in_group: bool,
}

impl Parser {
    fn take(&mut self, token: Token) {
        match token {
            Token::Comment(text) => {
                self.comment.get_or_insert(text);
                self.push(Token::Space);
            }
            Token::Special(b'<') if !self.is_inside && self.inside.is_none() => {
                self.inside = Some(Vec::new());
                self.is_inside = true;
            }
            Token::Special(b'>') => self.is_inside = false,
            Token::Special(b',') if !self.is_route() => self.finish_mailbox(),
            Token::Special(b':') if !self.is_inside && !self.in_group => self.start_group(),
            Token::Special(b';') if !self.is_inside => {
                self.finish_mailbox();
                if std::mem::take(&mut self.in_group) {
                    self.entries.push(Entry::GroupEnd);
                }
            }
            word @ (Token::Word(_) | Token::Special(_) | Token::Space) => self.push(word),
        }
    }

    /// Whether a comma here belongs to a source route, `<@a,@b:c@d>`.
    fn is_route(&self) -> bool {
        self.is_inside
            && self
                .inside
                .as_ref()
                .is_some_and(|tokens| tokens.first() == Some(&Token::Special(b'@')))
    }

    fn push(&mut self, token: Token) {
        match &mut self.inside {
            Some(tokens) if self.is_inside => tokens.push(token),
            Some(_) => {}
            None => self.outside.push(token),
        }
    }

    fn start_group(&mut self) {
        let name = phrase(&std::mem::take(&mut self.outside));
        self.comment = None;
        self.in_group = true;
        self.entries.push(Entry::GroupStart(name));
    }

    fn finish_mailbox(&mut self) {
        let outside = std::mem::take(&mut self.outside);
        let comment = self.comment.take();
        self.is_inside = false;
        let name = phrase(&outside);
        let mailbox = match self.inside.take() {
            Some(inside) => Mailbox {
                name: Some(name).filter(|name| !name.is_empty()).or(comment),
                ..address(&inside)
            },
            None if name.is_empty() => return,
            None if outside.contains(&Token::Special(b'@')) => Mailbox {
                name: comment,
                ..address(&outside)
            },
            None if outside
                .iter()
                .filter(|token| matches!(token, Token::Word(_)))
                .count()
                == 1 =>
            {
                Mailbox {
                    name: comment,
                    local: name,
                    ..Mailbox::default()
                }
            }
            None => Mailbox {
                name: Some(name),
                ..Mailbox::default()
            },
        };
        self.entries.push(Entry::Mailbox(mailbox));
    }
}

/// A name: words with one space where the field has white space.
fn phrase(tokens: &[Token]) -> Vec<u8> {
    let mut text = Vec::new();
    for token in tokens {
        match token {
            Token::Word(word) => text.extend_from_slice(word),
            Token::Special(octet) => text.push(*octet),
            Token::Space if text.last() != Some(&b' ') => text.push(b' '),
            Token::Space | Token::Comment(_) => {}
        }
    }
    text = text.trim_ascii().to_vec();
    text.truncate(TEXT_OCTETS);
    text
}

/// Route, local part and domain of what stands between angle brackets.
fn address(tokens: &[Token]) -> Mailbox {
    let colon = tokens.iter().position(|token| *token == Token::Special(b':'));
    let is_route = tokens.iter().find(|token| **token != Token::Space) == Some(&Token::Special(b'@'));
    let (route, tokens) = match colon
        .filter(|_| is_route)
        .and_then(|at| tokens.split_at_checked(at))
    {
        Some((route, rest)) => (Some(joined(route)), rest.get(1..).unwrap_or_default()),
        None => (None, tokens),
    };
    // The last @ counts: in `a@b@c` the server that is reached is c.
    let at = tokens.iter().rposition(|token| *token == Token::Special(b'@'));
    let (local, domain) = at
        .and_then(|at| tokens.split_at_checked(at))
        .unwrap_or((tokens, &[]));
    Mailbox {
        name: None,
        route,
        local: joined(local),
        domain: joined(domain.get(1..).unwrap_or_default()),
    }
}

fn joined(tokens: &[Token]) -> Vec<u8> {
    let mut text = Vec::new();
    for token in tokens {
        match token {
            Token::Word(word) => text.extend_from_slice(word),
            Token::Special(octet) => text.push(*octet),
            Token::Space | Token::Comment(_) => {}
        }
    }
    text.truncate(TEXT_OCTETS);
    text
}

fn next_token(text: &[u8]) -> Option<(Token, &[u8])> {
    let (&first, rest) = text.split_first()?;
    Some(match first {
        b' ' | b'\t' | b'\r' | b'\n' => (Token::Space, rest.trim_ascii_start()),
        b'"' => {
            let (word, rest) = take_quoted(rest);
            (Token::Word(word), rest)
        }
        b'(' => {
            let (comment, rest) = take_comment(rest);
            (Token::Comment(comment), rest)
        }
        b'[' => {
            let len = memchr::memchr(b']', text).map_or(text.len(), |at| at.saturating_add(1));
            let (literal, rest) = text.split_at_checked(len)?;
            (Token::Word(literal.to_vec()), rest)
        }
        b'<' | b'>' | b',' | b';' | b':' | b'@' => (Token::Special(first), rest),
        _ => {
            let is_end = |octet: &u8| b" \t\r\n\"(<>,;:@[".contains(octet);
            let len = text
                .iter()
                .skip(1)
                .position(is_end)
                .map_or(text.len(), |at| at.saturating_add(1));
            let (word, rest) = text.split_at_checked(len)?;
            (Token::Word(word.to_vec()), rest)
        }
    })
}

/// A quoted string behind its first quote, without quotes and backslashes.
fn take_quoted(mut rest: &[u8]) -> (Vec<u8>, &[u8]) {
    let mut text = Vec::new();
    while let [octet, tail @ ..] = rest {
        rest = tail;
        match (octet, tail) {
            (b'"', _) => break,
            (b'\\', [escaped, after @ ..]) => {
                text.push(*escaped);
                rest = after;
            }
            (other, _) => text.push(*other),
        }
    }
    (text, rest)
}

/// A comment behind its first parenthesis; those within keep theirs.
fn take_comment(mut rest: &[u8]) -> (Vec<u8>, &[u8]) {
    let mut text = Vec::new();
    let mut depth = 1_usize;
    while let [octet, tail @ ..] = rest {
        rest = tail;
        match (octet, tail) {
            (b')', _) if depth == 1 => break,
            (b'\\', [escaped, after @ ..]) => {
                text.push(*escaped);
                rest = after;
                continue;
            }
            (b'(', _) => depth = depth.saturating_add(1),
            (b')', _) => depth = depth.saturating_sub(1),
            _ => {}
        }
        text.push(*octet);
    }
    (text.trim_ascii().to_vec(), rest)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str) -> Vec<String> {
        let string = |octets: &[u8]| String::from_utf8_lossy(octets).into_owned();
        parse_addresses(text.as_bytes())
            .iter()
            .map(|entry| match entry {
                Entry::Mailbox(at) => format!(
                    "{}|{}|{}|{}",
                    at.name.as_deref().map_or("-".to_owned(), string),
                    at.route.as_deref().map_or("-".to_owned(), string),
                    string(&at.local),
                    string(&at.domain)
                ),
                Entry::GroupStart(name) => format!("{}:", string(name)),
                Entry::GroupEnd => ";".to_owned(),
            })
            .collect()
    }

    #[test]
    fn the_examples_of_rfc_5322_appendix_a_are_read() {
        assert_eq!(
            shown("\"Joe Q. Public\" <john.q.public@example.com>"),
            ["Joe Q. Public|-|john.q.public|example.com"]
        );
        assert_eq!(
            shown(
                "Mary Smith <mary@x.test>, jdoe@example.org, Who? <one@y.test>, <boss@nil.test>, \"Giant; \\\"Big\\\" Box\" <sysservices@example.net>"
            ),
            [
                "Mary Smith|-|mary|x.test",
                "-|-|jdoe|example.org",
                "Who?|-|one|y.test",
                "-|-|boss|nil.test",
                "Giant; \"Big\" Box|-|sysservices|example.net"
            ]
        );
        assert_eq!(
            shown("A Group:Ed Jones <c@a.test>,joe@where.test,John <jdoe@one.test>;"),
            [
                "A Group:",
                "Ed Jones|-|c|a.test",
                "-|-|joe|where.test",
                "John|-|jdoe|one.test",
                ";"
            ]
        );
        assert_eq!(
            shown("Undisclosed recipients:;"),
            ["Undisclosed recipients:", ";"]
        );
        assert_eq!(
            shown("Pete(A nice \\) chap) <pete(his account)@silly.test(his host)>"),
            ["Pete|-|pete|silly.test"]
        );
        assert_eq!(
            shown("Mary Smith <@node.test,@b.test:mary@example.net>, , jdoe@test . example"),
            [
                "Mary Smith|@node.test,@b.test|mary|example.net",
                "-|-|jdoe|test.example"
            ]
        );
    }

    #[test]
    fn a_comment_is_the_name_of_a_bare_address() {
        assert_eq!(
            shown("fred@example.com (Fred Foo)"),
            ["Fred Foo|-|fred|example.com"]
        );
    }

    #[test]
    fn what_is_no_address_is_kept_as_far_as_it_goes() {
        assert_eq!(shown("Moderator-Address"), ["-|-|Moderator-Address|"]);
        assert_eq!(shown("John Doe"), ["John Doe|-||"]);
        assert_eq!(shown("Joe <joe"), ["Joe|-|joe|"]);
        assert_eq!(shown("\"open, <a@b.test>"), ["-|-|open, <a@b.test>|"]);
        assert_eq!(shown("a:b:c@d.test"), ["a:", "-|-|b:c|d.test", ";"]);
        assert_eq!(shown("x@[192.0.2.1], ,,;"), ["-|-|x|[192.0.2.1]"]);
    }

    #[test]
    fn a_list_without_end_is_cut() {
        assert_eq!(
            parse_addresses("a@b.test,".repeat(5_000).as_bytes()).len(),
            ENTRIES
        );
    }

    #[test]
    fn the_display_text_is_the_decoded_name_or_the_address() {
        let display = |text: &str| match &parse_addresses(text.as_bytes())[0] {
            Entry::Mailbox(mailbox) => mailbox.display(),
            Entry::GroupStart(_) | Entry::GroupEnd => String::new(),
        };
        assert_eq!(display("=?utf-8?Q?Andr=C3=A9?= <a@b.test>"), "Andr\u{e9}");
        assert_eq!(display("a@b.test"), "a@b.test");
    }
}
