//! What the handlers of commands share: settings, state, and the way to the peer. Which command is
//! running and what it waits for is not theirs to see; they say so with a [`Step`].

use std::collections::VecDeque;

use posthorn_base::TlsInfo;
use posthorn_base::session::Output;
use posthorn_sasl::{Channel, Mechanism};

use super::append::Appending;
use super::authenticate::Authenticating;
use super::esearch::Esearching;
use super::fetch::Fetching;
use super::list::ListingStatus;
use super::news::Telling;
use super::notify::Notify;
use super::reply::{Farewell, Fault, Reply};
use super::search::Searching;
use super::select::Selecting;
use super::selected::{ChangeItems, Numbers, Removals, Selected};
use super::store::Storing;
use super::thread::Threading;
use crate::ask::{Ask, Event, Replaced, Transfer};
use crate::codec::mailbox::NameCoding;
use crate::config::Config;
use crate::types::acl::AclQuestion;
use crate::types::command::SelectCommand;
use crate::types::list::ListCommand;
use crate::types::metadata::GetMetadata;
use crate::types::sequence_set::Numbering;
use crate::types::status::StatusItem;

/// Neighbouring sends are joined up to this size.
const JOINED_OCTETS: usize = 16_384;

/// The states of RFC 3501 section 3. Logout is the end of the session and needs none.
#[derive(Debug)]
pub(super) enum State {
    NotAuthenticated,
    Authenticated,
    Selected(Box<Selected>),
}

/// What a handler wants next.
#[derive(Debug)]
pub(super) enum Step {
    /// Put the question; the answer goes to what stands beside it.
    Ask(Ask, Asked),
    /// Send what was fetched, as it is polled.
    Send(Box<Fetching>),
    /// Read a line of the peer that is no command.
    Read(Reading),
    /// Take the octets of APPEND's literal.
    Data(Box<Appending>),
    /// The command is over.
    Done(Reply),
    /// The command is over, and the client was told the news.
    Final(Reply),
    /// There was no command, and the client was told the news.
    Told,
    /// The command is over and TLS begins.
    StartTls(Reply),
    /// The command is over and compression begins.
    Compress(Reply),
    /// The command is over, and nobody is logged in any more.
    LoggedOut(Reply),
    /// The command is over and so is the session.
    Logout(Reply),
}

/// What a handler comes to.
pub(super) type Outcome = Result<Step, Fault>;

/// Who waits for the shell's answer.
#[derive(Debug)]
pub(super) enum Asked {
    Login {
        user: String,
    },
    Authenticate(Box<Authenticating>),
    /// What LIST would tell of the mailbox that is to be selected.
    SelectList(SelectCommand),
    Select(Box<Selecting>),
    Create,
    Metadata(Box<GetMetadata>),
    SetMetadata,
    Acl {
        name: String,
        question: AclQuestion,
    },
    Quota,
    QuotaRoot {
        name: String,
    },
    /// DELETE, RENAME, SUBSCRIBE, UNSUBSCRIBE: with the text of the reply.
    Change(&'static str),
    List(ListCommand),
    ListStatus(ListingStatus),
    Status {
        name: String,
        items: Vec<StatusItem>,
    },
    AppendStart(Box<Appending>),
    AppendFinish(Option<Replaced>),
    FetchSince(Box<Fetching>),
    Fetch(Box<Fetching>),
    Store(Box<Storing>),
    Copy(Transfer),
    Expunge,
    Close,
    Search(Searching),
    Esearch(Box<Esearching>),
    Thread(Threading),
    SearchModSeq(Searching),
    /// Of the selected mailbox.
    News(Telling),
    /// Of others.
    Watched(Telling),
}

/// Who waits for a line.
#[derive(Debug)]
pub(super) enum Reading {
    Authenticate(Box<Authenticating>),
    /// The end of APPEND.
    AppendEnd(Box<Appending>),
    /// `DONE`.
    Idle,
}

/// What the client has enabled (RFC 5161) and can never disable; CONDSTORE and QRESYNC aside, which other
/// commands enable too.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Enabled {
    /// IMAP4rev2 (RFC 9051 section 6.3.1).
    pub(super) rev2: bool,
    /// UTF8=ACCEPT (RFC 6855 section 3).
    pub(super) utf8: bool,
    /// UIDONLY (RFC 9586): messages have no numbers any more.
    pub(super) uid_only: bool,
}

/// See the file's comment.
#[derive(Debug)]
pub(super) struct Connection {
    pub(super) config: Config,
    pub(super) tls: Option<TlsInfo>,
    pub(super) state: State,
    pub(super) enabled: Enabled,
    /// Has the client asked for mod-sequences (RFC 7162 section 3.1)?
    pub(super) condstore: bool,
    /// Is the client told of expunged messages by UID (RFC 7162 section 3.2.3)?
    pub(super) qresync: bool,
    /// What NOTIFY asks for; `None`: it was never said.
    pub(super) notify: Option<Notify>,
    /// May there be news?
    pub(super) noticed: bool,
    /// Is what travels compressed (RFC 4978)?
    pub(super) is_compressed: bool,
    /// May there be news that nobody asked for since the notice came? Then it is told as soon as that is allowed.
    pub(super) pressing: bool,
    pub(super) login_failures: u32,
    /// Said after the reply of the running command.
    pub(super) farewell: Option<Farewell>,
    pub(super) out: VecDeque<Output<Ask, Event>>,
}

impl Connection {
    pub(super) const fn new(config: Config) -> Self {
        Self {
            config,
            tls: None,
            state: State::NotAuthenticated,
            enabled: Enabled {
                rev2: false,
                utf8: false,
                uid_only: false,
            },
            condstore: false,
            qresync: false,
            notify: None,
            noticed: false,
            is_compressed: false,
            pressing: false,
            login_failures: 0,
            farewell: None,
            out: VecDeque::new(),
        }
    }

    /// How mailbox names travel.
    pub(super) const fn names(&self) -> NameCoding {
        match self.enabled.rev2 || self.enabled.utf8 {
            true => NameCoding::Utf8,
            false => NameCoding::Utf7,
        }
    }

    pub(super) fn send(&mut self, octets: Vec<u8>) {
        if octets.is_empty() {
            return;
        }
        match self.out.back_mut() {
            Some(Output::Send(before)) if before.len().saturating_add(octets.len()) <= JOINED_OCTETS => {
                before.extend_from_slice(&octets);
            }
            Some(_) | None => self.out.push_back(Output::Send(octets)),
        }
    }

    /// Sends `* text`.
    pub(super) fn untagged(&mut self, text: &str) {
        self.send(format!("* {text}\r\n").into_bytes());
    }

    pub(super) fn event(&mut self, event: Event) {
        self.out.push_back(Output::Event(event));
    }

    /// The selected mailbox. The table lets no command that needs one come here without.
    pub(super) fn selected(&mut self) -> Result<&mut Selected, Fault> {
        match &mut self.state {
            State::Selected(selected) => Ok(selected),
            State::NotAuthenticated | State::Authenticated => {
                Err(Fault::WrongState("Select a mailbox first"))
            }
        }
    }

    /// Ends the selection, if there is one.
    pub(super) fn deselect(&mut self) {
        if let State::Selected(selected) = &self.state {
            if let Some(notify) = &mut self.notify {
                notify.leave(selected);
            }
            self.state = State::Authenticated;
            self.event(Event::Selected(None));
        }
        self.noticed = self.notify.as_ref().is_some_and(Notify::has_others);
    }

    /// May the client be told news between commands, and may message numbers change then? `None`: no.
    pub(super) fn tells_unasked(&self) -> Option<Numbers> {
        self.notify
            .as_ref()
            .and_then(|notify| notify.tells_unasked(&self.state))
    }

    /// The client put these messages into a mailbox: with NOTIFY it is not told what it knows.
    pub(super) fn note_own_messages(&mut self, uid_validity: u32, uids: &[u32]) {
        if let Some(notify) = &mut self.notify {
            notify.note_own_messages(uid_validity, uids);
            if let State::Selected(selected) = &mut self.state {
                selected.note_own(uid_validity, uids.iter().copied());
            }
        }
    }

    /// What this client is told of changed flags.
    pub(super) const fn change_items(&self) -> ChangeItems {
        match (self.condstore, &self.notify) {
            (true, _) => ChangeItems::UidModSeqFlags,
            (false, Some(_)) => ChangeItems::UidFlags,
            (false, None) if self.enabled.rev2 => ChangeItems::UidFlags,
            (false, None) => ChangeItems::Flags,
        }
    }

    /// A command that enables CONDSTORE was given (RFC 7162 section 3.1).
    pub(super) fn enable_condstore(&mut self) {
        if self.condstore {
            return;
        }
        self.condstore = true;
        if let State::Selected(selected) = &self.state {
            let code = format!(
                "OK [HIGHESTMODSEQ {}] CONDSTORE is enabled",
                selected.safe_modseq()
            );
            self.untagged(&code);
        }
    }

    /// # Errors
    /// When the client has not enabled QRESYNC (RFC 7162 section 3.2.3).
    pub(super) const fn qresync_enabled(&self) -> Result<(), Fault> {
        match self.qresync {
            true => Ok(()),
            false => Err(Fault::WrongState("ENABLE QRESYNC first")),
        }
    }

    /// # Errors
    /// When the client speaks of message numbers, which it has given up (RFC 9586 section 3).
    pub(super) fn may_name_by(&self, numbering: Numbering) -> Result<(), Fault> {
        match self.enabled.uid_only && numbering == Numbering::Sequence {
            true => Err(Fault::UidRequired),
            false => Ok(()),
        }
    }

    /// How this client is told of expunged messages.
    pub(super) const fn removals(&self) -> Removals {
        match self.qresync || self.enabled.uid_only {
            true => Removals::ByUid,
            false => Removals::ByNumber,
        }
    }

    /// The largest message of APPEND (RFC 7889), which tells it in 32 bits.
    pub(super) fn append_limit(&self) -> u32 {
        u32::try_from(self.config.limits.message_octets).unwrap_or(u32::MAX)
    }

    /// LITERAL+ or LITERAL- (RFC 7888)? Before the log-in a stranger sends nothing large unasked.
    pub(super) const fn takes_large_literals(&self) -> bool {
        !matches!(self.state, State::NotAuthenticated)
    }

    /// May a password travel?
    pub(super) const fn is_private(&self) -> bool {
        self.tls.is_some() || self.config.allow_plaintext_login
    }

    pub(super) const fn offers_starttls(&self) -> bool {
        self.config.starttls && self.tls.is_none()
    }

    /// What SCRAM may bind to.
    pub(super) fn channel(&self) -> Channel {
        match &self.tls {
            Some(tls) if self.config.mechanisms.contains(&Mechanism::ScramSha256Plus) => Channel::from(tls),
            Some(_) | None => Channel::default(),
        }
    }

    /// The mechanisms on offer now.
    pub(super) fn mechanisms(&self) -> Vec<Mechanism> {
        let can_bind = self.channel().can_bind();
        let is_private = self.is_private();
        let is_offered = |mechanism: &Mechanism| match mechanism {
            Mechanism::Plain | Mechanism::Login => is_private,
            Mechanism::ScramSha256 => true,
            Mechanism::ScramSha256Plus => can_bind,
        };
        self.config
            .mechanisms
            .iter()
            .copied()
            .filter(is_offered)
            .collect()
    }
}
