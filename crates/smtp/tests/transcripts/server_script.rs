//! How the questions and events of a server session are written in transcripts.

use std::fmt::Write as _;
use std::time::Instant;

use posthorn_sasl as sasl;
use posthorn_smtp::server::{Answer, Ask, Config, Event, Mode, ServerSession};
use posthorn_smtp::{Envelope, Recipient, Refusal, Sender};
use posthorn_testkit::{Described, Scripted};

pub(crate) struct ServerScript;

impl Scripted for ServerScript {
    type Session = ServerSession;

    fn start(&self, options: &[(String, String)], now: Instant) -> Result<ServerSession, String> {
        let mut mode = Mode::Mx;
        for (key, value) in options {
            mode = match (key.as_str(), value.as_str()) {
                ("mode", "mx") => Mode::Mx,
                ("mode", "submission") => Mode::Submission,
                ("mode", "lmtp") => Mode::Lmtp,
                _ => mode,
            };
        }
        let mut config = Config::new("mx.b.test", mode, "ref1");
        for (key, value) in options {
            let number = || value.parse::<u64>().map_err(|cause| format!("{key}: {cause}"));
            match key.as_str() {
                "mode" => {}
                "starttls" => config.starttls_offered = true,
                "plaintext" => config.allow_plaintext_login = true,
                "size" => config.limits.message_octets = number()?,
                "recipients" => config.limits.recipients = number()? as usize,
                "errors" => config.limits.errors = number()? as u32,
                "text-line" => config.limits.text_line_octets = number()? as usize,
                _ => return Err(format!("unknown option {key}")),
            }
        }
        Ok(ServerSession::new(config, now))
    }

    fn ask(&self, ask: &Ask) -> Described {
        Described::Line(match ask {
            Ask::Credentials(sasl::Ask::VerifyPassword { user, password, .. }) => {
                format!("password user={user} password={}", password.declassify())
            }
            Ask::Credentials(sasl::Ask::ScramKeys { user }) => format!("keys user={user}"),
            Ask::Sender(sender) => format!("sender {}", show_sender(sender)),
            Ask::Recipient(recipient) => format!("recipient {}", show_recipient(recipient)),
            Ask::Message(envelope) => format!("message {}", show_envelope(envelope)),
        })
    }

    fn event(&self, event: &Event) -> Described {
        Described::Line(match event {
            Event::Body(octets) => return Described::Chunk("body".to_owned(), octets.clone()),
            Event::BodyDiscarded => "body-discarded".to_owned(),
            Event::LoggedIn { identity, mechanism } => format!("logged-in {identity} {}", mechanism.name()),
            Event::LoginFailed { user } => format!("login-failed {}", user.as_deref().unwrap_or("-")),
            Event::CommandRefused { verb, .. } => format!("refused {verb}").trim_end().to_owned(),
            Event::Ended { .. } => "ended".to_owned(),
        })
    }

    fn answer(&self, line: &str, _block: &[u8]) -> Result<Answer, String> {
        let (word, rest) = line.split_once(' ').unwrap_or((line, ""));
        Ok(match word {
            "ok" => Answer::Ok,
            "refuse" => Answer::Refuse(refusal(rest)?),
            "accepted" => Answer::Accepted {
                queue_id: rest.to_owned(),
            },
            "each" => Answer::PerRecipient(
                rest.split(' ')
                    .map(|word| match refusal(word) {
                        Ok(refusal) => Err(refusal),
                        Err(_) => Ok(word.to_owned()),
                    })
                    .collect(),
            ),
            "verified" => Answer::Credentials(sasl::Answer::Verified {
                identity: rest.to_owned(),
            }),
            "rejected" => Answer::Credentials(sasl::Answer::Rejected),
            "unavailable" => Answer::Credentials(sasl::Answer::Unavailable),
            _ => return Err(format!("no answer: {line}")),
        })
    }
}

fn refusal(word: &str) -> Result<Refusal, String> {
    Ok(match word {
        "unknown" => Refusal::UnknownRecipient,
        "relay" => Refusal::RelayDenied,
        "full" => Refusal::MailboxFull { temporary: true },
        "full-for-good" => Refusal::MailboxFull { temporary: false },
        "loop" => Refusal::Loop,
        "internal" => Refusal::Internal,
        "sessions" => Refusal::TooManySessions,
        "not-yours" => Refusal::SenderNotPermitted,
        "policy" => Refusal::Policy("not\r\n250 today".to_owned()),
        _ => return Err(format!("no refusal: {word}")),
    })
}

fn show_sender(sender: &Sender) -> String {
    let mut out = sender.reverse_path.to_string();
    if let Some(size) = sender.size {
        let _infallible = write!(out, " size={size}");
    }
    let _infallible = write!(out, " {:?}", sender.body);
    if sender.smtputf8 {
        out.push_str(" smtputf8");
    }
    if let Some(ret) = sender.ret {
        let _infallible = write!(out, " ret={ret:?}");
    }
    if let Some(id) = &sender.envelope_id {
        let _infallible = write!(out, " envid={id}");
    }
    if let Some(identity) = &sender.identity {
        let _infallible = write!(out, " identity={identity}");
    }
    out
}

fn show_recipient(recipient: &Recipient) -> String {
    let mut out = format!("<{}>", recipient.address);
    if let Some(notify) = recipient.notify {
        let _infallible = write!(out, " notify={notify:?}");
    }
    if let Some(original) = &recipient.original_recipient {
        let _infallible = write!(out, " orcpt={original}");
    }
    out
}

fn show_envelope(envelope: &Envelope) -> String {
    let to: Vec<String> = envelope
        .recipients
        .iter()
        .map(|recipient| format!("<{}>", recipient.address))
        .collect();
    let protocol = if envelope.esmtp { "esmtp" } else { "smtp" };
    let tls = envelope.tls.as_ref().map_or("clear", |tls| &tls.version);
    format!(
        "helo={} {protocol} {tls} from={} to={} octets={}",
        envelope.helo,
        envelope.sender.reverse_path,
        to.join(","),
        envelope.size_octets
    )
}
