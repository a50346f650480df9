//! How long rendering takes: `cargo run --release -p posthorn-message --example render`. Messages of some
//! 10 KB as they are common: plain text, text with its HTML twin, and a small attachment.

#![expect(clippy::disallowed_methods, reason = "measures time")]
#![expect(clippy::print_stdout, reason = "a program for people")]

use std::hint::black_box;
use std::time::Instant;

use posthorn_message::render;

const ROUNDS: u32 = 5_000;

fn main() {
    let trace = "Received: from a.example.org (a.example.org [192.0.2.1])\r\n\tby mx.example.net with ESMTPS id 4711\r\n\tfor <b@example.net>; Mon, 23 Nov 2026 20:16:40 +0000\r\n".repeat(4);
    let head = format!(
        "{trace}From: =?utf-8?Q?Andr=C3=A9?= <a@example.org>\r\nTo: B <b@example.net>, C <c@example.net>\r\nSubject: Re: [list] =?utf-8?Q?caf=C3=A9?=\r\nDate: Mon, 23 Nov 2026 20:16:40 +0000\r\nMessage-ID: <1@example.org>\r\nReferences: <0@example.org> <00@example.org>\r\nMIME-Version: 1.0\r\n"
    );
    let line = "The quick brown fox jumps over the lazy dog, =C3=A9 and so on, now and then.\r\n";
    let plain = line.repeat(110);
    let html = format!(
        "<html><head><style>p {{}}</style></head><body>{}</body></html>",
        format!("<p>{line}</p>").repeat(60)
    );
    let quoted = "Content-Transfer-Encoding: quoted-printable\r\nContent-Type: text";
    let twins = format!(
        "{head}Content-Type: multipart/alternative; boundary=x\r\n\r\n--x\r\n{quoted}/plain; charset=utf-8\r\n\r\n{}\r\n--x\r\n{quoted}/html; charset=utf-8\r\n\r\n{html}\r\n--x--\r\n",
        line.repeat(45)
    );
    let attached = format!(
        "{head}Content-Type: multipart/mixed; boundary=x\r\n\r\n--x\r\n{quoted}/html; charset=utf-8\r\n\r\n{html}\r\n--x\r\nContent-Type: application/pdf; name=a.pdf\r\nContent-Transfer-Encoding: base64\r\nContent-Disposition: attachment; filename=a.pdf\r\n\r\n{}\r\n--x--\r\n",
        format!("{}\r\n", "QUJD".repeat(19)).repeat(50)
    );
    for (name, raw) in [
        (
            "plain",
            format!("{head}{quoted}/plain; charset=utf-8\r\n\r\n{plain}"),
        ),
        ("alternative", twins),
        ("attachment", attached),
    ] {
        let start = Instant::now();
        for _ in 0..ROUNDS {
            black_box(render(black_box(raw.as_bytes())));
        }
        let each = start.elapsed() / ROUNDS;
        println!("{name}: {} octets in {each:?}", raw.len());
    }
}
