//! The handshake, bounded in time, and what can go wrong with it.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use posthorn_base::TlsInfo;
use rustls::pki_types::ServerName;
use tokio::net::TcpStream;
use tokio_rustls::{TlsAcceptor, TlsConnector};

use super::binding::{self, EXPORTER_LABEL};
use super::{ClientTls, ServerTls};

/// How long a handshake may take, from the first octet to the last.
const HANDSHAKE_TIMEOUT: Duration = Duration::from_secs(30);

/// Which part the driver plays when a session says [`posthorn_base::session::Output::StartTls`].
#[derive(Clone, Debug)]
pub enum TlsSide {
    /// No TLS is set up; a session that starts it all the same ends.
    None,
    /// The server, with this certificate.
    Server(ServerTls),
    /// The client.
    Client {
        /// What the client accepts.
        tls: ClientTls,
        /// The name or address of the server as it must stand in the certificate.
        server_name: String,
    },
}

/// Why a connection could not be put under TLS.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum HandshakeError {
    /// A session started TLS where none is set up.
    #[error("TLS is not set up here")]
    NotConfigured,
    /// A session started TLS under TLS.
    #[error("the connection is under TLS already")]
    AlreadyTls,
    /// The server's name is none.
    #[error("'{0}' is no name a certificate can bear")]
    BadName(String),
    /// The peer took too long.
    #[error("the TLS handshake took longer than 30 s")]
    Timeout,
    /// The peer's certificate is not accepted.
    #[error("the certificate is not accepted: {0}")]
    Certificate(String),
    /// The peer sent an alert, or something that is not TLS, or offers nothing we share.
    #[error("the TLS handshake failed: {0}")]
    Protocol(String),
    /// The peer closed the connection during the handshake.
    #[error("the peer closed the connection during the TLS handshake")]
    PeerClosed,
    /// The connection broke.
    #[error("the connection broke during the TLS handshake: {0}")]
    Io(io::ErrorKind),
}

/// A connection under TLS, boxed: it is a kilobyte and more.
#[derive(Debug)]
pub(crate) struct TlsStream {
    pub(crate) io: tokio_rustls::TlsStream<TcpStream>,
    server_end_point: Option<Vec<u8>>,
}

impl TlsStream {
    /// What a session is told.
    pub(crate) fn info(&self) -> TlsInfo {
        let (_, connection) = self.io.get_ref();
        // Fails below TLS 1.2 with extended master secret only; then there is no binding to offer.
        let exporter = match &self.io {
            tokio_rustls::TlsStream::Client(io) => {
                io.get_ref()
                    .1
                    .export_keying_material([0; 32], EXPORTER_LABEL, None)
            }
            tokio_rustls::TlsStream::Server(io) => {
                io.get_ref()
                    .1
                    .export_keying_material([0; 32], EXPORTER_LABEL, None)
            }
        };
        binding::tls_info(connection, exporter.ok(), self.server_end_point.clone())
    }
}

/// Negotiates TLS on `tcp`. What the handshake needs beside the connection is freed at its end.
pub(crate) async fn handshake(tcp: TcpStream, side: &TlsSide) -> Result<Box<TlsStream>, HandshakeError> {
    let negotiation = async {
        match side {
            TlsSide::None => Err(HandshakeError::NotConfigured),
            TlsSide::Server(tls) => accept(tcp, tls).await,
            TlsSide::Client { tls, server_name } => connect(tcp, tls, server_name).await,
        }
    };
    tokio::time::timeout(HANDSHAKE_TIMEOUT, Box::pin(negotiation))
        .await
        .unwrap_or(Err(HandshakeError::Timeout))
}

async fn accept(tcp: TcpStream, tls: &ServerTls) -> Result<Box<TlsStream>, HandshakeError> {
    let loaded = tls.current();
    let io = TlsAcceptor::from(Arc::clone(&loaded.config))
        .accept(tcp)
        .await
        .map_err(|cause| from_io(&cause))?;
    Ok(Box::new(TlsStream {
        io: io.into(),
        server_end_point: loaded.server_end_point.clone(),
    }))
}

async fn connect(tcp: TcpStream, tls: &ClientTls, name: &str) -> Result<Box<TlsStream>, HandshakeError> {
    let server_name = ServerName::try_from(name.to_owned())
        .map_err(|_only_one_cause| HandshakeError::BadName(name.to_owned()))?;
    let io = TlsConnector::from(tls.config())
        .connect(server_name, tcp)
        .await
        .map_err(|cause| from_io(&cause))?;
    let leaf = io.get_ref().1.peer_certificates().and_then(<[_]>::first);
    let server_end_point = leaf.and_then(|leaf| binding::server_end_point(leaf));
    Ok(Box::new(TlsStream {
        io: io.into(),
        server_end_point,
    }))
}

fn from_io(cause: &io::Error) -> HandshakeError {
    let tls = cause
        .get_ref()
        .and_then(|inner| inner.downcast_ref::<rustls::Error>());
    match (tls, cause.kind()) {
        (Some(rustls::Error::InvalidCertificate(reason)), _) => {
            HandshakeError::Certificate(reason.to_string())
        }
        (Some(reason), _) => HandshakeError::Protocol(reason.to_string()),
        (None, io::ErrorKind::UnexpectedEof) => HandshakeError::PeerClosed,
        (None, kind) => HandshakeError::Io(kind),
    }
}
