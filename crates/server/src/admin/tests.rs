//! Requests against a real store, directly and through the socket.

mod socket;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use posthorn_accounts::PasswordRecord;
use posthorn_base::{Address, Domain, QueueId, ReversePath, Timestamp};
use posthorn_queue::{Message, NewRecipient, by_bucket, enqueue};
use posthorn_sasl::ScramKeys;
use posthorn_smtp::Body;
use posthorn_store::{Options, Partition, Store, StoreError};

use super::*;
use crate::components::components;

struct Fixture {
    admin: Admin,
    woken: Arc<AtomicUsize>,
    folder: tempfile::TempDir,
}

impl Fixture {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(&Options::new(folder.path()), &components()).unwrap();
        let woken = Arc::new(AtomicUsize::new(0));
        let counter = Arc::clone(&woken);
        let wake = Arc::new(move || {
            counter.fetch_add(1, Ordering::SeqCst);
        });
        Self {
            admin: Admin::new(store, wake),
            woken,
            folder,
        }
    }

    /// What is done, or the refusal behind an exclamation mark.
    fn says(&self, request: Request) -> String {
        let response = execute(&self.admin, request);
        if let Response::Refused(text) = response {
            return format!("!{text}");
        }
        let Response::Done(text) = response else {
            panic!("neither done nor refused: {response:?}");
        };
        text
    }

    fn with_anna() -> Self {
        let fixture = Self::new();
        fixture.says(Request::Domain(DomainRequest::Add(domain("ours.test"))));
        fixture.says(add("Anna@ours.test"));
        fixture
    }

    /// Puts a message with these recipients into the queue.
    fn enqueue(&self, id: u64, recipients: &[&str]) {
        let now = Timestamp::from_secs(1_700_000_000);
        let blob = self
            .admin
            .store
            .stage_blob(b"Subject: x\r\n\r\n".to_vec(), now)
            .unwrap();
        let message = Message {
            queue_id: QueueId(id),
            blob: blob.reference(),
            reverse_path: ReversePath::Address("anna@ours.test".parse().unwrap()),
            ret: None,
            envelope_id: None,
            body: Body::SevenBit,
            smtputf8: false,
            identity: Some("anna@ours.test".to_owned()),
            created_at: now,
            expires_at: now.plus(std::time::Duration::from_secs(432_000)),
        };
        let recipients = (0..).zip(recipients).map(|(number, text)| NewRecipient {
            number,
            address: text.parse().unwrap(),
            notify: None,
            original_recipient: None,
        });
        for (bucket, recipients) in by_bucket(recipients) {
            let (message, blob) = (message.clone(), blob.clone());
            let written = self.admin.store.write(Partition::Bucket(bucket), move |tx| {
                tx.put_blob(&blob)?;
                enqueue(tx, bucket, &message, &recipients)
            });
            written.wait().unwrap();
        }
    }

    fn vandalise(&self, sql: &'static str) {
        let written = self
            .admin
            .store
            .write(Partition::Directory, move |tx| tx.execute(sql, &[]));
        assert_eq!(written.wait(), Ok::<_, StoreError>(1), "{sql}");
    }

    fn states(&self, id: u64) -> Vec<String> {
        let show = Request::Queue(QueueRequest::Show(Text(QueueId(id))));
        let Response::Message(view) = execute(&self.admin, show) else {
            panic!()
        };
        view.recipients.into_iter().map(|one| one.state).collect()
    }

    fn check(&self) -> CheckView {
        let Response::Checked(view) = execute(&self.admin, Request::CheckStore) else {
            panic!()
        };
        view
    }
}

fn domain(text: &str) -> Text<Domain> {
    Text(text.parse().unwrap())
}

fn address(text: &str) -> Text<Address> {
    Text(text.parse().unwrap())
}

/// No password has this record; it costs no time.
fn password() -> HashedPassword {
    HashedPassword(PasswordRecord {
        password_hash:
            "$argon2id$v=19$m=64,t=1,p=1$c29tZXNhbHRzb21lc2FsdA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
                .to_owned(),
        scram: ScramKeys {
            salt: vec![7; 16],
            iterations: 4_096,
            stored_key: [8; 32],
            server_key: [9; 32],
        },
    })
}

fn add(text: &str) -> Request {
    Request::Account(AccountRequest::Add {
        address: address(text),
        password: password(),
        quota_octets: 1_000,
    })
}

fn change(change: QueueChange, id: Option<u64>, domain: Option<&str>) -> Request {
    Request::Queue(QueueRequest::Change {
        change,
        selection: Selection {
            queue_id: id.map(|id| Text(QueueId(id))),
            domain: domain.map(str::to_owned),
        },
    })
}

#[test]
fn an_account_comes_and_goes_with_its_mail_storage() {
    let fixture = Fixture::with_anna();
    let list = Request::Account(AccountRequest::List { domain: None });
    let Response::Accounts(accounts) = execute(&fixture.admin, list.clone()) else {
        panic!()
    };
    assert_eq!(accounts.len(), 1);
    assert_eq!(accounts[0].address, "Anna@ours.test");
    assert_eq!(
        (accounts[0].used_octets, accounts[0].quota_octets),
        (Some(0), Some(1_000))
    );
    let remove = Request::Account(AccountRequest::Remove(address("anna@ours.test")));
    assert_eq!(
        fixture.says(remove),
        "the account anna@ours.test and all its mail are removed"
    );
    assert_eq!(execute(&fixture.admin, list), Response::Accounts(vec![]));
    assert_eq!(fixture.check().findings, Vec::<String>::new());
}

#[test]
fn an_account_that_is_still_a_target_keeps_its_mail() {
    let fixture = Fixture::with_anna();
    fixture.says(Request::Alias(AliasRequest::Add {
        address: address("info@ours.test"),
        targets: vec![address("anna@ours.test")],
    }));
    let refused = fixture.says(Request::Account(AccountRequest::Remove(address(
        "anna@ours.test",
    ))));
    assert_eq!(
        refused,
        "!Anna@ours.test still gets the mail of the alias info@ours.test; change that first"
    );
    assert_eq!(fixture.check().findings, Vec::<String>::new());
}

#[test]
fn an_address_in_a_strange_domain_is_refused_with_the_command_that_helps() {
    let fixture = Fixture::with_anna();
    let help = "!the domain far.test is not one of ours; add it first: posthorn domain add far.test";
    assert_eq!(fixture.says(add("zoe@far.test")), help);
    let alias = AliasRequest::Add {
        address: address("zoe@far.test"),
        targets: vec![address("anna@ours.test")],
    };
    assert_eq!(fixture.says(Request::Alias(alias)), help);
    let catch_all = DomainRequest::CatchAll {
        domain: domain("far.test"),
        target: Some(address("anna@ours.test")),
    };
    assert_eq!(fixture.says(Request::Domain(catch_all)), help);
    assert_eq!(
        fixture.says(add("zoe@[192.0.2.1]")),
        "!zoe@[192.0.2.1] has an IP address after the @; an address of ours needs a domain of ours there"
    );
}

#[test]
fn what_is_not_there_cannot_be_changed() {
    let fixture = Fixture::with_anna();
    let zoe = || address("zoe@ours.test");
    let requests = [
        AccountRequest::Remove(zoe()),
        AccountRequest::Enable(zoe()),
        AccountRequest::Disable(zoe()),
        AccountRequest::SetQuota {
            address: zoe(),
            quota_octets: 1,
        },
        AccountRequest::SetPassword {
            address: zoe(),
            password: password(),
        },
    ];
    for request in requests {
        assert_eq!(
            fixture.says(Request::Account(request)),
            "!there is no account zoe@ours.test; `posthorn account list` shows those there are"
        );
    }
}

#[test]
fn the_listing_of_one_domain_leaves_the_others_out() {
    let fixture = Fixture::with_anna();
    fixture.says(Request::Domain(DomainRequest::Add(domain("also.test"))));
    fixture.says(add("zoe@also.test"));
    let list = AccountRequest::List {
        domain: Some(domain("also.test")),
    };
    let Response::Accounts(accounts) = execute(&fixture.admin, Request::Account(list)) else {
        panic!()
    };
    assert_eq!(accounts.len(), 1);
    assert_eq!(accounts[0].address, "zoe@also.test");
}

#[test]
fn a_change_by_id_reaches_every_bucket_and_wakes_the_delivery() {
    let fixture = Fixture::new();
    fixture.enqueue(1, &["a@one.test", "b@two.test", "c@three.test"]);
    fixture.enqueue(2, &["d@one.test"]);
    let hold = change(QueueChange::Hold, Some(1), None);
    assert_eq!(
        fixture.says(hold),
        "3 recipients held until `posthorn queue retry`"
    );
    assert_eq!(fixture.woken.load(Ordering::SeqCst), 1);
    assert_eq!(fixture.states(1), ["held", "held", "held"]);
    assert_eq!(fixture.states(2), ["waiting"]);
    assert_eq!(
        fixture.says(change(QueueChange::Retry, Some(1), None)),
        "3 recipients to be tried now"
    );
    assert_eq!(fixture.states(1), ["waiting", "waiting", "waiting"]);
    assert_eq!(fixture.woken.load(Ordering::SeqCst), 2);
}

#[test]
fn a_change_by_domain_leaves_other_domains_alone() {
    let fixture = Fixture::new();
    fixture.enqueue(1, &["a@one.test", "b@two.test"]);
    fixture.enqueue(2, &["c@two.test", "d@[192.0.2.1]"]);
    let drop_one = change(QueueChange::Drop, Some(1), Some("two.test"));
    assert_eq!(fixture.says(drop_one), "1 recipient dropped; nobody is told");
    assert_eq!(fixture.states(1), ["waiting", "dropped"]);
    assert_eq!(fixture.states(2), ["waiting", "waiting"]);
    fixture.says(change(QueueChange::Hold, None, Some("two.test")));
    fixture.says(change(QueueChange::Drop, None, Some("[192.0.2.1]")));
    assert_eq!(fixture.states(1), ["waiting", "dropped"]);
    assert_eq!(fixture.states(2), ["held", "dropped"]);
}

#[test]
fn a_change_that_fits_nothing_is_refused_and_wakes_nobody() {
    let fixture = Fixture::new();
    fixture.enqueue(1, &["a@one.test"]);
    let nothing =
        "!nothing in the queue fits; `posthorn queue list` shows what waits, `posthorn queue show` why";
    assert_eq!(fixture.says(change(QueueChange::Drop, Some(2), None)), nothing);
    assert_eq!(
        fixture.says(change(QueueChange::Drop, None, Some("two.test"))),
        nothing
    );
    let everything = change(QueueChange::Drop, None, None);
    assert!(fixture.says(everything).starts_with("!say which"));
    assert_eq!(fixture.woken.load(Ordering::SeqCst), 0);
    assert_eq!(fixture.states(1), ["waiting"]);
    let show = Request::Queue(QueueRequest::Show(Text(QueueId(2))));
    assert!(
        fixture
            .says(show)
            .starts_with("!the queue does not know the message 0000000000002")
    );
}

#[test]
fn a_listing_stops_at_its_limit_and_says_so() {
    let fixture = Fixture::new();
    fixture.enqueue(1, &["a@one.test", "b@two.test", "c@two.test"]);
    let list = |domain: Option<&str>, limit| {
        let domain = domain.map(str::to_owned);
        let list = Request::Queue(QueueRequest::List { domain, limit });
        let Response::Queue(view) = execute(&fixture.admin, list) else {
            panic!()
        };
        view
    };
    let all = list(None, 3);
    let recipients: Vec<&str> = all.recipients.iter().map(|one| one.recipient.as_str()).collect();
    assert_eq!(recipients, ["a@one.test", "b@two.test", "c@two.test"]);
    assert!(!all.has_more);
    let some = list(None, 2);
    assert_eq!(
        (some.recipients.len(), some.has_more, some.counts.waiting),
        (2, true, 3)
    );
    let of_domain = list(Some("two.test"), 1);
    assert_eq!(of_domain.recipients[0].recipient, "b@two.test");
    assert!(of_domain.has_more);
}

#[test]
fn the_check_says_what_it_saw() {
    let fixture = Fixture::with_anna();
    fixture.enqueue(1, &["a@one.test", "b@two.test"]);
    let expected = CheckView {
        findings: vec![],
        domains: 1,
        accounts: 1,
        aliases: 0,
        queue_recipients: 2,
        blobs: 1,
        unreferenced_blobs: 0,
    };
    assert_eq!(fixture.check(), expected);
}

#[test]
fn the_check_finds_what_no_single_crate_can_see_and_goes_on_after_a_damaged_row() {
    let fixture = Fixture::with_anna();
    fixture.enqueue(1, &["a@one.test"]);
    fixture.vandalise("DELETE FROM account_state");
    fixture.vandalise("UPDATE queue_recipient SET address = 'nobody'");
    let view = fixture.check();
    let has = |text: &str| view.findings.iter().any(|finding| finding.contains(text));
    assert!(
        has("account 1 (Anna@ours.test): it has no mail storage"),
        "{view:?}"
    );
    assert!(has("nobody"), "{view:?}");
}
