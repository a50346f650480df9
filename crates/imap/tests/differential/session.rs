//! A session over a mailbox of five messages whose shell answers the first question of a command and then nothing.

use std::time::Instant;

use posthorn_base::session::{Output, Session};
use posthorn_imap::{Answer, Ask, Config, Event, ImapSession, Limits, MailboxHandle, SelectedMailbox};

/// The UIDs in the selected mailbox.
pub(crate) const UIDS: [u32; 5] = [2, 3, 5, 8, 13];
/// The UIDs from here on are recent.
pub(crate) const FIRST_RECENT: u32 = 8;

/// What came of a command.
#[derive(Debug)]
pub(crate) struct Heard {
    /// The first question, or the last of APPEND.
    pub(crate) ask: Option<Ask>,
    /// Everything that was sent.
    pub(crate) sent: String,
}

impl Heard {
    /// The reply with the tag of the command.
    pub(crate) fn reply(&self) -> Option<&str> {
        self.sent.lines().find_map(|line| line.strip_prefix("a "))
    }

    /// Was the command well-formed? A number beyond the last message is no matter of the grammar, nor is whether a
    /// command fits the state.
    pub(crate) fn is_accepted(&self) -> bool {
        let Some(reply) = self.reply() else {
            // IDLE waits; a session that ended or a command that does not end was not understood.
            return self.sent.starts_with("+ ")
                && !self.sent.contains("* BYE ")
                && !self.sent.contains("Ready");
        };
        !reply.starts_with("BAD ") || reply.starts_with("BAD There is no message")
    }
}

fn config() -> Config {
    Config {
        hostname: "mail.example".to_owned(),
        allow_plaintext_login: true,
        starttls: false,
        mechanisms: Vec::new(),
        reference: "ref".to_owned(),
        limits: Limits::default(),
    }
}

/// Plays a command; LOGIN as the first of a session, all else with a selected mailbox.
pub(crate) fn play(command: &[u8]) -> Heard {
    #[expect(clippy::disallowed_methods, reason = "a fixed moment; it never runs")]
    let now = Instant::now();
    let mut session = ImapSession::new(config(), now);
    if !command.to_ascii_uppercase().starts_with(b"A LOGIN ") {
        session.handle_input(now, b"0 LOGIN u p\r\n1 ENABLE QRESYNC\r\n2 SELECT INBOX\r\n");
    }
    while let Some(output) = session.poll_output() {
        if let Output::Ask(ask) = output {
            session.answer(now, prepared(&ask));
        }
    }
    session.handle_input(now, command);
    let mut ask = None;
    let mut sent = Vec::new();
    while let Some(output) = session.poll_output() {
        match output {
            Output::Send(octets) => sent.extend(octets),
            Output::Ask(asked) => {
                session.answer(now, answered(&asked));
                // A command behind the first is none of ours.
                let is_append = matches!(ask, Some(Ask::AppendStart { .. }));
                if ask.is_none() || is_append {
                    ask = Some(asked);
                }
            }
            Output::Event(Event::AppendData(octets)) => assert!(!octets.is_empty()),
            Output::Event(_)
            | Output::StartTls
            | Output::StartCompression
            | Output::EndCompression
            | Output::Close => {}
        }
    }
    Heard {
        ask,
        sent: String::from_utf8_lossy(&sent).into_owned(),
    }
}

fn prepared(ask: &Ask) -> Answer {
    if let Ask::Credentials(_) = ask {
        return Answer::Credentials(posthorn_sasl::Answer::Verified {
            identity: "u@example".to_owned(),
        });
    }
    Answer::Selected(SelectedMailbox {
        mailbox: MailboxHandle(1),
        uid_validity: 1,
        uid_next: 20,
        highest_modseq: 4,
        uids: UIDS.into_iter().collect(),
        first_recent_uid: FIRST_RECENT,
        first_unseen_uid: None,
        keywords: Vec::new(),
        mailbox_id: String::new(),
        rights: posthorn_base::Rights::ALL,
        missed: None,
    })
}

fn answered(ask: &Ask) -> Answer {
    match matches!(ask, Ask::AppendStart { .. }) {
        true => Answer::Ok,
        false => Answer::Unavailable,
    }
}
