//! No input panics, whatever comes out holds together, and what was built is found again.

#[path = "support/checks.rs"]
mod support;

use posthorn_message::{Kind, Parts, Section, SectionText, header, render};
use proptest::prelude::*;

/// A message to break: every construct that the scanner and the readers know.
const SEED: &str = "Received: from a\r\n by b\r\nFrom: =?utf-8?Q?A=C3?= =?utf-8?Q?=A9?= <a@x.test>, G: \"b\\\"\" <b@y.test>;\r\n\
To: <@r.test:c@z.test> (comment (nested))\r\nSubject: Re: [l] =?iso-2022-jp?B?GyRCJSIbKEI=?= (fwd)\r\n\
Date: Mon, 23 Nov 2026 20:16:40 +0000\r\nMessage-ID: <m@x>\r\nReferences: <a@x> <b@x>\r\nIn-Reply-To: <b@x>\r\n\
Content-Type: multipart/mixed;\r\n boundary=\"out er\"\r\nContent-Language: de, en\r\n\r\npreamble\r\n\
--out er\r\nContent-Type: text/plain; charset=iso-8859-1\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\ngr=FC=\r\nn\r\n> x\r\n-- \r\ns\r\n\
--out er\r\nContent-Type: multipart/alternative; boundary=in\r\n\r\n--in\r\nContent-Type: text/html; charset=utf-16\r\n\r\n<p a='>'>&amp;<style>x</style><!-- -->\r\n\
--in\r\nContent-Type: text/plain; charset=utf-7\r\nContent-Transfer-Encoding: base64\r\n\r\nK0FHRS0=\r\n--in--\r\n\
--out er\r\nContent-Type: message/rfc822\r\n\r\nSubject: in\r\nContent-Type: application/pdf; name*0*=utf-8''a%20; name*1=b\r\n\r\nx\r\n\
--out er\r\nContent-Type: message/rfc822\r\nContent-Transfer-Encoding: base64\r\nContent-Disposition: attachment; filename=\"a b\"\r\n\r\nU3ViamVjdDogeA0KDQp5\r\n--out er--\r\nepilogue\r\n";

/// One change of a message.
#[derive(Clone, Debug)]
enum Change {
    Cut(usize, usize),
    Copy(usize, usize, usize),
    Put(usize, Vec<u8>),
}

fn change() -> impl Strategy<Value = Change> {
    let at = 0..SEED.len();
    let piece = prop_oneof![
        prop::collection::vec(any::<u8>(), 1..8),
        prop::sample::select(vec![
            "--",
            "\r\n",
            "\n",
            "\r",
            "=?",
            "?=",
            "\"",
            "(",
            ")",
            "<",
            ">",
            "[",
            "]",
            ":",
            ";",
            ",",
            "@",
            "\0",
            "=",
            "\r\n\r\n",
            "--in\r\n",
            "--out er\r\n",
            "--out er--\r\n",
            "multipart/digest",
            "base64",
            "quoted-printable",
            "&#x110000;",
            "charset=",
        ])
        .prop_map(|piece| piece.as_bytes().to_vec()),
    ];
    prop_oneof![
        (at.clone(), 1..60_usize).prop_map(|(at, len)| Change::Cut(at, len)),
        (at.clone(), 1..200_usize, at.clone()).prop_map(|(from, len, to)| Change::Copy(from, len, to)),
        (at, piece).prop_map(|(at, piece)| Change::Put(at, piece)),
    ]
}

fn apply(raw: &mut Vec<u8>, change: &Change) {
    let range = |at: usize, len: usize, raw: &Vec<u8>| at.min(raw.len())..(at + len).min(raw.len());
    match change {
        Change::Cut(at, len) => drop(raw.drain(range(*at, *len, raw))),
        Change::Copy(from, len, to) => {
            let piece = raw[range(*from, *len, raw)].to_vec();
            let to = (*to).min(raw.len());
            raw.splice(to..to, piece);
        }
        Change::Put(at, piece) => {
            let at = (*at).min(raw.len());
            raw.splice(at..at, piece.iter().copied());
        }
    }
}

/// A tree to build a message from.
#[derive(Clone, Debug)]
enum Tree {
    Leaf(Vec<u8>),
    Multipart(Vec<Self>),
    Message(Box<Self>),
}

fn tree() -> impl Strategy<Value = Tree> {
    // Any octets, and lines that look like delimiters; `build` keeps boundaries out of the bodies.
    let body = prop_oneof![
        prop::collection::vec(any::<u8>(), 0..60),
        prop::collection::vec(
            prop::sample::select(vec!["--", "--b", "\r\n", "\n", "x: y", "--b0", "--\r\n"]),
            0..12
        )
        .prop_map(|pieces| pieces.concat().into_bytes()),
    ];
    body.prop_map(Tree::Leaf).prop_recursive(5, 24, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 1..4).prop_map(Tree::Multipart),
            inner.prop_map(|tree| Tree::Message(Box::new(tree))),
        ]
    })
}

/// Writes header and body of a part; boundaries are numbered and end in a letter no body has behind one.
fn write(tree: &Tree, next: &mut u32, out: &mut Vec<u8>) {
    match tree {
        Tree::Leaf(body) => {
            out.extend_from_slice(b"Content-Type: application/octet-stream\r\n\r\n");
            out.extend_from_slice(body);
        }
        Tree::Message(message) => {
            out.extend_from_slice(b"Content-Type: message/rfc822\r\n\r\n");
            write(message, next, out);
        }
        Tree::Multipart(children) => {
            let boundary = format!("boundary {next} end");
            *next += 1;
            out.extend_from_slice(
                format!("Content-Type: multipart/mixed; boundary=\"{boundary}\"\r\n\r\n").as_bytes(),
            );
            for child in children {
                out.extend_from_slice(format!("\r\n--{boundary}\r\n").as_bytes());
                write(child, next, out);
            }
            out.extend_from_slice(format!("\r\n--{boundary}--\r\n").as_bytes());
        }
    }
}

/// The leaves with their part numbers.
fn leaves(tree: &Tree, numbers: Vec<u32>, is_message: bool, all: &mut Vec<(Vec<u32>, Vec<u8>)>) {
    let own = if is_message {
        [&numbers[..], &[1]].concat()
    } else {
        numbers.clone()
    };
    match tree {
        Tree::Leaf(body) => all.push((own, body.clone())),
        Tree::Message(message) => leaves(message, own, true, all),
        Tree::Multipart(children) => {
            for (child, number) in children.iter().zip(1..) {
                leaves(child, [&numbers[..], &[number]].concat(), false, all);
            }
        }
    }
}

/// The outermost leaf's body ends with the message; within a multipart the line end before the boundary is
/// not its own, which `write` puts there.
fn build(tree: &Tree) -> Vec<u8> {
    let mut raw = b"Subject: built\r\n".to_vec();
    write(tree, &mut 0, &mut raw);
    raw
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

    #[test]
    fn any_octets_get_a_shape(raw in prop::collection::vec(any::<u8>(), 0..400)) {
        support::check(&raw, "random");
    }

    #[test]
    fn a_broken_message_gets_a_shape(changes in prop::collection::vec(change(), 1..12)) {
        let mut raw = SEED.as_bytes().to_vec();
        for change in &changes {
            apply(&mut raw, change);
        }
        support::check(&raw, "mutated");
    }

    #[test]
    fn every_leaf_that_was_built_is_found_by_its_number(tree in tree()) {
        let raw = build(&tree);
        let rendered = render(&raw);
        support::check(&raw, "built");
        let mut expected = Vec::new();
        leaves(&tree, Vec::new(), true, &mut expected);
        for (part, body) in expected {
            prop_assert_eq!(rendered.parts.part(&part).map(|part| part.kind), Some(Kind::Leaf), "{:?}", &part);
            let section = Section { part: part.clone(), text: SectionText::Whole };
            let found = rendered.parts.section(&raw, &section);
            prop_assert_eq!(found.as_deref(), Some(&body[..]), "{:?}", &part);
        }
    }

    #[test]
    fn any_octets_as_parts_are_refused_or_possible(bytes in prop::collection::vec(prop_oneof![0..4_u8, any::<u8>()], 0..40)) {
        let bytes = [&[1_u8][..], &bytes].concat();
        if let Some(parts) = Parts::from_bytes(&bytes) {
            prop_assert_eq!(Parts::from_bytes(&parts.to_bytes()), Some(parts));
        }
    }

    #[test]
    fn fields_cover_the_header_without_gaps(raw in "([A-Za-z: \t]{0,12}\r?\n){0,12}") {
        let (head, _) = header::header_section(raw.as_bytes());
        let mut at = 0;
        for field in header::Fields::new(head) {
            prop_assert_eq!(field.whole.start, at);
            at = field.whole.end;
        }
        prop_assert!(matches!(&head[at..], b"" | b"\n" | b"\r\n"));
    }
}
