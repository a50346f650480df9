//! Against a node of our own.

use posthorn_base::Domain;
use posthorn_config::{Listen, Settings};
use posthorn_dns::zone::{Zone, ZoneServer};

use super::*;
use crate::node::Node;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_certificate_is_the_one_that_the_server_shows() {
    let zone = Zone::parse(
        "ours.test",
        "@ IN NS mx\nmx IN A 127.0.0.1\nother IN A 127.0.0.1\n",
    )
    .unwrap();
    let dns = ZoneServer::start("127.0.0.1:0".parse().unwrap(), vec![zone])
        .await
        .unwrap();
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let mut settings = Settings::new(Domain::parse("mx.ours.test").unwrap(), data.clone());
    settings.listen = Listen {
        smtp: vec!["127.0.0.1:0".parse().unwrap()],
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
    let node = Node::start(&settings).await.unwrap();
    let port = node.addresses.first("smtp").unwrap().port();
    let asking = Asking::Resolver(Resolver::new(&[dns.local_addr()], NAME_PATIENCE).unwrap());
    let probe = Connecting::new(&asking, true, true);

    let shown = probe.certificate("mx.ours.test", port).await.unwrap();
    let own = posthorn_net::first_certificate(&data.join("certificate.pem")).unwrap();
    assert_eq!(shown, own);
    assert!(posthorn_doctor::public_key_sha256(&shown).is_some());
    let reach = probe.answers_smtp("mx.ours.test", port).await;
    assert_eq!(reach, Reach::Answers { starttls: true });
    assert_eq!(
        probe.answers_smtp("nowhere.ours.test", port).await,
        Reach::NotTried
    );

    let nobody = Connecting::new(&asking, false, false);
    assert_eq!(nobody.certificate("mx.ours.test", port).await, None);
    assert_eq!(nobody.answers_smtp("mx.ours.test", port).await, Reach::NotTried);
    node.stop().await;
    let refused = probe.answers_smtp("mx.ours.test", port).await;
    assert!(matches!(refused, Reach::Refuses(_)), "{refused:?}");
    dns.shutdown().await;
}
