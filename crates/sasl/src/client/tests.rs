//! The client side against the vectors of the RFCs, against the server side and against false servers.

use proptest::prelude::*;

use super::*;
use crate::{Answer, Ask, ScramKeys, ServerExchange, Step};

const SERVER_FIRST: &[u8] =
    b"r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096";
const SERVER_FINAL: &[u8] = b"v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=";

fn credentials(user: &str, password: &str) -> Credentials {
    Credentials {
        user: user.to_owned(),
        password: Secret::new(password.to_owned()),
        authorize_as: None,
    }
}

fn client(mechanism: Mechanism) -> ClientExchange {
    let nonce = "rOprNGfwEbeRWgbNEkqO".to_owned();
    ClientExchange::new(
        mechanism,
        credentials("user", "pencil"),
        nonce,
        &Channel::default(),
    )
}

fn bound() -> Channel {
    Channel {
        exporter: Some(vec![7; 32]),
        server_end_point: None,
    }
}

/// Runs both sides against each other; the client must agree with the server's verdict.
fn log_in(
    mechanism: Mechanism,
    who: Credentials,
    right: &str,
    ends: (&Channel, &Channel),
    initial: bool,
) -> Step {
    let mut client = ClientExchange::new(mechanism, who, "cccccccccccccccccccc".to_owned(), ends.0);
    let mut server = ServerExchange::new(mechanism, ends.1);
    let mut step = match initial {
        true => server.start(client.initial().unwrap().as_deref()),
        false => server.start(None),
    };
    loop {
        step = match step {
            Step::Challenge(challenge) => match client.challenge(&challenge) {
                Ok(response) => server.respond(&response),
                Err(failure) => panic!("{failure:?}"),
            },
            Step::Ask(Ask::VerifyPassword { user, password, .. }) => {
                server.answer(if password.declassify() == right {
                    Answer::Verified { identity: user }
                } else {
                    Answer::Rejected
                })
            }
            Step::Ask(Ask::ScramKeys { user }) => server.answer(Answer::Keys {
                identity: user,
                keys: ScramKeys::derive(right, b"0123456789abcdef", 4096),
                server_nonce: "ssssssssssssssssssss".to_owned(),
            }),
            Step::Done { identity } => {
                assert_eq!(client.succeeded(None), Ok(()));
                return Step::Done { identity };
            }
            Step::Failed(failure) => return Step::Failed(failure),
        };
    }
}

#[test]
fn the_exchange_of_rfc_7677_section_3() {
    let mut client = client(Mechanism::ScramSha256);
    assert_eq!(
        client.initial(),
        Ok(Some(b"n,,n=user,r=rOprNGfwEbeRWgbNEkqO".to_vec()))
    );
    assert_eq!(
        client.challenge(SERVER_FIRST),
        Ok(b"c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=".to_vec())
    );
    assert_eq!(client.challenge(SERVER_FINAL), Ok(Vec::new()));
    assert_eq!(client.succeeded(None), Ok(()));
}

#[test]
fn server_final_may_come_with_the_success() {
    let mut client = client(Mechanism::ScramSha256);
    client.initial().unwrap();
    client.challenge(SERVER_FIRST).unwrap();
    assert_eq!(client.succeeded(Some(SERVER_FINAL)), Ok(()));
}

#[test]
fn a_server_that_does_not_prove_itself_is_not_believed() {
    let mut early = client(Mechanism::ScramSha256);
    early.initial().unwrap();
    assert_eq!(early.succeeded(None), Err(ClientFailure::ServerNotProven));

    let mut silent = client(Mechanism::ScramSha256);
    silent.initial().unwrap();
    silent.challenge(SERVER_FIRST).unwrap();
    assert_eq!(silent.succeeded(None), Err(ClientFailure::ServerNotProven));

    let mut forged = client(Mechanism::ScramSha256);
    forged.initial().unwrap();
    forged.challenge(SERVER_FIRST).unwrap();
    assert_eq!(
        forged.challenge(b"v=7rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4="),
        Err(ClientFailure::ServerNotProven)
    );
    assert_eq!(forged.succeeded(None), Err(ClientFailure::ServerNotProven));
}

#[test]
fn an_error_of_the_server_is_a_refusal() {
    let mut client = client(Mechanism::ScramSha256);
    client.initial().unwrap();
    client.challenge(SERVER_FIRST).unwrap();
    assert_eq!(client.challenge(b"e=invalid-proof"), Err(ClientFailure::Rejected));
}

#[test]
fn a_nonce_that_is_not_ours_or_not_extended_is_refused() {
    for message in [
        &b"r=xOprNGfwEbeRWgbNEkqOabc,s=AAAA,i=4096"[..],
        b"r=rOprNGfwEbeRWgbNEkqO,s=AAAA,i=4096",
    ] {
        let mut client = client(Mechanism::ScramSha256);
        client.initial().unwrap();
        assert_eq!(client.challenge(message), Err(ClientFailure::Malformed));
    }
}

#[test]
fn iteration_counts_out_of_bounds_are_refused() {
    for count in ["4095", "2000001", "4294967295"] {
        let mut client = client(Mechanism::ScramSha256);
        client.initial().unwrap();
        let message = format!("r=rOprNGfwEbeRWgbNEkqOabc,s=AAAA,i={count}");
        assert_eq!(
            client.challenge(message.as_bytes()),
            Err(ClientFailure::Iterations)
        );
    }
}

#[test]
fn every_mechanism_logs_in_and_refuses_a_wrong_password() {
    for mechanism in Mechanism::ALL {
        let channel = match mechanism {
            Mechanism::ScramSha256Plus => bound(),
            Mechanism::ScramSha256 | Mechanism::Plain | Mechanism::Login => Channel::default(),
        };
        for initial in [true, false] {
            for user in ["ann@example.org", "a=b,c", "j\u{f6}rg@example.org"] {
                let step = |password| {
                    log_in(
                        mechanism,
                        credentials(user, password),
                        "right",
                        (&channel, &channel),
                        initial,
                    )
                };
                let identity = user.to_owned();
                assert_eq!(step("right"), Step::Done { identity }, "{mechanism:?}");
                assert_eq!(
                    step("wrong"),
                    Step::Failed(crate::Failure::Rejected),
                    "{mechanism:?}"
                );
            }
        }
    }
}

#[test]
fn another_tls_connection_in_between_is_seen() {
    let other = Channel {
        exporter: Some(vec![8; 32]),
        server_end_point: None,
    };
    let step = log_in(
        Mechanism::ScramSha256Plus,
        credentials("u", "p"),
        "p",
        (&bound(), &other),
        true,
    );
    assert_eq!(step, Step::Failed(crate::Failure::ChannelBindingMismatch));
}

#[test]
fn a_plus_name_taken_from_the_list_is_seen() {
    // The client could bind, was shown no -PLUS and says "y"; the server did offer it.
    let step = log_in(
        Mechanism::ScramSha256,
        credentials("u", "p"),
        "p",
        (&bound(), &bound()),
        true,
    );
    assert_eq!(step, Step::Failed(crate::Failure::ChannelBindingMismatch));
}

#[test]
fn the_strongest_possible_mechanism_is_chosen() {
    let all = Mechanism::ALL;
    assert_eq!(
        ClientExchange::choose(&all, &bound()),
        Some(Mechanism::ScramSha256Plus)
    );
    assert_eq!(
        ClientExchange::choose(&all, &Channel::default()),
        Some(Mechanism::ScramSha256)
    );
    assert_eq!(
        ClientExchange::choose(&[Mechanism::Login, Mechanism::Plain], &bound()),
        Some(Mechanism::Plain)
    );
    assert_eq!(
        ClientExchange::choose(&[Mechanism::ScramSha256Plus], &Channel::default()),
        None
    );
}

#[test]
fn credentials_that_cannot_be_sent_are_said_to_be_unusable() {
    for (mechanism, user) in [
        (Mechanism::Plain, "a\0b"),
        (Mechanism::Plain, ""),
        (Mechanism::ScramSha256, "a\0b"),
        (Mechanism::ScramSha256Plus, "user"),
    ] {
        let mut client = ClientExchange::new(
            mechanism,
            credentials(user, "p"),
            "nonce".to_owned(),
            &Channel::default(),
        );
        assert_eq!(client.initial(), Err(ClientFailure::Unusable), "{mechanism:?}");
        assert_eq!(client.challenge(b""), Err(ClientFailure::Unusable));
    }
}

#[test]
fn plain_names_the_identity_to_act_as() {
    let who = Credentials {
        authorize_as: Some("Ursel".to_owned()),
        ..credentials("Kurt", "xipj3plmq")
    };
    let mut client = ClientExchange::new(Mechanism::Plain, who, String::new(), &Channel::default());
    assert_eq!(client.initial(), Ok(Some(b"Ursel\0Kurt\0xipj3plmq".to_vec())));
}

#[test]
fn the_password_does_not_show_in_debug_output() {
    for mechanism in Mechanism::ALL {
        let mut exchange =
            ClientExchange::new(mechanism, credentials("u", "hunter2"), "n".to_owned(), &bound());
        assert!(!format!("{exchange:?}").contains("hunter2"));
        exchange.initial().unwrap();
        assert!(!format!("{exchange:?}").contains("hunter2"));
    }
}

proptest! {
    #[test]
    fn no_challenge_panics_or_convinces(
        mechanism in prop::sample::select(&Mechanism::ALL[..2]),
        challenges in prop::collection::vec(prop_oneof![
            prop::collection::vec(any::<u8>(), 0..40),
            "r=n[a-z]{0,5},s=[a-z]{4},i=4096".prop_map(String::into_bytes),
            "v=[a-zA-Z]{43}=".prop_map(String::into_bytes),
        ], 0..4),
    ) {
        let mut exchange =
            ClientExchange::new(mechanism, credentials("u", "p"), "n".to_owned(), &bound());
        prop_assert!(exchange.initial().is_ok());
        for challenge in challenges {
            let _response = exchange.challenge(&challenge);
        }
        prop_assert!(exchange.succeeded(None).is_err());
    }
}
