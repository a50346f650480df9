//! Runs any session over a connection: reads when the session wants input, writes what it sends, asks the
//! handler what it asks, keeps its deadline, and closes. The contract is `posthorn_base::session`.
//!
//! Neighbouring sends become one write. What is to be sent is written out before the driver waits for
//! anything: for the peer, or for an answer that is not ready at once. An idle connection holds no read
//! buffer: the octets are read to the stack and handed over within one poll.

mod outgoing;
#[cfg(test)]
mod tests;
mod timer;

use std::future::poll_fn;
use std::io;
use std::mem::MaybeUninit;
use std::pin::{Pin, pin};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use posthorn_base::session::{Output, Session};
use posthorn_runtime::{Shutdown, clock};
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt, ReadBuf};

use crate::stream::{Broken, Stream};
use crate::tls::{HandshakeError, TlsSide};
use outgoing::Outgoing;
use timer::Timer;

/// A peer that takes none of our octets for this long is gone.
const WRITE_TIMEOUT: Duration = Duration::from_secs(300);
/// How long a closed connection stays, so that the peer gets what we sent last: closing while its octets
/// lie unread would make the system throw ours away.
const LINGER: Duration = Duration::from_secs(2);
/// Octets read at once; on the stack.
const READ_OCTETS: usize = 16 * 1024;

/// What a session's questions and events mean; the shell's side of one connection.
pub trait Handler<S: Session>: Send {
    /// Answers a question. The connection reads nothing meanwhile. Dropped before its end only when the
    /// session's deadline makes it close, or the program ends.
    fn answer(&mut self, ask: S::Ask) -> impl Future<Output = S::Answer> + Send;

    /// Takes note of an event.
    fn event(&mut self, event: S::Event);

    /// Completes when the session should get `handle_notice`. Must lose nothing when it is dropped and
    /// called anew, which happens each time something else comes first.
    fn notice(&mut self) -> impl Future<Output = ()> + Send {
        std::future::pending()
    }
}

impl<S: Session<Ask: Send>, H: Handler<S>> Handler<S> for &mut H {
    fn answer(&mut self, ask: S::Ask) -> impl Future<Output = S::Answer> + Send {
        H::answer(self, ask)
    }

    fn event(&mut self, event: S::Event) {
        H::event(self, event);
    }

    fn notice(&mut self) -> impl Future<Output = ()> + Send {
        H::notice(self)
    }
}

/// How a connection ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ended {
    /// The session closed it.
    Closed,
    /// The session closed it after it was told of the shutdown.
    Shutdown,
    /// The peer closed it.
    PeerClosed,
    /// The peer took none of our octets for five minutes.
    WriteTimeout,
    /// TLS could not be negotiated after the session started it.
    TlsFailed(HandshakeError),
    /// What the peer compressed cannot be read.
    BrokenCompression,
    /// The connection broke.
    Io(io::ErrorKind),
    /// The session asked a second question, or changed the connection, while a question was outstanding.
    ContractBroken,
}

/// Runs `session` on `stream` to its end. A stream under TLS is announced by `handle_tls` first.
///
/// Dropping the future closes the connection at once.
pub fn drive<'a, S, H>(
    stream: Stream,
    session: S,
    handler: H,
    shutdown: &'a Shutdown,
    tls: TlsSide,
) -> impl Future<Output = Ended> + Send + use<'a, S, H>
where
    S: Session<Ask: Send, Answer: Send, Event: Send> + Send + 'a,
    H: Handler<S> + 'a,
{
    // Put together outside of the async block, which would keep room for arguments and driver both.
    let mut driver = Driver {
        session,
        handler,
        out: Outgoing::default(),
        is_told: false,
    };
    let mut stream = stream;
    async move {
        if let Some(info) = stream.tls_info() {
            driver.session.handle_tls(clock::now(), info);
        }
        let mut timer = Timer::new();
        let mut stop = pin!(shutdown.wait());
        loop {
            match driver.run(&mut stream, &mut timer, stop.as_mut()).await {
                Exit::Ended(ended) => return ended,
                Exit::StartCompression => {
                    stream.start_compression();
                    driver.session.handle_compression(clock::now());
                    continue;
                }
                Exit::EndCompression => {
                    stream.end_compression();
                    continue;
                }
                Exit::StartTls => {}
            }
            // On the heap for the time of the handshake only.
            stream = match Box::pin(stream.start_tls(&tls)).await {
                Ok(stream) => stream,
                Err(reason) => return Ended::TlsFailed(reason),
            };
            if let Some(info) = stream.tls_info() {
                driver.session.handle_tls(clock::now(), info);
            }
        }
    }
}

struct Driver<S, H> {
    session: S,
    handler: H,
    out: Outgoing,
    /// Was the session told of the shutdown?
    is_told: bool,
}

enum Exit {
    StartTls,
    StartCompression,
    EndCompression,
    Ended(Ended),
}

/// What the driver waited for.
enum Woke {
    Input,
    PeerClosed,
    Broken(io::Error),
    Deadline,
    Notice,
    Shutdown,
}

impl<S, H> Driver<S, H>
where
    S: Session<Ask: Send, Answer: Send, Event: Send> + Send,
    H: Handler<S>,
{
    async fn run<T, F>(&mut self, io: &mut T, timer: &mut Timer, mut stop: Pin<&mut F>) -> Exit
    where
        T: AsyncRead + AsyncWrite + Unpin + Send,
        F: Future<Output = ()> + Send,
    {
        loop {
            if let Some(exit) = self.handle_outputs(io, timer).await {
                return exit;
            }
            match self.wait(io, timer, stop.as_mut()).await {
                // The session already has it.
                Woke::Input => {}
                Woke::PeerClosed => return Exit::Ended(Ended::PeerClosed),
                Woke::Broken(cause) => return Exit::Ended(from_io(&cause)),
                Woke::Deadline => self.session.handle_timeout(clock::now()),
                Woke::Notice => self.session.handle_notice(clock::now()),
                Woke::Shutdown => {
                    self.is_told = true;
                    self.session.handle_shutdown(clock::now());
                }
            }
        }
    }

    /// Does what the session wants until it wants nothing; then everything is written out.
    async fn handle_outputs<T>(&mut self, io: &mut T, timer: &mut Timer) -> Option<Exit>
    where
        T: AsyncRead + AsyncWrite + Unpin + Send,
    {
        while let Some(output) = self.session.poll_output() {
            let failed = match output {
                Output::Send(octets) => self.send(io, octets).await.err(),
                Output::Event(event) => {
                    self.handler.event(event);
                    None
                }
                Output::Ask(ask) => self.ask(io, timer, ask).await.err(),
                Output::StartTls => return Some(self.leave(io, Exit::StartTls).await),
                Output::StartCompression => return Some(self.leave(io, Exit::StartCompression).await),
                Output::EndCompression => return Some(self.leave(io, Exit::EndCompression).await),
                Output::Close => Some(self.close(io).await),
            };
            if let Some(ended) = failed {
                return Some(Exit::Ended(ended));
            }
        }
        self.write_out(io).await.err().map(Exit::Ended)
    }

    /// Takes octets to be sent; a large piece is not copied behind what waits, but waits for that itself.
    async fn send<T: AsyncWrite + Unpin>(&mut self, io: &mut T, octets: Vec<u8>) -> Result<(), Ended> {
        if outgoing::is_large(&octets) {
            self.write_out(io).await?;
        }
        self.out.push(octets);
        match self.out.is_full() {
            true => self.write_out(io).await,
            false => Ok(()),
        }
    }

    /// Leaves, for what must be done with the connection, once everything is written out.
    async fn leave<T: AsyncWrite + Unpin>(&mut self, io: &mut T, exit: Exit) -> Exit {
        match self.write_out(io).await {
            Ok(()) => exit,
            Err(ended) => Exit::Ended(ended),
        }
    }

    /// Gets the answer to a question. What was sent before is written out meanwhile, but only if the
    /// answer is not ready at once: replies to pipelined commands then share a write.
    async fn ask<T>(&mut self, io: &mut T, timer: &mut Timer, ask: S::Ask) -> Result<(), Ended>
    where
        T: AsyncRead + AsyncWrite + Unpin + Send,
    {
        let Self {
            session,
            handler,
            out,
            ..
        } = self;
        // On the heap, so that an idle connection keeps no room for it.
        let mut answer = Box::pin(handler.answer(ask));
        let mut broken = None;
        let mut events = Vec::new();
        let result = loop {
            let deadline = session.deadline();
            let answered = poll_fn(|cx| {
                if let Poll::Ready(answer) = answer.as_mut().poll(cx) {
                    return Poll::Ready(Some(answer));
                }
                if broken.is_none()
                    && let Poll::Ready(Err(cause)) = out.poll_write_out(io, cx)
                {
                    broken = Some(cause);
                }
                timer.poll(deadline, cx).map(|()| None)
            });
            if let Some(answer) = answered.await {
                break Ok(Some(answer));
            }
            session.handle_timeout(clock::now());
            match take_late_outputs(session, out, &mut events) {
                Late::Waits => {}
                Late::Closes => break Ok(None),
                Late::BreaksContract => break Err(Ended::ContractBroken),
            }
        };
        drop(answer);
        events.into_iter().for_each(|event| handler.event(event));
        // The answer was waited for although the connection is broken: what the handler does for a
        // question is done whole.
        if let Some(cause) = broken {
            return Err(from_io(&cause));
        }
        match result? {
            Some(answer) => {
                session.answer(clock::now(), answer);
                Ok(())
            }
            None => Err(self.close(io).await),
        }
    }

    /// Writes everything out, as fast as the peer takes it.
    async fn write_out<T: AsyncWrite + Unpin>(&mut self, io: &mut T) -> Result<(), Ended> {
        while !self.out.is_empty() {
            let progress = poll_fn(|cx| self.out.poll_progress(io, cx));
            match tokio::time::timeout(WRITE_TIMEOUT, progress).await {
                Ok(Ok(())) => {}
                Ok(Err(cause)) => return Err(from_io(&cause)),
                Err(_elapsed) => return Err(Ended::WriteTimeout),
            }
        }
        Ok(())
    }

    /// Writes everything out, says good-bye in TLS and TCP, and gives the peer a moment to take it all.
    async fn close<T>(&mut self, io: &mut T) -> Ended
    where
        T: AsyncRead + AsyncWrite + Unpin + Send,
    {
        if let Err(ended) = self.write_out(io).await {
            return ended;
        }
        let farewell = async {
            if io.shutdown().await.is_ok() {
                while poll_fn(|cx| poll_read(io, cx, |_discarded| {}))
                    .await
                    .is_ok_and(|count| count > 0)
                {}
            }
        };
        // The session is over either way.
        let _timed_out = tokio::time::timeout(LINGER, Box::pin(farewell)).await;
        match self.is_told {
            true => Ended::Shutdown,
            false => Ended::Closed,
        }
    }

    /// Waits for whatever comes first. Input is last, so that a busy peer cannot hold up the others.
    async fn wait<T, F>(&mut self, io: &mut T, timer: &mut Timer, mut stop: Pin<&mut F>) -> Woke
    where
        T: AsyncRead + Unpin,
        F: Future<Output = ()>,
    {
        let Self {
            session,
            handler,
            is_told,
            ..
        } = self;
        let mut notice = pin!(handler.notice());
        poll_fn(|cx| {
            if !*is_told && stop.as_mut().poll(cx).is_ready() {
                return Poll::Ready(Woke::Shutdown);
            }
            if timer.poll(session.deadline(), cx).is_ready() {
                return Poll::Ready(Woke::Deadline);
            }
            if notice.as_mut().poll(cx).is_ready() {
                return Poll::Ready(Woke::Notice);
            }
            if !session.wants_input() {
                return Poll::Pending;
            }
            poll_read(io, cx, |octets| session.handle_input(clock::now(), octets)).map(|read| match read {
                Ok(0) => Woke::PeerClosed,
                Ok(_) => Woke::Input,
                Err(cause) => Woke::Broken(cause),
            })
        })
        .await
    }
}

/// What a session does when its deadline comes while a question is outstanding.
enum Late {
    Waits,
    Closes,
    BreaksContract,
}

fn take_late_outputs<S: Session>(session: &mut S, out: &mut Outgoing, events: &mut Vec<S::Event>) -> Late {
    while let Some(output) = session.poll_output() {
        match output {
            Output::Send(octets) => out.push(octets),
            // Kept until the handler is free.
            Output::Event(event) => events.push(event),
            Output::Close => return Late::Closes,
            Output::Ask(_) | Output::StartTls | Output::StartCompression | Output::EndCompression => {
                return Late::BreaksContract;
            }
        }
    }
    Late::Waits
}

/// Reads once and hands the octets over before this returns; gives their count, 0 at the end.
fn poll_read<T: AsyncRead + Unpin>(
    io: &mut T,
    cx: &mut Context<'_>,
    take: impl FnOnce(&[u8]),
) -> Poll<io::Result<usize>> {
    let mut space = [MaybeUninit::<u8>::uninit(); READ_OCTETS];
    let mut buffer = ReadBuf::uninit(&mut space);
    ready!(Pin::new(io).poll_read(cx, &mut buffer))?;
    let octets = buffer.filled();
    if !octets.is_empty() {
        take(octets);
    }
    Poll::Ready(Ok(octets.len()))
}

/// Under TLS, a peer that closes without saying so there comes as an unexpected end; many do, and what a
/// session acts on is framed by its protocol.
fn from_io(cause: &io::Error) -> Ended {
    if cause.get_ref().is_some_and(|cause| cause.is::<Broken>()) {
        Ended::BrokenCompression
    } else if cause.kind() == io::ErrorKind::UnexpectedEof {
        Ended::PeerClosed
    } else {
        Ended::Io(cause.kind())
    }
}
