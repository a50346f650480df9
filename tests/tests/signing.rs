//! Signatures: what other programs make of ours, what we make of theirs, and keys that change.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may")]

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::process::Command;

use posthorn_tests::{
    Input, Internet, Message, Node, Record, Smtp, keys, python_with, results, run, script, token, tool,
};

/// dkimpy, and what it needs for Ed25519.
fn dkimpy() -> Option<Command> {
    python_with(&["dkim", "nacl"])
}

struct Two {
    internet: Internet,
    here: Node,
    there: Node,
}

/// here.test and there.test; nobody signs yet.
fn two() -> Two {
    let internet = Internet::new();
    let [here, there] = [("here.test", 1), ("there.test", 2)].map(|(domain, place)| {
        internet.publish(domain, place, "reject");
        internet.node(domain, place)
    });
    Two {
        internet,
        here,
        there,
    }
}

impl Two {
    /// From Anna here to Ben there; what arrives.
    fn carried(&self, message: &Message) -> String {
        let mut submission = self.here.submission("anna");
        let reply = submission.send("anna@here.test", &["ben@there.test"], message);
        assert!(reply.unwrap().is("250"));
        posthorn_tests::until("the message arrives", || {
            let stored = self.there.inbox("ben").into_iter();
            let mut texts = stored.map(|one| String::from_utf8(one.octets).unwrap());
            texts.find(|text| text.contains(&message.token))
        })
    }

    fn carried_short(&self) -> String {
        self.carried(&Message::short("anna@here.test", "ben@there.test"))
    }

    /// The records of all keys, by name.
    fn records(&self) -> BTreeMap<String, String> {
        let records = keys(&self.here, "here.test").into_iter().filter_map(|key| {
            let text = |field: &str| key[field].as_str().map(str::to_owned);
            Some((text("name")?, text("value")?))
        });
        records.collect()
    }

    /// Selectors by state.
    fn selectors(&self, state: &str) -> Vec<String> {
        let listed = keys(&self.here, "here.test");
        let of_state = listed.iter().filter(|key| key["state"] == state);
        let mut names: Vec<String> = of_state
            .map(|key| key["selector"].as_str().unwrap().to_owned())
            .collect();
        names.sort_unstable();
        names
    }
}

/// What dkimpy says of each signature: `algorithm domain selector result`.
fn dkimpy_says(message: &str, zone: &BTreeMap<String, String>) -> Vec<String> {
    let file = tempfile::NamedTempFile::new().unwrap();
    fs::write(file.path(), serde_json::to_vec(zone).unwrap()).unwrap();
    let mut python = dkimpy().unwrap();
    python
        .arg(script("dkim_interop.py"))
        .arg("verify")
        .arg(file.path());
    let said = run(&mut python, Input::Octets(message.as_bytes())).ok();
    let mut lines: Vec<String> = said.lines().map(str::to_owned).collect();
    lines.sort_unstable();
    lines
}

/// What OpenDKIM says, in the same form; it reads records from a file when it is tested.
fn opendkim_says(message: &str, zone: &BTreeMap<String, String>) -> Vec<String> {
    let folder = tempfile::tempdir().unwrap();
    let [records, settings, letter] = ["records", "settings", "letter"].map(|name| folder.path().join(name));
    let lines: String = zone
        .iter()
        .map(|(name, value)| format!("{name} {value}\n"))
        .collect();
    fs::write(&records, lines).unwrap();
    fs::write(
        &settings,
        format!("Mode v\nTestDNSData file:{}\n", records.display()),
    )
    .unwrap();
    fs::write(&letter, message).unwrap();
    let mut opendkim = Command::new("opendkim");
    opendkim
        .arg("-vv")
        .arg("-x")
        .arg(&settings)
        .arg("-t")
        .arg(&letter);
    let said = run(&mut opendkim, Input::None).all();
    let line = |line: &str| {
        let word = |name: &str| {
            let (_, rest) = line.split_once(name)?;
            rest.split([' ', ';', '\'']).next()
        };
        let (algorithm, domain) = (word("header.a=")?, word("header.d=")?);
        Some(format!(
            "{algorithm} {domain} {} {}",
            word("header.s=")?,
            word("dkim=")?
        ))
    };
    let mut lines: Vec<String> = said.lines().filter_map(line).collect();
    lines.sort_unstable();
    lines
}

const BOTH: [&str; 2] = [
    "ed25519-sha256 here.test ed-a pass",
    "rsa-sha256 here.test rsa-a pass",
];

/// Messages that signers and verifiers may take in different ways.
fn odd_messages() -> Vec<Message> {
    let (from, to) = ("anna@here.test", "ben@there.test");
    let plain = "From: <anna@here.test>\r\nTo: <ben@there.test>\r\n";
    let folded = "From: Anna\r\n\t<anna@here.test>\r\nTo:   <ben@there.test>  \r\n\
                  List-Unsubscribe:\r\n <https://here.test/u>\r\nCC: <cc@elsewhere.test>\r\n";
    let mut without_body = Message::with_fields(plain);
    let end = without_body.octets.len() - "Dear reader,\r\n".len();
    without_body.octets.truncate(end);
    vec![
        Message::short(from, to),
        Message::with_body(from, to, b"\r\n\r\nblank lines  \t \r\n\r\n \r\n\r\n"),
        Message::with_body(from, to, b"a  line\twith   spaces \r\n.\r\nFrom here on\r\n"),
        Message::of_size(from, to, 200_000),
        Message::with_fields(folded),
        without_body,
    ]
}

/// `says` is another program, asked about a message and the records of the keys.
fn assert_others_find_it_good(says: impl Fn(&str, &BTreeMap<String, String>) -> Vec<String>) {
    let two = two();
    two.internet.sign(&two.here, "here.test");
    let zone = two.records();
    for message in odd_messages() {
        let stored = two.carried(&message);
        assert_eq!(says(&stored, &zone), BOTH, "{stored}");
    }
    let stored = two.carried_short();
    let changed = [
        ("another body", stored.replace("Dear reader", "Dear raeder")),
        ("another author", stored.replace("From: <anna@", "From: <ben@")),
        (
            "a second author",
            stored.replacen("From: <anna@", "From: <x@x.test>\r\nFrom: <anna@", 1),
        ),
        (
            "a second subject",
            stored.replace("Subject: ", "Subject: Urgent!\r\nSubject: "),
        ),
        (
            "a copy to others",
            stored.replace("MIME-Version: 1", "Cc: <x@x.test>\r\nMIME-Version: 1"),
        ),
    ];
    for (what, message) in changed {
        assert_ne!(message, stored);
        let said = says(&message, &zone);
        let all_fail = said.iter().all(|line| !line.ends_with("pass"));
        assert!(all_fail && said.len() == 2, "{what}: {said:?}");
    }
}

#[test]
fn dkimpy_finds_both_of_our_signatures_good_and_sees_what_was_changed() {
    if dkimpy().is_some() {
        assert_others_find_it_good(dkimpy_says);
    }
}

#[test]
fn opendkim_finds_both_of_our_signatures_good_and_sees_what_was_changed() {
    if tool("opendkim") {
        assert_others_find_it_good(opendkim_says);
    }
}

/// The message to Ben from outside; what is said of it there.
fn judged(two: &Two, octets: &[u8], token: &str) -> String {
    let message = Message {
        token: token.to_owned(),
        octets: octets.to_vec(),
    };
    let mut smtp: Smtp = two.there.smtp();
    let reply = smtp.send("a@signed.test", &["ben@there.test"], &message);
    assert!(reply.unwrap().is("250"));
    let stored = two.there.inbox("ben").into_iter();
    let mut texts = stored.map(|one| String::from_utf8(one.octets).unwrap());
    let text = texts.find(|text| text.contains(token)).unwrap();
    results(&text, "mail.there.test")
}

#[test]
fn what_dkimpy_signs_is_found_good_here() {
    let Some(mut python) = dkimpy().filter(|_| tool("openssl")) else {
        return;
    };
    let two = two();
    let file = tempfile::NamedTempFile::new().unwrap();
    python
        .arg(script("dkim_interop.py"))
        .args(["sign", "signed.test"])
        .arg(file.path());
    let message = Message::short("a@signed.test", "ben@there.test");
    let signed = run(&mut python, Input::Octets(&message.octets)).ok();
    let zone: BTreeMap<String, String> = serde_json::from_slice(&fs::read(file.path()).unwrap()).unwrap();
    for (name, value) in zone {
        two.internet.dns.add(&name, Record::Txt(value));
    }
    let said = judged(&two, signed.as_bytes(), &message.token);
    for words in [
        "dkim=pass header.d=signed.test header.s=rsa header.a=rsa-sha256",
        "dkim=pass header.d=signed.test header.s=ed header.a=ed25519-sha256",
    ] {
        assert!(said.contains(words), "`{words}` is not in: {said}");
    }
    let other = token();
    let changed = signed
        .replace(&message.token, &other)
        .replace("Dear reader", "Dear raeder");
    let said = judged(&two, changed.as_bytes(), &other);
    assert!(
        !said.contains("dkim=pass") && said.matches("dkim=fail").count() == 2,
        "{said}"
    );
}

/// RFC 8301 section 3.1: a verifier must not take SHA-1, which is all that this tool makes.
#[test]
fn what_opendkim_testmsg_signs_counts_for_nothing_because_of_sha_1() {
    if !tool("openssl") || !tool("opendkim-testmsg") {
        return;
    }
    let two = two();
    let folder = tempfile::tempdir().unwrap();
    let key = folder.path().join("key.pem");
    let openssl = |arguments: &str| {
        let mut command = Command::new("sh");
        command
            .args(["-c", &format!("openssl {arguments}")])
            .current_dir(folder.path());
        run(&mut command, Input::None).ok()
    };
    openssl("genrsa -out key.pem 2048");
    let public = openssl("rsa -in key.pem -pubout -outform DER | openssl base64 -A");
    let record = format!("v=DKIM1; k=rsa; p={}", public.trim());
    two.internet
        .dns
        .add("s._domainkey.signed.test", Record::Txt(record));
    let message = Message::short("a@signed.test", "ben@there.test");
    let mut command = Command::new("opendkim-testmsg");
    command
        .args(["-C", "-d", "signed.test", "-s", "s", "-t"])
        .arg(folder.path())
        .arg("-k")
        .arg(&key);
    let signed = run(&mut command, Input::Octets(&message.octets)).ok();
    let said = judged(&two, signed.as_bytes(), &message.token);
    let words = "dkim=policy header.d=signed.test header.s=s header.a=rsa-sha1";
    assert!(said.contains(words), "`{words}` is not in: {said}\n{signed}");
}

#[test]
fn keys_sign_once_they_are_published_and_change_without_a_restart() {
    let two = two();
    // Keys are there from the beginning; nobody can look them up, so nothing is signed.
    assert_eq!(two.selectors("pending"), ["ed-a", "rsa-a"]);
    let unsigned = two.carried_short();
    assert!(!unsigned.contains("DKIM-Signature"), "{unsigned}");
    let too_early = two.internet.rotate(&two.here, "here.test");
    assert_ne!(too_early.code, Some(0));
    assert!(
        too_early.all().contains("rsa-a._domainkey"),
        "{}",
        too_early.all()
    );
    assert!(two.selectors("active").is_empty());

    two.internet.sign(&two.here, "here.test");
    assert_eq!(two.selectors("active"), ["ed-a", "rsa-a"]);
    let first = two.carried_short();
    let said = results(&first, "mail.there.test");
    assert_eq!(said.matches("dkim=pass header.d=here.test").count(), 2, "{said}");
    assert!(first.contains("s=rsa-a;") && first.contains("s=ed-a;"), "{first}");

    // The next keys are made beside them.
    let made = two.internet.rotate(&two.here, "here.test").ok();
    assert!(
        made.contains("rsa-b._domainkey") && made.contains("ed-b._domainkey"),
        "{made}"
    );
    assert_eq!(two.selectors("pending"), ["ed-b", "rsa-b"]);
    assert!(two.carried_short().contains("s=rsa-a;"));
    assert_ne!(two.internet.rotate(&two.here, "here.test").code, Some(0));

    let zone = two.records();
    assert_eq!(zone.len(), 4, "{zone:?}");
    two.internet.sign(&two.here, "here.test");
    assert_eq!(two.selectors("active"), ["ed-b", "rsa-b"]);
    assert_eq!(two.selectors("retiring"), ["ed-a", "rsa-a"]);
    let listed = keys(&two.here, "here.test");
    let retiring = listed.iter().filter(|key| key["state"] == "retiring");
    for key in retiring {
        assert!(key["keep_until"].is_string() && key["value"].is_string(), "{key}");
    }
    let second = two.carried_short();
    assert!(
        second.contains("s=rsa-b;") && !second.contains("s=rsa-a;"),
        "{second}"
    );
    let said = results(&second, "mail.there.test");
    assert_eq!(said.matches("dkim=pass header.d=here.test").count(), 2, "{said}");
    // What was signed before is still good.
    if dkimpy().is_some() {
        assert_eq!(dkimpy_says(&first, &two.records()), BOTH);
    }
}

#[test]
fn the_last_key_of_an_algorithm_is_not_taken_away_by_mistake() {
    let two = two();
    two.internet.sign(&two.here, "here.test");
    let retire = |more: &[&str]| {
        let arguments = [&["dkim", "retire", "here.test"], more].concat();
        two.here.posthorn(&arguments, Input::None)
    };
    retire(&["ed-a"]).ok();
    let refused = retire(&["rsa-a"]);
    assert!(
        refused.code != Some(0) && refused.all().contains("here.test"),
        "{}",
        refused.all()
    );
    assert!(two.carried_short().contains("s=rsa-a;"));
    retire(&["rsa-a", "--even-last"]).ok();
    assert!(!two.carried_short().contains("DKIM-Signature"));
}

#[test]
fn nobody_else_on_the_machine_can_read_the_keys() {
    let two = two();
    let data = two.here.data();
    let mode = |path: &std::path::Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    if mode(&data) & 0o077 == 0 {
        return;
    }
    for file in fs::read_dir(&data).unwrap() {
        let path = file.unwrap().path();
        assert_eq!(mode(&path) & 0o077, 0, "{}", path.display());
    }
}
