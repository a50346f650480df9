//! A buffered line-and-literal connection over TCP.

use crate::error::Result;
use crate::fail;
use std::net::SocketAddr;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_rustls::rustls::pki_types::ServerName;

enum Socket {
    Plain(TcpStream),
    Tls(Box<TlsStream<TcpStream>>),
}

pub struct Wire {
    socket: Socket,
    buffer: Vec<u8>,
    head: usize,
}

impl Wire {
    /// Connects, to a loopback address only: this tool must never put load on
    /// a machine that did not ask for it.
    pub async fn connect(addr: SocketAddr) -> Result<Self> {
        if !addr.ip().is_loopback() {
            return fail!("{addr} is not a loopback address");
        }
        Self::over(TcpStream::connect(addr).await?)
    }

    pub fn over(socket: TcpStream) -> Result<Self> {
        socket.set_nodelay(true)?;
        Ok(Self::new(Socket::Plain(socket)))
    }

    fn new(socket: Socket) -> Self {
        Self {
            socket,
            buffer: Vec::new(),
            head: 0,
        }
    }

    /// Connects as [`Self::connect`] does and begins TLS. Whose certificate it is does not matter on loopback.
    pub async fn connect_tls(addr: SocketAddr, tls: &TlsConnector) -> Result<Self> {
        if !addr.ip().is_loopback() {
            return fail!("{addr} is not a loopback address");
        }
        let socket = TcpStream::connect(addr).await?;
        socket.set_nodelay(true)?;
        let stream = tls
            .connect(ServerName::IpAddress(addr.ip().into()), socket)
            .await?;
        Ok(Self::new(Socket::Tls(Box::new(stream))))
    }

    pub async fn send(&mut self, bytes: &[u8]) -> Result<()> {
        match &mut self.socket {
            Socket::Plain(socket) => socket.write_all(bytes).await?,
            Socket::Tls(stream) => {
                stream.write_all(bytes).await?;
                stream.flush().await?;
            }
        }
        Ok(())
    }

    async fn fill(&mut self) -> Result<()> {
        if self.head == self.buffer.len() {
            self.buffer.clear();
            self.head = 0;
        } else if self.head > 1 << 16 {
            self.buffer.drain(..self.head);
            self.head = 0;
        }
        self.buffer.reserve(1 << 12);
        let count = match &mut self.socket {
            Socket::Plain(socket) => socket.read_buf(&mut self.buffer).await?,
            Socket::Tls(stream) => stream.read_buf(&mut self.buffer).await?,
        };
        if count == 0 {
            return fail!("server closed the connection");
        }
        Ok(())
    }

    /// Appends one line to `out`, without its CRLF.
    pub async fn line(&mut self, out: &mut Vec<u8>) -> Result<()> {
        let mut scanned = 0;
        loop {
            let pending = &self.buffer[self.head..];
            if let Some(at) = pending[scanned..].iter().position(|&b| b == b'\n') {
                let end = scanned + at;
                if end == 0 || pending[end - 1] != b'\r' {
                    return fail!(
                        "line without CRLF: {:?}",
                        String::from_utf8_lossy(&pending[..end])
                    );
                }
                out.extend_from_slice(&pending[..end - 1]);
                self.head += end + 1;
                return Ok(());
            }
            scanned = pending.len();
            if scanned > 1 << 24 {
                return fail!("line longer than 16 MiB");
            }
            self.fill().await?;
        }
    }

    /// Appends exactly `count` bytes to `out`.
    pub async fn exact(&mut self, mut count: usize, out: &mut Vec<u8>) -> Result<()> {
        out.reserve(count);
        loop {
            let take = count.min(self.buffer.len() - self.head);
            out.extend_from_slice(&self.buffer[self.head..self.head + take]);
            self.head += take;
            count -= take;
            if count == 0 {
                return Ok(());
            }
            self.fill().await?;
        }
    }
}
