//! One connection to another server: a task drives the session, and whoever holds the [`Connection`] hands
//! it one transaction after the other. Dropped without work it takes leave with QUIT; dropped in the midst
//! of a transaction it is cut.

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use posthorn_base::TlsInfo;
use posthorn_net::{ClientTls, Ended, Handler, Stream, TlsSide, drive};
use posthorn_runtime::{Shutdown, clock};
use posthorn_smtp::client::{
    Answer, Ask, ClientConfig, ClientSession, Direction, Event, Outcome, Transaction,
};
use posthorn_smtp::{Class, Reply};
use tokio::sync::{OwnedSemaphorePermit, mpsc};
use tokio::task::AbortHandle;

use crate::watched::{Seen, Watched};

/// Where to connect, and how.
#[derive(Clone, Debug)]
pub(crate) struct Endpoint {
    /// The server's name, for the certificate and the records.
    pub(crate) host: String,
    pub(crate) ip: IpAddr,
    pub(crate) port: u16,
    pub(crate) local_ip: Option<IpAddr>,
    /// TLS before the first octet.
    pub(crate) is_implicit_tls: bool,
    pub(crate) tls: ClientTls,
}

/// What the session's side tells.
pub(crate) enum Report {
    /// A line of the dialogue.
    Line(Direction, String),
    Tls(TlsInfo),
    /// The session waits for a transaction.
    Ready,
    Refused(Reply, Class),
    Outcome(Outcome),
    /// The connection is over. The last report.
    Ended(Ended),
}

/// A connection to a server.
pub(crate) struct Connection {
    pub(crate) host: String,
    pub(crate) ip: IpAddr,
    pub(crate) tls: Option<TlsInfo>,
    /// Transactions handed over.
    pub(crate) sent: u32,
    pub(crate) reports: mpsc::UnboundedReceiver<Report>,
    next: mpsc::Sender<Transaction>,
    task: AbortHandle,
    is_busy: bool,
}

impl Connection {
    /// Connects and starts the session; its greeting is still to come. `permit` is given back when the
    /// connection is closed.
    pub(crate) async fn open(
        endpoint: &Endpoint,
        config: ClientConfig,
        connect: Duration,
        idle: Duration,
        permit: OwnedSemaphorePermit,
    ) -> Result<Self, String> {
        let peer = SocketAddr::new(endpoint.ip, endpoint.port);
        let connecting = Stream::connect(peer, endpoint.local_ip);
        let mut stream = match tokio::time::timeout(connect, connecting).await {
            Ok(Ok(stream)) => stream,
            Ok(Err(cause)) => return Err(format!("connecting to {peer} failed: {cause}")),
            Err(_elapsed) => return Err(format!("{peer} did not answer within {} s", connect.as_secs())),
        };
        let side = TlsSide::Client {
            tls: endpoint.tls.clone(),
            server_name: endpoint.host.clone(),
        };
        if endpoint.is_implicit_tls {
            let negotiated = stream.start_tls(&side).await;
            stream = negotiated.map_err(|cause| format!("TLS with {peer} failed: {cause}"))?;
        }
        let (next, transactions) = mpsc::channel(1);
        let (tell, reports) = mpsc::unbounded_channel();
        let mut handler = Side {
            transactions,
            tell: tell.clone(),
            idle,
        };
        let session = Watched::new(ClientSession::new(config, clock::now()));
        let task = tokio::spawn(async move {
            // Nobody triggers this one: a connection ends when its holder lets go of it.
            let never = Shutdown::new();
            let ended = Box::pin(drive(stream, session, &mut handler, &never, side)).await;
            drop(permit);
            // The holder may be gone.
            drop(tell.send(Report::Ended(ended)));
        });
        Ok(Self {
            host: endpoint.host.clone(),
            ip: endpoint.ip,
            tls: None,
            sent: 0,
            reports,
            next,
            task: task.abort_handle(),
            is_busy: false,
        })
    }

    /// Hands a transaction over; the reports tell what comes of it. `false`: the connection is over.
    pub(crate) fn send(&mut self, transaction: Transaction) -> bool {
        self.sent = self.sent.saturating_add(1);
        self.is_busy = self.next.try_send(transaction).is_ok();
        self.is_busy
    }

    /// Has the session ended?
    pub(crate) fn is_over(&self) -> bool {
        self.next.is_closed()
    }

    /// The transaction handed over last has its outcome.
    pub(crate) fn rest(&mut self) {
        self.is_busy = false;
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        if self.is_busy {
            self.task.abort();
        }
    }
}

/// The session's side of the channel.
struct Side {
    transactions: mpsc::Receiver<Transaction>,
    tell: mpsc::UnboundedSender<Report>,
    idle: Duration,
}

impl Side {
    fn tell(&self, report: Report) {
        // The holder may be gone; the session then gets no further work and ends.
        drop(self.tell.send(report));
    }
}

impl Handler<Watched> for Side {
    async fn answer(&mut self, ask: Ask) -> Answer {
        match ask {
            Ask::Next => self.tell(Report::Ready),
        }
        match tokio::time::timeout(self.idle, self.transactions.recv()).await {
            Ok(Some(transaction)) => Answer::Send(transaction),
            Ok(None) => Answer::Quit,
            Err(_elapsed) => {
                // One that was handed over at this very moment is found unsent by its owner.
                self.transactions.close();
                match self.transactions.try_recv() {
                    Ok(transaction) => Answer::Send(transaction),
                    Err(_empty) => Answer::Quit,
                }
            }
        }
    }

    fn event(&mut self, event: Seen) {
        self.tell(match event {
            Seen::Tls(info) => Report::Tls(info),
            Seen::Smtp(Event::Line { direction, text }) => Report::Line(direction, text),
            Seen::Smtp(Event::Refused { reply, class, .. }) => Report::Refused(reply, class),
            Seen::Smtp(Event::Outcome(outcome)) => Report::Outcome(outcome),
        });
    }
}
