//! POP3: the maildrop is INBOX. A message's unique id is its UIDVALIDITY and UID, so that it survives
//! everything but the mailbox itself.

use std::sync::Arc;

use posthorn_base::{AccountId, MailboxId, SessionId, Uid};
use posthorn_mailbox::{self as mailbox, MailboxError, Which};
use posthorn_net::Handler;
use posthorn_pop3::{Answer, Ask, Entry, Event, ServerSession};
use posthorn_runtime::clock;
use posthorn_store::Partition;

use crate::services::{MaildropLock, NotOpened, Services};

/// Answers one POP3 session.
pub struct Pop3Handler {
    services: Arc<Services>,
    session: SessionId,
    peer: std::net::IpAddr,
    /// The account whose password was right last.
    account: Option<AccountId>,
    maildrop: Option<Maildrop>,
}

struct Maildrop {
    account: AccountId,
    mailbox: MailboxId,
    /// In the order the session was told.
    uids: Vec<Uid>,
    _lock: MaildropLock,
}

impl Pop3Handler {
    /// For one connection.
    #[must_use]
    pub fn new(services: Arc<Services>, session: SessionId, peer: std::net::IpAddr) -> Self {
        Self {
            services,
            session,
            peer,
            account: None,
            maildrop: None,
        }
    }

    async fn open(&mut self) -> Answer {
        let Some(account) = self.account else {
            return Answer::Unavailable;
        };
        let lock = match self.services.maildrops.take(account, clock::now()) {
            Ok(lock) => lock,
            Err(NotOpened::InUse) => return Answer::InUse,
            Err(NotOpened::TooSoon) => return Answer::LoginDelay,
        };
        let listed = self.services.store.read(move |tx| {
            let mailbox = mailbox::find(tx, account, "INBOX")?;
            let opened = mailbox::snapshot(tx, account, mailbox)?;
            let uids: Vec<Uid> = opened.uids.iter().map(Uid).collect();
            let rows = mailbox::messages(tx, account, mailbox, &uids)?;
            Ok::<_, MailboxError>((mailbox, opened.status.uid_validity, rows))
        });
        match listed.await {
            Ok((mailbox, uid_validity, rows)) => {
                let entry = |row: &mailbox::MessageRow| Entry {
                    unique_id: format!("{:08x}{:08x}", uid_validity.0, row.uid.0),
                    size_octets: row.size_octets,
                };
                let entries = rows.iter().map(entry).collect();
                let uids = rows.iter().map(|row| row.uid).collect();
                self.maildrop = Some(Maildrop {
                    account,
                    mailbox,
                    uids,
                    _lock: lock,
                });
                Answer::Opened(entries)
            }
            Err(reason) => self.unavailable(&reason),
        }
    }

    async fn retrieve(&self, index: usize) -> Answer {
        let Some((maildrop, uid)) = self
            .maildrop
            .as_ref()
            .and_then(|maildrop| Some((maildrop, *maildrop.uids.get(index)?)))
        else {
            return Answer::Gone;
        };
        let (account, mailbox) = (maildrop.account, maildrop.mailbox);
        let read = self.services.store.read(move |tx| {
            let Some(row) = mailbox::message(tx, account, mailbox, uid)? else {
                return Ok(None);
            };
            let Some(email) = mailbox::email(tx, account, row.email)? else {
                return Ok(None);
            };
            Ok::<_, MailboxError>(Some(tx.blob(&email.blob)?))
        });
        match read.await {
            Ok(Some(octets)) => Answer::Message(Arc::from(octets)),
            Ok(None) => Answer::Gone,
            Err(reason) => self.unavailable(&reason),
        }
    }

    async fn commit(&mut self, delete: &[usize]) -> Answer {
        let Some(maildrop) = self.maildrop.take() else {
            return Answer::Committed;
        };
        let uids: Vec<Uid> = delete
            .iter()
            .filter_map(|&index| maildrop.uids.get(index).copied())
            .collect();
        if uids.is_empty() {
            return Answer::Committed;
        }
        let (account, mailbox, count) = (maildrop.account, maildrop.mailbox, uids.len());
        let expunged = self.services.store.write(Partition::Account(account), move |tx| {
            mailbox::expunge(tx, account, mailbox, Which::Listed(&uids))
        });
        match expunged.await {
            Ok(_) => {
                tracing::info!(session = %self.session, account = %account, count, "POP3 deleted messages");
                Answer::Committed
            }
            Err(reason) => {
                tracing::error!(session = %self.session, %reason, "POP3 could not delete");
                Answer::CommitFailed
            }
        }
    }

    fn unavailable(&self, reason: &MailboxError) -> Answer {
        tracing::error!(session = %self.session, %reason, "POP3 failed inside");
        Answer::Unavailable
    }
}

impl Handler<ServerSession> for Pop3Handler {
    async fn answer(&mut self, ask: Ask) -> Answer {
        match ask {
            Ask::Credentials(ask) => {
                let checked = self.services.credentials.check(ask).await;
                self.account = checked.account;
                Answer::Credentials(checked.answer)
            }
            Ask::Open { identity: _ } => self.open().await,
            Ask::Retrieve { index } => self.retrieve(index).await,
            Ask::Commit { delete } => self.commit(&delete).await,
        }
    }

    fn event(&mut self, event: Event) {
        let (session, peer) = (self.session, self.peer);
        match event {
            Event::LoggedIn { identity, mechanism } => {
                tracing::info!(%session, %peer, account = identity, mechanism = mechanism.name(), "POP3 log-in");
            }
            Event::LoginFailed { user } => {
                tracing::warn!(%session, %peer, user = user.unwrap_or_default(), "POP3 log-in refused");
            }
        }
    }
}
