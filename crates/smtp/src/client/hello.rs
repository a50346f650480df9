//! Greeting, EHLO, HELO, LHLO and STARTTLS: RFC 5321 sections 3.1 and 3.2, RFC 3207.

use posthorn_base::TlsInfo;
use posthorn_base::session::Output;

use super::ClientSession;
use super::ask::Stage;
use super::config::{ClientTls, Mode};
use super::state::State;
use crate::codec::ehlo::Offers;
use crate::codec::reply::{Class, Reply};

impl ClientSession {
    pub(super) fn greeting(&mut self, reply: &Reply) {
        match reply.code {
            220 => self.say_hello(),
            _ => self.refused(Stage::Greeting, reply, failed(reply)),
        }
    }

    fn say_hello(&mut self) {
        let verb = match self.config.mode {
            Mode::Smtp => "EHLO",
            Mode::Lmtp => "LHLO",
        };
        self.offers = Offers::default();
        self.enter(State::AwaitEhlo);
        self.command(&format!("{verb} {}", self.config.hostname));
    }

    pub(super) fn ehlo_reply(&mut self, reply: &Reply) {
        match (reply.class(), self.config.mode) {
            (Class::Delivered, Mode::Smtp | Mode::Lmtp) => {
                self.offers = Offers::parse(reply.lines.get(1..).unwrap_or_default());
                self.after_hello();
            }
            // RFC 5321 section 3.2: a server that does not know EHLO may know HELO.
            (Class::Permanent, Mode::Smtp) => {
                self.enter(State::AwaitHelo);
                self.command(&format!("HELO {}", self.config.hostname));
            }
            (Class::Permanent, Mode::Lmtp) | (Class::Temporary, Mode::Smtp | Mode::Lmtp) => {
                self.refused(Stage::Hello, reply, failed(reply));
            }
        }
    }

    pub(super) fn helo_reply(&mut self, reply: &Reply) {
        match reply.class() {
            Class::Delivered => self.after_hello(),
            Class::Temporary | Class::Permanent => self.refused(Stage::Hello, reply, failed(reply)),
        }
    }

    /// What next: TLS, log-in, or work?
    fn after_hello(&mut self) {
        let wants_tls = match self.config.tls {
            ClientTls::Opportunistic => self.offers.starttls,
            ClientTls::Required => true,
            ClientTls::Never | ClientTls::AlreadyTls => false,
        };
        if !wants_tls || self.tls.is_some() {
            self.log_in();
        } else if self.offers.starttls {
            self.enter(State::AwaitStartTls);
            self.command("STARTTLS");
        } else {
            let reply = Reply::new(
                454,
                (4, 7, 0),
                "TLS is required here, and the server does not offer it",
            );
            self.refused(Stage::StartTls, &reply, Class::Temporary);
        }
    }

    pub(super) fn starttls_reply(&mut self, reply: &Reply) {
        match (reply.code, self.config.tls) {
            (220, _) => {
                self.flush();
                self.lines.reset();
                self.enter(State::AwaitTls);
                self.output.push_back(Output::StartTls);
            }
            // RFC 3207 section 4: the client decides whether to go on; without a policy that forbids it,
            // mail in the clear is better than none.
            (_, ClientTls::Opportunistic) => self.log_in(),
            // A server that cannot do TLS today may be able tomorrow: never a reason for a bounce.
            (_, ClientTls::Required | ClientTls::Never | ClientTls::AlreadyTls) => {
                self.refused(Stage::StartTls, reply, Class::Temporary);
            }
        }
    }

    /// The handshake is done: what the server said before does not count (RFC 3207 section 4.2).
    pub(super) fn tls_began(&mut self, tls: TlsInfo) {
        self.tls = Some(tls);
        if matches!(self.state, State::AwaitTls) {
            self.say_hello();
        }
    }
}

/// The class of a reply that is no success, whatever its code: a 2yz or 3yz in the wrong place makes no
/// sense, and may make some later.
pub(super) fn failed(reply: &Reply) -> Class {
    match reply.class() {
        Class::Permanent => Class::Permanent,
        Class::Delivered | Class::Temporary => Class::Temporary,
    }
}
