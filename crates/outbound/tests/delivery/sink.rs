//! Servers on loopback that do as they are told: a real server session with a script, and a bare socket for
//! what no session would do.

use std::collections::HashSet;
use std::net::{IpAddr, SocketAddr};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use posthorn_net::{Handler, ServerTls, Stream, TlsSide, drive};
use posthorn_runtime::{Shutdown, clock};
use posthorn_sasl::{self as sasl, Mechanism};
use posthorn_smtp::server::{Answer, Ask, Config, Event, Mode, ServerSession};
use posthorn_smtp::{Envelope, Refusal};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpListener;
use tokio::sync::{Semaphore, mpsc};

/// What a server does.
#[derive(Clone, Default)]
pub(crate) struct Script {
    /// Refusals by the part before the @.
    pub(crate) refused: Arc<Mutex<Vec<(String, Refusal)>>>,
    pub(crate) tls: Option<ServerTls>,
    /// Takes mail from users alone: TLS from the first octet, then `relay` with the password `secret`.
    pub(crate) wants_login: bool,
    /// Offers STARTTLS and cannot do it.
    pub(crate) has_broken_tls: bool,
    /// Closes after each message.
    pub(crate) closes_early: bool,
    /// Messages wait for a permit before they are accepted.
    pub(crate) gate: Option<Arc<Semaphore>>,
}

/// A message that a server took.
#[derive(Debug)]
pub(crate) struct Received {
    pub(crate) envelope: Envelope,
    pub(crate) body: Vec<u8>,
    pub(crate) connection: usize,
}

/// A running server; ends with the test.
pub(crate) struct Sink {
    pub(crate) received: mpsc::UnboundedReceiver<Received>,
    pub(crate) connections: Arc<AtomicUsize>,
    /// The most messages that were open at the same time.
    pub(crate) most_open: Arc<AtomicUsize>,
}

/// A port that is free on all these addresses, and its listeners.
pub(crate) async fn listeners(addresses: &[&str]) -> (u16, Vec<TcpListener>) {
    for _attempt in 0..50 {
        let mut all: Vec<TcpListener> = Vec::new();
        let mut port = 0;
        for address in addresses {
            let ip: IpAddr = address.parse().unwrap();
            match TcpListener::bind(SocketAddr::new(ip, port)).await {
                Ok(listener) => {
                    port = listener.local_addr().unwrap().port();
                    all.push(listener);
                }
                Err(_taken) => break,
            }
        }
        if all.len() == addresses.len() {
            return (port, all);
        }
    }
    panic!("no port is free on all of {addresses:?}");
}

impl Sink {
    pub(crate) fn start(listener: TcpListener, script: Script) -> Self {
        let (tell, received) = mpsc::unbounded_channel();
        let sink = Self {
            received,
            connections: Arc::default(),
            most_open: Arc::default(),
        };
        let connections = Arc::clone(&sink.connections);
        let peer = Peer {
            script,
            tell,
            body: Vec::new(),
            connection: 0,
            open: Arc::default(),
            most_open: Arc::clone(&sink.most_open),
        };
        tokio::spawn(async move {
            while let Ok((tcp, _)) = listener.accept().await {
                let mut peer = peer.clone();
                peer.connection = connections.fetch_add(1, Ordering::SeqCst) + 1;
                tokio::spawn(peer.serve(Stream::plain(tcp)));
            }
        });
        sink
    }

    pub(crate) async fn next(&mut self) -> Received {
        self.received.recv().await.unwrap()
    }
}

#[derive(Clone)]
struct Peer {
    script: Script,
    tell: mpsc::UnboundedSender<Received>,
    body: Vec<u8>,
    connection: usize,
    open: Arc<AtomicUsize>,
    most_open: Arc<AtomicUsize>,
}

impl Peer {
    async fn serve(mut self, stream: Stream) {
        let mode = if self.script.wants_login {
            Mode::Submission
        } else {
            Mode::Mx
        };
        let mut config = Config::new("mx.b.test", mode, "ref");
        config.mechanisms.retain(|one| *one == Mechanism::Plain);
        let side = self.script.tls.clone().map_or(TlsSide::None, TlsSide::Server);
        let stream = if self.script.wants_login {
            stream.start_tls(&side).await.unwrap()
        } else {
            config.starttls_offered = self.script.tls.is_some() || self.script.has_broken_tls;
            stream
        };
        let session = ServerSession::new(config, clock::now());
        let never = Shutdown::new();
        let closes_early = self.script.closes_early;
        let (tell, mut told) = mpsc::unbounded_channel();
        let outer = std::mem::replace(&mut self.tell, tell);
        let forward = async {
            while let Some(received) = told.recv().await {
                outer.send(received).ok();
                if closes_early {
                    return;
                }
            }
            std::future::pending::<()>().await;
        };
        let session = Box::pin(drive(stream, session, &mut self, &never, side));
        if closes_early {
            // The message is reported once its reply is on the way; then a moment later all is gone.
            let both = async {
                forward.await;
                for _ in 0..20 {
                    tokio::task::yield_now().await;
                }
            };
            tokio::select! { _ended = session => {} () = both => {} }
        } else {
            tokio::select! { _ended = session => {} () = forward => {} }
        }
    }

    async fn message(&mut self, envelope: Envelope) -> Answer {
        let open = self.open.fetch_add(1, Ordering::SeqCst) + 1;
        self.most_open.fetch_max(open, Ordering::SeqCst);
        if let Some(gate) = &self.script.gate {
            gate.acquire().await.unwrap().forget();
        }
        self.open.fetch_sub(1, Ordering::SeqCst);
        let received = Received {
            envelope,
            body: std::mem::take(&mut self.body),
            connection: self.connection,
        };
        self.tell.send(received).ok();
        Answer::Accepted {
            queue_id: "1".to_owned(),
        }
    }
}

impl Handler<ServerSession> for Peer {
    async fn answer(&mut self, ask: Ask) -> Answer {
        match ask {
            Ask::Recipient(recipient) => {
                let refused = self.script.refused.lock().unwrap();
                let name = recipient.address.local().as_str().to_owned();
                match refused.iter().find(|(who, _)| *who == name) {
                    Some((_, refusal)) => Answer::Refuse(refusal.clone()),
                    None => Answer::Ok,
                }
            }
            Ask::Message(envelope) => self.message(envelope).await,
            Ask::Sender(_) => Answer::Ok,
            Ask::Credentials(sasl::Ask::VerifyPassword { user, password, .. }) => {
                let is_right = user == "relay" && password.into_declassified() == "secret";
                Answer::Credentials(if is_right {
                    sasl::Answer::Verified { identity: user }
                } else {
                    sasl::Answer::Rejected
                })
            }
            Ask::Credentials(sasl::Ask::ScramKeys { .. }) => Answer::Credentials(sasl::Answer::Rejected),
        }
    }

    fn event(&mut self, event: Event) {
        match event {
            Event::Body(octets) => self.body.extend(octets),
            Event::BodyDiscarded => self.body.clear(),
            Event::LoggedIn { .. }
            | Event::LoginFailed { .. }
            | Event::CommandRefused { .. }
            | Event::Ended { .. } => {}
        }
    }
}

/// What a bare socket does.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Bare {
    /// Says nothing at all.
    Silent,
    /// Takes messages, offers no extension.
    Plain,
    /// Hangs up after 354.
    HangsUp,
    /// Takes a message, then ends the connection with 421, as servers do with those that are idle.
    SaysBye,
    /// Greets with 554.
    Unwilling,
}

/// A server of few words; gives how many connections it has had.
pub(crate) fn bare(listener: TcpListener, kind: Bare) -> Arc<AtomicUsize> {
    let connections: Arc<AtomicUsize> = Arc::default();
    let count = Arc::clone(&connections);
    tokio::spawn(async move {
        let mut open = Vec::new();
        while let Ok((tcp, _)) = listener.accept().await {
            count.fetch_add(1, Ordering::SeqCst);
            if kind == Bare::Silent {
                open.push(tcp);
            } else {
                tokio::spawn(converse(tcp, kind));
            }
        }
    });
    connections
}

async fn converse(tcp: tokio::net::TcpStream, kind: Bare) -> Option<()> {
    let (read, mut write) = tcp.into_split();
    let mut lines = BufReader::new(read).lines();
    if kind == Bare::Unwilling {
        write.write_all(b"554 5.3.2 no mail here\r\n").await.ok()?;
        return None;
    }
    write.write_all(b"220 bare\r\n").await.ok()?;
    let mut is_body = false;
    let verbs: HashSet<&str> = HashSet::from(["EHLO", "MAIL", "RCPT", "RSET"]);
    while let Some(line) = lines.next_line().await.ok()? {
        let verb = line.split([' ', ':']).next().unwrap_or_default().to_owned();
        let reply: &[u8] = match verb.as_str() {
            "." => {
                is_body = false;
                b"250 2.0.0 taken\r\n"
            }
            _ if is_body => continue,
            "DATA" => {
                write.write_all(b"354 go on\r\n").await.ok()?;
                if kind == Bare::HangsUp {
                    return None;
                }
                is_body = true;
                continue;
            }
            "QUIT" => return None,
            known if verbs.contains(known) => b"250 fine\r\n",
            _ => b"500 what?\r\n",
        };
        write.write_all(reply).await.ok()?;
        if verb == "." && kind == Bare::SaysBye {
            write.write_all(b"421 4.4.2 idle for too long\r\n").await.ok()?;
        }
    }
    None
}
