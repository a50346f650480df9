//! The stored form of [`Parts`]: a version, then each part before its children as a tag, the distance from
//! where it could begin at the earliest, the lengths of header and body, and for a multipart the number of
//! its children. Numbers are LEB128. What does not describe a possible tree is refused.

use posthorn_base::limits::{MIME_DEPTH, MIME_PARTS};

use super::{Kind, Part, Parts};

const VERSION: u8 = 1;
const LEAF: u8 = 0;
const MULTIPART: u8 = 1;
const MESSAGE: u8 = 2;

impl Parts {
    /// The form to store. Ten octets or less for a message of one part.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut out = vec![VERSION];
        self.write(0, 0, &mut out);
        out
    }

    fn write(&self, at: usize, earliest: u32, out: &mut Vec<u8>) {
        let Some(part) = self.parts.get(at) else { return };
        out.push(match part.kind {
            Kind::Leaf => LEAF,
            Kind::Multipart => MULTIPART,
            Kind::Message => MESSAGE,
        });
        write_number(part.header.saturating_sub(earliest), out);
        write_number(part.body.saturating_sub(part.header), out);
        write_number(part.end.saturating_sub(part.body), out);
        if part.kind == Kind::Multipart {
            write_number(u32::try_from(self.children(at).count()).unwrap_or(u32::MAX), out);
        }
        let mut earliest = part.body;
        for child in self.children(at) {
            self.write(child, earliest, out);
            earliest = self.parts.get(child).map_or(earliest, |child| child.end);
        }
    }

    /// Reads the stored form; `None` when it is none, or of a version that is not known.
    #[must_use]
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let rest = bytes.strip_prefix(&[VERSION])?;
        let mut reader = Reader {
            rest,
            parts: Vec::new(),
        };
        reader.read_part(0, u32::MAX, 0)?;
        reader.rest.is_empty().then_some(Self { parts: reader.parts })
    }
}

struct Reader<'a> {
    rest: &'a [u8],
    parts: Vec<Part>,
}

impl Reader<'_> {
    /// Reads a part and its children; returns where it ends.
    fn read_part(&mut self, earliest: u32, latest: u32, depth: usize) -> Option<u32> {
        // Every container may hold a leaf, so a leaf may lie one deeper than the last container.
        if depth > MIME_DEPTH || self.parts.len() >= MIME_PARTS {
            return None;
        }
        let (&tag, rest) = self.rest.split_first()?;
        self.rest = rest;
        let header = earliest.checked_add(self.read_number()?)?;
        let body = header.checked_add(self.read_number()?)?;
        let end = body.checked_add(self.read_number()?)?;
        if end > latest {
            return None;
        }
        let (kind, children) = match tag {
            LEAF => (Kind::Leaf, 0),
            MULTIPART => (Kind::Multipart, self.read_number().filter(|count| *count > 0)?),
            MESSAGE => (Kind::Message, 1),
            _ => return None,
        };
        let at = self.parts.len();
        self.parts.push(Part {
            kind,
            header,
            body,
            end,
            tree: 1,
        });
        let mut earliest = body;
        for _ in 0..children {
            earliest = self.read_part(earliest, end, depth.checked_add(1)?)?;
        }
        let tree = self.parts.len().checked_sub(at)?;
        self.parts.get_mut(at)?.tree = u32::try_from(tree).ok()?;
        Some(end)
    }

    fn read_number(&mut self) -> Option<u32> {
        let mut number = 0_u64;
        for shift in [0_u32, 7, 14, 21, 28] {
            let (&octet, rest) = self.rest.split_first()?;
            self.rest = rest;
            number |= u64::from(octet & 0x7f).checked_shl(shift)?;
            if octet < 0x80 {
                return u32::try_from(number).ok();
            }
        }
        None
    }
}

fn write_number(mut number: u32, out: &mut Vec<u8>) {
    while number >= 0x80 {
        out.push(u8::try_from(number & 0x7f).unwrap_or(0) | 0x80);
        number >>= 7;
    }
    out.push(u8::try_from(number).unwrap_or(0));
}
