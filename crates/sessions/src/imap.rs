//! IMAP: what a session asks, from `mailbox`.

mod append;
mod casemap;
mod fetch;
mod folders;
mod search;
mod sort;
mod thread;
mod translate;

use posthorn_base::{AccountId, MailboxId, ModSeq, SessionId, Uid};
use posthorn_imap::{Answer, Ask, Event, FetchRow, ImapSession, MailboxHandle, ResyncFrom, SelectedMailbox};
use posthorn_mailbox::{self as mailbox, CopyMode, CopyRequest, MailboxError, NewMessage, Which};
use posthorn_net::Handler;
use posthorn_runtime::clock;
use posthorn_store::{Partition, Pending, StoreError, Tx};

use crate::{Services, Watcher};

/// Answers one IMAP session.
pub struct ImapHandler {
    services: Services,
    session: SessionId,
    peer: std::net::IpAddr,
    /// The account whose password was right last.
    checked: Option<AccountId>,
    /// The account that is logged in.
    account: Option<AccountId>,
    watcher: Option<Watcher>,
    /// UIDNEXT when the mailbox was opened.
    uid_next: Uid,
    /// The octets of APPEND's message so far, and the messages of the same command before it.
    appended: Vec<u8>,
    staged: Vec<NewMessage>,
}

impl ImapHandler {
    /// For one connection.
    #[must_use]
    pub fn new(services: Services, session: SessionId, peer: std::net::IpAddr) -> Self {
        Self {
            services,
            session,
            peer,
            checked: None,
            account: None,
            watcher: None,
            uid_next: Uid(1),
            appended: Vec::new(),
            staged: Vec::new(),
        }
    }

    /// The account that is logged in. The session asks for mailboxes only then.
    fn account(&self) -> Result<AccountId, MailboxError> {
        self.account.ok_or(MailboxError::NoSuchAccount)
    }

    fn read<T: Send + 'static>(
        &self,
        work: impl Fn(&mut Tx<'_>) -> Result<T, MailboxError> + Send + 'static,
    ) -> Pending<T, MailboxError> {
        self.services.store.read(work)
    }

    fn write<T: Send + 'static>(
        &self,
        account: AccountId,
        work: impl Fn(&mut Tx<'_>) -> Result<T, MailboxError> + Send + 'static,
    ) -> Pending<T, MailboxError> {
        self.services.store.write(Partition::Account(account), work)
    }

    async fn about_account(&mut self, ask: Ask) -> Result<Answer, MailboxError> {
        match ask {
            Ask::Credentials(ask) => {
                let checked = self.services.credentials.check(ask).await;
                self.checked = checked.account;
                Ok(Answer::Credentials(checked.answer))
            }
            Ask::Mailboxes => self.mailboxes().await,
            Ask::Status {
                name,
                wants_deleted_octets,
            } => self.status(name, wants_deleted_octets).await,
            Ask::Peek { name, wants_uids } => self.peek(name, wants_uids).await,
            Ask::Quota => self.quota().await,
            Ask::Select {
                name,
                read_only,
                resync,
            } => self.select(name, read_only, resync).await,
            Ask::Create { name, special_use } => self.create(name, special_use).await,
            Ask::Delete { name } => self.delete(name).await,
            Ask::Rename { from, to } => self.rename(from, to).await,
            Ask::Subscribe { name, subscribed } => self.subscribe(name, subscribed).await,
            Ask::AppendStart {
                mailbox_name,
                size_octets,
                replaces,
            } => self.append_start(mailbox_name, size_octets, replaces).await,
            Ask::AppendNext {
                mailbox_name,
                flags,
                internal_date,
                size_octets,
            } => {
                self.append_next(mailbox_name, &flags, internal_date, size_octets)
                    .await
            }
            Ask::AppendFinish {
                mailbox_name,
                flags,
                internal_date,
                replaces,
            } => {
                self.append_finish(mailbox_name, &flags, internal_date, replaces)
                    .await
            }
            selected @ (Ask::Fetch { .. }
            | Ask::Store { .. }
            | Ask::Copy { .. }
            | Ask::Expunge { .. }
            | Ask::Search { .. }
            | Ask::Sort { .. }
            | Ask::Thread { .. }
            | Ask::ChangedUids { .. }
            | Ask::Changes { .. }) => {
                let account = self.account()?;
                self.about_selected(account, selected).await
            }
        }
    }

    async fn about_selected(&mut self, account: AccountId, ask: Ask) -> Result<Answer, MailboxError> {
        match ask {
            Ask::Fetch {
                mailbox,
                uids,
                want,
                mark_seen,
                octets_at_most,
            } => {
                let request = fetch::Request {
                    account,
                    mailbox: id(mailbox),
                    uids,
                    want,
                    octets_at_most,
                };
                self.fetch(request, mark_seen).await
            }
            Ask::Store {
                mailbox,
                uids,
                change,
                unchanged_since,
            } => {
                let change = translate::change(change);
                let since = unchanged_since.map(ModSeq);
                self.store(account, id(mailbox), uids_of(uids), change, since)
                    .await
            }
            Ask::Copy {
                mailbox,
                uids,
                to,
                mode,
            } => self.copy(account, id(mailbox), uids_of(uids), to, mode).await,
            Ask::Expunge { mailbox, uids } => self.expunge(account, id(mailbox), uids.map(uids_of)).await,
            Ask::Search { mailbox, key } => self.search(account, id(mailbox), key).await,
            Ask::Sort {
                mailbox,
                key,
                criteria,
            } => self.sort(account, id(mailbox), key, criteria).await,
            Ask::Thread {
                mailbox,
                key,
                algorithm,
            } => self.thread(account, id(mailbox), key, algorithm).await,
            Ask::ChangedUids {
                mailbox,
                since_modseq,
            } => self.changed_uids(account, id(mailbox), since_modseq).await,
            Ask::Changes {
                mailbox,
                since_modseq,
            } => self.changes(account, id(mailbox), ModSeq(since_modseq)).await,
            Ask::Credentials(_)
            | Ask::Mailboxes
            | Ask::Status { .. }
            | Ask::Peek { .. }
            | Ask::Quota
            | Ask::Select { .. }
            | Ask::Create { .. }
            | Ask::Delete { .. }
            | Ask::Rename { .. }
            | Ask::Subscribe { .. }
            | Ask::AppendStart { .. }
            | Ask::AppendNext { .. }
            | Ask::AppendFinish { .. } => Ok(Answer::Unavailable),
        }
    }

    async fn select(
        &mut self,
        name: String,
        read_only: bool,
        resync: Option<ResyncFrom>,
    ) -> Result<Answer, MailboxError> {
        let account = self.account()?;
        // Listening begins before the snapshot, so that no change falls between the two.
        self.watcher = Some(self.services.watch.listen(account));
        let (opened, missed) = self
            .read(move |tx| {
                let mailbox = mailbox::find(tx, account, &name)?;
                let opened = mailbox::snapshot(tx, account, mailbox)?;
                let same = resync.filter(|from| from.uid_validity == opened.status.uid_validity.0);
                let missed = match same {
                    Some(from) => Some(mailbox::changed_uids(tx, account, mailbox, ModSeq(from.modseq))?),
                    None => None,
                };
                Ok((opened, missed))
            })
            .await?;
        let status = opened.status;
        self.uid_next = status.uid_next;
        if !read_only && status.recent_from < status.uid_next {
            let claimed = self.write(account, move |tx| mailbox::claim_recent(tx, account, status.id));
            self.unless_stuck(claimed.await)?;
        }
        Ok(Answer::Selected(SelectedMailbox {
            mailbox: MailboxHandle(status.id.0),
            uid_validity: status.uid_validity.0,
            uid_next: status.uid_next.0,
            highest_modseq: status.modseq.0,
            uids: opened.uids,
            first_recent_uid: status.recent_from.0,
            first_unseen_uid: opened.first_unseen.map(|uid| uid.0),
            keywords: status.keywords,
            mailbox_id: translate::mailbox_id(status.id),
            missed: missed.map(translate::changed_uids),
        }))
    }

    /// A courtesy that is written while somebody reads: a disk that is full must not keep them from it.
    fn unless_stuck<T>(&self, written: Result<T, MailboxError>) -> Result<Option<T>, MailboxError> {
        match written {
            Ok(value) => Ok(Some(value)),
            Err(MailboxError::Store(cause)) => {
                tracing::warn!(session = %self.session, %cause, "read, and not noted as read");
                Ok(None)
            }
            Err(other) => Err(other),
        }
    }

    async fn store(
        &self,
        account: AccountId,
        mailbox: MailboxId,
        uids: Vec<Uid>,
        change: mailbox::FlagChange,
        unchanged_since: Option<ModSeq>,
    ) -> Result<Answer, MailboxError> {
        let stored = self
            .write(account, move |tx| {
                mailbox::store_flags(tx, account, mailbox, &uids, &change, unchanged_since)
            })
            .await?;
        Ok(Answer::Stored {
            changed: stored.rows.into_iter().map(translate::stored).collect(),
            modified: stored.modified.into_iter().map(|uid| uid.0).collect(),
        })
    }

    async fn copy(
        &self,
        account: AccountId,
        from: MailboxId,
        uids: Vec<Uid>,
        to: String,
        mode: posthorn_imap::Transfer,
    ) -> Result<Answer, MailboxError> {
        let mode = match mode {
            posthorn_imap::Transfer::Copy => CopyMode::Copy,
            posthorn_imap::Transfer::Move => CopyMode::Move,
        };
        let now = clock::wall();
        let copied = self
            .write(account, move |tx| {
                mailbox::copy(
                    tx,
                    account,
                    CopyRequest {
                        from,
                        uids: &uids,
                        to: &to,
                        mode,
                    },
                    now,
                )
            })
            .await?;
        Ok(Answer::Copied {
            uid_validity: copied.uid_validity.0,
            pairs: copied
                .pairs
                .into_iter()
                .map(|(old, new)| (old.0, new.0))
                .collect(),
        })
    }

    async fn expunge(
        &self,
        account: AccountId,
        mailbox: MailboxId,
        uids: Option<Vec<Uid>>,
    ) -> Result<Answer, MailboxError> {
        let (expunged, modseq) = self
            .write(account, move |tx| {
                let which = uids.as_deref().map_or(Which::Deleted, Which::DeletedAmong);
                let expunged = mailbox::expunge(tx, account, mailbox, which)?;
                Ok((expunged, mailbox::status(tx, account, mailbox)?.modseq))
            })
            .await?;
        Ok(Answer::Expunged {
            uids: expunged.uids.into_iter().map(|uid| uid.0).collect(),
            highest_modseq: modseq.0,
        })
    }

    async fn changed_uids(
        &self,
        account: AccountId,
        mailbox: MailboxId,
        since_modseq: i64,
    ) -> Result<Answer, MailboxError> {
        let since = ModSeq(since_modseq);
        let found = self
            .read(move |tx| {
                mailbox::status(tx, account, mailbox)?;
                mailbox::changed_uids(tx, account, mailbox, since)
            })
            .await?;
        Ok(Answer::ChangedUids(translate::changed_uids(found)))
    }

    async fn changes(
        &self,
        account: AccountId,
        mailbox: MailboxId,
        since: ModSeq,
    ) -> Result<Answer, MailboxError> {
        let seen = self
            .read(move |tx| mailbox::changes(tx, account, mailbox, since))
            .await?;
        Ok(translate::changes(seen, self.uid_next))
    }

    /// A failure as the session's answer. In a mailbox that is open, its absence means it was deleted.
    fn failed(&self, reason: MailboxError, is_selected: bool) -> Answer {
        match reason {
            MailboxError::NoSuchMailbox if is_selected => Answer::MailboxGone,
            MailboxError::NoSuchMailbox => Answer::NoSuchMailbox,
            MailboxError::AlreadyExists => Answer::AlreadyExists,
            MailboxError::OverQuota => Answer::OverQuota,
            MailboxError::BadName(_) | MailboxError::IsInbox | MailboxError::Limit(_) => {
                Answer::Refused(reason.to_string())
            }
            MailboxError::NoSuchAccount | MailboxError::Store(_) => {
                tracing::error!(session = %self.session, %reason, "IMAP failed inside");
                Answer::Unavailable
            }
        }
    }
}

fn id(handle: MailboxHandle) -> MailboxId {
    MailboxId(handle.0)
}

fn uids_of(uids: Vec<u32>) -> Vec<Uid> {
    uids.into_iter().map(Uid).collect()
}

/// In these questions "no such mailbox" means the open one. (COPY's means the target.)
fn is_about_open_mailbox(ask: &Ask) -> bool {
    matches!(
        ask,
        Ask::Fetch { .. }
            | Ask::Store { .. }
            | Ask::Expunge { .. }
            | Ask::Search { .. }
            | Ask::Sort { .. }
            | Ask::Thread { .. }
            | Ask::ChangedUids { .. }
            | Ask::Changes { .. }
    )
}

impl Handler<ImapSession> for ImapHandler {
    async fn answer(&mut self, ask: Ask) -> Answer {
        let is_selected = is_about_open_mailbox(&ask);
        // On the heap: the largest of these must not be part of every idle connection.
        let answered = Box::pin(self.about_account(ask)).await;
        answered.unwrap_or_else(|reason| self.failed(reason, is_selected))
    }

    fn event(&mut self, event: Event) {
        let (session, peer) = (self.session, self.peer);
        match event {
            Event::LoggedIn { identity, mechanism } => {
                self.account = self.checked;
                let mechanism = mechanism.map_or("LOGIN", |mechanism| mechanism.name());
                tracing::info!(%session, %peer, account = identity, mechanism, "IMAP log-in");
            }
            Event::LoggedOut => {
                tracing::info!(%session, %peer, "IMAP log-out, the connection goes on");
                (self.checked, self.account, self.watcher) = (None, None, None);
                self.append_discard();
            }
            Event::LoginFailed { user } => {
                tracing::warn!(%session, %peer, user = user.unwrap_or_default(), "IMAP log-in refused");
            }
            Event::Selected(None) => self.watcher = None,
            // The mailbox before this one may have been left after listening for this one began; what
            // happened in between is asked for at once.
            Event::Selected(Some(_)) if self.watcher.is_none() => {
                self.watcher = self
                    .account
                    .map(|account| self.services.watch.listen_late(account));
            }
            Event::Selected(Some(_)) => {}
            Event::AppendData(octets) => self.appended.extend_from_slice(&octets),
            Event::AppendDiscarded => self.append_discard(),
        }
    }

    async fn notice(&mut self) {
        match &mut self.watcher {
            Some(watcher) => watcher.changed().await,
            None => std::future::pending().await,
        }
    }
}

/// A row nobody has filled in yet beyond what the small table knows.
fn bare_row(row: mailbox::MessageRow) -> FetchRow {
    FetchRow {
        uid: row.uid.0,
        flags: translate::flags(&row.flags),
        modseq: row.modseq.0,
        internal_date: row.internal_date,
        saved_at: row.saved_at,
        size_octets: row.size_octets,
        email_id: translate::email_id(row.email),
        thread_id: translate::thread_id(row.thread),
        envelope: None,
        body_structure: None,
        body: None,
        preview: None,
        sections: Vec::new(),
        newly_seen: false,
    }
}

/// A panic of a blocking task as the store's error.
fn panicked(_cause: tokio::task::JoinError) -> MailboxError {
    MailboxError::Store(StoreError::Panicked)
}
