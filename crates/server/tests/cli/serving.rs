//! The same commands while a server runs: through its socket, with the same words.

use serde_json::json;

use crate::place::{PASSWORD, Place, SETTINGS};

#[test]
fn commands_do_the_same_through_a_running_server() {
    let place = Place::with(SETTINGS);
    place.run("domain add before.test").good();
    let server = place.serve();
    assert_eq!(
        place.run("domain add ours.test").good(),
        "ours.test is one of ours now; its DNS records, with keys to sign with: posthorn dns records ours.test\n"
    );
    place.add_account("anna@ours.test");
    assert_eq!(
        place
            .run_with("account add zoe@far.test --password-stdin", PASSWORD)
            .refused(),
        "posthorn: the domain far.test is not one of ours; add it first: posthorn domain add far.test\n"
    );
    let through_server = place.run("account list --json").json();
    let checked = place.run("check --store").good();
    assert!(
        checked.starts_with("checked 2 domains, 1 account, 0 aliases"),
        "{checked}"
    );
    let log = server.stop();
    assert!(log.contains("anna@ours.test"), "{log}");
    assert!(
        !log.contains("argon2id") && !log.contains("correct horse"),
        "{log}"
    );
    assert_eq!(place.run("account list --json").json(), through_server);
    assert!(!place.path("data/admin.sock").exists());
}

#[test]
fn a_server_that_was_killed_leaves_nothing_in_the_way() {
    let place = Place::with(SETTINGS);
    let server = place.serve();
    place.run("domain add ours.test").good();
    server.kill();
    assert!(place.path("data/admin.sock").exists());
    assert_eq!(place.run("domain list --json").json()[0]["domain"], "ours.test");
    let server = place.serve();
    assert_eq!(place.run("domain list --json").json()[0]["domain"], "ours.test");
    server.stop();
}

#[test]
fn a_second_server_on_the_same_data_is_refused() {
    let place = Place::with(SETTINGS);
    let server = place.serve();
    let complaint = place.run("serve").refused();
    assert!(complaint.contains("is in use by another posthorn"), "{complaint}");
    // The first one's socket survives the attempt.
    assert_eq!(place.run("domain list --json").json(), json!([]));
    server.stop();
}
