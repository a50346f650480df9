//! Delivery to servers on loopback, found through a real name server; retries on a clock turned by hand.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "clippy knows only functions marked as tests; the helpers of tests may fail the same way"
)]

#[path = "delivery/connections.rs"]
mod connections;
#[path = "delivery/reports.rs"]
mod reports;
#[path = "delivery/sink.rs"]
mod sink;
#[path = "delivery/smarthost.rs"]
mod smarthost;
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
