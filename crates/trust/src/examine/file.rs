//! A file: what the connection must have been is read from the trace fields that the server it was
//! delivered on has left in it (RFC 5321 section 4.4).

use std::borrow::Cow;
use std::net::IpAddr;

use posthorn_base::lookup::Lookup;
use posthorn_base::{ReversePath, Timestamp};
use posthorn_message::header;

use super::{Arrival, Client, Questions, ask, seen};
use crate::evidence::{Evidence, Hop};
use crate::path;

/// Judges a file now.
pub(super) async fn file<L: Lookup>(lookup: &L, arrival: &Arrival<'_>, now: Timestamp) -> Evidence {
    let octets = as_sent(arrival.octets);
    let mut evidence = seen(arrival, &octets, now);
    let return_path = header::first_field(&octets, "Return-Path").and_then(read_return_path);
    if return_path.is_none() && arrival.reverse_path.address().is_none() {
        evidence
            .left_out
            .push("SPF of the reverse path: the file has no Return-Path field that names it".to_owned());
    }
    let reverse_path = return_path
        .as_ref()
        .or_else(|| arrival.reverse_path.address().map(|_given| arrival.reverse_path));
    evidence.reverse_path = reverse_path.map(ReversePath::to_text).unwrap_or_default();
    let hop = match arrival.client {
        Some(_) => None,
        None => entrance(&mut evidence),
    };
    let client = arrival.client.or_else(|| hop.as_ref().and_then(client_of));
    let questions = Questions {
        client,
        reverse_path,
        octets: &octets,
        receiver: arrival.receiver,
        now,
    };
    ask(lookup, &questions, evidence).await
}

/// Takes the hop over which the message entered the server it was delivered on, with those above it, off the
/// path.
///
/// The topmost one with a public address: what a server has between its own stations are mostly private
/// ones, and from the topmost public address downwards anybody could have written the fields. No cleverer
/// guess: one that skips a field because of a name in it can be led to a field the sender made up.
fn entrance(evidence: &mut Evidence) -> Option<Hop> {
    let path = &evidence.path;
    let public = |hop: &Hop| hop.ip.is_some_and(is_public);
    let at = path
        .iter()
        .position(public)
        .or_else(|| path.iter().position(|hop| hop.ip.is_some()));
    let Some(hop) = at.and_then(|at| path.get(at).cloned()) else {
        evidence
            .left_out
            .push("the client's address, and with it SPF: no Received field names one".to_owned());
        return None;
    };
    if path::is_submission(&hop) {
        evidence.left_out.push(
            "SPF: the topmost Received field with an address tells of somebody who had logged in".to_owned(),
        );
        return None;
    }
    let below = at.map_or(0, |at| at.saturating_add(1));
    evidence.path.drain(..below.min(evidence.path.len()));
    Some(hop)
}

fn client_of(hop: &Hop) -> Option<Client<'_>> {
    Some(Client {
        ip: hop.ip?,
        helo: hop.from.as_deref().unwrap_or_default(),
        tls: None,
        protocol: hop.with.as_deref().unwrap_or_default(),
    })
}

/// Can the address be somebody's out in the network?
fn is_public(ip: IpAddr) -> bool {
    match ip {
        IpAddr::V4(ip) => {
            let carrier_grade = ip.octets().first() == Some(&100)
                && ip.octets().get(1).is_some_and(|second| second & 0xc0 == 64);
            !(carrier_grade
                || ip.is_private()
                || ip.is_loopback()
                || ip.is_link_local()
                || ip.is_unspecified())
        }
        IpAddr::V6(ip) => {
            !(ip.is_loopback() || ip.is_unspecified() || ip.is_unique_local() || ip.is_unicast_link_local())
        }
    }
}

/// `<anna@example.org>`, `<>`, or without the brackets.
fn read_return_path(value: &[u8]) -> Option<ReversePath> {
    let text = header::unfold(value);
    let inner = text.trim().trim_start_matches('<').trim_end_matches('>');
    ReversePath::parse(inner.trim()).ok()
}

/// The message as it went over the wire: without the line that mbox files begin with, and with CRLF, which
/// is what signatures are computed over.
fn as_sent(octets: &[u8]) -> Cow<'_, [u8]> {
    let first_line = memchr::memchr(b'\n', octets).map_or(0, |at| at.saturating_add(1));
    let octets = match octets.starts_with(b"From ") {
        true => octets.get(first_line..).unwrap_or_default(),
        false => octets,
    };
    let has_cr = |at: usize| at.checked_sub(1).and_then(|at| octets.get(at)) == Some(&b'\r');
    if memchr::memchr_iter(b'\n', octets).all(has_cr) {
        return Cow::Borrowed(octets);
    }
    let mut sent = Vec::with_capacity(octets.len().saturating_add(octets.len() / 16));
    for line in octets.split_inclusive(|octet| *octet == b'\n') {
        match line.strip_suffix(b"\n") {
            Some(bare) => {
                sent.extend_from_slice(bare.strip_suffix(b"\r").unwrap_or(bare));
                sent.extend_from_slice(b"\r\n");
            }
            None => sent.extend_from_slice(line),
        }
    }
    Cow::Owned(sent)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn line_ends_become_those_of_the_wire() {
        assert!(matches!(as_sent(b"A: b\r\n\r\nc\r\n"), Cow::Borrowed(_)));
        assert_eq!(as_sent(b"A: b\n\r\nc").as_ref(), b"A: b\r\n\r\nc");
        assert_eq!(as_sent(b"From x Mon\nA: b\n").as_ref(), b"A: b\r\n");
        assert_eq!(as_sent(b"From: x\r\n").as_ref(), b"From: x\r\n");
    }

    #[test]
    fn a_return_path_is_read_in_its_forms() {
        let text = |value: &[u8]| read_return_path(value).map(|path| path.to_text());
        assert_eq!(text(b" <a@b.test>").as_deref(), Some("a@b.test"));
        assert_eq!(text(b" a@b.test ").as_deref(), Some("a@b.test"));
        assert_eq!(text(b" <>").as_deref(), Some(""));
        assert_eq!(text(b"nobody"), None);
    }

    #[test]
    fn addresses_of_the_inside_are_not_public() {
        let public = |ip: &str| is_public(ip.parse().unwrap());
        for ip in [
            "10.0.0.1",
            "127.0.0.1",
            "192.168.1.1",
            "100.64.0.1",
            "::1",
            "fd00::1",
            "fe80::1",
        ] {
            assert!(!public(ip), "{ip}");
        }
        for ip in ["192.0.2.1", "100.128.0.1", "2001:db8::1"] {
            assert!(public(ip), "{ip}");
        }
    }
}
