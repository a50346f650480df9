//! All mail through one server.

use super::*;

/// A smarthost on 127.0.0.4 that wants TLS and a log-in; what comes of a message with this password.
async fn through_relay(password: &str) -> (posthorn_queue::Story, Sink) {
    let folder = tempfile::tempdir().unwrap();
    let (port, mut sockets) = listeners(&["127.0.0.4"]).await;
    let script = Script {
        tls: Some(certificate(&folder)),
        wants_login: true,
        ..Script::default()
    };
    let sink = Sink::start(sockets.remove(0), script);
    let mut world = World::new("relay A 127.0.0.4").await;
    let mut config = World::config(1);
    config.smarthost = Some(Smarthost {
        host: "relay.test".to_owned(),
        port,
        tls: SmarthostTls::Implicit,
        client_tls: ClientTls::opportunistic().unwrap(),
        login: Some(("relay".to_owned(), Secret::new(password.to_owned()))),
    });
    world.run(config);
    let id = world.send(&["bob@b.test"], None).await;
    (world.until_tried(id, "b.test", 1).await, sink)
}

#[tokio::test]
async fn the_smarthost_gets_the_login_under_tls_and_the_story_does_not_have_the_password() {
    let (story, mut sink) = through_relay("secret").await;
    assert_eq!(states(&story), [State::Delivered]);
    let envelope = sink.next().await.envelope;
    assert_eq!(envelope.identity.as_deref(), Some("relay"));
    let tried = &story.recipients[0].tried[0];
    assert_eq!(tried.tls_version.as_deref(), Some("TLSv1.3"));
    assert!(tried.lines.iter().any(|line| line.starts_with("C: AUTH PLAIN")));
    let encoded = "AHJlbGF5AHNlY3JldA";
    assert!(
        !tried.lines.iter().any(|line| line.contains(encoded)),
        "{:?}",
        tried.lines
    );
}

#[tokio::test]
async fn a_password_the_smarthost_does_not_take_bounces_no_mail() {
    let (story, _sink) = through_relay("wrong").await;
    assert_eq!(states(&story), [State::Waiting]);
    assert_eq!(story.recipients[0].last.as_ref().unwrap().code, Some(535));
}

#[tokio::test]
async fn the_smarthost_takes_the_mail_of_all_domains_over_one_connection() {
    let (port, mut sockets) = listeners(&["127.0.0.4"]).await;
    let mut sink = Sink::start(sockets.remove(0), Script::default());
    let mut world = World::new("relay A 127.0.0.4").await;
    let mut config = World::config(1);
    config.smarthost = Some(Smarthost {
        host: "relay.test".to_owned(),
        port,
        tls: SmarthostTls::None,
        client_tls: ClientTls::opportunistic().unwrap(),
        login: None,
    });
    world.run(config);
    for domain in ["b.test", "c.test", "d.test"] {
        let id = world.send(&[&format!("bob@{domain}")], None).await;
        assert_eq!(sink.next().await.connection, 1);
        world.until_final(id, domain).await;
    }
}

#[tokio::test]
async fn a_smarthost_without_the_tls_it_must_have_gets_nothing() {
    let (port, mut sockets) = listeners(&["127.0.0.4"]).await;
    let sink = Sink::start(sockets.remove(0), Script::default());
    let mut world = World::new("relay A 127.0.0.4").await;
    let mut config = World::config(1);
    config.smarthost = Some(Smarthost {
        host: "127.0.0.4".to_owned(),
        port,
        tls: SmarthostTls::StartTls,
        client_tls: ClientTls::opportunistic().unwrap(),
        login: None,
    });
    world.run(config);
    let id = world.send(&["bob@b.test"], None).await;
    let story = world.until_tried(id, "b.test", 1).await;
    assert_eq!(states(&story), [State::Waiting]);
    assert_eq!(sink.connections.load(Ordering::SeqCst), 1);
    assert_eq!(story.recipients[0].last.as_ref().unwrap().code, None);
}
