//! What NOTIFY watches: the mailboxes of an account, and those that others share with it, by their mod-sequences
//! and names.

mod annotations;

use std::collections::{HashMap, HashSet};
use std::pin::Pin;
use std::task::Poll;

use posthorn_base::{AccountId, ModSeq, Rights};
use posthorn_imap::{Answer, MailboxHandle, WatchedMailbox, WatchedMailboxes};
use posthorn_mailbox::{self as mailbox, ChangedAnnotation, ChangedMailbox, Folder, MailboxError};
use posthorn_store::Tx;

use super::place::Place;
use super::{ImapHandler, translate};
use crate::sharing::name_for_others;
use crate::{Watch, Watcher};

/// What a session watches beside its open mailbox.
#[derive(Default)]
pub(super) struct Watching {
    watchers: HashMap<AccountId, Watcher>,
    /// Up to where the mailboxes of other accounts were looked at.
    marks: HashMap<AccountId, ModSeq>,
    /// Up to where the annotations in each account were told. Unlike the others, these never go back.
    annotated: HashMap<AccountId, ModSeq>,
    /// What the session itself annotated since.
    own: HashSet<(AccountId, ModSeq)>,
}

/// Up to where an account was looked at.
#[derive(Clone, Copy)]
struct Mark {
    owner: AccountId,
    since: ModSeq,
    /// `None`: what was annotated before is not told.
    annotated: Option<ModSeq>,
}

impl Watching {
    /// All changes of these accounts are heard from now on, and of no others.
    fn listen(&mut self, watch: &Watch, accounts: &[AccountId]) {
        self.watchers.retain(|account, _| accounts.contains(account));
        for account in accounts {
            let listen = || watch.listen(*account);
            self.watchers.entry(*account).or_insert_with(listen);
        }
    }

    fn mark(&self, owner: AccountId) -> Mark {
        Mark {
            owner,
            since: self.marks.get(&owner).copied().unwrap_or(ModSeq(0)),
            annotated: self.annotated.get(&owner).copied(),
        }
    }

    /// The session itself made these changes to annotations.
    pub(super) fn note_own(&mut self, changes: impl Iterator<Item = (AccountId, Vec<ModSeq>)>) {
        let each =
            changes.flat_map(|(account, changes)| changes.into_iter().map(move |change| (account, change)));
        self.own.extend(each);
    }

    /// A mailbox that was open was not told of meanwhile.
    pub(super) fn look_again(&mut self) {
        self.marks.clear();
    }

    pub(super) fn watchers(&mut self) -> impl Iterator<Item = &mut Watcher> {
        self.watchers.values_mut()
    }
}

/// Completes with the first change that any of them hears.
pub(super) async fn any_changed(watchers: impl Iterator<Item = &mut Watcher>) {
    let mut waiting: Vec<Pin<Box<_>>> = watchers.map(|watcher| Box::pin(watcher.changed())).collect();
    std::future::poll_fn(|cx| {
        let is_ready = waiting
            .iter_mut()
            .any(|change| change.as_mut().poll(cx).is_ready());
        match is_ready {
            true => Poll::Ready(()),
            false => Poll::Pending,
        }
    })
    .await;
}

/// What was found of one account.
struct Found {
    owner: AccountId,
    modseq: ModSeq,
    changed: Vec<ChangedMailbox>,
    /// Those that may be seen; of the own account also subscriptions alone.
    folders: Vec<(Folder, Rights)>,
    annotated: Vec<ChangedAnnotation>,
}

impl ImapHandler {
    pub(super) async fn watch(
        &mut self,
        since_modseq: i64,
        wants_names: bool,
    ) -> Result<Answer, MailboxError> {
        let account = self.account()?;
        let mut accounts = self.read(move |tx| mailbox::sharers(tx, account)).await?;
        accounts.insert(0, account);
        let watching = self.watching.get_or_insert_default();
        // Listening begins before the first look, so that no change falls between the two.
        watching.listen(&self.services.watch, &accounts);
        if since_modseq == 0 {
            watching.marks.clear();
        }
        watching.marks.insert(account, ModSeq(since_modseq));
        let marks: Vec<Mark> = accounts.into_iter().map(|owner| watching.mark(owner)).collect();
        let found = self.read(move |tx| look(tx, account, &marks)).await?;
        let mut answer = WatchedMailboxes {
            names: wants_names.then(Vec::new),
            ..WatchedMailboxes::default()
        };
        if let Some(watching) = &mut self.watching {
            let own = std::mem::take(&mut watching.own);
            answer.annotations = annotations::of_others(account, &found, &own);
            watching.annotated = found.iter().map(|found| (found.owner, found.modseq)).collect();
        }
        for found in found {
            self.add(&mut answer, account, found);
        }
        Ok(Answer::Watched(answer))
    }

    fn add(&mut self, answer: &mut WatchedMailboxes, account: AccountId, found: Found) {
        let owner = found.owner;
        if let Some(watching) = &mut self.watching {
            watching.marks.insert(owner, found.modseq);
        }
        if owner == account {
            answer.modseq = found.modseq.0;
        }
        for changed in found.changed {
            let mailbox = changed.id;
            let handle = self.handle(Place { owner, mailbox });
            answer.changed.push(watched(handle, changed));
        }
        if let Some(names) = &mut answer.names {
            for (folder, rights) in found.folders {
                let place = folder.id.map(|mailbox| Place { owner, mailbox });
                let handle = place.map(|place| self.handle(place));
                names.push((handle, translate::folder(folder, rights)));
            }
        }
    }
}

/// Looks at the mailboxes of an account and at what others share with it, each since its mark.
fn look(tx: &Tx<'_>, reader: AccountId, marks: &[Mark]) -> Result<Vec<Found>, MailboxError> {
    let mut all = Vec::new();
    let own = mailbox::folders(tx, reader)?;
    for &mark in marks {
        if mark.owner != reader {
            all.extend(look_at_shared(tx, reader, mark, &own)?);
            continue;
        }
        let found = mailbox::changed_mailboxes(tx, reader, mark.since)?;
        all.push(Found {
            owner: reader,
            modseq: found.modseq,
            changed: found.changed,
            folders: own.iter().map(|folder| (folder.clone(), Rights::ALL)).collect(),
            annotated: annotations::since(tx, mark)?,
        });
    }
    Ok(all)
}

/// `None`: the account is gone.
fn look_at_shared(
    tx: &Tx<'_>,
    reader: AccountId,
    mark: Mark,
    own: &[Folder],
) -> Result<Option<Found>, MailboxError> {
    let owner = mark.owner;
    let Some(entry) = posthorn_accounts::account(tx, owner)? else {
        return Ok(None);
    };
    let mut folders = mailbox::shared_folders(tx, owner, reader)?;
    folders.retain(|(_, rights)| rights.contains(Rights::LOOKUP));
    let mut found = mailbox::changed_mailboxes(tx, owner, mark.since)?;
    found.changed.retain(|changed| {
        let mut same = folders.iter().filter(|(folder, _)| folder.id == Some(changed.id));
        same.any(|(_, rights)| rights.contains(Rights::READ))
    });
    for (folder, _) in &mut folders {
        folder.name = name_for_others(&entry.address, &folder.name);
    }
    for changed in &mut found.changed {
        changed.name = name_for_others(&entry.address, &changed.name);
        changed.is_subscribed = own
            .iter()
            .any(|folder| folder.is_subscribed && folder.name == changed.name);
    }
    Ok(Some(Found {
        owner,
        modseq: found.modseq,
        changed: found.changed,
        folders,
        annotated: annotations::since(tx, mark)?,
    }))
}

fn watched(handle: MailboxHandle, mailbox: ChangedMailbox) -> WatchedMailbox {
    let number = |count: u64| u32::try_from(count).unwrap_or(u32::MAX);
    WatchedMailbox {
        mailbox: handle,
        name: mailbox.name,
        subscribed: mailbox.is_subscribed,
        uid_validity: mailbox.uid_validity.0,
        uid_next: mailbox.uid_next.0,
        messages: number(mailbox.messages),
        unseen: number(mailbox.unseen),
        highest_modseq: mailbox.modseq.0,
    }
}
