//! How the questions and events of a client session are written in transcripts.

use std::time::Instant;

use posthorn_base::{Address, ReversePath, Secret};
use posthorn_smtp::client::{
    Answer, Ask, ClientConfig, ClientSession, ClientTls, Credentials, Direction, Event, Mode, Transaction,
};
use posthorn_smtp::{Body, Notify, NotifyOn, Recipient, Ret};
use posthorn_testkit::{Described, Scripted};

pub(crate) struct ClientScript;

impl Scripted for ClientScript {
    type Session = ClientSession;

    fn start(&self, options: &[(String, String)], now: Instant) -> Result<ClientSession, String> {
        let mut config = ClientConfig::new("out.a.test");
        for (key, value) in options {
            match (key.as_str(), value.as_str()) {
                ("mode", "lmtp") => config.mode = Mode::Lmtp,
                ("tls", "required") => config.tls = ClientTls::Required,
                ("tls", "never") => config.tls = ClientTls::Never,
                ("tls", "already") => config.tls = ClientTls::AlreadyTls,
                ("login", user) => {
                    config.credentials = Some(Credentials {
                        user: user.to_owned(),
                        password: Secret::new("secret".to_owned()),
                        client_nonce: "rOprNGfwEbeRWgbNEkqO".to_owned(),
                    });
                }
                _ => return Err(format!("unknown option {key}={value}")),
            }
        }
        Ok(ClientSession::new(config, now))
    }

    fn ask(&self, ask: &Ask) -> Described {
        match ask {
            Ask::Next => Described::Line("next".to_owned()),
        }
    }

    fn event(&self, event: &Event) -> Described {
        match event {
            Event::Line { direction, text } => {
                // Joined like chunks, so that a transcript reads as one block.
                let arrow = match direction {
                    Direction::Sent => '>',
                    Direction::Received => '<',
                };
                Described::Chunk("lines".to_owned(), format!("{arrow} {text}\r\n").into_bytes())
            }
            Event::Refused { stage, reply, class } => {
                Described::Line(format!("refused {stage:?} {class:?}: {reply}"))
            }
            Event::Outcome(outcome) => {
                let mut lines = String::new();
                for recipient in &outcome.recipients {
                    lines.push_str(&format!(
                        "{:?} {:?}: {}\r\n",
                        recipient.class, recipient.stage, recipient.reply
                    ));
                }
                let dsn = if outcome.dsn_relayed { " dsn" } else { "" };
                Described::Chunk(format!("outcome{dsn}"), lines.into_bytes())
            }
        }
    }

    /// `send FROM TO[,TO] [8bit|binary|utf8|dsn]…` with the content as its block; `quit`.
    fn answer(&self, line: &str, block: &[u8]) -> Result<Answer, String> {
        let mut words = line.split(' ');
        match words.next() {
            Some("quit") => return Ok(Answer::Quit),
            Some("send") => {}
            _ => return Err(format!("no answer: {line}")),
        }
        let from = words.next().unwrap_or_default().trim_matches(['<', '>']);
        let to = words.next().unwrap_or_default();
        let mut transaction = Transaction {
            reverse_path: ReversePath::parse(from).map_err(|cause| cause.to_string())?,
            recipients: to
                .split(',')
                .filter(|address| !address.is_empty())
                .map(recipient)
                .collect::<Result<_, _>>()?,
            body: block.into(),
            body_type: Body::SevenBit,
            smtputf8: false,
            ret: None,
            envelope_id: None,
        };
        for word in words {
            match word {
                "8bit" => transaction.body_type = Body::EightBitMime,
                "binary" => transaction.body_type = Body::BinaryMime,
                "utf8" => transaction.smtputf8 = true,
                "dsn" => {
                    transaction.ret = Some(Ret::Headers);
                    transaction.envelope_id = Some("a+b".to_owned());
                    for recipient in &mut transaction.recipients {
                        recipient.notify = Some(Notify::On(NotifyOn {
                            success: true,
                            failure: true,
                            delay: false,
                        }));
                        recipient.original_recipient = Some(format!("rfc822;{}", recipient.address));
                    }
                }
                _ => return Err(format!("no word: {word}")),
            }
        }
        Ok(Answer::Send(transaction))
    }
}

fn recipient(address: &str) -> Result<Recipient, String> {
    Ok(Recipient {
        address: Address::parse(address).map_err(|cause| cause.to_string())?,
        notify: None,
        original_recipient: None,
    })
}
