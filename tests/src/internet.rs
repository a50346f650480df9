//! A private internet: addresses of the loopback network, one port that all mail servers share, a name
//! server, and the records with which domains vouch for their mail.

use std::net::{Ipv4Addr, TcpListener};

use serde_json::Value;

use crate::dns::{Dns, Record};
use crate::node::{Node, Options};
use crate::program::Input;
use crate::random::Random;

/// Mail servers on it that a test may start.
const PLACES: u8 = 4;

/// Servers find each other by address, the port is one setting for all.
#[derive(Debug)]
pub struct Internet {
    /// Its name server.
    pub dns: Dns,
    net: (u8, u8),
    port: u16,
}

impl Internet {
    /// Nobody is on it yet.
    ///
    /// # Panics
    /// When no port is free on all its addresses.
    #[must_use]
    pub fn new() -> Self {
        let mut random = Random::seeded();
        let mut octet = || u8::try_from(1 + random.below(250)).unwrap();
        let net = (octet(), octet());
        let first = TcpListener::bind((place(net, 1), 0)).unwrap();
        let port = first.local_addr().unwrap().port();
        let others: Vec<TcpListener> = (2..=PLACES)
            .map(|last| TcpListener::bind((place(net, last), port)).unwrap())
            .collect();
        drop((first, others));
        Self {
            dns: Dns::serve(&[]),
            net,
            port,
        }
    }

    /// The address of the `last`th place.
    #[must_use]
    pub fn place(&self, last: u8) -> Ipv4Addr {
        place(self.net, last)
    }

    /// Where mail servers listen at the `last`th place.
    #[must_use]
    pub fn mail_port(&self, last: u8) -> String {
        format!("{}:{}", self.place(last), self.port)
    }

    /// A node at a place: sends from there, asks the name server of this internet. `domain` has an MX record,
    /// its host an address and the address the host's name.
    #[must_use]
    pub fn options(&self, domain: &str, last: u8) -> Options {
        let host = format!("mail.{domain}");
        let address = self.place(last);
        self.dns.add(domain, Record::Mx(host.clone()));
        self.dns.add(&host, Record::A(address));
        self.dns.name_address(address, &host);
        let settings = format!(
            "[queue]\nport = {}\nsource_address = \"{address}\"\nretry_after = [\"1h\"]\n\
             [dns]\nresolvers = [\"{}\"]\ntimeout = \"2s\"\n",
            self.port, self.dns.address
        );
        Options {
            hostname: host,
            domain: domain.to_owned(),
            smtp: self.mail_port(last),
            settings,
            ..Options::default()
        }
    }

    /// [`Self::options`], started.
    #[must_use]
    pub fn node(&self, domain: &str, last: u8) -> Node {
        Node::start(self.options(domain, last))
    }

    /// SPF for the address of a place alone, for the domain and its mail server's name, and a DMARC policy.
    pub fn publish(&self, domain: &str, last: u8, policy: &str) {
        let spf = format!("v=spf1 ip4:{} -all", self.place(last));
        self.dns.add(domain, Record::Txt(spf.clone()));
        self.dns.add(&format!("mail.{domain}"), Record::Txt(spf));
        let dmarc = format!("v=DMARC1; p={policy}");
        self.dns.add(&format!("_dmarc.{domain}"), Record::Txt(dmarc));
    }

    /// Publishes every key of the node's domain and lets the new ones sign.
    ///
    /// # Panics
    /// When that is refused.
    pub fn sign(&self, node: &Node, domain: &str) {
        for key in keys(node, domain) {
            let (Some(name), Some(value)) = (key["name"].as_str(), key["value"].as_str()) else {
                continue;
            };
            self.dns.remove(name);
            self.dns.add(name, Record::Txt(value.to_owned()));
        }
        self.rotate(node, domain).ok();
    }

    /// `posthorn dkim rotate`, which asks the name server of this internet.
    #[must_use]
    pub fn rotate(&self, node: &Node, domain: &str) -> crate::program::Finished {
        let resolver = self.dns.address.to_string();
        node.posthorn(&["dkim", "rotate", domain, "--resolver", &resolver], Input::None)
    }
}

impl Default for Internet {
    fn default() -> Self {
        Self::new()
    }
}

/// The keys of a domain, as `posthorn dkim list --json` tells them.
///
/// # Panics
/// When it does not.
#[must_use]
pub fn keys(node: &Node, domain: &str) -> Vec<Value> {
    let listed = node
        .posthorn(&["dkim", "list", domain, "--json"], Input::None)
        .ok();
    serde_json::from_str(&listed).unwrap()
}

fn place(net: (u8, u8), last: u8) -> Ipv4Addr {
    Ipv4Addr::new(127, net.0, net.1, last)
}
