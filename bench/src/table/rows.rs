//! What the table shows: which figure of which scenario, which way is better, and the goal.

use serde_json::Value;

pub(super) enum Better {
    More,
    Less,
}

#[derive(Clone, Copy)]
pub(super) enum Goal {
    None,
    /// So many times better than the peer.
    Times(f64),
    /// At most so much, whatever the peer does.
    AtMost(f64),
    /// At least so much, whatever the peer does.
    AtLeast(f64),
}

pub(super) struct Row {
    pub(super) name: &'static str,
    pub(super) unit: &'static str,
    /// The scenarios that the figure comes from.
    pub(super) labels: &'static [&'static str],
    pub(super) value: fn(&[&Value]) -> Option<f64>,
    pub(super) better: Better,
    pub(super) goal: Goal,
}

const fn more(
    name: &'static str,
    unit: &'static str,
    labels: &'static [&'static str],
    value: fn(&[&Value]) -> Option<f64>,
) -> Row {
    Row {
        name,
        unit,
        labels,
        value,
        better: Better::More,
        goal: Goal::None,
    }
}

const fn less(
    name: &'static str,
    unit: &'static str,
    labels: &'static [&'static str],
    value: fn(&[&Value]) -> Option<f64>,
) -> Row {
    Row {
        name,
        unit,
        labels,
        value,
        better: Better::Less,
        goal: Goal::None,
    }
}

impl Row {
    const fn goal(mut self, goal: Goal) -> Self {
        self.goal = goal;
        self
    }
}

fn field(line: &Value, key: &str) -> Option<f64> {
    line.get(key)?.as_f64()
}

/// Processor time of the whole process tree, in milliseconds for each of what `count` counts.
fn cpu_each(line: &Value, count: &str) -> Option<f64> {
    Some(field(line, "cpu_server_s")? * 1e3 / field(line, count)?.max(1.0))
}

/// One process: resident memory. Several: each shared page counted once.
fn resident_mb(line: &Value) -> Option<f64> {
    let key = if field(line, "processes")? > 1.0 {
        "pss_kb"
    } else {
        "rss_kb"
    };
    Some(field(line, key)? / 1e3)
}

fn visible(lines: &[&Value]) -> Option<f64> {
    field(lines[0], "visible_msgs_s")
}

fn cpu_message(lines: &[&Value]) -> Option<f64> {
    cpu_each(lines[0], "messages")
}

fn cpu_command(lines: &[&Value]) -> Option<f64> {
    cpu_each(lines[0], "commands")
}

fn command_ms(lines: &[&Value]) -> Option<f64> {
    field(lines[0], "command_p50_ms")
}

fn commands_s(lines: &[&Value]) -> Option<f64> {
    field(lines[0], "commands_s")
}

fn each_kb(lines: &[&Value]) -> Option<f64> {
    field(lines[0], "pss_each_kb")
}

fn messages_s(lines: &[&Value]) -> Option<f64> {
    field(lines[0], "msgs_s")
}

fn syncs(lines: &[&Value]) -> Option<f64> {
    field(lines[0], "syncs_each")
}

fn memory(lines: &[&Value]) -> Option<f64> {
    resident_mb(lines[0])
}

pub(super) const ROWS: &[Row] = &[
    more(
        "10 KB over 10 connections: to be seen by IMAP",
        "messages/s",
        &["accept-10"],
        visible,
    )
    .goal(Goal::Times(8.0)),
    less(
        "10 KB over 10 connections: processor time",
        "ms/message",
        &["accept-10"],
        cpu_message,
    )
    .goal(Goal::AtMost(0.6)),
    less(
        "10 KB over 10 connections: end of data to 250, median",
        "ms",
        &["accept-10"],
        |l| field(l[0], "data_250_p50_ms"),
    ),
    less(
        "10 KB over 10 connections: end of data to 250, 99 %",
        "ms",
        &["accept-10"],
        |l| field(l[0], "data_250_p99_ms"),
    ),
    less(
        "10 KB over 10 connections: cores that others used",
        "cores",
        &["accept-10"],
        |l| Some(field(l[0], "cpu_other_s")? / field(l[0], "visible_s")?),
    ),
    less(
        "10 KB over 10 connections: forced to the disk",
        "syncs/message",
        &["syncs-10"],
        syncs,
    ),
    more(
        "10 KB over 1 connection: to be seen by IMAP",
        "messages/s",
        &["accept-1"],
        visible,
    ),
    less(
        "10 KB over 1 connection: processor time",
        "ms/message",
        &["accept-1"],
        cpu_message,
    ),
    less(
        "10 KB over 1 connection: forced to the disk",
        "syncs/message",
        &["syncs-1"],
        syncs,
    )
    .goal(Goal::AtMost(1.05)),
    less("memory after the start", "MB", &["memory-idle"], memory).goal(Goal::AtMost(40.0)),
    less("memory after all of this", "MB", &["memory-end"], memory),
    less(
        "memory of a session in IDLE, of 1,000",
        "KB",
        &["idle-1000"],
        each_kb,
    )
    .goal(Goal::AtMost(8.0)),
    less(
        "memory of a session in IDLE, of 10,000",
        "KB",
        &["idle-10000"],
        each_kb,
    )
    .goal(Goal::AtMost(8.0)),
    less(
        "memory of a session in IDLE with TLS, of 1,000",
        "KB",
        &["idle-tls-1000"],
        each_kb,
    )
    .goal(Goal::AtMost(30.0)),
    less(
        "memory of a session in IDLE with TLS, of 10,000",
        "KB",
        &["idle-tls-10000"],
        each_kb,
    )
    .goal(Goal::AtMost(30.0)),
    less(
        "first log-in of a user: processor time",
        "ms",
        &["login-first"],
        cpu_command,
    ),
    less(
        "later log-in of the same user: processor time",
        "ms",
        &["login-later"],
        cpu_command,
    )
    .goal(Goal::AtMost(1.0)),
    less(
        "delivery into an empty mailbox: processor time",
        "ms/message",
        &["deliver-empty"],
        cpu_message,
    ),
    less(
        "delivery into the big mailbox: processor time",
        "ms/message",
        &["deliver-big"],
        cpu_message,
    ),
    less(
        "delivery, big over empty: processor time",
        "times",
        &["deliver-big", "deliver-empty"],
        |l| Some(cpu_each(l[0], "messages")? / cpu_each(l[1], "messages")?),
    ),
    less("from 250 to EXISTS in IDLE, median", "ms", &["notify"], |l| {
        field(l[0], "exists_after_250_p50_ms")
    })
    .goal(Goal::AtMost(2.0)),
    less(
        "from end of data to EXISTS in IDLE, median",
        "ms",
        &["notify"],
        |l| field(l[0], "exists_after_data_p50_ms"),
    ),
    less(
        "from end of data to EXISTS in IDLE, 99 %",
        "ms",
        &["notify"],
        |l| field(l[0], "exists_after_data_p99_ms"),
    ),
    less("big mailbox: SELECT", "ms", &["select"], command_ms).goal(Goal::AtMost(5.0)),
    less(
        "big mailbox: FETCH 1:* (UID FLAGS)",
        "ms",
        &["fetch-flags"],
        command_ms,
    )
    .goal(Goal::AtMost(75.0)),
    less(
        "big mailbox: FETCH 1:* with ENVELOPE, the first time",
        "ms",
        &["fetch-first"],
        command_ms,
    )
    .goal(Goal::AtMost(1000.0)),
    less(
        "big mailbox: FETCH 1:* with ENVELOPE",
        "ms",
        &["fetch-all"],
        command_ms,
    )
    .goal(Goal::AtMost(600.0)),
    less(
        "big mailbox: FETCH of a whole message picked at random",
        "ms",
        &["fetch-random"],
        command_ms,
    )
    .goal(Goal::AtMost(0.1)),
    less(
        "big mailbox: STORE of a flag, with its sync",
        "ms",
        &["store"],
        command_ms,
    ),
    less(
        "big mailbox: STORE 1:* +FLAGS (\\Seen)",
        "ms",
        &["store-all"],
        command_ms,
    )
    .goal(Goal::AtMost(500.0)),
    less(
        "big mailbox: SELECT with QRESYNC after 100 changes",
        "ms",
        &["resync"],
        command_ms,
    )
    .goal(Goal::AtMost(5.0)),
    less(
        "big mailbox: from its last message until searches go by the index",
        "ms",
        &["search-ready"],
        command_ms,
    ),
    less(
        "big mailbox: SEARCH TEXT of a word in 0.1 %",
        "ms",
        &["search-rare"],
        command_ms,
    )
    .goal(Goal::AtMost(20.0)),
    less(
        "big mailbox: SEARCH TEXT of a word in 10 %",
        "ms",
        &["search-common"],
        command_ms,
    )
    .goal(Goal::AtMost(150.0)),
    less(
        "big mailbox: SEARCH SUBJECT of one message",
        "ms",
        &["search-subject"],
        command_ms,
    )
    .goal(Goal::AtMost(20.0)),
    less("big mailbox: SORT by date", "ms", &["sort"], command_ms),
    less(
        "big mailbox: COPY of 10,000 messages",
        "ms",
        &["copy"],
        command_ms,
    )
    .goal(Goal::AtMost(500.0)),
    more(
        "big mailbox: APPEND of 4 KB, 1 connection",
        "messages/s",
        &["append"],
        commands_s,
    )
    .goal(Goal::AtLeast(1500.0)),
    more(
        "empty mailbox: APPEND of 4 KB, 1 connection",
        "messages/s",
        &["append-empty"],
        commands_s,
    )
    .goal(Goal::AtLeast(1500.0)),
    less(
        "longest APPEND of another user during STORE 1:*",
        "ms",
        &["append-beside"],
        |l| field(l[0], "command_max_ms"),
    ),
    less(
        "mailbox of a million: SELECT",
        "ms",
        &["million-select"],
        command_ms,
    )
    .goal(Goal::AtMost(50.0)),
    less(
        "mailbox of a million: memory of a session",
        "KB",
        &["million-idle"],
        each_kb,
    )
    .goal(Goal::AtMost(1000.0)),
    more(
        "big mailbox: filling it with APPEND",
        "messages/s",
        &["fill"],
        messages_s,
    ),
    more(
        "IMAP: every message of 100 users, whole",
        "messages/s",
        &["check"],
        messages_s,
    ),
    more(
        "POP3: every message of 40 users, 4 connections",
        "messages/s",
        &["pop3"],
        messages_s,
    ),
];

/// Operations on the big mailbox by 1, 10 and 50 sessions at once: name, and the label of one session.
pub(super) const AT_ONCE: &[(&str, &str)] = &[
    ("SELECT", "select"),
    ("FETCH 1:* (UID FLAGS)", "fetch-flags"),
    ("FETCH 1:* with ENVELOPE", "fetch-all"),
    ("FETCH of a whole message", "fetch-random"),
    ("STORE of a flag", "store"),
    ("SEARCH TEXT of a word in 0.1 %", "search-rare"),
    ("APPEND of 4 KB", "append"),
];

/// What the machine does on its own, without a server.
pub(super) const MACHINE: &[Row] = &[
    less(
        "SPF, DKIM and DMARC of a message of 10 KB: processor time",
        "ms/message",
        &["trust"],
        |l| field(l[0], "cpu_ms_per_message"),
    )
    .goal(Goal::AtMost(0.3)),
    less("one RSA-2048 verification alone", "ms", &["trust"], |l| {
        field(l[0], "rsa_verify_ms")
    }),
    less("one SHA-256 pass alone", "ms", &["trust"], |l| {
        field(l[0], "sha256_ms")
    }),
    more(
        "round trips over loopback, 1 connection",
        "1/s",
        &["loopback"],
        |l| field(l[0], "round_trips_s"),
    ),
    more(
        "10 KB into one log, fdatasync for 64 at a time",
        "messages/s",
        &["disk-log-64"],
        messages_s,
    ),
    more(
        "10 KB into one log, fdatasync for 10 at a time",
        "messages/s",
        &["disk-log-10"],
        messages_s,
    ),
    more(
        "10 KB into one log, fdatasync for each",
        "messages/s",
        &["disk-log-1"],
        messages_s,
    ),
];
