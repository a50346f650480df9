//! Serves one connection: hyper reads requests and writes responses. `posthorn_net` accepts and counts
//! connections and contains their faults.

use std::convert::Infallible;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use hyper::Request;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use posthorn_net::{Accepted, Connections};
use posthorn_runtime::Shutdown;
use posthorn_store::Store;

use crate::facts::Facts;
use crate::patience::Patient;
use crate::routes::Site;

/// Octets of a request line and all fields.
const HEAD_OCTETS: usize = 16 * 1024;
/// Fields of a request.
const FIELDS: usize = 64;
/// How long a request may take to arrive whole, from connecting or from the response before it. So it is
/// also how long an idle connection stays.
const HEAD_TIMEOUT: Duration = Duration::from_secs(10);
/// A peer that takes none of our octets for this long is gone.
const WRITE_TIMEOUT: Duration = Duration::from_secs(30);
/// The web pages of one node. Clones share everything.
#[derive(Clone)]
pub struct HttpServer {
    site: Arc<Site>,
}

impl HttpServer {
    /// What a peer hears when there are too many connections.
    pub const REFUSAL: &[u8] =
        b"HTTP/1.1 503 Service Unavailable\r\nRetry-After: 10\r\nConnection: close\r\n\
        Content-Length: 0\r\n\r\n";

    /// Pages that tell `facts`, whether `store` answers, and how many connections `connections` counts; new
    /// ones of our own enter the same count.
    #[must_use]
    pub fn new(facts: Facts, store: Store, connections: Connections) -> Self {
        Self {
            site: Arc::new(Site::new(facts, store, connections)),
        }
    }

    /// Serves one connection to its end. After `shutdown` only a response on its way is finished.
    pub async fn connection(&self, accepted: Accepted, shutdown: &Shutdown) {
        let (session, peer) = (accepted.session_id, accepted.peer);
        let service = service_fn(|request: Request<Incoming>| async move {
            let response = self.site.answer(&request, peer.ip()).await;
            // Without the query: it may hold an address.
            let (method, path) = (request.method(), request.uri().path());
            tracing::debug!(%session, %peer, %method, ?path, status = response.status().as_u16(), "web page");
            Ok::<_, Infallible>(response)
        });
        let io = TokioIo::new(Patient::new(accepted.stream, WRITE_TIMEOUT));
        let mut connection = pin!(protocol().serve_connection(io, service));
        let ended = tokio::select! {
            ended = connection.as_mut() => ended,
            () = shutdown.wait() => {
                connection.as_mut().graceful_shutdown();
                connection.await
            }
        };
        if let Err(cause) = ended {
            tracing::debug!(%session, %peer, %cause, "web connection broken off");
        }
    }
}

/// HTTP/1.1 within our limits.
fn protocol() -> http1::Builder {
    let mut protocol = http1::Builder::new();
    protocol
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD_TIMEOUT)
        .max_header_size(HEAD_OCTETS)
        .max_buf_size(HEAD_OCTETS)
        .max_headers(FIELDS);
    protocol
}
