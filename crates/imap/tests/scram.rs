//! AUTHENTICATE with SCRAM-SHA-256-PLUS against our own client side, in a TLS connection: base64 lines,
//! the last challenge with its empty response, and a wrong password. The mechanism itself is tested in
//! `posthorn-sasl`.

use std::time::Instant;

use posthorn_base::session::{Output, Session};
use posthorn_base::{Secret, TlsInfo};
use posthorn_imap::{Answer, Ask, Config, Event, ImapSession, Limits};
use posthorn_sasl::{
    Channel, ClientExchange, Credentials, Mechanism, ScramKeys, decode_base64, encode_base64,
};

fn tls() -> TlsInfo {
    TlsInfo {
        version: "TLSv1.3".to_owned(),
        cipher: "TLS_AES_256_GCM_SHA384".to_owned(),
        exporter: Some(vec![7; 32]),
        server_end_point: None,
    }
}

fn session(now: Instant) -> ImapSession {
    let config = Config {
        hostname: "mail.example".to_owned(),
        allow_plaintext_login: false,
        starttls: true,
        mechanisms: vec![Mechanism::ScramSha256Plus],
        reference: "ref".to_owned(),
        limits: Limits::default(),
    };
    let mut session = ImapSession::new(config, now);
    session.handle_tls(now, tls());
    session
}

/// Runs one AUTHENTICATE to its end; gives the last line and the events.
fn authenticate(password: &str) -> (String, Vec<Event>) {
    #[expect(clippy::disallowed_methods, reason = "a fixed moment; it never runs")]
    let now = Instant::now();
    let credentials = Credentials {
        user: "tim@example".to_owned(),
        password: Secret::new(password.to_owned()),
        authorize_as: None,
    };
    let nonce = "fyko+d2lbbFgONRv9qkxdawL".to_owned();
    let channel = Channel::from(&tls());
    let mut client = ClientExchange::new(Mechanism::ScramSha256Plus, credentials, nonce, &channel);
    let mut session = session(now);
    session.handle_input(now, b"a AUTHENTICATE SCRAM-SHA-256-PLUS\r\n");
    let (mut heard, mut events) = (Vec::new(), Vec::new());
    let mut is_started = false;
    while let Some(output) = session.poll_output() {
        match output {
            Output::Send(octets) => heard.extend(octets),
            Output::Event(event) => events.push(event),
            Output::Ask(Ask::Credentials(posthorn_sasl::Ask::ScramKeys { user })) => {
                let keys = Answer::Credentials(posthorn_sasl::Answer::Keys {
                    identity: user,
                    keys: ScramKeys::derive("pencil", b"0123456789abcdef", 4_096),
                    server_nonce: "3rfcNHYJY1ZVvWVs7j".to_owned(),
                });
                session.answer(now, keys);
            }
            Output::Ask(_)
            | Output::StartTls
            | Output::StartCompression
            | Output::EndCompression
            | Output::Close => break,
        }
        let text = String::from_utf8_lossy(&heard).into_owned();
        let Some(challenge) = text.lines().last().and_then(|line| line.strip_prefix("+ ")) else {
            continue;
        };
        let response = if is_started {
            client.challenge(&decode_base64(challenge.as_bytes()).unwrap_or_default())
        } else {
            is_started = true;
            client.initial().map(Option::unwrap_or_default)
        };
        heard.clear();
        let line = response.map_or("*".to_owned(), |response| encode_base64(&response));
        session.handle_input(now, format!("{line}\r\n").as_bytes());
    }
    (String::from_utf8_lossy(&heard).into_owned(), events)
}

#[test]
fn the_right_password_logs_in() {
    let (reply, events) = authenticate("pencil");
    assert!(reply.starts_with("a OK [CAPABILITY "), "{reply}");
    assert_eq!(
        events,
        [Event::LoggedIn {
            identity: "tim@example".to_owned(),
            mechanism: Some(Mechanism::ScramSha256Plus),
        }]
    );
}

#[test]
fn a_wrong_password_is_refused_under_the_name_of_the_user() {
    let (reply, events) = authenticate("pen");
    assert_eq!(reply, "a NO [AUTHENTICATIONFAILED] Wrong user or password\r\n");
    assert_eq!(
        events,
        [Event::LoginFailed {
            user: Some("tim@example".to_owned())
        }]
    );
}
