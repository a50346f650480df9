//! Accepting with patience: when the system is out of file handles or memory, the next try comes a little
//! later each time, and meanwhile peers wait in the backlog.

use std::future::poll_fn;
use std::io;
use std::net::SocketAddr;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::net::{TcpListener, TcpStream};
use tokio::time::{Instant, sleep_until};

/// The first pause; each further one is twice as long.
const SHORTEST_PAUSE: Duration = Duration::from_millis(10);
/// The longest pause.
const LONGEST_PAUSE: Duration = Duration::from_secs(1);

/// Where connections come from: a port, or a test.
pub(super) trait Source {
    type Connection;

    fn poll_accept(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<(Self::Connection, SocketAddr)>>;
}

impl Source for TcpListener {
    type Connection = TcpStream;

    fn poll_accept(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<(TcpStream, SocketAddr)>> {
        Self::poll_accept(self, cx)
    }
}

pub(super) struct Acceptor<S> {
    source: S,
    pause: Duration,
    retry_at: Option<Instant>,
}

impl<S: Source> Acceptor<S> {
    pub(super) fn new(source: S) -> Self {
        Self {
            source,
            pause: SHORTEST_PAUSE,
            retry_at: None,
        }
    }

    /// The next connection. May be dropped and called anew: neither a connection nor a pause is lost.
    pub(super) async fn next(&mut self) -> (S::Connection, SocketAddr) {
        loop {
            if let Some(retry_at) = self.retry_at {
                sleep_until(retry_at).await;
                self.retry_at = None;
            }
            match poll_fn(|cx| self.source.poll_accept(cx)).await {
                Ok(accepted) => {
                    self.pause = SHORTEST_PAUSE;
                    return accepted;
                }
                Err(cause) if is_of_one_connection(&cause) => {}
                Err(cause) => self.pause_for(&cause),
            }
        }
    }

    fn pause_for(&mut self, cause: &io::Error) {
        // Said once, not at every try.
        if self.pause == SHORTEST_PAUSE {
            tracing::warn!(%cause, "connections cannot be accepted; trying again (more open files: ulimit -n)");
        }
        self.retry_at = Some(Instant::now() + self.pause);
        self.pause = LONGEST_PAUSE.min(self.pause * 2);
    }
}

/// The peer gave up before it was accepted; the next connection may be well.
fn is_of_one_connection(cause: &io::Error) -> bool {
    matches!(
        cause.kind(),
        io::ErrorKind::ConnectionAborted | io::ErrorKind::ConnectionReset | io::ErrorKind::Interrupted
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Gives `errors` errors of one kind, then a connection.
    struct Failing {
        errors: u32,
        code: i32,
    }

    impl Source for Failing {
        type Connection = u32;

        fn poll_accept(&mut self, _: &mut Context<'_>) -> Poll<io::Result<(u32, SocketAddr)>> {
            if self.errors == 0 {
                return Poll::Ready(Ok((7, "192.0.2.1:25".parse().unwrap())));
            }
            self.errors -= 1;
            Poll::Ready(Err(io::Error::from_raw_os_error(self.code)))
        }
    }

    const EMFILE: i32 = 24;
    const ECONNABORTED: i32 = 103;

    #[tokio::test(start_paused = true)]
    async fn without_file_handles_it_tries_ever_more_slowly_and_goes_on() {
        let mut acceptor = Acceptor::new(Failing {
            errors: 20,
            code: EMFILE,
        });
        let start = Instant::now();
        assert_eq!(acceptor.next().await.0, 7);
        // 10 ms doubled seven times is over a second; the other 13 tries are a second apart.
        let passed = start.elapsed();
        assert!(
            passed > Duration::from_secs(13) && passed < Duration::from_secs(15),
            "{passed:?}"
        );
        assert_eq!(acceptor.pause, SHORTEST_PAUSE);
    }

    #[tokio::test(start_paused = true)]
    async fn a_pause_that_is_dropped_is_not_lost() {
        let mut acceptor = Acceptor::new(Failing {
            errors: 1,
            code: EMFILE,
        });
        let start = Instant::now();
        let dropped = tokio::time::timeout(Duration::from_millis(1), acceptor.next()).await;
        assert!(dropped.is_err());
        acceptor.next().await;
        assert!(start.elapsed() >= SHORTEST_PAUSE);
    }

    #[tokio::test(start_paused = true)]
    async fn a_peer_that_gave_up_costs_no_pause() {
        let mut acceptor = Acceptor::new(Failing {
            errors: 20,
            code: ECONNABORTED,
        });
        let start = Instant::now();
        acceptor.next().await;
        assert_eq!(start.elapsed(), Duration::ZERO);
    }
}
