//! A small IMAP client: RFC 9051, as much as reading what a mailbox holds needs. No TLS.

use std::io;

use crate::wire::Wire;

/// A message as the server gives it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stored {
    /// Its UID.
    pub uid: u32,
    /// All octets.
    pub octets: Vec<u8>,
}

/// One session.
#[derive(Debug)]
pub struct Imap {
    /// The socket, for what this client does not do.
    pub wire: Wire,
    serial: u32,
}

impl Imap {
    /// Connects and logs in.
    ///
    /// # Errors
    /// When the server is not there, goes away or refuses.
    pub fn login(address: &str, user: &str, password: &str) -> io::Result<Self> {
        let mut imap = Self {
            wire: Wire::connect(address)?,
            serial: 0,
        };
        imap.wire.line()?;
        imap.command(&format!("LOGIN {user} \"{password}\""))?;
        Ok(imap)
    }

    /// Runs a command to its `OK`. Gives the untagged responses, literals in place.
    ///
    /// # Errors
    /// When the server goes away or says `NO` or `BAD`.
    pub fn command(&mut self, line: &str) -> io::Result<Vec<Vec<u8>>> {
        let tag = self.begin(line)?;
        self.end(&tag)
    }

    /// Sends a command and gives its tag.
    ///
    /// # Errors
    /// When the server goes away.
    pub fn begin(&mut self, line: &str) -> io::Result<String> {
        self.serial += 1;
        let tag = format!("a{}", self.serial);
        self.wire.send(format!("{tag} {line}\r\n").as_bytes())?;
        Ok(tag)
    }

    /// Reads up to the command's `OK`.
    ///
    /// # Errors
    /// As [`Self::command`].
    pub fn end(&mut self, tag: &str) -> io::Result<Vec<Vec<u8>>> {
        let mut responses = Vec::new();
        loop {
            let response = self.response()?;
            let Some(result) = response.strip_prefix(format!("{tag} ").as_bytes()) else {
                responses.push(response);
                continue;
            };
            return if result.starts_with(b"OK") {
                Ok(responses)
            } else {
                Err(io::Error::other(String::from_utf8_lossy(result).into_owned()))
            };
        }
    }

    /// One response with its literals.
    ///
    /// # Errors
    /// When the server goes away.
    pub fn response(&mut self) -> io::Result<Vec<u8>> {
        let mut response = Vec::new();
        loop {
            let line = self.wire.line()?;
            response.extend_from_slice(&line);
            let Some(count) = announced(&line) else {
                return Ok(response);
            };
            response.extend_from_slice(b"\r\n");
            response.extend_from_slice(&self.wire.exactly(count)?);
        }
    }

    /// How many messages a mailbox holds; it is selected then.
    ///
    /// # Errors
    /// As [`Self::command`].
    pub fn select(&mut self, mailbox: &str) -> io::Result<usize> {
        let responses = self.command(&format!("SELECT {mailbox}"))?;
        let exists = responses
            .iter()
            .find_map(|response| number_before(response, b" EXISTS"));
        exists.ok_or_else(|| io::Error::other("SELECT without EXISTS"))
    }

    /// All messages of a mailbox, which is selected then.
    ///
    /// # Errors
    /// As [`Self::command`].
    ///
    /// # Panics
    /// When a response cannot be read.
    pub fn messages(&mut self, mailbox: &str) -> io::Result<Vec<Stored>> {
        if self.select(mailbox)? == 0 {
            return Ok(Vec::new());
        }
        let responses = self.command("UID FETCH 1:* (UID BODY.PEEK[])")?;
        let fetched = responses
            .iter()
            .filter(|response| response.windows(6).any(|w| w == b"BODY[]"));
        Ok(fetched.map(|response| stored(response)).collect())
    }
}

/// `* 1 FETCH (UID 7 BODY[] {12}…)`, items in any order.
fn stored(response: &[u8]) -> Stored {
    let brace = response.iter().position(|&c| c == b'\n').unwrap();
    let count = announced(response.get(..brace).unwrap().trim_ascii_end()).unwrap();
    let octets = response.get(brace + 1..brace + 1 + count).unwrap().to_vec();
    let mut rest = response.get(..brace).unwrap().to_vec();
    rest.extend_from_slice(response.get(brace + 1 + count..).unwrap());
    let rest = String::from_utf8_lossy(&rest).into_owned();
    let uid = rest.split("UID ").nth(1).unwrap();
    let uid: String = uid.chars().take_while(char::is_ascii_digit).collect();
    Stored {
        uid: uid.parse().unwrap(),
        octets,
    }
}

/// `…{12}` at the end of a line.
fn announced(line: &[u8]) -> Option<usize> {
    let open = line.strip_suffix(b"}")?;
    let at = open.iter().rposition(|&c| c == b'{')?;
    std::str::from_utf8(open.get(at + 1..)?).ok()?.parse().ok()
}

/// `* 12 EXISTS`.
fn number_before(response: &[u8], word: &[u8]) -> Option<usize> {
    let number = response.strip_prefix(b"* ")?.strip_suffix(word)?;
    std::str::from_utf8(number).ok()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn items_come_in_any_order() {
        let expected = Stored {
            uid: 7,
            octets: b"a\r\nUID 9".to_vec(),
        };
        assert_eq!(stored(b"* 1 FETCH (UID 7 BODY[] {8}\r\na\r\nUID 9)"), expected);
        assert_eq!(stored(b"* 1 FETCH (BODY[] {8}\r\na\r\nUID 9 UID 7)"), expected);
    }
}
