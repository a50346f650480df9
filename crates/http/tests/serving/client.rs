//! A node that serves its pages, and a client that knows no more of HTTP than where a reply ends.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use posthorn_base::{Domain, Timestamp};
use posthorn_http::{Facts, Host, HttpServer, MailKind, MailService, MailTls};
use posthorn_net::{ConnectionLimits, Connections, Serving, bind, serve};
use posthorn_runtime::Shutdown;
use posthorn_store::{Options, Partition, Store};
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;
use tokio::task::JoinHandle;

/// How many the node takes.
pub(crate) const CONNECTIONS: usize = 8;

pub(crate) struct Node {
    address: SocketAddr,
    connections: Connections,
    shutdown: Shutdown,
    serving: JoinHandle<()>,
    _data: TempDir,
}

impl Node {
    pub(crate) fn start() -> Self {
        let data = tempfile::tempdir().unwrap();
        let components = [posthorn_accounts::SCHEMA, posthorn_queue::COMPONENT];
        let store = Store::open(&Options::new(data.path()), &components).unwrap();
        let domain = Domain::parse("example.org").unwrap();
        let now = Timestamp::from_secs(1_700_000_000);
        let added = store.write(Partition::Directory, move |tx| {
            posthorn_accounts::add_domain(tx, &domain, now)
        });
        added.wait().unwrap();
        let connections = Connections::new(ConnectionLimits {
            total: CONNECTIONS,
            per_address: CONNECTIONS,
        });
        let hostname = Domain::parse("mail.example.org").unwrap();
        let imap = MailService {
            kind: MailKind::Imap,
            tls: MailTls::Implicit,
            host: Host::Name(hostname.clone()),
            port: 993,
        };
        let facts = Facts {
            hostname,
            mail: vec![imap],
            version: "1.2.3",
            started: now,
        };
        let listener = bind("127.0.0.1:0".parse().unwrap()).unwrap();
        let (address, shutdown) = (listener.local_addr(), Shutdown::new());
        let server = HttpServer::new(facts, store, connections.clone());
        let stop = shutdown.clone();
        let serving = Serving {
            connections: connections.clone(),
            implicit_tls: None,
            grace: Duration::from_secs(600),
            refuse: Arc::new(|_which| HttpServer::REFUSAL.to_vec()),
        };
        let serving = tokio::spawn(async move {
            let heard = stop.clone();
            serve(listener, serving, &stop, move |accepted| {
                let (server, stop) = (server.clone(), heard.clone());
                async move { server.connection(accepted, &stop).await }
            })
            .await;
        });
        Self {
            address,
            connections,
            shutdown,
            serving,
            _data: data,
        }
    }

    pub(crate) async fn connect(&self) -> Client {
        Client(BufReader::new(TcpStream::connect(self.address).await.unwrap()))
    }

    /// One request on a connection of its own.
    pub(crate) async fn ask(&self, request: &str) -> Reply {
        let mut client = self.connect().await;
        client.send(request).await;
        client.reply().await
    }

    pub(crate) async fn get(&self, path: &str) -> Reply {
        self.ask(&format!("GET {path} HTTP/1.1\r\nHost: {}\r\n\r\n", self.address))
            .await
    }

    /// Until the node has taken every connection that was made, and seen what was sent there: one more is
    /// behind all of them.
    pub(crate) async fn settle(&self) {
        self.get("/health").await;
        assert!(self.connections.open() > 0);
    }

    pub(crate) async fn stop(self) {
        self.shutdown.trigger();
        self.serving.await.unwrap();
    }
}

#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    fields: HashMap<String, String>,
    pub(crate) body: String,
}

impl Reply {
    pub(crate) fn field(&self, name: &str) -> Option<&str> {
        self.fields.get(name).map(String::as_str)
    }
}

pub(crate) struct Client(BufReader<TcpStream>);

impl Client {
    pub(crate) async fn send(&mut self, octets: &str) {
        self.0.get_mut().write_all(octets.as_bytes()).await.unwrap();
    }

    /// A reply up to its body.
    pub(crate) async fn head(&mut self) -> Reply {
        let status = self.line().await;
        let status = status.strip_prefix("HTTP/1.").and_then(|rest| rest.get(2..5));
        let status = status.unwrap().parse().unwrap();
        let mut fields = HashMap::new();
        loop {
            let line = self.line().await;
            let Some((name, value)) = line.split_once(": ") else {
                assert_eq!(line, "");
                break;
            };
            let doubled = fields.insert(name.to_ascii_lowercase(), value.to_owned());
            assert_eq!(doubled, None, "{name}");
        }
        Reply {
            status,
            fields,
            body: String::new(),
        }
    }

    pub(crate) async fn reply(&mut self) -> Reply {
        let mut reply = self.head().await;
        let mut body = vec![0; reply.field("content-length").unwrap().parse().unwrap()];
        self.0.read_exact(&mut body).await.unwrap();
        reply.body = String::from_utf8(body).unwrap();
        reply
    }

    /// Everything until the connection is closed, or broken off with octets of ours unread.
    pub(crate) async fn rest(&mut self) -> String {
        let mut rest = Vec::new();
        let _either_way = self.0.read_to_end(&mut rest).await;
        String::from_utf8(rest).unwrap()
    }

    pub(crate) async fn is_closed(&mut self) -> bool {
        self.rest().await.is_empty()
    }

    async fn line(&mut self) -> String {
        let mut line = String::new();
        self.0.read_line(&mut line).await.unwrap();
        line.trim_end_matches("\r\n").to_owned()
    }
}
