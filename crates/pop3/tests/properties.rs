//! What holds for every input: no split changes the output, nothing panics, nothing is deleted without
//! QUIT, output comes in bounded pieces. And every SASL mechanism logs in through a whole session.

use std::time::{Duration, Instant};

use posthorn_base::session::{Output, Session as _};
use posthorn_base::{Secret, limits};
use posthorn_pop3::{Answer, Ask, Config, Entry, Event, LoginMethod, ServerSession};
use posthorn_sasl::{
    Channel, ClientExchange, Credentials, Mechanism, ScramKeys, decode_base64, encode_base64,
};
use posthorn_testkit::transcript::test_tls;
use proptest::prelude::*;

type Out = Output<Ask, Event>;

#[expect(
    clippy::disallowed_methods,
    reason = "the start of a virtual clock; it never runs by itself"
)]
fn session() -> (ServerSession, Instant) {
    let now = Instant::now();
    let mut config = Config::new("mx.example.org".to_owned(), "s42".to_owned());
    config.errors = 1000;
    config.login_failures = 1000;
    let mut session = ServerSession::new(config, now);
    session.handle_tls(now, test_tls());
    (session, now)
}

/// A shell that lets everybody in; three messages, the second gone.
fn answer(ask: &Ask) -> Answer {
    match ask {
        Ask::Credentials(posthorn_sasl::Ask::VerifyPassword { user, password, .. }) => {
            Answer::Credentials(match password.declassify().as_str() {
                "wrong" => posthorn_sasl::Answer::Rejected,
                _ => posthorn_sasl::Answer::Verified {
                    identity: user.clone(),
                },
            })
        }
        Ask::Credentials(posthorn_sasl::Ask::ScramKeys { user }) => {
            Answer::Credentials(posthorn_sasl::Answer::Keys {
                identity: user.clone(),
                keys: ScramKeys::derive("secret", b"salt", 4096),
                server_nonce: "server-nonce".to_owned(),
            })
        }
        Ask::Open { .. } => Answer::Opened(
            (1..4)
                .map(|number| Entry {
                    unique_id: format!("u{number}"),
                    size_octets: number,
                })
                .collect(),
        ),
        Ask::Retrieve { index: 1 } => Answer::Gone,
        Ask::Retrieve { .. } => Answer::Message(b"Subject: x\n\n.a\nb".repeat(9000).into()),
        Ask::Commit { .. } => Answer::Committed,
    }
}

/// Polls, answers, and gives back everything in order, neighbouring sends joined.
fn drain(session: &mut ServerSession, now: Instant, seen: &mut Vec<Out>) {
    while let Some(output) = session.poll_output() {
        if let Output::Send(octets) = &output {
            assert!(octets.len() <= 32 * 1024, "a piece of {} octets", octets.len());
        }
        if let Output::Ask(ask) = &output {
            // The session waits: nothing may come before the answer.
            assert!(!session.wants_input());
            assert_eq!(session.poll_output(), None);
            session.answer(now, answer(ask));
        }
        match (seen.last_mut(), output) {
            (Some(Output::Send(before)), Output::Send(octets)) => before.extend(octets),
            (_, output) => seen.push(output),
        }
    }
}

fn play(pieces: &[&[u8]]) -> Vec<Out> {
    let (mut session, now) = session();
    let mut seen = Vec::new();
    drain(&mut session, now, &mut seen);
    for piece in pieces {
        session.handle_input(now, piece);
        drain(&mut session, now, &mut seen);
    }
    seen
}

fn line() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        12 => prop::sample::select(vec![
            "USER ann", "PASS secret", "PASS wrong", "AUTH PLAIN", "AUTH PLAIN AGFubgBzZWNyZXQ=", "AUTH",
            "AUTH LOGIN", "AGFubgBzZWNyZXQ=", "*", "STLS", "CAPA", "UTF8", "STAT", "LIST", "LIST 2", "UIDL",
            "UIDL 9", "RETR 1", "RETR 2", "TOP 1 1", "TOP 3 0", "DELE 1", "DELE 3", "RSET", "NOOP", "LAST",
        ]).prop_map(|text| format!("{text}\r\n").into_bytes()),
        1 => Just(b"QUIT\r\n".to_vec()),
        1 => Just(vec![b'x'; 700]),
        2 => prop::collection::vec(any::<u8>(), 0..20),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(150))]

    #[test]
    fn any_split_gives_the_same_output(
        lines in prop::collection::vec(line(), 0..25),
        is_logged_in: bool,
        cuts in prop::collection::vec(any::<prop::sample::Index>(), 0..12),
    ) {
        let mut text = if is_logged_in { b"USER ann\r\nPASS secret\r\n".to_vec() } else { Vec::new() };
        text.extend(lines.concat());
        let mut places: Vec<usize> = cuts.into_iter().map(|cut| cut.index(text.len() + 1)).collect();
        places.extend([0, text.len()]);
        places.sort_unstable();
        let pieces: Vec<&[u8]> = places.windows(2).map(|pair| &text[pair[0]..pair[1]]).collect();
        let whole = play(&[&text]);
        prop_assert_eq!(play(&pieces), whole.clone());
        let octets: Vec<&[u8]> = text.chunks(1).collect();
        prop_assert_eq!(play(&octets), whole);
    }

    #[test]
    fn only_quit_deletes_and_close_is_last(
        lines in prop::collection::vec(line(), 0..25),
        end in 0..3,
    ) {
        let (mut session, now) = session();
        let mut seen = Vec::new();
        session.handle_input(now, b"USER ann\r\nPASS secret\r\nDELE 1\r\n");
        drain(&mut session, now, &mut seen);
        let mut has_quit = false;
        for line in &lines {
            // A line behind garbage without an end may be part of it; a QUIT there is none.
            has_quit |= line == b"QUIT\r\n";
            session.handle_input(now, line);
            drain(&mut session, now, &mut seen);
        }
        match end {
            0 => session.handle_shutdown(now),
            _ => {
                // The first silence may be forgiven: a message was being read.
                for hours in 1..3 {
                    session.handle_timeout(now + Duration::from_secs(3600 * hours));
                }
            }
        }
        drain(&mut session, now, &mut seen);
        let commits = seen.iter().filter(|out| matches!(out, Output::Ask(Ask::Commit { .. }))).count();
        prop_assert!(commits <= usize::from(has_quit));
        prop_assert_eq!(seen.iter().position(|out| *out == Output::Close), Some(seen.len() - 1));
        prop_assert_eq!(session.deadline(), None);
        prop_assert!(!session.wants_input());
    }
}

#[test]
fn a_flood_of_commands_is_answered_a_reply_at_a_time() {
    let (mut session, now) = session();
    session.handle_input(now, &b"CAPA\r\n".repeat(5_000));
    let mut replies = 0;
    while let Some(output) = session.poll_output() {
        assert!(matches!(output, Output::Send(octets) if octets.len() < 400));
        replies += 1;
    }
    // The greeting is the first.
    assert_eq!(replies, 5_001);
}

#[test]
fn an_endless_line_gets_one_refusal() {
    let line = vec![b'x'; limits::HELD_INPUT_OCTETS];
    let pieces: Vec<&[u8]> = (0..50).map(|_| line.as_slice()).collect();
    assert_eq!(
        play(&pieces),
        [Output::Send(
            b"+OK mx.example.org Posthorn POP3 ready\r\n-ERR line too long\r\n".to_vec()
        )]
    );
}

/// The last line the server sent, as a challenge.
fn challenge(seen: &[Out]) -> Option<Vec<u8>> {
    let Some(Output::Send(octets)) = seen.last() else {
        return None;
    };
    let text = std::str::from_utf8(octets).ok()?;
    let line = text.trim_end_matches("\r\n").rsplit("\r\n").next()?;
    decode_base64(line.strip_prefix("+ ")?.as_bytes()).ok()
}

#[test]
fn every_mechanism_logs_in_through_a_session() {
    let channel = Channel::from(&test_tls());
    for mechanism in Mechanism::ALL {
        let credentials = Credentials {
            user: "ann@example.org".to_owned(),
            password: Secret::new("secret".to_owned()),
            authorize_as: None,
        };
        let channel = match mechanism {
            Mechanism::ScramSha256Plus => channel.clone(),
            Mechanism::ScramSha256 | Mechanism::Plain | Mechanism::Login => Channel::default(),
        };
        let mut client = ClientExchange::new(mechanism, credentials, "client-nonce".to_owned(), &channel);
        let (mut session, now) = session();
        let mut seen = Vec::new();
        let command = match client.initial().unwrap() {
            Some(initial) => format!("AUTH {} {}\r\n", mechanism.name(), encode_base64(&initial)),
            None => format!("AUTH {}\r\n", mechanism.name()),
        };
        session.handle_input(now, command.as_bytes());
        drain(&mut session, now, &mut seen);
        while let Some(challenge) = challenge(&seen) {
            let response = encode_base64(&client.challenge(&challenge).unwrap());
            session.handle_input(now, format!("{response}\r\n").as_bytes());
            drain(&mut session, now, &mut seen);
        }
        assert_eq!(client.succeeded(None), Ok(()));
        let logged_in = Output::Event(Event::LoggedIn {
            identity: "ann@example.org".to_owned(),
            mechanism: LoginMethod::Sasl(mechanism),
        });
        assert!(seen.contains(&logged_in), "{mechanism:?}: {seen:?}");
        assert_eq!(
            seen.last(),
            Some(&Output::Send(b"+OK 3 messages (6 octets)\r\n".to_vec()))
        );
    }
}
