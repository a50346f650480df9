//! A connection in plain text or under TLS, compressed or not, as the driver sees it.

mod deflate;
mod inflate;

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use posthorn_base::TlsInfo;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpSocket, TcpStream};

use crate::tls::{HandshakeError, TlsSide, TlsStream, handshake};
use deflate::Deflater;
use inflate::Inflater;

pub(crate) use inflate::Broken;

/// One connection.
#[derive(Debug)]
pub struct Stream {
    inner: Inner,
    compression: Option<Box<Compression>>,
}

/// Both ways of a compressed connection; the way out ends before the way in.
#[derive(Debug)]
struct Compression {
    inflater: Inflater,
    deflater: Option<Deflater>,
}

#[derive(Debug)]
enum Inner {
    Plain(TcpStream),
    Tls(Box<TlsStream>),
}

impl Stream {
    /// A connection in plain text. Turns Nagle's algorithm off: the driver joins what belongs together.
    #[must_use]
    pub fn plain(tcp: TcpStream) -> Self {
        if let Err(cause) = tcp.set_nodelay(true) {
            // The peer is gone already; reading will tell.
            tracing::debug!(%cause, "TCP_NODELAY");
        }
        Self {
            inner: Inner::Plain(tcp),
            compression: None,
        }
    }

    /// From here on both ways are DEFLATE (RFC 4978), above TLS if there is TLS.
    pub fn start_compression(&mut self) {
        self.compression = Some(Box::new(Compression {
            inflater: Inflater::default(),
            deflater: Some(Deflater::default()),
        }));
    }

    /// From here on what goes out is not compressed, and what comes in is not either behind the point to which
    /// the peer has flushed its stream.
    pub fn end_compression(&mut self) {
        if let Some(compression) = &mut self.compression {
            compression.inflater.end();
            compression.deflater = None;
        }
    }

    /// Connects to `peer`, from the address `local` if given. Without a limit of time of its own.
    ///
    /// # Errors
    /// When the connection cannot be made.
    pub async fn connect(peer: SocketAddr, local: Option<IpAddr>) -> io::Result<Self> {
        let socket = match peer {
            SocketAddr::V4(_) => TcpSocket::new_v4()?,
            SocketAddr::V6(_) => TcpSocket::new_v6()?,
        };
        if let Some(local) = local {
            socket.bind(SocketAddr::new(local, 0))?;
        }
        Ok(Self::plain(socket.connect(peer).await?))
    }

    /// The certificate that the server showed, in DER; `None` without TLS, or on the server's side.
    #[must_use]
    pub fn peer_certificate(&self) -> Option<Vec<u8>> {
        match &self.inner {
            Inner::Plain(_) => None,
            Inner::Tls(tls) => {
                let (_, connection) = tls.io.get_ref();
                let chain = connection.peer_certificates()?;
                chain.first().map(|leaf| leaf.to_vec())
            }
        }
    }

    /// Negotiates TLS, at most 30 s long.
    ///
    /// # Errors
    /// When it fails; the connection is gone then.
    pub async fn start_tls(self, side: &TlsSide) -> Result<Self, HandshakeError> {
        match self.inner {
            Inner::Plain(tcp) => Ok(Self {
                inner: Inner::Tls(handshake(tcp, side).await?),
                compression: self.compression,
            }),
            Inner::Tls(_) => Err(HandshakeError::AlreadyTls),
        }
    }

    /// The peer's address and port.
    ///
    /// # Errors
    /// When the peer is gone.
    pub fn peer_addr(&self) -> io::Result<SocketAddr> {
        self.tcp().peer_addr()
    }

    /// Our address and port.
    ///
    /// # Errors
    /// When the operating system does not know them any more.
    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        self.tcp().local_addr()
    }

    /// The facts of the TLS connection; `None` in plain text.
    #[must_use]
    pub fn tls_info(&self) -> Option<TlsInfo> {
        match &self.inner {
            Inner::Plain(_) => None,
            Inner::Tls(tls) => Some(tls.info()),
        }
    }

    fn split(&mut self) -> (&mut Inner, Option<&mut Deflater>) {
        let deflater = self.compression.as_mut().and_then(|open| open.deflater.as_mut());
        (&mut self.inner, deflater)
    }

    fn tcp(&self) -> &TcpStream {
        match &self.inner {
            Inner::Plain(tcp) => tcp,
            Inner::Tls(tls) => tls.io.get_ref().0,
        }
    }
}

impl AsyncRead for Stream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let Self { inner, compression } = &mut *self;
        let Some(open) = compression else {
            return Pin::new(inner).poll_read(cx, buffer);
        };
        let read = open.inflater.poll_read(inner, cx, buffer);
        if open.inflater.is_over() {
            *compression = None;
        }
        read
    }
}

impl AsyncWrite for Stream {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, octets: &[u8]) -> Poll<io::Result<usize>> {
        let (inner, deflater) = self.split();
        match deflater {
            Some(deflater) => deflater.poll_write(inner, cx, octets),
            None => Pin::new(inner).poll_write(cx, octets),
        }
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let (inner, deflater) = self.split();
        if let Some(deflater) = deflater {
            ready!(deflater.poll_drain(inner, cx))?;
        }
        Pin::new(inner).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let (inner, deflater) = self.split();
        if let Some(deflater) = deflater {
            ready!(deflater.poll_drain(inner, cx))?;
        }
        Pin::new(inner).poll_shutdown(cx)
    }
}

impl AsyncRead for Inner {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        match &mut *self {
            Self::Plain(tcp) => Pin::new(tcp).poll_read(cx, buffer),
            Self::Tls(tls) => Pin::new(&mut tls.io).poll_read(cx, buffer),
        }
    }
}

impl AsyncWrite for Inner {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, octets: &[u8]) -> Poll<io::Result<usize>> {
        match &mut *self {
            Self::Plain(tcp) => Pin::new(tcp).poll_write(cx, octets),
            Self::Tls(tls) => Pin::new(&mut tls.io).poll_write(cx, octets),
        }
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut *self {
            Self::Plain(tcp) => Pin::new(tcp).poll_flush(cx),
            Self::Tls(tls) => Pin::new(&mut tls.io).poll_flush(cx),
        }
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut *self {
            Self::Plain(tcp) => Pin::new(tcp).poll_shutdown(cx),
            Self::Tls(tls) => Pin::new(&mut tls.io).poll_shutdown(cx),
        }
    }
}
