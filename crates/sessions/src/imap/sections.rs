//! Sections of one message: of a large one only those octets are read that are asked for, and none of them is
//! there twice.

use std::borrow::Cow;
use std::cell::OnceCell;
use std::collections::HashMap;
use std::ops::Range;

use posthorn_imap::types::{Partial, SectionForm, SectionWant};
use posthorn_mailbox::MailboxError;
use posthorn_message::{Kind, Parts, Section, SectionText};
use posthorn_store::{INLINE_BLOB_OCTETS, StoreError};

/// Octets of the sections of one message in one answer.
const ROW_OCTETS: usize = 128 * 1024 * 1024;

/// The octets of a message where they are stored.
pub(super) struct Raw<F> {
    size_octets: u64,
    read: F,
    whole: OnceCell<Vec<u8>>,
}

impl<F: Fn(Range<u64>) -> Result<Vec<u8>, StoreError>> Raw<F> {
    pub(super) fn new(size_octets: u64, read: F) -> Self {
        Self {
            size_octets,
            read,
            whole: OnceCell::new(),
        }
    }

    fn len(&self) -> usize {
        usize::try_from(self.size_octets).unwrap_or(usize::MAX)
    }

    /// All of them, read once.
    fn whole(&self) -> Result<&[u8], StoreError> {
        if let Some(whole) = self.whole.get() {
            return Ok(whole);
        }
        let whole = (self.read)(0..self.size_octets)?;
        Ok(self.whole.get_or_init(|| whole))
    }

    /// These of them; `range` lies within [`Self::len`].
    fn part(&self, range: Range<usize>) -> Result<Vec<u8>, StoreError> {
        // A small message is a row, which is read whole anyway.
        if self.whole.get().is_some() || self.size_octets <= INLINE_BLOB_OCTETS {
            return Ok(self.whole()?.get(range).unwrap_or_default().to_vec());
        }
        let at = |at: usize| u64::try_from(at).unwrap_or(u64::MAX);
        (self.read)(at(range.start)..at(range.end))
    }
}

/// One command may name a hundred overlapping pieces of a large message; they are held all together.
/// `None`: one of them cannot be decoded.
pub(super) fn cut_all<F: Fn(Range<u64>) -> Result<Vec<u8>, StoreError>>(
    raw: &Raw<F>,
    parts: &Parts,
    wants: &[SectionWant],
) -> Result<Option<Vec<Option<Vec<u8>>>>, MailboxError> {
    let mut sections = Vec::new();
    let mut octets = 0_usize;
    // A part is decoded once, however many pieces of it are wanted.
    let mut decoded: HashMap<&Section, Option<Cow<'_, [u8]>>> = HashMap::new();
    for want in wants {
        let section = match want.form {
            SectionForm::Stored => stored(raw, parts, want)?,
            SectionForm::Decoded | SectionForm::DecodedSize => {
                if !decoded.contains_key(&want.section) {
                    let Some(section) = decode(raw.whole()?, parts, &want.section) else {
                        return Ok(None);
                    };
                    decoded.insert(&want.section, section);
                }
                let section = decoded.get(&want.section).and_then(Option::as_deref);
                section.map(|section| match want.form {
                    SectionForm::Stored | SectionForm::Decoded => cut(section, want.partial),
                    SectionForm::DecodedSize => section.len().to_string().into_bytes(),
                })
            }
        };
        octets = octets.saturating_add(section.as_ref().map_or(0, Vec::len));
        if octets > ROW_OCTETS {
            return Err(MailboxError::Limit(
                "these sections are too large to be asked for in one command",
            ));
        }
        sections.push(section);
    }
    Ok(Some(sections))
}

/// A section behind its transfer encoding, which only a leaf has; the inner `None`: there is no such
/// section, the outer: its encoding is not known.
fn decode<'a>(raw: &'a [u8], parts: &Parts, section: &Section) -> Option<Option<Cow<'a, [u8]>>> {
    let Some(whole) = parts.section(raw, section) else {
        return Some(None);
    };
    match parts.part(&section.part) {
        Some(part) if part.kind == Kind::Leaf && !section.part.is_empty() => {
            let header = raw.get(part.header()).unwrap_or_default();
            let body = raw.get(part.body()).unwrap_or_default();
            posthorn_message::decode_known_body(header, body).map(Some)
        }
        Some(_) | None => Some(Some(whole)),
    }
}

/// A section as it is stored.
fn stored<F: Fn(Range<u64>) -> Result<Vec<u8>, StoreError>>(
    raw: &Raw<F>,
    parts: &Parts,
    want: &SectionWant,
) -> Result<Option<Vec<u8>>, StoreError> {
    let Some(range) = parts.range(&want.section, raw.len()) else {
        return Ok(None);
    };
    Ok(Some(match want.section.text {
        SectionText::Whole | SectionText::Mime | SectionText::Header | SectionText::Text => {
            raw.part(narrowed(range, want.partial))?
        }
        SectionText::HeaderFields(_) | SectionText::HeaderFieldsNot(_) => {
            cut(&want.section.of(&raw.part(range)?), want.partial)
        }
    }))
}

fn cut(whole: &[u8], partial: Option<Partial>) -> Vec<u8> {
    let range = narrowed(0..whole.len(), partial);
    whole.get(range).unwrap_or_default().to_vec()
}

/// The part of a range that is asked for.
fn narrowed(range: Range<usize>, partial: Option<Partial>) -> Range<usize> {
    let Some(Partial { offset, length }) = partial else {
        return range;
    };
    let behind = |at: usize, octets: u64| {
        let octets = usize::try_from(octets).unwrap_or(usize::MAX);
        at.saturating_add(octets).min(range.end)
    };
    let start = behind(range.start, offset);
    start..behind(start, length)
}

#[cfg(test)]
mod tests {
    use posthorn_message::render;

    use super::*;

    const MAIL: &[u8] = b"Content-Type: multipart/mixed; boundary=b\r\n\r\n\
        --b\r\nContent-Transfer-Encoding: base64\r\n\r\nAGhlbGxv\r\n\
        --b\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\na=3Db\r\n\
        --b\r\nContent-Transfer-Encoding: x-uue\r\n\r\nM\r\n--b--\r\n";

    fn raw_of(mail: &[u8]) -> Raw<impl Fn(Range<u64>) -> Result<Vec<u8>, StoreError>> {
        let at = |at: u64| usize::try_from(at).unwrap();
        Raw::new(u64::try_from(mail.len()).unwrap(), move |range| {
            Ok(mail[at(range.start)..at(range.end)].to_vec())
        })
    }

    fn read(part: &[u32], form: SectionForm, partial: Option<Partial>) -> Option<Option<Vec<u8>>> {
        let section = Section {
            part: part.to_vec(),
            text: SectionText::Whole,
        };
        let want = SectionWant {
            section,
            form,
            partial,
        };
        let sections = cut_all(&raw_of(MAIL), &render(MAIL).parts, &[want]).unwrap();
        sections.map(|mut sections| sections.pop().unwrap())
    }

    #[test]
    fn a_part_is_read_behind_its_transfer_encoding() {
        use SectionForm::{Decoded, DecodedSize, Stored};
        let found = |octets: &[u8]| Some(Some(octets.to_vec()));
        let middle = Partial { offset: 1, length: 4 };
        assert_eq!(read(&[1], Stored, None), found(b"AGhlbGxv"));
        assert_eq!(read(&[1], Decoded, None), found(b"\0hello"));
        assert_eq!(read(&[1], Decoded, Some(middle)), found(b"hell"));
        assert_eq!(read(&[1], DecodedSize, None), found(b"6"));
        assert_eq!(read(&[2], Decoded, None), found(b"a=b"));
        assert_eq!(read(&[4], Decoded, None), Some(None));
        assert_eq!(read(&[], Decoded, None), found(MAIL));
    }

    #[test]
    fn an_unknown_encoding_is_said_and_not_guessed() {
        assert_eq!(read(&[3], SectionForm::Decoded, None), None);
        assert_eq!(read(&[3], SectionForm::DecodedSize, None), None);
        assert!(read(&[3], SectionForm::Stored, None).is_some());
    }

    #[test]
    fn of_a_large_message_nothing_else_is_read() {
        let mut mail = MAIL.to_vec();
        mail.resize(100_000, b'x');
        let parts = render(&mail).parts;
        let read = std::cell::RefCell::new(Vec::new());
        let raw = Raw::new(100_000, |range| {
            read.borrow_mut().push(range.clone());
            (raw_of(&mail).read)(range)
        });
        let fields = SectionText::HeaderFields(vec!["content-type".to_owned()]);
        for (part, text, partial, length) in [
            (vec![], SectionText::Header, None, 45),
            (
                vec![1],
                SectionText::Whole,
                Some(Partial { offset: 2, length: 3 }),
                3,
            ),
            (
                vec![1],
                SectionText::Whole,
                Some(Partial {
                    offset: 6,
                    length: 30,
                }),
                2,
            ),
            (
                vec![1],
                SectionText::Whole,
                Some(Partial {
                    offset: 60,
                    length: 30,
                }),
                0,
            ),
            (
                vec![],
                SectionText::Text,
                Some(Partial {
                    offset: 99_000,
                    length: 10_000,
                }),
                955,
            ),
            (
                vec![],
                fields,
                Some(Partial {
                    offset: 0,
                    length: 12,
                }),
                45,
            ),
        ] {
            let section = Section { part, text };
            let whole = parts.section(&mail, &section).unwrap();
            let form = SectionForm::Stored;
            let wants = [SectionWant {
                section: section.clone(),
                form,
                partial,
            }];
            let found = cut_all(&raw, &parts, &wants).unwrap().unwrap();
            assert_eq!(found, [Some(cut(&whole, partial))]);
            let range = read.borrow_mut().pop().unwrap();
            assert_eq!(range.end - range.start, length, "{section:?}");
        }
        assert!(read.borrow().is_empty() && raw.whole.get().is_none());
    }
}
