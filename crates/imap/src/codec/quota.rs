//! `getquota = "GETQUOTA" SP quota-root-name`, `getquotaroot = "GETQUOTAROOT" SP mailbox` and their
//! responses (RFC 9208 section 7). SETQUOTA is not offered: quotas are the operator's.

use super::mailbox::{self, NameCoding};
use super::reader::{Parsed, Reader};
use super::text;
use crate::types::command::Command;

/// Reads the argument of GETQUOTA.
pub(crate) fn parse(reader: &mut Reader<'_>) -> Parsed<Command> {
    reader.space()?;
    let root = reader.astring()?.into_owned();
    Ok(Command::GetQuota { root })
}

/// Reads the argument of GETQUOTAROOT.
pub(crate) fn parse_root(reader: &mut Reader<'_>) -> Parsed<Command> {
    reader.space()?;
    mailbox::parse(reader).map(|name| Command::GetQuotaRoot { name })
}

/// Prints `* QUOTA root (STORAGE used limit)` with its line end, in units of 1024 octets.
pub(crate) fn print(out: &mut Vec<u8>, root: &str, used_octets: u64, limit_octets: u64) {
    // What is begun counts whole, and what may be begun only in part does not count at all.
    let (used, limit) = (used_octets.div_ceil(1_024), limit_octets / 1_024);
    out.extend_from_slice(b"* QUOTA ");
    text::string(out, root.as_bytes());
    out.extend_from_slice(format!(" (STORAGE {used} {limit})\r\n").as_bytes());
}

/// Prints `* QUOTAROOT name …` with its line end.
pub(crate) fn print_roots(out: &mut Vec<u8>, names: NameCoding, name: &str, roots: &[&str]) {
    out.extend_from_slice(b"* QUOTAROOT ");
    mailbox::print(out, names, name);
    for root in roots {
        out.push(b' ');
        text::string(out, root.as_bytes());
    }
    out.extend_from_slice(b"\r\n");
}
