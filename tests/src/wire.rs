//! A plain socket with deadlines, read by lines or until it closes.

use std::io::{self, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};

use crate::wait::DEADLINE;

/// One connection. A peer that stays silent for [`DEADLINE`] is an error, so no test hangs.
#[derive(Debug)]
pub struct Wire {
    stream: TcpStream,
    held: Vec<u8>,
    start: usize,
}

impl Wire {
    /// Connects to `host:port`.
    ///
    /// # Errors
    /// As the operating system has it.
    ///
    /// # Panics
    /// When `address` is none.
    pub fn connect(address: &str) -> io::Result<Self> {
        let address: SocketAddr = address.parse().unwrap();
        let stream = TcpStream::connect_timeout(&address, DEADLINE)?;
        stream.set_read_timeout(Some(DEADLINE))?;
        stream.set_write_timeout(Some(DEADLINE))?;
        stream.set_nodelay(true)?;
        Ok(Self {
            stream,
            held: Vec::new(),
            start: 0,
        })
    }

    /// Writes everything.
    ///
    /// # Errors
    /// When the peer does not take it.
    pub fn send(&mut self, octets: &[u8]) -> io::Result<()> {
        self.stream.write_all(octets)
    }

    /// One line without its CRLF.
    ///
    /// # Errors
    /// `UnexpectedEof` when the peer closed.
    pub fn line(&mut self) -> io::Result<Vec<u8>> {
        let mut looked = 0;
        loop {
            let held = self.held.get(self.start..).unwrap_or_default();
            let found = held.iter().skip(looked).position(|&c| c == b'\n');
            if let Some(at) = found.map(|at| at + looked) {
                let mut line = self.take(at + 1);
                line.truncate(line.trim_ascii_end().len());
                return Ok(line);
            }
            looked = held.len();
            self.fill()?;
        }
    }

    /// So many octets.
    ///
    /// # Errors
    /// `UnexpectedEof` when the peer closed before.
    pub fn exactly(&mut self, count: usize) -> io::Result<Vec<u8>> {
        while self.held.len() - self.start < count {
            self.fill()?;
        }
        Ok(self.take(count))
    }

    /// Everything up to the peer's close, however it closes.
    ///
    /// # Errors
    /// When the peer neither closes nor says anything.
    pub fn rest(&mut self) -> io::Result<Vec<u8>> {
        loop {
            match self.fill() {
                Ok(()) => {}
                Err(cause) if is_closed(&cause) => return Ok(self.take(self.held.len() - self.start)),
                Err(cause) => return Err(cause),
            }
        }
    }

    /// Says that nothing more comes from here.
    ///
    /// # Errors
    /// As the operating system has it.
    pub fn finish(&mut self) -> io::Result<()> {
        self.stream.shutdown(Shutdown::Write)
    }

    /// A second handle for writing from another thread.
    ///
    /// # Errors
    /// As the operating system has it.
    pub fn writer(&self) -> io::Result<TcpStream> {
        self.stream.try_clone()
    }

    fn take(&mut self, count: usize) -> Vec<u8> {
        let end = self.start + count;
        let taken = self.held.get(self.start..end).unwrap_or_default().to_vec();
        self.start = end;
        if self.start == self.held.len() {
            self.held.clear();
            self.start = 0;
        }
        taken
    }

    fn fill(&mut self) -> io::Result<()> {
        let mut buffer = [0; 16 * 1024];
        let count = self.stream.read(&mut buffer)?;
        if count == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        self.held
            .extend_from_slice(buffer.get(..count).unwrap_or_default());
        Ok(())
    }
}

fn is_closed(cause: &io::Error) -> bool {
    matches!(
        cause.kind(),
        io::ErrorKind::UnexpectedEof
            | io::ErrorKind::ConnectionReset
            | io::ErrorKind::ConnectionAborted
            | io::ErrorKind::BrokenPipe
    )
}
