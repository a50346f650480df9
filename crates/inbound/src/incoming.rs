//! A message as it stands before the door.

use std::net::IpAddr;
use std::sync::Arc;

use posthorn_accounts::Target;
use posthorn_base::{AccountId, Address, QueueId, SessionId, TlsInfo};
use posthorn_smtp::{Notify, Sender};

use crate::judge::Judgement;

/// Where a message comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// Another server.
    Relay,
    /// A person of ours, logged in.
    Submission(AccountId),
    /// The server itself: a report.
    Generated,
}

/// The other side of the connection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Client {
    /// What it called itself.
    pub helo: String,
    /// Its address.
    pub ip: IpAddr,
    /// Its TLS connection.
    pub tls: Option<TlsInfo>,
    /// The `with` word of the Received field (RFC 3848): `ESMTPS` and the like.
    pub protocol: &'static str,
    /// The session, as it stands in the log.
    pub session: SessionId,
}

/// One accepted recipient and who that is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Addressee {
    /// As the client gave it.
    pub address: Address,
    /// `NOTIFY=`.
    pub notify: Option<Notify>,
    /// `ORCPT=`.
    pub original_recipient: Option<String>,
    /// Where it leads: accounts here, addresses elsewhere.
    pub targets: Vec<Target>,
}

/// A message, complete, not yet accepted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Incoming {
    /// The name it gets.
    pub queue_id: QueueId,
    /// Where it comes from.
    pub origin: Origin,
    /// Who brought it; `None` for [`Origin::Generated`].
    pub client: Option<Client>,
    /// What `MAIL` said.
    pub sender: Sender,
    /// What `RCPT` said, resolved; at least one.
    pub addressees: Vec<Addressee>,
    /// The octets as they came, without what only pretends to be ours.
    pub octets: Arc<[u8]>,
    /// What was found out about it; `None` for what this server writes itself.
    pub judgement: Option<Judgement>,
}
