//! An IMAP client, as much as the scenarios need.

use crate::error::Result;
use crate::fail;
use crate::message::{find, number};
use crate::wire::Wire;
use std::net::SocketAddr;
use std::ops::Range;
use tokio_rustls::TlsConnector;

pub struct Imap {
    wire: Wire,
    tag: u64,
    capabilities: String,
}

/// One response: its lines and literals in one piece, and where the literals are.
#[derive(Default)]
pub struct Response {
    pub text: Vec<u8>,
    pub literals: Vec<Range<usize>>,
}

impl Response {
    /// `* <n> <WORD> ...`: n and what follows the word.
    pub fn numbered(&self, word: &str) -> Option<(u64, &[u8])> {
        let (n, rest) = number(self.text.strip_prefix(b"* ")?)?;
        Some((n, rest.strip_prefix(b" ")?.strip_prefix(word.as_bytes())?))
    }

    /// The number after `name` and a space, outside literals.
    pub fn item(&self, name: &str) -> Option<u64> {
        let end = self.literals.first().map_or(self.text.len(), |l| l.start);
        let front = &self.text[..end];
        let back = self.literals.last().map_or(&[][..], |l| &self.text[l.end..]);
        let name = [name.as_bytes(), b" "].concat();
        [front, back]
            .iter()
            .find_map(|t| Some(number(&t[find(t, &name)? + name.len()..])?.0))
    }

    fn words(&self) -> String {
        String::from_utf8_lossy(&self.text[..self.text.len().min(200)]).into_owned()
    }
}

impl Imap {
    /// Connects and logs in.
    pub async fn login(addr: SocketAddr, user: &str, password: &str) -> Result<Self> {
        Self::login_over(Wire::connect(addr).await?, user, password).await
    }

    /// Connects under TLS and logs in.
    pub async fn login_tls(addr: SocketAddr, tls: &TlsConnector, user: &str, password: &str) -> Result<Self> {
        Self::login_over(Wire::connect_tls(addr, tls).await?, user, password).await
    }

    async fn login_over(wire: Wire, user: &str, password: &str) -> Result<Self> {
        let mut imap = Self {
            wire,
            tag: 0,
            capabilities: String::new(),
        };
        let greeting = imap.response().await?;
        if !greeting.text.starts_with(b"* OK") {
            return fail!("IMAP greeting: {}", greeting.words());
        }
        let done = imap
            .command(&format!("LOGIN {user} {password}"), |_| Ok(()))
            .await?;
        if let Some(at) = find(&done.text, b"[CAPABILITY ") {
            imap.capabilities = String::from_utf8_lossy(&done.text[at..]).into_owned();
        }
        Ok(imap)
    }

    /// Asks for the capabilities if the login did not tell them.
    pub async fn has_capability(&mut self, name: &str) -> Result<bool> {
        if self.capabilities.is_empty() {
            let mut text = String::new();
            self.command("CAPABILITY", |r| {
                text.push_str(&String::from_utf8_lossy(&r.text));
                Ok(())
            })
            .await?;
            self.capabilities = text;
        }
        Ok(self
            .capabilities
            .split([' ', ']'])
            .any(|c| c.eq_ignore_ascii_case(name)))
    }

    /// Reads one response.
    pub async fn response(&mut self) -> Result<Response> {
        let mut r = Response::default();
        loop {
            self.wire.line(&mut r.text).await?;
            let Some(count) = literal_size(&r.text) else {
                return Ok(r);
            };
            let start = r.text.len();
            self.wire.exact(count, &mut r.text).await?;
            r.literals.push(start..start + count);
        }
    }

    /// Sends a command; gives each untagged response to `untagged`; returns
    /// the tagged one, which must be OK.
    pub async fn command(
        &mut self,
        command: &str,
        untagged: impl FnMut(&Response) -> Result<()>,
    ) -> Result<Response> {
        let tag = self.next_tag();
        self.wire.send(format!("{tag} {command}\r\n").as_bytes()).await?;
        self.finish(&tag, command, untagged).await
    }

    fn next_tag(&mut self) -> String {
        self.tag += 1;
        format!("a{}", self.tag)
    }

    /// Reads until the tagged response.
    async fn finish(
        &mut self,
        tag: &str,
        what: &str,
        mut untagged: impl FnMut(&Response) -> Result<()>,
    ) -> Result<Response> {
        // Go on to the tagged response even after a bad untagged one, so that
        // the session stays usable.
        let mut bad = Ok(());
        loop {
            let r = self.response().await?;
            if r.text.starts_with(b"* BYE") {
                return fail!("{what}: {}", r.words());
            } else if r.text.starts_with(b"* ") {
                if bad.is_ok() {
                    bad = untagged(&r);
                }
            } else if r
                .text
                .strip_prefix(tag.as_bytes())
                .is_some_and(|t| t.starts_with(b" OK"))
            {
                return bad.map(|()| r);
            } else {
                return fail!("{what}: {}", r.words());
            }
        }
    }

    /// SELECTs; returns how many messages there are.
    pub async fn select(&mut self, mailbox: &str) -> Result<u64> {
        let mut exists = None;
        self.command(&format!("SELECT {mailbox}"), |r| {
            if let Some((n, _)) = r.numbered("EXISTS") {
                exists = Some(n);
            }
            Ok(())
        })
        .await?;
        match exists {
            Some(n) => Ok(n),
            None => fail!("SELECT {mailbox}: no EXISTS"),
        }
    }

    pub async fn status_messages(&mut self, mailbox: &str) -> Result<u64> {
        let mut count = None;
        self.command(&format!("STATUS {mailbox} (MESSAGES)"), |r| {
            if r.text.starts_with(b"* STATUS") {
                count = r.item("(MESSAGES");
            }
            Ok(())
        })
        .await?;
        match count {
            Some(n) => Ok(n),
            None => fail!("STATUS {mailbox}: no MESSAGES"),
        }
    }

    /// APPENDs messages in one command; more than one needs MULTIAPPEND.
    pub async fn append(&mut self, mailbox: &str, messages: &[Vec<u8>]) -> Result<()> {
        let plus = self.has_capability("LITERAL+").await?;
        let tag = self.next_tag();
        let mut out = format!("{tag} APPEND {mailbox}").into_bytes();
        for m in messages {
            out.extend_from_slice(format!(" {{{}{}}}\r\n", m.len(), if plus { "+" } else { "" }).as_bytes());
            if !plus {
                self.wire.send(&out).await?;
                out.clear();
                self.continuation().await?;
            }
            out.extend_from_slice(m);
        }
        out.extend_from_slice(b"\r\n");
        self.wire.send(&out).await?;
        self.finish(&tag, "APPEND", |_| Ok(())).await.map(drop)
    }

    /// Reads up to the `+` line.
    async fn continuation(&mut self) -> Result<()> {
        loop {
            let r = self.response().await?;
            if r.text.starts_with(b"+") {
                return Ok(());
            }
            if !r.text.starts_with(b"* ") {
                return fail!("wanted a continuation, got {}", r.words());
            }
        }
    }

    /// Starts IDLE; returns the tag that `idle_end` needs.
    pub async fn idle_start(&mut self) -> Result<String> {
        let tag = self.next_tag();
        self.wire.send(format!("{tag} IDLE\r\n").as_bytes()).await?;
        self.continuation().await?;
        Ok(tag)
    }

    pub async fn idle_end(&mut self, tag: &str) -> Result<()> {
        self.wire.send(b"DONE\r\n").await?;
        self.finish(tag, "IDLE", |_| Ok(())).await.map(drop)
    }

    pub async fn logout(mut self) -> Result<()> {
        let tag = self.next_tag();
        self.wire.send(format!("{tag} LOGOUT\r\n").as_bytes()).await?;
        let mut bye = false;
        loop {
            let r = self.response().await?;
            if r.text.starts_with(b"* BYE") {
                bye = true;
            } else if r.text.starts_with(tag.as_bytes()) {
                return if bye { Ok(()) } else { fail!("LOGOUT without BYE") };
            }
        }
    }
}

/// `n` of a `{n}` at the end of a line.
fn literal_size(line: &[u8]) -> Option<usize> {
    let inner = line.strip_suffix(b"}")?;
    let open = inner.iter().rposition(|&b| b == b'{')?;
    let (n, rest) = number(&inner[open + 1..])?;
    rest.is_empty().then_some(n as usize)
}
