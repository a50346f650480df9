//! Sender rewriting (SRS, Meng Weng Wong and Shevek, "The Sender Rewriting Scheme", 2004). Whoever hands a
//! message on sends it from a server that SPF of the author's domain does not list; so the reverse path is
//! rewritten to an address of the forwarder's own domain, out of which a bounce finds the way back. No RFC;
//! the forms are those that other servers know:
//!
//! ```text
//! SRS0=HHHHHH=TT=domain=local@forwarder      of anna@example.org: local "anna", domain "example.org"
//! SRS1=HHHHHHTT=first==HHH=TT=domain=local@forwarder      of an address SRS0=HHH=…@first
//! ```
//!
//! `H` is the beginning of an HMAC-SHA-256 over everything else in lower case, `TT` the day modulo 1,024,
//! both in base32: servers on the way may change the letter case. Two things differ from the paper. SRS1
//! carries a time stamp too (at the end of the hash, which nobody else looks into), so that it expires as
//! well; and the forwarder's domain goes into the hash, so that an address of one domain is not one of
//! another.
//!
//! Remembers nothing: the key is all there is. Does not know which domains are ours, and does not look at
//! the null reverse path, which stays as it is.

mod code;

use std::fmt;

use posthorn_base::{Address, Domain, Secret, Timestamp};

use code::{Code, Kind, day};

/// Days for which a rewritten address brings bounces back. Mail servers try for five days (RFC 5321 section
/// 4.5.4.1), and people who answer a bounce address are rare.
pub const VALID_DAYS: u16 = 21;

/// RFC 5321 section 4.5.3.1.1.
const LOCAL_PART_OCTETS: usize = 64;

/// Rewrites reverse paths, and back.
#[derive(Clone)]
pub struct Srs {
    code: Code,
}

/// Why an address does not lead back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SrsError {
    /// It does not begin with `SRS0=` or `SRS1=`: an address as any other.
    #[error("the address is no rewritten one")]
    NotSrs,
    /// It begins so and goes on otherwise than we write.
    #[error("the rewritten address is not whole")]
    Malformed,
    /// It was not made with our key, or was changed.
    #[error("the rewritten address was not made by this server")]
    BadHash,
    /// It was made by us, more than [`VALID_DAYS`] ago.
    #[error("the rewritten address was valid for {VALID_DAYS} days and is older")]
    Expired,
}

impl fmt::Debug for Srs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Srs(…)")
    }
}

impl Srs {
    /// With the server's key: random octets, the same on every node, kept for longer than [`VALID_DAYS`].
    #[must_use]
    pub fn new(key: Secret<[u8; 32]>) -> Self {
        Self {
            code: Code::new(&key),
        }
    }

    /// The reverse path under which a message is handed on, in `domain`, which must be ours and lead bounces
    /// here. Only for reverse paths of domains that are not ours.
    ///
    /// `None` when it would be longer than SMTP allows (64 octets before the `@`). Then hand the message on
    /// with the null reverse path `<>`: SPF is judged by our HELO name, which passes, and only a bounce is
    /// lost. With the reverse path as it was, SPF would fail.
    #[must_use]
    pub fn forward(&self, reverse_path: &Address, domain: &Domain, now: Timestamp) -> Option<Address> {
        let local = reverse_path.local().as_str();
        let full = reverse_path.to_string();
        let (_, host) = full.rsplit_once('@')?;
        let rewritten = match Rewritten::of(local, host) {
            Some(rewritten) => self.again(&rewritten, domain, now),
            None => {
                let stamp = code::stamp(day(now));
                let body = format!("{host}={local}");
                let hash = self.code.hash(Kind::Srs0, &stamp, &body, domain.as_str());
                format!("SRS0={hash}={stamp}={body}")
            }
        };
        let address = address(&rewritten, domain.as_str())?;
        (address.local().to_string().len() <= LOCAL_PART_OCTETS).then_some(address)
    }

    /// An address that somebody has rewritten already becomes SRS1: it names the first forwarder, so that a
    /// bounce need not go back through all of them.
    fn again(&self, rewritten: &Rewritten<'_>, domain: &Domain, now: Timestamp) -> String {
        let stamp = code::stamp(day(now));
        let body = format!("{}={}", rewritten.first, rewritten.rest);
        let hash = self.code.hash(Kind::Srs1, &stamp, &body, domain.as_str());
        format!("SRS1={hash}{stamp}={body}")
    }

    /// Where a bounce to `address` belongs. Ask before `+detail` is looked for: the local part may hold one.
    ///
    /// # Errors
    /// See [`SrsError`]. Of an address that is [`SrsError::NotSrs`] nothing is known: it is somebody's
    /// ordinary one. The others are to be refused, 5.1.1.
    pub fn reverse(&self, address: &Address, now: Timestamp) -> Result<Address, SrsError> {
        let local = address.local().as_str();
        let domain = address.domain().ok_or(SrsError::NotSrs)?;
        let (tag, rest) = local.split_at_checked(5).ok_or(SrsError::NotSrs)?;
        if tag.eq_ignore_ascii_case("SRS0=") {
            let (hash, rest) = rest.split_once('=').ok_or(SrsError::Malformed)?;
            let (stamp, body) = rest.split_once('=').ok_or(SrsError::Malformed)?;
            self.check(Kind::Srs0, (hash, stamp, body), domain, now)?;
            let (host, local) = body.split_once('=').ok_or(SrsError::Malformed)?;
            self::address(local, host).ok_or(SrsError::Malformed)
        } else if tag.eq_ignore_ascii_case("SRS1=") {
            let (proof, body) = rest.split_once('=').ok_or(SrsError::Malformed)?;
            let (hash, stamp) = proof
                .split_at_checked(code::HASH_LETTERS)
                .ok_or(SrsError::Malformed)?;
            self.check(Kind::Srs1, (hash, stamp, body), domain, now)?;
            let (first, rest) = body.split_once('=').ok_or(SrsError::Malformed)?;
            self::address(&format!("SRS0{rest}"), first).ok_or(SrsError::Malformed)
        } else {
            Err(SrsError::NotSrs)
        }
    }

    /// Hash first, so that nobody learns anything about what we did not write.
    fn check(
        &self,
        kind: Kind,
        (hash, stamp, body): (&str, &str, &str),
        domain: &Domain,
        now: Timestamp,
    ) -> Result<(), SrsError> {
        if !self
            .code
            .is_ours(hash, &self.code.hash(kind, stamp, body, domain.as_str()))
        {
            return Err(SrsError::BadHash);
        }
        let age = code::age(stamp, day(now)).ok_or(SrsError::Malformed)?;
        if age > VALID_DAYS {
            return Err(SrsError::Expired);
        }
        Ok(())
    }
}

/// What a rewritten address of another server holds.
struct Rewritten<'a> {
    /// Who rewrote it first.
    first: &'a str,
    /// What stood in that address behind `SRS0`, with its separator.
    rest: &'a str,
}

impl<'a> Rewritten<'a> {
    /// Reads a local part at a host; `None` when it is an ordinary one.
    fn of(local: &'a str, host: &'a str) -> Option<Self> {
        let (tag, rest) = local.split_at_checked(4)?;
        if !rest.starts_with(['=', '-', '+']) {
            return None;
        }
        if tag.eq_ignore_ascii_case("SRS0") {
            return Some(Self { first: host, rest });
        }
        if !tag.eq_ignore_ascii_case("SRS1") {
            return None;
        }
        let (_separator, fields) = rest.split_at_checked(1)?;
        let (_hash, fields) = fields.split_once('=')?;
        let (first, rest) = fields.split_once('=')?;
        let is_whole = Domain::parse(first).is_ok() && rest.starts_with(['=', '-', '+']);
        is_whole.then_some(Self { first, rest })
    }
}

/// The address, with quotes and escapes where the local part needs them.
fn address(local: &str, host: &str) -> Option<Address> {
    let escaped = local.replace('\\', "\\\\").replace('"', "\\\"");
    Address::parse(&format!("\"{escaped}\"@{host}")).ok()
}

#[cfg(test)]
mod tests;
