//! Connections that are kept, limited and cut, and the leases behind them.

use super::*;

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
async fn a_421_on_a_kept_connection_costs_no_attempt() {
    let (port, mut sockets) = listeners(&["127.0.0.1"]).await;
    let connections = bare(sockets.remove(0), Bare::SaysBye);
    let mut world = World::new(ONE_HOST).await;
    world.run(World::config(port));
    for number in 1..=3 {
        let id = world.send(&["bob@b.test"], None).await;
        let story = world.until_tried(id, "b.test", 1).await;
        assert_eq!(states(&story), [State::Delivered]);
        assert_eq!(connections.load(Ordering::SeqCst), number);
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
    for open in 1..=3 {
        world.send(&["bob@b.test"], None).await;
        while sink.most_open.load(Ordering::SeqCst) < open {
            tokio::task::yield_now().await;
        }
    }
    let id = world.send(&["bob@b.test"], None).await;
    // Leased, and held back; what it might do beyond the limit gets the time to happen.
    world
        .until(id, "b.test", |story| story.recipients[0].lease_until.is_some())
        .await;
    for _ in 0..1_000 {
        world.story(id, "b.test").await;
    }
    for _ in 0..8 {
        world.send(&["bob@b.test"], None).await;
    }
    gate.add_permits(12);
    for _ in 0..12 {
        sink.next().await;
    }
    assert_eq!(sink.most_open.load(Ordering::SeqCst), 3);
    assert_eq!(sink.connections.load(Ordering::SeqCst), 3);
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
