//! The way of the message, station by station, and where on it trust begins: with what this server saw
//! itself. Everything older is a line of text that anybody could have written.

use posthorn_base::Timestamp;
use posthorn_trust::{Connection, Hop, IprevResult, Origin};

use crate::explanation::Station;
use crate::facts::Facts;
use crate::words::{name, span};

/// Clocks of servers differ by this much without anybody noticing.
const CLOCK_SECS: i64 = 60;

/// The stations, oldest first; ours is the last.
pub(crate) fn journey(facts: &Facts<'_>) -> Vec<Station> {
    let evidence = facts.evidence;
    let mut stations = Vec::with_capacity(evidence.path.len().saturating_add(1));
    let mut before: Option<i64> = None;
    for hop in evidence.path.iter().rev() {
        stations.push(told(hop, before));
        before = hop.at.or(before);
    }
    if let Some(connection) = &evidence.connection {
        stations.push(seen(facts, connection, before));
    }
    stations
}

/// A station that we only have the word of.
fn told(hop: &Hop, before: Option<i64>) -> Station {
    let who = hop.by.as_deref().map(name).unwrap_or_default();
    let receiver = if who.is_empty() {
        "A server without a name"
    } else {
        &who
    };
    let sender = match (
        hop.from.as_deref().map(name).filter(|from| !from.is_empty()),
        hop.ip,
    ) {
        (Some(from), Some(ip)) => format!(" from {from} ({ip})"),
        (Some(from), None) => format!(" from {from}"),
        (None, Some(ip)) => format!(" from {ip}"),
        (None, None) => String::new(),
    };
    let how = if hop.tls { ", encrypted" } else { "" };
    let delay = delay(hop.at, before);
    Station {
        words: format!(
            "{receiver} says that it got the message{sender}{how}{}.",
            delay_words(delay)
        ),
        who,
        ip: hop.ip.map(|ip| ip.to_string()),
        when: hop.at.map(|at| Timestamp::from_secs(at).to_rfc3339()),
        delay_secs: delay,
        tls: hop.tls,
        trusted: false,
    }
}

/// The hand-over to this server.
fn seen(facts: &Facts<'_>, connection: &Connection, before: Option<i64>) -> Station {
    let evidence = facts.evidence;
    let is_file = evidence.origin == Origin::File;
    let by = name(&evidence.by);
    let host = facts.host_or_unknown();
    let helo = name(&connection.helo);
    let is_called = connection.iprev.as_ref().is_some_and(|iprev| {
        iprev.result == IprevResult::Pass && iprev.name.as_deref() == Some(&connection.helo)
    });
    let calls_itself = if is_called || helo.is_empty() {
        String::new()
    } else {
        format!(", which called itself {helo},")
    };
    // What is read from a file was not seen by us, and its moment is that of reading.
    let (at, delay) = if is_file {
        (None, None)
    } else {
        (Some(evidence.at), delay(Some(evidence.at), before))
    };
    let how = connection.tls.as_deref().map_or_else(
        || {
            if is_file {
                String::new()
            } else {
                ", not encrypted".to_owned()
            }
        },
        |tls| format!(", encrypted ({})", name(tls)),
    );
    let words = if is_file {
        format!(
            "The server that the file comes from says that it got the message from {host}{calls_itself}{how}."
        )
    } else {
        format!(
            "{by} got the message from {host}{calls_itself}{how}{}.",
            delay_words(delay)
        )
    };
    Station {
        who: if is_file { String::new() } else { by },
        ip: Some(connection.ip.to_string()),
        when: at.map(|at| Timestamp::from_secs(at).to_rfc3339()),
        delay_secs: delay,
        tls: connection.tls.is_some(),
        trusted: !is_file,
        words: words.replace(",,", ",").replace(",.", "."),
    }
}

fn delay(at: Option<i64>, before: Option<i64>) -> Option<i64> {
    at?.checked_sub(before?)
}

fn delay_words(delay: Option<i64>) -> String {
    match delay {
        None => String::new(),
        Some(secs) if secs < CLOCK_SECS.saturating_neg() => format!(
            ", apparently {} earlier than the station before it, so one of the clocks is wrong",
            span(secs)
        ),
        Some(secs) if secs <= 0 => ", at once".to_owned(),
        Some(secs) => format!(", {} later", span(secs)),
    }
}

/// Where trust begins.
pub(crate) fn boundary(facts: &Facts<'_>) -> String {
    let evidence = facts.evidence;
    let by = name(&evidence.by);
    match &evidence.origin {
        Origin::Ours(_) => format!("All of it was seen by this server, {by}: the author was logged in."),
        Origin::Generated => format!("All of it is the work of this server, {by}."),
        Origin::Placed => "Nothing of the way was seen by this server; the stations above are what the message says."
            .to_owned(),
        Origin::File => match facts.host() {
            Some(host) => format!(
                "Nothing of the way was seen by this server. That {host} handed the message over is read from a line \
                 of the file, and is as reliable as the place the file comes from."
            ),
            None => "Nothing of the way was seen by this server, and the file does not tell who handed the message \
                     over."
                .to_owned(),
        },
        Origin::Outside => {
            let earlier = if evidence.path.is_empty() {
                "The message tells of no earlier stations."
            } else {
                "What earlier stations say is their word, and whoever sent the message could have made it up."
            };
            format!("Trust begins where {} handed the message to {by}. {earlier}", facts.host_or_unknown())
        }
    }
}
