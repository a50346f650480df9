//! A server with three people in two domains, and the DNS around it.

use std::sync::Arc;
use std::time::Duration;

use posthorn_accounts::{self as accounts, DetailSeparator, Resolution, Target};
use posthorn_base::{AccountId, Address, Domain, QueueId, ReversePath, Secret, SessionId, Timestamp, Uid};
use posthorn_dkim::{KeyAlgorithm, SigningKey};
use posthorn_inbound::*;
use posthorn_mailbox as mailbox;
use posthorn_queue as queue;
use posthorn_signing::{Key, KeyState, Keyring, PublishedKey};
use posthorn_smtp::{Body, Sender};
use posthorn_store::{Options, Partition, Store, StoreError, Tx};
use posthorn_testkit::names::{self, Names};
use posthorn_trust::srs::Srs;
use posthorn_trust::{Arrival, Evidence, Origin as Source, fields};

/// At `ours.test`.
pub(crate) const ANNA: AccountId = AccountId(1);
/// At `ours.test`.
pub(crate) const BEA: AccountId = AccountId(2);
/// At `strict.test`, whose rules the tests change.
pub(crate) const CARL: AccountId = AccountId(3);

/// Where `bank.example` sends from.
pub(crate) const BANK: [u8; 4] = [192, 0, 2, 7];
/// Where `attacker.test` sends from.
pub(crate) const ATTACKER: [u8; 4] = [203, 0, 113, 66];
/// An address without a name, of nobody.
pub(crate) const NOBODY: [u8; 4] = [203, 0, 113, 99];

const HOSTNAME: &str = "mx.ours.test";

const ZONE: &str = "\
    bank.example TXT v=spf1 ip4:192.0.2.7 -all\n\
    _dmarc.bank.example TXT v=DMARC1; p=reject\n\
    shop.example TXT v=spf1 ip4:192.0.2.8 -all\n\
    _dmarc.shop.example TXT v=DMARC1; p=quarantine\n\
    attacker.test TXT v=spf1 ip4:203.0.113.66 -all\n\
    host.attacker.test A 203.0.113.66\n\
    66.113.0.203.in-addr.arpa PTR host.attacker.test\n\
    mx.ours.test A 198.51.100.1\n";

/// The private key of RFC 8410 section 10.3, in DER.
const ED25519: [u8; 48] = [
    0x30, 0x2e, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x04, 0x22, 0x04, 0x20, 0xd4,
    0xee, 0x72, 0xdb, 0xf9, 0x13, 0x58, 0x4a, 0xd5, 0xb6, 0xd8, 0xf1, 0xf7, 0x69, 0xf8, 0xad, 0x3a, 0xfe,
    0x7c, 0x28, 0xcb, 0xf1, 0xd4, 0xfb, 0xe0, 0x97, 0xa8, 0x8f, 0x44, 0x75, 0x58, 0x42,
];

pub(crate) struct House {
    pub(crate) store: Store,
    pub(crate) inbound: Inbound,
    pub(crate) names: Names,
    _folder: tempfile::TempDir,
}

/// A message before the door.
pub(crate) struct Letter {
    pub(crate) ip: [u8; 4],
    pub(crate) reverse_path: &'static str,
    pub(crate) text: String,
    pub(crate) to: Vec<Addressee>,
    pub(crate) at: Timestamp,
}

/// Why it was not accepted.
#[derive(Debug)]
pub(crate) enum Turned {
    /// By the rules of those it was for.
    Away(String),
    /// By a step of accepting.
    Back(Refused),
}

/// A copy in a mailbox.
pub(crate) struct Copy {
    pub(crate) text: String,
    pub(crate) evidence: Evidence,
}

/// So many days after the tests began.
pub(crate) fn day(days: i64) -> Timestamp {
    Timestamp::from_secs(1_795_465_000 + 86_400 * days)
}

pub(crate) fn address(text: &str) -> Address {
    Address::parse(text).unwrap()
}

pub(crate) fn domain(text: &str) -> Domain {
    Domain::parse(text).unwrap()
}

pub(crate) fn addressee(text: &str, targets: Vec<Target>) -> Addressee {
    Addressee {
        address: address(text),
        notify: None,
        original_recipient: None,
        targets,
    }
}

/// To one of the three.
pub(crate) fn to(account: AccountId) -> Addressee {
    let text = match account {
        ANNA => "anna@ours.test",
        BEA => "bea@ours.test",
        _ => "carl@strict.test",
    };
    let target = Target::Local {
        account,
        address: address(text),
        detail: None,
    };
    addressee(text, vec![target])
}

/// To an address of ours that is passed on, or to one elsewhere.
pub(crate) fn passed_on(text: &str, elsewhere: &str) -> Addressee {
    addressee(text, vec![Target::Remote(address(elsewhere))])
}

/// `From`, `Subject`, and a line.
pub(crate) fn text(from: &str) -> String {
    format!("From: {from}\r\nSubject: a\r\n\r\nb\r\n")
}

/// In the name of the bank, from the server of the attacker, on the first day.
pub(crate) fn forged(recipients: Vec<Addressee>) -> Letter {
    Letter {
        ip: ATTACKER,
        reverse_path: "x@attacker.test",
        text: text("The Bank <info@bank.example>"),
        to: recipients,
        at: day(0),
    }
}

/// From the bank itself.
pub(crate) fn genuine(recipients: Vec<Addressee>) -> Letter {
    Letter {
        ip: BANK,
        reverse_path: "info@bank.example",
        ..forged(recipients)
    }
}

impl House {
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let components = [
            accounts::SCHEMA,
            mailbox::SCHEMA,
            queue::COMPONENT,
            posthorn_correspondents::SCHEMA,
            posthorn_reports::SCHEMA,
        ];
        let store = Store::open(&Options::new(folder.path()), &components).unwrap();
        let key = key();
        let record = PublishedKey::of(&key).unwrap();
        let (keyring, unusable) = Keyring::load(&[key]);
        assert!(unusable.is_empty());
        let keys = Keys {
            keyring,
            srs: Arc::new(Srs::new(Secret::new([7; 32]))),
        };
        let settings = Settings {
            hostname: domain(HOSTNAME),
            report_from: address("postmaster@mx.ours.test"),
            received_fields: 50,
            header_octets: 10_000,
            max_age: Duration::from_secs(5 * 86_400),
        };
        let house = Self {
            inbound: Inbound::new(store.clone(), settings, keys),
            store,
            names: Names::parse(&format!("{ZONE}{} TXT {}\n", record.name, record.value)),
            _folder: folder,
        };
        for account in [ANNA, BEA, CARL] {
            house.write(move |tx| mailbox::create_account(tx, account, 0, day(0)).unwrap());
        }
        for name in ["ours.test", "strict.test"] {
            house.write(move |tx| accounts::add_domain(tx, &domain(name), day(0)).unwrap());
        }
        house
    }

    pub(crate) fn write<T: Send + 'static>(&self, work: impl Fn(&mut Tx<'_>) -> T + Send + 'static) -> T {
        let work = move |tx: &mut Tx<'_>| Ok::<_, StoreError>(work(tx));
        self.store.write(Partition::Directory, work).wait().unwrap()
    }

    /// Sets the rules of `strict.test`.
    pub(crate) fn rule(&self, rules: &'static str) {
        self.rule_of("strict.test", rules);
    }

    /// What a domain does with mail that nobody vouches for.
    pub(crate) fn rule_of(&self, name: &'static str, rules: &'static str) {
        let set = self.write(move |tx| accounts::set_rules(tx, &domain(name), Some(rules)).unwrap());
        assert!(set);
    }

    /// A message from another server.
    pub(crate) fn arrives(&self, letter: Letter) -> Result<(), Turned> {
        self.comes(Origin::Relay, Source::Outside, letter)
    }

    /// A message from Anna, logged in.
    pub(crate) fn anna_sends(&self, text: &str, recipients: Vec<Addressee>, at: Timestamp) {
        let letter = Letter {
            ip: NOBODY,
            reverse_path: "anna@ours.test",
            text: text.to_owned(),
            to: recipients,
            at,
        };
        let source = Source::Ours("anna@ours.test".to_owned());
        self.comes(Origin::Submission(ANNA), source, letter).unwrap();
    }

    fn comes(&self, origin: Origin, source: Source, letter: Letter) -> Result<(), Turned> {
        let reverse_path = ReversePath::parse(letter.reverse_path).unwrap();
        let arrival = Arrival {
            origin: source,
            client: Some(posthorn_trust::Client {
                ip: letter.ip.into(),
                helo: "client.test",
                tls: None,
                protocol: "ESMTP",
            }),
            reverse_path: &reverse_path,
            octets: letter.text.as_bytes(),
            receiver: HOSTNAME,
        };
        let evidence = names::now(posthorn_trust::examine(&self.names, &arrival, letter.at));
        let written = fields::authentication_results(&evidence, HOSTNAME);
        let judged = self.inbound.judge(evidence, written, &letter.to, letter.at);
        let judgement = wait_for(judged).unwrap();
        if let Some(refusal) = judgement.refusal() {
            return Err(Turned::Away(refusal.to_owned()));
        }
        let incoming = Incoming {
            queue_id: QueueId(77),
            origin,
            client: Some(Client {
                helo: "client.test".to_owned(),
                ip: letter.ip.into(),
                tls: None,
                protocol: "ESMTP",
                session: SessionId(5),
            }),
            sender: Sender {
                reverse_path,
                size: None,
                body: Body::SevenBit,
                smtputf8: false,
                ret: None,
                envelope_id: None,
                identity: None,
            },
            addressees: letter.to,
            octets: letter.text.into_bytes().into(),
            judgement: Some(judgement),
        };
        let plan = self.inbound.prepare(&incoming, letter.at).map_err(Turned::Back)?;
        self.inbound.commit(plan).wait().unwrap();
        Ok(())
    }

    /// What lies in a folder, oldest first.
    pub(crate) fn folder(&self, account: AccountId, name: &'static str) -> Vec<Copy> {
        let copies = self.store.read(move |tx| {
            let folder = mailbox::find(tx, account, name)?;
            let snapshot = mailbox::snapshot(tx, account, folder)?;
            let uids: Vec<Uid> = snapshot.uids.iter().map(Uid).collect();
            let mut copies = Vec::new();
            for row in mailbox::messages(tx, account, folder, &uids)? {
                let email = mailbox::email(tx, account, row.email)?.unwrap();
                let evidence = mailbox::evidence(tx, account, row.email)?.unwrap();
                copies.push(Copy {
                    text: String::from_utf8(tx.blob(&email.blob)?).unwrap(),
                    evidence: Evidence::from_stored(&evidence).unwrap(),
                });
            }
            Ok::<_, mailbox::MailboxError>(copies)
        });
        copies.wait().unwrap()
    }

    /// The only message of an account, which lies in that folder.
    pub(crate) fn only(&self, account: AccountId, name: &'static str) -> Copy {
        let other = if name == "Junk" { "INBOX" } else { "Junk" };
        assert!(self.folder(account, other).is_empty(), "it lies in {other}");
        let mut copies = self.folder(account, name);
        assert_eq!(copies.len(), 1, "in {name}");
        copies.remove(0)
    }

    /// The newest message queued for `far.test`: its reverse path and its octets.
    pub(crate) fn queued(&self) -> (ReversePath, String) {
        self.write(|tx| {
            let bucket = queue::bucket_of("far.test");
            let until = day(0).plus(Duration::from_secs(60));
            let leases = queue::lease(tx, bucket, "far.test", day(0), until, 10).unwrap();
            let lease = &leases.last().unwrap().lease;
            let message = queue::load(tx, bucket, lease.queue_id).unwrap().unwrap();
            let text = String::from_utf8(tx.blob(&message.blob).unwrap()).unwrap();
            (message.reverse_path, text)
        })
    }

    pub(crate) fn resolve(&self, to: Address, at: Timestamp) -> Resolution {
        let inbound = self.inbound.clone();
        self.write(move |tx| inbound.resolve(tx, &to, DetailSeparator::On, at).unwrap())
    }
}

fn key() -> Key {
    let parsed = SigningKey::ed25519_from_pkcs8(&ED25519).unwrap();
    Key {
        domain: domain("ours.test"),
        selector: "ed-a".to_owned(),
        algorithm: KeyAlgorithm::Ed25519,
        private: Some(Secret::new(ED25519.to_vec())),
        public: parsed.public_key(),
        state: KeyState::Active,
        made_at: day(-30),
        activated_at: Some(day(-20)),
        last_signed_at: None,
        keep_until: None,
    }
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
    let mut context = std::task::Context::from_waker(&waker);
    let mut future = std::pin::pin!(future);
    loop {
        if let std::task::Poll::Ready(value) = future.as_mut().poll(&mut context) {
            return value;
        }
        std::thread::park();
    }
}
