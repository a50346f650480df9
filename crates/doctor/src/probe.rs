//! What only a connection can tell: does the mail host answer, with which certificate, and do the name
//! servers agree. The program does it; tests say what they like.

use std::future::Future;

/// Does a mail host answer at a port?
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reach {
    /// It greets.
    Answers {
        /// Does it offer STARTTLS?
        starttls: bool,
    },
    /// The connection was refused, or the greeting was a refusal: what was said.
    Refuses(String),
    /// Nothing came back in time. Many networks block port 25 on the way out, so this proves little.
    Silent,
    /// Nobody tried.
    NotTried,
}

/// Somebody who connects. Every method takes a bounded time.
pub trait Probe: Sync {
    /// The certificate of a mail host, by STARTTLS at `port`: the server's own, in DER. `None` when it
    /// cannot be had.
    fn certificate(&self, host: &str, port: u16) -> impl Future<Output = Option<Vec<u8>>> + Send;

    /// Does the mail host greet at `port`?
    fn answers_smtp(&self, host: &str, port: u16) -> impl Future<Output = Reach> + Send;

    /// The serial number (SOA) of `zone`, asked of the name server `server` alone, without recursion.
    /// `None` when the server does not answer for the zone or nobody tried.
    fn zone_serial(&self, server: &str, zone: &str) -> impl Future<Output = Option<u32>> + Send;
}

/// Connects to nobody: only the DNS is looked at.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoProbe;

impl Probe for NoProbe {
    async fn certificate(&self, _host: &str, _port: u16) -> Option<Vec<u8>> {
        None
    }

    async fn answers_smtp(&self, _host: &str, _port: u16) -> Reach {
        Reach::NotTried
    }

    async fn zone_serial(&self, _server: &str, _zone: &str) -> Option<u32> {
        None
    }
}
