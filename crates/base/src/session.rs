//! The contract of every protocol session: bytes in, bytes out. One driver (`net`) and one transcript
//! runner (`testkit`) serve all protocols through it. Nothing here does input or output.
//!
//! The shell calls `handle_…` for what comes from outside, `answer` for what the session asked, and after
//! each of these polls `poll_output` until it gives `None`. A session never blocks, never asks a clock
//! and holds no more than its limits allow.

use std::time::Instant;

/// What a session wants from outside, in the order it wants it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Output<A, E> {
    /// Send these octets to the peer. Neighbouring `Send`s may be joined.
    Send(Vec<u8>),
    /// Everything sent so far must reach the peer in plain text; then negotiate TLS and call
    /// [`Session::handle_tls`]. Octets that came before the handshake are the session's to discard.
    StartTls,
    /// Everything sent so far must reach the peer as it is; from here on both ways are one stream of DEFLATE
    /// each (RFC 1951): call [`Session::handle_compression`]. Octets that came before are the session's to
    /// discard.
    StartCompression,
    /// Everything sent so far must reach the peer compressed; from here on nothing is. The peer's stream ends
    /// where it last flushed.
    EndCompression,
    /// A question. Until [`Session::answer`] is called the session only holds input, up to its limit.
    /// At most one question is outstanding.
    Ask(A),
    /// Something happened that the shell should know; needs no answer.
    Event(E),
    /// Close the connection once everything sent so far is written. The last output of a session.
    Close,
}

/// The facts of a TLS connection that a session may rely on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TlsInfo {
    /// `TLSv1.3` or `TLSv1.2`.
    pub version: String,
    /// The IANA name of the cipher suite.
    pub cipher: String,
    /// Channel binding `tls-exporter` (RFC 9266); `None` below TLS 1.3.
    pub exporter: Option<Vec<u8>>,
    /// Channel binding `tls-server-end-point` (RFC 5929 section 4): the hash of the server's certificate.
    pub server_end_point: Option<Vec<u8>>,
}

/// One side of one connection of one protocol.
pub trait Session {
    /// What it asks.
    type Ask;
    /// What it is told.
    type Answer;
    /// What it reports.
    type Event;

    /// Octets came from the peer. Any split of the same octets gives the same output.
    fn handle_input(&mut self, now: Instant, octets: &[u8]);

    /// TLS was negotiated, after [`Output::StartTls`] or before the first octet (implicit TLS).
    fn handle_tls(&mut self, now: Instant, tls: TlsInfo);

    /// Both ways are compressed from here on, after [`Output::StartCompression`].
    fn handle_compression(&mut self, _now: Instant) {}

    /// The moment of [`Self::deadline`] has come.
    fn handle_timeout(&mut self, now: Instant);

    /// The server is going down: say so to the peer where the protocol can, then close.
    fn handle_shutdown(&mut self, now: Instant);

    /// Something may have changed in what the session looks at (a hint without data).
    fn handle_notice(&mut self, _now: Instant) {}

    /// The answer to the outstanding question. An answer that does not fit it ends the session with the
    /// protocol's temporary failure.
    fn answer(&mut self, now: Instant, answer: Self::Answer);

    /// The next thing the session wants; `None` when it waits.
    fn poll_output(&mut self) -> Option<Output<Self::Ask, Self::Event>>;

    /// When [`Self::handle_timeout`] must be called; `None` when the session can wait for ever.
    fn deadline(&self) -> Option<Instant>;

    /// May the shell read more from the peer? `false` while a question is outstanding or the held input
    /// has reached its limit: the peer then feels back-pressure.
    fn wants_input(&self) -> bool;
}
