//! `posthorn check`: every fault of the settings at once, warnings, and the store.

use posthorn_store::{Partition, StoreError};

use crate::place::{Place, SETTINGS};

#[test]
fn every_fault_is_told_with_file_line_key_and_what_to_write() {
    let place = Place::with(
        "hostname = \"mail..ours.test\"\n\
         [listen]\n\
         smpt = [\"127.0.0.1:25\"]\n\
         imap = \"127.0.0.1:143\"\n\
         [queue]\n\
         max_age = \"5 days\"\n\
         port = 0\n",
    );
    let complaint = place.run("check").refused();
    let expected = include_str!("faults.txt");
    assert_eq!(complaint, expected);
}

#[test]
fn faults_stop_every_command_the_same_way() {
    let place = Place::with("hostname = 5\n");
    let told = place.run("check").refused();
    for line in ["domain list", "serve", "check --store"] {
        assert_eq!(place.run(line).refused(), told, "{line}");
    }
    assert!(!place.path("data").exists());
}

#[test]
fn what_the_server_would_stumble_over_is_a_warning() {
    let settings = "hostname = \"mail.ours.test\"\ndata = \"posthorn.toml\"\n\
        [tls]\ncertificate = \"none.pem\"\nkey = \"none.pem\"\n\
        [queue.smarthost]\nhost = \"smtp.far.test\"\nuser = \"a\"\npassword_file = \"none.txt\"\n";
    let place = Place::with(settings);
    let ended = place.run("check");
    assert_eq!(
        (ended.status, ended.out.as_str()),
        (0, "posthorn.toml: no faults\n")
    );
    let warnings: Vec<&str> = ended.err.lines().collect();
    assert_eq!(warnings.len(), 3, "{}", ended.err);
    assert!(
        warnings[0].starts_with("warning: data: ") && warnings[0].contains("is a file"),
        "{}",
        ended.err
    );
    assert!(
        warnings[1].starts_with("warning: tls: ") && warnings[1].contains("none.pem"),
        "{}",
        ended.err
    );
    assert!(warnings[2].contains("none.txt"), "{}", ended.err);
}

#[test]
fn a_check_of_the_settings_makes_no_data_folder() {
    let place = Place::with(SETTINGS);
    assert_eq!(place.run("check").good(), "posthorn.toml: no faults\n");
    assert!(!place.path("data").exists());
    let complaint = place.run("check --store").refused();
    assert!(
        complaint.starts_with("posthorn: there is no store in "),
        "{complaint}"
    );
    assert!(!place.path("data").exists());
}

#[test]
fn the_check_of_the_store_says_how_much_was_checked() {
    let place = Place::with(SETTINGS);
    place.run("domain add ours.test").good();
    place.add_account("anna@ours.test");
    place.run("alias add info@ours.test anna@ours.test").good();
    assert_eq!(
        place.run("check --store").good(),
        "checked 1 domain, 1 account, 1 alias, 0 queued recipients, 0 stored contents: nothing is wrong; \
         0 contents named by nothing and left to the collector\n"
    );
}

#[test]
fn what_is_damaged_is_told_and_ends_with_status_1() {
    let place = Place::with(SETTINGS);
    place.run("domain add ours.test").good();
    place.add_account("anna@ours.test");
    place.with_store(|store| {
        let vandalise = store.write(Partition::Directory, |tx| {
            tx.execute("DELETE FROM directory_account", &[])
        });
        assert_eq!(vandalise.wait(), Ok::<_, StoreError>(1));
    });
    let ended = place.run("check --store");
    assert_eq!(ended.status, 1);
    assert_eq!(ended.err, "address anna@ours.test: there is no account 1\n");
    assert!(
        ended.out.contains("0 accounts") && ended.out.contains(": 1 fault above;"),
        "{}",
        ended.out
    );
}
