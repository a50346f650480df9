//! A report from what was noted to what lies in the queue, on a real node.

use std::time::Duration;

use posthorn_base::Timestamp;
use posthorn_config::{Listen, Settings};
use posthorn_dmarc::Policy;
use posthorn_dns::zone::{Zone, ZoneServer};
use posthorn_queue as queue;
use posthorn_reports::{
    Discovery, Disposition, Observation, Published, Record, Sending, observe, set_sending,
};

use super::*;
use crate::admin::{self, DomainRequest, Request, Text};
use crate::node::Node;

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// A domain that wants reports at an address of its own, and at one elsewhere that did not agree.
const ZONE: &str = "@ IN MX 10 mx\nmx IN A 127.0.0.1\n";

fn observation(at: Timestamp) -> Observation {
    Observation {
        at,
        published: Published {
            domain: "far.test".to_owned(),
            p: Some(Policy::Reject),
            sp: None,
            np: None,
            adkim: None,
            aspf: None,
            testing: Some(false),
            discovery: Some(Discovery::TreeWalk),
            fo: None,
        },
        report_to: vec![
            "mailto:dmarc@far.test".to_owned(),
            "mailto:spy@elsewhere.test".to_owned(),
        ],
        record: Record {
            source: [192, 0, 2, 1].into(),
            count: 1,
            disposition: Disposition::Quarantine,
            dkim_aligned: false,
            spf_aligned: false,
            overrides: Vec::new(),
            header_from: "far.test".to_owned(),
            envelope_from: Some("evil.test".to_owned()),
            envelope_to: Some("ours.test".to_owned()),
            dkim: Vec::new(),
            spf: None,
        },
    }
}

/// Recipients in the queue.
async fn queued(node: &Node) -> Vec<String> {
    let found = node.services.store.read(|tx| {
        let mut found = Vec::new();
        for bucket in 0..queue::BUCKETS {
            for waiting in queue::list(tx, bucket, 10)? {
                found.push(waiting.address.to_string());
            }
        }
        Ok::<_, StoreError>(found)
    });
    found.await.unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn yesterday_is_reported_once_and_only_to_whoever_agreed() {
    let zones = vec![
        Zone::parse(".", "").unwrap(),
        Zone::parse("far.test", ZONE).unwrap(),
    ];
    let dns = ZoneServer::start("127.0.0.1:0".parse().unwrap(), zones)
        .await
        .unwrap();
    let folder = tempfile::tempdir().unwrap();
    let mut settings = Settings::new(Domain::parse("mx.ours.test").unwrap(), folder.path().join("data"));
    settings.listen = Listen {
        smtp: Vec::new(),
        submission: Vec::new(),
        submissions: Vec::new(),
        imap: Vec::new(),
        imaps: Vec::new(),
        pop3: Vec::new(),
        pop3s: Vec::new(),
        lmtp: Vec::new(),
        http: Vec::new(),
    };
    settings.dns.resolvers = vec![dns.local_addr()];
    // Nobody listens there: what is queued stays.
    settings.queue.port = 9;
    let node = Node::start(&settings).await.unwrap();
    let admin = node.admin.clone();
    let added = tokio::task::spawn_blocking(move || {
        let domain = Text(Domain::parse("ours.test").unwrap());
        admin::execute(&admin, Request::Domain(DomainRequest::Add(domain)))
    });
    assert!(matches!(added.await.unwrap(), admin::Response::Done(_)));
    let mailer = Mailer::new(
        node.services.clone(),
        Address::parse("postmaster@mx.ours.test").unwrap(),
    );
    let note = |at: Timestamp| {
        node.services.store.write(Partition::Directory, move |tx| {
            set_sending(tx, &Domain::parse("ours.test").unwrap(), Sending::On)?;
            observe(tx, &observation(at))
        })
    };

    note(clock::wall()).await.unwrap();
    send_due(&mailer).await;
    assert_eq!(queued(&node).await, Vec::<String>::new(), "the day is not over");
    note(clock::wall().minus(DAY)).await.unwrap();
    send_due(&mailer).await;
    assert_eq!(queued(&node).await, ["dmarc@far.test"]);
    send_due(&mailer).await;
    assert_eq!(queued(&node).await, ["dmarc@far.test"], "once is enough");
    node.stop().await;
    dns.shutdown().await;
}
