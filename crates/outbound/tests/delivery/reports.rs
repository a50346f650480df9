//! What the author hears, and what nobody can be told.

use super::*;

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
