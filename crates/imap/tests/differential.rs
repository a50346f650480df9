//! Our grammar of commands (RFC 3501 section 9 with extensions) against `imap-codec`'s, which others wrote from the
//! same documents: what one reads the other must read, and as the same values.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::wildcard_enum_match_arm,
    reason = "a panic is how a test fails; the enums of another crate grow"
)]

use imap_codec::CommandCodec;
use imap_codec::decode::Decoder;
use imap_codec::encode::Encoder;
use imap_codec::imap_types::command::{Command, CommandBody, FetchModifier};
use imap_codec::imap_types::extensions::thread::ThreadingAlgorithm;
use posthorn_imap::Ask;

use crate::dice::Dice;
use crate::expected::Expected;
use crate::session::Heard;

#[path = "differential/dice.rs"]
mod dice;
#[path = "differential/expected.rs"]
mod expected;
#[path = "differential/expected_fetch.rs"]
mod expected_fetch;
#[path = "differential/session.rs"]
mod session;
#[path = "differential/soup.rs"]
mod soup;

const COMMANDS: u64 = 5_000;

fn theirs(octets: &[u8]) -> Option<Command<'_>> {
    // What follows the command is none of it.
    CommandCodec::default()
        .decode(octets)
        .map(|(_, command)| command)
        .ok()
}

#[test]
fn both_grammars_accept_the_same_commands_and_mean_the_same() {
    let mut agreed = 0u64;
    for seed in 1..=COMMANDS {
        let octets = soup::command(&mut Dice::new(seed));
        let context = format!("seed {seed}: {}", octets.escape_ascii());
        let heard = session::play(&octets);
        match (theirs(&octets), heard.is_accepted()) {
            (Some(command), true) => {
                assert_same(&command, &heard, &context);
                let printed = CommandCodec::default().encode(&command).dump();
                let heard = session::play(&printed);
                assert_same(
                    &command,
                    &heard,
                    &format!("{context}, printed: {}", printed.escape_ascii()),
                );
                agreed += 1;
            }
            (Some(command), false) => {
                assert!(
                    why_refused(&command, &heard).is_some(),
                    "only theirs: {context}: {}",
                    heard.sent
                );
            }
            (None, true) => {
                assert!(
                    why_taken(&octets, &heard).is_some(),
                    "only ours: {context}: {}",
                    heard.sent
                );
            }
            (None, false) => {}
        }
    }
    assert!(agreed > COMMANDS / 3, "{agreed} of {COMMANDS} were commands");
}

fn assert_same(command: &Command<'_>, heard: &Heard, context: &str) {
    if heard.reply().is_some_and(|reply| reply.contains("[BADCHARSET")) {
        assert_eq!(heard.ask, None, "{context}");
        return;
    }
    let is_same = match (expected::of(command), &heard.ask) {
        (Expected::Anything, _) | (Expected::Nothing, None) => true,
        (
            Expected::Ask(Ask::AppendFinish {
                flags: their_flags,
                internal_date: their_date,
                ..
            }),
            Some(Ask::AppendFinish {
                flags, internal_date, ..
            }),
        ) => their_flags == *flags && their_date == *internal_date,
        // Large messages are asked for in small batches.
        (
            Expected::Ask(Ask::Fetch {
                uids: all,
                want: their_want,
                mark_seen: their_mark,
                ..
            }),
            Some(Ask::Fetch {
                uids,
                want,
                mark_seen,
                ..
            }),
        ) => all.starts_with(uids) && !uids.is_empty() && their_want == *want && their_mark == *mark_seen,
        (Expected::Ask(their_ask), Some(ask)) => their_ask == *ask,
        (Expected::Ask(Ask::Subscribe { .. }), None) => heard.sent.contains("NO [CANNOT] No mailbox can"),
        (Expected::Ask(_), None) | (Expected::Nothing, Some(_)) => false,
    };
    assert!(
        is_same,
        "{context}:\n{:?}\n{:?}",
        expected::of(command),
        heard.ask
    );
}

/// Why we refuse what they read.
fn why_refused(command: &Command<'_>, heard: &Heard) -> Option<&'static str> {
    if heard.sent.contains("not valid modified UTF-7") {
        return Some("RFC 3501 section 5.1.3: what is not modified UTF-7 is no name");
    }
    match &command.body {
        CommandBody::Thread {
            algorithm: ThreadingAlgorithm::Other(_),
            ..
        } => Some(
            "RFC 5256 section 5: any atom is grammar, but only algorithms that are announced may be asked for",
        ),
        CommandBody::Fetch {
            uid: false,
            modifiers,
            ..
        } if modifiers.contains(&FetchModifier::Vanished) => {
            Some("RFC 7162 section 3.2.6: VANISHED is for UID FETCH")
        }
        CommandBody::Fetch { modifiers, .. } if *modifiers == [FetchModifier::Vanished] => {
            Some("RFC 7162 section 3.2.6: VANISHED stands beside CHANGEDSINCE")
        }
        _ => None,
    }
}

/// Why we take what they do not read.
fn why_taken(octets: &[u8], heard: &Heard) -> Option<&'static str> {
    let text = octets.to_ascii_uppercase();
    let has = |what: &[u8]| text.windows(what.len()).any(|window| window == what);
    let has_loose_day = text.windows(4).any(|window| {
        let is_digit = |at: usize| window[at].is_ascii_digit();
        window[0] == b'"'
            && (is_digit(1) && window[2] == b'-' || window[1] == b' ' && is_digit(2) && is_digit(3))
    });
    if heard.reply().is_some_and(|reply| reply.contains("[BADCHARSET")) {
        return Some("RFC 3501 section 6.4.4: in an unknown character set the rest has no meaning");
    }
    if has(b"CHANGEDSINCE 0") || has(b"QRESYNC (") {
        return Some("RFC 7162 section 7: mod-sequences begin with 1; we take 0 for the beginning of all");
    }
    if has(b"APPEND ") && has_loose_day {
        return Some(
            "RFC 3501 section 9, date-day-fixed: a space or 0 ought to stand in front of one digit, and of no more",
        );
    }
    let is_large_partial = |rest: &[u8]| {
        rest.split(|octet| !octet.is_ascii_digit())
            .take(2)
            .any(|digits| digits.len() >= 10)
    };
    if text.split(|octet| *octet == b'<').skip(1).any(is_large_partial) {
        return Some("RFC 9051 section 9: a partial has 63 bits");
    }
    if (has(b"LARGER ") || has(b"SMALLER "))
        && text
            .split(|octet| !octet.is_ascii_digit())
            .any(|digits| digits.len() >= 10)
    {
        return Some("RFC 9051 section 9: sizes have 63 bits");
    }
    if has(b"MODSEQ \"") {
        return Some(
            "RFC 7162 section 3.1.5: the name of an entry is passed over, as mod-sequences are per message",
        );
    }
    if !octets.is_ascii() {
        return Some("RFC 9051 section 4.3: strings are UTF-8; from some clients atoms are as well");
    }
    None
}
