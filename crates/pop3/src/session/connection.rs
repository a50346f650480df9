//! What lives as long as the connection, whatever the state: settings, channel, input, output, counts.

use std::collections::VecDeque;
use std::time::Instant;

use posthorn_base::TlsInfo;
use posthorn_base::session::Output;
use posthorn_sasl::{Channel, encode_base64};

use crate::capa::Circumstances;
use crate::config::{Config, Utf8Policy};
use crate::framing::Input;
use crate::question::{Ask, Event};
use crate::reply::Refusal;
use crate::transfer;

/// The part of a session that no state owns.
#[derive(Debug)]
pub(super) struct Connection {
    pub(super) config: Config,
    pub(super) input: Input,
    pub(super) out: VecDeque<Output<Ask, Event>>,
    /// The moment of the last call from outside.
    pub(super) now: Instant,
    pub(super) started: Instant,
    /// When the last line came or the last answer was given.
    pub(super) last_activity: Instant,
    /// Was a chunk of a long reply sent since?
    pub(super) has_transferred: bool,
    pub(super) errors: u32,
    pub(super) failures: u32,
    /// Did the client say `UTF8`?
    pub(super) is_utf8: bool,
    is_tls: bool,
    channel: Channel,
}

impl Connection {
    pub(super) fn new(config: Config, now: Instant) -> Self {
        Self {
            config,
            input: Input::default(),
            out: VecDeque::new(),
            now,
            started: now,
            last_activity: now,
            has_transferred: false,
            errors: 0,
            failures: 0,
            is_utf8: false,
            is_tls: false,
            channel: Channel::default(),
        }
    }

    /// Everything that was said before is forgotten, RFC 2595 section 4.
    pub(super) fn start_tls(&mut self, tls: &TlsInfo) {
        self.input.clear();
        self.is_tls = true;
        self.is_utf8 = false;
        self.channel = Channel::from(tls);
        self.last_activity = self.now;
    }

    pub(super) const fn is_tls(&self) -> bool {
        self.is_tls
    }

    pub(super) const fn channel(&self) -> &Channel {
        &self.channel
    }

    /// What `CAPA` depends on.
    pub(super) const fn circumstances(&self, is_logged_in: bool) -> Circumstances<'_> {
        Circumstances {
            is_tls: self.is_tls,
            is_logged_in,
            channel: &self.channel,
        }
    }

    /// Must this message be withheld from a client that did not say `UTF8`?
    pub(super) fn refuses_utf8(&self, message: &[u8]) -> bool {
        match self.config.utf8_policy {
            Utf8Policy::SendAsIs => false,
            Utf8Policy::Refuse => !self.is_utf8 && transfer::has_utf8_header(message),
        }
    }

    pub(super) fn send(&mut self, octets: Vec<u8>) {
        self.out.push_back(Output::Send(octets));
    }

    pub(super) fn ok(&mut self, text: &str) {
        self.send(format!("+OK {text}\r\n").into_bytes());
    }

    pub(super) fn err(&mut self, refusal: Refusal) {
        let text = refusal.text();
        let line = match refusal.has_reference() {
            true => format!("-ERR {text} (reference {})\r\n", self.config.reference),
            false => format!("-ERR {text}\r\n"),
        };
        self.send(line.into_bytes());
    }

    /// `continue-req = "+" SP [base64] CRLF`, RFC 5034 section 5.
    pub(super) fn challenge(&mut self, challenge: &[u8]) {
        self.send(format!("+ {}\r\n", encode_base64(challenge)).into_bytes());
    }

    pub(super) fn ask(&mut self, ask: Ask) {
        self.out.push_back(Output::Ask(ask));
    }

    pub(super) fn event(&mut self, event: Event) {
        self.out.push_back(Output::Event(event));
    }

    pub(super) fn close(&mut self) {
        self.out.push_back(Output::Close);
    }
}
