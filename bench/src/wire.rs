//! A buffered line-and-literal connection over TCP.

use crate::error::Result;
use crate::fail;
use std::net::SocketAddr;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

pub struct Wire {
    socket: TcpStream,
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
        Ok(Self {
            socket,
            buffer: Vec::new(),
            head: 0,
        })
    }

    pub async fn send(&mut self, bytes: &[u8]) -> Result<()> {
        Ok(self.socket.write_all(bytes).await?)
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
        if self.socket.read_buf(&mut self.buffer).await? == 0 {
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
