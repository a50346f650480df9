//! The client session with one more thing to report: that TLS began, and which.

use std::time::Instant;

use posthorn_base::TlsInfo;
use posthorn_base::session::{Output, Session};
use posthorn_smtp::client::{Answer, Ask, ClientSession, Event};

/// What the session reports.
pub(crate) enum Seen {
    Smtp(Event),
    Tls(TlsInfo),
}

pub(crate) struct Watched {
    inner: ClientSession,
    tls: Option<TlsInfo>,
}

impl Watched {
    pub(crate) fn new(inner: ClientSession) -> Self {
        Self { inner, tls: None }
    }
}

impl Session for Watched {
    type Ask = Ask;
    type Answer = Answer;
    type Event = Seen;

    fn handle_input(&mut self, now: Instant, octets: &[u8]) {
        self.inner.handle_input(now, octets);
    }

    fn handle_tls(&mut self, now: Instant, tls: TlsInfo) {
        self.tls = Some(tls.clone());
        self.inner.handle_tls(now, tls);
    }

    fn handle_compression(&mut self, now: Instant) {
        self.inner.handle_compression(now);
    }

    fn handle_timeout(&mut self, now: Instant) {
        self.inner.handle_timeout(now);
    }

    fn handle_shutdown(&mut self, now: Instant) {
        self.inner.handle_shutdown(now);
    }

    fn answer(&mut self, now: Instant, answer: Answer) {
        self.inner.answer(now, answer);
    }

    fn poll_output(&mut self) -> Option<Output<Ask, Seen>> {
        if let Some(tls) = self.tls.take() {
            return Some(Output::Event(Seen::Tls(tls)));
        }
        Some(match self.inner.poll_output()? {
            Output::Send(octets) => Output::Send(octets),
            Output::StartTls => Output::StartTls,
            Output::StartCompression => Output::StartCompression,
            Output::EndCompression => Output::EndCompression,
            Output::Ask(ask) => Output::Ask(ask),
            Output::Event(event) => Output::Event(Seen::Smtp(event)),
            Output::Close => Output::Close,
        })
    }

    fn deadline(&self) -> Option<Instant> {
        self.inner.deadline()
    }

    fn wants_input(&self) -> bool {
        self.inner.wants_input()
    }
}
