//! Accepts connections on one port and gives each a task of its own. A task that panics ends its own
//! connection and no other; running out of file handles slows accepting down and ends nothing.

mod accept;
#[cfg(test)]
mod tests;

use std::any::Any;
use std::fmt;
use std::future::poll_fn;
use std::io::Write as _;
use std::net::SocketAddr;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use posthorn_base::SessionId;
use posthorn_runtime::{Shutdown, random};
use tokio::net::TcpStream;
use tokio::task::JoinSet;

use crate::binding::Listener;
use crate::limits::{Connections, Refusal, Slot};
use crate::stream::Stream;
use crate::tls::{ServerTls, TlsSide};
use accept::Acceptor;

/// A connection that was let in.
#[derive(Debug)]
pub struct Accepted {
    /// The connection; under TLS already where the port asks for that.
    pub stream: Stream,
    /// The peer's address and port.
    pub peer: SocketAddr,
    /// Our address and port that the peer reached.
    pub local: SocketAddr,
    /// The id under which the connection stands in the log.
    pub session_id: SessionId,
}

/// The octets a refused peer gets before the connection closes, such as a 421 line.
pub type Refuse = Arc<dyn Fn(Refusal) -> Vec<u8> + Send + Sync>;

/// How a port is served.
#[derive(Clone)]
pub struct Serving {
    /// The count that new connections enter; share it among ports that share the limits.
    pub connections: Connections,
    /// Negotiate TLS before anything else (implicit TLS, RFC 8314 section 3).
    pub implicit_tls: Option<ServerTls>,
    /// How long sessions may take to end after the shutdown was triggered.
    pub grace: Duration,
    /// What a refused peer is told. Not asked under implicit TLS: the peer could not read it.
    pub refuse: Refuse,
}

impl fmt::Debug for Serving {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Serving")
            .field("connections", &self.connections)
            .field("implicit_tls", &self.implicit_tls)
            .field("grace", &self.grace)
            .finish_non_exhaustive()
    }
}

/// Serves `listener` until `shutdown`: gives each connection to `make` and runs what it returns. Then takes no
/// more connections, waits for the sessions, which hear of the shutdown by themselves, at most for the
/// grace, cuts off what is left, and returns.
pub async fn serve<M, F>(listener: Listener, serving: Serving, shutdown: &Shutdown, make: M)
where
    M: Fn(Accepted) -> F + Send + Sync + 'static,
    F: Future<Output = ()> + Send + 'static,
{
    let make = Arc::new(make);
    let mut tasks = JoinSet::new();
    let local = listener.local_addr();
    let mut acceptor = Acceptor::new(listener.socket);
    loop {
        tokio::select! {
            biased;
            () = shutdown.wait() => break,
            // Only to forget the ended ones; the tasks themselves have caught any panic.
            Some(_ended) = tasks.join_next() => {}
            (tcp, peer) = acceptor.next() => {
                let Some((tcp, slot)) = admit(tcp, peer, &serving) else {
                    continue;
                };
                let session_id = random::session_id();
                let connection = run(tcp, peer, session_id, serving.implicit_tls.clone(), Arc::clone(&make));
                // Boxed before it is wrapped: the wrapper would keep room for it twice.
                tasks.spawn(contain(Box::pin(connection), slot, session_id));
            }
        }
    }
    // The port is free from here on.
    drop(acceptor);
    let left = tasks.len();
    tracing::debug!(%local, left, "no more connections are taken");
    let all_ended = async { while tasks.join_next().await.is_some() {} };
    if tokio::time::timeout(serving.grace, all_ended).await.is_err() {
        tracing::warn!(%local, left = tasks.len(), "sessions are cut off at the end of the grace");
        tasks.shutdown().await;
    }
}

/// Gives a connection its place in the count, or tells the peer that there is none.
fn admit(tcp: TcpStream, peer: SocketAddr, serving: &Serving) -> Option<(TcpStream, Slot)> {
    let refusal = match serving.connections.enter(peer.ip()) {
        Ok(slot) => return Some((tcp, slot)),
        Err(refusal) => refusal,
    };
    tracing::info!(%peer, ?refusal, "connection refused: too many");
    if serving.implicit_tls.is_none() {
        let octets = (serving.refuse)(refusal);
        // The send buffer of a new connection is empty: what fits goes out, and nobody waits for more.
        let written = tcp.into_std().and_then(|mut tcp| tcp.write(&octets));
        if let Err(cause) = written {
            tracing::debug!(%peer, %cause, "the refused peer is gone already");
        }
    }
    None
}

/// One connection from its acceptance to its end.
async fn run<M, F>(
    tcp: TcpStream,
    peer: SocketAddr,
    session_id: SessionId,
    implicit_tls: Option<ServerTls>,
    make: Arc<M>,
) where
    M: Fn(Accepted) -> F,
    F: Future<Output = ()>,
{
    let Ok(local) = tcp.local_addr() else {
        return;
    };
    let mut stream = Stream::plain(tcp);
    if let Some(tls) = implicit_tls {
        stream = match stream.start_tls(&TlsSide::Server(tls)).await {
            Ok(stream) => stream,
            Err(reason) => {
                tracing::debug!(%session_id, %peer, %reason, "no TLS, no session");
                return;
            }
        };
    }
    make(Accepted {
        stream,
        peer,
        local,
        session_id,
    })
    .await;
}

/// Runs a connection; a panic ends it, is counted and logged, and goes no further. What the connection held
/// is dropped before its place in the count is given back.
async fn contain<F>(mut connection: Pin<Box<F>>, slot: Slot, session_id: SessionId)
where
    F: Future<Output = ()>,
{
    let result = poll_fn(|cx| {
        // Unwind safe: after a panic the connection is not polled again, only dropped.
        match catch_unwind(AssertUnwindSafe(|| connection.as_mut().poll(cx))) {
            Ok(poll) => poll.map(Ok),
            Err(panic) => Poll::Ready(Err(panic)),
        }
    })
    .await;
    drop(connection);
    if let Err(panic) = result {
        slot.connections().count_panic();
        tracing::error!(%session_id, panic = words(&*panic), "a fault of ours ended this connection");
    }
    drop(slot);
}

fn words(panic: &(dyn Any + Send)) -> &str {
    panic
        .downcast_ref::<&str>()
        .copied()
        .or_else(|| panic.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("without words")
}
