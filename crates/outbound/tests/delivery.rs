//! Delivery to servers on loopback, found through a real name server; retries on a clock turned by hand.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "clippy knows only functions marked as tests; the helpers of tests may fail the same way"
)]

#[path = "delivery/sink.rs"]
mod sink;
#[path = "delivery/world.rs"]
mod world;

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use posthorn_base::{Domain, QueueId, Secret};
use posthorn_net::{ClientTls, ServerTls};
use posthorn_outbound::{PlanError, Smarthost, SmarthostTls};
use posthorn_queue::{Outcome, State, bucket_of, drop_recipients, lease};
use posthorn_smtp::{Notify, NotifyOn, Refusal};
use posthorn_store::{Partition, StoreError};
use sink::{Bare, Script, Sink, bare, listeners};
use tokio::sync::Semaphore;
use world::{World, states};

const ONE_HOST: &str = "b MX 10 mx.b\nmx.b A 127.0.0.1";
const TWO_HOSTS: &str = "b MX 10 mx1.b\nb MX 20 mx2.b\nmx1.b A 127.0.0.2\nmx2.b A 127.0.0.3";
const SUCCESS: Option<Notify> = Some(Notify::On(NotifyOn {
    success: true,
    failure: true,
    delay: false,
}));

/// One server for b.test, and the delivery.
async fn one_host(script: Script) -> (World, Sink) {
    let (port, mut sockets) = listeners(&["127.0.0.1"]).await;
    let sink = Sink::start(sockets.remove(0), script);
    let mut world = World::new(ONE_HOST).await;
    world.run(World::config(port));
    (world, sink)
}

fn certificate(folder: &tempfile::TempDir) -> ServerTls {
    ServerTls::self_signed(folder.path(), &[Domain::parse("mx.b.test").unwrap()], &[]).unwrap()
}

#[tokio::test]
async fn a_message_goes_out_at_once_over_tls_and_its_story_is_kept() {
    let folder = tempfile::tempdir().unwrap();
    let tls = Some(certificate(&folder));
    let (world, mut sink) = one_host(Script {
        tls,
        ..Script::default()
    })
    .await;
    let id = world.send(&["bob@b.test", "eve@b.test"], None).await;
    let received = sink.next().await;
    assert_eq!(received.envelope.recipients.len(), 2, "one transaction");
    assert_eq!(received.envelope.tls.unwrap().version, "TLSv1.3");
    assert!(received.body.ends_with(b"\r\n.hello\r\n"));
    let story = world.until_final(id, "b.test").await;
    assert_eq!(states(&story), [State::Delivered; 2]);
    let tried = &story.recipients[1].tried;
    assert_eq!(tried.len(), 1);
    assert_eq!(tried[0].host.as_deref(), Some("mx.b.test"));
    assert_eq!(tried[0].ip.as_deref(), Some("127.0.0.1"));
    assert_eq!(tried[0].tls_version.as_deref(), Some("TLSv1.3"));
    let has = |start: &str| tried[0].lines.iter().any(|line| line.starts_with(start));
    assert!(
        has("S: 220 ") && has("C: STARTTLS") && has("C: RCPT TO:<eve@b.test>"),
        "{:?}",
        tried[0].lines
    );
    assert!(world.reports().await.is_empty());
}

#[tokio::test]
async fn a_recipient_that_is_refused_fails_alone_and_the_author_hears_of_it() {
    let script = Script::default();
    script
        .refused
        .lock()
        .unwrap()
        .push(("nobody".to_owned(), Refusal::UnknownRecipient));
    let (world, mut sink) = one_host(script).await;
    let id = world.send(&["bob@b.test", "nobody@b.test"], None).await;
    assert_eq!(sink.next().await.envelope.recipients.len(), 1);
    let story = world.until_final(id, "b.test").await;
    assert_eq!(states(&story), [State::Delivered, State::Failed]);
    let reports = world.reports().await;
    assert_eq!(reports.len(), 1);
    assert!(reports[0].contains("Final-Recipient: rfc822; nobody@b.test"));
    assert!(reports[0].contains("Diagnostic-Code: smtp; 550 5.1.1 No such address here"));
    assert!(!reports[0].contains("bob@b.test"));
}

#[tokio::test]
async fn when_the_first_host_is_down_the_second_is_tried() {
    let (port, mut sockets) = listeners(&["127.0.0.2", "127.0.0.3"]).await;
    let mut second = Sink::start(sockets.remove(1), Script::default());
    drop(sockets);
    let mut world = World::new(TWO_HOSTS).await;
    world.run(World::config(port));
    let id = world.send(&["bob@b.test"], None).await;
    second.next().await;
    let story = world.until_final(id, "b.test").await;
    let recipient = &story.recipients[0];
    assert_eq!((recipient.state, recipient.attempts), (State::Delivered, 1));
    let hosts: Vec<_> = recipient
        .tried
        .iter()
        .map(|one| (one.host.as_deref().unwrap(), one.outcome))
        .collect();
    assert_eq!(
        hosts,
        [
            ("mx1.b.test", Outcome::Temporary),
            ("mx2.b.test", Outcome::Delivered)
        ]
    );
    assert!(
        recipient.tried[0].lines[0].contains("refused"),
        "{:?}",
        recipient.tried[0].lines
    );
}

#[tokio::test]
async fn a_host_that_is_unwilling_or_busy_leaves_it_to_the_next() {
    let (port, mut sockets) = listeners(&["127.0.0.2", "127.0.0.3"]).await;
    let mut second = Sink::start(sockets.remove(1), Script::default());
    bare(sockets.remove(0), Bare::Unwilling);
    let mut world = World::new(TWO_HOSTS).await;
    world.run(World::config(port));
    let id = world.send(&["bob@b.test"], None).await;
    second.next().await;
    let story = world.until_final(id, "b.test").await;
    assert_eq!(states(&story), [State::Delivered]);
    assert_eq!(story.recipients[0].tried[0].outcome, Outcome::Permanent);
}

#[tokio::test]
async fn broken_tls_is_recorded_and_the_message_goes_without() {
    let (world, mut sink) = one_host(Script {
        has_broken_tls: true,
        ..Script::default()
    })
    .await;
    let id = world.send(&["bob@b.test"], None).await;
    assert_eq!(sink.next().await.envelope.tls, None);
    let story = world.until_final(id, "b.test").await;
    let tried = &story.recipients[0].tried;
    assert_eq!(tried.len(), 2);
    assert!(
        tried[0].lines.iter().any(|line| line.starts_with("TLS failed")),
        "{:?}",
        tried[0].lines
    );
    assert_eq!(
        (tried[1].tls_version.as_deref(), tried[1].outcome),
        (None, Outcome::Delivered)
    );
}

#[tokio::test]
async fn a_temporary_refusal_is_tried_again_when_its_time_has_come() {
    let script = Script::default();
    let refused = Arc::clone(&script.refused);
    refused
        .lock()
        .unwrap()
        .push(("bob".to_owned(), Refusal::RateLimited));
    let (world, mut sink) = one_host(script).await;
    let id = world.send(&["bob@b.test"], None).await;
    let story = world.until_tried(id, "b.test", 1).await;
    let wait = story.recipients[0].due.since(world.now());
    assert!(
        wait >= Duration::from_secs(270) && wait <= Duration::from_secs(330),
        "{wait:?}"
    );
    assert_eq!(story.recipients[0].last.as_ref().unwrap().code, Some(450));
    refused.lock().unwrap().clear();
    world.pass(Duration::from_secs(331));
    sink.next().await;
    let story = world.until_final(id, "b.test").await;
    assert_eq!(states(&story), [State::Delivered]);
    assert_eq!(story.recipients[0].attempts, 2);
}

#[tokio::test]
async fn a_connection_lost_in_the_content_is_not_carried_to_another_host() {
    let (port, mut sockets) = listeners(&["127.0.0.2", "127.0.0.3"]).await;
    let second = bare(sockets.remove(1), Bare::Plain);
    bare(sockets.remove(0), Bare::HangsUp);
    let mut world = World::new(TWO_HOSTS).await;
    world.run(World::config(port));
    let id = world.send(&["bob@b.test"], None).await;
    let story = world.until_tried(id, "b.test", 1).await;
    assert_eq!(states(&story), [State::Waiting]);
    assert_eq!(second.load(Ordering::SeqCst), 0);
}

#[tokio::test]
async fn messages_for_one_domain_share_a_connection() {
    let (world, mut sink) = one_host(Script::default()).await;
    for number in 0..5 {
        let id = world.send(&["bob@b.test"], None).await;
        assert_eq!(sink.next().await.connection, 1);
        let story = world.until_final(id, "b.test").await;
        let is_kept = story.recipients[0].tried[0].lines[0].starts_with("(connection kept");
        assert_eq!(is_kept, number > 0);
    }
}

#[tokio::test]
async fn a_kept_connection_that_has_ended_costs_no_attempt() {
    let (world, mut sink) = one_host(Script {
        closes_early: true,
        ..Script::default()
    })
    .await;
    for number in 1..=3 {
        let id = world.send(&["bob@b.test"], None).await;
        let received = sink.next().await;
        let story = world.until_final(id, "b.test").await;
        assert_eq!(
            (states(&story), story.recipients[0].attempts),
            (vec![State::Delivered], 1)
        );
        assert_eq!(received.connection, number);
    }
}

#[tokio::test]
async fn no_more_connections_than_allowed_go_to_a_domain() {
    let gate = Arc::new(Semaphore::new(0));
    let script = Script {
        gate: Some(Arc::clone(&gate)),
        ..Script::default()
    };
    let (port, mut sockets) = listeners(&["127.0.0.1"]).await;
    let mut sink = Sink::start(sockets.remove(0), script);
    let mut world = World::new(ONE_HOST).await;
    let mut config = World::config(port);
    config.connections_per_domain = 3;
    world.run(config);
    for _ in 0..12 {
        world.send(&["bob@b.test"], None).await;
    }
    while sink.most_open.load(Ordering::SeqCst) < 3 {
        tokio::task::yield_now().await;
    }
    gate.add_permits(12);
    for _ in 0..12 {
        sink.next().await;
    }
    assert_eq!(sink.most_open.load(Ordering::SeqCst), 3);
    assert_eq!(sink.connections.load(Ordering::SeqCst), 3);
}

#[tokio::test]
async fn a_domain_that_does_not_exist_fails_at_once() {
    let (world, _sink) = one_host(Script::default()).await;
    let id = world.send(&["bob@nowhere.test"], None).await;
    let story = world.until_final(id, "nowhere.test").await;
    assert_eq!(states(&story), [State::Failed]);
    let last = story.recipients[0].last.as_ref().unwrap();
    assert_eq!((last.code, last.status.as_str()), (None, "5.1.2"));
    let reports = world.reports().await;
    assert!(
        reports[0].contains("Status: 5.1.2") && reports[0].contains("x-posthorn; the domain nowhere.test")
    );
}

#[tokio::test]
async fn the_author_hears_of_a_delay_once_and_of_the_end_once() {
    let script = Script::default();
    script
        .refused
        .lock()
        .unwrap()
        .push(("bob".to_owned(), Refusal::RateLimited));
    let (world, _sink) = one_host(script).await;
    let id = world.send(&["bob@b.test"], None).await;
    world.until_tried(id, "b.test", 1).await;
    let hour = Duration::from_hours(1);
    for (attempts, pass, reports) in [
        (2, hour, 0),
        (3, 4 * hour, 1),
        (4, 24 * hour, 1),
        (5, 24 * hour, 1),
    ] {
        world.pass(pass);
        world.until_tried(id, "b.test", attempts).await;
        assert_eq!(world.reports().await.len(), reports, "after attempt {attempts}");
    }
    world.pass(80 * hour);
    let story = world.until_final(id, "b.test").await;
    assert_eq!(states(&story), [State::Failed]);
    let reports = world.reports().await;
    assert_eq!(reports.len(), 2);
    assert!(reports[0].contains("Action: delayed") && reports[0].contains("Will-Retry-Until:"));
    assert!(reports[1].contains("Action: failed") && reports[1].contains("Status: 4.4.7"));
}

#[tokio::test]
async fn a_success_is_reported_by_us_only_where_the_other_server_does_not() {
    let (port, mut sockets) = listeners(&["127.0.0.2", "127.0.0.3"]).await;
    let mut with_dsn = Sink::start(sockets.remove(1), Script::default());
    bare(sockets.remove(0), Bare::Plain);
    let mut world = World::new("old A 127.0.0.2\nnew A 127.0.0.3").await;
    world.run(World::config(port));
    let id = world.send(&["bob@new.test"], SUCCESS).await;
    assert_eq!(with_dsn.next().await.envelope.recipients[0].notify, SUCCESS);
    world.until_final(id, "new.test").await;
    assert!(world.reports().await.is_empty());
    let id = world.send(&["bob@old.test"], SUCCESS).await;
    world.until_final(id, "old.test").await;
    let reports = world.reports().await;
    assert!(reports[0].contains("Action: relayed") && reports[0].contains("bob@old.test"));
}

#[tokio::test]
async fn a_report_that_nobody_can_take_does_not_keep_the_failure_back() {
    let (world, _sink) = one_host(Script::default()).await;
    *world.refusal.lock().unwrap() = Some(PlanError::Undeliverable("gone".to_owned()));
    let id = world.send(&["bob@nowhere.test"], None).await;
    assert_eq!(
        states(&world.until_final(id, "nowhere.test").await),
        [State::Failed]
    );
}

#[tokio::test]
async fn a_report_that_cannot_be_stored_now_puts_the_failure_off() {
    let (world, _sink) = one_host(Script::default()).await;
    *world.refusal.lock().unwrap() = Some(PlanError::Temporary("disk full".to_owned()));
    let id = world.send(&["bob@nowhere.test"], None).await;
    assert_eq!(
        states(&world.until_tried(id, "nowhere.test", 1).await),
        [State::Waiting]
    );
    *world.refusal.lock().unwrap() = None;
    world.pass(Duration::from_hours(1));
    assert_eq!(
        states(&world.until_final(id, "nowhere.test").await),
        [State::Failed]
    );
    assert_eq!(world.reports().await.len(), 1);
}

#[tokio::test]
async fn a_slow_transfer_keeps_no_other_message_of_its_domain_waiting() {
    let gate = Arc::new(Semaphore::new(0));
    let script = Script {
        gate: Some(Arc::clone(&gate)),
        ..Script::default()
    };
    let (world, mut sink) = one_host(script).await;
    world.send(&["slow@b.test"], None).await;
    while sink.most_open.load(Ordering::SeqCst) < 1 {
        tokio::task::yield_now().await;
    }
    world.send(&["quick@b.test"], None).await;
    while sink.most_open.load(Ordering::SeqCst) < 2 {
        tokio::task::yield_now().await;
    }
    gate.add_permits(2);
    sink.next().await;
    sink.next().await;
}

#[tokio::test]
async fn stopping_cuts_what_hangs_and_gives_its_lease_back() {
    let (port, mut sockets) = listeners(&["127.0.0.1"]).await;
    let connections = bare(sockets.remove(0), Bare::Silent);
    let mut world = World::new(ONE_HOST).await;
    world.run(World::config(port));
    let id = world.send(&["bob@b.test"], None).await;
    while connections.load(Ordering::SeqCst) == 0 {
        tokio::task::yield_now().await;
    }
    world.stop().await;
    let recipient = &world.story(id, "b.test").await.recipients[0];
    assert_eq!(
        (recipient.state, recipient.attempts, recipient.lease_until),
        (State::Waiting, 0, None)
    );
}

#[tokio::test]
async fn a_server_that_says_nothing_is_left_after_its_time() {
    let (port, mut sockets) = listeners(&["127.0.0.1"]).await;
    bare(sockets.remove(0), Bare::Silent);
    let mut world = World::new(ONE_HOST).await;
    let mut config = World::config(port);
    config.timeouts.replies.greeting = Duration::from_millis(50);
    world.run(config);
    let id = world.send(&["bob@b.test"], None).await;
    let story = world.until_tried(id, "b.test", 1).await;
    let last = story.recipients[0].last.as_ref().unwrap();
    assert_eq!((last.code, last.status.as_str()), (None, "4.4.2"), "{last:?}");
}

#[tokio::test]
async fn what_a_dead_process_had_leased_is_delivered_at_the_start() {
    let (port, mut sockets) = listeners(&["127.0.0.1"]).await;
    let mut sink = Sink::start(sockets.remove(0), Script::default());
    let mut world = World::new(ONE_HOST).await;
    let id = world.send(&["bob@b.test"], None).await;
    let (now, bucket) = (world.now(), bucket_of("b.test"));
    let leasing = world
        .store
        .write::<_, StoreError>(Partition::Bucket(bucket), move |tx| {
            lease(tx, bucket, "b.test", now, now.plus(Duration::from_hours(9)), 10)
        });
    assert_eq!(leasing.await.unwrap().len(), 1);
    world.run(World::config(port));
    sink.next().await;
    assert_eq!(states(&world.until_final(id, "b.test").await), [State::Delivered]);
}

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
async fn an_unwilling_backup_does_not_bounce_what_the_first_host_may_take_later() {
    let (port, mut sockets) = listeners(&["127.0.0.2", "127.0.0.3"]).await;
    bare(sockets.remove(1), Bare::Unwilling);
    drop(sockets);
    let mut world = World::new(TWO_HOSTS).await;
    world.run(World::config(port));
    let id = world.send(&["bob@b.test"], None).await;
    let story = world.until_tried(id, "b.test", 1).await;
    assert_eq!(states(&story), [State::Waiting]);
    assert_eq!(story.recipients[0].tried.len(), 2);
}

#[tokio::test]
async fn a_lease_is_renewed_while_its_transfer_lasts() {
    let gate = Arc::new(Semaphore::new(0));
    let script = Script {
        gate: Some(Arc::clone(&gate)),
        ..Script::default()
    };
    let (port, mut sockets) = listeners(&["127.0.0.1"]).await;
    let _sink = Sink::start(sockets.remove(0), script);
    let mut world = World::new(ONE_HOST).await;
    let mut config = World::config(port);
    config.timeouts.lease = Duration::from_millis(30);
    world.run(config);
    let id = world.send(&["bob@b.test"], None).await;
    let is_leased = |story: &posthorn_queue::Story| story.recipients[0].lease_until;
    let first = is_leased(
        &world
            .until(id, "b.test", |story| is_leased(story).is_some())
            .await,
    );
    world.micros.fetch_add(20_000, Ordering::SeqCst);
    world.until(id, "b.test", |story| is_leased(story) > first).await;
    gate.add_permits(1);
    let story = world.until_final(id, "b.test").await;
    assert_eq!(story.recipients[0].attempts, 1);
}

#[tokio::test]
async fn a_recipient_dropped_during_its_transfer_stays_dropped_and_the_others_are_settled() {
    let gate = Arc::new(Semaphore::new(0));
    let script = Script {
        gate: Some(Arc::clone(&gate)),
        ..Script::default()
    };
    let refused = Arc::clone(&script.refused);
    for name in ["bob", "tim"] {
        refused
            .lock()
            .unwrap()
            .push((name.to_owned(), Refusal::UnknownRecipient));
    }
    let (world, mut sink) = one_host(script).await;
    let id = world
        .send(&["bob@b.test", "eve@b.test", "tim@b.test"], None)
        .await;
    while sink.most_open.load(Ordering::SeqCst) == 0 {
        tokio::task::yield_now().await;
    }
    let (now, bucket) = (world.now(), bucket_of("b.test"));
    let dropping = world
        .store
        .write::<_, StoreError>(Partition::Bucket(bucket), move |tx| {
            drop_recipients(tx, bucket, QueueId(id), Some(0), now)
        });
    assert_eq!(dropping.await, Ok(1));
    gate.add_permits(1);
    sink.next().await;
    let story = world.until_final(id, "b.test").await;
    assert_eq!(states(&story), [State::Dropped, State::Delivered, State::Failed]);
    let reports = world.reports().await;
    assert_eq!(reports.len(), 1);
    assert!(reports[0].contains("tim@b.test") && !reports[0].contains("bob@b.test"));
}

#[tokio::test]
async fn a_hundred_recipients_are_one_transaction_and_the_dialogue_is_kept_a_few_times() {
    let (world, mut sink) = one_host(Script::default()).await;
    let names: Vec<String> = (0..100).map(|n| format!("u{n}@b.test")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let id = world.send(&names, None).await;
    assert_eq!(sink.next().await.envelope.recipients.len(), 100);
    let story = world.until_final(id, "b.test").await;
    assert_eq!(states(&story), [State::Delivered; 100]);
    let lines: Vec<usize> = story
        .recipients
        .iter()
        .map(|one| one.tried[0].lines.len())
        .collect();
    assert!(lines[0] > 200 && lines[99] == 2, "{lines:?}");
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
