//! The listener over loopback, with the toy protocol.

use std::sync::Mutex;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::task::JoinHandle;

use super::*;
use crate::binding::bind;
use crate::driver::{Ended, drive};
use crate::limits::ConnectionLimits;
use crate::tls::ClientTls;
use crate::toy::{Echo, Echoing};

struct Running {
    address: SocketAddr,
    connections: Connections,
    shutdown: Shutdown,
    served: JoinHandle<()>,
    ended: Arc<Mutex<Vec<Ended>>>,
}

fn start(total: usize, per_address: usize, implicit_tls: Option<ServerTls>) -> Running {
    start_all(total, per_address, implicit_tls, Duration::ZERO)
}

fn start_with_grace(grace: Duration) -> Running {
    start_all(10, 10, None, grace)
}

fn start_all(total: usize, per_address: usize, implicit_tls: Option<ServerTls>, grace: Duration) -> Running {
    let listener = bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let address = listener.local_addr();
    let connections = Connections::new(ConnectionLimits { total, per_address });
    let serving = Serving {
        connections: connections.clone(),
        implicit_tls,
        grace,
        refuse: Arc::new(|refusal| match refusal {
            Refusal::Total => b"421 all\r\n".to_vec(),
            Refusal::PerAddress => b"421 you\r\n".to_vec(),
        }),
    };
    let shutdown = Shutdown::new();
    let ended = Arc::<Mutex<Vec<Ended>>>::default();
    let served = tokio::spawn({
        let (shutdown, ended) = (shutdown.clone(), Arc::clone(&ended));
        async move {
            let sessions = shutdown.clone();
            serve(listener, serving, &shutdown, move |accepted| {
                assert_eq!(accepted.local, address);
                let (shutdown, ended) = (sessions.clone(), Arc::clone(&ended));
                async move {
                    let mut handler = Echoing::default();
                    let how = drive(
                        accepted.stream,
                        Echo::new(),
                        &mut handler,
                        &shutdown,
                        TlsSide::None,
                    )
                    .await;
                    ended.lock().unwrap().push(how);
                }
            })
            .await;
        }
    });
    Running {
        address,
        connections,
        shutdown,
        served,
        ended,
    }
}

impl Running {
    async fn greeted(&self) -> Stream {
        let mut stream = Stream::connect(self.address, None).await.unwrap();
        expect(&mut stream, "hello\r\n").await;
        stream
    }
}

async fn expect(stream: &mut Stream, text: &str) {
    let mut came = vec![0; text.len()];
    stream.read_exact(&mut came).await.unwrap();
    assert_eq!(String::from_utf8(came).unwrap(), text);
}

async fn rest(stream: &mut Stream) -> String {
    let mut text = String::new();
    stream.read_to_string(&mut text).await.unwrap();
    text
}

#[tokio::test]
async fn over_the_limit_of_an_address_the_peer_is_told_and_closed() {
    let running = start(10, 2, None);
    let mut first = running.greeted().await;
    let _second = running.greeted().await;
    let mut third = Stream::connect(running.address, None).await.unwrap();
    assert_eq!(rest(&mut third).await, "421 you\r\n");
    first.write_all(b"QUIT\r\n").await.unwrap();
    assert_eq!(rest(&mut first).await, "bye\r\n");
    drop(first);
    // The place is free once the server has seen our end of it.
    while running.connections.open() == 2 {
        tokio::task::yield_now().await;
    }
    let _again = running.greeted().await;
}

#[tokio::test]
async fn over_the_total_limit_the_peer_is_told_so() {
    let running = start(1, 10, None);
    let _first = running.greeted().await;
    let mut second = Stream::connect(running.address, None).await.unwrap();
    assert_eq!(rest(&mut second).await, "421 all\r\n");
}

#[tokio::test]
async fn a_panic_ends_its_own_connection_only_and_is_counted() {
    let running = start(10, 10, None);
    let mut other = running.greeted().await;
    let mut unlucky = running.greeted().await;
    unlucky.write_all(b"PANIC\r\n").await.unwrap();
    assert_eq!(rest(&mut unlucky).await, "");
    other.write_all(b"still\r\n").await.unwrap();
    expect(&mut other, "still\r\n").await;
    let _new = running.greeted().await;
    while running.connections.open() > 2 {
        tokio::task::yield_now().await;
    }
    assert_eq!(running.connections.panics(), 1);
}

#[tokio::test]
async fn under_implicit_tls_the_session_starts_after_the_handshake() {
    let folder = tempfile::tempdir().unwrap();
    let tls = ServerTls::self_signed(folder.path(), &[], &["127.0.0.1".parse().unwrap()]).unwrap();
    let running = start(10, 10, Some(tls));
    let side = TlsSide::Client {
        tls: ClientTls::opportunistic().unwrap(),
        server_name: "127.0.0.1".to_owned(),
    };
    let stream = Stream::connect(running.address, None).await.unwrap();
    let mut stream = stream.start_tls(&side).await.unwrap();
    let facts = crate::toy::facts(&stream.tls_info().unwrap());
    stream.write_all(b"FACTS\r\nQUIT\r\n").await.unwrap();
    stream.flush().await.unwrap();
    assert_eq!(rest(&mut stream).await, format!("hello\r\n{facts}\r\nbye\r\n"));
}

#[tokio::test]
async fn at_shutdown_sessions_say_good_bye_and_the_port_is_free() {
    let running = start_with_grace(Duration::from_secs(30));
    let mut stream = running.greeted().await;
    running.shutdown.trigger();
    assert_eq!(rest(&mut stream).await, "going down\r\n");
    drop(stream);
    running.served.await.unwrap();
    assert_eq!(*running.ended.lock().unwrap(), [Ended::Shutdown]);
    let again = bind(running.address).unwrap();
    assert_eq!(again.local_addr(), running.address);
}

#[tokio::test]
async fn a_session_that_does_not_end_is_cut_off_at_the_end_of_the_grace() {
    let running = start(10, 10, None);
    let mut stream = running.greeted().await;
    stream.write_all(b"one\r\nSLOW two\r\n").await.unwrap();
    expect(&mut stream, "one\r\n").await;
    running.shutdown.trigger();
    running.served.await.unwrap();
    assert_eq!(running.connections.open(), 0);
    assert!(running.ended.lock().unwrap().is_empty());
}
