//! Text with macros (RFC 7208 section 7), read into pieces: the domain of a term and the text of an
//! explanation. What the pieces become for one message is in [`expand`]. Asks nothing.
//!
//! ```text
//! domain-spec   = macro-string domain-end
//! domain-end    = ( "." toplabel [ "." ] ) / macro-expand
//! macro-expand  = ( "%{" macro-letter transformers *delimiter "}" ) / "%%" / "%_" / "%-"
//! macro-literal = %x21-24 / %x26-7E
//! macro-letter  = "s" / "l" / "o" / "d" / "i" / "p" / "h" / "c" / "r" / "t" / "v"
//! transformers  = *DIGIT [ "r" ]
//! delimiter     = "." / "-" / "+" / "," / "/" / "_" / "="
//! ```

pub(crate) mod expand;

use std::fmt;

/// The longest domain of a term that is read. A name has 253 octets, a macro about four; more than this
/// is nobody's honest record.
const MAX_DOMAIN_SPEC: usize = 512;

/// The domain of a term as it is written, with or without macros: `_spf.example.org`,
/// `%{ir}.list.example.org`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DomainSpec {
    written: String,
    pieces: Vec<Piece>,
}

impl DomainSpec {
    /// Reads a domain, which must end in a macro or in a label that a top-level domain may have.
    ///
    /// # Errors
    /// What is wrong with it, in words.
    pub fn parse(written: &str) -> Result<Self, BadDomain> {
        if written.is_empty() {
            return Err(BadDomain("no domain is given where one is needed".to_owned()));
        }
        if written.len() > MAX_DOMAIN_SPEC {
            return Err(BadDomain(format!(
                "the domain is longer than {MAX_DOMAIN_SPEC} characters"
            )));
        }
        let pieces = pieces(written, Place::Term)?;
        check_end(written, pieces.last())?;
        let written = written.to_owned();
        Ok(Self { written, pieces })
    }

    /// As it is written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.written
    }

    /// Does it depend on the message?
    #[must_use]
    pub fn has_macros(&self) -> bool {
        self.pieces.iter().any(|piece| matches!(piece, Piece::Macro(_)))
    }

    /// The name it is, when it is the same for every message: `%%`, `%_` and `%-` resolved, no final dot.
    #[must_use]
    pub fn fixed_name(&self) -> Option<String> {
        let mut name = String::with_capacity(self.written.len());
        for piece in &self.pieces {
            match piece {
                Piece::Literal(text) => name.push_str(text),
                Piece::Escape(text) => name.push_str(text),
                Piece::Macro(_) => return None,
            }
        }
        if name.ends_with('.') {
            name.pop();
        }
        Some(name)
    }

    /// Does it ask for the client's name (`%{p}`), which costs a look-up?
    pub(crate) fn needs_client_name(&self) -> bool {
        need_client_name(&self.pieces)
    }

    pub(crate) fn pieces(&self) -> &[Piece] {
        &self.pieces
    }
}

impl fmt::Display for DomainSpec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.written)
    }
}

/// Why a text is no domain of a term, in words.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct BadDomain(pub(crate) String);

/// A part of a text with macros.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Piece {
    /// Stands for itself.
    Literal(String),
    /// `%%`, `%_`, `%-`: what it stands for.
    Escape(&'static str),
    /// Stands for something of the message.
    Macro(Macro),
}

/// `%{d2r-}`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Macro {
    pub(crate) letter: Letter,
    /// Upper case: what is not unreserved in a URL is escaped.
    pub(crate) escapes: bool,
    /// How many parts remain, from the right; 1 or more.
    pub(crate) parts: Option<usize>,
    pub(crate) reverses: bool,
    /// Where it is split; empty means at dots.
    pub(crate) delimiters: String,
}

/// What a macro stands for (RFC 7208 section 7.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Letter {
    Sender,
    Local,
    SenderDomain,
    Domain,
    Ip,
    ClientName,
    Version,
    Helo,
    PlainIp,
    Receiver,
    Time,
}

impl Letter {
    fn of(letter: char) -> Option<Self> {
        Some(match letter.to_ascii_lowercase() {
            's' => Self::Sender,
            'l' => Self::Local,
            'o' => Self::SenderDomain,
            'd' => Self::Domain,
            'i' => Self::Ip,
            'p' => Self::ClientName,
            'v' => Self::Version,
            'h' => Self::Helo,
            'c' => Self::PlainIp,
            'r' => Self::Receiver,
            't' => Self::Time,
            _ => return None,
        })
    }

    fn is_for_explanations_only(self) -> bool {
        match self {
            Self::PlainIp | Self::Receiver | Self::Time => true,
            Self::Sender
            | Self::Local
            | Self::SenderDomain
            | Self::Domain
            | Self::Ip
            | Self::ClientName
            | Self::Version
            | Self::Helo => false,
        }
    }
}

/// Where a text with macros stands.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Place {
    /// The domain of a term.
    Term,
    /// An unknown modifier, which is read and never expanded.
    Modifier,
    /// The text of an explanation, which may have spaces.
    Explanation,
}

pub(crate) fn need_client_name(pieces: &[Piece]) -> bool {
    pieces.iter().any(|piece| match piece {
        Piece::Literal(_) | Piece::Escape(_) => false,
        Piece::Macro(it) => it.letter == Letter::ClientName,
    })
}

/// Takes a text with macros apart.
pub(crate) fn pieces(text: &str, place: Place) -> Result<Vec<Piece>, BadDomain> {
    let mut pieces = Vec::new();
    let mut literal = String::new();
    let mut rest = text.chars();
    while let Some(letter) = rest.next() {
        if letter != '%' {
            check_literal(letter, place)?;
            literal.push(letter);
            continue;
        }
        if !literal.is_empty() {
            pieces.push(Piece::Literal(std::mem::take(&mut literal)));
        }
        pieces.push(match rest.next() {
            Some('%') => Piece::Escape("%"),
            Some('_') => Piece::Escape(" "),
            Some('-') => Piece::Escape("%20"),
            Some('{') => {
                let (inner, after) = rest
                    .as_str()
                    .split_once('}')
                    .ok_or_else(|| BadDomain("a macro that begins with %{ is not closed by }".to_owned()))?;
                rest = after.chars();
                Piece::Macro(read_macro(inner, place)?)
            }
            Some(_) | None => {
                return Err(BadDomain(
                    "after a % must come {, %, _ or - (a macro, or one of the escapes)".to_owned(),
                ));
            }
        });
    }
    if !literal.is_empty() {
        pieces.push(Piece::Literal(literal));
    }
    Ok(pieces)
}

fn check_literal(letter: char, place: Place) -> Result<(), BadDomain> {
    if letter.is_ascii_graphic() || (letter == ' ' && place == Place::Explanation) {
        return Ok(());
    }
    Err(BadDomain(if letter.is_ascii() {
        "it has a character that does not print, such as a tab or a line break".to_owned()
    } else {
        "it has a character outside ASCII (an international name is written in its xn-- form)".to_owned()
    }))
}

fn read_macro(inner: &str, place: Place) -> Result<Macro, BadDomain> {
    let mut rest = inner.chars();
    let first = rest
        .next()
        .ok_or_else(|| BadDomain("the macro %{} has no letter".to_owned()))?;
    let letter = Letter::of(first)
        .ok_or_else(|| BadDomain("a macro has a letter that SPF does not know".to_owned()))?;
    if place == Place::Term && letter.is_for_explanations_only() {
        return Err(BadDomain(format!(
            "the macro letter {first} is for explanation texts only"
        )));
    }
    let rest = rest.as_str();
    let after_digits = rest.trim_start_matches(|c: char| c.is_ascii_digit());
    let digits = rest.strip_suffix(after_digits).unwrap_or_default();
    let parts = match digits {
        "" => None,
        // More parts than fit are as good as all of them.
        digits => Some(digits.parse().unwrap_or(usize::MAX)),
    };
    if parts == Some(0) {
        return Err(BadDomain("a macro asks for 0 parts".to_owned()));
    }
    let delimiters = after_digits.strip_prefix(['r', 'R']).unwrap_or(after_digits);
    if !delimiters.chars().all(|c| ".-+,/_=".contains(c)) {
        return Err(BadDomain(
            "a macro has something other than digits, r and the delimiters . - + , / _ =".to_owned(),
        ));
    }
    Ok(Macro {
        letter,
        escapes: first.is_ascii_uppercase(),
        parts,
        reverses: delimiters.len() < after_digits.len(),
        delimiters: delimiters.to_owned(),
    })
}

/// The end must be a macro or `"." toplabel [ "." ]`; nothing is checked after expansion.
fn check_end(written: &str, last: Option<&Piece>) -> Result<(), BadDomain> {
    if matches!(last, Some(Piece::Macro(_) | Piece::Escape(_))) {
        return Ok(());
    }
    let name = written.strip_suffix('.').unwrap_or(written);
    if name.parse::<std::net::IpAddr>().is_ok() {
        return Err(BadDomain(format!(
            "{name} is an address, not a name; addresses are written as ip4:... or ip6:..."
        )));
    }
    let Some((_, label)) = name.rsplit_once('.') else {
        return Err(BadDomain(
            "the domain is not complete: it has no dot in it".to_owned(),
        ));
    };
    if is_top_label(label) {
        Ok(())
    } else {
        Err(BadDomain(
            "the domain does not end in a top-level domain, such as .org".to_owned(),
        ))
    }
}

/// `toplabel = ( *alphanum ALPHA *alphanum ) / ( 1*alphanum "-" *( alphanum / "-" ) alphanum )`
fn is_top_label(label: &str) -> bool {
    let inner = |c: u8| c.is_ascii_alphanumeric() || c == b'-';
    label.bytes().all(inner)
        && !label.starts_with('-')
        && !label.ends_with('-')
        && label.bytes().any(|c| !c.is_ascii_digit())
}
