//! Input that no honest client sends: each gets a clear reply or the end of its own connection, the server
//! goes on, and its memory stays within bounds.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may")]

use std::io;

use posthorn_tests::{Imap, Message, Node, Options, Random, Reply, Smtp, Wire, sent_part};

/// What the process may grow by while one connection does its worst.
const GROWTH_KIB: usize = 200 * 1024;

/// The server still takes a message and shows it.
#[track_caller]
fn works(node: &Node) {
    let to = node.address("ben");
    let message = Message::short("someone@sender.test", &to);
    assert_eq!(
        node.smtp()
            .send("someone@sender.test", &[&to], &message)
            .unwrap()
            .code,
        250
    );
    let inbox = node.inbox("ben");
    let (_, part) = sent_part(&inbox.last().unwrap().octets).unwrap();
    assert_eq!(part, message.octets);
    assert!(!node.log().contains("panicked"), "{}", node.log());
}

/// A message of these octets to anna; gives the reply to it.
fn send_raw(node: &Node, octets: Vec<u8>) -> Reply {
    let message = Message {
        token: String::new(),
        octets,
    };
    node.smtp()
        .send("someone@sender.test", &[&node.address("anna")], &message)
        .unwrap()
}

/// Writes without reading, as far as the server takes it, then reads what it said until it closes.
fn pour(address: &str, chunk: &[u8], times: usize) -> Vec<u8> {
    let mut wire = Wire::connect(address).unwrap();
    let mut writer = wire.writer().unwrap();
    let chunk = chunk.to_vec();
    let pouring = std::thread::spawn(move || -> io::Result<()> {
        for _ in 0..times {
            io::Write::write_all(&mut writer, &chunk)?;
        }
        writer.shutdown(std::net::Shutdown::Write)
    });
    let said = wire.rest().unwrap();
    // The server may close before everything was taken.
    drop(pouring.join().unwrap());
    said
}

#[test]
fn garbage_ends_only_its_own_connection() {
    let node = Node::start(Options::default());
    let mut random = Random::seeded();
    let before = node.resident_kib();
    for protocol in [
        "smtp",
        "submission",
        "imap",
        "pop3",
        "submissions",
        "imaps",
        "pop3s",
    ] {
        for _ in 0..5 {
            let garbage: Vec<u8> = (0..2_000).flat_map(|_| random.number().to_le_bytes()).collect();
            pour(node.ready().address(protocol), &garbage, 8);
        }
    }
    works(&node);
    assert!(node.resident_kib() < before + GROWTH_KIB);
}

#[test]
fn half_commands_leave_nothing_behind() {
    let node = Node::start(Options::default());
    let to = node.address("anna");
    let halves = [
        ("smtp", "EHL".to_owned()),
        (
            "smtp",
            "EHLO a.test\r\nMAIL FROM:<a@a.test>\r\nRCPT TO:<".to_owned(),
        ),
        (
            "smtp",
            format!(
                "EHLO a.test\r\nMAIL FROM:<a@a.test>\r\nRCPT TO:<{to}>\r\nDATA\r\nSubject: half\r\n\r\nno end\r\n"
            ),
        ),
        (
            "smtp",
            format!("EHLO a.test\r\nMAIL FROM:<a@a.test>\r\nRCPT TO:<{to}>\r\nBDAT 1000 LAST\r\nfew"),
        ),
        ("imap", "a1 LOGIN {5}\r\nan".to_owned()),
        ("imap", "a1 APPEND INBOX {1000}\r\n".to_owned()),
        ("pop3", "USER anna".to_owned()),
        ("imaps", "\u{16}\u{3}\u{1}".to_owned()),
    ];
    for (protocol, half) in halves {
        pour(node.ready().address(protocol), half.as_bytes(), 1);
    }
    assert!(node.inbox("anna").is_empty());
    works(&node);
}

#[test]
fn endless_lines_are_refused_and_not_kept() {
    let node = Node::start(Options::default());
    let before = node.resident_kib();
    let line = vec![b'x'; 1 << 20];
    for protocol in ["smtp", "submission", "imap", "pop3"] {
        let said = pour(node.ready().address(protocol), &line, 64);
        assert!(!said.is_empty(), "{protocol} said nothing");
    }
    assert!(
        node.resident_kib() < before + GROWTH_KIB,
        "{} → {} KiB",
        before,
        node.resident_kib()
    );
    let mut smtp = node.smtp();
    assert!(smtp.command(&"x".repeat(10_000)).unwrap().is("500 5.5.6"));
    assert_eq!(smtp.command("NOOP").unwrap().code, 250);
    let long_line = [
        b"Subject: long\r\n\r\n".to_vec(),
        vec![b'x'; 3 << 20],
        b"\r\n".to_vec(),
    ]
    .concat();
    let reply = send_raw(&node, long_line);
    assert!(reply.is("554 5.6.0"), "{reply:?}");
    works(&node);
}

#[test]
fn an_endless_header_is_refused() {
    let node = Node::start(Options::default());
    let before = node.resident_kib();
    let field = format!("X-Much: {}\r\n", "y".repeat(70));
    let octets = [
        field.repeat(10_000_000 / field.len()).into_bytes(),
        b"\r\nBody\r\n".to_vec(),
    ]
    .concat();
    let reply = send_raw(&node, octets);
    assert!((500..600).contains(&reply.code), "{reply:?}");
    assert!(reply.text.contains("header"), "{reply:?}");
    assert!(node.resident_kib() < before + GROWTH_KIB);
    assert!(node.inbox("anna").is_empty());
    works(&node);
}

#[test]
fn ten_thousand_parts_and_two_hundred_levels_are_stored_and_described() {
    let node = Node::start(Options::default());
    let before = node.resident_kib();
    let parts = "--b\r\nContent-Type: text/plain\r\n\r\npart\r\n".repeat(10_000);
    let many =
        format!("MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n{parts}--b--\r\n");
    let opening: String = (0..200)
        .map(|n| format!("Content-Type: multipart/mixed; boundary=b{n}\r\n\r\n--b{n}\r\n"))
        .collect();
    let deep = format!("MIME-Version: 1.0\r\n{opening}Content-Type: text/plain\r\n\r\nthe innermost\r\n");
    let messages = "Content-Type: message/rfc822\r\n\r\n".repeat(200);
    let nested = format!("MIME-Version: 1.0\r\n{messages}Subject: the innermost\r\n\r\ntext\r\n");
    for octets in [&many, &deep, &nested] {
        let reply = send_raw(&node, octets.clone().into_bytes());
        assert_eq!(reply.code, 250, "{reply:?}");
    }
    let mut imap = node.imap("anna");
    let stored = imap.messages("INBOX").unwrap();
    assert_eq!(stored.len(), 3);
    for (stored, sent) in stored.iter().zip([&many, &deep, &nested]) {
        assert!(stored.octets.ends_with(sent.as_bytes()));
    }
    let described = imap
        .command("FETCH 1:* (ENVELOPE BODYSTRUCTURE BODY.PEEK[1.1.1.1])")
        .unwrap();
    assert_eq!(
        described
            .iter()
            .filter(|response| response.windows(5).any(|w| w == b"FETCH"))
            .count(),
        3
    );
    imap.command("SEARCH BODY innermost").unwrap();
    assert!(node.resident_kib() < before + GROWTH_KIB);
    works(&node);
}

#[test]
fn nuls_and_wrong_charsets_come_back_as_they_were_or_are_refused() {
    let node = Node::start(Options::default());
    let mut smtp = node.smtp();
    smtp.wire.send(b"MAIL FROM:<a\0b@sender.test>\r\n").unwrap();
    assert!(smtp.reply().unwrap().code >= 500);
    smtp.wire.send(b"MAIL FROM:<\xff\xfe@sender.test>\r\n").unwrap();
    assert!(smtp.reply().unwrap().code >= 500);
    assert_eq!(smtp.command("NOOP").unwrap().code, 250);
    let bodies: [&[u8]; 3] = [
        b"Subject: =?no-such-charset?B?////?= =?utf-8?Q?=FF=FE?=\r\nContent-Type: text/plain; charset=no-such\r\n\r\n\xff\xfe\x80\r\n",
        b"Subject: \xe4\xf6\xfc raw latin\r\nContent-Type: text/plain; charset=\"utf-8\xff\"\r\n\r\n\xc3(\r\n",
        b"Subject: nul\r\n\r\na\0b\r\n",
    ];
    let mut taken = Vec::new();
    for body in bodies {
        let reply = send_raw(&node, body.to_vec());
        match reply.code {
            250 => taken.push(body),
            500..=599 => {}
            _ => panic!("{reply:?}"),
        }
    }
    assert!(
        taken.len() >= 2,
        "bad charsets are the reader's trouble, not a reason to refuse"
    );
    let mut imap = node.imap("anna");
    let stored = imap.messages("INBOX").unwrap();
    for (stored, sent) in stored.iter().zip(taken) {
        // No literal may hold a NUL (RFC 3501 section 9): IMAP shows another octet in its place.
        let shown: Vec<u8> = sent.iter().map(|&c| if c == 0 { 0x80 } else { c }).collect();
        assert!(
            stored.octets.ends_with(&shown),
            "{:?}",
            String::from_utf8_lossy(&stored.octets)
        );
    }
    imap.command("FETCH 1:* (ENVELOPE BODYSTRUCTURE)").unwrap();
    imap.command("SEARCH CHARSET UTF-8 SUBJECT {1+}\r\nx").unwrap();
    works(&node);
}

/// A second message hidden in the first behind an end of data that is none, for every wrong spelling.
#[test]
fn no_message_is_smuggled_behind_a_wrong_end_of_data() {
    let node = Node::start(Options::default());
    let to = node.address("anna");
    for end in [
        "\n.\n", "\n.\r\n", "\r\n.\n", "\r.\r", "\r\n.\r", "\r.\r\n", "\n.\r",
    ] {
        let mut smtp = node.smtp();
        for line in ["MAIL FROM:<a@sender.test>", &format!("RCPT TO:<{to}>")] {
            assert_eq!(smtp.command(line).unwrap().code, 250);
        }
        assert_eq!(smtp.command("DATA").unwrap().code, 354);
        let text = format!(
            "Subject: outer\r\n\r\ntext{end}MAIL FROM:<evil@sender.test>\r\nRCPT TO:<{to}>\r\nDATA\r\nSubject: smuggled\r\n\r\nevil\r\n.\r\nNOOP\r\n"
        );
        smtp.wire.send(text.as_bytes()).unwrap();
        let reply = smtp.reply().unwrap();
        assert!((500..600).contains(&reply.code), "{end:?}: {reply:?}");
        assert_eq!(
            smtp.reply().unwrap().code,
            250,
            "{end:?}: one message, one reply, then that to NOOP"
        );
    }
    assert!(node.inbox("anna").is_empty());
    works(&node);
}

/// Commands sent in one piece with STARTTLS would be taken as if they had come encrypted (CVE-2011-0411).
#[test]
fn what_came_before_tls_is_forgotten() {
    let node = Node::start(Options::default());
    let injections: [(&str, &[u8], &[u8]); 3] = [
        (
            "submission",
            b"EHLO a.test\r\n",
            b"STARTTLS\r\nEHLO injected.test\r\nNOOP injected\r\n",
        ),
        ("imap", b"", b"a STARTTLS\r\nb NOOP\r\n"),
        ("pop3", b"", b"STLS\r\nCAPA\r\n"),
    ];
    for (protocol, hello, injected) in injections {
        let mut wire = Wire::connect(node.ready().address(protocol)).unwrap();
        wire.line().unwrap();
        wire.send(&[hello, injected].concat()).unwrap();
        wire.finish().unwrap();
        let said = wire.rest().unwrap();
        let said = String::from_utf8_lossy(&said);
        // Up to the answer that lets TLS begin; whatever follows must be TLS (an alert), not an answer.
        let start = ["220 ", "a OK", "+OK"]
            .iter()
            .filter_map(|word| said.rfind(word))
            .max();
        let after = start.and_then(|at| said.get(at..)).unwrap_or_default();
        assert!(
            !after.contains("b OK") && !after.contains("CAPA") && after.matches("\r\n").count() <= 1,
            "{protocol}: {said:?}"
        );
    }
    works(&node);
}

#[test]
fn literals_and_lists_without_measure_are_refused() {
    let node = Node::start(Options::default());
    let before = node.resident_kib();
    let mut imap = node.imap("anna");
    assert!(imap.command("APPEND INBOX {99999999999999}").is_err());
    let mut imap = node.imap("anna");
    assert!(
        imap.command(&format!("SEARCH {}ALL{}", "(".repeat(5_000), ")".repeat(5_000)))
            .is_err()
    );
    let mut imap = node.imap("anna");
    imap.select("INBOX").unwrap();
    drop(imap.command("FETCH 1:4294967295 (UID)"));
    drop(imap.command("UID FETCH 4294967295:1,1:* (FLAGS)"));
    // Before the log-in a literal may not be large at all.
    let mut wire = Wire::connect(node.ready().address("imap")).unwrap();
    wire.line().unwrap();
    wire.send(b"a LOGIN {20000000}\r\n").unwrap();
    let answer = wire.line().unwrap();
    assert!(
        !answer.starts_with(b"+"),
        "{:?}",
        String::from_utf8_lossy(&answer)
    );
    assert!(node.resident_kib() < before + GROWTH_KIB);
    works(&node);
}

#[test]
fn recipients_and_errors_have_a_limit() {
    let node = Node::start(Options::default());
    let mut smtp = node.smtp();
    smtp.command("MAIL FROM:<a@sender.test>").unwrap();
    let anna = format!("RCPT TO:<{}>", node.address("anna"));
    let codes: Vec<u16> = (0..1_005).map(|_| smtp.command(&anna).unwrap().code).collect();
    assert!(codes.iter().take(1_000).all(|&code| code == 250));
    assert!(codes.iter().skip(1_000).all(|&code| code == 452));
    let mut smtp = Smtp::hello(node.ready().address("smtp")).unwrap();
    let replies: Vec<Reply> = (0..100).map_while(|_| smtp.command("NONSENSE").ok()).collect();
    assert!(
        replies.len() < 50 && replies.last().unwrap().is("421 4.7.0"),
        "{:?}",
        replies.last()
    );
    let failures = (0..10)
        .map_while(|_| Imap::login(node.ready().address("imap"), &node.address("anna"), "wrong").err());
    assert_eq!(failures.count(), 10);
    works(&node);
}
