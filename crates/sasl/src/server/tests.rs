//! The server side against the vectors of the RFCs, against liars and against noise.

use proptest::prelude::*;

use super::*;
use crate::{made_up_keys, prepare};

const FIRST: &[u8] = b"n,,n=user,r=rOprNGfwEbeRWgbNEkqO";
const SERVER_FIRST: &[u8] =
    b"r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096";
const FINAL: &[u8] = b"c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=";
const SERVER_FINAL: &[u8] = b"v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=";

fn keys() -> Answer {
    keys_with("%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0")
}

fn keys_with(server_nonce: &str) -> Answer {
    let salt = crate::decode_base64(b"W22ZaJ0SNY7soEsUEjb6gQ==").unwrap();
    Answer::Keys {
        identity: "user@example.org".to_owned(),
        keys: ScramKeys::derive("pencil", &salt, 4096),
        server_nonce: server_nonce.to_owned(),
    }
}

fn bound() -> Channel {
    Channel {
        exporter: Some(vec![7; 32]),
        server_end_point: Some(vec![9; 32]),
    }
}

fn start(mechanism: Mechanism, channel: &Channel, initial: &[u8]) -> Step {
    ServerExchange::new(mechanism, channel).start(Some(initial))
}

fn after_keys() -> ServerExchange {
    let mut exchange = ServerExchange::new(Mechanism::ScramSha256, &Channel::default());
    exchange.start(Some(FIRST));
    exchange.answer(keys());
    exchange
}

fn password_of(step: Step) -> (Option<String>, String, String) {
    let Step::Ask(Ask::VerifyPassword {
        authorize_as,
        user,
        password,
    }) = step
    else {
        panic!("{step:?}");
    };
    (authorize_as, user, password.into_declassified())
}

#[test]
fn the_exchange_of_rfc_7677_section_3() {
    let mut exchange = ServerExchange::new(Mechanism::ScramSha256, &Channel::default());
    assert_eq!(
        exchange.start(Some(FIRST)),
        Step::Ask(Ask::ScramKeys {
            user: "user".to_owned()
        })
    );
    assert_eq!(exchange.answer(keys()), Step::Challenge(SERVER_FIRST.to_vec()));
    assert_eq!(exchange.respond(FINAL), Step::Challenge(SERVER_FINAL.to_vec()));
    assert_eq!(
        exchange.respond(b""),
        Step::Done {
            identity: "user@example.org".to_owned()
        }
    );
    assert_eq!(exchange.respond(b""), Step::Failed(Failure::Unavailable));
}

#[test]
fn without_an_initial_response_scram_and_plain_send_an_empty_challenge() {
    for mechanism in [Mechanism::Plain, Mechanism::ScramSha256] {
        let mut exchange = ServerExchange::new(mechanism, &Channel::default());
        assert_eq!(exchange.start(None), Step::Challenge(Vec::new()));
    }
    let mut exchange = ServerExchange::new(Mechanism::ScramSha256, &Channel::default());
    exchange.start(None);
    assert!(matches!(
        exchange.respond(FIRST),
        Step::Ask(Ask::ScramKeys { .. })
    ));
}

#[test]
fn every_changed_octet_of_the_final_message_fails() {
    for place in 0..FINAL.len() {
        let mut message = FINAL.to_vec();
        message[place] ^= 1;
        let step = after_keys().respond(&message);
        assert!(matches!(step, Step::Failed(_)), "at {place}: {step:?}");
    }
}

#[test]
fn a_foreign_nonce_is_malformed() {
    let message = String::from_utf8(FINAL.to_vec())
        .unwrap()
        .replace("k0,p=", "k1,p=");
    assert_eq!(
        after_keys().respond(message.as_bytes()),
        Step::Failed(Failure::Malformed)
    );
}

#[test]
fn a_wrong_proof_is_rejected() {
    let message = String::from_utf8(FINAL.to_vec())
        .unwrap()
        .replace("p=dHzb", "p=eHzb");
    assert_eq!(
        after_keys().respond(message.as_bytes()),
        Step::Failed(Failure::Rejected)
    );
}

#[test]
fn cbind_input_that_differs_is_a_mismatch() {
    // "eSws" is "y,,".
    let message = String::from_utf8(FINAL.to_vec())
        .unwrap()
        .replace("c=biws", "c=eSws");
    assert_eq!(
        after_keys().respond(message.as_bytes()),
        Step::Failed(Failure::ChannelBindingMismatch)
    );
}

#[test]
fn made_up_keys_reject_every_proof() {
    let mut exchange = ServerExchange::new(Mechanism::ScramSha256, &Channel::default());
    exchange.start(Some(FIRST));
    exchange.answer(Answer::Keys {
        identity: String::new(),
        keys: made_up_keys(b"secret", "user"),
        server_nonce: "%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0".to_owned(),
    });
    assert_eq!(exchange.respond(FINAL), Step::Failed(Failure::Rejected));
}

#[test]
fn the_downgrade_of_rfc_5802_section_6_is_seen() {
    let mismatch = Step::Failed(Failure::ChannelBindingMismatch);
    let first = b"y,,n=user,r=abc";
    assert_eq!(start(Mechanism::ScramSha256, &bound(), first), mismatch);
    assert!(matches!(
        start(Mechanism::ScramSha256, &Channel::default(), first),
        Step::Ask(_)
    ));
    assert!(matches!(
        start(Mechanism::ScramSha256, &bound(), FIRST),
        Step::Ask(_)
    ));
}

#[test]
fn plus_needs_a_binding_we_know_and_have() {
    let mismatch = Step::Failed(Failure::ChannelBindingMismatch);
    for first in [
        &b"n,,n=user,r=abc"[..],
        b"y,,n=user,r=abc",
        b"p=tls-unique,,n=user,r=abc",
        b"p=TLS-EXPORTER,,n=user,r=abc",
    ] {
        assert_eq!(start(Mechanism::ScramSha256Plus, &bound(), first), mismatch);
    }
    let first = b"p=tls-exporter,,n=user,r=abc";
    assert_eq!(
        start(Mechanism::ScramSha256Plus, &Channel::default(), first),
        mismatch
    );
    assert_eq!(start(Mechanism::ScramSha256, &bound(), first), mismatch);
    assert!(matches!(
        start(Mechanism::ScramSha256Plus, &bound(), first),
        Step::Ask(_)
    ));
}

#[test]
fn scram_acts_for_nobody_else() {
    let step = |first: &[u8]| start(Mechanism::ScramSha256, &Channel::default(), first);
    assert!(matches!(step(b"n,a=USER,n=user,r=abc"), Step::Ask(_)));
    assert_eq!(
        step(b"n,a=boss,n=user,r=abc"),
        Step::Failed(Failure::AuthorizationDenied)
    );
}

#[test]
fn a_nonce_of_ours_that_cannot_be_sent_is_temporary() {
    for bad in ["", "a,b", "a b", "\u{e9}"] {
        let mut exchange = ServerExchange::new(Mechanism::ScramSha256, &Channel::default());
        exchange.start(Some(FIRST));
        assert_eq!(
            exchange.answer(keys_with(bad)),
            Step::Failed(Failure::Unavailable)
        );
    }
}

#[test]
fn an_answer_that_does_not_fit_is_temporary() {
    let verified = || Answer::Verified {
        identity: "x".to_owned(),
    };
    let mut exchange = ServerExchange::new(Mechanism::ScramSha256, &Channel::default());
    assert_eq!(exchange.answer(verified()), Step::Failed(Failure::Unavailable));
    let mut exchange = ServerExchange::new(Mechanism::ScramSha256, &Channel::default());
    exchange.start(Some(FIRST));
    // Above all it must not log anybody in.
    assert_eq!(exchange.answer(verified()), Step::Failed(Failure::Unavailable));
    let mut exchange = ServerExchange::new(Mechanism::Plain, &Channel::default());
    exchange.start(Some(b"\0u\0p"));
    assert_eq!(exchange.answer(keys()), Step::Failed(Failure::Unavailable));
}

#[test]
fn answers_end_a_plain_exchange_as_they_say() {
    for (answer, step) in [
        (
            Answer::Verified {
                identity: "u@x".to_owned(),
            },
            Step::Done {
                identity: "u@x".to_owned(),
            },
        ),
        (Answer::Rejected, Step::Failed(Failure::Rejected)),
        (
            Answer::AuthorizationDenied,
            Step::Failed(Failure::AuthorizationDenied),
        ),
        (Answer::Unavailable, Step::Failed(Failure::Unavailable)),
    ] {
        let mut exchange = ServerExchange::new(Mechanism::Plain, &Channel::default());
        exchange.start(Some(b"\0u\0p"));
        assert_eq!(exchange.answer(answer), step);
    }
}

#[test]
fn plain_of_rfc_4616_section_4() {
    let step = |message: &[u8]| start(Mechanism::Plain, &Channel::default(), message);
    assert_eq!(
        password_of(step(b"\0tim\0tanstaaftanstaaf")),
        (None, "tim".to_owned(), "tanstaaftanstaaf".to_owned())
    );
    assert_eq!(
        password_of(step(b"Ursel\0Kurt\0xipj3plmq")),
        (
            Some("Ursel".to_owned()),
            "Kurt".to_owned(),
            "xipj3plmq".to_owned()
        )
    );
    assert_eq!(password_of(step(b"KURT\0Kurt\0x")).0, None);
}

#[test]
fn plain_outside_the_grammar_is_malformed() {
    for bad in [
        &b""[..],
        b"\0",
        b"\0\0",
        b"\0user",
        b"\0user\0",
        b"\0\0pass",
        b"a\0b\0c\0d",
        b"\0u\0p\0",
        b"\0u\0\xff",
    ] {
        assert_eq!(
            start(Mechanism::Plain, &Channel::default(), bad),
            Step::Failed(Failure::Malformed),
            "{bad:?}"
        );
    }
}

#[test]
fn login_prompts_for_user_and_password() {
    let mut exchange = ServerExchange::new(Mechanism::Login, &Channel::default());
    assert_eq!(exchange.start(None), Step::Challenge(b"Username:".to_vec()));
    assert_eq!(exchange.respond(b"u"), Step::Challenge(b"Password:".to_vec()));
    assert_eq!(
        password_of(exchange.respond(b"p")),
        (None, "u".to_owned(), "p".to_owned())
    );
}

#[test]
fn login_takes_the_user_as_initial_response() {
    let mut exchange = ServerExchange::new(Mechanism::Login, &Channel::default());
    assert_eq!(exchange.start(Some(b"u")), Step::Challenge(b"Password:".to_vec()));
    assert_eq!(exchange.respond(b""), Step::Failed(Failure::Malformed));
}

#[test]
fn secrets_do_not_show_in_debug_output() {
    let mut plain = ServerExchange::new(Mechanism::Plain, &Channel::default());
    let shown = format!("{:?}", plain.start(Some(b"\0u\0hunter2")));
    assert!(!shown.contains("hunter2"), "{shown}");
    let shown = format!("{:?}", after_keys());
    assert!(shown.contains("ScramKeys(…)"), "{shown}");
}

#[test]
fn keys_are_those_of_the_prepared_password() {
    let derive = |password| ScramKeys::derive(password, b"salt", 1);
    assert_eq!(derive("a\u{ad}\u{a0}b"), derive("a b"));
    assert_eq!(prepare("a\u{ad}\u{a0}b"), "a b");
}

proptest! {
    #[test]
    fn noise_never_panics_and_never_logs_in(
        mechanism in prop::sample::select(&Mechanism::ALL[..]),
        messages in prop::collection::vec(prop_oneof![
            prop::collection::vec(any::<u8>(), 0..40),
            "(n|y|p=tls-exporter),,n=[a-z]{1,3},r=[a-z]{1,3}".prop_map(String::into_bytes),
            "c=biws,r=[a-z]{1,8},p=[a-zA-Z]{43}=".prop_map(String::into_bytes),
        ], 1..5),
    ) {
        let mut exchange = ServerExchange::new(mechanism, &bound());
        let mut step = exchange.start(None);
        for message in messages {
            step = match step {
                Step::Challenge(_) => exchange.respond(&message),
                Step::Ask(Ask::ScramKeys { user }) => exchange.answer(Answer::Keys {
                    identity: user.clone(),
                    keys: made_up_keys(b"s", &user),
                    server_nonce: "abc".to_owned(),
                }),
                Step::Ask(Ask::VerifyPassword { .. }) => exchange.answer(Answer::Rejected),
                Step::Done { identity } => return Err(TestCaseError::fail(identity)),
                Step::Failed(_) => return Ok(()),
            };
        }
    }
}
