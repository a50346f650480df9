//! Plays the transcripts of the POP3 session.

use std::path::Path;
use std::time::Instant;

use posthorn_base::session::Session as _;
use posthorn_pop3::{Answer, Ask, Config, Entry, Event, Expire, ServerSession, Utf8Policy};
use posthorn_sasl::{Mechanism, ScramKeys, decode_base64};
use posthorn_testkit::transcript::{Described, Scripted, play_folder, test_tls};

struct Pop3;

impl Scripted for Pop3 {
    type Session = ServerSession;

    fn start(&self, options: &[(String, String)], now: Instant) -> Result<ServerSession, String> {
        let mut config = Config::new("mx.example.org".to_owned(), "s42".to_owned());
        let mut is_tls = false;
        for (key, value) in options {
            let number = || value.parse::<u32>().map_err(|cause| cause.to_string());
            match key.as_str() {
                "tls" => is_tls = true,
                "plaintext" => config.allow_plaintext_login = true,
                "no-starttls" => config.starttls = false,
                "mechanisms" => {
                    config.mechanisms = value.split(' ').filter_map(Mechanism::from_name).collect();
                }
                "login-delay" => config.login_delay_secs = Some(number()?),
                "expire" => config.expire = Expire::Days(number()?),
                "utf8" => config.utf8_policy = Utf8Policy::Refuse,
                "errors" => config.errors = number()?,
                _ => return Err(format!("unknown option {key}")),
            }
        }
        let mut session = ServerSession::new(config, now);
        if is_tls {
            session.handle_tls(now, test_tls());
        }
        Ok(session)
    }

    fn ask(&self, ask: &Ask) -> Described {
        Described::Line(match ask {
            Ask::Credentials(posthorn_sasl::Ask::VerifyPassword {
                authorize_as,
                user,
                password,
            }) => {
                let acting = authorize_as.as_deref().unwrap_or("-");
                format!(
                    "password user={user} password={:?} as={acting}",
                    password.declassify()
                )
            }
            Ask::Credentials(posthorn_sasl::Ask::ScramKeys { user }) => format!("scram-keys user={user}"),
            Ask::Open { identity } => format!("open {identity}"),
            Ask::Retrieve { index } => format!("retrieve {index}"),
            Ask::Commit { delete } => format!("commit {delete:?}"),
        })
    }

    fn event(&self, event: &Event) -> Described {
        Described::Line(match event {
            Event::LoggedIn { identity, mechanism } => format!("logged-in {identity} {}", mechanism.name()),
            Event::LoginFailed { user } => format!("login-failed {}", user.as_deref().unwrap_or("-")),
        })
    }

    fn answer(&self, line: &str, block: &[u8]) -> Result<Answer, String> {
        let (word, rest) = line.split_once(' ').unwrap_or((line, ""));
        Ok(match word {
            "verified" => Answer::Credentials(posthorn_sasl::Answer::Verified {
                identity: rest.to_owned(),
            }),
            "rejected" => Answer::Credentials(posthorn_sasl::Answer::Rejected),
            "denied" => Answer::Credentials(posthorn_sasl::Answer::AuthorizationDenied),
            "login-unavailable" => Answer::Credentials(posthorn_sasl::Answer::Unavailable),
            // The keys and the nonce of RFC 7677 section 3.
            "keys" => Answer::Credentials(posthorn_sasl::Answer::Keys {
                identity: rest.to_owned(),
                keys: ScramKeys::derive(
                    "pencil",
                    &decode_base64(b"W22ZaJ0SNY7soEsUEjb6gQ==").map_err(|cause| cause.to_string())?,
                    4096,
                ),
                server_nonce: "%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0".to_owned(),
            }),
            "opened" => Answer::Opened(entries(block)?),
            "in-use" => Answer::InUse,
            "login-delay" => Answer::LoginDelay,
            "message" => Answer::Message(block.into()),
            "gone" => Answer::Gone,
            "committed" => Answer::Committed,
            "commit-failed" => Answer::CommitFailed,
            "unavailable" => Answer::Unavailable,
            _ => return Err(format!("unknown answer {line}")),
        })
    }
}

fn entries(block: &[u8]) -> Result<Vec<Entry>, String> {
    let text = String::from_utf8(block.to_vec()).map_err(|cause| cause.to_string())?;
    text.lines()
        .map(|line| {
            let (unique_id, size) = line.rsplit_once(' ').ok_or("a line is: unique-id size")?;
            Ok(Entry {
                unique_id: unique_id.to_owned(),
                size_octets: size.parse().map_err(|_cause| "the size is no number")?,
            })
        })
        .collect()
}

#[test]
fn transcripts() {
    play_folder(
        &Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/transcripts"),
        &Pop3,
    );
}
