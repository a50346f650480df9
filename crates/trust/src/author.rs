//! Who a message says it is from: `From`, `Reply-To` and `List-Id` (RFC 5322 section 3.6.2, RFC 2919), for
//! showing and for DMARC. Believes nothing.

use posthorn_base::{Address, Domain};
use posthorn_dmarc::MAX_AUTHOR_DOMAINS;
use posthorn_message::address_list::{Entry, Mailbox, parse_addresses};
use posthorn_message::header;

use crate::evidence::Author;
use crate::printable::printable;

/// `From` fields that are looked at; RFC 5322 allows one.
const FROM_FIELDS: usize = 8;
/// Addresses in `From` beyond the first that are kept.
const MAX_OTHERS: usize = 10;
/// Octets of one header value that are looked at; RFC 5322 section 2.1.1 has lines of at most 998.
const VALUE_OCTETS: usize = 16_384;
/// Octets of a name that are kept.
const NAME_OCTETS: usize = 200;
/// Octets of an address that are kept; RFC 5321 section 4.5.3.1.3 has at most 254.
const ADDRESS_OCTETS: usize = 320;

/// Reads the author from the header of a message.
#[must_use]
pub fn author(octets: &[u8]) -> Author {
    read(octets).0
}

/// The domains that DMARC asks about.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct AuthorDomains {
    /// Every domain that `From` names, once, in its comparable form where it is a name, else as it stands
    /// there.
    pub(crate) names: Vec<String>,
    /// There are more than are asked about, or `From` goes on where nobody reads it any more.
    pub(crate) has_more: bool,
}

/// The author, and the domains of all addresses in `From`, of which a reader's program may show any.
pub(crate) fn read(octets: &[u8]) -> (Author, AuthorDomains) {
    let mut from = Vec::new();
    let mut is_cut = false;
    let mut reply_to = None;
    let mut list = None;
    for field in header::Fields::new(octets) {
        if field.is("From") {
            is_cut |= from.len() >= FROM_FIELDS || field.value.len() > VALUE_OCTETS;
            if from.len() < FROM_FIELDS {
                from.push(field.value);
            }
        } else if field.is("Reply-To") {
            reply_to.get_or_insert(field.value);
        } else if field.is("List-Id") {
            list.get_or_insert(field.value);
        }
    }
    let mailboxes: Vec<Mailbox> = from.iter().flat_map(|value| mailboxes(value)).collect();
    let mut domains = domains(&mailboxes);
    domains.has_more |= is_cut;
    let mut author = Author::default();
    let mut mailboxes = mailboxes.iter();
    if let Some(first) = mailboxes.next() {
        author.name = name(first);
        author.address = address(first);
    }
    author.others = mailboxes
        .map(address)
        .filter(|other| !other.is_empty())
        .take(MAX_OTHERS)
        .collect();
    author.reply_to = reply_to
        .and_then(first_address)
        .filter(|reply_to| !reply_to.eq_ignore_ascii_case(&author.address));
    author.list = list.and_then(list_id);
    (author, domains)
}

fn first_address(value: &[u8]) -> Option<String> {
    mailboxes(value)
        .iter()
        .map(address)
        .find(|address| !address.is_empty())
}

fn mailboxes(value: &[u8]) -> Vec<Mailbox> {
    let value = value.get(..VALUE_OCTETS).unwrap_or(value);
    parse_addresses(&header::unfold_octets(value))
        .into_iter()
        .filter_map(|entry| match entry {
            Entry::Mailbox(mailbox) => Some(mailbox),
            Entry::GroupStart(_) | Entry::GroupEnd => None,
        })
        .collect()
}

fn name(mailbox: &Mailbox) -> String {
    let decoded = mailbox.name.as_deref().map(header::decode).unwrap_or_default();
    printable(&decoded, NAME_OCTETS)
}

/// `local@domain` as it can be sent to, or else as it stands there: the reader's program shows it all the
/// same. Empty without an `@`.
fn address(mailbox: &Mailbox) -> String {
    if mailbox.domain.is_empty() {
        return String::new();
    }
    let local = String::from_utf8_lossy(&mailbox.local);
    let domain = String::from_utf8_lossy(&mailbox.domain);
    let plain = format!("{local}@{domain}");
    let quoted = || {
        let escaped = local.replace('\\', "\\\\").replace('"', "\\\"");
        Address::parse(&format!("\"{escaped}\"@{domain}"))
    };
    match Address::parse(&plain).or_else(|_unquoted| quoted()) {
        Ok(address) => address.to_string(),
        Err(_unreadable) => printable(&plain, ADDRESS_OCTETS),
    }
}

fn domains(mailboxes: &[Mailbox]) -> AuthorDomains {
    let mut found = AuthorDomains::default();
    for mailbox in mailboxes {
        let text = String::from_utf8_lossy(&mailbox.domain);
        let domain = match Domain::parse(&text) {
            Ok(domain) => domain.as_str().to_owned(),
            Err(_no_name) => printable(&text, ADDRESS_OCTETS).to_lowercase(),
        };
        // A word without an `@` is no address, and frees no other one.
        if domain.is_empty() || found.names.contains(&domain) {
            continue;
        }
        if found.names.len() == MAX_AUTHOR_DOMAINS {
            found.has_more = true;
            break;
        }
        found.names.push(domain);
    }
    found
}

/// What stands between the angle brackets, which names the list; or else all of it.
fn list_id(value: &[u8]) -> Option<String> {
    let value = value.get(..VALUE_OCTETS).unwrap_or(value);
    let text = header::decode(value);
    let inner = text
        .rsplit_once('<')
        .and_then(|(_, rest)| rest.split_once('>'))
        .map_or(text.as_str(), |(inner, _)| inner);
    let id = printable(inner, NAME_OCTETS);
    (!id.is_empty()).then_some(id)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn name_and_address_are_decoded() {
        let (author, domains) = read(
            b"From: =?utf-8?Q?J=C3=B6rg?= <Joerg@B\xc3\xbccher.Example>\r\nReply-To: <JOERG@xn--bcher-kva.example>\r\n\
              List-Id: All of us\r\n <all.lists.example>\r\n\r\n",
        );
        assert_eq!(author.name, "J\u{f6}rg");
        assert_eq!(author.address, "Joerg@xn--bcher-kva.example");
        assert_eq!(author.reply_to, None);
        assert_eq!(author.list.as_deref(), Some("all.lists.example"));
        assert_eq!(domains.names, ["xn--bcher-kva.example"]);
    }

    #[test]
    fn answers_that_go_elsewhere_are_noted() {
        let author = author(b"From: a@b.test\r\nReply-To: Help <x@c.test>, y@d.test\r\n\r\n");
        assert_eq!(author.reply_to.as_deref(), Some("x@c.test"));
    }

    #[test]
    fn every_domain_in_from_is_one_that_dmarc_asks_about() {
        let domains = |octets: &[u8]| read(octets).1.names;
        let (author, found) = read(b"From: A <a@b.test>, c@B.test\r\n\r\n");
        assert_eq!(author.others, ["c@b.test"]);
        assert_eq!((found.names, found.has_more), (vec!["b.test".to_owned()], false));
        assert_eq!(domains(b"From: a@b.test, c@d.test\r\n\r\n"), ["b.test", "d.test"]);
        assert_eq!(
            domains(b"From: a@b.test\r\nFrom: c@d.test\r\n\r\n"),
            ["b.test", "d.test"]
        );
        assert_eq!(
            domains(b"From: team: a@b.test, c@d.test;\r\n\r\n"),
            ["b.test", "d.test"]
        );
        assert_eq!(domains(b"From: a@b.test, nobody\r\n\r\n"), ["b.test"]);
        assert_eq!(
            domains(b"From: a@[192.0.2.1], c@d.test\r\n\r\n"),
            ["[192.0.2.1]", "d.test"]
        );
        assert_eq!(read(b"Subject: no author\r\n\r\n"), Default::default());
    }

    #[test]
    fn a_fifth_domain_a_ninth_field_and_an_endless_one_do_not_go_unnoticed() {
        let has_more = |header: &str| read(format!("{header}\r\n\r\n").as_bytes()).1.has_more;
        assert!(!has_more(
            "From: a@a.test, b@b.test, c@c.test, d@d.test, e@a.test"
        ));
        assert!(has_more("From: a@a.test, b@b.test, c@c.test, d@d.test, e@e.test"));
        let fields = |count: usize| vec!["From: a@a.test"; count].join("\r\n");
        assert!(!has_more(&fields(FROM_FIELDS)));
        assert!(has_more(&fields(FROM_FIELDS + 1)));
        assert!(has_more(&format!(
            "From: {}, b@b.test",
            "a@a.test, ".repeat(2_000)
        )));
    }

    #[test]
    fn what_is_no_address_is_kept_as_it_is_shown() {
        let text = |value: &str| author(format!("From: {value}\r\n\r\n").as_bytes()).address;
        assert_eq!(text("\"a b\"@c.test"), "\"a b\"@c.test");
        assert_eq!(text("<a@b_.-.test>"), "a@b_.-.test");
        assert_eq!(text("Undisclosed:;"), "");
        assert_eq!(text("nobody"), "");
        assert_eq!(text("<\"x\\\"y\"@c.test>"), "\"x\\\"y\"@c.test");
    }

    #[test]
    fn a_name_of_any_length_is_cut() {
        let long = format!("From: {} <a@b.test>\r\n\r\n", "x\u{1b} ".repeat(5_000));
        let author = author(long.as_bytes());
        assert!(author.name.len() <= NAME_OCTETS && !author.name.contains('\u{1b}'));
    }

    proptest! {
        #[test]
        fn any_header_is_read(value in proptest::collection::vec(any::<u8>(), 0..2_000)) {
            let mut octets = b"From: ".to_vec();
            octets.extend_from_slice(&value);
            let (author, domains) = read(&octets);
            prop_assert!(author.address.len() <= ADDRESS_OCTETS);
            prop_assert!(domains.names.len() <= MAX_AUTHOR_DOMAINS);
            prop_assert!(!domains.names.concat().chars().any(char::is_control));
        }
    }
}
