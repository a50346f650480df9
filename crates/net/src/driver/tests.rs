//! The driver over a pipe in memory, under virtual time.

use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use proptest::prelude::*;
use tokio::io::{AsyncReadExt, DuplexStream, duplex};

use super::*;
use crate::toy::{Echo, Echoing, PATIENCE};

/// Runs a session to its end on `io`.
async fn run<T>(mut io: T, session: Echo, handler: &mut Echoing, shutdown: &Shutdown) -> Ended
where
    T: AsyncRead + AsyncWrite + Unpin + Send,
{
    let mut driver = Driver {
        session,
        handler,
        out: Outgoing::default(),
        is_told: false,
    };
    match driver
        .run(&mut io, &mut Timer::new(), pin!(shutdown.wait()))
        .await
    {
        Exit::Ended(ended) => ended,
        Exit::StartTls | Exit::StartCompression | Exit::EndCompression => {
            panic!("a pipe stays what it is")
        }
    }
}

async fn read_to_end(io: &mut DuplexStream) -> String {
    let mut text = String::new();
    io.read_to_string(&mut text).await.unwrap();
    text
}

async fn expect(io: &mut DuplexStream, text: &str) {
    let mut came = vec![0; text.len()];
    io.read_exact(&mut came).await.unwrap();
    assert_eq!(String::from_utf8(came).unwrap(), text);
}

/// What the client gets when it writes `pieces` one after the other.
async fn talk(pieces: Vec<Vec<u8>>) -> (String, Ended, Vec<String>) {
    let (mut client, server) = duplex(100_000);
    let mut handler = Echoing::default();
    let shutdown = Shutdown::new();
    let talk = async {
        for piece in pieces {
            client.write_all(&piece).await.unwrap();
            tokio::task::yield_now().await;
        }
        client.shutdown().await.unwrap();
        read_to_end(&mut client).await
    };
    let (ended, text) = tokio::join!(run(server, Echo::new(), &mut handler, &shutdown), talk);
    (text, ended, handler.events)
}

fn block_on<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build()
        .unwrap()
        .block_on(future)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn any_split_of_the_input_gives_the_same_output(cuts in proptest::collection::vec(1usize..9, 0..20)) {
        let mut rest: &[u8] = b"one\r\nFACTS\r\ntwo\r\nthree\r\nQUIT\r\n";
        let mut pieces = Vec::new();
        for cut in cuts {
            let (piece, after) = rest.split_at(cut.min(rest.len()));
            pieces.push(piece.to_vec());
            rest = after;
        }
        pieces.push(rest.to_vec());
        let (text, ended, events) = block_on(talk(pieces));
        prop_assert_eq!(text, "hello\r\none\r\nplain\r\ntwo\r\nthree\r\nbye\r\n");
        prop_assert_eq!(ended, Ended::Closed);
        prop_assert_eq!(events, ["asked one", "asked two", "asked three"]);
    }
}

#[tokio::test(start_paused = true)]
async fn a_peer_that_closes_after_its_last_command_gets_all_replies() {
    let (text, ended, _) = talk(vec![b"one\r\ntwo\r\n".to_vec()]).await;
    assert_eq!(text, "hello\r\none\r\ntwo\r\n");
    assert_eq!(ended, Ended::PeerClosed);
}

/// Counts the writes that reach a pipe.
struct Counted {
    pipe: DuplexStream,
    writes: Arc<std::sync::Mutex<Vec<usize>>>,
}

impl AsyncRead for Counted {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.pipe).poll_read(cx, buffer)
    }
}

impl AsyncWrite for Counted {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, octets: &[u8]) -> Poll<io::Result<usize>> {
        let written = ready!(Pin::new(&mut self.pipe).poll_write(cx, octets))?;
        self.writes.lock().unwrap().push(written);
        Poll::Ready(Ok(written))
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.pipe).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.pipe).poll_shutdown(cx)
    }
}

#[tokio::test(start_paused = true)]
async fn replies_to_pipelined_commands_are_one_write() {
    let (mut client, pipe) = duplex(100_000);
    client
        .write_all(b"one\r\ntwo\r\nFACTS\r\nthree\r\n")
        .await
        .unwrap();
    client.shutdown().await.unwrap();
    let writes = Arc::default();
    let io = Counted {
        pipe,
        writes: Arc::clone(&writes),
    };
    run(io, Echo::new(), &mut Echoing::default(), &Shutdown::new()).await;
    let replies = "one\r\ntwo\r\nplain\r\nthree\r\n".len();
    assert_eq!(*writes.lock().unwrap(), ["hello\r\n".len(), replies]);
}

#[tokio::test(start_paused = true)]
async fn what_was_sent_before_a_slow_answer_does_not_wait_for_it() {
    let (mut client, server) = duplex(1000);
    let mut handler = Echoing::default();
    let release = Arc::clone(&handler.release);
    let shutdown = Shutdown::new();
    let talk = async {
        client
            .write_all(b"one\r\nSLOW two\r\nthree\r\nQUIT\r\n")
            .await
            .unwrap();
        expect(&mut client, "hello\r\none\r\n").await;
        release.notify_one();
        read_to_end(&mut client).await
    };
    let (ended, text) = tokio::join!(run(server, Echo::new(), &mut handler, &shutdown), talk);
    assert_eq!(text, "two\r\nthree\r\nbye\r\n");
    assert_eq!(ended, Ended::Closed);
}

#[tokio::test(start_paused = true)]
async fn a_peer_that_never_reads_costs_a_bounded_buffer_and_is_dropped() {
    let (mut client, server) = duplex(1000);
    client.write_all(b"FLOOD\r\n").await.unwrap();
    let session = Echo::new();
    let polls = Arc::clone(&session.polls);
    let start = tokio::time::Instant::now();
    let ended = run(server, session, &mut Echoing::default(), &Shutdown::new()).await;
    assert_eq!(ended, Ended::WriteTimeout);
    assert_eq!(start.elapsed(), WRITE_TIMEOUT);
    // 64 KB in sends of 1,000 octets.
    assert_eq!(polls.load(Ordering::Relaxed), 66);
}

#[tokio::test(start_paused = true)]
async fn a_peer_that_reads_slowly_is_not_dropped() {
    let (mut client, server) = duplex(1000);
    client.write_all(b"FLOOD\r\n").await.unwrap();
    let (mut handler, shutdown) = (Echoing::default(), Shutdown::new());
    let flood = run(server, Echo::new(), &mut handler, &shutdown);
    let read = async {
        for _ in 0..200 {
            tokio::time::advance(WRITE_TIMEOUT / 2).await;
            client.read_exact(&mut [0; 1000]).await.unwrap();
        }
    };
    tokio::select! {
        ended = flood => panic!("{ended:?}"),
        () = read => {}
    }
}

#[tokio::test(start_paused = true)]
async fn the_deadline_moves_with_each_input_and_then_comes() {
    let (mut client, server) = duplex(1000);
    let (mut handler, shutdown) = (Echoing::default(), Shutdown::new());
    let start = tokio::time::Instant::now();
    let talk = async {
        expect(&mut client, "hello\r\n").await;
        for _ in 0..3 {
            tokio::time::sleep(PATIENCE * 2 / 3).await;
            client.write_all(b"one\r\n").await.unwrap();
            expect(&mut client, "one\r\n").await;
        }
        read_to_end(&mut client).await
    };
    let (ended, text) = tokio::join!(run(server, Echo::new(), &mut handler, &shutdown), talk);
    assert_eq!((ended, text.as_str()), (Ended::Closed, "too slow\r\n"));
    // Three times two thirds, then a whole one, then the peer that stays is left.
    let passed = start.elapsed();
    assert!(
        passed >= PATIENCE * 3 && passed <= PATIENCE * 3 + LINGER * 2,
        "{passed:?}"
    );
}

#[tokio::test(start_paused = true)]
async fn the_deadline_comes_while_a_question_is_outstanding_too() {
    let (text, ended, _) = talk(vec![b"one\r\nSLOW two\r\n".to_vec()]).await;
    assert_eq!(text, "hello\r\none\r\ntoo slow\r\n");
    assert_eq!(ended, Ended::Closed);
}

#[tokio::test(start_paused = true)]
async fn a_notice_reaches_a_waiting_session() {
    let (mut client, server) = duplex(1000);
    let (mut handler, shutdown) = (Echoing::default(), Shutdown::new());
    let news = Arc::clone(&handler.news);
    let talk = async {
        expect(&mut client, "hello\r\n").await;
        news.notify_one();
        expect(&mut client, "news\r\n").await;
        drop(client);
    };
    let (ended, ()) = tokio::join!(run(server, Echo::new(), &mut handler, &shutdown), talk);
    assert_eq!(ended, Ended::PeerClosed);
}

#[tokio::test(start_paused = true)]
async fn a_session_hears_of_the_shutdown_after_its_question_is_answered() {
    let (mut client, server) = duplex(1000);
    let (mut handler, shutdown) = (Echoing::default(), Shutdown::new());
    let release = Arc::clone(&handler.release);
    let talk = async {
        client.write_all(b"one\r\nSLOW two\r\n").await.unwrap();
        // The first reply is written out because the second answer is awaited.
        expect(&mut client, "hello\r\none\r\n").await;
        shutdown.trigger();
        tokio::task::yield_now().await;
        release.notify_one();
        read_to_end(&mut client).await
    };
    let (ended, text) = tokio::join!(run(server, Echo::new(), &mut handler, &shutdown), talk);
    assert_eq!(text, "two\r\ngoing down\r\n");
    assert_eq!(ended, Ended::Shutdown);
}

#[tokio::test]
async fn the_future_of_a_connection_is_small_beside_its_session() {
    let port = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let stream = Stream::connect(port.local_addr().unwrap(), None).await.unwrap();
    let (mut handler, shutdown) = (Echoing::default(), Shutdown::new());
    let future = drive(stream, Echo::new(), &mut handler, &shutdown, TlsSide::None);
    let beside = size_of_val(&future) - size_of::<Echo>();
    assert!(beside < 1024, "{beside}");
}
