//! What SEARCH looks for (RFC 9051 section 6.4.4), as a tree. Its depth and size were limited when it
//! was read, so that walking it recursively is safe.

use super::date::Date;
use super::flags::SystemFlags;
use super::partial::PartialRange;
use super::sequence_set::{MessageSet, Numbering};

/// The deepest nesting of a search key.
pub const SEARCH_DEPTH: usize = 50;
/// The most keys of one search.
pub const SEARCH_KEYS: usize = 1_000;

/// `search-key`. `M` names messages: in what a client sent by numbers, in what the shell is asked by a
/// bitmap of UIDs.
#[derive(Clone, Debug, PartialEq)]
pub enum SearchKey<M> {
    /// All of these; empty: every message (`ALL`).
    And(Vec<Self>),
    /// One of the two.
    Or(Box<Self>, Box<Self>),
    /// Not that.
    Not(Box<Self>),
    /// One of these messages.
    Messages(M),
    /// All these system flags are set.
    Flags(SystemFlags),
    /// This keyword is set; compared without case.
    Keyword(String),
    /// INTERNALDATE is earlier than that day.
    Before(Date),
    /// INTERNALDATE is that day.
    On(Date),
    /// INTERNALDATE is that day or later.
    Since(Date),
    /// INTERNALDATE is at least that many seconds ago (RFC 5032).
    Older(u32),
    /// INTERNALDATE is at most that many seconds ago (RFC 5032).
    Younger(u32),
    /// The `Date` field is earlier than that day.
    SentBefore(Date),
    /// The `Date` field is that day.
    SentOn(Date),
    /// The `Date` field is that day or later.
    SentSince(Date),
    /// More octets than that.
    Larger(u64),
    /// Fewer octets than that.
    Smaller(u64),
    /// The addresses of the field hold this text, without case.
    From(String),
    /// As `From`.
    To(String),
    /// As `From`.
    Cc(String),
    /// As `From`.
    Bcc(String),
    /// The subject, decoded, holds this text, without case.
    Subject(String),
    /// A field of that name, decoded, holds `value`; an empty value: the field exists.
    Header {
        /// The name of the field, without case.
        field: String,
        /// The text, without case.
        value: String,
    },
    /// The text of the body holds this, without case.
    Body(String),
    /// Header or body holds this, without case.
    Text(String),
    /// The mod-sequence is at least that (RFC 7162 section 3.1.5).
    ModSeq(i64),
    /// The content has that id (RFC 8474 section 6), as [`crate::FetchRow::email_id`] has it.
    EmailId(String),
    /// The conversation has that id (RFC 8474 section 6).
    ThreadId(String),
    /// The day on which it came into this mailbox (RFC 8514) is earlier.
    SavedBefore(Date),
    /// It came into this mailbox on that day.
    SavedOn(Date),
    /// It came into this mailbox on that day or later.
    SavedSince(Date),
}

/// Messages as the client names them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum NamedMessages {
    /// A sequence set, by sequence numbers or after `UID`.
    Set(Numbering, MessageSet),
    /// `RECENT`.
    Recent,
}

impl<M> SearchKey<M> {
    /// The same tree with the messages named another way.
    ///
    /// # Errors
    /// What `translate` gives.
    pub(crate) fn try_map<N, E>(
        self,
        translate: &mut impl FnMut(M) -> Result<N, E>,
    ) -> Result<SearchKey<N>, E> {
        Ok(match self {
            Self::And(keys) => SearchKey::And(
                keys.into_iter()
                    .map(|key| key.try_map(translate))
                    .collect::<Result<_, E>>()?,
            ),
            Self::Or(left, right) => SearchKey::Or(
                Box::new(left.try_map(translate)?),
                Box::new(right.try_map(translate)?),
            ),
            Self::Not(key) => SearchKey::Not(Box::new(key.try_map(translate)?)),
            Self::Messages(messages) => SearchKey::Messages(translate(messages)?),
            Self::Flags(flags) => SearchKey::Flags(flags),
            Self::Keyword(keyword) => SearchKey::Keyword(keyword),
            Self::Before(date) => SearchKey::Before(date),
            Self::On(date) => SearchKey::On(date),
            Self::Since(date) => SearchKey::Since(date),
            Self::Older(secs) => SearchKey::Older(secs),
            Self::Younger(secs) => SearchKey::Younger(secs),
            Self::SentBefore(date) => SearchKey::SentBefore(date),
            Self::SentOn(date) => SearchKey::SentOn(date),
            Self::SentSince(date) => SearchKey::SentSince(date),
            Self::Larger(octets) => SearchKey::Larger(octets),
            Self::Smaller(octets) => SearchKey::Smaller(octets),
            Self::From(text) => SearchKey::From(text),
            Self::To(text) => SearchKey::To(text),
            Self::Cc(text) => SearchKey::Cc(text),
            Self::Bcc(text) => SearchKey::Bcc(text),
            Self::Subject(text) => SearchKey::Subject(text),
            Self::Header { field, value } => SearchKey::Header { field, value },
            Self::Body(text) => SearchKey::Body(text),
            Self::Text(text) => SearchKey::Text(text),
            Self::ModSeq(modseq) => SearchKey::ModSeq(modseq),
            Self::EmailId(id) => SearchKey::EmailId(id),
            Self::ThreadId(id) => SearchKey::ThreadId(id),
            Self::SavedBefore(date) => SearchKey::SavedBefore(date),
            Self::SavedOn(date) => SearchKey::SavedOn(date),
            Self::SavedSince(date) => SearchKey::SavedSince(date),
        })
    }

    /// Does a part of the tree that names messages fit?
    pub(crate) fn any_messages(&self, fits: &impl Fn(&M) -> bool) -> bool {
        self.any_leaf(&|key| {
            if let Self::Messages(messages) = key {
                fits(messages)
            } else {
                false
            }
        })
    }

    /// Does the tree look at mod-sequences? Then the reply carries one (RFC 7162 section 3.1.5).
    pub(crate) fn has_modseq(&self) -> bool {
        self.any_leaf(&|key| matches!(key, Self::ModSeq(_)))
    }

    /// Is there a key of this kind anywhere in the tree?
    fn any_leaf(&self, is_meant: &impl Fn(&Self) -> bool) -> bool {
        if let Self::And(keys) = self {
            return keys.iter().any(|key| key.any_leaf(is_meant));
        }
        if let Self::Or(left, right) = self {
            return left.any_leaf(is_meant) || right.any_leaf(is_meant);
        }
        if let Self::Not(key) = self {
            return key.any_leaf(is_meant);
        }
        is_meant(self)
    }
}

/// What an extended SEARCH returns (RFC 4731 section 3.1).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct SearchReturn {
    pub(crate) min: bool,
    pub(crate) max: bool,
    pub(crate) all: bool,
    pub(crate) count: bool,
    /// RFC 9394: a page of what `ALL` would return; never beside it.
    pub(crate) partial: Option<PartialRange>,
    /// RFC 5182: `$` stands for the result from now on.
    pub(crate) save: bool,
}

impl SearchReturn {
    /// What `RETURN ()` asks for.
    pub(crate) fn everything() -> Self {
        Self {
            all: true,
            ..Self::default()
        }
    }

    /// Nothing is to be told: SAVE stands alone.
    pub(crate) const fn is_silent(self) -> bool {
        !(self.min || self.max || self.all || self.count || self.partial.is_some())
    }

    /// Only some of the messages found are returned: the mod-sequence that is told is theirs (RFC 4731 section
    /// 3.2), and so is what is saved (RFC 5182 section 2.4, RFC 9394 section 3.2).
    pub(crate) const fn is_selective(self) -> bool {
        !self.all && !self.count && !self.is_silent()
    }
}

/// SEARCH and UID SEARCH.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct SearchCommand {
    pub(crate) numbering: Numbering,
    /// `Some`: answered with ESEARCH.
    pub(crate) returns: Option<SearchReturn>,
    /// Are its texts said to be in a character set that is not UTF-8?
    pub(crate) names_other_charset: bool,
    pub(crate) key: SearchKey<NamedMessages>,
}
