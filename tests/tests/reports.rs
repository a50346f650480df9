//! Reports on mail in a domain's name: those that others send us, and what others make of ours.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::disallowed_methods,
    reason = "a test may, and a report is about yesterday"
)]

use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::{SystemTime, UNIX_EPOCH};

use posthorn_tests::{Dns, Input, Message, Node, Options, Record, Reply, example, run, token, tool_of_tests};
use serde_json::Value;

const INBOX: &str = "dmarc-reports@here.test";

/// A node for `domain`; reporter.test may send from where the test calls from, stranger.test may not.
fn node(domain: &str) -> (Dns, Node) {
    let dns = Dns::serve(&[]);
    for (name, spf) in [
        ("reporter.test", "ip4:127.0.0.1"),
        ("stranger.test", "ip4:192.0.2.1"),
    ] {
        dns.add(name, Record::Txt(format!("v=spf1 {spf} -all")));
        dns.add(
            &format!("_dmarc.{name}"),
            Record::Txt("v=DMARC1; p=none".to_owned()),
        );
    }
    dns.add(
        "9.113.0.203.in-addr.arpa",
        Record::Ptr("out.newsletter.test".to_owned()),
    );
    dns.add("out.newsletter.test", Record::A([203, 0, 113, 9].into()));
    let node = Node::start(Options {
        hostname: format!("mail.{domain}"),
        domain: domain.to_owned(),
        settings: format!("[dns]\nresolvers = [\"{}\"]\n", dns.address),
        ..Options::default()
    });
    (dns, node)
}

/// A report of yesterday: seven messages from one address that pass, three from another that do not.
fn report(id: &str) -> String {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
    let begin = now - now % 86_400 - 86_400;
    let row = |ip: &str, count: u32, result: &str| {
        format!(
            "<record><row><source_ip>{ip}</source_ip><count>{count}</count><policy_evaluated>\
             <disposition>none</disposition><dkim>{result}</dkim><spf>{result}</spf></policy_evaluated></row>\r\n\
             <identifiers><header_from>here.test</header_from></identifiers><auth_results><spf>\
             <domain>here.test</domain><result>{result}</result></spf></auth_results></record>\r\n"
        )
    };
    format!(
        "<?xml version=\"1.0\"?>\r\n<feedback><report_metadata><org_name>Reporter Inc.</org_name>\
         <email>dmarc@reporter.test</email><report_id>{id}</report_id><date_range><begin>{begin}</begin>\
         <end>{}</end></date_range></report_metadata>\r\n<policy_published><domain>here.test</domain>\
         <p>none</p></policy_published>\r\n{}{}</feedback>\r\n",
        begin + 86_399,
        row("192.0.2.25", 7, "pass"),
        row("203.0.113.9", 3, "fail"),
    )
}

/// The report as mail.
fn mail(from: &str, xml: &str) -> Message {
    let token = token();
    let octets = format!(
        "X-Test-Token: {token}\r\nFrom: <{from}>\r\nTo: <{INBOX}>\r\nSubject: Report Domain: here.test\r\n\
         Date: Mon, 23 Nov 2026 10:00:00 +0000\r\nMessage-ID: <{token}@sender.test>\r\nMIME-Version: 1.0\r\n\
         Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: text/plain\r\n\r\nA report.\r\n\
         --b\r\nContent-Type: application/xml; name=report.xml\r\n\
         Content-Disposition: attachment; filename=report.xml\r\n\r\n{xml}\r\n--b--\r\n"
    );
    Message {
        token,
        octets: octets.into_bytes(),
    }
}

fn send(node: &Node, from: &str, message: &Message) -> Reply {
    node.smtp().send(from, &[INBOX], message).unwrap()
}

fn shown(node: &Node, domain: &str, more: &[&str]) -> String {
    let arguments = [&["reports", domain], more].concat();
    node.posthorn(&arguments, Input::None).ok()
}

fn shown_as_data(node: &Node, domain: &str) -> Value {
    serde_json::from_str(&shown(node, domain, &["--json"])).unwrap()
}

#[track_caller]
fn assert_says(text: &str, words: &[&str]) {
    // Lines are broken anywhere.
    let flat = text.split_whitespace().collect::<Vec<_>>().join(" ");
    for words in words {
        assert!(flat.contains(words), "`{words}` is not in:\n{text}");
    }
}

#[test]
fn a_report_that_comes_by_mail_is_read_and_shown_once() {
    let (_dns, node) = node("here.test");
    let message = mail("dmarc@reporter.test", &report("r1"));
    for _ in 0..2 {
        let reply = send(&node, "dmarc@reporter.test", &message);
        assert!(reply.is("250"), "{reply:?}");
    }
    let text = shown(&node, "here.test", &[]);
    assert_says(
        &text,
        &[
            "1 report from Reporter Inc.: 10 messages in your name, 7 passed",
            "1 report came again and counted once.",
            "newsletter.test (203.0.113.9) 3 messages, 0 passed",
            "Policy: none — too early to tell",
        ],
    );
    let data = shown_as_data(&node, "here.test");
    assert_eq!(
        (&data["messages"], &data["passed"], &data["reports"]),
        (&10.into(), &7.into(), &1.into())
    );
}

#[test]
fn a_report_that_nobody_vouches_for_is_mentioned_and_not_counted() {
    let (_dns, node) = node("here.test");
    let reply = send(
        &node,
        "dmarc@stranger.test",
        &mail("dmarc@stranger.test", &report("r2")),
    );
    assert!(reply.is("250"), "{reply:?}");
    let text = shown(&node, "here.test", &[]);
    assert_says(
        &text,
        &[
            "0 reports: 0 messages",
            "1 report came in mail that nobody vouches for, and is not counted",
        ],
    );
}

#[test]
fn what_is_no_report_is_refused_where_only_reports_are_read() {
    let (_dns, node) = node("here.test");
    let letter = Message::short("dmarc@reporter.test", INBOX);
    let reply = send(&node, "dmarc@reporter.test", &letter);
    assert!(reply.is("554 5.6.0"), "{reply:?}");
    let broken = mail("dmarc@reporter.test", "<feedback><report_metadata>");
    let reply = send(&node, "dmarc@reporter.test", &broken);
    assert!(reply.is("554 5.6.0"), "{reply:?}");
    // Who else gets it gets it as any other mail.
    let mut smtp = node.smtp();
    let reply = smtp.send("dmarc@reporter.test", &[INBOX, "anna@here.test"], &letter);
    assert!(reply.unwrap().is("250"));
    assert_eq!(node.inbox("anna").len(), 1);
}

#[test]
fn a_file_that_came_another_way_can_be_read() {
    let (_dns, node) = node("here.test");
    let file = |name: &str, octets: &[u8]| {
        let path = node.folder().join(name);
        fs::write(&path, octets).unwrap();
        path
    };
    let read = |file: &Path| {
        let file = file.to_str().unwrap();
        node.posthorn(&["reports", "here.test", "--read", file], Input::None)
    };
    let mut gzip = Command::new("gzip");
    gzip.arg(file("two.xml", report("r2").as_bytes()));
    run(&mut gzip, Input::None).ok();
    let letter = mail("dmarc@stranger.test", &report("r3"));
    for path in [
        file("one.xml", report("r1").as_bytes()),
        node.folder().join("two.xml.gz"),
        file("three.eml", &letter.octets),
    ] {
        let said = read(&path).ok();
        assert!(said.contains("is kept"), "{said}");
    }
    // Whoever reads a file vouches for it.
    assert_says(
        &shown(&node, "here.test", &[]),
        &["3 reports from Reporter Inc.: 30 messages in your name, 21 passed"],
    );
    let data = Path::new(concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../crates/reports/tests/data"
    ));
    let name = "aggregate/fastmail.com!example.com!1516060800!1516147199!102675056.xml.gz";
    for (path, why) in [
        (data.join(name), "none of our domains"),
        (data.join("LICENSE"), "LICENSE"),
        (data.join("nowhere.xml"), "nowhere.xml cannot be read"),
    ] {
        let refused = read(&path);
        assert!(
            refused.code != Some(0) && refused.all().contains(why),
            "{}",
            refused.all()
        );
    }
}

#[test]
fn parsedmarc_reads_our_reports_without_complaint() {
    let Some(parsedmarc) = tool_of_tests("parsedmarc") else {
        return;
    };
    let report = run(
        &mut Command::new(example("posthorn-reports", "compose")),
        Input::None,
    )
    .ok();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("report.eml");
    fs::write(&file, report).unwrap();
    let mut command = Command::new(parsedmarc);
    command.current_dir(folder.path());
    command.args(["--offline", "--warnings"]).arg(&file);
    let said = run(&mut command, Input::None);
    assert_eq!(
        (said.code, said.errors.as_str()),
        (Some(0), ""),
        "{}",
        said.output
    );
    let found: Value = serde_json::from_str(&said.output).unwrap();
    let reports = found["aggregate_reports"].as_array().unwrap();
    assert_eq!(reports.len(), 1, "{found}");
    let report = &reports[0];
    assert_eq!(
        report["report_metadata"]["errors"],
        serde_json::json!([]),
        "{report}"
    );
    assert_eq!(report["policy_published"]["domain"], "theirs.example");
    let records = report["records"].as_array().unwrap();
    let counted: u64 = records
        .iter()
        .map(|record| record["count"].as_u64().unwrap())
        .sum();
    let passed: u64 = records
        .iter()
        .filter(|record| record["alignment"]["dmarc"] == true)
        .map(|record| record["count"].as_u64().unwrap())
        .sum();
    assert_eq!((records.len(), counted, passed), (3, 6, 3), "{report}");
}
