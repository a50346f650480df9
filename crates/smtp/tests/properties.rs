//! What holds for every input, to both sides: no split changes the output, nothing panics, no more is held
//! than allowed, and 250 is never said of a message that the shell has not taken.

#![allow(clippy::unwrap_used, reason = "tests")]

use std::time::{Duration, Instant};

use posthorn_base::limits::HELD_INPUT_OCTETS;
use posthorn_base::session::{Output, Session};
use posthorn_base::{Address, ReversePath};
use posthorn_sasl as sasl;
use posthorn_smtp::client::{self, ClientConfig, ClientSession};
use posthorn_smtp::server::{self, Config, Mode, ServerSession};
use posthorn_smtp::{Body, Recipient, Refusal};
use proptest::prelude::*;

fn start() -> Instant {
    #[expect(clippy::disallowed_methods, reason = "the start of a clock that never runs")]
    let now = Instant::now();
    now
}

/// One thing a session put out; neighbouring octets are joined, as the way the input came must not show.
#[derive(Clone, Debug, PartialEq)]
enum Seen {
    Sent(Vec<u8>),
    Content(Vec<u8>),
    Other(String),
}

fn join(seen: &mut Vec<Seen>, next: Seen) {
    match (seen.last_mut(), next) {
        (Some(Seen::Sent(before)), Seen::Sent(octets))
        | (Some(Seen::Content(before)), Seen::Content(octets)) => before.extend(octets),
        (_, next) => seen.push(next),
    }
}

fn server_config(mode: Mode) -> Config {
    let mut config = Config::new("mx.b.test", mode, "ref");
    config.allow_plaintext_login = true;
    config.starttls_offered = true;
    config.limits.message_octets = 60;
    config.limits.text_line_octets = 30;
    config.limits.command_line_octets = 80;
    config.limits.sasl_line_octets = 100;
    config.limits.recipients = 2;
    config
}

/// Plays `octets` in pieces to a server whose shell refuses what has an `x` in it.
fn play_server(mode: Mode, octets: &[u8], piece: usize) -> Vec<Seen> {
    let now = start();
    let mut session = ServerSession::new(server_config(mode), now);
    let mut seen = Vec::new();
    drain_server(&mut session, now, &mut seen);
    for part in octets.chunks(piece) {
        session.handle_input(now, part);
        drain_server(&mut session, now, &mut seen);
    }
    seen
}

fn drain_server(session: &mut ServerSession, now: Instant, seen: &mut Vec<Seen>) {
    while let Some(output) = session.poll_output() {
        join(
            seen,
            match output {
                Output::Send(octets) => Seen::Sent(octets),
                Output::Event(server::Event::Body(octets)) => Seen::Content(octets),
                Output::Event(event) => Seen::Other(format!("{event:?}")),
                Output::StartTls => Seen::Other("tls".to_owned()),
                Output::StartCompression | Output::EndCompression => Seen::Other("compression".to_owned()),
                Output::Close => Seen::Other("close".to_owned()),
                Output::Ask(ask) => {
                    let text = format!("{ask:?}");
                    session.answer(now, answer(&ask));
                    Seen::Other(text)
                }
            },
        );
    }
}

fn answer(ask: &server::Ask) -> server::Answer {
    match ask {
        server::Ask::Credentials(sasl::Ask::VerifyPassword { user, .. }) => {
            server::Answer::Credentials(sasl::Answer::Verified {
                identity: user.clone(),
            })
        }
        server::Ask::Credentials(sasl::Ask::ScramKeys { .. }) => {
            server::Answer::Credentials(sasl::Answer::Rejected)
        }
        server::Ask::Recipient(recipient) if recipient.address.to_string().contains('x') => {
            server::Answer::Refuse(Refusal::UnknownRecipient)
        }
        server::Ask::Sender(_) | server::Ask::Recipient(_) => server::Answer::Ok,
        server::Ask::Message(_) => server::Answer::Accepted {
            queue_id: "ID".to_owned(),
        },
    }
}

/// Pieces of dialogues, right and wrong.
const PIECES: &[&str] = &[
    "EHLO a.test\r\n",
    "HELO a.test\r\n",
    "LHLO a.test\r\n",
    "MAIL FROM:<a@a.test>\r\n",
    "MAIL FROM:<a@a.test> BODY=BINARYMIME\r\n",
    "MAIL FROM:<a@a.test> SIZE=61\r\n",
    "RCPT TO:<b@b.test>\r\n",
    "RCPT TO:<x@b.test>\r\n",
    "DATA\r\n",
    "BDAT 4\r\n",
    "BDAT 7 LAST\r\n",
    "BDAT 0 LAST\r\n",
    "BDAT 70\r\n",
    "AUTH PLAIN AGJvYgBzZWNyZXQ=\r\n",
    "AUTH LOGIN\r\n",
    "Ym9i\r\n",
    "*\r\n",
    "STARTTLS\r\n",
    "RSET\r\n",
    "NOOP\r\n",
    "QUIT\r\n",
    "GET / HTTP/1.1\r\n",
    ".\r\n",
    ".\n",
    "\r\n.\r\n",
    "text\r\n",
    "..text\r\n",
    "\n",
    "\r",
    ".",
    "\0",
    "\u{e4}",
    "a line that is longer than thirty octets\r\n",
    "a line that is longer than one hundred octets, which is more than any line may have in this session\r\n",
];

fn dialogue() -> impl Strategy<Value = Vec<u8>> {
    prop::collection::vec(prop::sample::select(PIECES), 0..25).prop_map(|pieces| pieces.concat().into_bytes())
}

fn modes() -> impl Strategy<Value = Mode> {
    prop::sample::select(vec![Mode::Mx, Mode::Submission, Mode::Lmtp])
}

/// A transaction with two recipients in front, so that the dialogue gets deep.
const OPENING: &str = "EHLO a.test\r\nMAIL FROM:<a@a.test>\r\nRCPT TO:<b@b.test>\r\n";

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn no_split_changes_what_the_server_says(
        mode in modes(),
        opening in prop::sample::select(vec!["", OPENING]),
        octets in dialogue(),
        piece in 1usize..9,
    ) {
        let octets = [opening.as_bytes(), &octets].concat();
        prop_assert_eq!(
            play_server(mode, &octets, piece),
            play_server(mode, &octets, usize::MAX)
        );
    }

    #[test]
    fn no_octets_make_the_server_panic(octets in prop::collection::vec(any::<u8>(), 0..300)) {
        let octets = [OPENING.as_bytes(), b"DATA\r\n", &octets].concat();
        play_server(Mode::Mx, &octets, 11);
    }

    #[test]
    fn a_message_is_acknowledged_exactly_as_often_as_it_was_taken(octets in dialogue()) {
        let octets = [OPENING.as_bytes(), &octets].concat();
        let seen = play_server(Mode::Mx, &octets, usize::MAX);
        let taken = seen
            .iter()
            .filter(|item| matches!(item, Seen::Other(text) if text.starts_with("Message")))
            .count();
        let acknowledged: usize = seen
            .iter()
            .map(|item| match item {
                Seen::Sent(octets) => String::from_utf8_lossy(octets).matches("Accepted as ID").count(),
                Seen::Content(_) | Seen::Other(_) => 0,
            })
            .sum();
        prop_assert_eq!(acknowledged, taken);
    }

    #[test]
    fn no_split_changes_what_the_client_does(bursts in bursts(), piece in 1usize..9) {
        prop_assert_eq!(play_client(&bursts, piece), play_client(&bursts, usize::MAX));
    }

    #[test]
    fn every_transaction_has_one_outcome_or_is_still_waiting(bursts in bursts()) {
        let seen = play_client(&bursts, usize::MAX);
        let count = |prefix: &str| {
            seen.iter()
                .filter(|item| matches!(item, Seen::Other(text) if text.starts_with(prefix)))
                .count()
        };
        let (asked, outcomes) = (count("Next"), count("Outcome"));
        prop_assert!(outcomes <= asked && asked <= outcomes + 1, "{seen:?}");
    }

    #[test]
    fn no_octets_make_the_client_panic(octets in prop::collection::vec(any::<u8>(), 0..300)) {
        let now = start();
        let mut session = ClientSession::new(ClientConfig::new("out.a.test"), now);
        session.handle_input(now, &octets);
        drain_client(&mut session, &mut Vec::new());
    }
}

const REPLIES: &[&str] = &[
    "220 mx\r\n",
    "250 ok\r\n",
    "250 ok\r\n",
    "250 ok\r\n",
    "250-mx\r\n250 PIPELINING\r\n",
    "354 go\r\n",
    "354 go\r\n",
    "550 5.1.1 no\r\n",
    "450 later\r\n",
    "421 bye\r\n",
    "250-half",
    "25",
    "\r\n",
    "250 ok\n",
];

/// Plays bursts of replies, each in pieces, to a client that always has another message. The shell is slow:
/// it answers between two bursts, so that the moment is the same for every split.
fn play_client(bursts: &[Vec<&str>], piece: usize) -> Vec<Seen> {
    let now = start();
    let mut session = ClientSession::new(ClientConfig::new("out.a.test"), now);
    let mut seen = Vec::new();
    for burst in bursts {
        let mut is_asking = false;
        for part in burst.concat().as_bytes().chunks(piece) {
            session.handle_input(now, part);
            is_asking |= drain_client(&mut session, &mut seen);
        }
        if is_asking {
            session.answer(now, client::Answer::Send(transaction()));
            drain_client(&mut session, &mut seen);
        }
    }
    seen
}

/// Takes all output; says whether the session asks for the next transaction.
fn drain_client(session: &mut ClientSession, seen: &mut Vec<Seen>) -> bool {
    let mut is_asking = false;
    while let Some(output) = session.poll_output() {
        join(
            seen,
            match output {
                Output::Send(octets) => Seen::Sent(octets),
                Output::Event(event) => Seen::Other(format!("{event:?}")),
                Output::StartTls => Seen::Other("tls".to_owned()),
                Output::StartCompression | Output::EndCompression => Seen::Other("compression".to_owned()),
                Output::Close => Seen::Other("close".to_owned()),
                Output::Ask(ask) => {
                    is_asking = true;
                    Seen::Other(format!("{ask:?}"))
                }
            },
        );
    }
    is_asking
}

/// Bursts of replies; the first ones bring the client to its first transaction.
fn bursts() -> impl Strategy<Value = Vec<Vec<&'static str>>> {
    let burst = prop::collection::vec(prop::sample::select(REPLIES), 0..8);
    prop::collection::vec(burst, 0..8).prop_map(|mut bursts| {
        bursts.insert(0, vec!["220 mx\r\n", "250-mx\r\n250 PIPELINING\r\n"]);
        bursts
    })
}

fn transaction() -> client::Transaction {
    let recipient = |address| Recipient {
        address: Address::parse(address).unwrap(),
        notify: None,
        original_recipient: None,
    };
    client::Transaction {
        reverse_path: ReversePath::Null,
        recipients: vec![recipient("anna@b.test"), recipient("carl@b.test")],
        body: b"Subject: x\r\n\r\n.\r\n".as_slice().into(),
        body_type: Body::SevenBit,
        smtputf8: false,
        ret: None,
        envelope_id: None,
    }
}

#[test]
fn input_is_held_up_to_the_limit_while_a_question_is_outstanding() {
    let now = start();
    let mut session = ServerSession::new(Config::new("mx.b.test", Mode::Mx, "ref"), now);
    session.handle_input(now, b"EHLO a.test\r\nMAIL FROM:<a@a.test>\r\n");
    assert!(session.wants_input());
    let noops = b"NOOP\r\n".repeat(HELD_INPUT_OCTETS / 6 + 1);
    session.handle_input(now, &noops);
    assert!(!session.wants_input());
    while session.poll_output().is_some() {}
    session.answer(now, server::Answer::Ok);
    let mut replies = Vec::new();
    while let Some(output) = session.poll_output() {
        if let Output::Send(octets) = output {
            replies.extend(octets);
        }
    }
    let replies = String::from_utf8(replies).unwrap();
    assert_eq!(replies.matches("250 2.0.0 OK").count(), noops.len() / 6);
    assert!(session.wants_input());
}

#[test]
fn a_shell_that_reads_on_against_the_limit_ends_the_session() {
    let now = start();
    let mut session = ServerSession::new(Config::new("mx.b.test", Mode::Mx, "ref"), now);
    session.handle_input(now, b"EHLO a.test\r\nMAIL FROM:<a@a.test>\r\n");
    for _ in 0..3 {
        session.handle_input(now, &[b'x'; HELD_INPUT_OCTETS]);
    }
    let mut last = None;
    while let Some(output) = session.poll_output() {
        last = Some(output);
    }
    assert_eq!(last, Some(Output::Close));
    assert_eq!(session.deadline(), None);
}

#[test]
fn no_time_runs_while_the_shell_thinks() {
    let now = start();
    let mut session = ServerSession::new(Config::new("mx.b.test", Mode::Mx, "ref"), now);
    assert_eq!(session.deadline(), Some(now + Duration::from_secs(300)));
    session.handle_input(now, b"EHLO a.test\r\nMAIL FROM:<a@a.test>\r\n");
    assert_eq!(session.deadline(), None);
    let later = now + Duration::from_secs(1_000);
    session.answer(later, server::Answer::Ok);
    assert_eq!(session.deadline(), Some(later + Duration::from_secs(300)));
}

#[test]
fn a_session_that_never_falls_silent_ends_all_the_same() {
    let now = start();
    let mut session = ServerSession::new(Config::new("mx.b.test", Mode::Mx, "ref"), now);
    let mut at = now;
    for _ in 0..30 {
        at += Duration::from_secs(240);
        session.handle_input(at, b"NOOP\r\n");
        session.handle_timeout(at);
    }
    let closed = std::iter::from_fn(|| session.poll_output()).any(|output| output == Output::Close);
    assert!(closed, "two hours have passed");
}

#[test]
fn a_broken_connection_settles_the_open_transaction() {
    let now = start();
    let mut session = ClientSession::new(ClientConfig::new("out.a.test"), now);
    session.handle_input(now, b"220 mx\r\n250-mx\r\n250 PIPELINING\r\n");
    session.answer(now, client::Answer::Send(transaction()));
    session.handle_input(now, b"250 ok\r\n550 5.1.1 no\r\n");
    session.handle_disconnect(now);
    let outcome = std::iter::from_fn(|| session.poll_output()).find_map(|output| match output {
        Output::Event(client::Event::Outcome(outcome)) => Some(outcome),
        Output::Event(_)
        | Output::Ask(_)
        | Output::Send(_)
        | Output::StartTls
        | Output::StartCompression
        | Output::EndCompression
        | Output::Close => None,
    });
    let replies: Vec<String> = outcome
        .unwrap()
        .recipients
        .iter()
        .map(|recipient| recipient.reply.to_string())
        .collect();
    assert_eq!(replies, ["550 5.1.1 no", "421 4.4.2 The connection broke"]);
}
