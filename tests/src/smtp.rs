//! A small SMTP client: RFC 5321, with AUTH PLAIN (RFC 4616) where a test logs in. No TLS.

use std::io;

use crate::message::Message;
use crate::wire::Wire;

/// A reply.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reply {
    /// Its three digits.
    pub code: u16,
    /// Its lines without the code, joined by LF.
    pub text: String,
}

impl Reply {
    /// Does it begin so, as in `550 5.1.1`?
    #[must_use]
    pub fn is(&self, start: &str) -> bool {
        format!("{} {}", self.code, self.text).starts_with(start)
    }
}

/// One session.
#[derive(Debug)]
pub struct Smtp {
    /// The socket, for what this client does not do.
    pub wire: Wire,
}

impl Smtp {
    /// Connects and reads the greeting.
    ///
    /// # Errors
    /// When the server is not there or goes away.
    pub fn open(address: &str) -> io::Result<Self> {
        let mut smtp = Self {
            wire: Wire::connect(address)?,
        };
        smtp.expect(220)?;
        Ok(smtp)
    }

    /// [`Self::open`] and EHLO.
    ///
    /// # Errors
    /// When the server is not there or goes away.
    pub fn hello(address: &str) -> io::Result<Self> {
        let mut smtp = Self::open(address)?;
        smtp.command("EHLO client.sender.test")?;
        Ok(smtp)
    }

    /// [`Self::hello`] and a log-in without TLS.
    ///
    /// # Errors
    /// When the server is not there, goes away or refuses.
    pub fn login(address: &str, user: &str, password: &str) -> io::Result<Self> {
        let mut smtp = Self::hello(address)?;
        let secret = base64(format!("\0{user}\0{password}").as_bytes());
        let reply = smtp.command(&format!("AUTH PLAIN {secret}"))?;
        if reply.code == 235 {
            Ok(smtp)
        } else {
            Err(unexpected(&reply))
        }
    }

    /// Sends a line and reads the reply.
    ///
    /// # Errors
    /// When the server goes away.
    pub fn command(&mut self, line: &str) -> io::Result<Reply> {
        self.wire.send(format!("{line}\r\n").as_bytes())?;
        self.reply()
    }

    /// The next reply.
    ///
    /// # Errors
    /// When the server goes away, or says something that is no reply.
    pub fn reply(&mut self) -> io::Result<Reply> {
        let mut texts = Vec::new();
        loop {
            let line = self.wire.line()?;
            let line = String::from_utf8_lossy(&line).into_owned();
            let code = line.get(..3).and_then(|digits| digits.parse().ok());
            let Some(code) = code else {
                return Err(io::Error::other(format!("no SMTP reply: {line}")));
            };
            texts.push(line.get(4..).unwrap_or_default().to_owned());
            if line.as_bytes().get(3) != Some(&b'-') {
                return Ok(Reply {
                    code,
                    text: texts.join("\n"),
                });
            }
        }
    }

    /// A whole transaction; gives the reply to the message, or the first refusal before it.
    ///
    /// # Errors
    /// When the server goes away.
    pub fn send(&mut self, from: &str, to: &[&str], message: &Message) -> io::Result<Reply> {
        let mut replies = vec![self.command(&format!("MAIL FROM:<{from}> BODY=8BITMIME"))?];
        for to in to {
            replies.push(self.command(&format!("RCPT TO:<{to}>"))?);
        }
        if let Some(refusal) = replies.into_iter().find(|reply| reply.code != 250) {
            self.command("RSET")?;
            return Ok(refusal);
        }
        let go_on = self.command("DATA")?;
        if go_on.code != 354 {
            return Ok(go_on);
        }
        self.wire.send(&stuffed(&message.octets))?;
        self.reply()
    }

    fn expect(&mut self, code: u16) -> io::Result<()> {
        let reply = self.reply()?;
        if reply.code == code {
            Ok(())
        } else {
            Err(unexpected(&reply))
        }
    }
}

fn unexpected(reply: &Reply) -> io::Error {
    io::Error::other(format!("{} {}", reply.code, reply.text))
}

/// RFC 5321 section 4.5.2, with the end of the data.
fn stuffed(octets: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(octets.len() + 5);
    for line in octets.split_inclusive(|&c| c == b'\n') {
        if line.first() == Some(&b'.') {
            out.push(b'.');
        }
        out.extend_from_slice(line);
    }
    out.extend_from_slice(b".\r\n");
    out
}

/// RFC 4648 section 4.
fn base64(octets: &[u8]) -> String {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut out = String::new();
    for group in octets.chunks(3) {
        let octet = |at: usize| usize::from(group.get(at).copied().unwrap_or(0));
        let bits = octet(0) << 16 | octet(1) << 8 | octet(2);
        for at in 0..4 {
            let digit = ALPHABET.get(bits >> (18 - 6 * at) & 63).copied().unwrap_or(b'=');
            out.push(if at <= group.len() { char::from(digit) } else { '=' });
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base64_fills_up() {
        assert_eq!(base64(b"light w"), "bGlnaHQgdw==");
        assert_eq!(base64(b"light wo"), "bGlnaHQgd28=");
        assert_eq!(base64(b"light wor"), "bGlnaHQgd29y");
    }
}
