//! What the pages tell of the node. Handed in once; nothing here is looked up.

use std::fmt;
use std::net::IpAddr;

use posthorn_base::{Domain, Timestamp};

/// The node, as its pages describe it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Facts {
    /// Its name.
    pub hostname: Domain,
    /// What it offers to mail programs; doubles are left out.
    pub mail: Vec<MailService>,
    /// The version of the program.
    pub version: &'static str,
    /// When the node started.
    pub started: Timestamp,
}

/// One way for a mail program to connect. In the order of preference: IMAP before POP3, TLS from the first
/// octet before STARTTLS (RFC 8314 section 3).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct MailService {
    /// What it is for.
    pub kind: MailKind,
    /// When TLS begins.
    pub tls: MailTls,
    /// Where a program connects to.
    pub host: Host,
    /// And on which port.
    pub port: u16,
}

/// What a mail program does there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum MailKind {
    /// Reads mail (RFC 9051).
    Imap,
    /// Fetches mail (RFC 1939).
    Pop3,
    /// Sends mail (RFC 6409).
    Submission,
}

/// When TLS begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum MailTls {
    /// With the first octet.
    Implicit,
    /// After STARTTLS or STLS.
    StartTls,
}

/// How a mail program names the server.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Host {
    /// By a name that DNS knows.
    Name(Domain),
    /// By address: a node on loopback, which no name leads to.
    Ip(IpAddr),
}

impl fmt::Display for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Name(name) => f.write_str(name.as_str()),
            Self::Ip(ip) => ip.fmt(f),
        }
    }
}

impl Facts {
    /// Puts the services in the order of preference and drops doubles, such as the same port on IPv4 and IPv6.
    pub(crate) fn arrange(&mut self) {
        self.mail.sort();
        self.mail.dedup();
    }

    /// The host of all services, if it is one and the same.
    pub(crate) fn only_host(&self) -> Option<&Host> {
        let host = &self.mail.first()?.host;
        self.mail
            .iter()
            .all(|service| service.host == *host)
            .then_some(host)
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    pub(crate) fn service(kind: MailKind, tls: MailTls, port: u16) -> MailService {
        let host = Host::Name(Domain::parse("mail.example.org").unwrap());
        MailService {
            kind,
            tls,
            host,
            port,
        }
    }

    pub(crate) fn facts(mail: Vec<MailService>) -> Facts {
        let mut facts = Facts {
            hostname: Domain::parse("mail.example.org").unwrap(),
            mail,
            version: "1.2.3",
            started: Timestamp::from_secs(1_700_000_000),
        };
        facts.arrange();
        facts
    }

    /// Every service there is, as a node with two wildcard listeners lists them.
    pub(crate) fn all_services() -> Vec<MailService> {
        let ports = [
            service(MailKind::Submission, MailTls::StartTls, 587),
            service(MailKind::Submission, MailTls::Implicit, 465),
            service(MailKind::Imap, MailTls::StartTls, 143),
            service(MailKind::Imap, MailTls::Implicit, 993),
            service(MailKind::Pop3, MailTls::StartTls, 110),
            service(MailKind::Pop3, MailTls::Implicit, 995),
        ];
        ports.iter().flat_map(|one| [one.clone(), one.clone()]).collect()
    }

    #[test]
    fn services_stand_once_and_in_the_order_of_preference() {
        let ports = facts(all_services())
            .mail
            .iter()
            .map(|one| one.port)
            .collect::<Vec<_>>();
        assert_eq!(ports, [993, 143, 995, 110, 465, 587]);
    }

    #[test]
    fn a_host_is_the_only_one_when_every_service_has_it() {
        let mut mixed = facts(all_services());
        assert_eq!(mixed.only_host(), Some(&mixed.mail[0].host));
        mixed.mail[3].host = Host::Ip("127.0.0.1".parse().unwrap());
        assert_eq!(mixed.only_host(), None);
        assert_eq!(facts(Vec::new()).only_host(), None);
    }
}
