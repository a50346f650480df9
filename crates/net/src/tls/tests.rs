//! Handshakes over loopback, certificates from real files.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use posthorn_base::Domain;
use posthorn_runtime::Shutdown;
use rustls::pki_types::ServerName;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use super::*;
use crate::driver::{Ended, drive};
use crate::stream::Stream;
use crate::toy::{Echo, Echoing, facts};

fn names() -> Vec<Domain> {
    vec![Domain::parse("mx.example").unwrap()]
}

fn server(folder: &Path) -> ServerTls {
    ServerTls::self_signed(folder, &names(), &["127.0.0.1".parse().unwrap()]).unwrap()
}

fn client(tls: ClientTls) -> TlsSide {
    TlsSide::Client {
        tls,
        server_name: "mx.example".to_owned(),
    }
}

fn anyone() -> TlsSide {
    client(ClientTls::opportunistic().unwrap())
}

/// A client's end in plain text and, on the other, a toy session.
async fn connected(tls: TlsSide) -> (Stream, tokio::task::JoinHandle<Ended>) {
    let (ours, theirs) = pair().await;
    let session = tokio::spawn(async move {
        drive(
            theirs,
            Echo::new(),
            &mut Echoing::default(),
            &Shutdown::new(),
            tls,
        )
        .await
    });
    (ours, session)
}

async fn pair() -> (Stream, Stream) {
    let port = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let ours = TcpStream::connect(port.local_addr().unwrap()).await.unwrap();
    let theirs = port.accept().await.unwrap().0;
    (Stream::plain(ours), Stream::plain(theirs))
}

async fn say(stream: &mut Stream, text: &str) {
    stream.write_all(text.as_bytes()).await.unwrap();
    stream.flush().await.unwrap();
}

async fn expect(stream: &mut Stream, text: &str) {
    let mut came = vec![0; text.len()];
    stream.read_exact(&mut came).await.unwrap();
    assert_eq!(String::from_utf8(came).unwrap(), text);
}

#[tokio::test]
async fn plain_text_after_starttls_is_not_taken_as_said_under_tls() {
    let folder = tempfile::tempdir().unwrap();
    let (mut stream, session) = connected(TlsSide::Server(server(folder.path()))).await;
    expect(&mut stream, "hello\r\n").await;
    say(&mut stream, "STARTTLS\r\ninjected\r\n").await;
    expect(&mut stream, "go ahead\r\n").await;
    let mut stream = stream.start_tls(&anyone()).await.unwrap();
    say(&mut stream, "QUIT\r\n").await;
    let mut rest = String::new();
    // The end is a close_notify: without one this read would fail.
    stream.read_to_string(&mut rest).await.unwrap();
    assert_eq!(rest, "bye\r\n");
    drop(stream);
    assert_eq!(session.await.unwrap(), Ended::Closed);
}

#[tokio::test]
async fn a_peer_that_leaves_tls_without_a_word_has_closed() {
    let folder = tempfile::tempdir().unwrap();
    let (mut stream, session) = connected(TlsSide::Server(server(folder.path()))).await;
    say(&mut stream, "STARTTLS\r\n").await;
    expect(&mut stream, "hello\r\ngo ahead\r\n").await;
    let mut stream = stream.start_tls(&anyone()).await.unwrap();
    say(&mut stream, "one\r\n").await;
    expect(&mut stream, "one\r\n").await;
    drop(stream);
    assert_eq!(session.await.unwrap(), Ended::PeerClosed);
}

#[tokio::test]
async fn both_sides_know_the_same_facts() {
    let folder = tempfile::tempdir().unwrap();
    let (mut stream, _session) = connected(TlsSide::Server(server(folder.path()))).await;
    say(&mut stream, "STARTTLS\r\n").await;
    expect(&mut stream, "hello\r\ngo ahead\r\n").await;
    assert_eq!(stream.tls_info(), None);
    let mut stream = stream.start_tls(&anyone()).await.unwrap();
    let info = stream.tls_info().unwrap();
    say(&mut stream, "FACTS\r\n").await;
    expect(&mut stream, &format!("{}\r\n", facts(&info))).await;
    assert_eq!(info.version, "TLSv1.3");
    assert!(info.cipher.starts_with("TLS_AES_"), "{}", info.cipher);
    assert_eq!(info.exporter.unwrap().len(), 32);
    assert_eq!(info.server_end_point.unwrap().len(), 32);
}

#[tokio::test]
async fn tls_1_2_has_no_exporter_binding() {
    let folder = tempfile::tempdir().unwrap();
    let side = TlsSide::Server(server(folder.path()));
    let (ours, theirs) = pair().await;
    let roots = files::read_certificates(&folder.path().join("certificate.pem")).unwrap();
    let mut store = rustls::RootCertStore::empty();
    store.add_parsable_certificates(roots);
    let config = rustls::ClientConfig::builder_with_provider(provider())
        .with_protocol_versions(&[&rustls::version::TLS12])
        .unwrap()
        .with_root_certificates(store)
        .with_no_client_auth();
    let connector = tokio_rustls::TlsConnector::from(Arc::new(config));
    let name = ServerName::try_from("mx.example").unwrap();
    let (theirs, ours) = tokio::join!(theirs.start_tls(&side), connector.connect(name, ours));
    ours.unwrap();
    let info = theirs.unwrap().tls_info().unwrap();
    assert_eq!((info.version.as_str(), info.exporter), ("TLSv1.2", None));
    assert!(info.cipher.starts_with("TLS_ECDHE_"), "{}", info.cipher);
}

async fn handshake_with(side: TlsSide, server: ServerTls) -> Result<Stream, HandshakeError> {
    let (ours, theirs) = pair().await;
    let server = TlsSide::Server(server);
    let (ours, _theirs) = tokio::join!(ours.start_tls(&side), theirs.start_tls(&server));
    ours
}

#[tokio::test]
async fn a_verifying_client_wants_a_known_root_and_the_right_name() {
    let (folder, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let tls = server(folder.path());
    let _other = server(other.path());
    let roots = |folder: &Path| Roots::File(folder.join("certificate.pem"));
    let knows = ClientTls::verified(&roots(folder.path())).unwrap();
    let stranger = ClientTls::verified(&roots(other.path())).unwrap();
    assert!(handshake_with(client(knows.clone()), tls.clone()).await.is_ok());
    let wrong_name = TlsSide::Client {
        tls: knows,
        server_name: "mail.example".to_owned(),
    };
    let error = handshake_with(wrong_name, tls.clone()).await.unwrap_err();
    assert!(matches!(error, HandshakeError::Certificate(_)), "{error}");
    let error = handshake_with(client(stranger), tls).await.unwrap_err();
    assert!(matches!(error, HandshakeError::Certificate(_)), "{error}");
}

#[tokio::test]
async fn a_peer_that_speaks_no_tls_or_leaves_is_told_apart() {
    let folder = tempfile::tempdir().unwrap();
    let side = TlsSide::Server(server(folder.path()));
    let (mut ours, theirs) = pair().await;
    say(&mut ours, "EHLO mx.example\r\n").await;
    let error = theirs.start_tls(&side).await.unwrap_err();
    assert!(matches!(error, HandshakeError::Protocol(_)), "{error}");
    let (ours, theirs) = pair().await;
    drop(ours);
    assert_eq!(
        theirs.start_tls(&side).await.unwrap_err(),
        HandshakeError::PeerClosed
    );
}

#[tokio::test]
async fn a_session_that_starts_tls_where_there_is_none_ends() {
    let (mut stream, session) = connected(TlsSide::None).await;
    say(&mut stream, "STARTTLS\r\n").await;
    let ended = session.await.unwrap();
    assert_eq!(ended, Ended::TlsFailed(HandshakeError::NotConfigured));
}

#[test]
fn a_self_signed_pair_is_made_once_and_its_key_is_private() {
    let folder = tempfile::tempdir().unwrap();
    let below = folder.path().join("tls");
    let first = server(&below).current();
    let second = server(&below).current();
    assert_eq!(first.server_end_point, second.server_end_point);
    let mode = fs::metadata(below.join("key.pem")).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    fs::remove_file(below.join("key.pem")).unwrap();
    let error = ServerTls::self_signed(&below, &names(), &[]).unwrap_err();
    assert!(matches!(error, TlsError::HalfPair { .. }), "{error}");
}

#[test]
fn a_key_that_was_left_alone_gets_its_certificate() {
    let folder = tempfile::tempdir().unwrap();
    let first = server(folder.path()).current();
    let key = fs::read(folder.path().join("key.pem")).unwrap();
    fs::remove_file(folder.path().join("certificate.pem")).unwrap();
    let second = server(folder.path()).current();
    assert_ne!(first.server_end_point, second.server_end_point);
    assert_eq!(fs::read(folder.path().join("key.pem")).unwrap(), key);
}

/// Puts the pair of `from` over that of `to`.
fn renew(from: &Path, to: &Path, file: &str) {
    fs::copy(from.join(file), to.join(file)).unwrap();
}

#[tokio::test(start_paused = true)]
async fn changed_files_are_used_by_the_next_handshake_and_broken_ones_are_not() {
    let (folder, newer) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let tls = server(folder.path());
    let renewed = server(newer.path()).current().server_end_point.clone();
    let old = tls.current().server_end_point.clone();
    assert_ne!(old, renewed);
    // Half of the renewal: the pair does not fit.
    renew(newer.path(), folder.path(), "certificate.pem");
    tokio::time::advance(Duration::from_secs(6)).await;
    assert_eq!(tls.current().server_end_point, old);
    assert!(matches!(tls.reload(), Err(TlsError::KeyDoesNotFit { .. })));
    renew(newer.path(), folder.path(), "key.pem");
    assert_eq!(tls.current().server_end_point, old, "not looked at so soon");
    tokio::time::advance(Duration::from_secs(6)).await;
    assert_eq!(tls.current().server_end_point, renewed);
}

#[test]
fn a_reload_does_not_wait_for_the_next_look() {
    let (folder, newer) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let tls = server(folder.path());
    let renewed = server(newer.path()).current().server_end_point.clone();
    renew(newer.path(), folder.path(), "certificate.pem");
    renew(newer.path(), folder.path(), "key.pem");
    tls.reload().unwrap();
    assert_eq!(tls.current().server_end_point, renewed);
}

#[test]
fn each_mistake_with_the_files_has_its_own_words() {
    let folder = tempfile::tempdir().unwrap();
    let _made = server(folder.path());
    let path = |name: &str| folder.path().join(name);
    let (certificate, key) = (path("certificate.pem"), path("key.pem"));
    fs::write(path("text"), "hello").unwrap();
    let half = &fs::read(&certificate).unwrap()[..200];
    fs::write(path("half"), half).unwrap();
    let other = path("other");
    let _made = server(&other);
    let error = |certificate: &PathBuf, key: &PathBuf| {
        ServerTls::from_files(certificate, key).unwrap_err().to_string()
    };
    for (certificate, key, words) in [
        (&path("none"), &key, "none: there is no such file"),
        (&certificate, &path("none"), "none: there is no such file"),
        (&folder.path().to_owned(), &key, "cannot be read"),
        (&path("text"), &key, "text: is not a whole PEM file"),
        (&path("half"), &key, "half: is not a whole PEM file"),
        (&key, &key, "key.pem: holds no certificate"),
        (
            &certificate,
            &certificate,
            "certificate.pem: holds no private key",
        ),
        (
            &certificate,
            &other.join("key.pem"),
            "is not the key of the certificate in",
        ),
    ] {
        let text = error(certificate, key);
        assert!(text.contains(words), "{text}");
    }
}
