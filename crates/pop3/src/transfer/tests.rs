//! Transfers: exact octets, bounded chunks, and that a client reads back what was stored.

use proptest::prelude::*;

use super::*;
use crate::question::Entry;

fn send(message: &[u8], part: Part) -> Vec<u8> {
    let mut transfer = MessageTransfer::new(message.into(), part);
    let mut out = Vec::new();
    while let Some(chunk) = transfer.next_chunk() {
        assert!(chunk.len() <= CHUNK_OCTETS);
        assert!(!chunk.is_empty());
        out.extend(chunk);
    }
    out
}

/// What a client keeps of a multi-line reply.
fn receive(sent: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    let mut rest = sent;
    loop {
        let end = rest.windows(2).position(|pair| pair == b"\r\n").unwrap();
        let line = &rest[..end];
        rest = &rest[end + 2..];
        if line == b"." {
            assert!(rest.is_empty(), "octets behind the last line");
            return out;
        }
        out.extend_from_slice(line.strip_prefix(b".").unwrap_or(line));
        out.extend_from_slice(b"\r\n");
    }
}

/// Every line end as CRLF, and one at the end.
fn mended(message: &[u8]) -> Vec<u8> {
    let mut lines: Vec<&[u8]> = message.split(|&c| c == b'\n').collect();
    if lines.last() == Some(&&b""[..]) {
        lines.pop();
    }
    let mut out = Vec::new();
    for line in lines {
        out.extend_from_slice(line.strip_suffix(b"\r").unwrap_or(line));
        out.extend_from_slice(b"\r\n");
    }
    out
}

#[test]
fn dots_at_the_start_of_a_line_are_stuffed() {
    assert_eq!(
        send(b".a\r\n..\r\nb.\r\n.\r\n", Part::Whole),
        b"..a\r\n...\r\nb.\r\n..\r\n.\r\n"
    );
}

#[test]
fn bare_lf_and_a_missing_last_line_end_are_mended() {
    for message in [&b"a\n.b"[..], b"a\r\n.b", b"a\n.b\n", b"a\n.b\r", b"a\r\n.b\r\n"] {
        assert_eq!(send(message, Part::Whole), b"a\r\n..b\r\n.\r\n", "{message:?}");
    }
}

#[test]
fn an_empty_message_is_an_empty_reply() {
    assert_eq!(send(b"", Part::Whole), b".\r\n");
    assert_eq!(send(b"", Part::Top(3)), b".\r\n");
}

#[test]
fn top_sends_the_header_the_empty_line_and_so_many_lines() {
    let message = b"A: 1\r\nB: 2\r\n\r\none\r\n\r\n.three\r\n";
    assert_eq!(send(message, Part::Top(0)), b"A: 1\r\nB: 2\r\n\r\n.\r\n");
    assert_eq!(send(message, Part::Top(1)), b"A: 1\r\nB: 2\r\n\r\none\r\n.\r\n");
    assert_eq!(
        send(message, Part::Top(2)),
        b"A: 1\r\nB: 2\r\n\r\none\r\n\r\n.\r\n"
    );
    assert_eq!(send(message, Part::Top(99)), send(message, Part::Whole));
}

#[test]
fn top_of_a_message_without_body_sends_all_of_it() {
    assert_eq!(send(b"A: 1\nB: 2", Part::Top(0)), b"A: 1\r\nB: 2\r\n.\r\n");
}

#[test]
fn a_line_end_across_the_edge_of_a_chunk_stays_one_line_end() {
    for length in CHUNK_OCTETS - 300..CHUNK_OCTETS + 10 {
        let mut message = vec![b'x'; length];
        message.extend_from_slice(b"\r\n.y\r\n");
        assert_eq!(receive(&send(&message, Part::Whole)), message);
    }
}

#[test]
fn a_long_line_of_carriage_returns_ends() {
    let message = vec![b'\r'; CHUNK_OCTETS * 2];
    let mut expected = vec![b'\r'; CHUNK_OCTETS * 2 - 1];
    expected.extend_from_slice(b"\r\n.\r\n");
    assert_eq!(send(&message, Part::Whole), expected);
}

#[test]
fn a_long_listing_comes_in_chunks() {
    let entries = (0..5000)
        .map(|number| Entry {
            unique_id: format!("{number:070}"),
            size_octets: 1,
        })
        .collect();
    let mut maildrop = Maildrop::new(entries).unwrap();
    maildrop.delete(4999);
    let mut transfer = ListingTransfer::new(Listing::UniqueIds);
    let mut out = Vec::new();
    let mut chunks = 0;
    while let Some(chunk) = transfer.next_chunk(&maildrop) {
        assert!(chunk.len() <= CHUNK_OCTETS);
        out.extend(chunk);
        chunks += 1;
    }
    let text = String::from_utf8(out).unwrap();
    assert_eq!(text.lines().count(), 5000);
    assert!(text.ends_with("04998\r\n.\r\n"));
    assert!(chunks > 10);
}

#[test]
fn only_the_header_decides_about_utf8() {
    assert!(has_utf8_header("Subject: \u{e9}\r\n\r\nx".as_bytes()));
    assert!(!has_utf8_header("Subject: e\r\n\r\n\u{e9}".as_bytes()));
    assert!(!has_utf8_header("Subject: e\n\n\u{e9}".as_bytes()));
}

proptest! {
    #[test]
    fn a_client_reads_back_what_was_stored(
        message in prop::collection::vec(prop::sample::select(&b"a.\r\n\n"[..]), 0..200),
    ) {
        let sent = send(&message, Part::Whole);
        let with_bare_cr = mended(&message);
        // A client splits at CRLF only, so a bare CR in the middle of a line survives too.
        prop_assert_eq!(receive(&sent), with_bare_cr);
    }

    #[test]
    fn top_is_a_prefix_of_the_whole(
        message in prop::collection::vec(prop::sample::select(&b"a.:\r\n\n"[..]), 0..200),
        lines in 0usize..6,
    ) {
        let top = receive(&send(&message, Part::Top(lines)));
        prop_assert!(mended(&message).starts_with(&top));
    }
}
