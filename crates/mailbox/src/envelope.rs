//! What SORT and THREAD need of a stored ENVELOPE (RFC 9051 section 7.5.2), so that no message is opened. It
//! reads what `posthorn_message` wrote, and nothing a client sent.

/// The values of an envelope by which messages are arranged; encoded-words not decoded.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StoredEnvelope {
    /// The subject; `None` without the field.
    pub subject: Option<Vec<u8>>,
    /// The first of From.
    pub from: Option<EnvelopeAddress>,
    /// The first of To.
    pub to: Option<EnvelopeAddress>,
    /// The first of Cc.
    pub cc: Option<EnvelopeAddress>,
    /// The Message-ID field as it was written.
    pub message_id: Option<Vec<u8>>,
}

/// An address structure; of one that begins a group, `mailbox` is the group's name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EnvelopeAddress {
    /// `addr-name`.
    pub name: Option<Vec<u8>>,
    /// `addr-mailbox`.
    pub mailbox: Option<Vec<u8>>,
    /// `addr-host`.
    pub host: Option<Vec<u8>>,
}

impl StoredEnvelope {
    /// Reads the wire form; `None` when it is none.
    #[must_use]
    pub fn parse(wire: &[u8]) -> Option<Self> {
        let mut rest = Rest(wire);
        rest.take(b'(')?;
        rest.nstring()?;
        rest.take(b' ')?;
        let subject = rest.nstring()?;
        let from = rest.addresses()?;
        rest.addresses()?;
        rest.addresses()?;
        let (to, cc) = (rest.addresses()?, rest.addresses()?);
        rest.addresses()?;
        rest.take(b' ')?;
        rest.nstring()?;
        rest.take(b' ')?;
        let message_id = rest.nstring()?;
        rest.take(b')')?;
        Some(Self {
            subject,
            from,
            to,
            cc,
            message_id,
        })
    }
}

/// What is not read yet.
struct Rest<'a>(&'a [u8]);

impl<'a> Rest<'a> {
    fn take(&mut self, octet: u8) -> Option<()> {
        let (first, rest) = self.0.split_first()?;
        (*first == octet).then(|| self.0 = rest)
    }

    fn split(&mut self, octets: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(octets)?;
        self.0 = rest;
        Some(taken)
    }

    /// `None` outside: no nstring; inside: NIL.
    fn nstring(&mut self) -> Option<Option<Vec<u8>>> {
        match self.0.first()? {
            b'N' => (self.split(3)? == b"NIL").then_some(None),
            b'{' => self.literal().map(Some),
            _ => self.quoted().map(Some),
        }
    }

    fn quoted(&mut self) -> Option<Vec<u8>> {
        self.take(b'"')?;
        let mut text = Vec::new();
        loop {
            let plain = self.0.iter().position(|octet| matches!(octet, b'"' | b'\\'))?;
            text.extend_from_slice(self.split(plain)?);
            if self.take(b'"').is_some() {
                return Some(text);
            }
            self.take(b'\\')?;
            text.extend_from_slice(self.split(1)?);
        }
    }

    fn literal(&mut self) -> Option<Vec<u8>> {
        self.take(b'{')?;
        let digits = self.0.iter().position(|octet| *octet == b'}')?;
        let size = std::str::from_utf8(self.split(digits)?).ok()?.parse().ok()?;
        (self.split(3)? == b"}\r\n").then_some(())?;
        self.split(size).map(<[u8]>::to_vec)
    }

    /// A space and a list of addresses; the first of them.
    fn addresses(&mut self) -> Option<Option<EnvelopeAddress>> {
        self.take(b' ')?;
        if self.0.first() == Some(&b'N') {
            return (self.split(3)? == b"NIL").then_some(None);
        }
        self.take(b'(')?;
        let mut first = None;
        while self.take(b')').is_none() {
            self.take(b'(')?;
            let name = self.nstring()?;
            self.take(b' ')?;
            self.nstring()?;
            self.take(b' ')?;
            let mailbox = self.nstring()?;
            self.take(b' ')?;
            let host = self.nstring()?;
            self.take(b')')?;
            first.get_or_insert(EnvelopeAddress { name, mailbox, host });
        }
        Some(first)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn of(message: &str) -> StoredEnvelope {
        let wire = posthorn_message::render(message.as_bytes()).envelope;
        StoredEnvelope::parse(&wire).unwrap()
    }

    #[test]
    fn what_was_rendered_is_read() {
        let found = of(
            "Subject: a \"b\" \\ c\r\nFrom: \"X \\\" Y\" <x@y.test>, z@y.test\r\n\
            To: Us: a@b.test;\r\nMessage-ID: <1@x>\r\n\r\n",
        );
        let text = |text: &str| Some(text.as_bytes().to_vec());
        assert_eq!(found.subject, text("a \"b\" \\ c"));
        let from = found.from.unwrap();
        assert_eq!(
            (from.name, from.mailbox, from.host),
            (text("X \" Y"), text("x"), text("y.test"))
        );
        assert_eq!(found.to.unwrap().mailbox, text("Us"));
        assert_eq!(found.cc, None);
        assert_eq!(found.message_id, text("<1@x>"));
        assert_eq!(of("\r\n"), StoredEnvelope::default());
    }

    proptest! {
        #[test]
        fn the_envelope_of_any_message_is_read(subject in "[^\r\n]{0,30}", from in "[^\r\n]{0,30}", rest in any::<Vec<u8>>()) {
            let mut message = format!("Subject: {subject}\r\nFrom: {from}\r\nCc: {from}\r\n").into_bytes();
            message.extend(rest);
            let wire = posthorn_message::render(&message).envelope;
            prop_assert!(StoredEnvelope::parse(&wire).is_some(), "{}", wire.escape_ascii());
        }

        #[test]
        fn no_octets_panic(wire in any::<Vec<u8>>()) {
            drop(StoredEnvelope::parse(&wire));
        }
    }
}
