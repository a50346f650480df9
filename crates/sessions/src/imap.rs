//! IMAP: what a session asks, from `mailbox`.

mod acl;
mod append;
mod fetch;
mod folders;
mod metadata;
mod place;
mod search;
mod sections;
mod selected;
mod sort;
mod thread;
mod transfer;
mod translate;
mod watch;

use std::sync::Arc;

use posthorn_base::{AccountId, ModSeq, Rights, SessionId, Uid};
use posthorn_imap::types::FetchWant;
use posthorn_imap::{Answer, Ask, Event, FetchRow, ImapSession, MailboxHandle, Transfer};
use posthorn_mailbox::{self as mailbox, MailboxError};
use posthorn_net::Handler;
use posthorn_store::{Partition, Pending, StoreError, Tx};

use self::append::Appending;
use self::place::Place;
use self::watch::{Watching, any_changed};
use crate::{Services, Watcher};

/// Answers one IMAP session.
pub struct ImapHandler {
    services: Arc<Services>,
    session: SessionId,
    peer: std::net::IpAddr,
    /// The account whose password was right last.
    checked: Option<AccountId>,
    /// The account that is logged in.
    account: Option<AccountId>,
    /// Mailboxes of other accounts that the session has a handle for.
    foreign: Vec<Place>,
    /// Of the open mailbox.
    watcher: Option<Watcher>,
    /// Of the account, while a client wants to hear of other mailboxes.
    watching: Option<Watching>,
    /// UIDNEXT when the mailbox was opened.
    uid_next: Uid,
    /// APPEND, as long as there is one; boxed, for it is a short part of a session's life.
    appending: Option<Box<Appending>>,
}

impl ImapHandler {
    /// For one connection.
    #[must_use]
    pub fn new(services: Arc<Services>, session: SessionId, peer: std::net::IpAddr) -> Self {
        Self {
            services,
            session,
            peer,
            checked: None,
            account: None,
            foreign: Vec::new(),
            watcher: None,
            watching: None,
            uid_next: Uid(1),
            appending: None,
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

    fn read_long<T: Send + 'static>(
        &self,
        work: impl Fn(&mut Tx<'_>) -> Result<T, MailboxError> + Send + 'static,
    ) -> Pending<T, MailboxError> {
        self.services.store.read_long(work)
    }

    fn write<T: Send + 'static>(
        &self,
        owner: AccountId,
        work: impl Fn(&mut Tx<'_>) -> Result<T, MailboxError> + Send + 'static,
    ) -> Pending<T, MailboxError> {
        self.services.store.write(Partition::Account(owner), work)
    }

    #[expect(clippy::too_many_lines, reason = "one short arm per question")]
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
            Ask::Watch {
                since_modseq,
                wants_names,
            } => self.watch(since_modseq, wants_names).await,
            Ask::Peek { name, wants_uids } => self.peek(name, wants_uids).await,
            Ask::Quota { of_mailbox } => self.quota(of_mailbox).await,
            Ask::Metadata { name } => self.metadata(name).await,
            Ask::SetMetadata { name, entries } => self.set_metadata(name, entries).await,
            Ask::Acl { name } => self.acl(name).await,
            Ask::MyRights { name } => self.my_rights(name).await,
            Ask::GrantableRights { name, identifier } => self.grantable_rights(name, identifier).await,
            Ask::ChangeAcl {
                name,
                identifier,
                change,
            } => self.change_acl(name, identifier, change).await,
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
            | Ask::Changes { .. }) => self.about_selected(selected).await,
        }
    }

    async fn about_selected(&mut self, ask: Ask) -> Result<Answer, MailboxError> {
        let Some((handle, needed)) = open_mailbox(&ask) else {
            return Ok(Answer::Unavailable);
        };
        let place = self.opened(handle)?;
        let rights = self.rights_in(place).await?;
        if !rights.contains(Rights::READ) {
            return Ok(Answer::MailboxGone);
        }
        if !rights.contains(needed) {
            return Ok(Answer::NoPermission);
        }
        self.about_open(place, rights, ask).await
    }

    #[expect(clippy::too_many_lines, reason = "one short arm per question")]
    async fn about_open(&mut self, place: Place, rights: Rights, ask: Ask) -> Result<Answer, MailboxError> {
        match ask {
            Ask::Fetch {
                mailbox: _,
                uids,
                want,
                mark_seen,
                octets_at_most,
            } => {
                let request = fetch::Request {
                    place,
                    uids,
                    want,
                    octets_at_most,
                };
                self.fetch(request, mark_seen && rights.contains(Rights::SEEN))
                    .await
            }
            Ask::Store {
                mailbox: _,
                uids,
                change,
                unchanged_since,
            } => {
                let Some(change) = translate::change(change).permitted(rights) else {
                    return Ok(Answer::NoPermission);
                };
                let since = unchanged_since.map(ModSeq);
                self.store(place, uids_of(uids), change, since).await
            }
            Ask::Copy {
                mailbox: _,
                uids,
                to,
                mode,
            } => self.copy(place, uids_of(uids), to, mode).await,
            Ask::Expunge { mailbox: _, uids } => self.expunge(place, uids.map(uids_of)).await,
            Ask::Search { mailbox: _, key } => self.search(place, key).await,
            Ask::Sort {
                mailbox: _,
                key,
                criteria,
            } => self.sort(place, key, criteria).await,
            Ask::Thread {
                mailbox: _,
                key,
                algorithm,
            } => self.thread(place, key, algorithm).await,
            Ask::ChangedUids {
                mailbox: _,
                since_modseq,
            } => self.changed_uids(place, since_modseq).await,
            Ask::Changes {
                mailbox: _,
                since_modseq,
            } => self.changes(place, rights, ModSeq(since_modseq)).await,
            Ask::Credentials(_)
            | Ask::Mailboxes
            | Ask::Status { .. }
            | Ask::Peek { .. }
            | Ask::Watch { .. }
            | Ask::Quota { .. }
            | Ask::Metadata { .. }
            | Ask::SetMetadata { .. }
            | Ask::Acl { .. }
            | Ask::MyRights { .. }
            | Ask::GrantableRights { .. }
            | Ask::ChangeAcl { .. }
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

    /// A failure as the session's answer. In a mailbox that is open, its absence means it was deleted.
    fn failed(&self, reason: MailboxError, is_selected: bool) -> Answer {
        match reason {
            MailboxError::NoSuchMailbox if is_selected => Answer::MailboxGone,
            MailboxError::NoSuchMailbox => Answer::NoSuchMailbox,
            MailboxError::NotPermitted => Answer::NoPermission,
            MailboxError::AlreadyExists => Answer::AlreadyExists,
            MailboxError::OverQuota => Answer::OverQuota,
            MailboxError::BadName(_) | MailboxError::IsInbox | MailboxError::NoSuchMessage => {
                Answer::Refused(reason.to_string())
            }
            MailboxError::Limit(_) => Answer::LimitReached(reason.to_string()),
            MailboxError::NoSuchAccount
            | MailboxError::AnnotationTooBig
            | MailboxError::TooManyAnnotations
            | MailboxError::Store(_) => {
                tracing::error!(session = %self.session, %reason, "IMAP failed inside");
                Answer::Unavailable
            }
        }
    }
}

fn uids_of(uids: Vec<u32>) -> Vec<Uid> {
    uids.into_iter().map(Uid).collect()
}

/// The open mailbox that a question is about, and the rights it takes besides that to read.
fn open_mailbox(ask: &Ask) -> Option<(MailboxHandle, Rights)> {
    let removing = Rights::DELETE_MESSAGES.with(Rights::EXPUNGE);
    Some(match ask {
        Ask::Fetch { mailbox, .. }
        | Ask::Store { mailbox, .. }
        | Ask::Search { mailbox, .. }
        | Ask::Sort { mailbox, .. }
        | Ask::Thread { mailbox, .. }
        | Ask::ChangedUids { mailbox, .. }
        | Ask::Changes { mailbox, .. } => (*mailbox, Rights::NONE),
        Ask::Copy { mailbox, mode, .. } => match mode {
            Transfer::Copy => (*mailbox, Rights::NONE),
            // RFC 6851 section 4.2.
            Transfer::Move => (*mailbox, removing),
        },
        Ask::Expunge { mailbox, .. } => (*mailbox, Rights::EXPUNGE),
        Ask::Credentials(_)
        | Ask::Mailboxes
        | Ask::Status { .. }
        | Ask::Watch { .. }
        | Ask::Quota { .. }
        | Ask::Metadata { .. }
        | Ask::SetMetadata { .. }
        | Ask::Acl { .. }
        | Ask::MyRights { .. }
        | Ask::GrantableRights { .. }
        | Ask::ChangeAcl { .. }
        | Ask::Select { .. }
        | Ask::Peek { .. }
        | Ask::Create { .. }
        | Ask::Delete { .. }
        | Ask::Rename { .. }
        | Ask::Subscribe { .. }
        | Ask::AppendStart { .. }
        | Ask::AppendNext { .. }
        | Ask::AppendFinish { .. } => return None,
    })
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
                (self.checked, self.account) = (None, None);
                (self.watcher, self.watching) = (None, None);
                self.foreign.clear();
                self.appending = None;
            }
            Event::LoginFailed { user } => {
                tracing::warn!(%session, %peer, user = user.unwrap_or_default(), "IMAP log-in refused");
            }
            Event::Selected(None) => {
                self.watcher = None;
                if let Some(watching) = &mut self.watching {
                    watching.look_again();
                }
            }
            // The mailbox before this one may have been left after listening for this one began; what
            // happened in between is asked for at once.
            Event::Selected(Some(mailbox)) if self.watcher.is_none() => {
                let place = self.opened(mailbox).ok();
                self.watcher = place.map(|place| self.services.watch.listen_late(place.owner));
            }
            Event::Selected(Some(_)) | Event::Watching(true) => {}
            Event::Watching(false) => self.watching = None,
            Event::AppendData(octets) => self.append_data(&octets),
            Event::AppendDiscarded => self.appending = None,
        }
    }

    async fn notice(&mut self) {
        match (&mut self.watcher, &mut self.watching) {
            (watcher, Some(watching)) => {
                any_changed(watcher.iter_mut().chain(watching.watchers())).await;
            }
            (Some(watcher), None) => watcher.changed().await,
            (None, None) => std::future::pending().await,
        }
    }
}

/// A row nobody has filled in yet beyond what the small table knows.
fn bare_row(row: mailbox::MessageRow, want: &FetchWant) -> FetchRow {
    let (email_id, thread_id) = match want.object_ids {
        true => (translate::email_id(row.email), translate::thread_id(row.thread)),
        false => (String::new(), String::new()),
    };
    FetchRow {
        uid: row.uid.0,
        flags: translate::flags(&row.flags),
        modseq: row.modseq.0,
        internal_date: row.internal_date,
        saved_at: row.saved_at,
        size_octets: row.size_octets,
        email_id,
        thread_id,
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
