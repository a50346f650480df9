//! The queue as an administrator sees it. What waits is put there as the server would have done it.

use std::time::Duration;

use posthorn_base::{QueueId, ReversePath, Timestamp};
use posthorn_queue::{
    AttemptRecord, Diagnosis, Disposition, Message, NewRecipient, Outcome, Settlement, Step, bucket_of,
    by_bucket, enqueue, finish, lease,
};
use posthorn_smtp::Body;
use posthorn_store::{Partition, Store, StoreError};
use serde_json::json;

use crate::place::{Place, SETTINGS};

const ID: &str = "000000000000a";

fn at(minutes: u64) -> Timestamp {
    Timestamp::from_secs(1_700_000_000).plus(Duration::from_mins(minutes))
}

/// A message of Anna's for three people at two places.
fn fill(store: &Store) {
    let blob = store
        .stage_blob(b"Subject: hi\r\n\r\nhello\r\n".to_vec(), at(0))
        .unwrap();
    let message = Message {
        queue_id: ID.parse::<QueueId>().unwrap(),
        blob: blob.reference(),
        reverse_path: ReversePath::parse("anna@ours.test").unwrap(),
        ret: None,
        envelope_id: None,
        body: Body::SevenBit,
        smtputf8: false,
        identity: Some("anna@ours.test".to_owned()),
        created_at: at(0),
        expires_at: at(7_200),
    };
    let addresses = ["zoe@far.test", "yan@far.test", "xul@near.test"];
    let recipients = (0..).zip(addresses).map(|(number, address)| NewRecipient {
        number,
        address: address.parse().unwrap(),
        notify: None,
        original_recipient: None,
    });
    for (bucket, recipients) in by_bucket(recipients) {
        let (message, blob) = (message.clone(), blob.clone());
        let written = store.write(Partition::Bucket(bucket), move |tx| {
            tx.put_blob(&blob)?;
            enqueue(tx, bucket, &message, &recipients)
        });
        assert_eq!(written.wait(), Ok::<_, StoreError>(()));
    }
}

/// One attempt for the first recipient at far.test, answered with words that try to steer the terminal.
fn try_once(store: &Store) {
    let bucket = bucket_of("far.test");
    let written = store.write(Partition::Bucket(bucket), move |tx| {
        let leased = lease(tx, bucket, "far.test", at(1), at(11), 1)?;
        let attempt = AttemptRecord {
            steps: vec![Step {
                at: at(1),
                duration: Duration::from_millis(250),
                host: Some("mx.far.test".to_owned()),
                ip: Some([192, 0, 2, 7].into()),
                tls_version: Some("TLSv1.3".to_owned()),
                tls_cipher: Some("TLS13_AES_128_GCM_SHA256".to_owned()),
                lines: vec![
                    "> RCPT TO:<zoe@far.test>".to_owned(),
                    "< 450 4.2.1 \u{1b}[2Jbusy".to_owned(),
                ],
                outcome: Outcome::Temporary,
            }],
            diagnosis: Diagnosis {
                code: Some(450),
                status: "4.2.1".to_owned(),
                text: "\u{1b}[2Jbusy".to_owned(),
                host: Some("mx.far.test".to_owned()),
            },
        };
        let settlement = Settlement {
            disposition: Disposition::Retry(at(6)),
            delay_noticed: false,
        };
        finish(tx, &leased[0].lease, &attempt, settlement, at(1)).map(drop)
    });
    assert_eq!(written.wait(), Ok::<_, StoreError>(()));
}

fn filled() -> Place {
    let place = Place::with(SETTINGS);
    place.with_store(|store| {
        fill(store);
        try_once(store);
    });
    place
}

#[test]
fn the_listing_for_people_is_this() {
    let place = filled();
    assert_eq!(place.run("queue list").good(), include_str!("queue_list.txt"));
    let of_domain = place.run("queue list --domain Near.TEST").good();
    assert!(
        of_domain.contains("xul@near.test") && !of_domain.contains("zoe@far.test"),
        "{of_domain}"
    );
    let cut = place.run("queue list --limit 1").good();
    assert!(cut.contains("… and more; see them with --limit N"), "{cut}");
}

#[test]
fn the_story_of_a_message_for_people_is_this() {
    let place = filled();
    place.run(&format!("queue drop {ID} --domain near.test")).good();
    place.run(&format!("queue hold {ID} --domain far.test")).good();
    let shown = place.run(&format!("queue show {ID}")).good();
    // The moment of dropping is the present one.
    let line = shown.lines().find(|line| line.contains("dropped")).unwrap();
    let (steady, moment) = line.split_at(line.len() - "2026-11-23T20:16:40Z".len());
    assert!(moment.ends_with('Z'), "{line}");
    assert_eq!(
        shown.replace(line, steady.trim_end()),
        include_str!("queue_show.txt")
    );
}

#[test]
fn the_story_for_programs_has_the_other_server_s_words_unchanged() {
    let place = filled();
    let story = place.run(&format!("queue show {ID} --json")).json();
    let first = &story["recipients"][0];
    assert_eq!(first["recipient"], "zoe@far.test");
    assert_eq!(first["state"], "waiting");
    assert_eq!(first["last"]["text"], "\u{1b}[2Jbusy");
    assert_eq!(first["tried"][0]["lines"][1], "< 450 4.2.1 \u{1b}[2Jbusy");
    assert_eq!(story["recipients"][2]["tried"], json!([]));
    let listed = place.run("queue list --json").json();
    assert_eq!(listed["counts"]["waiting"], 3);
    assert_eq!(listed["recipients"].as_array().unwrap().len(), 3);
}

#[test]
fn held_is_held_until_retry_and_dropped_is_gone() {
    let place = filled();
    let state = |number: usize| {
        let story = place.run(&format!("queue show {ID} --json")).json();
        story["recipients"][number]["state"].as_str().unwrap().to_owned()
    };
    let run = |line: &str| place.run(line).good();
    assert_eq!(
        run("queue hold --domain far.test"),
        "2 recipients held until `posthorn queue retry`\n"
    );
    assert_eq!((state(0), state(2)), ("held".to_owned(), "waiting".to_owned()));
    assert_eq!(
        run(&format!("queue retry {ID}")),
        "3 recipients to be tried now\n"
    );
    assert_eq!(state(0), "waiting");
    assert_eq!(
        run(&format!("queue drop {ID}")),
        "3 recipients dropped; nobody is told\n"
    );
    assert_eq!(state(0), "dropped");
    assert_eq!(
        run("queue list"),
        "0 recipients waiting (0 being tried), 0 held; so far 0 delivered, 0 failed, 3 dropped\n"
    );
    assert!(
        place
            .run(&format!("queue retry {ID}"))
            .refused()
            .contains("nothing in the queue fits")
    );
    // The content is kept as long as the history that names it.
    assert!(run("check --store").contains("3 queued recipients, 1 stored content: nothing is wrong"));
}
