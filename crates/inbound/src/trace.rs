//! The trace fields: Received and Return-Path (RFC 5321 section 4.4, RFC 3848).

use std::fmt::Write as _;

use posthorn_base::{ReversePath, Timestamp};

use crate::incoming::{Incoming, Origin};

/// The Received field that says how the message came to us.
///
/// For a person who logged in it does not name the address of the machine at home: the receiver has no
/// use for it, and everybody on the way could read where the sender sat.
pub(crate) fn received(incoming: &Incoming, hostname: &str, now: Timestamp) -> String {
    let mut field = String::from("Received: ");
    let mut protocol = "LOCAL";
    let mut session = String::new();
    if let Some(client) = &incoming.client {
        if incoming.origin == Origin::Relay {
            let _infallible = write!(
                field,
                "from {} ([{}])",
                printable(&client.helo),
                literal(client.ip)
            );
            if let Some(tls) = &client.tls {
                let _infallible = write!(
                    field,
                    "\r\n\t({} {})",
                    printable(&tls.version),
                    printable(&tls.cipher)
                );
            }
            field.push_str("\r\n\t");
        }
        protocol = client.protocol;
        session = format!(" (session {})", client.session);
    }
    let _infallible = write!(
        field,
        "by {hostname} with {protocol} id {}{session}",
        incoming.queue_id
    );
    // Naming one of several recipients would tell the others about it (RFC 5321 section 7.6).
    if let [only] = incoming.addressees.as_slice() {
        let _infallible = write!(field, "\r\n\tfor <{}>", only.address);
    }
    let _infallible = write!(field, ";\r\n\t{}\r\n", now.to_rfc5322());
    field
}

/// The Return-Path field of the final delivery.
pub(crate) fn return_path(path: &ReversePath) -> String {
    format!("Return-Path: {path}\r\n")
}

fn literal(ip: std::net::IpAddr) -> String {
    match ip {
        std::net::IpAddr::V4(ip) => ip.to_string(),
        std::net::IpAddr::V6(ip) => format!("IPv6:{ip}"),
    }
}

/// What a peer says of itself may not break out of the field.
fn printable(text: &str) -> String {
    text.chars()
        .filter(|c| c.is_ascii_graphic() && !"();".contains(*c))
        .take(255)
        .collect()
}
