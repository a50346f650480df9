//! The steps of accepting, through the public interface and a real store.

#![expect(clippy::unwrap_used, reason = "a panic is how a test fails")]

use std::sync::Arc;
use std::time::Duration;

use posthorn_accounts::{self as accounts, DetailSeparator, Target};
use posthorn_base::{AccountId, Address, Domain, QueueId, ReversePath, SessionId, Timestamp, Uid};
use posthorn_inbound::*;
use posthorn_mailbox as mailbox;
use posthorn_queue as queue;
use posthorn_smtp::{Body, Notify, NotifyOn, Sender};
use posthorn_store::{Options, Partition, Store, StoreError};

fn now() -> Timestamp {
    Timestamp::from_secs(1_795_465_000)
}

fn address(text: &str) -> Address {
    Address::parse(text).unwrap()
}

struct Fixture {
    store: Store,
    inbound: Inbound,
    _folder: tempfile::TempDir,
}

impl Fixture {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let components = [
            accounts::SCHEMA,
            mailbox::SCHEMA,
            queue::COMPONENT,
            posthorn_correspondents::SCHEMA,
            posthorn_reports::SCHEMA,
        ];
        let store = Store::open(&Options::new(folder.path()), &components).unwrap();
        for account in [AccountId(1), AccountId(2)] {
            store
                .write(Partition::Account(account), move |tx| {
                    mailbox::create_account(tx, account, 0, now())
                })
                .wait()
                .unwrap();
        }
        let settings = Settings {
            hostname: Domain::parse("mx.ours.test").unwrap(),
            report_from: address("postmaster@mx.ours.test"),
            received_fields: 50,
            header_octets: 10_000,
            max_age: Duration::from_secs(3_600),
        };
        Self {
            inbound: Inbound::new(store.clone(), settings, keys()),
            store,
            _folder: folder,
        }
    }

    fn accept(&self, incoming: &Incoming) -> Result<(), InboundError> {
        let plan = self.inbound.prepare(incoming, now()).unwrap();
        self.inbound.commit(plan).wait().map(|_parts| ())
    }

    /// What lies in INBOX, as text.
    fn inbox(&self, account: AccountId) -> Vec<String> {
        self.store
            .read(move |tx| {
                let inbox = mailbox::find(tx, account, "INBOX")?;
                let uids: Vec<Uid> = mailbox::snapshot(tx, account, inbox)?
                    .uids
                    .iter()
                    .map(Uid)
                    .collect();
                let mut texts = Vec::new();
                for row in mailbox::messages(tx, account, inbox, &uids)? {
                    let email = mailbox::email(tx, account, row.email)?.unwrap();
                    texts.push(String::from_utf8(tx.blob(&email.blob)?).unwrap());
                }
                Ok::<_, mailbox::MailboxError>(texts)
            })
            .wait()
            .unwrap()
    }

    /// What is queued for a domain: the recipients, and the content of the first.
    fn queued(&self, domain: &'static str) -> (Vec<String>, String) {
        self.store
            .write::<_, StoreError>(Partition::Bucket(0), move |tx| {
                let leases = queue::lease(
                    tx,
                    queue::bucket_of(domain),
                    domain,
                    now(),
                    now().plus(Duration::from_secs(60)),
                    100,
                )?;
                let recipients = leases.iter().map(|leased| leased.address.to_string()).collect();
                let text = match leases.first() {
                    Some(leased) => {
                        let message =
                            queue::load(tx, queue::bucket_of(domain), leased.lease.queue_id)?.unwrap();
                        String::from_utf8(tx.blob(&message.blob)?).unwrap()
                    }
                    None => String::new(),
                };
                Ok((recipients, text))
            })
            .wait()
            .unwrap()
    }
}

fn local(account: i64) -> Target {
    Target::Local {
        account: AccountId(account),
        address: address("x@ours.test"),
        detail: None,
    }
}

fn addressee(text: &str, targets: Vec<Target>) -> Addressee {
    Addressee {
        address: address(text),
        notify: None,
        original_recipient: None,
        targets,
    }
}

fn incoming(origin: Origin, addressees: Vec<Addressee>, text: &str) -> Incoming {
    Incoming {
        queue_id: QueueId(77),
        origin,
        client: Some(Client {
            helo: "client.test (evil); by x".to_owned(),
            ip: [192, 0, 2, 9].into(),
            tls: None,
            protocol: "ESMTP",
            session: SessionId(5),
        }),
        sender: Sender {
            reverse_path: ReversePath::Address(address("anna@there.test")),
            size: None,
            body: Body::SevenBit,
            smtputf8: false,
            ret: None,
            envelope_id: None,
            identity: None,
        },
        addressees,
        octets: text.as_bytes().into(),
        judgement: None,
    }
}

#[test]
fn a_relayed_message_gets_trace_fields_and_nothing_else() {
    let fixture = Fixture::new();
    let message = incoming(
        Origin::Relay,
        vec![addressee("x@ours.test", vec![local(1)])],
        "Subject: a\r\n\r\nb\r\n",
    );
    fixture.accept(&message).unwrap();
    let expected = format!(
        "Return-Path: <anna@there.test>\r\n\
         Received: from client.testevilbyx ([192.0.2.9])\r\n\tby mx.ours.test with ESMTP id {} (session {})\r\n\t\
         for <x@ours.test>;\r\n\t{}\r\nSubject: a\r\n\r\nb\r\n",
        QueueId(77),
        SessionId(5),
        now().to_rfc5322()
    );
    assert_eq!(fixture.inbox(AccountId(1)), [expected]);
}

#[test]
fn a_submission_is_completed_and_does_not_tell_where_its_author_sits() {
    let fixture = Fixture::new();
    let remote = vec![addressee(
        "b@far.test",
        vec![Target::Remote(address("b@far.test"))],
    )];
    fixture
        .accept(&incoming(
            Origin::Submission(AccountId(1)),
            remote,
            "Subject: a\r\n\r\nb\r\n",
        ))
        .unwrap();
    let (recipients, text) = fixture.queued("far.test");
    assert_eq!(recipients, ["b@far.test"]);
    assert!(text.starts_with("Received: by mx.ours.test"), "{text}");
    assert!(!text.contains("192.0.2.9") && !text.contains("Return-Path"));
    assert!(text.contains("\r\nDate: Mon, 23 Nov 2026") && text.contains("\r\nMessage-ID: <"));
    assert!(text.ends_with("Subject: a\r\n\r\nb\r\n"));
}

#[test]
fn the_50th_hop_is_a_loop() {
    let fixture = Fixture::new();
    let to = vec![addressee("x@ours.test", vec![local(1)])];
    let hops = |count: usize| format!("{}\r\nbody\r\n", "Received: by x; y\r\n".repeat(count));
    assert!(
        fixture
            .inbound
            .prepare(&incoming(Origin::Relay, to.clone(), &hops(49)), now())
            .is_ok()
    );
    let looping = fixture
        .inbound
        .prepare(&incoming(Origin::Relay, to, &hops(50)), now());
    assert_eq!(looping.err(), Some(Refused::Loop));
}

#[test]
fn a_huge_header_is_refused_and_a_huge_body_is_not() {
    let fixture = Fixture::new();
    let to = vec![addressee("x@ours.test", vec![local(1)])];
    let header = format!("Subject: {}\r\n\r\nbody\r\n", "a".repeat(10_000));
    let refused = fixture
        .inbound
        .prepare(&incoming(Origin::Relay, to.clone(), &header), now());
    assert_eq!(refused.err(), Some(Refused::HeaderTooLarge));
    let body = format!("Subject: a\r\n\r\n{}\r\n", "a".repeat(200_000));
    fixture.accept(&incoming(Origin::Relay, to, &body)).unwrap();
    assert!(fixture.inbox(AccountId(1))[0].ends_with(&body));
}

#[test]
fn a_message_without_a_header_stays_a_body() {
    let fixture = Fixture::new();
    let to = vec![addressee("x@ours.test", vec![local(1)])];
    fixture
        .accept(&incoming(Origin::Relay, to, "just text\r\nand more\r\n"))
        .unwrap();
    assert!(fixture.inbox(AccountId(1))[0].ends_with("+0000\r\n\r\njust text\r\nand more\r\n"));
}

#[test]
fn whoever_is_reached_twice_gets_one_copy() {
    let fixture = Fixture::new();
    let far = || Target::Remote(address("b@far.test"));
    let to = vec![
        addressee("x@ours.test", vec![local(1)]),
        addressee("team@ours.test", vec![local(2), local(1), far()]),
        addressee("all@ours.test", vec![far()]),
    ];
    fixture
        .accept(&incoming(Origin::Relay, to, "Subject: a\r\n\r\nb\r\n"))
        .unwrap();
    assert_eq!(
        (
            fixture.inbox(AccountId(1)).len(),
            fixture.inbox(AccountId(2)).len()
        ),
        (1, 1)
    );
    assert_eq!(fixture.queued("far.test").0, ["b@far.test"]);
    assert!(
        !fixture.inbox(AccountId(1))[0].contains("for <"),
        "one of several is not named"
    );
}

#[test]
fn all_or_none_when_one_account_is_gone() {
    let fixture = Fixture::new();
    let far = Target::Remote(address("b@far.test"));
    let to = vec![addressee("x@ours.test", vec![local(1), local(9), far])];
    let failed = fixture.accept(&incoming(Origin::Relay, to, "Subject: a\r\n\r\nb\r\n"));
    assert_eq!(
        failed,
        Err(InboundError::Mailbox(mailbox::MailboxError::NoSuchAccount))
    );
    assert!(fixture.inbox(AccountId(1)).is_empty());
    assert!(fixture.queued("far.test").0.is_empty());
}

#[test]
fn success_is_reported_only_when_asked_and_only_for_those_here() {
    let fixture = Fixture::new();
    let far = Target::Remote(address("b@far.test"));
    let mut message = incoming(
        Origin::Relay,
        vec![
            addressee("x@ours.test", vec![local(1)]),
            addressee("b@far.test", vec![far]),
        ],
        "Subject: a\r\n\r\nb\r\n",
    );
    assert_eq!(fixture.inbound.confirmation(&message, now()), None);
    for addressee in &mut message.addressees {
        addressee.notify = Some(Notify::On(NotifyOn {
            success: true,
            ..NotifyOn::default()
        }));
    }
    let (to, report) = fixture.inbound.confirmation(&message, now()).unwrap();
    let report = String::from_utf8(report.to_vec()).unwrap();
    assert_eq!(to, address("anna@there.test"));
    assert!(
        report.contains("Final-Recipient: rfc822;x@ours.test")
            || report.contains("Final-Recipient: rfc822; x@ours.test")
    );
    assert!(report.contains("Action: delivered") && !report.contains("b@far.test"));
    message.sender.reverse_path = ReversePath::Null;
    assert_eq!(fixture.inbound.confirmation(&message, now()), None);
}

#[test]
fn a_report_comes_to_its_author_and_one_for_nobody_is_refused() {
    let fixture = Fixture::new();
    let reports = Reports::new(
        fixture.store.clone(),
        fixture.inbound.clone(),
        DetailSeparator::On,
    );
    let plan = |to: &'static str| {
        let reports = reports.clone();
        wait_for(async move {
            reports
                .plan(QueueId(1), &address(to), b"A: b\r\n\r\nc\r\n"[..].into(), now())
                .await
        })
    };
    let far = plan("anna@there.test").unwrap();
    assert_eq!(far.buckets(), [queue::bucket_of("there.test")]);
    fixture
        .store
        .write(Partition::Directory, |tx| {
            accounts::add_domain(tx, &Domain::parse("ours.test").unwrap(), now())
        })
        .wait()
        .unwrap();
    assert!(matches!(plan("nobody@ours.test"), Err(ReportError::Nobody(_))));
}

/// Runs a future that only waits for the store's threads.
fn wait_for<T>(future: impl Future<Output = T>) -> T {
    struct Unpark(std::thread::Thread);
    impl std::task::Wake for Unpark {
        fn wake(self: Arc<Self>) {
            self.0.unpark();
        }
    }
    let waker = Arc::new(Unpark(std::thread::current())).into();
    let mut future = std::pin::pin!(future);
    loop {
        if let std::task::Poll::Ready(value) =
            future.as_mut().poll(&mut std::task::Context::from_waker(&waker))
        {
            return value;
        }
        std::thread::park();
    }
}

fn keys() -> Keys {
    Keys {
        keyring: posthorn_signing::Keyring::default(),
        srs: Arc::new(posthorn_trust::srs::Srs::new(posthorn_base::Secret::new([7; 32]))),
    }
}
