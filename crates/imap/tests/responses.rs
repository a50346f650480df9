//! Our responses (RFC 3501 section 7 with extensions) as `imap-codec` reads them: every one can be read, and has the
//! values the shell gave.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::wildcard_enum_match_arm,
    reason = "a panic is how a test fails; the enums of another crate grow"
)]

use std::num::{NonZeroU32, NonZeroU64};

use imap_codec::imap_types::core::AString;
use imap_codec::imap_types::extensions::uidplus::{UidElement, UidSet};
use imap_codec::imap_types::fetch::MessageDataItem;
use imap_codec::imap_types::flag::{Flag, FlagFetch, FlagPerm};
use imap_codec::imap_types::mailbox::Mailbox;
use imap_codec::imap_types::response::{Code, Data, Response};
use imap_codec::imap_types::sequence::{SeqOrUid, Sequence, SequenceSet};
use imap_codec::imap_types::status::StatusDataItem;
use posthorn_imap::types::{Flags, SystemFlags};
use posthorn_imap::{Answer, FetchRow};

use crate::dice::Dice;
use crate::message::Message;
use crate::trees::{flatten, grow};
use crate::utf7::modified_utf7;
use crate::world::{UIDS, World, codes, data, octets};

#[path = "differential/dice.rs"]
mod dice;
#[path = "responses/message.rs"]
mod message;
#[path = "responses/trees.rs"]
mod trees;
#[path = "responses/utf7.rs"]
mod utf7;
#[path = "responses/world.rs"]
mod world;

const WORLDS: u64 = 30;

fn each_world(mut test: impl FnMut(&mut Dice, World)) {
    for seed in 1..=WORLDS {
        let mut dice = Dice::new(seed);
        let world = World::new(&mut dice);
        test(&mut dice, world);
    }
}

fn nonzero(number: u32) -> NonZeroU32 {
    NonZeroU32::new(number).unwrap()
}

fn same_flags(theirs: &[Flag<'_>], ours: &Flags) -> bool {
    let mut read = Flags::default();
    for flag in theirs {
        let system = match flag {
            Flag::Answered => SystemFlags::ANSWERED,
            Flag::Deleted => SystemFlags::DELETED,
            Flag::Draft => SystemFlags::DRAFT,
            Flag::Flagged => SystemFlags::FLAGGED,
            Flag::Seen => SystemFlags::SEEN,
            Flag::Extension(_) => return false,
            Flag::Keyword(keyword) => {
                read.keywords.push(keyword.as_ref().to_owned());
                continue;
            }
        };
        read.system = read.system.with(system);
    }
    read == *ours
}

/// The FETCH responses: number and items.
fn fetched<'a>(responses: &'a [Response<'static>]) -> Vec<(u32, &'a [MessageDataItem<'static>])> {
    data(responses)
        .filter_map(|data| match data {
            Data::Fetch { seq, items } => Some((seq.get(), items.as_ref())),
            _ => None,
        })
        .collect()
}

#[test]
fn a_row_is_read_as_the_shell_gave_it() {
    each_world(|dice, mut world| {
        for row in &mut world.rows {
            row.sections = (0..6)
                .map(|_| (!dice.is_one_in(5)).then(|| octets(dice)))
                .collect();
            // The size of a decoded part is a number.
            row.sections[5] = Some(dice.below(5_000).to_string().into_bytes());
        }
        let responses = world.hear(
            "1 SELECT INBOX\r\n2 FETCH 1:* (UID FLAGS INTERNALDATE RFC822.SIZE MODSEQ BODY[] \
             BODY.PEEK[1.HEADER.FIELDS (From \"x y\")]<7.9> RFC822 BODY[2.TEXT] BINARY[1.3] BINARY.SIZE[2])\r\n",
        );
        let fetched = fetched(&responses);
        assert_eq!(fetched.len(), UIDS.len());
        for ((number, items), (row, expected)) in fetched.into_iter().zip(world.rows.iter().zip(1..)) {
            assert_eq!(number, expected);
            same_row(items, row);
        }
    });
}

fn same_row(items: &[MessageDataItem<'_>], row: &FetchRow) {
    let mut sections = row.sections.iter();
    let mut seen = 0;
    for item in items {
        seen += 1;
        match item {
            MessageDataItem::Uid(uid) => assert_eq!(uid.get(), row.uid),
            MessageDataItem::Flags(flags) => {
                let stored: Vec<Flag<'_>> = flags
                    .iter()
                    .filter_map(|flag| match flag {
                        FlagFetch::Flag(flag) => Some(flag.clone()),
                        FlagFetch::Recent => None,
                    })
                    .collect();
                assert!(same_flags(&stored, &row.flags), "{flags:?} {row:?}");
                assert_eq!(flags.contains(&FlagFetch::Recent), row.uid >= 8);
            }
            MessageDataItem::InternalDate(date) => {
                assert_eq!(date.as_ref().timestamp(), row.internal_date.as_secs());
            }
            MessageDataItem::Rfc822Size(size) => assert_eq!(u64::from(*size), row.size_octets),
            MessageDataItem::ModSeq(modseq) => assert_eq!(i64::try_from(modseq.get()), Ok(row.modseq)),
            MessageDataItem::BodyExt {
                data,
                origin,
                section,
            } => {
                let is_partial = matches!(
                    section,
                    Some(imap_codec::imap_types::fetch::Section::HeaderFields(..))
                );
                assert_eq!(*origin, is_partial.then_some(7));
                assert_eq!(
                    &data.clone().into_option().map(|data| data.into_owned()),
                    sections.next().unwrap()
                );
            }
            MessageDataItem::Rfc822(data) => {
                assert_eq!(
                    &data.clone().into_option().map(|data| data.into_owned()),
                    sections.next().unwrap()
                );
            }
            MessageDataItem::Binary { value, section } => {
                assert_eq!(section, &[nonzero(1), nonzero(3)]);
                assert_eq!(&binary(value), sections.next().unwrap());
            }
            MessageDataItem::BinarySize { size, section } => {
                assert_eq!(section, &[nonzero(2)]);
                assert_eq!(Some(size.to_string().into_bytes()), *sections.next().unwrap());
            }
            other => panic!("not asked: {other:?}"),
        }
    }
    assert_eq!((seen, sections.next()), (11, None), "{items:?}");
}

#[test]
fn the_description_of_a_message_is_read() {
    each_world(|dice, mut world| {
        let messages: Vec<Message> = world.rows.iter().map(|_| Message::new(dice, 3)).collect();
        for (row, message) in world.rows.iter_mut().zip(&messages) {
            let rendered = posthorn_message::render(&message.raw);
            row.envelope = Some(rendered.envelope);
            row.body_structure = Some(rendered.body_structure);
            row.body = Some(rendered.body);
            row.newly_seen = false;
        }
        let responses = world.hear("1 SELECT INBOX\r\n2 FETCH 1:* (ENVELOPE BODYSTRUCTURE BODY)\r\n");
        let fetched = fetched(&responses);
        assert_eq!(fetched.len(), messages.len());
        for ((_, items), message) in fetched.into_iter().zip(&messages) {
            for item in items {
                match item {
                    MessageDataItem::Envelope(envelope) => message.assert_envelope(envelope),
                    MessageDataItem::BodyStructure(structure) | MessageDataItem::Body(structure) => {
                        message.assert_structure(structure);
                    }
                    other => panic!("not asked: {other:?}"),
                }
            }
            assert_eq!(items.len(), 3);
        }
    });
}

fn binary(value: &imap_codec::imap_types::core::NString8<'_>) -> Option<Vec<u8>> {
    match value {
        imap_codec::imap_types::core::NString8::NString(value) => {
            value.clone().into_option().map(|data| data.into_owned())
        }
        imap_codec::imap_types::core::NString8::Literal8(value) => Some(value.data.to_vec()),
    }
}

#[test]
fn a_name_that_was_listed_can_be_used() {
    each_world(|_, world| {
        for verb in ["LIST", "LSUB"] {
            let responses = world.hear(&format!("1 {verb} \"\" *\r\n"));
            let listed: Vec<&Mailbox<'_>> = data(&responses)
                .filter_map(|data| match data {
                    Data::List {
                        mailbox, delimiter, ..
                    }
                    | Data::Lsub {
                        mailbox, delimiter, ..
                    } => {
                        assert_eq!(delimiter.as_ref().map(|delimiter| delimiter.inner()), Some('/'));
                        Some(mailbox)
                    }
                    _ => None,
                })
                .collect();
            let mut raw: Vec<String> = listed
                .iter()
                .filter_map(|mailbox| match mailbox {
                    Mailbox::Inbox => None,
                    Mailbox::Other(other) => Some(String::from_utf8(other.as_ref().to_vec()).unwrap()),
                })
                .collect();
            assert!(raw.iter().all(|name| name.is_ascii()), "{raw:?}");
            let mut expected: Vec<String> = world.names.iter().map(|name| modified_utf7(name)).collect();
            raw.sort();
            expected.sort();
            assert_eq!(raw, expected);
        }
    });
}

#[test]
fn numbers_of_a_mailbox_are_read_as_they_are() {
    each_world(|_, world| {
        let responses = world.hear(
            "1 STATUS x (MESSAGES RECENT UNSEEN DELETED DELETED-STORAGE SIZE UIDNEXT UIDVALIDITY HIGHESTMODSEQ)\r\n",
        );
        let status = &world.status;
        let expected = vec![
            StatusDataItem::Messages(status.messages),
            StatusDataItem::Recent(status.recent),
            StatusDataItem::Unseen(status.unseen),
            StatusDataItem::Deleted(status.deleted),
            StatusDataItem::DeletedStorage(status.deleted_octets),
            StatusDataItem::Size(status.size_octets),
            StatusDataItem::UidNext(nonzero(status.uid_next)),
            StatusDataItem::UidValidity(nonzero(status.uid_validity)),
            StatusDataItem::HighestModSeq(u64::try_from(status.highest_modseq).unwrap()),
        ];
        let read: Vec<_> = data(&responses)
            .filter_map(|data| match data {
                Data::Status { items, .. } => Some(items.to_vec()),
                _ => None,
            })
            .collect();
        assert_eq!(read, vec![expected]);
    });
}

#[test]
fn quota_and_namespace_are_read() {
    each_world(|_, world| {
        let responses = world.hear(
            "1 GETQUOTAROOT INBOX\r\n2 NAMESPACE\r\n3 ID NIL\r\n4 CAPABILITY\r\n5 ENABLE CONDSTORE\r\n",
        );
        let quotas = data(&responses).find_map(|data| match data {
            Data::Quota { quotas, .. } => quotas.as_ref().first(),
            _ => None,
        });
        let quota = quotas.unwrap();
        // RFC 9208 section 5.1: units of 1,024 octets; what is used is rounded up, what is allowed down.
        assert_eq!(
            (quota.usage, quota.limit),
            (world.used_octets.div_ceil(1024), world.limit_octets / 1024)
        );
        let has = |fits: fn(&Data<'_>) -> bool| data(&responses).filter(|data| fits(data)).count();
        assert_eq!(
            has(
                |data| matches!(data, Data::QuotaRoot { roots, .. } if roots == &[AString::try_from("").unwrap()])
            ),
            1
        );
        assert_eq!(
            has(|data| matches!(data, Data::Namespace { personal, .. } if personal.len() == 1)),
            1
        );
        assert_eq!(has(|data| matches!(data, Data::Id { .. })), 1);
        assert_eq!(has(|data| matches!(data, Data::Capability(_))), 1);
        assert_eq!(
            has(|data| matches!(data, Data::Enabled { capabilities } if capabilities.len() == 1)),
            1
        );
    });
}

#[test]
fn what_was_found_is_read_in_its_order() {
    each_world(|dice, mut world| {
        let is_by_modseq = dice.is_one_in(2);
        let modseq = (is_by_modseq && !world.found.is_empty()).then(|| NonZeroU64::new(77).unwrap());
        let key = if is_by_modseq { "MODSEQ 1" } else { "ALL" };
        let found = |uids: &[u32]| uids.iter().copied().map(nonzero).collect::<Vec<_>>();
        let responses = world.hear(&format!("1 SELECT INBOX\r\n2 UID SEARCH {key}\r\n"));
        let expected = Data::Search(found(&world.found), modseq);
        assert!(
            data(&responses).any(|data| *data == expected),
            "{responses:?} {expected:?}"
        );
        world.found.reverse();
        let responses = world.hear(&format!("1 SELECT INBOX\r\n2 UID SORT (DATE) UTF-8 {key}\r\n"));
        let expected = Data::Sort(found(&world.found), modseq);
        assert!(
            data(&responses).any(|data| *data == expected),
            "{responses:?} {expected:?}"
        );
    });
}

#[test]
fn threads_are_read_as_trees() {
    each_world(|dice, mut world| {
        let mut uids = UIDS.into_iter();
        while uids.len() > 0 {
            grow(dice, &mut uids, 3, &mut world.threads);
        }
        let responses = world.hear("1 SELECT INBOX\r\n2 UID THREAD REFERENCES UTF-8 ALL\r\n");
        let threads = data(&responses).find_map(|data| match data {
            Data::Thread(threads) => Some(threads),
            _ => None,
        });
        let mut read = Vec::new();
        for thread in threads.unwrap() {
            flatten(thread, &mut read);
        }
        assert_eq!(read, world.threads);
    });
}

#[test]
fn the_state_of_a_selected_mailbox_is_read() {
    each_world(|_, world| {
        let responses =
            world.hear("1 ENABLE QRESYNC\r\n2 SELECT INBOX (QRESYNC (7 9))\r\n3 SELECT INBOX\r\n");
        let selected = &world.selected;
        let modseq = NonZeroU64::new(u64::try_from(selected.highest_modseq).unwrap()).unwrap();
        for expected in [
            Code::UidValidity(nonzero(selected.uid_validity)),
            Code::UidNext(nonzero(u32::MAX)),
            Code::Unseen(nonzero(2)),
            Code::HighestModSeq(modseq),
            Code::Closed,
            Code::ReadWrite,
        ] {
            assert!(
                codes(&responses).contains(&expected),
                "{expected:?} {responses:?}"
            );
        }
        let permanent = codes(&responses).into_iter().find_map(|code| match code {
            Code::PermanentFlags(flags) => Some(flags),
            _ => None,
        });
        assert!(permanent.unwrap().contains(&FlagPerm::Asterisk));
        let has = |expected: &Data<'_>| data(&responses).any(|data| data == expected);
        assert!(has(&Data::Exists(6)) && has(&Data::Recent(3)));
        assert!(has(&Data::Vanished {
            earlier: true,
            known_uids: SequenceSet(
                vec![single(1), single(4), Sequence::Range(value(6), value(7))]
                    .try_into()
                    .unwrap()
            ),
        }));
        let numbers: Vec<u32> = fetched(&responses)
            .into_iter()
            .map(|(number, _)| number)
            .collect();
        assert_eq!(numbers, [2, 4]);
    });
}

fn value(number: u32) -> SeqOrUid {
    SeqOrUid::Value(nonzero(number))
}

fn single(number: u32) -> Sequence {
    Sequence::Single(value(number))
}

#[test]
fn where_messages_went_is_read_pair_by_pair() {
    each_world(|_, world| {
        let responses = world.hear("1 SELECT INBOX\r\n2 COPY 1:* x\r\n3 APPEND x {1+}\r\nm\r\n");
        let copied = codes(&responses).into_iter().find_map(|code| match code {
            Code::CopyUid {
                uid_validity,
                source,
                destination,
            } => Some((uid_validity.get(), uids(&source), uids(&destination))),
            _ => None,
        });
        let (source, target): (Vec<u32>, Vec<u32>) = world.pairs.iter().copied().unzip();
        let expected = (!source.is_empty()).then_some((world.selected.uid_validity, source, target));
        assert_eq!(copied, expected);
        let appended = codes(&responses).into_iter().find_map(|code| match code {
            Code::AppendUid { uid_validity, uid } => Some((uid_validity.get(), uid.get())),
            _ => None,
        });
        assert_eq!(appended, Some((world.selected.uid_validity, world.appended[0])));
    });
}

fn uids(set: &UidSet) -> Vec<u32> {
    set.0
        .as_ref()
        .iter()
        .flat_map(|element| match element {
            UidElement::Single(uid) => uid.get()..=uid.get(),
            UidElement::Range(from, to) => from.get()..=to.get(),
        })
        .collect()
}

#[test]
fn what_a_store_left_alone_is_read() {
    each_world(|_, world| {
        let responses = world.hear("1 SELECT INBOX\r\n2 UID STORE 1:* (UNCHANGEDSINCE 5) FLAGS ()\r\n");
        let modified = codes(&responses).into_iter().find_map(|code| match code {
            Code::Modified(set) => Some(set),
            _ => None,
        });
        let read: Vec<u32> = modified.into_iter().flat_map(|set| numbers(&set)).collect();
        assert_eq!(read, world.modified);
        assert_eq!(fetched(&responses).len(), UIDS.len() - world.modified.len());
    });
}

fn numbers(set: &SequenceSet) -> Vec<u32> {
    let number = |end: &SeqOrUid| end.to_non_zero_u32().get();
    set.0
        .as_ref()
        .iter()
        .flat_map(|sequence| match sequence {
            Sequence::Single(one) => number(one)..=number(one),
            Sequence::Range(from, to) => number(from)..=number(to),
        })
        .collect()
}

#[test]
fn refusals_are_read_with_their_codes() {
    let mut world = World::new(&mut Dice::new(1));
    for (refusal, expected) in [
        (Answer::OverQuota, Code::OverQuota),
        (Answer::NoSuchMailbox, Code::TryCreate),
        (Answer::UnknownEncoding, Code::UnknownCte),
        (Answer::TooBig, Code::TooBig),
    ] {
        world.refusal = Some(refusal);
        let responses = world.hear("1 SELECT INBOX\r\n2 COPY 1 x\r\n");
        assert!(
            codes(&responses).contains(&expected),
            "{expected:?} {responses:?}"
        );
    }
}
