//! A client that believes what it is told and nothing else: it counts messages, and panics when a server breaks
//! RFC 3501 sections 5.5, 7.3 and 7.4.1 (or RFC 7162 section 3.2.10).

use std::collections::BTreeSet;

use super::house::{House, Stop, Wire};

/// What a client has switched on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mode {
    Plain,
    CondStore,
    QResync,
    /// NOTIFY: of the selected mailbox at once.
    Notify,
    /// NOTIFY: expunges wait for a command.
    NotifyDelayed,
}

impl Mode {
    pub(crate) const ALL: [Self; 5] = [
        Self::Plain,
        Self::CondStore,
        Self::QResync,
        Self::Notify,
        Self::NotifyDelayed,
    ];

    const fn commands(self) -> &'static [&'static str] {
        match self {
            Self::Plain => &[],
            Self::CondStore => &["ENABLE CONDSTORE"],
            Self::QResync => &["ENABLE QRESYNC"],
            Self::Notify => &[
                "NOTIFY SET (selected (MessageNew (UID FLAGS) MessageExpunge FlagChange)) \
                 (personal (MessageNew MessageExpunge FlagChange MailboxName SubscriptionChange))",
            ],
            Self::NotifyDelayed => &[
                "ENABLE CONDSTORE",
                "NOTIFY SET (selected-delayed (MessageNew MessageExpunge FlagChange))",
            ],
        }
    }

    fn tells_modseq(self) -> bool {
        matches!(self, Self::CondStore | Self::QResync | Self::NotifyDelayed)
    }
}

/// A message as a client knows it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Known {
    pub(crate) uid: Option<u32>,
    pub(crate) flags: Option<BTreeSet<String>>,
    pub(crate) modseq: Option<i64>,
}

pub(crate) struct Client {
    pub(crate) wire: Wire,
    pub(crate) mode: Mode,
    pub(crate) messages: Vec<Known>,
    /// The command that is under way, without its tag.
    command: Option<String>,
    pub(crate) is_over: bool,
    /// What was sent, for whoever looks for the reason.
    pub(crate) log: String,
}

impl Client {
    /// Over a session that has logged in.
    pub(crate) const fn over(wire: Wire) -> Self {
        Self {
            wire,
            mode: Mode::Plain,
            messages: Vec::new(),
            command: None,
            is_over: false,
            log: String::new(),
        }
    }

    pub(crate) async fn new(house: &House, mode: Mode) -> Self {
        let mut client = Self::over(house.client().await);
        client.mode = mode;
        for command in mode.commands() {
            client.command(command).await;
        }
        client
    }

    /// Opens a mailbox and learns all of it.
    pub(crate) async fn open(&mut self, mailbox: &str) {
        self.log.clear();
        self.messages.clear();
        self.is_over = false;
        self.command(&format!("SELECT {mailbox}")).await;
        self.learn().await;
    }

    pub(crate) async fn learn(&mut self) {
        let items = match self.mode.tells_modseq() {
            true => "UID FLAGS MODSEQ",
            false => "UID FLAGS",
        };
        self.command(&format!("UID FETCH 1:* ({items})")).await;
    }

    /// Sends a command and hears all of its replies.
    pub(crate) async fn command(&mut self, command: &str) {
        self.begin(command, Stop::Never).await;
    }

    /// Sends a command, and the session goes on up to `stop`.
    pub(crate) async fn begin(&mut self, command: &str, stop: Stop) {
        self.log.push_str(&format!("C: {command}\n"));
        self.command = Some(command.to_owned());
        self.assume(command);
        self.wire.give(&format!("t {command}\r\n"));
        self.wire.run_to(stop).await;
        self.hear();
    }

    /// After a silent STORE a client takes its own change for done, unless it hears otherwise.
    fn assume(&mut self, command: &str) {
        let Some((set, flag)) = command
            .strip_prefix("STORE ")
            .and_then(|rest| rest.strip_suffix(')'))
            .and_then(|rest| rest.split_once(" +FLAGS.SILENT ("))
        else {
            return;
        };
        for number in numbers(set) {
            let known = self.messages.get_mut(usize::try_from(number).unwrap() - 1);
            if let Some(flags) = known.and_then(|known| known.flags.as_mut()) {
                flags.insert(flag.to_owned());
            }
        }
    }

    /// Goes on with the command that was held.
    pub(crate) async fn go_on(&mut self) {
        self.wire.run().await;
        self.hear();
    }

    /// Hears what is told without a question.
    pub(crate) async fn listen(&mut self) {
        self.wire.notice().await;
        self.hear();
    }

    pub(crate) async fn done(&mut self) {
        self.wire.give("DONE\r\n");
        self.go_on().await;
    }

    /// Does no question stand between the session and its waiting?
    pub(crate) fn is_waiting(&self) -> bool {
        self.wire.is_waiting()
    }

    pub(crate) fn uids_at(&self, numbers: std::ops::RangeInclusive<usize>) -> BTreeSet<u32> {
        let messages = self.messages.iter().skip(numbers.start() - 1);
        messages
            .take(numbers.end() + 1 - numbers.start())
            .filter_map(|known| known.uid)
            .collect()
    }

    fn hear(&mut self) {
        let sent = String::from_utf8(self.wire.take()).unwrap();
        let mut rest = sent.as_str();
        while let Some((response, behind)) = split_response(rest) {
            self.log.push_str(&format!("S: {response}\n"));
            self.hear_one(response);
            rest = behind;
        }
        assert!(rest.is_empty(), "half a response: {rest:?}\n{}", self.log);
    }

    fn hear_one(&mut self, response: &str) {
        let Some(untagged) = response.strip_prefix("* ") else {
            if response.starts_with("t ") {
                self.command = None;
            }
            return;
        };
        if untagged.starts_with("BYE") {
            self.is_over = true;
        }
        if let Some(set) = untagged.strip_prefix("VANISHED ") {
            if !set.starts_with("(EARLIER)") {
                assert_eq!(self.mode, Mode::QResync, "{}", self.log);
                self.may_expunge();
                let gone = numbers(set);
                self.messages
                    .retain(|known| known.uid.is_none_or(|uid| !gone.contains(&uid)));
            }
            return;
        }
        if let Some(found) = untagged.strip_prefix("SEARCH").or(untagged.strip_prefix("SORT")) {
            let is_by_uid = self
                .command
                .as_ref()
                .is_some_and(|command| command.starts_with("UID"));
            for number in found
                .split_whitespace()
                .filter_map(|word| word.parse::<usize>().ok())
            {
                assert!(is_by_uid || number <= self.messages.len(), "{}", self.log);
            }
            return;
        }
        let Some((number, rest)) = untagged.split_once(' ') else {
            return;
        };
        let Ok(number) = number.parse::<usize>() else {
            return;
        };
        match rest.split(' ').next() {
            Some("EXISTS") => {
                assert!(number >= self.messages.len(), "EXISTS shrinks\n{}", self.log);
                self.messages.resize(number, Known::default());
            }
            Some("EXPUNGE") => {
                assert_ne!(self.mode, Mode::QResync, "{}", self.log);
                self.may_expunge();
                assert!((1..=self.messages.len()).contains(&number), "{}", self.log);
                self.messages.remove(number - 1);
            }
            Some("FETCH") => self.hear_fetch(number, rest),
            Some("RECENT") => assert!(number <= self.messages.len(), "{}", self.log),
            _ => panic!("what is {response:?}?\n{}", self.log),
        }
    }

    fn hear_fetch(&mut self, number: usize, rest: &str) {
        assert!((1..=self.messages.len()).contains(&number), "{}", self.log);
        let known = &mut self.messages[number - 1];
        if let Some(uid) = number_behind(rest, "UID ") {
            let uid = u32::try_from(uid).unwrap();
            let before = known.uid.replace(uid);
            assert!(
                before.is_none_or(|before| before == uid),
                "number {number} moved\n{}",
                self.log
            );
        }
        if let Some((_, flags)) = rest.split_once("FLAGS (") {
            let flags = flags.split(')').next().unwrap_or_default();
            // What is recent differs between sessions.
            let flags = flags.split_whitespace().filter(|flag| *flag != "\\Recent");
            known.flags = Some(flags.map(str::to_owned).collect());
        }
        if let Some(modseq) = number_behind(rest, "MODSEQ (") {
            let before = known.modseq.replace(modseq);
            assert!(
                before.is_none_or(|before| before <= modseq),
                "MODSEQ goes back\n{}",
                self.log
            );
        }
        let uids: Vec<u32> = self.messages.iter().filter_map(|known| known.uid).collect();
        assert!(uids.is_sorted(), "UIDs are not in order\n{}", self.log);
    }

    fn may_expunge(&self) {
        let Some(command) = &self.command else {
            assert_eq!(
                self.mode,
                Mode::Notify,
                "an expunge without a command\n{}",
                self.log
            );
            return;
        };
        let speaks_of_numbers = ["FETCH", "STORE", "SEARCH", "SORT", "THREAD"];
        assert!(
            !speaks_of_numbers.iter().any(|verb| command.starts_with(verb)),
            "an expunge under {command}\n{}",
            self.log
        );
    }
}

/// A response with its literals, and what is behind it.
fn split_response(sent: &str) -> Option<(&str, &str)> {
    let mut at = 0;
    loop {
        let end = at + sent.get(at..)?.find("\r\n")?;
        let line = sent.get(at..end)?;
        let literal = line
            .strip_suffix('}')
            .and_then(|line| line.rsplit_once('{'))
            .and_then(|(_, size)| size.parse::<usize>().ok());
        match literal {
            Some(size) => at = end + 2 + size,
            None => return Some((sent.get(..end)?, sent.get(end + 2..)?)),
        }
    }
}

fn number_behind(text: &str, label: &str) -> Option<i64> {
    let (_, rest) = text.split_once(label)?;
    rest.split(|c: char| !c.is_ascii_digit()).next()?.parse().ok()
}

/// The numbers of a set.
pub(crate) fn numbers(set: &str) -> BTreeSet<u32> {
    let range = |text: &str| {
        let (from, to) = text.split_once(':').unwrap_or((text, text));
        from.parse::<u32>().unwrap()..=to.parse().unwrap()
    };
    set.trim().split(',').flat_map(range).collect()
}
