//! Gathers the evidence while a message arrives: SPF (RFC 7208), DKIM (RFC 6376), ARC (RFC 8617), DMARC
//! (RFC 9989) and the client's name (RFC 8601 section 3), all asked at the same time. Decides nothing; bounds
//! no time either: that is the business of the [`Lookup`] it is given, whose temporary failures are
//! temporary results here.

mod file;

use std::net::IpAddr;

use futures_util::future::{join_all, join5};
use posthorn_base::lookup::Lookup;
use posthorn_base::{ReversePath, Timestamp, TlsInfo};
use posthorn_dkim::{DkimResult, Verification};
use posthorn_dmarc::Authenticated;
use posthorn_spf::{Identity, Query, SpfResult};

use crate::author::{self, author};
use crate::evidence::{Connection, Evidence, Origin, VERSION};
use crate::iprev::iprev;
use crate::printable::printable;

/// Octets of a HELO name that are kept.
const HELO_OCTETS: usize = 253;
/// Octets of the name of a protocol, and of a TLS cipher, that are kept.
const WORD_OCTETS: usize = 80;

/// A message before the door.
#[derive(Clone, Debug)]
pub struct Arrival<'a> {
    /// How it came.
    pub origin: Origin,
    /// The other side of the connection; `None` when there is none or nobody knows.
    pub client: Option<Client<'a>>,
    /// What `MAIL FROM` said. Of a file with a Return-Path field, that counts instead.
    pub reverse_path: &'a ReversePath,
    /// The message as it came.
    pub octets: &'a [u8],
    /// Our host name.
    pub receiver: &'a str,
}

/// The other side of the connection.
#[derive(Clone, Copy, Debug)]
pub struct Client<'a> {
    /// Its address.
    pub ip: IpAddr,
    /// What it called itself.
    pub helo: &'a str,
    /// Its TLS connection.
    pub tls: Option<&'a TlsInfo>,
    /// `ESMTPS` and the like (RFC 3848).
    pub protocol: &'a str,
}

/// Gathers the evidence of a message. `impression` and `verdict` are left to the caller.
///
/// Of [`Origin::Outside`] everything is asked. Of [`Origin::File`] too, as far as it can be known from the
/// file: the client is read from the topmost Received field that names a public address (or else any), the
/// reverse path from Return-Path; `left_out` says what was not known. Of the others nothing is asked; of
/// [`Origin::Ours`] the connection is not kept either, because the evidence goes to those who get the
/// message, and where its author sat is none of their business.
pub async fn examine<L: Lookup>(lookup: &L, arrival: &Arrival<'_>, now: Timestamp) -> Evidence {
    match arrival.origin {
        Origin::Outside => outside(lookup, arrival, now).await,
        Origin::File => file::file(lookup, arrival, now).await,
        Origin::Ours(_) | Origin::Generated | Origin::Placed => seen(arrival, arrival.octets, now),
    }
}

/// What can be known without asking.
fn seen(arrival: &Arrival<'_>, octets: &[u8], now: Timestamp) -> Evidence {
    let (path, hops_left_out) = crate::path::path(octets);
    Evidence {
        version: VERSION,
        at: now.as_secs(),
        by: arrival.receiver.to_owned(),
        origin: arrival.origin.clone(),
        connection: None,
        reverse_path: arrival.reverse_path.to_text(),
        author: author(octets),
        spf: None,
        spf_helo: None,
        dkim: Verification::default(),
        dmarc: None,
        path,
        impression: None,
        verdict: None,
        left_out: hops_note(hops_left_out).into_iter().collect(),
    }
}

fn hops_note(left_out: usize) -> Option<String> {
    (left_out > 0).then(|| format!("{left_out} stations in the middle of the way"))
}

/// What is asked, and of whom.
struct Questions<'a> {
    client: Option<Client<'a>>,
    /// `None`: nobody knows.
    reverse_path: Option<&'a ReversePath>,
    octets: &'a [u8],
    receiver: &'a str,
    now: Timestamp,
}

async fn outside<L: Lookup>(lookup: &L, arrival: &Arrival<'_>, now: Timestamp) -> Evidence {
    let evidence = seen(arrival, arrival.octets, now);
    let questions = Questions {
        client: arrival.client,
        reverse_path: Some(arrival.reverse_path),
        octets: arrival.octets,
        receiver: arrival.receiver,
        now,
    };
    ask(lookup, &questions, evidence).await
}

async fn ask<L: Lookup>(lookup: &L, questions: &Questions<'_>, mut evidence: Evidence) -> Evidence {
    let domains = asked_about(questions.octets);
    let discoveries = domains
        .iter()
        .map(|domain| posthorn_dmarc::discover(lookup, domain));
    let (connection, spf, spf_helo, dkim, discoveries) = join5(
        connection(lookup, questions),
        spf(lookup, questions, Identity::MailFrom),
        spf(lookup, questions, Identity::Helo),
        posthorn_dkim::verify(lookup, questions.octets, questions.now),
        join_all(discoveries),
    )
    .await;
    let vouched = spf.as_ref().and_then(vouched_by_spf);
    let signed: Vec<Authenticated> = dkim.signatures.iter().filter_map(vouched_by_dkim).collect();
    let evaluations = discoveries
        .iter()
        .map(|discovery| posthorn_dmarc::evaluate(lookup, discovery, vouched.as_ref(), &signed));
    let dmarc = posthorn_dmarc::Evaluation::strictest(join_all(evaluations).await);
    evidence.connection = connection;
    evidence.spf = spf;
    evidence.spf_helo = spf_helo;
    evidence.dkim = dkim;
    evidence.dmarc = Some(dmarc.unwrap_or_else(posthorn_dmarc::Evaluation::of_too_many));
    evidence
}

/// The domains that DMARC is asked about: none when there are too many, the empty one when there is none.
fn asked_about(octets: &[u8]) -> Vec<String> {
    let (_, domains) = author::read(octets);
    match (domains.has_more, domains.names) {
        (true, _) => Vec::new(),
        (false, names) if names.is_empty() => vec![String::new()],
        (false, names) => names,
    }
}

async fn connection<L: Lookup>(lookup: &L, questions: &Questions<'_>) -> Option<Connection> {
    let client = questions.client?;
    Some(Connection {
        ip: client.ip.to_canonical(),
        helo: printable(client.helo, HELO_OCTETS),
        tls: client
            .tls
            .map(|tls| printable(&format!("{} {}", tls.version, tls.cipher), WORD_OCTETS)),
        protocol: printable(client.protocol, WORD_OCTETS),
        iprev: Some(iprev(lookup, client.ip).await),
    })
}

/// SPF of one identity; `None` when there is no client, or nobody knows the reverse path.
async fn spf<L: Lookup>(
    lookup: &L,
    questions: &Questions<'_>,
    identity: Identity,
) -> Option<posthorn_spf::Evaluation> {
    let client = questions.client?;
    let sender = match identity {
        // RFC 7208 section 2.4: the null path is judged as postmaster of the HELO name.
        Identity::MailFrom => questions.reverse_path?.address(),
        Identity::Helo => None,
    };
    let text = sender.map(ToString::to_string).unwrap_or_default();
    let domain = text.rsplit_once('@').map_or(client.helo, |(_, domain)| domain);
    let query = Query {
        identity,
        ip: client.ip.to_canonical(),
        domain,
        sender: &text,
        helo: client.helo,
        receiver: questions.receiver,
        now: questions.now,
    };
    Some(posthorn_spf::check_host(lookup, &query).await)
}

/// The domain SPF vouches for, or would if the DNS had answered.
fn vouched_by_spf(evaluation: &posthorn_spf::Evaluation) -> Option<Authenticated> {
    let certain = match evaluation.result {
        SpfResult::Pass => true,
        SpfResult::TempError => false,
        SpfResult::None
        | SpfResult::Neutral
        | SpfResult::Fail
        | SpfResult::SoftFail
        | SpfResult::PermError => return None,
    };
    Some(Authenticated {
        domain: evaluation.domain.clone(),
        certain,
    })
}

/// The same of a signature.
fn vouched_by_dkim(signature: &posthorn_dkim::Signature) -> Option<Authenticated> {
    let certain = match signature.result {
        DkimResult::Pass => true,
        DkimResult::TempError => false,
        DkimResult::Fail | DkimResult::Policy | DkimResult::Neutral | DkimResult::PermError => return None,
    };
    Some(Authenticated {
        domain: signature.domain.clone(),
        certain,
    })
}

#[cfg(test)]
mod tests;
