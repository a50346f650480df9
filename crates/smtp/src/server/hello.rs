//! Greeting, EHLO, HELO and LHLO: RFC 5321 sections 3.1, 3.2 and 4.1.1.1, RFC 2033 section 4.1. The list
//! of what we offer stands here and nowhere else.

use posthorn_sasl::{Channel, Mechanism};

use super::config::Mode;
use super::fault::Fault;
use super::state::State;
use super::{Hello, ServerSession};
use crate::codec::SyntaxError;
use crate::codec::reply::Reply;

/// Did the client ask for the list of extensions?
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Greeting {
    Basic,
    Extended,
}

impl ServerSession {
    pub(super) fn greet(&mut self) {
        let protocol = match self.config.mode {
            Mode::Mx | Mode::Submission => "ESMTP",
            Mode::Lmtp => "LMTP",
        };
        let text = format!(
            "{} {protocol} {}",
            self.config.hostname, self.config.greeting_text
        );
        self.send(&Reply::bare(220, [text.trim_end()]));
    }

    pub(super) fn ehlo(&mut self, argument: &str) {
        match self.config.mode {
            Mode::Mx | Mode::Submission => self.hello(argument, "EHLO your.name", Greeting::Extended),
            Mode::Lmtp => self.refuse(&Fault::UnknownCommand),
        }
    }

    pub(super) fn helo(&mut self, argument: &str) {
        match self.config.mode {
            Mode::Mx | Mode::Submission => self.hello(argument, "HELO your.name", Greeting::Basic),
            Mode::Lmtp => self.refuse(&Fault::UnknownCommand),
        }
    }

    pub(super) fn lhlo(&mut self, argument: &str) {
        match self.config.mode {
            Mode::Lmtp => self.hello(argument, "LHLO your.name", Greeting::Extended),
            Mode::Mx | Mode::Submission => self.refuse(&Fault::UnknownCommand),
        }
    }

    fn hello(&mut self, name: &str, expected: &'static str, greeting: Greeting) {
        if !is_name(name) {
            self.refuse(&Fault::Syntax(SyntaxError::Expected(expected)));
            return;
        }
        // RFC 5321 section 4.1.4: a second EHLO resets like RSET.
        self.discard_body();
        self.hello = Some(Hello {
            name: name.to_owned(),
            is_extended: greeting == Greeting::Extended,
        });
        self.enter(State::AwaitMail);
        let mut lines = vec![self.config.hostname.clone()];
        if greeting == Greeting::Extended {
            lines.extend(self.offers());
        }
        self.send(&Reply::bare(250, lines.iter().map(String::as_str)));
    }

    fn offers(&self) -> Vec<String> {
        let limits = &self.config.limits;
        let mut lines = vec![
            "PIPELINING".to_owned(),
            format!("SIZE {}", limits.message_octets),
            "8BITMIME".to_owned(),
            "SMTPUTF8".to_owned(),
            "ENHANCEDSTATUSCODES".to_owned(),
            "CHUNKING".to_owned(),
            "BINARYMIME".to_owned(),
            "DSN".to_owned(),
            // RFC 9422: the client then splits instead of running into 452.
            format!("LIMITS RCPTMAX={}", limits.recipients),
        ];
        if self.config.starttls_offered && self.tls.is_none() {
            lines.push("STARTTLS".to_owned());
        }
        let mechanisms = self.mechanisms();
        if !mechanisms.is_empty() {
            let names: Vec<&str> = mechanisms.into_iter().map(Mechanism::name).collect();
            lines.push(format!("AUTH {}", names.join(" ")));
        }
        lines
    }

    /// The mechanisms that can be used on this connection as it is now.
    pub(super) fn mechanisms(&self) -> Vec<Mechanism> {
        let is_safe = self.tls.is_some() || self.config.allow_plaintext_login;
        if self.config.mode != Mode::Submission || !is_safe {
            return Vec::new();
        }
        let can_bind = self
            .tls
            .as_ref()
            .map(Channel::from)
            .unwrap_or_default()
            .can_bind();
        self.config
            .mechanisms
            .iter()
            .copied()
            .filter(|&mechanism| mechanism != Mechanism::ScramSha256Plus || can_bind)
            .collect()
    }
}

/// A domain or an address literal. The letters are checked, not the truth: RFC 5321 section 4.1.4 forbids
/// refusing mail because the name does not fit the address.
fn is_name(name: &str) -> bool {
    let is_fitting = |c: u8| c.is_ascii_alphanumeric() || b".-_:[]".contains(&c);
    !name.is_empty() && name.len() <= 255 && name.bytes().all(is_fitting)
}
