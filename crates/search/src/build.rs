//! A segment made from messages, in memory.

use std::collections::HashMap;

use posthorn_base::EmailId;
use posthorn_message::search::for_each_text;

use crate::chunk::Chunk;
use crate::segment::SPAN;
use crate::terms::{TERM_OCTETS, for_each_term, mark};

/// Octets of different terms that are kept of one message; one with more is always looked at.
const MESSAGE_OCTETS: usize = 1_024 * 1_024;

/// A segment that is not stored yet.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Built {
    pub(crate) first: EmailId,
    pub(crate) last: EmailId,
    pub(crate) emails: u32,
    /// Contents whose terms are not all here, counted from the first.
    pub(crate) unsure: Vec<u32>,
    pub(crate) chunks: Vec<Chunk>,
}

/// Takes messages up in the order of their ids.
pub(crate) struct Builder {
    first: EmailId,
    last: EmailId,
    emails: u32,
    unsure: Vec<u32>,
    terms: HashMap<Vec<u8>, Vec<u32>>,
}

impl Builder {
    /// Begins with the id of the first message.
    pub(crate) fn new(first: EmailId) -> Self {
        Self {
            first,
            last: first,
            emails: 0,
            unsure: Vec::new(),
            terms: HashMap::new(),
        }
    }

    /// Whether a segment that begins where this one does can have the content.
    pub(crate) fn reaches(&self, email: EmailId) -> bool {
        self.offset(email).is_some()
    }

    fn offset(&self, email: EmailId) -> Option<u32> {
        let offset = u32::try_from(email.0.checked_sub(self.first.0)?).ok()?;
        (offset <= SPAN).then_some(offset)
    }

    /// Adds a message that the builder reaches; `None`: its octets cannot be read.
    pub(crate) fn add(&mut self, email: EmailId, raw: Option<&[u8]>) {
        let Some(content) = self.offset(email) else {
            return;
        };
        self.last = email;
        self.emails += 1;
        let is_complete = raw.is_some_and(|raw| self.add_terms(content, raw));
        if !is_complete {
            self.unsure.push(content);
        }
    }

    /// `false`: not all of them.
    fn add_terms(&mut self, content: u32, raw: &[u8]) -> bool {
        let (mut run, mut marked) = (String::new(), Vec::new());
        let (mut octets, mut is_complete) = (0, true);
        for_each_text(raw, |place, text| {
            for_each_term(text, &mut run, |term| {
                if term.len() > TERM_OCTETS || octets > MESSAGE_OCTETS {
                    is_complete = false;
                    return;
                }
                marked.clear();
                marked.push(mark(place));
                marked.extend_from_slice(term.as_bytes());
                match self.terms.get_mut(&marked) {
                    Some(contents) if contents.last() == Some(&content) => {}
                    Some(contents) => {
                        octets += marked.len();
                        contents.push(content);
                    }
                    None => {
                        octets += marked.len();
                        self.terms.insert(marked.clone(), vec![content]);
                    }
                }
            });
        });
        is_complete
    }

    /// The segment.
    pub(crate) fn finish(self) -> Built {
        let mut terms: Vec<_> = self.terms.into_iter().collect();
        terms.sort_unstable_by(|(one, _), (other, _)| one.cmp(other));
        let (mut chunks, mut chunk) = (Vec::new(), Chunk::default());
        for (marked, contents) in terms {
            if chunk.is_full() {
                chunks.push(std::mem::take(&mut chunk));
            }
            chunk.push(&marked, &contents);
        }
        if !chunk.is_empty() {
            chunks.push(chunk);
        }
        Built {
            first: self.first,
            last: self.last,
            emails: self.emails,
            unsure: self.unsure,
            chunks,
        }
    }
}
