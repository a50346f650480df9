//! Two sessions on one mailbox: whatever one does while the other is at something, the other is never told anything
//! that breaks its numbering, and in the end both know the mailbox as it is.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "a panic is how a test fails"
)]

#[path = "beside/client.rs"]
mod client;
#[path = "beside/house.rs"]
mod house;
#[path = "beside/unasked.rs"]
mod unasked;

use std::collections::BTreeSet;

use client::{Client, Mode, numbers};
use house::{House, Stop};

/// What one session does at a moment of the other's choice.
const DISTURBANCES: &[&str] = &[
    "NOOP",
    "FETCH 1:* BODY[]",
    "STORE 3 +FLAGS (\\Flagged)",
    "STORE 3:4 +FLAGS.SILENT (\\Answered)",
    "UID STORE 1:* -FLAGS (\\Deleted)",
    "COPY 1:2 other",
    "UID COPY 3 box",
    "MOVE 3 other",
    "UID MOVE 1,4 other",
    "MOVE 2 box",
    "EXPUNGE",
    "UID EXPUNGE 1:5",
    "CLOSE",
    "APPEND box (\\Seen) {12+}\r\nSubject: n\r\n",
    "APPEND box {2+}\r\nx {3+}\r\ny\r\n",
    "REPLACE 2 box (\\Draft) {12+}\r\nSubject: r\r\n",
    "UID REPLACE 4 other {1+}\r\nx",
    "SEARCH SUBJECT x",
    "SORT (DATE) UTF-8 ALL",
    "RENAME box elsewhere",
    "DELETE box",
];

/// What the other session is at.
const COMMANDS: &[&str] = &[
    "",
    "IDLE",
    "NOOP",
    "CHECK",
    "FETCH 1:* (UID FLAGS)",
    "FETCH 2:4 BODY[]",
    "UID FETCH 1:* (FLAGS BODY.PEEK[])",
    "STORE 2:3 +FLAGS (mark)",
    "STORE 2:3 +FLAGS.SILENT (mark)",
    "UID STORE 1:* +FLAGS (mark)",
    "SEARCH 2:3 ALL",
    "UID SEARCH ALL",
    "UID SEARCH 1:2",
    "SORT (DATE) UTF-8 1:*",
    "THREAD ORDEREDSUBJECT UTF-8 ALL",
    "COPY 2:3 other",
    "MOVE 2:3 other",
    "UID MOVE 3 other",
    "EXPUNGE",
    "UID EXPUNGE 1:4",
    "APPEND box {1+}\r\nx",
    "REPLACE 2 box {1+}\r\nx",
    "ESEARCH IN (selected personal) 1:2",
    "STATUS box (MESSAGES)",
];

const STOPS: [Stop; 5] = [
    Stop::Asked(0),
    Stop::Answered(0),
    Stop::Asked(1),
    Stop::Answered(1),
    Stop::Answered(2),
];

/// The sessions of one round, used again for the next: what was before must not matter.
struct Table {
    house: House,
    setup: Client,
    observer: Client,
    disturbing: Vec<Client>,
    others: Vec<Client>,
}

impl Table {
    async fn new() -> Self {
        let house = House::new();
        let mut setup = Client::new(&house, Mode::Plain).await;
        for name in ["template", "other"] {
            setup.command(&format!("CREATE {name}")).await;
        }
        for number in 0..8 {
            let message = format!("Subject: {number}\r\n\r\nx");
            let append = format!("APPEND template {{{}+}}\r\n{message}", message.len());
            setup.command(&append).await;
        }
        setup.open("template").await;
        setup.command("STORE 4,7 +FLAGS (\\Deleted)").await;
        let (mut disturbing, mut others) = (Vec::new(), Vec::new());
        for mode in Mode::ALL {
            disturbing.push(Client::new(&house, mode).await);
            others.push(Client::new(&house, mode).await);
        }
        Self {
            observer: Client::new(&house, Mode::CondStore).await,
            house,
            setup,
            disturbing,
            others,
        }
    }

    /// A mailbox with UIDs 1, 3, 4, 6, 7, 8, of which 4 and 7 have `\Deleted`.
    async fn prepare(&mut self) {
        for command in [
            "DELETE box",
            "DELETE elsewhere",
            "CREATE box",
            "SELECT template",
            "COPY 1:* box",
            "SELECT box",
            "UID STORE 2,5 +FLAGS.SILENT (\\Deleted)",
            "UID EXPUNGE 2,5",
            "UNSELECT",
        ] {
            self.setup.command(command).await;
        }
    }
}

async fn play(table: &mut Table, round: usize, disturbance: &str, command: &str) {
    table.prepare().await;
    let modes = Mode::ALL.len();
    let mut one = table.disturbing.remove(round % modes);
    let mut two = table.others.remove(round / modes % modes);
    if one.is_over {
        one = Client::new(&table.house, one.mode).await;
    }
    if two.is_over {
        two = Client::new(&table.house, two.mode).await;
    }
    one.open("box").await;
    two.open("box").await;
    let meant = two.uids_at(2..=3);
    let stop = STOPS[(round + round / 25) % STOPS.len()];
    if !command.is_empty() {
        two.begin(command, stop).await;
    }
    one.command(disturbance).await;
    if command.is_empty() || (command == "IDLE" && two.is_waiting()) {
        two.listen().await;
    } else {
        two.go_on().await;
    }
    if command == "IDLE" {
        two.listen().await;
        two.done().await;
    }
    check_meant(&two, &meant);
    for client in [&mut one, &mut two] {
        client.listen().await;
        client.command("NOOP").await;
    }
    let story = format!(
        "{:?} {disturbance:?} / {:?} {command:?} {stop:?}",
        one.mode, two.mode
    );
    let truth = truth(&mut table.observer, disturbance).await;
    check(&one, truth, disturbance == "CLOSE", &story);
    check(&two, truth, false, &story);
    if let Some(truth) = truth {
        let marked = truth.messages.iter().filter(|known| {
            let flags = known.flags.as_ref();
            // A copy has the flags of the original.
            known.uid <= Some(8) && flags.is_some_and(|flags| flags.contains("mark"))
        });
        let marked: BTreeSet<u32> = marked.filter_map(|known| known.uid).collect();
        if command.starts_with("STORE") {
            assert!(marked.is_subset(&meant), "{story}: {marked:?}\n{}", two.log);
        }
    }
    table.disturbing.insert(round % modes, one);
    table.others.insert(round / modes % modes, two);
}

/// A command that named messages 2 and 3 did what it did to those that the client knew by these numbers.
fn check_meant(client: &Client, meant: &BTreeSet<u32>) {
    for line in client.log.lines() {
        if let Some((_, code)) = line.split_once("[COPYUID ")
            && line.contains("C: COPY 2:3")
        {
            let sources = numbers(code.split(' ').nth(1).unwrap());
            assert!(sources.is_subset(meant), "{}", client.log);
        }
    }
}

/// What somebody who comes new sees; `None`: there is no such mailbox.
async fn truth<'a>(observer: &'a mut Client, disturbance: &str) -> Option<&'a Client> {
    let mailbox = match disturbance.starts_with("RENAME") {
        true => "elsewhere",
        false => "box",
    };
    observer.open(mailbox).await;
    let is_there = !observer.log.contains(" NO [NONEXISTENT]");
    observer.command("UNSELECT").await;
    is_there.then_some(observer)
}

fn check(client: &Client, truth: Option<&Client>, has_left: bool, story: &str) {
    let Some(truth) = truth else {
        assert!(client.is_over, "{story}: the mailbox is gone\n{}", client.log);
        return;
    };
    assert!(!client.is_over, "{story}\n{}", client.log);
    if has_left {
        return;
    }
    let log = format!("{story}\n{}", client.log);
    assert_eq!(client.messages.len(), truth.messages.len(), "{log}");
    for (known, real) in client.messages.iter().zip(&truth.messages) {
        assert!(known.uid.is_none() || known.uid == real.uid, "{log}");
        assert!(
            known.flags.is_none() || known.flags == real.flags,
            "{known:?} {real:?} {log}"
        );
        let is_current = known.flags.is_none() || known.modseq.is_none() || known.modseq == real.modseq;
        assert!(is_current, "{known:?} {real:?} {log}");
    }
}

/// Every third disturbance from `first` on: the tests run side by side.
async fn play_all(first: usize) {
    let mut table = Table::new().await;
    for (index, disturbance) in DISTURBANCES.iter().enumerate().skip(first).step_by(3) {
        for (number, command) in COMMANDS.iter().enumerate() {
            play(&mut table, index * COMMANDS.len() + number, disturbance, command).await;
        }
    }
}

#[tokio::test]
async fn no_pair_of_sessions_loses_its_count() {
    play_all(0).await;
}

#[tokio::test]
async fn no_other_pair_of_sessions_loses_its_count() {
    play_all(1).await;
}

#[tokio::test]
async fn no_third_pair_of_sessions_loses_its_count() {
    play_all(2).await;
}
