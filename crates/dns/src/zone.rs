//! A name server for a handful of zones, for the demonstration (a private internet on loopback) and the
//! tests: authoritative, over UDP and TCP on one port, with zones from zone-file text (RFC 1035 section 5).
//! It can also misbehave on purpose. It does not recurse, transfer zones or take updates: not for the open
//! internet.

use std::collections::HashMap;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use hickory_proto::op::{Header, HeaderCounts, MessageType, Metadata, ResponseCode};
use hickory_proto::rr::{LowerName, Name, RecordType, RrKey};
use hickory_proto::serialize::txt::Parser;
use hickory_server::Server;
use hickory_server::net::runtime::{Time, TokioRuntimeProvider};
use hickory_server::server::{Request, RequestHandler, ResponseHandler, ResponseInfo};
use hickory_server::store::in_memory::InMemoryZoneHandler;
use hickory_server::zone_handler::{AxfrPolicy, Catalog, MessageResponseBuilder, ZoneType};
use tokio::net::{TcpListener, UdpSocket};

/// How long a TCP client may be silent.
const TCP_TIMEOUT: Duration = Duration::from_secs(5);
/// Answers that wait for a slow TCP client.
const TCP_ANSWERS: usize = 32;
/// How many free UDP ports are tried until one is free for TCP too.
const PORT_ATTEMPTS: usize = 50;

/// One zone and its records.
pub struct Zone {
    origin: LowerName,
    handler: InMemoryZoneHandler<TokioRuntimeProvider>,
}

impl std::fmt::Debug for Zone {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Zone")
            .field("origin", &self.origin)
            .finish_non_exhaustive()
    }
}

/// Why a text is no zone, or a server cannot start.
#[derive(Debug, thiserror::Error)]
pub enum ZoneError {
    /// The name of the zone is no domain name.
    #[error("`{0}` is no name for a zone")]
    BadOrigin(String),
    /// The records cannot be read.
    #[error("zone {origin}: {reason}")]
    BadRecords {
        /// Which zone.
        origin: String,
        /// What is wrong.
        reason: String,
    },
    /// The address cannot be used.
    #[error("the name server cannot listen on {address}: {cause}")]
    Listen {
        /// Which address.
        address: SocketAddr,
        /// What the system said.
        cause: io::Error,
    },
}

impl Zone {
    /// Reads a zone named `origin` (`example.test`, `2.0.127.in-addr.arpa`, `.` for the root) from
    /// zone-file text. Names without a final dot are below the origin; `@` is the origin itself. A time to
    /// live of a minute and an SOA record are added where the text has none. `$INCLUDE` is refused.
    ///
    /// # Errors
    /// When the name or a record cannot be read.
    pub fn parse(origin: &str, text: &str) -> Result<Self, ZoneError> {
        let name = Name::from_utf8(origin.trim_end_matches('.'));
        let mut name = name.map_err(|_cause| ZoneError::BadOrigin(origin.to_owned()))?;
        name.set_fqdn(true);
        let bad = |reason: String| ZoneError::BadRecords {
            origin: origin.to_owned(),
            reason,
        };
        if text.to_ascii_uppercase().contains("$INCLUDE") {
            return Err(bad("$INCLUDE is not allowed".to_owned()));
        }
        let read = |text: String| Parser::new(text, None, Some(name.clone())).parse();
        let (_, mut records) = read(format!("$TTL 60\n{text}\n")).map_err(|why| bad(why.to_string()))?;
        let soa = RrKey::new(LowerName::new(&name), RecordType::SOA);
        if !records.contains_key(&soa) {
            let line = format!("$TTL 60\n{name} IN SOA {name} {name} 1 60 60 60 60\n");
            let (_, made) = read(line).map_err(|why| bad(why.to_string()))?;
            records.extend(made);
        }
        let handler = InMemoryZoneHandler::new(name.clone(), records, ZoneType::Primary, AxfrPolicy::Deny);
        Ok(Self {
            origin: LowerName::new(&name),
            handler: handler.map_err(bad)?,
        })
    }
}

/// How the server misbehaves for a name and everything below it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trouble {
    /// No answer at all.
    Silence,
    /// SERVFAIL.
    ServFail,
    /// REFUSED.
    Refused,
}

/// A running name server; it stops when it is dropped.
pub struct ZoneServer {
    local_addr: SocketAddr,
    server: Server<Handler>,
}

impl std::fmt::Debug for ZoneServer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ZoneServer")
            .field("local_addr", &self.local_addr)
            .finish_non_exhaustive()
    }
}

impl ZoneServer {
    /// Starts serving `zones` on `bind`; with port 0 on a port that is free for both UDP and TCP.
    ///
    /// # Errors
    /// [`ZoneError::Listen`] when the address cannot be used.
    pub async fn start(bind: SocketAddr, zones: Vec<Zone>) -> Result<Self, ZoneError> {
        Self::start_with_trouble(bind, zones, &[]).await
    }

    /// As [`Self::start`], misbehaving for the given names and those below them.
    ///
    /// # Errors
    /// As [`Self::start`]; [`ZoneError::BadOrigin`] for a name of trouble that is none.
    pub async fn start_with_trouble(
        bind: SocketAddr,
        zones: Vec<Zone>,
        trouble: &[(&str, Trouble)],
    ) -> Result<Self, ZoneError> {
        let mut catalog = Catalog::new();
        for zone in zones {
            catalog.upsert(zone.origin, vec![Arc::new(zone.handler)]);
        }
        let mut troubled = HashMap::new();
        for (name, kind) in trouble {
            let mut parsed =
                Name::from_utf8(name).map_err(|_cause| ZoneError::BadOrigin((*name).to_owned()))?;
            parsed.set_fqdn(true);
            troubled.insert(LowerName::new(&parsed), *kind);
        }
        let listening = listen(bind).await;
        let (udp, tcp, local_addr) = listening.map_err(|cause| ZoneError::Listen { address: bind, cause })?;
        let mut server = Server::new(Handler { catalog, troubled });
        server.register_socket(udp);
        server.register_listener(tcp, TCP_TIMEOUT, TCP_ANSWERS);
        Ok(Self { local_addr, server })
    }

    /// Where it answers, over UDP and TCP.
    #[must_use]
    pub fn local_addr(&self) -> SocketAddr {
        self.local_addr
    }

    /// Stops and waits until its ports are free.
    pub async fn shutdown(mut self) {
        if let Err(error) = self.server.shutdown_gracefully().await {
            tracing::warn!(%error, "the name server ended with an error");
        }
    }
}

async fn listen(bind: SocketAddr) -> io::Result<(UdpSocket, TcpListener, SocketAddr)> {
    let mut attempts = PORT_ATTEMPTS;
    loop {
        let udp = UdpSocket::bind(bind).await?;
        let address = udp.local_addr()?;
        match TcpListener::bind(address).await {
            Ok(tcp) => return Ok((udp, tcp, address)),
            Err(error) if bind.port() != 0 || attempts == 0 => return Err(error),
            Err(_) => attempts = attempts.saturating_sub(1),
        }
    }
}

/// The zones, behind the trouble.
struct Handler {
    catalog: Catalog,
    troubled: HashMap<LowerName, Trouble>,
}

impl Handler {
    fn trouble(&self, request: &Request) -> Option<Trouble> {
        let info = request.request_info().ok()?;
        let asked = info.query.name();
        self.troubled
            .iter()
            .find(|(name, _)| name.zone_of(asked))
            .map(|(_, trouble)| *trouble)
    }
}

#[async_trait::async_trait]
impl RequestHandler for Handler {
    async fn handle_request<R: ResponseHandler, T: Time>(
        &self,
        request: &Request,
        mut response_handle: R,
    ) -> ResponseInfo {
        let code = match self.trouble(request) {
            None => {
                return self
                    .catalog
                    .handle_request::<R, T>(request, response_handle)
                    .await;
            }
            Some(Trouble::Silence) => return unanswered(request),
            Some(Trouble::ServFail) => ResponseCode::ServFail,
            Some(Trouble::Refused) => ResponseCode::Refused,
        };
        let response =
            MessageResponseBuilder::from_message_request(request).error_msg(&request.metadata, code);
        response_handle
            .send_response(response)
            .await
            .unwrap_or_else(|error| {
                tracing::debug!(%error, "an answer of the name server was lost");
                unanswered(request)
            })
    }
}

/// What the server notes about a question that it did not answer.
fn unanswered(request: &Request) -> ResponseInfo {
    let metadata = Metadata::new(
        request.metadata.id,
        MessageType::Response,
        request.metadata.op_code,
    );
    ResponseInfo::from(Header {
        metadata,
        counts: HeaderCounts::default(),
    })
}
