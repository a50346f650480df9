//! The states of a client session. What exists in one state alone lives in its variant.

use std::collections::VecDeque;

use posthorn_sasl::ClientExchange;

use super::ask::{RecipientOutcome, Transaction};
use crate::codec::rcpt::NeedsUtf8;
use crate::framing::stuffing::Stuffing;
use crate::{Recipient, Reply};

/// What the session waits for.
#[derive(Debug)]
pub(super) enum State {
    /// 220.
    AwaitGreeting,
    /// The reply to EHLO or LHLO.
    AwaitEhlo,
    /// The reply to HELO.
    AwaitHelo,
    /// The reply to STARTTLS.
    AwaitStartTls,
    /// The handshake.
    AwaitTls,
    /// A challenge, or the end of the log-in.
    AwaitLogin(Box<ClientExchange>),
    /// The reply to our `*`, with the reason why we gave up.
    AwaitLoginEnd(Box<Reply>),
    /// The answer to `Ask::Next`.
    AskedNext,
    /// Replies of a transaction.
    InTransaction(Box<Progress>),
    /// The reply to RSET.
    AwaitRset,
    /// The reply to QUIT.
    AwaitQuit,
    /// Nothing more.
    Closed,
}

/// A command of a transaction whose reply is due.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Expect {
    Mail,
    /// For the recipient of that index.
    Rcpt(usize),
    Data,
    /// The content, for all accepted recipients.
    Message,
    /// The content, for the recipient of that index (LMTP).
    MessageFor(usize),
    /// The content that we did not send, as nobody would have got it.
    Nothing,
}

/// How the server stands to one recipient.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Fate {
    Open,
    Accepted,
    Settled(RecipientOutcome),
}

/// What of the commands has been sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sent {
    Nothing,
    /// MAIL, and RCPT for the recipients before this index.
    Recipients(usize),
    /// All, DATA or BDAT too.
    All,
}

/// The content on its way.
#[derive(Debug)]
pub(super) enum Content {
    /// Not yet, or not any more.
    Idle,
    Lines(Stuffing),
    /// For BDAT: from this position on, as it is.
    Octets(usize),
}

/// A transaction and how far it came.
#[derive(Debug)]
pub(super) struct Progress {
    pub(super) transaction: Transaction,
    pub(super) fates: Vec<Fate>,
    pub(super) sent: Sent,
    pub(super) waiting: VecDeque<Expect>,
    pub(super) content: Content,
    /// Do the commands say SMTPUTF8?
    pub(super) utf8: NeedsUtf8,
    /// The server holds an open transaction that RSET must end.
    pub(super) is_open: bool,
}

impl Progress {
    pub(super) fn new(transaction: Transaction) -> Self {
        Self {
            fates: vec![Fate::Open; transaction.recipients.len()],
            transaction,
            sent: Sent::Nothing,
            waiting: VecDeque::new(),
            content: Content::Idle,
            utf8: NeedsUtf8::No,
            is_open: false,
        }
    }

    /// The first recipient from `from` on that has no outcome yet.
    pub(super) fn next_open(&self, from: usize) -> Option<(usize, &Recipient)> {
        self.transaction
            .recipients
            .iter()
            .zip(&self.fates)
            .enumerate()
            .skip(from)
            .find_map(|(index, (recipient, fate))| (*fate == Fate::Open).then_some((index, recipient)))
    }

    /// Is content on its way?
    pub(super) fn is_sending(&self) -> bool {
        !matches!(self.content, Content::Idle)
    }

    /// The recipients that the server takes.
    pub(super) fn accepted(&self) -> impl Iterator<Item = usize> {
        self.fates
            .iter()
            .enumerate()
            .filter_map(|(index, fate)| (*fate == Fate::Accepted).then_some(index))
    }

    pub(super) fn is_any(&self, wanted: &Fate) -> bool {
        self.fates.contains(wanted)
    }

    /// Gives that outcome to every recipient that has none.
    pub(super) fn settle_rest(&mut self, outcome: &RecipientOutcome) {
        for fate in &mut self.fates {
            match fate {
                Fate::Open | Fate::Accepted => *fate = Fate::Settled(outcome.clone()),
                Fate::Settled(_) => {}
            }
        }
    }

    pub(super) fn set(&mut self, index: usize, fate: Fate) {
        if let Some(place) = self.fates.get_mut(index) {
            *place = fate;
        }
    }
}
