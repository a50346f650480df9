//! Every setting of Posthorn, declared once. The doc comments are the manual: write them for the person
//! who runs the server. What may not stand together is in `combinations.rs`.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

use posthorn_base::{Domain, Secret, limits};

use crate::kinds::{DetailSeparator, LogFormat, LogLevel, OverQuota, RemoteHost, SmarthostTls};
use crate::section::section;
use crate::units::Size;

/// Every IPv4 and every IPv6 address of the machine.
fn everywhere(port: u16) -> Vec<SocketAddr> {
    let v4 = SocketAddr::new(IpAddr::V4(Ipv4Addr::UNSPECIFIED), port);
    let v6 = SocketAddr::new(IpAddr::V6(Ipv6Addr::UNSPECIFIED), port);
    vec![v4, v6]
}

const fn minutes(minutes: u64) -> Duration {
    Duration::from_secs(minutes * 60)
}

const fn hours(hours: u64) -> Duration {
    minutes(hours * 60)
}

const fn days(days: u64) -> Duration {
    hours(days * 24)
}

const MIB: u64 = 1 << 20;

section! {
    /// The first lines of the file, before any table.
    Settings at "";
    /// The name of this server, as it greets other servers. It should have an address record that points
    /// here, and the address a PTR record that points back, or other servers may refuse its mail.
    hostname: Domain, example "\"mail.example.org\"";
    /// The folder that holds all mail, accounts and the queue. Back up this one folder and you have everything.
    data: PathBuf = PathBuf::from("data"), example "\"/var/lib/posthorn\"";

    tables {
        /// Where the server listens.
        listen: Listen;
        /// The certificate.
        tls: Tls;
        /// Logging in.
        login: Login;
        /// Limits.
        limits: Limits;
        /// Mailboxes.
        mailbox: Mailbox;
        /// Mail on its way out.
        queue: Queue;
        /// Name servers.
        dns: Dns;
        /// The log.
        log: Log;
    }
}

section! {
    /// Where the server listens: for each protocol a list of addresses with ports. `0.0.0.0` is every IPv4
    /// address of the machine, `[::]` every IPv6 address (and those only); port 0 takes a free port; the
    /// empty list `[]` switches the protocol off.
    Listen at "listen" impl Default;
    /// Mail from other servers (SMTP, RFC 5321), with STARTTLS.
    smtp: Vec<SocketAddr> = everywhere(25), example "[\"0.0.0.0:25\", \"[::]:25\"]";
    /// Mail from your own users' programs (RFC 6409), with STARTTLS.
    submission: Vec<SocketAddr> = everywhere(587), example "[\"192.0.2.1:587\"]";
    /// Mail from your own users' programs with TLS from the first octet (RFC 8314): prefer it to `submission`.
    submissions: Vec<SocketAddr> = everywhere(465), example "[\"192.0.2.1:465\"]";
    /// Reading mail (IMAP, RFC 9051), with STARTTLS.
    imap: Vec<SocketAddr> = everywhere(143), example "[\"192.0.2.1:143\"]";
    /// Reading mail (IMAP) with TLS from the first octet: prefer it to `imap`.
    imaps: Vec<SocketAddr> = everywhere(993), example "[\"192.0.2.1:993\"]";
    /// Fetching mail (POP3, RFC 1939), with STLS.
    pop3: Vec<SocketAddr> = everywhere(110), example "[\"192.0.2.1:110\"]";
    /// Fetching mail (POP3) with TLS from the first octet: prefer it to `pop3`.
    pop3s: Vec<SocketAddr> = everywhere(995), example "[\"192.0.2.1:995\"]";
    /// Mail handed over by another mail server on this network (LMTP, RFC 2033). Whoever reaches this port
    /// is trusted, so it belongs on a loopback or private address.
    lmtp: Vec<SocketAddr> = Vec::new(), example "[\"127.0.0.1:24\"]";
    /// The web pages: how to set up a mail program, `/health` and, for this machine only, `/metrics`. In
    /// plain text, so it belongs on a loopback address, alone or behind a proxy that speaks TLS and keeps
    /// `/metrics` to itself.
    http: Vec<SocketAddr> = Vec::new(), example "[\"127.0.0.1:8080\"]";
}

section! {
    /// The certificate that the server shows. Without one it makes its own in the data folder at the first
    /// start; mail between servers then still travels encrypted, but people's programs will warn.
    Tls at "tls" impl Default;
    /// The certificate and those between it and the root, as PEM, its own first.
    certificate: Option<PathBuf> = None, example "\"/etc/posthorn/fullchain.pem\"";
    /// The private key of the certificate, as PEM.
    key: Option<PathBuf> = None, example "\"/etc/posthorn/privkey.pem\"";
}

section! {
    /// How people log in.
    Login at "login" impl Default;
    /// May a password be sent over a connection without TLS? Anyone on the way can read it, and with it all
    /// of the person's mail; so only on a network that nobody else is on, such as loopback.
    allow_plaintext: bool = false, example "true";
    /// Failed attempts before the connection is closed.
    failures: u32 = limits::LOGIN_FAILURES, from 1, to 100, unit "attempts", example "3";
    /// The time a POP3 or IMAP client may take from connecting to being logged in; SMTP has
    /// `limits.command_timeout`.
    timeout: Duration = limits::LOGIN_TIMEOUT, from Duration::from_secs(1), to hours(1), example "\"1m\"";
    /// How long a password that proved right is remembered (as a keyed hash, in memory), so that a program
    /// that connects every minute does not cost a slow password hash each time. `0` remembers nothing.
    remember_proof: Duration = minutes(10), from Duration::ZERO, to days(1), example "\"10m\"";
}

section! {
    /// How much a peer may send, and how long it may take.
    Limits at "limits" impl Default;
    /// The largest message that is taken in or sent.
    message_size: Size = Size::from_octets(limits::MESSAGE_OCTETS),
        from Size::from_octets(64 * 1024), to Size::from_octets(2048 * MIB), example "\"50MiB\"";
    /// The largest header section of a message.
    header_size: Size = Size::from_len(limits::HEADER_OCTETS),
        from Size::from_octets(16 * 1024), to Size::from_octets(64 * MIB), example "\"1MiB\"";
    /// The longest SMTP command line with its CRLF; RFC 5321 section 4.5.3.1.4 asks for at least 512.
    command_line_size: Size = Size::from_len(limits::SMTP_COMMAND_LINE_OCTETS),
        from Size::from_octets(512), to Size::from_octets(64 * 1024), example "\"2KiB\"";
    /// The longest line in a message with its CRLF; RFC 5321 section 4.5.3.1.6 asks for at least 1000.
    text_line_size: Size = Size::from_len(limits::SMTP_TEXT_LINE_OCTETS),
        from Size::from_octets(1_000), to Size::from_octets(64 * MIB), example "\"1MiB\"";
    /// Recipients of one message; RFC 5321 section 4.5.3.1.8 asks for at least 100.
    recipients: u32 = u32::try_from(limits::SMTP_RECIPIENTS).unwrap_or(u32::MAX),
        from 100, to 100_000, unit "recipients", example "1000";
    /// `Received` fields at which a message is taken to run in a circle.
    received_fields: u32 = u32::try_from(limits::RECEIVED_FIELDS).unwrap_or(u32::MAX),
        from 10, to 1_000, unit "fields", example "50";
    /// Faulty or refused SMTP commands before the connection is closed.
    errors_per_session: u32 = limits::SMTP_ERRORS, from 1, to 10_000, unit "commands", example "20";
    /// Connections at the same time, of all protocols together.
    sessions_total: u32 = 10_000, from 1, to 1_000_000, unit "connections", example "10000";
    /// Connections at the same time from one address (one /64 network with IPv6).
    sessions_per_address: u32 = 100, from 1, to 1_000_000, unit "connections", example "100";
    /// The time an SMTP client may take between commands; RFC 5321 section 4.5.3.2.7 asks for at least 5 minutes.
    command_timeout: Duration = limits::SMTP_COMMAND_TIMEOUT,
        from Duration::from_secs(1), to hours(1), example "\"5m\"";
    /// The time a POP3 client may be silent; RFC 1939 section 3 asks for at least 10 minutes.
    pop3_idle_timeout: Duration = limits::POP3_IDLE_TIMEOUT, from Duration::from_secs(1), to days(1), example "\"10m\"";
    /// How long a person must wait between two POP3 log-ins (RFC 2449 section 6.5), for programs that ask
    /// every few seconds; `0` is not at all. One that is too early is told so, and loses nothing.
    pop3_login_delay: Duration = Duration::ZERO, from Duration::ZERO, to days(1), example "\"1m\"";
    /// The time an IMAP client may be silent; RFC 9051 section 5.4 asks for at least 30 minutes.
    imap_idle_timeout: Duration = limits::IMAP_IDLE_TIMEOUT, from Duration::from_secs(1), to days(7), example "\"30m\"";
}

section! {
    /// People's mailboxes.
    Mailbox at "mailbox" impl Default;
    /// How much mail an account may hold unless it has a quota of its own; `0` is no limit.
    quota: Size = Size::ZERO, example "\"10GB\"";
    /// What a sender hears when the mailbox is full: `retry` (reply 452: the sender keeps the message and
    /// tries again for days) or `refuse` (reply 552: the author hears of it at once).
    over_quota: OverQuota = OverQuota::Retry, example "\"refuse\"";
    /// Does mail to `anna+news@…` reach `anna@…` (RFC 5233)? `+` for yes, `off` for no.
    detail_separator: DetailSeparator = DetailSeparator::Plus, example "\"off\"";
}

section! {
    /// Mail on its way to other servers.
    Queue at "queue" impl Default;
    /// How long to wait after the first, second, … attempt that failed for now; the last one repeats until
    /// `max_age`. RFC 5321 section 4.5.4.1 asks for at least 30 minutes in general, sooner is kind at first.
    retry_after: Vec<Duration> = vec![
        minutes(5), minutes(10), minutes(30), hours(1), hours(2), hours(4), hours(8),
    ], example "[\"5m\", \"30m\", \"2h\"]";
    /// How long to try before the author is told that it failed; RFC 5321 section 4.5.4.1 asks for 4 to 5 days.
    max_age: Duration = days(5), from Duration::from_secs(1), to days(30), example "\"5d\"";
    /// When to tell the author that a message is still waiting; `0` is never.
    delay_notice_after: Duration = hours(4), from Duration::ZERO, to days(30), example "\"4h\"";
    /// Connections at the same time to the servers of one domain.
    connections_per_domain: u32 = 4, from 1, to 1_000, unit "connections", example "4";
    /// Connections at the same time to all other servers.
    connections_total: u32 = 200, from 1, to 100_000, unit "connections", example "200";
    /// Messages sent over one connection before a new one is made.
    messages_per_connection: u32 = 100, from 1, to 100_000, unit "messages", example "100";
    /// The port of other servers. Anything but 25 is for a private network only.
    port: u16 = 25, from 1, to u16::MAX, example "2525";
    /// The address of this machine that other servers are called from; without it the system chooses. On a
    /// machine with several addresses it should be the one that the domain's SPF record and the PTR record name.
    source_address: Option<IpAddr> = None, example "\"192.0.2.1\"";
    /// How long the story of a message that left the queue can be looked up; `0` forgets it at once.
    history: Duration = days(30), from Duration::ZERO, to days(3_650), example "\"30d\"";

    tables {
        /// A server that takes all mail that leaves.
        smarthost: Option<Smarthost>;
    }
}

section! {
    /// A server that takes all mail that leaves, instead of the recipients' own servers. Leave the whole
    /// table out to deliver directly.
    Smarthost at "queue.smarthost";
    /// Its name or address. Its MX records are not looked at.
    host: RemoteHost, example "\"smtp.example.net\"";
    /// Its port: usually 465 with `implicit`, 587 with `starttls`.
    port: u16 = 465, from 1, to u16::MAX, example "587";
    /// How the connection is protected: `implicit`, `starttls` (which must then succeed) or `none`.
    tls: SmarthostTls = SmarthostTls::Implicit, example "\"starttls\"";
    /// The user name to log in with; without it there is no log-in.
    user: Option<String> = None, example "\"mail-relay\"";
    /// The password. Better in a file of its own: see `password_file`.
    password: Option<Secret<String>> = None, example "\"correct horse battery staple\"";
    /// A file whose first line is the password.
    password_file: Option<PathBuf> = None, example "\"smarthost-password\"";
}

section! {
    /// Looking up names.
    Dns at "dns" impl Default;
    /// The name servers to ask; with the empty list those of the system.
    resolvers: Vec<SocketAddr> = Vec::new(), example "[\"192.0.2.53:53\"]";
    /// How long one question may take with all its repetitions.
    timeout: Duration = Duration::from_secs(10), from Duration::from_millis(100), to minutes(5), example "\"10s\"";
}

section! {
    /// What the server tells about its work.
    Log at "log" impl Default;
    /// From which weight on: `error`, `warn`, `info`, `debug` or `trace`. No level shows passwords.
    level: LogLevel = LogLevel::Info, example "\"debug\"";
    /// `text` for people or `json` for programs, one line each.
    format: LogFormat = LogFormat::Text, example "\"json\"";
}
