//! Settings that are each right and cannot stand together. Each check names the setting to change.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::time::Duration;

use crate::kinds::SmarthostTls;
use crate::settings::{Limits, Listen, Queue, Settings, Smarthost, Tls};
use crate::units::print_duration;

/// The setting at fault, what is wrong, and what to write instead.
pub(crate) struct Clash {
    pub(crate) path: String,
    pub(crate) what: String,
    pub(crate) instead: String,
}

fn clash(path: &str, what: impl Into<String>, instead: impl Into<String>) -> Clash {
    Clash {
        path: path.to_owned(),
        what: what.into(),
        instead: instead.into(),
    }
}

/// All combinations in `settings` that cannot be.
pub(crate) fn check(settings: &Settings) -> Vec<Clash> {
    let Settings {
        listen,
        tls,
        limits,
        queue,
        hostname: _,
        data: _,
        login: _,
        mailbox: _,
        dns: _,
        log: _,
    } = settings;
    let mut clashes = Vec::new();
    check_listen(listen, &mut clashes);
    check_tls(tls, &mut clashes);
    check_limits(limits, &mut clashes);
    check_queue(queue, &mut clashes);
    if let Some(smarthost) = &queue.smarthost {
        check_smarthost(smarthost, &mut clashes);
    }
    clashes
}

/// Every listener with its protocol, in the order of the declaration.
fn listeners(listen: &Listen) -> [(&'static str, &[SocketAddr]); 9] {
    let Listen {
        smtp,
        submission,
        submissions,
        imap,
        imaps,
        pop3,
        pop3s,
        lmtp,
        http,
    } = listen;
    [
        ("smtp", smtp),
        ("submission", submission),
        ("submissions", submissions),
        ("imap", imap),
        ("imaps", imaps),
        ("pop3", pop3),
        ("pop3s", pop3s),
        ("lmtp", lmtp),
        ("http", http),
    ]
}

fn check_listen(listen: &Listen, clashes: &mut Vec<Clash>) {
    let mut taken: HashMap<SocketAddr, &str> = HashMap::new();
    for (protocol, addresses) in listeners(listen) {
        for address in addresses.iter().filter(|address| address.port() != 0) {
            if let Some(first) = taken.insert(*address, protocol) {
                let what = format!("`{address}` is taken by `listen.{first}` already");
                clashes.push(clash(
                    &format!("listen.{protocol}"),
                    what,
                    "give each its own port",
                ));
            }
        }
    }
    if listeners(listen)
        .iter()
        .all(|(_, addresses)| addresses.is_empty())
    {
        let what = "the server would listen nowhere";
        clashes.push(clash("listen", what, "leave out at least one of the empty lists"));
    }
}

fn check_tls(tls: &Tls, clashes: &mut Vec<Clash>) {
    match (&tls.certificate, &tls.key) {
        (Some(_), None) => {
            clashes.push(clash(
                "tls.certificate",
                "a certificate without its key",
                "add `key = \"…\"`",
            ));
        }
        (None, Some(_)) => {
            clashes.push(clash(
                "tls.key",
                "a key without its certificate",
                "add `certificate = \"…\"`",
            ));
        }
        (Some(_), Some(_)) | (None, None) => {}
    }
}

fn check_limits(limits: &Limits, clashes: &mut Vec<Clash>) {
    if limits.header_size > limits.message_size {
        let instead = format!("write at most `message_size`, which is {}", limits.message_size);
        clashes.push(clash(
            "limits.header_size",
            "larger than a whole message may be",
            instead,
        ));
    }
    if limits.sessions_per_address > limits.sessions_total {
        let instead = format!(
            "write at most `sessions_total`, which is {}",
            limits.sessions_total
        );
        clashes.push(clash(
            "limits.sessions_per_address",
            "more than all addresses together",
            instead,
        ));
    }
}

fn check_queue(queue: &Queue, clashes: &mut Vec<Clash>) {
    let max_age = print_duration(queue.max_age);
    if queue.retry_after.is_empty() {
        let what = "nothing would be tried a second time";
        clashes.push(clash("queue.retry_after", what, "give at least one time"));
    }
    for &wait in &queue.retry_after {
        let text = print_duration(wait);
        if wait < Duration::from_secs(1) {
            let what = format!("`{text}` would knock without a pause");
            clashes.push(clash("queue.retry_after", what, "write at least \"1s\""));
        } else if wait > queue.max_age {
            let instead = format!("write at most `max_age`, which is \"{max_age}\"");
            clashes.push(clash(
                "queue.retry_after",
                format!("`{text}` is longer than `max_age`"),
                instead,
            ));
        }
    }
    if queue.delay_notice_after >= queue.max_age {
        let what = "the author would hear of the failure before the delay";
        let instead = format!("write less than `max_age`, which is \"{max_age}\", or \"0\" for no notice");
        clashes.push(clash("queue.delay_notice_after", what, instead));
    }
    if queue.connections_per_domain > queue.connections_total {
        let instead = format!(
            "write at most `connections_total`, which is {}",
            queue.connections_total
        );
        clashes.push(clash(
            "queue.connections_per_domain",
            "more than to all domains together",
            instead,
        ));
    }
}

fn check_smarthost(smarthost: &Smarthost, clashes: &mut Vec<Clash>) {
    let has_password = smarthost.password.is_some() || smarthost.password_file.is_some();
    if smarthost.password.is_some() && smarthost.password_file.is_some() {
        let what = "there are two passwords";
        clashes.push(clash(
            "queue.smarthost.password",
            what,
            "remove this one or `password_file`",
        ));
    }
    if smarthost.user.is_some() && !has_password {
        let what = "a user without a password";
        clashes.push(clash("queue.smarthost.user", what, "add `password_file = \"…\"`"));
    }
    if smarthost.user.is_none() && has_password {
        let set = if smarthost.password.is_some() {
            "password"
        } else {
            "password_file"
        };
        let path = format!("queue.smarthost.{set}");
        clashes.push(clash(&path, "a password without a user", "add `user = \"…\"`"));
    }
    if smarthost.tls == SmarthostTls::None && has_password && !smarthost.host.is_loopback() {
        let what = "the password would cross the network in the clear";
        clashes.push(clash(
            "queue.smarthost.tls",
            what,
            "write `tls = \"implicit\"` or `tls = \"starttls\"`",
        ));
    }
}
