//! A reader over one command: atoms, strings, numbers (RFC 3501 section 9). It lends what it reads and
//! copies only quoted strings with escapes.

use std::borrow::Cow;

use super::mailbox::NameCoding;

/// Why a command cannot be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum SyntaxError {
    #[error("{0} expected")]
    Expected(&'static str),
    /// The command ends where a literal would begin: in front of APPEND's message all is well so far.
    #[error("the literal is missing")]
    LiteralMissing,
    #[error("nested too deeply")]
    TooDeep,
    #[error("too many {0}")]
    TooMany(&'static str),
    #[error("the mailbox name is not valid modified UTF-7")]
    BadMailboxName,
    #[error("not valid UTF-8")]
    NotUtf8,
    #[error("there is no such date")]
    NoSuchDate,
    /// RFC 5530 has a response code of its own for it.
    #[error("unknown character set")]
    BadCharset,
    /// RFC 6154 has a response code of its own for it.
    #[error("no mailbox can have that use")]
    BadUse,
    #[error("there is no such right")]
    UnknownRight,
}

pub(crate) type Parsed<T> = Result<T, SyntaxError>;

/// What of a command has not been read yet.
#[derive(Clone, Debug)]
pub(crate) struct Reader<'a> {
    rest: &'a [u8],
    names: NameCoding,
}

impl<'a> Reader<'a> {
    pub(crate) const fn new(command: &'a [u8], names: NameCoding) -> Self {
        Self { rest: command, names }
    }

    pub(crate) const fn names(&self) -> NameCoding {
        self.names
    }

    pub(crate) fn peek(&self) -> Option<u8> {
        self.rest.first().copied()
    }

    /// Takes `octet` if it is next.
    pub(crate) fn take(&mut self, octet: u8) -> bool {
        match self.rest.split_first() {
            Some((&first, rest)) if first == octet => {
                self.rest = rest;
                true
            }
            Some(_) | None => false,
        }
    }

    pub(crate) fn expect(&mut self, octet: u8, what: &'static str) -> Parsed<()> {
        self.take(octet).then_some(()).ok_or(SyntaxError::Expected(what))
    }

    pub(crate) fn space(&mut self) -> Parsed<()> {
        self.expect(b' ', "a space")
    }

    /// Passes over all that is left.
    pub(crate) const fn skip_rest(&mut self) {
        self.rest = &[];
    }

    pub(crate) fn end(&self) -> Parsed<()> {
        match self.rest.is_empty() {
            true => Ok(()),
            false => Err(SyntaxError::Expected("the end of the command")),
        }
    }

    pub(crate) fn take_while(&mut self, fits: impl Fn(u8) -> bool) -> &'a [u8] {
        let length = self
            .rest
            .iter()
            .position(|&octet| !fits(octet))
            .unwrap_or(self.rest.len());
        self.split(length)
    }

    fn split(&mut self, length: usize) -> &'a [u8] {
        let (taken, rest) = self.rest.split_at_checked(length).unwrap_or((self.rest, &[]));
        self.rest = rest;
        taken
    }

    /// Takes `word` if it is next, in any case, and not the beginning of a longer word.
    pub(crate) fn keyword(&mut self, word: &str) -> bool {
        let Some((head, rest)) = self.rest.split_at_checked(word.len()) else {
            return false;
        };
        let goes_on = rest
            .first()
            .is_some_and(|&octet| octet.is_ascii_alphanumeric() || octet == b'.');
        if goes_on || !head.eq_ignore_ascii_case(word.as_bytes()) {
            return false;
        }
        self.rest = rest;
        true
    }

    /// A word of letters, digits, `.`, `-` and `=`: names of commands, items and options.
    pub(crate) fn word(&mut self, what: &'static str) -> Parsed<&'a str> {
        let word =
            self.take_while(|octet| octet.is_ascii_alphanumeric() || matches!(octet, b'.' | b'-' | b'='));
        ascii(word, what)
    }

    /// `tag`: ASTRING-CHARs but `+`.
    pub(crate) fn tag(&mut self) -> Parsed<&'a str> {
        let tag = self.take_while(|octet| is_astring_char(octet) && octet != b'+');
        ascii(tag, "a tag")
    }

    pub(crate) fn atom(&mut self, what: &'static str) -> Parsed<&'a str> {
        ascii(self.take_while(is_atom_char), what)
    }

    /// `number`, up to 32 bits.
    pub(crate) fn number(&mut self) -> Parsed<u32> {
        let number = self.number64()?;
        u32::try_from(number).map_err(|_too_large| SyntaxError::Expected("a 32-bit number"))
    }

    /// `nz-number`.
    pub(crate) fn nonzero(&mut self) -> Parsed<u32> {
        match self.number()? {
            0 => Err(SyntaxError::Expected("a number above 0")),
            number => Ok(number),
        }
    }

    /// `number64` and `mod-sequence-valzer`: up to 63 bits.
    pub(crate) fn number64(&mut self) -> Parsed<i64> {
        let digits = self.take_while(|octet| octet.is_ascii_digit());
        let text = ascii(digits, "a number")?;
        text.parse()
            .map_err(|_too_large| SyntaxError::Expected("a 63-bit number"))
    }

    /// `astring`.
    pub(crate) fn astring(&mut self) -> Parsed<Cow<'a, [u8]>> {
        self.astring_of(is_astring_char)
    }

    /// `list-mailbox`: an astring whose atoms may hold wildcards.
    pub(crate) fn list_mailbox(&mut self) -> Parsed<Cow<'a, [u8]>> {
        self.astring_of(|octet| is_astring_char(octet) || matches!(octet, b'%' | b'*'))
    }

    fn astring_of(&mut self, fits: impl Fn(u8) -> bool) -> Parsed<Cow<'a, [u8]>> {
        match self.peek() {
            Some(b'"' | b'{') => self.string(),
            Some(_) | None => {
                // Octets above 127 stand in atoms of clients that ought to have quoted them; they are
                // let through here and judged where the meaning of the text is known.
                let atom = self.take_while(|octet| fits(octet) || octet >= 0x80);
                match atom.is_empty() {
                    true => Err(SyntaxError::Expected("a string")),
                    false => Ok(Cow::Borrowed(atom)),
                }
            }
        }
    }

    /// An `astring` in UTF-8.
    pub(crate) fn text(&mut self) -> Parsed<String> {
        utf8(self.astring()?)
    }

    /// `string`: quoted or literal.
    pub(crate) fn string(&mut self) -> Parsed<Cow<'a, [u8]>> {
        match self.peek() {
            Some(b'"') => self.quoted(),
            Some(b'{') => self.literal().map(Cow::Borrowed),
            Some(_) | None => Err(SyntaxError::Expected("a string")),
        }
    }

    /// `nstring`; `None`: NIL.
    pub(crate) fn nstring(&mut self) -> Parsed<Option<Cow<'a, [u8]>>> {
        if self.keyword("NIL") {
            return Ok(None);
        }
        self.string().map(Some)
    }

    fn quoted(&mut self) -> Parsed<Cow<'a, [u8]>> {
        const UNFINISHED: SyntaxError = SyntaxError::Expected("the end of the quoted string");
        self.expect(b'"', "a quoted string")?;
        let plain = |octet| !matches!(octet, b'"' | b'\\' | b'\r' | b'\n' | 0);
        let mut text = Cow::Borrowed(self.take_while(plain));
        loop {
            if self.take(b'"') {
                // RFC 6855 section 3: what is quoted is UTF-8 or nothing.
                return match std::str::from_utf8(&text) {
                    Ok(_) => Ok(text),
                    Err(_) => Err(SyntaxError::NotUtf8),
                };
            }
            if !self.take(b'\\') {
                return Err(UNFINISHED);
            }
            let escaped = self.peek().ok_or(UNFINISHED)?;
            if !matches!(escaped, b'"' | b'\\') {
                return Err(SyntaxError::Expected("\\\" or \\\\"));
            }
            self.split(1);
            let text = text.to_mut();
            text.push(escaped);
            text.extend_from_slice(self.take_while(plain));
        }
    }

    fn literal(&mut self) -> Parsed<&'a [u8]> {
        let literal = self.literal_octets()?;
        match literal.contains(&0) {
            true => Err(SyntaxError::Expected("a literal without NUL")),
            false => Ok(literal),
        }
    }

    fn literal_octets(&mut self) -> Parsed<&'a [u8]> {
        self.expect(b'{', "a literal")?;
        let size_octets = self.number()?;
        self.take(b'+');
        self.expect(b'}', "the end of the literal's size")?;
        self.expect(b'\r', "a line end after the literal's size")?;
        self.expect(b'\n', "a line end after the literal's size")?;
        let literal = usize::try_from(size_octets)
            .ok()
            .and_then(|size| self.rest.split_at_checked(size));
        let Some((literal, rest)) = literal else {
            return Err(SyntaxError::LiteralMissing);
        };
        self.rest = rest;
        Ok(literal)
    }

    /// `nstring / literal8`, the octets as they are.
    pub(crate) fn nstring_or_literal8(&mut self) -> Parsed<Option<Vec<u8>>> {
        if self.peek() != Some(b'~') {
            return Ok(self.nstring()?.map(Cow::into_owned));
        }
        self.take(b'~');
        self.literal_octets().map(|octets| Some(octets.to_vec()))
    }

    /// `(item item …)`, at least one, at most `limit`.
    pub(crate) fn list<T>(
        &mut self,
        limit: usize,
        mut item: impl FnMut(&mut Self) -> Parsed<T>,
    ) -> Parsed<Vec<T>> {
        self.expect(b'(', "(")?;
        let mut items = Vec::new();
        loop {
            if items.len() >= limit {
                return Err(SyntaxError::TooMany("items"));
            }
            items.push(item(self)?);
            if self.take(b')') {
                return Ok(items);
            }
            self.space()?;
        }
    }

    /// `()` or as [`Self::list`].
    pub(crate) fn list_or_empty<T>(
        &mut self,
        limit: usize,
        item: impl FnMut(&mut Self) -> Parsed<T>,
    ) -> Parsed<Vec<T>> {
        if self.rest.starts_with(b"()") {
            self.split(2);
            return Ok(Vec::new());
        }
        self.list(limit, item)
    }
}

/// Makes text of octets, which must be UTF-8.
pub(crate) fn utf8(octets: Cow<'_, [u8]>) -> Parsed<String> {
    String::from_utf8(octets.into_owned()).map_err(|_error| SyntaxError::NotUtf8)
}

fn ascii<'a>(octets: &'a [u8], what: &'static str) -> Parsed<&'a str> {
    match std::str::from_utf8(octets) {
        Ok(text) if !text.is_empty() => Ok(text),
        Ok(_) | Err(_) => Err(SyntaxError::Expected(what)),
    }
}

/// `ATOM-CHAR`.
pub(crate) fn is_atom_char(octet: u8) -> bool {
    octet.is_ascii_graphic() && !matches!(octet, b'(' | b')' | b'{' | b'%' | b'*' | b'"' | b'\\' | b']')
}

/// `ASTRING-CHAR`.
pub(crate) fn is_astring_char(octet: u8) -> bool {
    is_atom_char(octet) || octet == b']'
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reader(text: &[u8]) -> Reader<'_> {
        Reader::new(text, NameCoding::Utf7)
    }

    #[test]
    fn escapes_in_quoted_strings_are_undone() {
        assert_eq!(reader(br#""a\"b\\c""#).string().unwrap().as_ref(), br#"a"b\c"#);
        for bad in [&br#""a"#[..], br#""a\n""#, b"\"a\r\nb\"", b"\"a\0\"", b"\"\\"] {
            assert!(reader(bad).string().is_err(), "{bad:?}");
        }
    }

    #[test]
    fn plain_strings_are_lent() {
        for text in [&b"abc"[..], b"\"abc\"", b"{3}\r\nabc", b"{3+}\r\nabc"] {
            assert!(
                matches!(reader(text).astring(), Ok(Cow::Borrowed(b"abc"))),
                "{text:?}"
            );
        }
    }

    #[test]
    fn a_literal_beyond_the_command_is_missing() {
        for text in [&b"{3}\r\nab"[..], b"{3}\r\n"] {
            assert_eq!(
                reader(text).string(),
                Err(SyntaxError::LiteralMissing),
                "{text:?}"
            );
        }
        assert!(reader(b"{1}\r\n\0").string().is_err());
        assert!(reader(b"{99999999999}\r\n").string().is_err());
    }

    #[test]
    fn keywords_end_where_a_word_ends() {
        assert!(!reader(b"ALLX").keyword("ALL"));
        assert!(!reader(b"BODY.PEEK").keyword("BODY"));
        assert!(reader(b"body[").keyword("BODY"));
        assert!(reader(b"NIL)").nstring().unwrap().is_none());
    }

    #[test]
    fn lists_have_a_limit() {
        assert_eq!(reader(b"(1 2 3)").list(3, Reader::number), Ok(vec![1, 2, 3]));
        assert_eq!(
            reader(b"(1 2 3)").list(2, Reader::number),
            Err(SyntaxError::TooMany("items"))
        );
        assert!(reader(b"()").list(2, Reader::number).is_err());
        assert_eq!(reader(b"()").list_or_empty(2, Reader::number), Ok(vec![]));
    }
}
