//! What the index answers is what looking at every message answers, whatever the messages, the key and the
//! state of the index are.

use posthorn_imap::types::{SystemFlags, TextIn};
use posthorn_mailbox::{CopyMode, CopyRequest, Which};
use posthorn_search::{Indexer, Step};
use proptest::prelude::*;
use proptest::sample::{Index, select};

use super::*;

/// Words that mails and keys are made of.
const WORDS: &[&str] = &[
    "alpha",
    "alphabet",
    "Beta",
    "beta7",
    "7",
    "gr\u{fc}n",
    "Stra\u{df}e",
    "\u{3a3}\u{3af}\u{3c3}\u{3c5}\u{3c6}\u{3bf}\u{3c2}",
    "\u{65e5}\u{672c}\u{8a9e}",
    "\u{65e5}\u{672c}",
    "\u{130}stanbul",
    "ete\u{301}",
    "\u{212a}elvin",
    "\u{fb01}n",
    "a.b",
    "x-y_z",
    "3.14",
    "...",
    "<anna@example.test>",
    "subject",
    "Received",
    "\u{1f600}",
    "\u{433}\u{434}\u{435}",
];

fn text() -> impl Strategy<Value = String> {
    proptest::collection::vec(select(WORDS), 0..5).prop_map(|words| words.join(" "))
}

/// A header field's value in one of the ways in which mail has it.
fn value() -> impl Strategy<Value = Vec<u8>> {
    (text(), 0..4_u8).prop_map(|(text, how)| match how {
        0 => text.into_bytes(),
        1 => format!("=?utf-8?Q?{}?=", quoted(text.as_bytes()).replace(' ', "_")).into_bytes(),
        2 => format!("\"{text}\" <anna@example.test>,\r\n\tb").into_bytes(),
        _ => latin(&text),
    })
}

fn latin(text: &str) -> Vec<u8> {
    text.chars()
        .map(|c| u8::try_from(u32::from(c)).unwrap_or(b'?'))
        .collect()
}

fn quoted(octets: &[u8]) -> String {
    let quote = |octet: &u8| match octet {
        b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b' ' => char::from(*octet).to_string(),
        other => format!("={other:02X}"),
    };
    octets.iter().map(quote).collect()
}

fn leaf() -> impl Strategy<Value = Vec<u8>> {
    (text(), 0..6_u8).prop_map(|(text, how)| {
        let (head, body) = match how {
            0 => ("Content-Type: text/plain; charset=utf-8\r\n", text.into_bytes()),
            1 => ("Content-Type: text/plain; charset=iso-8859-1\r\nContent-Transfer-Encoding: quoted-printable\r\n", quoted(&latin(&text)).into_bytes()),
            2 => ("Content-Type: text/html; charset=utf-8\r\n", format!("<p>{text}<b>alpha</b>bet").into_bytes()),
            3 => ("Content-Type: application/pdf; name=\"plan alpha.pdf\"\r\n", text.into_bytes()),
            4 => ("Content-Type: text/plain; charset=shift_jis\r\n", b"\x93\xfa\x96\x7b alpha".to_vec()),
            // Too long for a term: the index knows that it does not know this message.
            _ => ("", format!("{}{text}", "z".repeat(5_000)).into_bytes()),
        };
        [head.as_bytes(), b"\r\n", &body, b"\r\n"].concat()
    })
}

fn message() -> impl Strategy<Value = Vec<u8>> {
    let names = select(vec![
        "Subject", "From", "To", "CC", "Bcc", "X-Tag", "Received", "Date", "beta",
    ]);
    let fields = proptest::collection::vec((names, value()), 0..6);
    (fields, leaf(), leaf(), 0..4_u8).prop_map(|(fields, one, other, how)| {
        let mut raw = Vec::new();
        for (name, value) in fields {
            raw.extend([name.as_bytes(), b": ", &value, b"\r\n"].concat());
        }
        let attached = b"Content-Type: message/rfc822\r\n\r\nSubject: beta inner\r\n".to_vec();
        let parts = match how {
            0 => return [raw, one].concat(),
            1 => vec![one, other],
            _ => vec![one, [attached, other].concat()],
        };
        raw.extend(b"Content-Type: multipart/mixed; boundary=limit\r\n\r\npreamble\r\n");
        for part in parts {
            raw.extend([b"--limit\r\n", &part[..]].concat());
        }
        raw.extend(b"--limit--\r\n");
        raw
    })
}

/// A part of a word, or of several.
fn searched() -> impl Strategy<Value = String> {
    let part = (select(WORDS), any::<Index>(), any::<Index>()).prop_map(|(word, from, to)| {
        let chars: Vec<char> = word.chars().collect();
        let (from, to) = (from.index(chars.len() + 1), to.index(chars.len() + 1));
        chars[from.min(to)..from.max(to)].iter().collect::<String>()
    });
    prop_oneof![
        5 => part.clone(),
        2 => (part.clone(), select(vec![" ", ": ", ".", "", "\n", "z"]), part).prop_map(|(a, between, b)| format!("{a}{between}{b}")),
        1 => select(WORDS).prop_map(|word| format!(" {word} ")),
    ]
}

fn keys() -> impl Strategy<Value = Key> {
    let fields = [
        "FROM", "TO", "CC", "BCC", "subject", "X-Tag", "X-Ta", "Received", "", "bEta",
    ];
    let places = prop_oneof![
        1 => Just(TextIn::Message),
        1 => Just(TextIn::Body),
        4 => select(fields.to_vec()).prop_map(|field| TextIn::Field(field.to_owned())),
    ];
    let texts = (places, searched()).prop_map(|(place, text)| SearchCriterion::Holds(place, text).into());
    let others = prop_oneof![
        (0..1_u32 << 12)
            .prop_map(|bits| SearchKey::Messages((1..13).filter(|uid| bits & 1 << uid != 0).collect())),
        Just(SearchCriterion::Flags(SystemFlags::SEEN).into()),
        (0..400_u64).prop_map(|octets| SearchCriterion::Larger(octets).into()),
        (1_005..1_060_i64).prop_map(|id| SearchCriterion::EmailId(format!("M{id}")).into()),
        Just(SearchCriterion::EmailId("M01002".to_owned()).into()),
    ];
    prop_oneof![4 => texts, 1 => others].prop_recursive(3, 8, 3, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..4).prop_map(SearchKey::And),
            (inner.clone(), inner.clone()).prop_map(|(a, b)| SearchKey::Or(a.into(), b.into())),
            inner.prop_map(|key| SearchKey::Not(key.into())),
        ]
    })
}

/// What happens to a store.
#[derive(Clone, Debug)]
enum Event {
    Deliver(Vec<u8>),
    Index,
    Expunge(u32),
    Copy(u32, CopyMode),
}

fn events() -> impl Strategy<Value = Vec<Event>> {
    let event = prop_oneof![
        6 => message().prop_map(Event::Deliver),
        5 => Just(Event::Index),
        1 => (1..13_u32).prop_map(Event::Expunge),
        1 => ((1..13_u32), select(vec![CopyMode::Copy, CopyMode::Move])).prop_map(|(uid, mode)| Event::Copy(uid, mode)),
    ];
    proptest::collection::vec(event, 1..60)
}

type Work = dyn Fn(&mut Tx<'_>) -> Result<(), MailboxError> + Send;

fn happen(store: &Store, event: Event) {
    let write = |work: Box<Work>| {
        store.write(Partition::Account(ANNA), work).wait().unwrap();
    };
    match event {
        Event::Deliver(octets) => {
            let message = new_message(store, octets, now());
            write(Box::new(move |tx| {
                mailbox::deliver(tx, ANNA, &Target::Inbox, &message, Quota::Checked, now()).map(drop)
            }));
        }
        Event::Index => {
            let mut indexer = Indexer::new(store.clone(), ANNA);
            while indexer.step(now()).unwrap() == Step::More {}
        }
        Event::Expunge(uid) => write(Box::new(move |tx| {
            mailbox::expunge(tx, ANNA, INBOX, Which::Listed(&[Uid(uid)])).map(drop)
        })),
        Event::Copy(uid, mode) => write(Box::new(move |tx| {
            let uids = &[Uid(uid)];
            let request = CopyRequest {
                from: INBOX,
                uids,
                to: "Archive",
                mode,
                rights: posthorn_base::Rights::ALL,
            };
            mailbox::copy(tx, ANNA, request, now()).map(drop)
        })),
    }
}

/// What looking at every message finds.
fn scanned(store: &Store, mailbox: MailboxId, key: &Key) -> Vec<u32> {
    let search = Search::new(ANNA, mailbox, key.clone(), now());
    let rows = store.read(move |tx| {
        let plan = Plan {
            uncertain: mailbox::snapshot(tx, ANNA, mailbox)?.uids,
            ..Plan::default()
        };
        let uids: Vec<Uid> = plan.uncertain.iter().map(Uid).collect();
        search.look(tx, &plan, &uids)
    });
    rows.wait().unwrap().into_iter().map(|row| row.uid.0).collect()
}

#[test]
fn with_a_damaged_index_a_search_looks_at_every_message() {
    let (store, _folder) = store_of_messages(&["Subject: one", "Subject: two", "Subject: one more"]);
    let index = || while Indexer::new(store.clone(), ANNA).step(now()).unwrap() == Step::More {};
    let key: Key = SearchCriterion::Holds(TextIn::Field("Subject".to_owned()), "one".to_owned()).into();
    let plan = || {
        let search = Search::new(ANNA, INBOX, key.clone(), now());
        store.read(move |tx| search.plan(tx)).wait().unwrap()
    };
    index();
    assert_eq!(plan().certain.len(), 2);
    let damage = store.write(Partition::Account(ANNA), |tx| {
        Ok::<_, MailboxError>(tx.execute("UPDATE search_postings SET postings = x'ff'", &[])?)
    });
    damage.wait().unwrap();
    assert!(plan().damage.is_some());
    assert_eq!(found_in(&store, INBOX, key.clone()), [1, 3]);

    let anew = store.write(Partition::Account(ANNA), |tx| {
        posthorn_search::start_over(tx, ANNA)
    });
    anew.wait().unwrap();
    assert_eq!(found_in(&store, INBOX, key.clone()), [1, 3]);
    index();
    assert_eq!((plan().certain.len(), plan().damage), (2, None));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn the_index_answers_as_a_scan_does(events in events(), keys in proptest::collection::vec(keys(), 20)) {
        let (store, _folder) = store_of_messages(&[]);
        let archive = store.read(|tx| mailbox::find(tx, ANNA, "Archive")).wait().unwrap();
        let last = events.len() - 1;
        for (at, event) in events.into_iter().enumerate() {
            happen(&store, event);
            // A search in each state, and all of them in the last.
            let asked = if at == last { &keys[..] } else { &keys[at % keys.len()..][..1] };
            for key in asked {
                for mailbox in [INBOX, archive] {
                    prop_assert_eq!(found_in(&store, mailbox, key.clone()), scanned(&store, mailbox, key), "{:?}", key);
                }
            }
        }
    }
}
