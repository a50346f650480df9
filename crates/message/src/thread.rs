//! What threads a message to others: its id, the ids it answers, and the base subject of RFC 5256 section
//! 2.1. Threading itself belongs to `mailbox`.

use crate::head::Head;
use crate::header::{decode, unfold_octets};

/// Ids of other messages that are kept.
const REFERENCES: usize = 50;
/// Octets of an id; RFC 5322 section 2.1.1 allows no longer line.
const ID_OCTETS: usize = 998;
/// Characters of a subject that count for its base; real ones are far shorter.
const SUBJECT_CHARACTERS: usize = 998;

/// The threading facts of one message. Ids are without angle brackets.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ThreadKeys {
    /// `Message-ID`.
    pub message_id: Option<String>,
    /// `References`, then `In-Reply-To`, each id once, at its last place; at most 50, the last ones.
    pub references: Vec<String>,
    /// The messages before this one in its conversation, the nearest last, as RFC 5256 section 3 has them: the
    /// ids of `References`, or else the first of `In-Reply-To`; at most 50, the last ones.
    pub ancestors: Vec<String>,
    /// The subject without what replies and forwards add to it, RFC 5256 section 2.1; case as written, so
    /// compare it with `search::fold_case`.
    pub base_subject: String,
}

impl ThreadKeys {
    pub(crate) fn of(head: &Head<'_>) -> Self {
        let ids = |value: Option<&[u8]>| value.map(message_ids).unwrap_or_default();
        let mut named = ids(head.references);
        let mut ancestors = named.split_off(named.len().saturating_sub(REFERENCES));
        named.extend_from_slice(&ancestors);
        let answered = ids(head.in_reply_to);
        if ancestors.is_empty() {
            ancestors.extend(answered.first().cloned());
        }
        named.extend(answered);
        let mut references: Vec<String> = Vec::new();
        for id in named.into_iter().rev() {
            if references.len() >= REFERENCES {
                break;
            }
            if !references.contains(&id) {
                references.push(id);
            }
        }
        references.reverse();
        Self {
            message_id: head.message_id.and_then(message_id),
            references,
            ancestors,
            base_subject: head
                .subject
                .map(|value| base_subject(&decode(value)).text)
                .unwrap_or_default(),
        }
    }
}

/// The id in the value of a `Message-ID` field, without its angle brackets; one without them is taken as it
/// is. `None` when there is none.
#[must_use]
pub fn message_id(value: &[u8]) -> Option<String> {
    message_ids(value).into_iter().next().or_else(|| {
        let bare = unfold_octets(value);
        let is_id = !bare.is_empty() && bare.len() <= ID_OCTETS && !bare.iter().any(u8::is_ascii_whitespace);
        is_id.then(|| String::from_utf8_lossy(&bare).into_owned())
    })
}

/// All ids of a value, what stands between `<` and `>` without white space.
fn message_ids(value: &[u8]) -> Vec<String> {
    let mut ids = Vec::new();
    for piece in value.split(|octet| *octet == b'>') {
        let Some(start) = memchr::memrchr(b'<', piece) else {
            continue;
        };
        let id = piece.get(start.saturating_add(1)..).unwrap_or_default();
        let id: Vec<u8> = id
            .iter()
            .copied()
            .filter(|octet| !octet.is_ascii_whitespace())
            .collect();
        if !id.is_empty() && id.len() <= ID_OCTETS {
            ids.push(without_quotes(&String::from_utf8_lossy(&id)));
        }
    }
    ids
}

/// `<"a"@b>` and `<a@b>` are one id (RFC 5256 section 3).
fn without_quotes(id: &str) -> String {
    let unquoted = id.strip_prefix('"').and_then(|rest| rest.rsplit_once("\"@"));
    let Some((local, domain)) = unquoted else {
        return id.to_owned();
    };
    let mut plain = String::with_capacity(id.len());
    let mut characters = local.chars();
    while let Some(character) = characters.next() {
        plain.extend(match character {
            '\\' => characters.next(),
            _ => Some(character),
        });
    }
    format!("{plain}@{domain}")
}

/// What is left of a subject, and whether something was taken from it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct BaseSubject {
    /// The subject without what replies and forwards add to it.
    pub text: String,
    /// Was it that of a reply or a forward (RFC 5256 section 3, REFERENCES)?
    pub is_reply: bool,
}

/// The base subject of a decoded subject: the six steps of RFC 5256 section 2.1.
#[must_use]
pub fn base_subject(subject: &str) -> BaseSubject {
    // (1) White space; decoding has been done.
    let spaced: Vec<&str> = subject
        .split([' ', '\t', '\r', '\n'])
        .filter(|word| !word.is_empty())
        .collect();
    let subject: String = spaced.join(" ").chars().take(SUBJECT_CHARACTERS).collect();
    let mut rest = subject.as_str();
    let mut is_reply = false;
    loop {
        let before = rest.trim_end_matches(' ').len();
        rest = without_trailers(rest);
        is_reply |= rest.len() < before;
        // (3), (4) and (5).
        loop {
            rest = rest.trim_start_matches(' ');
            if let Some(shorter) = without_leader(rest) {
                is_reply = true;
                rest = shorter;
            } else if let Some(shorter) = without_blob(rest) {
                rest = shorter;
            } else {
                break;
            }
        }
        // (6)
        match without_forward(rest) {
            Some(inner) => {
                is_reply = true;
                rest = inner;
            }
            None => {
                let text = rest.to_owned();
                return BaseSubject { text, is_reply };
            }
        }
    }
}

/// (2) `subj-trailer = "(fwd)" / WSP`, as often as it is there.
fn without_trailers(mut text: &str) -> &str {
    loop {
        let trimmed = text.trim_end_matches(' ');
        match strip_suffix_ignoring_case(trimmed, "(fwd)") {
            Some(shorter) => text = shorter,
            None => return trimmed,
        }
    }
}

/// (3) `subj-leader = (*subj-blob subj-refwd) / WSP` but for the space, `subj-refwd = ("re" / ("fw" ["d"])) *WSP [subj-blob] ":"`.
fn without_leader(text: &str) -> Option<&str> {
    let mut rest = text;
    while let Some(shorter) = strip_blob(rest) {
        rest = shorter;
    }
    let rest = ["re", "fwd", "fw"]
        .iter()
        .find_map(|word| strip_prefix_ignoring_case(rest, word))?;
    let rest = rest.trim_start_matches(' ');
    strip_blob(rest).unwrap_or(rest).strip_prefix(':')
}

/// (4) A blob in front, if something is left without it.
fn without_blob(text: &str) -> Option<&str> {
    strip_blob(text).filter(|rest| !rest.is_empty())
}

/// `subj-blob = "[" *BLOBCHAR "]" *WSP`.
fn strip_blob(text: &str) -> Option<&str> {
    let inner = text.strip_prefix('[')?;
    let (blob, rest) = inner.split_once([']', '['])?;
    let is_closed = inner.as_bytes().get(blob.len()) == Some(&b']');
    is_closed.then(|| rest.trim_start_matches(' '))
}

/// (6) `subj-fwd = subj-fwd-hdr subject subj-fwd-trl`, that is `[fwd:` … `]`.
fn without_forward(text: &str) -> Option<&str> {
    strip_prefix_ignoring_case(text, "[fwd:")?.strip_suffix(']')
}

fn strip_prefix_ignoring_case<'a>(text: &'a str, prefix: &str) -> Option<&'a str> {
    let (start, rest) = text.split_at_checked(prefix.len())?;
    start.eq_ignore_ascii_case(prefix).then_some(rest)
}

fn strip_suffix_ignoring_case<'a>(text: &'a str, suffix: &str) -> Option<&'a str> {
    let (start, end) = text.split_at_checked(text.len().checked_sub(suffix.len())?)?;
    end.eq_ignore_ascii_case(suffix).then_some(start)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys(header: &str) -> ThreadKeys {
        ThreadKeys::of(&Head::parse(header.as_bytes(), false))
    }

    #[test]
    fn the_base_subject_loses_what_replies_and_forwards_add() {
        for (subject, base) in [
            ("Re: hello", "hello"),
            ("RE:re : FW: Fwd:  hello (fwd) (FWD) ", "hello"),
            ("[list] Re: [list] hello", "hello"),
            ("Re[2]: hello", "hello"),
            ("Re [list] : hello", "hello"),
            ("[blob]", "[blob]"),
            ("[one][two]", "[two]"),
            ("[one] [two] hello [three]", "hello [three]"),
            ("[Fwd: Re: hello]", "hello"),
            ("[fwd: [fwd: hello] (fwd)]", "hello"),
            ("[a[b] Re: hello", "[a[b] Re: hello"),
            ("regarding: hello", "regarding: hello"),
            ("Re:", ""),
            ("", ""),
            ("a\t  b", "a b"),
            ("Re: caf\u{e9} \u{2014} [x]", "caf\u{e9} \u{2014} [x]"),
            ("\u{e9}", "\u{e9}"),
        ] {
            assert_eq!(base_subject(subject).text, base, "of {subject:?}");
        }
    }

    #[test]
    fn encoded_subjects_have_the_same_base() {
        assert_eq!(
            keys("Subject: =?utf-8?Q?Re=3A_caf=C3=A9?=\r\n\r\n").base_subject,
            "caf\u{e9}"
        );
    }

    #[test]
    fn a_subject_of_blobs_alone_ends() {
        assert_eq!(base_subject(&"[]".repeat(100_000)).text, "[]");
    }

    #[test]
    fn references_come_before_what_is_answered_and_each_once() {
        let found = keys(
            "References: <a@x>\r\n <b@x> junk <c@x>\r\nIn-Reply-To: Your mail <c@x> <d@x>\r\nMessage-ID: <m@x>\r\n\r\n",
        );
        assert_eq!(found.references, ["a@x", "b@x", "c@x", "d@x"]);
        assert_eq!(found.message_id.as_deref(), Some("m@x"));
    }

    #[test]
    fn the_last_fifty_references_are_kept() {
        let ids: Vec<String> = (0..500).map(|number| format!("<{number}@x>")).collect();
        let found = keys(&format!("References: {}\r\n\r\n", ids.join("\r\n ")));
        assert_eq!(found.references.len(), 50);
        assert_eq!(found.references.last().map(String::as_str), Some("499@x"));
    }

    #[test]
    fn a_reply_is_known_by_what_it_adds() {
        for (subject, is_reply) in [
            ("hello", false),
            (" [list]  hello ", false),
            ("Re: hello", true),
            ("[list] FW: hello", true),
            ("hello (fwd)", true),
            ("[Fwd: hello]", true),
            ("[fwd] hello", false),
            ("Re hello", false),
        ] {
            assert_eq!(base_subject(subject).is_reply, is_reply, "of {subject:?}");
        }
    }

    #[test]
    fn ancestors_are_references_or_else_what_is_answered() {
        let both = keys("References: <a@x> <b@x>\r\nIn-Reply-To: <c@x> <d@x>\r\n\r\n");
        assert_eq!(both.ancestors, ["a@x", "b@x"]);
        let answer = keys("References: none\r\nIn-Reply-To: your mail <c@x> <d@x>\r\n\r\n");
        assert_eq!(answer.ancestors, ["c@x"]);
        assert_eq!(keys("Subject: Re: x\r\n\r\n").ancestors, [""; 0]);
        let ids: Vec<String> = (0..500).map(|number| format!("<{number}@x>")).collect();
        let many = keys(&format!("References: {}\r\n\r\n", ids.join("\r\n ")));
        assert_eq!(many.ancestors.len(), 50);
        assert_eq!(many.ancestors.first().map(String::as_str), Some("450@x"));
    }

    #[test]
    fn a_quoted_id_is_the_same_without_its_quotes() {
        for (value, id) in [
            (
                "<\"01KF8JCEOCBS0045PS\"@xxx.yyy.com>",
                "01KF8JCEOCBS0045PS@xxx.yyy.com",
            ),
            ("<\"a\\\"b\"@c>", "a\"b@c"),
            ("<\"a\"b@c>", "\"a\"b@c"),
        ] {
            assert_eq!(message_id(value.as_bytes()).as_deref(), Some(id));
        }
    }

    #[test]
    fn an_id_without_brackets_is_still_an_id() {
        assert_eq!(
            keys("Message-ID: bare@x\r\n\r\n").message_id.as_deref(),
            Some("bare@x")
        );
        assert_eq!(keys("Message-ID: two words\r\n\r\n").message_id, None);
    }
}
