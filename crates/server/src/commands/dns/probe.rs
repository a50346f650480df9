//! What only a connection tells: does a mail host answer, and with which certificate?

use std::net::SocketAddr;
use std::time::Duration;

use posthorn_base::lookup::{Kind, Lookup, Record};
use posthorn_dns::Resolver;
use posthorn_doctor::{Probe, Reach};
use posthorn_net::{ClientTls, Stream, TlsSide};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::timeout;

use crate::commands::names::Asking;

/// The longest that a mail host may take for everything.
const PATIENCE: Duration = Duration::from_secs(15);
/// The longest that a name server may take.
const NAME_PATIENCE: Duration = Duration::from_secs(5);
/// Octets of a reply that are read.
const REPLY_OCTETS: usize = 16 * 1024;
/// The port of name servers.
const NAME_PORT: u16 = 53;

/// Connects to mail hosts and name servers.
pub(super) struct Connecting<'a> {
    lookup: &'a Asking,
    to_mail: bool,
    /// On a private internet the name servers of a zone are not where their addresses say.
    to_name_servers: bool,
}

impl<'a> Connecting<'a> {
    pub(super) fn new(lookup: &'a Asking, to_mail: bool, to_name_servers: bool) -> Self {
        Self {
            lookup,
            to_mail,
            to_name_servers,
        }
    }

    async fn address(&self, host: &str) -> Option<std::net::IpAddr> {
        for kind in [Kind::A, Kind::Aaaa] {
            if let Ok(found) = self.lookup.ask(host, kind).await
                && let Some(ip) = found.iter().find_map(Record::address)
            {
                return Some(ip);
            }
        }
        None
    }

    /// Greets, and goes as far as the offer of STARTTLS.
    async fn greet(&self, host: &str, port: u16) -> Result<(Stream, bool), Reach> {
        let Some(ip) = self.address(host).await else {
            return Err(Reach::NotTried);
        };
        let connected = Stream::connect(SocketAddr::new(ip, port), None).await;
        let mut stream = connected.map_err(|cause| Reach::Refuses(cause.to_string()))?;
        let greeting = reply(&mut stream).await.ok_or(Reach::Silent)?;
        if !greeting.starts_with("220") {
            return Err(Reach::Refuses(greeting));
        }
        let offered = say(&mut stream, "EHLO posthorn.invalid")
            .await
            .ok_or(Reach::Silent)?;
        Ok((stream, offered.to_ascii_uppercase().contains("STARTTLS")))
    }

    async fn leaf(&self, host: &str, port: u16) -> Option<Vec<u8>> {
        let (mut stream, offers) = self.greet(host, port).await.ok()?;
        if !offers || !say(&mut stream, "STARTTLS").await?.starts_with("220") {
            return None;
        }
        let side = TlsSide::Client {
            tls: ClientTls::opportunistic().ok()?,
            server_name: host.to_owned(),
        };
        stream.start_tls(&side).await.ok()?.peer_certificate()
    }
}

async fn say(stream: &mut Stream, line: &str) -> Option<String> {
    stream.write_all(format!("{line}\r\n").as_bytes()).await.ok()?;
    stream.flush().await.ok()?;
    reply(stream).await
}

/// A whole reply, of one line or several.
async fn reply(stream: &mut Stream) -> Option<String> {
    let mut text = String::new();
    let mut buffer = [0; 1024];
    while text.len() < REPLY_OCTETS {
        let count = stream.read(&mut buffer).await.ok()?;
        if count == 0 {
            return None;
        }
        text.push_str(&String::from_utf8_lossy(buffer.get(..count)?));
        let last = text.lines().last().unwrap_or_default();
        if text.ends_with('\n') && last.get(3..4) != Some("-") {
            return Some(text);
        }
    }
    None
}

impl Probe for Connecting<'_> {
    async fn certificate(&self, host: &str, port: u16) -> Option<Vec<u8>> {
        if !self.to_mail {
            return None;
        }
        timeout(PATIENCE, self.leaf(host, port)).await.ok()?
    }

    async fn answers_smtp(&self, host: &str, port: u16) -> Reach {
        if !self.to_mail {
            return Reach::NotTried;
        }
        match timeout(PATIENCE, self.greet(host, port)).await {
            Ok(Ok((_stream, starttls))) => Reach::Answers { starttls },
            Ok(Err(reach)) => reach,
            Err(_elapsed) => Reach::Silent,
        }
    }

    async fn zone_serial(&self, server: &str, zone: &str) -> Option<u32> {
        if !self.to_name_servers {
            return None;
        }
        let ip = self.address(server).await?;
        let direct = Resolver::new(&[SocketAddr::new(ip, NAME_PORT)], NAME_PATIENCE).ok()?;
        let found = direct.ask(zone, Kind::Soa).await.ok()?;
        found.iter().find_map(|record| {
            let Record::Soa { serial, .. } = record else {
                return None;
            };
            Some(*serial)
        })
    }
}

#[cfg(test)]
mod tests;
