//! Measures what an idle connection costs the server: opens many from a second process and reads the
//! resident memory before and after. Not a benchmark of any protocol: the session is as small as can be.
//!
//! `cargo run --release -p posthorn-net --example idle_memory [connections]`

use std::io::Read;
use std::net::SocketAddr;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use posthorn_base::TlsInfo;
use posthorn_base::session::{Output, Session};
use posthorn_net::{
    ClientTls, ConnectionLimits, Connections, Handler, ServerTls, Serving, Stream, TlsSide, bind, drive,
    serve,
};
use posthorn_runtime::{Shutdown, clock};
use tokio::io::AsyncReadExt;
use tokio::sync::Notify;

/// The usual size of a memory page; where it is larger, the figures come out too small.
const PAGE_OCTETS: usize = 4096;

type Failure = Box<dyn std::error::Error + Send + Sync>;

/// Greets and waits.
struct Idle {
    greeting: Option<Vec<u8>>,
    deadline: Instant,
}

impl Session for Idle {
    type Ask = ();
    type Answer = ();
    type Event = ();

    fn handle_input(&mut self, _now: Instant, _octets: &[u8]) {}
    fn handle_tls(&mut self, _now: Instant, _tls: TlsInfo) {}
    fn handle_timeout(&mut self, _now: Instant) {}
    fn handle_shutdown(&mut self, _now: Instant) {}
    fn answer(&mut self, _now: Instant, (): ()) {}

    fn poll_output(&mut self) -> Option<Output<(), ()>> {
        self.greeting.take().map(Output::Send)
    }

    fn deadline(&self) -> Option<Instant> {
        Some(self.deadline)
    }

    fn wants_input(&self) -> bool {
        true
    }
}

struct Nothing;

impl Handler<Idle> for Nothing {
    async fn answer(&mut self, (): ()) {}
    fn event(&mut self, (): ()) {}
}

#[tokio::main(worker_threads = 2)]
async fn main() -> Result<(), Failure> {
    let arguments: Vec<String> = std::env::args().collect();
    match arguments.get(1..).unwrap_or_default() {
        [word, address, count, kind] if word == "client" => {
            connect(address.parse()?, count.parse()?, kind == "TLS").await
        }
        [count] => measure_both(count.parse()?).await,
        _ => measure_both(4000).await,
    }
}

async fn measure_both(count: usize) -> Result<(), Failure> {
    let folder = tempfile::tempdir()?;
    let tls = ServerTls::self_signed(folder.path(), &[], &["127.0.0.1".parse()?])?;
    measure("plain", count, None).await?;
    measure("TLS", count, Some(tls)).await
}

async fn measure(kind: &str, count: usize, implicit_tls: Option<ServerTls>) -> Result<(), Failure> {
    let listener = bind("127.0.0.1:0".parse()?)?;
    let address = listener.local_addr();
    let limits = ConnectionLimits {
        total: 1_000_000,
        per_address: 1_000_000,
    };
    let serving = Serving {
        connections: Connections::new(limits),
        implicit_tls,
        grace: Duration::ZERO,
        refuse: Arc::new(|_| Vec::new()),
    };
    let shutdown = Shutdown::new();
    let stop = shutdown.clone();
    let served = tokio::spawn(async move {
        let sessions = stop.clone();
        serve(listener, serving, &stop, move |accepted| {
            let shutdown = sessions.clone();
            async move {
                let session = Idle {
                    greeting: Some(b"220 mx.example ESMTP\r\n".to_vec()),
                    deadline: clock::now() + Duration::from_secs(300),
                };
                let _ended = drive(accepted.stream, session, &mut Nothing, &shutdown, TlsSide::None).await;
            }
        })
        .await;
    });
    // What the first connections bring about is not theirs.
    let first = open(address, 200, kind).await?;
    let before = resident()?;
    let child = open(address, count, kind).await?;
    let after = resident()?;
    eprintln!(
        "{kind}: {count} idle connections, {} octets each",
        after.saturating_sub(before) / count
    );
    for mut process in [first, child] {
        process.kill()?;
        process.wait()?;
    }
    shutdown.trigger();
    served.await?;
    Ok(())
}

/// Starts the second process and waits until all its connections are greeted.
async fn open(address: SocketAddr, count: usize, kind: &str) -> Result<std::process::Child, Failure> {
    let mut child = Command::new(std::env::current_exe()?)
        .args(["client", &address.to_string(), &count.to_string(), kind])
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()?;
    let mut told = child.stderr.take().ok_or("no pipe")?;
    tokio::task::spawn_blocking(move || told.read_exact(&mut [0; 5])).await??;
    Ok(child)
}

async fn connect(address: SocketAddr, count: usize, is_tls: bool) -> Result<(), Failure> {
    let tls = TlsSide::Client {
        tls: ClientTls::opportunistic()?,
        server_name: address.ip().to_string(),
    };
    let mut streams = Vec::new();
    for _ in 0..count {
        let mut stream = Stream::connect(address, None).await?;
        if is_tls {
            stream = stream.start_tls(&tls).await?;
        }
        stream.read_exact(&mut [0; 22]).await?;
        streams.push(stream);
    }
    eprint!("ready");
    // Until the first process ends us.
    Notify::new().notified().await;
    Ok(())
}

fn resident() -> Result<usize, Failure> {
    let text = std::fs::read_to_string("/proc/self/statm")?;
    let pages: usize = text.split(' ').nth(1).ok_or("statm")?.parse()?;
    Ok(pages * PAGE_OCTETS)
}
