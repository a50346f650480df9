//! `ENVELOPE` in wire form, RFC 9051 section 7.5.2. Values are unfolded and otherwise as the sender wrote
//! them: encoded-words are left to the client, as IMAP4rev1 wants it.

use crate::address_list::{Entry, Mailbox, parse_addresses};
use crate::head::Head;
use crate::header::unfold_octets;
use crate::imap_string::{write_nstring, write_string};

/// Writes `(date subject from sender reply-to to cc bcc in-reply-to message-id)`.
pub(crate) fn write_envelope(head: &Head<'_>, out: &mut Vec<u8>) {
    let from = addresses(&head.from);
    let or_from = |fields: &[&[u8]]| Some(addresses(fields)).filter(|list| !list.is_empty());
    out.push(b'(');
    write_value(head.date, out);
    out.push(b' ');
    write_value(head.subject, out);
    for list in [
        &from,
        or_from(&head.sender).as_ref().unwrap_or(&from),
        or_from(&head.reply_to).as_ref().unwrap_or(&from),
        &addresses(&head.to),
        &addresses(&head.cc),
        &addresses(&head.bcc),
    ] {
        out.push(b' ');
        write_addresses(list, out);
    }
    out.push(b' ');
    write_value(head.in_reply_to, out);
    out.push(b' ');
    write_value(head.message_id, out);
    out.push(b')');
}

/// All addresses of the fields of one kind.
pub(crate) fn addresses(fields: &[&[u8]]) -> Vec<Entry> {
    fields
        .iter()
        .flat_map(|field| parse_addresses(&unfold_octets(field)))
        .collect()
}

fn write_value(value: Option<&[u8]>, out: &mut Vec<u8>) {
    write_nstring(Head::unfolded(value).as_deref(), out);
}

fn write_addresses(list: &[Entry], out: &mut Vec<u8>) {
    if list.is_empty() {
        out.extend_from_slice(b"NIL");
        return;
    }
    out.push(b'(');
    for entry in list {
        match entry {
            Entry::Mailbox(mailbox) => write_mailbox(mailbox, out),
            Entry::GroupStart(name) => {
                out.extend_from_slice(b"(NIL NIL ");
                write_string(name, out);
                out.extend_from_slice(b" NIL)");
            }
            Entry::GroupEnd => out.extend_from_slice(b"(NIL NIL NIL NIL)"),
        }
    }
    out.push(b')');
}

/// `(name adl mailbox host)`. The host of an address without one is empty: `NIL` would begin a group.
fn write_mailbox(mailbox: &Mailbox, out: &mut Vec<u8>) {
    out.push(b'(');
    write_nstring(mailbox.name.as_deref(), out);
    out.push(b' ');
    write_nstring(mailbox.route.as_deref(), out);
    out.push(b' ');
    write_string(&mailbox.local, out);
    out.push(b' ');
    write_string(&mailbox.domain, out);
    out.push(b')');
}

#[cfg(test)]
mod tests {
    use super::*;

    fn envelope(header: &str) -> String {
        let mut out = Vec::new();
        write_envelope(&Head::parse(header.as_bytes(), false), &mut out);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn the_example_of_rfc_9051_section_8_comes_out() {
        let header = "Date: Wed, 17 Jul 1996 02:23:25 -0700 (PDT)\r\n\
            From: Terry Gray <gray@cac.washington.edu>\r\n\
            Subject: IMAP4rev2 WG mtg summary and minutes\r\n\
            To: imap@cac.washington.edu\r\n\
            cc: minutes@CNRI.Reston.VA.US, John Klensin <KLENSIN@MIT.EDU>\r\n\
            Message-Id: <B27397-0100000@cac.washington.edu>\r\n\r\n";
        assert_eq!(
            envelope(header),
            "(\"Wed, 17 Jul 1996 02:23:25 -0700 (PDT)\" \"IMAP4rev2 WG mtg summary and minutes\" \
             ((\"Terry Gray\" NIL \"gray\" \"cac.washington.edu\")) \
             ((\"Terry Gray\" NIL \"gray\" \"cac.washington.edu\")) \
             ((\"Terry Gray\" NIL \"gray\" \"cac.washington.edu\")) \
             ((NIL NIL \"imap\" \"cac.washington.edu\")) \
             ((NIL NIL \"minutes\" \"CNRI.Reston.VA.US\")(\"John Klensin\" NIL \"KLENSIN\" \"MIT.EDU\")) NIL NIL \
             \"<B27397-0100000@cac.washington.edu>\")"
        );
    }

    #[test]
    fn absent_is_nil_and_empty_is_empty() {
        assert_eq!(
            envelope("Subject:\r\nTo: \r\n\r\n"),
            "(NIL \"\" NIL NIL NIL NIL NIL NIL NIL NIL)"
        );
    }

    #[test]
    fn groups_are_marked_by_their_host() {
        let text = envelope("To: Us: a@b.test;\r\nTo: c@d.test\r\n\r\n");
        assert!(text.contains(
            "((NIL NIL \"Us\" NIL)(NIL NIL \"a\" \"b.test\")(NIL NIL NIL NIL)(NIL NIL \"c\" \"d.test\"))"
        ));
    }

    #[test]
    fn folding_goes_and_encoded_words_stay() {
        let text = envelope("Subject: =?utf-8?Q?a?=\r\n =?utf-8?Q?b?=\r\n\r\n");
        assert!(text.starts_with("(NIL \"=?utf-8?Q?a?= =?utf-8?Q?b?=\" NIL"));
    }
}
