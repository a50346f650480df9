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
    /// The message is that.
    Is(SearchCriterion),
}

/// What a single key says of a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SearchCriterion {
    /// All these system flags are set.
    Flags(SystemFlags),
    /// This keyword is set; compared without case.
    Keyword(String),
    /// One of its dates lies so to a day.
    Dated(MessageDate, DayIs, Date),
    /// INTERNALDATE is at least that many seconds ago (RFC 5032).
    Older(u32),
    /// INTERNALDATE is at most that many seconds ago (RFC 5032).
    Younger(u32),
    /// More octets than that.
    Larger(u64),
    /// Fewer octets than that.
    Smaller(u64),
    /// Some of its text, decoded, holds this, without case.
    Holds(TextIn, String),
    /// The mod-sequence is at least that (RFC 7162 section 3.1.5).
    ModSeq(i64),
    /// The content has that id (RFC 8474 section 6), as [`crate::FetchRow::email_id`] has it.
    EmailId(String),
    /// The conversation has that id (RFC 8474 section 6).
    ThreadId(String),
}

/// The dates that a message has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MessageDate {
    /// INTERNALDATE.
    Internal,
    /// The `Date` field.
    Sent,
    /// When it came into this mailbox (RFC 8514).
    Saved,
}

/// How a message's date lies to a day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DayIs {
    /// Earlier.
    Before,
    /// The same.
    On,
    /// The same or later.
    Since,
}

/// Texts of a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TextIn {
    /// The values of the fields of that name, without case; an empty text: such a field is there.
    Field(String),
    /// The body.
    Body,
    /// Header and body.
    Message,
}

impl<M> From<SearchCriterion> for SearchKey<M> {
    fn from(criterion: SearchCriterion) -> Self {
        Self::Is(criterion)
    }
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
            Self::Is(criterion) => SearchKey::Is(criterion),
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
        self.any_leaf(&|key| matches!(key, Self::Is(SearchCriterion::ModSeq(_))))
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
