//! `kill -9` at any moment under load: what was acknowledged is there, once, unchanged.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may")]

use std::sync::atomic::{AtomicUsize, Ordering};

use posthorn_tests::{Ending, Load, Node, Options, Random, Sent, assert_stored, until};

const ROUNDS: usize = 10;
const SENDERS: usize = 8;

#[test]
fn nothing_acknowledged_is_lost_or_doubled() {
    let mut node = Node::start(Options::default());
    let mut random = Random::seeded();
    let mut sent: Vec<Sent> = Vec::new();
    for _ in 0..ROUNDS {
        let (anna, ben) = (node.address("anna"), node.address("ben"));
        let load = Load {
            smtp: node.ready().address("smtp").to_owned(),
            recipients: vec![vec![anna.clone(), ben.clone()], vec![anna], vec![ben]],
            sizes: &[300, 8_000, 90_000],
            each: usize::MAX / 2,
            mark: &|| 0,
            acknowledged: AtomicUsize::new(0),
        };
        let enough = 1 + random.below(40);
        let spins = random.below(2_000_000);
        let of_round: Vec<Sent> = std::thread::scope(|scope| {
            let load = &load;
            let threads: Vec<_> = (0..SENDERS)
                .map(|sender| scope.spawn(move || load.send(sender)))
                .collect();
            until("messages are acknowledged", || {
                (load.acknowledged.load(Ordering::SeqCst) >= enough).then_some(())
            });
            // Somewhere between two acknowledgements.
            (0..spins).for_each(|_| std::hint::spin_loop());
            node.stop(Ending::Killed);
            threads
                .into_iter()
                .flat_map(|thread| thread.join().unwrap())
                .collect()
        });
        sent.extend(of_round);
        node.check_store();
        node.serve();
        assert_stored(&node, &["anna", "ben"], &sent, 0);
    }
    assert!(
        sent.iter().any(|sent| sent.acknowledged.is_none()),
        "no message was ever cut off"
    );
    assert!(node.stop(Ending::Asked).success());
    node.check_store();
}
