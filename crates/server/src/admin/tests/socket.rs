//! The two ways to the same function: the socket of a running server, and the store itself.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;

use posthorn_runtime::Shutdown;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::UnixStream;
use tokio::task::{JoinHandle, spawn_blocking};

use super::super::wire::{from_line, to_line};
use super::*;

struct Served {
    fixture: Fixture,
    shutdown: Shutdown,
    task: JoinHandle<()>,
}

impl Served {
    fn start(fixture: Fixture) -> Self {
        let socket = bind(&socket_path(fixture.folder.path())).unwrap();
        let (admin, shutdown) = (fixture.admin.clone(), Shutdown::new());
        let stop = shutdown.clone();
        let task = tokio::spawn(async move { listen(admin, socket, &stop).await });
        Self {
            fixture,
            shutdown,
            task,
        }
    }

    fn path(&self) -> PathBuf {
        socket_path(self.fixture.folder.path())
    }

    async fn ask(&self, request: Request) -> Result<Response, AskError> {
        let data = self.fixture.folder.path().to_owned();
        spawn_blocking(move || ask(&data, request)).await.unwrap()
    }

    /// What comes back for octets that no command sends.
    async fn exchange(&self, octets: &[u8]) -> Vec<u8> {
        let mut stream = UnixStream::connect(self.path()).await.unwrap();
        stream.write_all(octets).await.unwrap();
        stream.shutdown().await.unwrap();
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).await.unwrap();
        answer
    }

    async fn stop(self) -> Fixture {
        self.shutdown.trigger();
        self.task.await.unwrap();
        self.fixture
    }
}

const LIST: Request = Request::Domain(DomainRequest::List);

#[test]
fn a_request_survives_the_way_through_the_socket_with_its_password() {
    let request = add("\"a b\"@bücher.test");
    let line = to_line(&request).unwrap();
    assert_eq!(line.iter().filter(|&&octet| octet == b'\n').count(), 1);
    assert_eq!(from_line::<Request>(&line).unwrap(), request);
}

#[test]
fn the_log_form_of_a_request_shows_nothing_of_the_password() {
    let shown = format!("{:?}", add("anna@ours.test"));
    assert!(shown.contains("anna"), "{shown}");
    assert!(!shown.contains("argon2") && !shown.contains("[8,"), "{shown}");
}

#[tokio::test]
async fn through_the_socket_it_is_the_same_as_in_the_store() {
    let served = Served::start(Fixture::new());
    let add = Request::Domain(DomainRequest::Add(domain("ours.test")));
    let done = served.ask(add.clone()).await.unwrap();
    assert_eq!(done, Response::Done("ours.test is one of ours now; its DNS records, with keys to sign with: posthorn dns records ours.test".to_owned()));
    let refused = served.ask(add).await.unwrap();
    assert_eq!(
        refused,
        Response::Refused("the domain ours.test is there already".to_owned())
    );
    let through_socket = served.ask(LIST).await.unwrap();
    let fixture = served.stop().await;
    assert_eq!(execute(&fixture.admin, LIST), through_socket);
}

#[tokio::test]
async fn the_socket_is_for_its_owner_and_goes_with_the_server() {
    let served = Served::start(Fixture::new());
    let mode = fs::metadata(served.path()).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    let path = served.path();
    let _fixture = served.stop().await;
    assert!(!path.exists());
}

#[tokio::test]
async fn a_dead_server_s_socket_is_replaced() {
    let fixture = Fixture::new();
    // Closed without being removed, as a killed server leaves it.
    drop(std::os::unix::net::UnixListener::bind(socket_path(fixture.folder.path())).unwrap());
    let served = Served::start(fixture);
    assert_eq!(served.ask(LIST).await.unwrap(), Response::Domains(vec![]));
}

#[tokio::test]
async fn a_dead_server_s_socket_does_not_keep_a_command_from_the_store() {
    let fixture = Fixture::new();
    let Fixture { admin, folder, .. } = fixture;
    drop(admin);
    drop(std::os::unix::net::UnixListener::bind(socket_path(folder.path())).unwrap());
    let data = folder.path().to_owned();
    let answer = spawn_blocking(move || ask(&data, LIST)).await.unwrap();
    assert_eq!(answer.unwrap(), Response::Domains(vec![]));
}

#[test]
fn a_folder_in_use_without_an_answer_is_told_apart_from_a_free_one() {
    let fixture = Fixture::new();
    let error = ask(fixture.folder.path(), LIST).unwrap_err();
    assert!(matches!(error, AskError::Silent(_)), "{error}");
    let Fixture { admin, folder, .. } = fixture;
    drop(admin);
    assert_eq!(ask(folder.path(), LIST).unwrap(), Response::Domains(vec![]));
}

#[test]
fn a_check_of_a_folder_without_a_store_makes_none() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let error = ask(&data, Request::CheckStore).unwrap_err();
    assert!(matches!(error, AskError::NoStore(_)), "{error}");
    assert!(!data.exists());
}

#[tokio::test]
async fn what_is_no_request_is_refused_with_the_reason() {
    let served = Served::start(Fixture::new());
    for (octets, reason) in [
        (&b"GET / HTTP/1.1\r\n"[..], "not understood"),
        (
            b"{\"version\":1,\"body\":{\"domain\":{\"add\":\"-\"}}}\n",
            "not understood",
        ),
        (
            b"{\"version\":2,\"body\":{\"sing\":\"a song\"}}\n",
            "different versions",
        ),
        (b"{\"version\":1,\"body\":{\"domain\":\"list\"}}", "cut off"),
    ] {
        let answer = served.exchange(octets).await;
        let Response::Refused(text) = from_line(&answer).unwrap() else {
            panic!()
        };
        assert!(text.contains(reason), "{text}");
    }
    assert_eq!(served.exchange(b"").await, b"");
    assert_eq!(served.ask(LIST).await.unwrap(), Response::Domains(vec![]));
}

#[tokio::test]
async fn a_request_that_is_too_long_is_not_done() {
    let served = Served::start(Fixture::new());
    let padding = " ".repeat(1 << 20);
    let request = format!("{{\"version\":1,\"body\":{{\"domain\":{{\"add\":\"long.test\"}}}}{padding}}}\n");
    let mut stream = UnixStream::connect(served.path()).await.unwrap();
    // The server stops reading and hangs up: both sides may see an error, and that is well.
    drop(stream.write_all(request.as_bytes()).await);
    let mut answer = Vec::new();
    drop(stream.read_to_end(&mut answer).await);
    assert_eq!(served.ask(LIST).await.unwrap(), Response::Domains(vec![]));
}

#[tokio::test]
async fn a_silent_connection_does_not_hold_up_the_shutdown() {
    let served = Served::start(Fixture::new());
    let _silent = UnixStream::connect(served.path()).await.unwrap();
    assert_eq!(served.ask(LIST).await.unwrap(), Response::Domains(vec![]));
    let _fixture = served.stop().await;
}

#[tokio::test]
async fn a_path_longer_than_a_socket_address_works() {
    let folder = tempfile::tempdir().unwrap();
    let deep = folder.path().join("d".repeat(120));
    let store = Store::open(&Options::new(&deep), &components()).unwrap();
    let socket = bind(&socket_path(&deep)).unwrap();
    let (admin, shutdown) = (Admin::new(store, Arc::new(|| {})), Shutdown::new());
    let stop = shutdown.clone();
    let task = tokio::spawn(async move { listen(admin, socket, &stop).await });
    let answer = spawn_blocking(move || ask(&deep, LIST)).await.unwrap();
    assert_eq!(answer.unwrap(), Response::Domains(vec![]));
    shutdown.trigger();
    task.await.unwrap();
}
