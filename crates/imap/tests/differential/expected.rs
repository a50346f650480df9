//! What the session must ask for a command as `imap-codec` has read it, worked out from that reading alone.

use imap_codec::imap_types::command::{Command, CommandBody, SelectParameter, StoreModifier};
use imap_codec::imap_types::core::AString;
use imap_codec::imap_types::datetime::NaiveDate;
use imap_codec::imap_types::extensions::binary::LiteralOrLiteral8;
use imap_codec::imap_types::extensions::{sort, thread};
use imap_codec::imap_types::flag::{Flag, StoreType};
use imap_codec::imap_types::mailbox::Mailbox;
use imap_codec::imap_types::search::SearchKey as TheirKey;
use imap_codec::imap_types::sequence::{SeqOrUid, Sequence, SequenceSet};
use imap_codec::imap_types::status::StatusDataItemName;
use posthorn_imap::types::{
    Date, DayIs, FlagChange, FlagMode, Flags, MessageDate, SearchCriterion, SearchKey, SortCriterion,
    SortKey, SortOrder, SystemFlags, TextIn, ThreadAlgorithm,
};
use posthorn_imap::{Ask, MailboxHandle, ResyncFrom, Transfer};
use roaring::RoaringBitmap;

use crate::expected_fetch::fetch;
use crate::session::{FIRST_RECENT, UIDS};

pub(crate) const MAILBOX: MailboxHandle = MailboxHandle(1);

/// What is known of the question.
#[derive(Debug)]
pub(crate) enum Expected {
    /// This one.
    Ask(Ask),
    /// None.
    Nothing,
    /// It depends on what is no matter of the grammar (which names are fit, how they are written).
    Anything,
}

impl From<Option<Ask>> for Expected {
    fn from(ask: Option<Ask>) -> Self {
        ask.map_or(Self::Anything, Self::Ask)
    }
}

#[expect(clippy::too_many_lines, reason = "one short arm per command")]
pub(crate) fn of(command: &Command<'_>) -> Expected {
    match &command.body {
        CommandBody::Login { username, password } => credentials(username, password.declassify()).into(),
        CommandBody::Select { mailbox, parameters } => select(mailbox, parameters, false).into(),
        CommandBody::Examine { mailbox, parameters } => select(mailbox, parameters, true).into(),
        CommandBody::Subscribe { mailbox } => subscribe(mailbox, true).into(),
        CommandBody::Unsubscribe { mailbox } => subscribe(mailbox, false).into(),
        CommandBody::Status { mailbox, item_names } => name(mailbox)
            .map(|name| Ask::Status {
                name,
                wants_deleted_octets: item_names.contains(&StatusDataItemName::DeletedStorage),
            })
            .into(),
        CommandBody::Append {
            flags: list,
            date,
            message,
            ..
        } => Expected::Ask(Ask::AppendFinish {
            mailbox_name: String::new(),
            flags: flags(list),
            internal_date: date
                .as_ref()
                .map(|date| posthorn_base::Timestamp::from_secs(date.as_ref().timestamp())),
            replaces: None,
        })
        .unless_empty(message),
        CommandBody::ExpungeUid { sequence_set } => {
            uids(sequence_set, true).map_or(Expected::Nothing, |uids| {
                Expected::Ask(Ask::Expunge {
                    mailbox: MAILBOX,
                    uids: Some(uids),
                })
            })
        }
        CommandBody::Expunge => Expected::Ask(Ask::Expunge {
            mailbox: MAILBOX,
            uids: None,
        }),
        CommandBody::Search { criteria, .. } => all(criteria.as_ref()).map_or(Expected::Nothing, |key| {
            Expected::Ask(Ask::Search {
                mailbox: MAILBOX,
                key,
            })
        }),
        CommandBody::Sort {
            sort_criteria,
            search_criteria,
            ..
        } => all(search_criteria.as_ref()).map_or(Expected::Nothing, |key| {
            Expected::Ask(Ask::Sort {
                mailbox: MAILBOX,
                key,
                criteria: sort_criteria.as_ref().iter().map(criterion).collect(),
            })
        }),
        CommandBody::Thread {
            algorithm,
            search_criteria,
            ..
        } => match (all(search_criteria.as_ref()), algorithm_of(algorithm)) {
            // Only what the session knows is threaded: the question has that beside the keys of the client.
            (Some(key), Some(algorithm)) => Expected::Ask(Ask::Thread {
                mailbox: MAILBOX,
                key: SearchKey::And(vec![SearchKey::Messages(UIDS.into_iter().collect()), key]),
                algorithm,
            }),
            _ => Expected::Nothing,
        },
        CommandBody::Fetch {
            sequence_set,
            macro_or_item_names,
            uid,
            modifiers,
        } => fetch(sequence_set, macro_or_item_names, *uid, modifiers),
        CommandBody::Store {
            sequence_set,
            kind,
            flags: list,
            uid,
            modifiers,
            ..
        } => messages(sequence_set, *uid, |uids| Ask::Store {
            mailbox: MAILBOX,
            uids,
            change: FlagChange {
                mode: match kind {
                    StoreType::Replace => FlagMode::Replace,
                    StoreType::Add => FlagMode::Add,
                    StoreType::Remove => FlagMode::Remove,
                },
                flags: flags(list),
            },
            unchanged_since: modifiers
                .iter()
                .map(|StoreModifier::UnchangedSince(modseq)| i64::try_from(*modseq).unwrap())
                .next_back(),
        }),
        CommandBody::Copy {
            sequence_set,
            mailbox,
            uid,
        } => transfer(sequence_set, mailbox, *uid, Transfer::Copy),
        CommandBody::Move {
            sequence_set,
            mailbox,
            uid,
        } => transfer(sequence_set, mailbox, *uid, Transfer::Move),
        CommandBody::Capability
        | CommandBody::Logout
        | CommandBody::Namespace
        | CommandBody::Unselect
        | CommandBody::Id { .. } => Expected::Nothing,
        // The mailbox may be looked at, or a name may be unfit.
        _ => Expected::Anything,
    }
}

impl Expected {
    /// An empty message is refused before anything is asked.
    fn unless_empty(self, message: &LiteralOrLiteral8<'_>) -> Self {
        let data = match message {
            LiteralOrLiteral8::Literal(literal) => literal.data(),
            LiteralOrLiteral8::Literal8(literal) => literal.data.as_ref(),
        };
        match data.is_empty() {
            true => Self::Nothing,
            false => self,
        }
    }
}

pub(crate) fn text(string: &AString<'_>) -> Option<String> {
    String::from_utf8(string.as_ref().to_vec()).ok()
}

fn credentials(user: &AString<'_>, password: &AString<'_>) -> Option<Ask> {
    Some(Ask::Credentials(posthorn_sasl::Ask::VerifyPassword {
        authorize_as: None,
        user: text(user)?,
        password: posthorn_base::Secret::new(text(password)?),
    }))
}

/// `None`: the name is written in a way that has its own tests (modified UTF-7, UTF-8).
fn name(mailbox: &Mailbox<'_>) -> Option<String> {
    match mailbox {
        Mailbox::Inbox => Some("INBOX".to_owned()),
        Mailbox::Other(other) => String::from_utf8(other.as_ref().to_vec()).ok().filter(|name| {
            name.bytes()
                .all(|octet| (b' '..=b'~').contains(&octet) && octet != b'&')
        }),
    }
}

fn select(mailbox: &Mailbox<'_>, parameters: &[SelectParameter], read_only: bool) -> Option<Ask> {
    let resync = parameters.iter().find_map(|parameter| match parameter {
        SelectParameter::CondStore => None,
        SelectParameter::QResync {
            uid_validity,
            mod_sequence_value,
            ..
        } => Some(ResyncFrom {
            uid_validity: uid_validity.get(),
            modseq: i64::try_from(mod_sequence_value.get()).unwrap(),
        }),
    });
    // What the client still remembers makes the session look further back.
    let name = name(mailbox).filter(|_| resync.is_none())?;
    Some(Ask::Select {
        name,
        read_only,
        resync,
    })
}

fn subscribe(mailbox: &Mailbox<'_>, subscribed: bool) -> Option<Ask> {
    name(mailbox).map(|name| Ask::Subscribe { name, subscribed })
}

fn flags(list: &[Flag<'_>]) -> Flags {
    let mut flags = Flags::default();
    for flag in list {
        let system = match flag {
            Flag::Answered => SystemFlags::ANSWERED,
            Flag::Deleted => SystemFlags::DELETED,
            Flag::Draft => SystemFlags::DRAFT,
            Flag::Flagged => SystemFlags::FLAGGED,
            Flag::Seen => SystemFlags::SEEN,
            Flag::Extension(_) => continue,
            Flag::Keyword(keyword) => {
                let is_known = |known: &String| known.eq_ignore_ascii_case(keyword.as_ref());
                if !flags.keywords.iter().any(is_known) {
                    flags.keywords.push(keyword.as_ref().to_owned());
                }
                continue;
            }
        };
        flags.system = flags.system.with(system);
    }
    flags
}

/// The messages that a set names; `None`: there is one too many, which is an error in all commands but SEARCH.
pub(crate) fn named(set: &SequenceSet, by_uid: bool) -> Option<RoaringBitmap> {
    let is_beyond = |number: u32| !by_uid && usize::try_from(number).unwrap() > UIDS.len();
    let is_known = |end: &SeqOrUid| match end {
        SeqOrUid::Value(number) => !is_beyond(number.get()),
        SeqOrUid::Asterisk => true,
    };
    let all_known = set.0.as_ref().iter().all(|sequence| match sequence {
        Sequence::Single(one) => is_known(one),
        Sequence::Range(from, to) => is_known(from) && is_known(to),
    });
    all_known.then(|| there(set, by_uid))
}

/// The messages that a set names, as far as they exist.
fn there(set: &SequenceSet, by_uid: bool) -> RoaringBitmap {
    let last = match by_uid {
        true => UIDS[UIDS.len() - 1],
        false => u32::try_from(UIDS.len()).unwrap(),
    };
    let value = |end: &SeqOrUid| match end {
        SeqOrUid::Value(number) => number.get(),
        SeqOrUid::Asterisk => last,
    };
    let mut found = RoaringBitmap::new();
    for sequence in set.0.as_ref() {
        let (from, to) = match sequence {
            Sequence::Single(one) => (value(one), value(one)),
            Sequence::Range(from, to) => (value(from), value(to)),
        };
        for (uid, number) in UIDS.into_iter().zip(1..) {
            let mark = if by_uid { uid } else { number };
            if (from.min(to)..=from.max(to)).contains(&mark) {
                found.insert(uid);
            }
        }
    }
    found
}

/// The same as a list; `None` also when it is empty.
fn uids(set: &SequenceSet, by_uid: bool) -> Option<Vec<u32>> {
    named(set, by_uid)
        .filter(|uids| !uids.is_empty())
        .map(|uids| uids.into_iter().collect())
}

pub(crate) fn messages(set: &SequenceSet, by_uid: bool, ask: impl FnOnce(Vec<u32>) -> Ask) -> Expected {
    uids(set, by_uid).map_or(Expected::Nothing, |uids| Expected::Ask(ask(uids)))
}

fn transfer(set: &SequenceSet, mailbox: &Mailbox<'_>, by_uid: bool, mode: Transfer) -> Expected {
    let Some(to) = name(mailbox) else {
        return Expected::Anything;
    };
    messages(set, by_uid, |uids| Ask::Copy {
        mailbox: MAILBOX,
        uids,
        to,
        mode,
    })
}

fn day(date: &NaiveDate) -> Date {
    let text = date.as_ref().to_string();
    let mut numbers = text.split('-').map(|number| number.parse::<u16>().unwrap());
    let mut next = || numbers.next().unwrap();
    Date {
        year: next(),
        month: u8::try_from(next()).unwrap(),
        day: u8::try_from(next()).unwrap(),
    }
}

type Key = SearchKey<RoaringBitmap>;

fn all(keys: &[TheirKey<'_>]) -> Option<Key> {
    match keys {
        [one] => key(one),
        several => several.iter().map(key).collect::<Option<_>>().map(SearchKey::And),
    }
}

/// `None`: its text is not UTF-8.
fn key(theirs: &TheirKey<'_>) -> Option<Key> {
    let not = |key| SearchKey::Not(Box::new(key));
    let field = |name: &str, value| {
        let criterion = SearchCriterion::Holds(TextIn::Field(name.to_owned()), text(value)?);
        Some(SearchKey::Is(criterion))
    };
    let recent: RoaringBitmap = UIDS.into_iter().filter(|uid| *uid >= FIRST_RECENT).collect();
    let recent = SearchKey::Messages(recent);
    Some(match theirs {
        TheirKey::And(keys) => all(keys.as_ref())?,
        TheirKey::SequenceSet(set) => SearchKey::Messages(there(set, false)),
        TheirKey::Uid(set) => SearchKey::Messages(there(set, true)),
        TheirKey::All => SearchKey::And(Vec::new()),
        TheirKey::Answered => SearchCriterion::Flags(SystemFlags::ANSWERED).into(),
        TheirKey::Deleted => SearchCriterion::Flags(SystemFlags::DELETED).into(),
        TheirKey::Draft => SearchCriterion::Flags(SystemFlags::DRAFT).into(),
        TheirKey::Flagged => SearchCriterion::Flags(SystemFlags::FLAGGED).into(),
        TheirKey::Seen => SearchCriterion::Flags(SystemFlags::SEEN).into(),
        TheirKey::Unanswered => not(SearchCriterion::Flags(SystemFlags::ANSWERED).into()),
        TheirKey::Undeleted => not(SearchCriterion::Flags(SystemFlags::DELETED).into()),
        TheirKey::Undraft => not(SearchCriterion::Flags(SystemFlags::DRAFT).into()),
        TheirKey::Unflagged => not(SearchCriterion::Flags(SystemFlags::FLAGGED).into()),
        TheirKey::Unseen => not(SearchCriterion::Flags(SystemFlags::SEEN).into()),
        TheirKey::Recent => recent,
        TheirKey::Old => not(recent),
        TheirKey::New => SearchKey::And(vec![
            recent,
            not(SearchCriterion::Flags(SystemFlags::SEEN).into()),
        ]),
        TheirKey::Bcc(value) => field("BCC", value)?,
        TheirKey::Body(value) => SearchCriterion::Holds(TextIn::Body, text(value)?).into(),
        TheirKey::Cc(value) => field("CC", value)?,
        TheirKey::From(value) => field("FROM", value)?,
        TheirKey::Subject(value) => field("SUBJECT", value)?,
        TheirKey::Text(value) => SearchCriterion::Holds(TextIn::Message, text(value)?).into(),
        TheirKey::To(value) => field("TO", value)?,
        TheirKey::Header(name, value) => field(&text(name)?, value)?,
        TheirKey::Before(date) => {
            SearchCriterion::Dated(MessageDate::Internal, DayIs::Before, day(date)).into()
        }
        TheirKey::On(date) => SearchCriterion::Dated(MessageDate::Internal, DayIs::On, day(date)).into(),
        TheirKey::Since(date) => {
            SearchCriterion::Dated(MessageDate::Internal, DayIs::Since, day(date)).into()
        }
        TheirKey::SentBefore(date) => {
            SearchCriterion::Dated(MessageDate::Sent, DayIs::Before, day(date)).into()
        }
        TheirKey::SentOn(date) => SearchCriterion::Dated(MessageDate::Sent, DayIs::On, day(date)).into(),
        TheirKey::SentSince(date) => {
            SearchCriterion::Dated(MessageDate::Sent, DayIs::Since, day(date)).into()
        }
        TheirKey::Keyword(keyword) => SearchCriterion::Keyword(keyword.as_ref().to_owned()).into(),
        TheirKey::Unkeyword(keyword) => not(SearchCriterion::Keyword(keyword.as_ref().to_owned()).into()),
        TheirKey::Larger(octets) => SearchCriterion::Larger(u64::from(*octets)).into(),
        TheirKey::Smaller(octets) => SearchCriterion::Smaller(u64::from(*octets)).into(),
        TheirKey::Older(secs) => SearchCriterion::Older(secs.get()).into(),
        TheirKey::Younger(secs) => SearchCriterion::Younger(secs.get()).into(),
        TheirKey::ModSequence { modseq, .. } => {
            SearchCriterion::ModSeq(i64::try_from(*modseq).unwrap()).into()
        }
        TheirKey::Not(inner) => not(key(inner)?),
        TheirKey::Or(left, right) => SearchKey::Or(Box::new(key(left)?), Box::new(key(right)?)),
    })
}

fn criterion(theirs: &sort::SortCriterion) -> SortCriterion {
    SortCriterion {
        key: match theirs.key {
            sort::SortKey::Arrival => SortKey::Arrival,
            sort::SortKey::Cc => SortKey::Cc,
            sort::SortKey::Date => SortKey::Date,
            sort::SortKey::From => SortKey::From,
            sort::SortKey::Size => SortKey::Size,
            sort::SortKey::Subject => SortKey::Subject,
            sort::SortKey::To => SortKey::To,
            sort::SortKey::DisplayFrom => SortKey::DisplayFrom,
            sort::SortKey::DisplayTo => SortKey::DisplayTo,
        },
        order: match theirs.reverse {
            true => SortOrder::Descending,
            false => SortOrder::Ascending,
        },
    }
}

fn algorithm_of(theirs: &thread::ThreadingAlgorithm<'_>) -> Option<ThreadAlgorithm> {
    match theirs {
        thread::ThreadingAlgorithm::OrderedSubject => Some(ThreadAlgorithm::OrderedSubject),
        thread::ThreadingAlgorithm::References => Some(ThreadAlgorithm::References),
        thread::ThreadingAlgorithm::Other(_) => None,
    }
}
