//! The server over real sockets, asked by a client that sends what it likes.

#![allow(clippy::unwrap_used, reason = "tests")]

#[path = "serving/client.rs"]
mod client;

use client::Node;

const GET: &str = "GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n";

#[tokio::test]
async fn every_page_answers_with_its_type_and_the_protection() {
    let node = Node::start();
    for (path, media_type) in [
        ("/", "text/html; charset=utf-8"),
        ("/style.css", "text/css; charset=utf-8"),
        (
            "/mail/config-v1.1.xml?emailaddress=anna@example.org",
            "text/xml; charset=utf-8",
        ),
        (
            "/.well-known/autoconfig/mail/config-v1.1.xml?emailaddress=anna%40example.org",
            "text/xml; charset=utf-8",
        ),
        ("/health", "application/json"),
        ("/metrics", "text/plain; version=0.0.4; charset=utf-8"),
    ] {
        let reply = node.get(path).await;
        assert_eq!(
            (reply.status, reply.field("content-type")),
            (200, Some(media_type)),
            "{path}"
        );
        assert_protected(&reply);
    }
}

fn assert_protected(reply: &client::Reply) {
    let policy = reply.field("content-security-policy").unwrap();
    assert!(
        policy.starts_with("default-src 'none'; style-src 'self';"),
        "{policy}"
    );
    assert!(policy.contains("frame-ancestors 'none'"), "{policy}");
    assert_eq!(reply.field("x-content-type-options"), Some("nosniff"));
    assert_eq!(reply.field("referrer-policy"), Some("no-referrer"));
    assert_eq!(reply.field("cache-control"), Some("no-store"));
    assert_eq!(reply.field("server"), None);
}

#[tokio::test]
async fn the_first_page_names_the_server_and_its_ports() {
    let reply = Node::start().get("/").await;
    assert!(reply.body.contains("mail.example.org"), "{}", reply.body);
    assert!(reply.body.contains("<td>993</td>"), "{}", reply.body);
}

#[tokio::test]
async fn head_has_the_fields_of_get_and_no_body() {
    let node = Node::start();
    let got = node.get("/").await;
    let mut client = node.connect().await;
    // A body would be read as the beginning of the second reply.
    client.send("HEAD / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n").await;
    let head = client.head().await;
    assert_eq!(head.status, 200);
    assert_eq!(
        head.field("content-length"),
        Some(got.body.len().to_string().as_str())
    );
    assert_protected(&head);
    client.send(GET).await;
    assert_eq!(client.reply().await.body, got.body);
}

#[tokio::test]
async fn pipelined_requests_are_answered_in_order() {
    let mut client = Node::start().connect().await;
    let health = "GET /health HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n";
    let nowhere = "GET /nowhere HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n";
    client.send(&format!("{health}{nowhere}{health}")).await;
    assert_eq!(client.reply().await.body, "{\"status\":\"ok\"}\n");
    assert_eq!(client.reply().await.status, 404);
    assert_eq!(client.reply().await.body, "{\"status\":\"ok\"}\n");
}

#[tokio::test]
async fn unknown_paths_are_404_and_protected_too() {
    let node = Node::start();
    for path in [
        "/nowhere",
        "//",
        "/health/",
        "/%68ealth",
        "/../etc/passwd",
        "/?/../x/",
    ] {
        let reply = node.get(path).await;
        let expected = if path.starts_with("/?") { 200 } else { 404 };
        assert_eq!(reply.status, expected, "{path}");
        assert_protected(&reply);
        assert!(!reply.body.contains("passwd"), "{}", reply.body);
    }
}

#[tokio::test]
async fn other_methods_are_405_with_those_allowed() {
    let node = Node::start();
    for method in ["POST", "PUT", "DELETE", "OPTIONS", "TRACE", "PROPFIND", "get"] {
        let request = format!("{method} / HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 0\r\n\r\n");
        let reply = node.ask(&request).await;
        assert_eq!(
            (reply.status, reply.field("allow")),
            (405, Some("GET, HEAD")),
            "{method}"
        );
        assert_protected(&reply);
    }
}

#[tokio::test]
async fn a_request_with_a_body_is_refused_and_the_connection_closed() {
    let node = Node::start();
    let fields = [
        "Content-Length: 5\r\n\r\nhello",
        "Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
    ];
    for (method, status) in [("GET", 413), ("POST", 405)] {
        for rest in fields {
            let mut client = node.connect().await;
            client
                .send(&format!("{method} / HTTP/1.1\r\nHost: 127.0.0.1\r\n{rest}"))
                .await;
            let reply = client.reply().await;
            assert_eq!(
                (reply.status, reply.field("connection")),
                (status, Some("close")),
                "{method} {rest}"
            );
            assert!(client.is_closed().await, "{method} {rest}");
        }
    }
}

#[tokio::test]
async fn a_body_that_was_announced_is_not_waited_for() {
    let mut client = Node::start().connect().await;
    client
        .send("GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 99999999\r\nExpect: 100-continue\r\n\r\n")
        .await;
    assert_eq!(client.reply().await.status, 413);
    assert!(client.is_closed().await);
}

#[tokio::test]
async fn a_request_without_one_host_is_refused() {
    let node = Node::start();
    for fields in ["", "Host: a\r\nHost: b\r\n", "Host: a b\r\n"] {
        let reply = node.ask(&format!("GET / HTTP/1.1\r\n{fields}\r\n")).await;
        assert_eq!(reply.status, 400, "{fields}");
    }
    assert_eq!(node.ask("GET / HTTP/1.0\r\n\r\n").await.status, 200);
}

#[tokio::test]
async fn what_is_no_http_is_refused_and_the_connection_closed() {
    let node = Node::start();
    for octets in [
        "EHLO there\r\n\r\n",
        "GET /\r\n\r\n",
        "GET / HTTP/3.0\r\nHost: a\r\n\r\n",
        "G@T / HTTP/1.1\r\nHost: a\r\n\r\n",
        "GET / HTTP/1.1\r\nHost : a\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a\r\n folded\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a\r\nX: \u{1}\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab",
        "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    ] {
        let mut client = node.connect().await;
        client.send(octets).await;
        let rest = client.rest().await;
        assert!(
            rest.is_empty() || rest.starts_with("HTTP/1.1 400 "),
            "{octets:?}: {rest}"
        );
        assert!(!rest.contains(" 200 "), "{octets:?}: {rest}");
    }
}

#[tokio::test]
async fn a_head_beyond_the_limits_is_refused() {
    let node = Node::start();
    let long_field = format!(
        "GET / HTTP/1.1\r\nHost: a\r\nX: {}\r\n\r\n",
        "x".repeat(17 * 1024)
    );
    let long_path = format!("GET /{} HTTP/1.1\r\nHost: a\r\n\r\n", "x".repeat(17 * 1024));
    let many = format!("GET / HTTP/1.1\r\nHost: a\r\n{}\r\n", "X: x\r\n".repeat(64));
    for (request, statuses) in [
        (long_field, ["431"; 2]),
        (long_path, ["414", "431"]),
        (many, ["431"; 2]),
    ] {
        let mut client = node.connect().await;
        client.send(&request).await;
        let rest = client.rest().await;
        let status = rest.split(' ').nth(1).unwrap_or_default();
        assert!(statuses.contains(&status), "{rest}");
    }
}

/// The limit of time is tested on tokio's own clock, which jumps while every task waits.
#[tokio::test]
async fn a_head_that_takes_too_long_ends_the_connection() {
    let node = Node::start();
    let mut idle = node.connect().await;
    let mut slow = node.connect().await;
    slow.send("GET / HTTP/1.1\r\nHost: a\r\nX: ").await;
    let mut kept = node.connect().await;
    kept.send(GET).await;
    assert_eq!(kept.reply().await.status, 200);
    node.settle().await;
    tokio::time::pause();
    tokio::time::advance(std::time::Duration::from_secs(11)).await;
    tokio::time::resume();
    for client in [&mut idle, &mut slow, &mut kept] {
        assert_eq!(client.rest().await, "");
    }
}

#[tokio::test]
async fn autoconfig_tells_of_our_domains_only() {
    let node = Node::start();
    let ours = node
        .get("/mail/config-v1.1.xml?emailaddress=anna@example.org")
        .await;
    assert!(
        ours.body.contains("<domain>example.org</domain>"),
        "{}",
        ours.body
    );
    let path = "/.well-known/autoconfig/mail/config-v1.1.xml";
    let by_host = node
        .ask(&format!(
            "GET {path} HTTP/1.1\r\nHost: autoconfig.example.org\r\n\r\n"
        ))
        .await;
    assert_eq!(by_host.body, ours.body);
    for query in [
        "?emailaddress=anna@elsewhere.test",
        "?emailaddress=anna",
        "?emailaddress=%FF@x",
        "",
    ] {
        let reply = node.get(&format!("/mail/config-v1.1.xml{query}")).await;
        assert_eq!(reply.status, 404, "{query}");
        assert!(!reply.body.contains("elsewhere"), "{}", reply.body);
    }
}

#[tokio::test]
async fn the_policy_for_mail_servers_is_that_of_our_domains_only() {
    let node = Node::start();
    let of = |host: &'static str| format!("GET /.well-known/mta-sts.txt HTTP/1.1\r\nHost: {host}\r\n\r\n");
    let ours = node.ask(&of("mta-sts.example.org")).await;
    assert_eq!(ours.status, 200);
    let lines: Vec<&str> = ours.body.split("\r\n").collect();
    assert_eq!(lines[..2], ["version: STSv1", "mode: testing"]);
    assert!(lines[2].starts_with("mx: "), "{lines:?}");
    for host in ["mta-sts.elsewhere.test", "example.org", "mta-sts.", "127.0.0.1"] {
        assert_ne!(node.ask(&of(host)).await.status, 200, "{host}");
    }
}

#[tokio::test]
async fn metrics_are_for_this_machine_only() {
    let node = Node::start();
    let reply = node.get("/metrics").await;
    for line in [
        "posthorn_build_info{version=\"1.2.3\"} 1",
        "posthorn_start_time_seconds 1700000000",
        "posthorn_connections_open 1",
        "posthorn_connection_panics_total 0",
        "posthorn_store_up 1",
        "posthorn_queue_recipients{state=\"waiting\"} 0",
        "posthorn_queue_recipients{state=\"held\"} 0",
        "posthorn_queue_leased 0",
        "posthorn_queue_due 0",
    ] {
        assert!(
            reply.body.lines().any(|found| found == line),
            "{line} in {}",
            reply.body
        );
    }
    for fields in [
        "Host: mail.example.org",
        "Host: 127.0.0.1\r\nX-Forwarded-For: 192.0.2.1",
    ] {
        for method in ["GET", "POST"] {
            let reply = node
                .ask(&format!("{method} /metrics HTTP/1.1\r\n{fields}\r\n\r\n"))
                .await;
            assert_eq!(reply.status, 404, "{method} {fields}");
        }
    }
}

#[tokio::test]
async fn too_many_connections_are_told_so() {
    let node = Node::start();
    let mut kept = Vec::new();
    for _ in 0..client::CONNECTIONS {
        kept.push(node.connect().await);
    }
    let mut refused = node.connect().await;
    assert!(refused.rest().await.starts_with("HTTP/1.1 503 "));
    drop(kept);
}

#[tokio::test]
async fn the_shutdown_ends_idle_connections_at_once() {
    let node = Node::start();
    let mut client = node.connect().await;
    client.send(GET).await;
    assert_eq!(client.reply().await.status, 200);
    let mut silent = node.connect().await;
    node.settle().await;
    node.stop().await;
    assert!(client.is_closed().await);
    assert!(silent.is_closed().await);
}
