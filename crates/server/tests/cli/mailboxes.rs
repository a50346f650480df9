//! Mailboxes and with whom they are shared, through the store itself.

use serde_json::json;

use crate::place::{Place, SETTINGS};

fn house() -> Place {
    let place = Place::with(SETTINGS);
    place.run("domain add ours.test").good();
    for address in ["anna@ours.test", "bert@ours.test", "a/b@ours.test"] {
        place.add_account(address);
    }
    place
}

#[test]
fn a_mailbox_is_shared_with_other_rights_and_no_longer() {
    let place = house();
    let run = |line: &str| place.run(line).good();
    assert_eq!(
        run("mailbox share anna@ours.test Archive BERT@ours.test contribute"),
        "Archive of anna@ours.test is shared with bert@ours.test now (lrswipkte), under the name Other Users/anna@ours.test/Archive\n"
    );
    run("mailbox share anna@ours.test Archive bert@ours.test read");
    run("mailbox share anna@ours.test Archive anyone --rights lr");
    run("mailbox share anna@ours.test inbox bert@ours.test manage");
    assert_eq!(
        run("mailbox share anna@ours.test Archive --rights r -- -anyone"),
        "Archive of anna@ours.test has the entry -anyone now: it takes r away, whoever gives them\n"
    );
    assert_eq!(
        run("mailbox list anna@ours.test"),
        "MAILBOX  MESSAGES  UNREAD  SIZE  FOR      SHARED WITH\n\
         Archive  0         0       0 B   Archive  anyone: see, read (lr); -anyone: read (r); bert@ours.test: read (lrs)\n\
         Drafts   0         0       0 B   Drafts   -\n\
         INBOX    0         0       0 B   -        bert@ours.test: manage (lrswipkxtea)\n\
         Junk     0         0       0 B   Junk     -\n\
         Sent     0         0       0 B   Sent     -\n\
         Trash    0         0       0 B   Trash    -\n"
    );
    let archive = &place.run("mailbox list anna@ours.test --json").json()[0];
    assert_eq!(
        archive,
        &json!({
            "name": "Archive", "messages": 0, "unseen": 0, "size_octets": 0, "special_use": "Archive",
            "shared_with": [
                {"with": "anyone", "rights": "lr"}, {"with": "-anyone", "rights": "r"},
                {"with": "bert@ours.test", "rights": "lrs"}
            ]
        })
    );
    assert_eq!(
        run("mailbox unshare anna@ours.test Archive bert@ours.test"),
        "Archive of anna@ours.test is no longer shared with bert@ours.test\n"
    );
    run("mailbox unshare anna@ours.test Archive anyone");
    assert_eq!(
        run("mailbox unshare anna@ours.test Archive -- -anyone"),
        "Archive of anna@ours.test no longer has the entry -anyone\n"
    );
    let listed = place.run("mailbox list anna@ours.test --json").json();
    assert_eq!(listed[0]["shared_with"], json!([]));
    assert!(run("check --store").contains("nothing is wrong"));
}

#[test]
fn what_cannot_be_shared_is_refused_with_what_there_is() {
    let place = house();
    let before = place.run("mailbox list anna@ours.test").good();
    for (line, reason) in [
        (
            "share zoe@ours.test INBOX bert@ours.test read",
            "there is no account zoe@ours.test; `posthorn account list` shows those there are",
        ),
        (
            "list zoe@ours.test",
            "there is no account zoe@ours.test; `posthorn account list` shows those there are",
        ),
        (
            "share anna@ours.test Projects bert@ours.test read",
            "anna@ours.test has no mailbox Projects; there are: Archive, Drafts, INBOX, Junk, Sent, Trash",
        ),
        (
            "share anna@ours.test a%b bert@ours.test read",
            "anna@ours.test has no mailbox a%b; there are: Archive, Drafts, INBOX, Junk, Sent, Trash",
        ),
        (
            "share anna@ours.test INBOX bert read",
            "there is no account bert to share with; `posthorn account list` shows those there are, `anyone` is all of them",
        ),
        (
            "share anna@ours.test INBOX ANNA@ours.test read",
            "the owner of a mailbox has all rights always",
        ),
        (
            "share a/b@ours.test INBOX bert@ours.test read",
            "an address with /, * or % cannot stand in the name of a shared mailbox",
        ),
        (
            "unshare anna@ours.test INBOX bert@ours.test",
            "INBOX of anna@ours.test is not shared with bert@ours.test; `posthorn mailbox list anna@ours.test` shows what is",
        ),
    ] {
        let complaint = place.run(&format!("mailbox {line}")).refused();
        assert_eq!(complaint, format!("posthorn: {reason}\n"), "{line}");
    }
    assert_eq!(place.run("mailbox list anna@ours.test").good(), before);
}

#[test]
fn of_many_mailboxes_a_refusal_names_some() {
    let place = house();
    place.with_store(|store| {
        let made = store.write(posthorn_store::Partition::Directory, |tx| {
            for number in 10..40 {
                let (anna, now) = (
                    posthorn_base::AccountId(1),
                    posthorn_base::Timestamp::from_secs(1),
                );
                posthorn_mailbox::create(tx, anna, &format!("A{number}"), None, now)?;
            }
            Ok::<_, posthorn_mailbox::MailboxError>(())
        });
        made.wait().unwrap();
    });
    let complaint = place.run("mailbox share anna@ours.test B anyone read").refused();
    assert!(
        complaint.contains("there are: A10, A11,") && complaint.ends_with("A28, A29, …\n"),
        "{complaint}"
    );
}
