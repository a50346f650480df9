//! STARTTLS: RFC 3207. After the handshake nothing that was said before counts (section 4.2).

use posthorn_base::TlsInfo;
use posthorn_base::session::Output;

use super::ServerSession;
use super::fault::{Disorder, Fault};
use super::state::State;
use crate::codec::reply::Reply;

impl ServerSession {
    pub(super) fn starttls(&mut self, _argument: &str) {
        if self.tls.is_some() {
            self.refuse(&Fault::OutOfOrder(Disorder::AlreadyTls));
        } else if self.config.starttls_offered {
            self.send(&Reply::new(220, (2, 0, 0), "Ready to start TLS"));
            self.enter(State::AwaitTls);
            self.output.push_back(Output::StartTls);
        } else {
            self.refuse(&Fault::NotOffered);
        }
    }

    /// The handshake is done. What the client sent in plain text before it is dropped: it could have been
    /// put there by somebody in between (RFC 3207 section 5).
    pub(super) fn tls_began(&mut self, tls: TlsInfo) {
        if matches!(self.state, State::Closed) {
            return;
        }
        self.tls = Some(tls);
        self.hello = None;
        self.identity = None;
        self.lines.reset();
        self.is_line_tainted = false;
        self.held.clear();
        self.enter(State::AwaitHello);
    }
}
