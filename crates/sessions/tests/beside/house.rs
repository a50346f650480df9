//! An account in a real store, and IMAP sessions on it without sockets: the test does what the driver does, so that
//! it decides what happens between a question and its answer.

use std::net::{IpAddr, Ipv4Addr};
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Waker};
use std::time::{Duration, Instant};

use posthorn_accounts::{self as accounts, DetailSeparator, NewAccount, PasswordRecord, ProofCache, Salts};
use posthorn_base::session::{Output, Session};
use posthorn_base::{Address, Domain, Secret, SessionId, Timestamp};
use posthorn_dns::Resolver;
use posthorn_imap::{Answer, Ask, Config, ImapSession, Limits};
use posthorn_inbound::{self as inbound, Inbound, Keys, Reports};
use posthorn_net::Handler;
use posthorn_sessions::imap::ImapHandler;
use posthorn_sessions::{Credentials, MaildropLocks, OverQuota, Reporting, Services, Watch};
use posthorn_store::{Options, Partition, Store};
use posthorn_trust::srs::Srs;

const ADDRESSES: [&str; 2] = ["anna@ours.test", "bert@ours.test"];
const PASSWORD: &str = "correct horse";

fn now() -> Timestamp {
    Timestamp::from_secs(1_795_465_000)
}

fn moment() -> Instant {
    #[expect(clippy::disallowed_methods, reason = "a fixed moment; it never runs")]
    Instant::now()
}

pub(crate) struct House {
    services: Services,
    _folder: tempfile::TempDir,
}

impl House {
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let tables = [
            posthorn_accounts::SCHEMA,
            posthorn_mailbox::SCHEMA,
            posthorn_search::SCHEMA,
        ];
        let store = Store::open(&Options::new(folder.path()), &tables).unwrap();
        let password = Secret::new(PASSWORD.to_owned());
        let record = PasswordRecord::new(&password, &Salts::from_random(&[7; Salts::OCTETS])).unwrap();
        let domain = Domain::parse("ours.test").unwrap();
        let made = store.write(Partition::Directory, move |tx| {
            accounts::add_domain(tx, &domain, now()).unwrap();
            let ids = ADDRESSES.map(|address| {
                let new = NewAccount {
                    address: &Address::parse(address).unwrap(),
                    password: &record,
                    now: now(),
                };
                accounts::add_account(tx, &new).unwrap()
            });
            Ok::<_, posthorn_store::StoreError>(ids)
        });
        for account in made.wait().unwrap() {
            let storage = store.write(Partition::Account(account), move |tx| {
                posthorn_mailbox::create_account(tx, account, 0, now())
            });
            storage.wait().unwrap();
        }
        Self {
            services: services(store),
            _folder: folder,
        }
    }

    /// Anna, logged in.
    pub(crate) async fn client(&self) -> Wire {
        self.client_of(ADDRESSES[0]).await
    }

    /// Somebody, logged in.
    pub(crate) async fn client_of(&self, address: &str) -> Wire {
        let config = Config {
            hostname: "mail.ours.test".to_owned(),
            allow_plaintext_login: true,
            starttls: false,
            mechanisms: Vec::new(),
            reference: "ref".to_owned(),
            limits: Limits {
                batch_messages: 2,
                ..Limits::default()
            },
        };
        let peer = IpAddr::V4(Ipv4Addr::LOCALHOST);
        let mut wire = Wire {
            session: ImapSession::new(config, moment()),
            handler: ImapHandler::new(self.services.clone().into(), SessionId(1), peer),
            sent: Vec::new(),
            held: None,
        };
        wire.run().await;
        let login = format!("a LOGIN {address} \"{PASSWORD}\"\r\n");
        wire.give(&login);
        wire.run().await;
        let greeting = String::from_utf8(wire.take()).unwrap();
        assert!(greeting.contains("\r\na OK "), "{greeting}");
        wire
    }
}

fn services(store: Store) -> Services {
    let hostname = Domain::parse("mail.ours.test").unwrap();
    let settings = inbound::Settings {
        hostname: hostname.clone(),
        report_from: Address::parse("postmaster@mail.ours.test").unwrap(),
        received_fields: 50,
        header_octets: 100_000,
        max_age: Duration::from_secs(86_400),
    };
    let keys = Keys {
        keyring: posthorn_signing::Keyring::default(),
        srs: Arc::new(Srs::new(Secret::new([7; 32]))),
    };
    let inbound = Inbound::new(store.clone(), settings, keys);
    let watch = Watch::default();
    let announces = watch.clone();
    store.on_change(move |accounts| announces.announce(accounts));
    let proofs = ProofCache::new(Secret::new([8; 32]), Duration::from_secs(3_600), 10);
    Services {
        credentials: Credentials::new(store.clone(), proofs),
        reports: Reports::new(store.clone(), inbound.clone(), DetailSeparator::On),
        inbound,
        watch,
        maildrops: MaildropLocks::new(Duration::ZERO),
        wake: Arc::new(|_buckets| {}),
        over_quota: OverQuota::Retry,
        details: DetailSeparator::On,
        resolver: Resolver::new(&[], Duration::from_secs(1)).unwrap(),
        hostname,
        reporting: Reporting::new(store.clone()),
        store,
    }
}

/// One session.
pub(crate) struct Wire {
    session: ImapSession,
    handler: ImapHandler,
    sent: Vec<u8>,
    /// A question that was put and waits for [`Wire::run`].
    held: Option<Held>,
}

enum Held {
    Asked(Ask),
    Answered(Answer),
}

/// How far [`Wire::run_to`] goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stop {
    /// In front of the answer to that question, counted from 0.
    Asked(usize),
    /// That question was looked into, and the session has no answer yet.
    Answered(usize),
    /// Until nothing more happens.
    Never,
}

impl Wire {
    /// Octets of the client; they are looked at by [`Self::run`].
    pub(crate) fn give(&mut self, octets: &str) {
        self.session.handle_input(moment(), octets.as_bytes());
    }

    /// What was sent since the last time.
    pub(crate) fn take(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.sent)
    }

    pub(crate) fn is_waiting(&self) -> bool {
        self.held.is_none()
    }

    /// Goes on until nothing more happens.
    pub(crate) async fn run(&mut self) {
        self.run_to(Stop::Never).await;
    }

    pub(crate) async fn run_to(&mut self, stop: Stop) {
        let mut count = 0;
        loop {
            match self.held.take() {
                Some(Held::Asked(ask)) => {
                    let answer = self.handler.answer(ask).await;
                    self.session.answer(moment(), answer);
                }
                Some(Held::Answered(answer)) => self.session.answer(moment(), answer),
                None => {}
            }
            match self.session.poll_output() {
                None => return,
                Some(Output::Send(octets)) => self.sent.extend(octets),
                Some(Output::Event(event)) => self.handler.event(event),
                Some(Output::Close) => {}
                Some(Output::StartTls) => panic!("no TLS here"),
                Some(Output::StartCompression | Output::EndCompression) => panic!("no compression here"),
                Some(Output::Ask(ask)) => {
                    if stop == Stop::Asked(count) {
                        self.held = Some(Held::Asked(ask));
                        return;
                    }
                    let answer = self.handler.answer(ask).await;
                    if stop == Stop::Answered(count) {
                        self.held = Some(Held::Answered(answer));
                        return;
                    }
                    self.session.answer(moment(), answer);
                    count += 1;
                }
            }
        }
    }

    /// Tells the session of a change if there was one, as the driver does while nothing else happens.
    pub(crate) async fn notice(&mut self) {
        assert!(self.held.is_none(), "the driver waits for the answer first");
        while self.is_noticed() {
            self.session.handle_notice(moment());
            self.run().await;
        }
    }

    fn is_noticed(&mut self) -> bool {
        let notice = pin!(self.handler.notice());
        notice.poll(&mut Context::from_waker(Waker::noop())).is_ready()
    }
}
