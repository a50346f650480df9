//! Our client against our server, in memory: what one writes the other understands, TLS, log-ins and any
//! content included. A wire in between can hide what the server offers.

#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

use std::sync::Arc;
use std::time::Instant;

use posthorn_base::session::{Output, Session};
use posthorn_base::{Address, ReversePath, Secret};
use posthorn_sasl::{self as sasl, Mechanism, ScramKeys};
use posthorn_smtp::client::{self, ClientConfig, ClientSession, ClientTls, Credentials};
use posthorn_smtp::server::{self, Config, ServerSession};
use posthorn_smtp::{Body, Class, Envelope, Recipient};
use posthorn_testkit::transcript::test_tls;
use proptest::prelude::*;

/// What the server got and what the client believes.
#[derive(Default)]
struct Seen {
    content: Vec<u8>,
    envelopes: Vec<Envelope>,
    classes: Vec<Class>,
    mechanism: Option<Mechanism>,
    refused: Option<String>,
    /// How often the client wrote; fewer when commands go in one write.
    client_writes: usize,
}

struct Wire {
    server: ServerSession,
    client: ClientSession,
    transactions: Vec<client::Transaction>,
    /// A keyword of EHLO that the client does not get to see.
    hidden: Option<&'static str>,
    /// Octets that travel at once.
    piece: usize,
    now: Instant,
    seen: Seen,
    is_closed: bool,
}

impl Wire {
    fn new(server: Config, client: ClientConfig, transactions: Vec<client::Transaction>) -> Self {
        #[expect(clippy::disallowed_methods, reason = "the start of a clock that never runs")]
        let now = Instant::now();
        Self {
            server: ServerSession::new(server, now),
            client: ClientSession::new(client, now),
            transactions,
            hidden: None,
            piece: usize::MAX,
            now,
            seen: Seen::default(),
            is_closed: false,
        }
    }

    fn run(mut self) -> Seen {
        for _ in 0..100_000 {
            let is_busy = self.pump_server() | self.pump_client();
            if self.is_closed || !is_busy {
                return self.seen;
            }
        }
        panic!("the sessions never come to an end");
    }

    fn pump_server(&mut self) -> bool {
        let mut is_busy = false;
        while let Some(output) = self.server.poll_output() {
            is_busy = true;
            match output {
                Output::Send(octets) => self.pass_to_client(&octets),
                Output::StartTls | Output::StartCompression | Output::EndCompression | Output::Close => {}
                Output::Ask(ask) => {
                    let answer = self.answer_server(ask);
                    self.server.answer(self.now, answer);
                }
                Output::Event(event) => self.server_event(event),
            }
        }
        is_busy
    }

    fn pass_to_client(&mut self, octets: &[u8]) {
        let mut text = String::from_utf8(octets.to_vec()).unwrap();
        if let Some(keyword) = self.hidden {
            text = text.replace(keyword, "XXXX");
        }
        for part in text.as_bytes().chunks(self.piece) {
            self.client.handle_input(self.now, part);
        }
    }

    fn answer_server(&mut self, ask: server::Ask) -> server::Answer {
        match ask {
            server::Ask::Sender(_) | server::Ask::Recipient(_) => server::Answer::Ok,
            server::Ask::Message(envelope) => {
                self.seen.envelopes.push(envelope);
                server::Answer::Accepted {
                    queue_id: "q".to_owned(),
                }
            }
            server::Ask::Credentials(sasl::Ask::VerifyPassword { user, password, .. }) => {
                server::Answer::Credentials(if password.declassify() == "secret" {
                    sasl::Answer::Verified { identity: user }
                } else {
                    sasl::Answer::Rejected
                })
            }
            server::Ask::Credentials(sasl::Ask::ScramKeys { user }) => {
                server::Answer::Credentials(sasl::Answer::Keys {
                    identity: user,
                    keys: ScramKeys::derive("secret", b"salty", 4096),
                    server_nonce: "3rfcNHYJY1ZVvWVs7j3rfcN".to_owned(),
                })
            }
        }
    }

    fn server_event(&mut self, event: server::Event) {
        match event {
            server::Event::Body(octets) => self.seen.content.extend(octets),
            server::Event::BodyDiscarded => self.seen.content.clear(),
            server::Event::LoggedIn { mechanism, .. } => self.seen.mechanism = Some(mechanism),
            server::Event::LoginFailed { .. }
            | server::Event::CommandRefused { .. }
            | server::Event::Ended { .. } => {}
        }
    }

    fn pump_client(&mut self) -> bool {
        let mut is_busy = false;
        while let Some(output) = self.client.poll_output() {
            is_busy = true;
            match output {
                Output::Send(octets) => {
                    self.seen.client_writes += 1;
                    for part in octets.chunks(self.piece) {
                        self.server.handle_input(self.now, part);
                        self.pump_server();
                    }
                }
                Output::StartTls => {
                    self.server.handle_tls(self.now, test_tls());
                    self.client.handle_tls(self.now, test_tls());
                }
                Output::StartCompression | Output::EndCompression => panic!("SMTP knows no compression"),
                Output::Close => self.is_closed = true,
                Output::Ask(client::Ask::Next) => {
                    let answer = if self.transactions.is_empty() {
                        client::Answer::Quit
                    } else {
                        client::Answer::Send(self.transactions.remove(0))
                    };
                    self.client.answer(self.now, answer);
                }
                Output::Event(client::Event::Line { .. }) => {}
                Output::Event(client::Event::Refused { reply, .. }) => {
                    self.seen.refused = Some(reply.to_string());
                }
                Output::Event(client::Event::Outcome(outcome)) => self
                    .seen
                    .classes
                    .extend(outcome.recipients.iter().map(|recipient| recipient.class)),
            }
        }
        is_busy
    }
}

fn recipient(address: &str) -> Recipient {
    Recipient {
        address: Address::parse(address).unwrap(),
        notify: None,
        original_recipient: None,
    }
}

fn transaction(body: &[u8], body_type: Body) -> client::Transaction {
    client::Transaction {
        reverse_path: ReversePath::parse("bob@a.test").unwrap(),
        recipients: vec![recipient("anna@b.test"), recipient("carl@b.test")],
        body: Arc::from(body),
        body_type,
        smtputf8: false,
        ret: None,
        envelope_id: None,
    }
}

fn mx() -> Config {
    Config::new("mx.b.test", server::Mode::Mx, "ref")
}

#[test]
fn a_large_body_of_dots_arrives_unchanged() {
    let body = b".\r\n..\r\n\r\n.x\r\n".repeat(20_000);
    let seen = Wire::new(
        mx(),
        ClientConfig::new("out.a.test"),
        vec![transaction(&body, Body::SevenBit)],
    )
    .run();
    assert!(seen.content == body);
    assert_eq!(seen.classes, [Class::Delivered, Class::Delivered]);
    assert_eq!(seen.envelopes[0].size_octets, body.len() as u64);
}

#[test]
fn pipelining_saves_round_trips() {
    let run = |hidden| {
        let mut wire = Wire::new(
            mx(),
            ClientConfig::new("out.a.test"),
            vec![transaction(b"x\r\n", Body::SevenBit)],
        );
        wire.hidden = hidden;
        wire.run()
    };
    let (with, without) = (run(None), run(Some("PIPELINING")));
    assert_eq!(with.classes, without.classes);
    assert!(with.client_writes + 3 <= without.client_writes);
}

#[test]
fn a_thousand_recipients_go_in_one_transaction() {
    let mut large = transaction(b"x\r\n", Body::SevenBit);
    large.recipients = (0..1_000)
        .map(|number| recipient(&format!("user{number}@b.test")))
        .collect();
    let seen = Wire::new(mx(), ClientConfig::new("out.a.test"), vec![large]).run();
    assert_eq!(seen.classes, [Class::Delivered; 1_000]);
    assert_eq!(seen.envelopes[0].recipients.len(), 1_000);
}

#[test]
fn tls_is_used_where_it_is_offered() {
    let mut config = mx();
    config.starttls_offered = true;
    let seen = Wire::new(
        config,
        ClientConfig::new("out.a.test"),
        vec![transaction(b"x\r\n", Body::SevenBit)],
    )
    .run();
    assert_eq!(seen.envelopes[0].tls, Some(test_tls()));
}

#[test]
fn every_mechanism_logs_in_and_delivers() {
    for mechanism in Mechanism::ALL {
        let mut config = Config::new("mail.b.test", server::Mode::Submission, "ref");
        config.starttls_offered = true;
        config.mechanisms = vec![mechanism];
        let seen = Wire::new(
            config,
            login("secret"),
            vec![transaction(b"x\r\n", Body::SevenBit)],
        )
        .run();
        assert_eq!(seen.mechanism, Some(mechanism));
        assert_eq!(seen.envelopes[0].identity.as_deref(), Some("bob"));
        assert_eq!(seen.classes, [Class::Delivered, Class::Delivered]);
    }
}

#[test]
fn a_wrong_password_is_reported_with_what_the_server_said() {
    for mechanism in Mechanism::ALL {
        let mut config = Config::new("mail.b.test", server::Mode::Submission, "ref");
        config.starttls_offered = true;
        config.mechanisms = vec![mechanism];
        let seen = Wire::new(config, login("wrong"), Vec::new()).run();
        assert_eq!(seen.refused.as_deref(), Some("535 5.7.8 Wrong user or password"));
    }
}

fn login(password: &str) -> ClientConfig {
    let mut config = ClientConfig::new("out.a.test");
    config.tls = ClientTls::Required;
    config.credentials = Some(Credentials {
        user: "bob".to_owned(),
        password: Secret::new(password.to_owned()),
        client_nonce: "rOprNGfwEbeRWgbNEkqO".to_owned(),
    });
    config
}

/// Lines with dots where they hurt, ended with CRLF.
fn text() -> impl Strategy<Value = Vec<u8>> {
    let line = prop::collection::vec(prop::sample::select(b"..a\0\xe4 ".to_vec()), 0..6);
    prop::collection::vec(line, 0..20).prop_map(|lines| {
        let mut body = Vec::new();
        for line in lines {
            body.extend(line);
            body.extend_from_slice(b"\r\n");
        }
        body
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn any_text_arrives_unchanged(
        first in text(),
        second in text(),
        piece in 1usize..50,
        hidden in prop::sample::select(vec![None, Some("PIPELINING"), Some("8BITMIME"), Some("SIZE")]),
        is_lmtp in any::<bool>(),
    ) {
        let (mut config, mut client) = (mx(), ClientConfig::new("out.a.test"));
        if is_lmtp {
            config.mode = server::Mode::Lmtp;
            client.mode = client::Mode::Lmtp;
        }
        let bodies = vec![
            transaction(&first, Body::EightBitMime),
            transaction(&second, Body::SevenBit),
        ];
        let mut wire = Wire::new(config, client, bodies);
        wire.piece = piece;
        wire.hidden = hidden;
        let seen = wire.run();
        prop_assert_eq!(seen.content, [first, second].concat());
        prop_assert_eq!(seen.classes, [Class::Delivered; 4]);
    }

    #[test]
    fn any_octets_arrive_unchanged_as_binary(
        body in prop::collection::vec(any::<u8>(), 0..200),
        piece in 1usize..50,
    ) {
        let mut wire = Wire::new(
            mx(),
            ClientConfig::new("out.a.test"),
            vec![transaction(&body, Body::BinaryMime)],
        );
        wire.piece = piece;
        let seen = wire.run();
        prop_assert_eq!(seen.content, body);
        prop_assert_eq!(seen.classes, [Class::Delivered; 2]);
    }

    /// Whatever the content: it arrives with clean line ends, as one message.
    #[test]
    fn no_content_is_ever_two_messages(
        body in prop::collection::vec(prop::sample::select(b"a.\r\n".to_vec()), 0..60),
    ) {
        let seen = Wire::new(
            mx(),
            ClientConfig::new("out.a.test"),
            vec![transaction(&body, Body::SevenBit)],
        )
        .run();
        prop_assert_eq!(seen.envelopes.len(), 1);
        prop_assert_eq!(seen.classes, [Class::Delivered; 2]);
    }
}
