//! Messages that can be told apart, and what of a stored message its sender wrote.

use std::sync::atomic::{AtomicU64, Ordering};

/// The field that tells messages apart.
const TOKEN: &str = "X-Test-Token: ";

/// A text that no other call in any test of this run gives.
#[must_use]
pub fn token() -> String {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    let serial = NEXT.fetch_add(1, Ordering::Relaxed);
    format!("t{}x{serial}", std::process::id())
}

/// A message as its sender hands it over: CRLF, complete header.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// What tells it apart.
    pub token: String,
    /// All octets; begins with the token's field.
    pub octets: Vec<u8>,
}

impl Message {
    /// A short text.
    #[must_use]
    pub fn short(from: &str, to: &str) -> Self {
        Self::with_body(
            from,
            to,
            b"Dear reader,\r\n.\r\n..two dots, and gr\xc3\xbc\xc3\x9fe\r\n",
        )
    }

    /// With a body of about so many octets, different in every message.
    #[must_use]
    pub fn of_size(from: &str, to: &str, octets: usize) -> Self {
        let line = token();
        let body: String = (0..octets / 40)
            .map(|n| format!("{line:>20} {n:>17}\r\n"))
            .collect();
        Self::with_body(from, to, body.as_bytes())
    }

    /// With these fields, each ended by CRLF, before the usual ones; `From` and `To` are among them.
    #[must_use]
    pub fn with_fields(fields: &str) -> Self {
        let token = token();
        let octets = format!(
            "{TOKEN}{token}\r\n{fields}Subject: A test\r\nDate: Mon, 23 Nov 2026 10:00:00 +0000\r\n\
             Message-ID: <{token}@sender.test>\r\n\r\nDear reader,\r\n"
        )
        .into_bytes();
        Self { token, octets }
    }

    /// With this body.
    #[must_use]
    pub fn with_body(from: &str, to: &str, body: &[u8]) -> Self {
        let token = token();
        let header = format!(
            "{TOKEN}{token}\r\nFrom: <{from}>\r\nTo: <{to}>\r\nSubject: A test\r\n\
             Date: Mon, 23 Nov 2026 10:00:00 +0000\r\nMessage-ID: <{token}@sender.test>\r\n\
             MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n\
             Content-Transfer-Encoding: 8bit\r\n\r\n"
        );
        let mut octets = header.into_bytes();
        octets.extend_from_slice(body);
        Self { token, octets }
    }
}

/// The token of a stored message, and its octets from the token's field on: servers put their own fields
/// before it and may change nothing after.
#[must_use]
pub fn sent_part(stored: &[u8]) -> Option<(String, &[u8])> {
    let at = stored
        .windows(TOKEN.len())
        .position(|window| window == TOKEN.as_bytes())?;
    let part = stored.get(at..)?;
    let value = part.get(TOKEN.len()..)?;
    let end = value.iter().position(|&c| c == b'\r')?;
    Some((String::from_utf8_lossy(value.get(..end)?).into_owned(), part))
}

/// What `host` says was checked of a stored message: its Authentication-Results on one line, without comments.
///
/// # Panics
/// When there is no such field.
#[must_use]
pub fn results(stored: &str, host: &str) -> String {
    let field = format!("Authentication-Results: {host};");
    let (_, value) = stored
        .split_once(&field)
        .unwrap_or_else(|| panic!("no {field}\n{stored}"));
    let mut out = String::new();
    let mut depth = 0;
    for line in value.split_inclusive("\r\n") {
        // A line that does not begin with a space begins the next field.
        if !out.is_empty() && !line.starts_with([' ', '\t']) {
            break;
        }
        for c in line.chars() {
            match c {
                '(' => depth += 1,
                ')' => depth -= 1,
                _ if depth == 0 => out.push(c),
                _ => {}
            }
        }
    }
    out.split_whitespace().collect::<Vec<_>>().join(" ")
}
