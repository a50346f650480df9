//! STORE: changes of flags (RFC 9051 section 6.4.6, RFC 7162 section 3.1.3).

use posthorn_base::{AccountId, MailboxId, ModSeq, Uid};
use posthorn_store::{Tx, params};

use crate::fetch::read_message;
use crate::flags::{FlagChange, Flags, System};
use crate::select::{is_wanted, note_keywords, ranges};
use crate::{MailboxError, account, sql};

/// What STORE did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Stored {
    /// The messages that were asked for and are there, with their flags now.
    pub rows: Vec<StoredRow>,
    /// Messages left alone because they changed after UNCHANGEDSINCE.
    pub modified: Vec<Uid>,
}

/// One message after STORE.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredRow {
    /// Its UID.
    pub uid: Uid,
    /// Its flags now.
    pub flags: Flags,
    /// Its MODSEQ now.
    pub modseq: ModSeq,
    /// Its MODSEQ before; the same when nothing was changed.
    pub modseq_before: ModSeq,
    /// Whether this STORE changed anything.
    pub is_changed: bool,
}

/// Changes the flags of messages (UIDs sorted); those that would not change keep their MODSEQ.
///
/// # Errors
/// When the account or the mailbox is gone.
pub fn store_flags(
    tx: &mut Tx<'_>,
    account: AccountId,
    mailbox: MailboxId,
    uids: &[Uid],
    change: &FlagChange,
    unchanged_since: Option<ModSeq>,
) -> Result<Stored, MailboxError> {
    let modseq = account::next_modseq(tx, account)?;
    let mut stored = Stored::default();
    let mut delta = Delta::default();
    let mut runs = Runs::default();
    let mut wanted = uids.iter().peekable();
    for (first, last) in ranges(uids) {
        tx.for_each(
            sql::SELECT_MESSAGES,
            params![account, mailbox, first, last],
            |row| {
                let uid = Uid(row.u32(0)?);
                if !is_wanted(&mut wanted, uid) {
                    runs.interrupt();
                    return Ok(());
                }
                let row = read_message(row)?;
                if unchanged_since.is_some_and(|limit| row.modseq > limit) {
                    stored.modified.push(uid);
                    runs.interrupt();
                    return Ok(());
                }
                let flags = row.flags.changed_by(change);
                let is_changed = flags != row.flags;
                if is_changed {
                    delta.add(&row.flags, -1);
                    delta.add(&flags, 1);
                    runs.add(uid, &flags);
                } else {
                    runs.interrupt();
                }
                stored.rows.push(StoredRow {
                    uid,
                    flags,
                    modseq: if is_changed { modseq } else { row.modseq },
                    modseq_before: row.modseq,
                    is_changed,
                });
                Ok(())
            },
        )?;
        runs.interrupt();
    }
    if runs.all.is_empty() {
        return Ok(stored);
    }
    let (keep, add) = change.masks();
    for run in &runs.all {
        let key = params![
            account,
            mailbox,
            run.first,
            run.last,
            keep.0,
            add.0,
            &run.keywords,
            modseq
        ];
        tx.execute(sql::UPDATE_FLAGS, key)?;
    }
    delta.apply(tx, account, mailbox, modseq)?;
    note_keywords(tx, account, mailbox, change.flags().keywords())?;
    tx.notice(account);
    Ok(stored)
}

/// Messages that follow each other in the mailbox, all of which change, and end with the same keywords: one
/// statement changes them, whatever their system flags are.
struct Run {
    first: Uid,
    last: Uid,
    keywords: String,
}

#[derive(Default)]
struct Runs {
    all: Vec<Run>,
    is_open: bool,
}

impl Runs {
    fn add(&mut self, uid: Uid, flags: &Flags) {
        let keywords = flags.keywords_column();
        match self.all.last_mut() {
            Some(run) if self.is_open && run.keywords == keywords => run.last = uid,
            Some(_) | None => self.all.push(Run {
                first: uid,
                last: uid,
                keywords,
            }),
        }
        self.is_open = true;
    }

    /// The next message stays as it is: no run goes across it.
    const fn interrupt(&mut self) {
        self.is_open = false;
    }
}

/// A change of a mailbox's counters.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Delta {
    pub(crate) messages: i64,
    pub(crate) unseen: i64,
    pub(crate) deleted: i64,
    pub(crate) size: i64,
    pub(crate) tombstones: i64,
}

impl Delta {
    /// One more message.
    pub(crate) fn of_new(flags: &Flags, size: i64) -> Self {
        let mut delta = Self {
            messages: 1,
            size,
            ..Self::default()
        };
        delta.add(flags, 1);
        delta
    }

    /// Counts the flags of one message, `sign` 1 or -1.
    pub(crate) fn add(&mut self, flags: &Flags, sign: i64) {
        self.unseen += if flags.system.contains(System::SEEN) {
            0
        } else {
            sign
        };
        self.deleted += if flags.system.contains(System::DELETED) {
            sign
        } else {
            0
        };
    }

    pub(crate) fn apply(
        self,
        tx: &mut Tx<'_>,
        account: AccountId,
        mailbox: MailboxId,
        modseq: ModSeq,
    ) -> Result<(), MailboxError> {
        let values = params![
            account,
            mailbox,
            modseq,
            self.messages,
            self.unseen,
            self.deleted,
            self.size,
            self.tombstones
        ];
        match tx.execute(sql::ADD_TO_COUNTERS, values)? {
            0 => Err(MailboxError::NoSuchMailbox),
            _ => Ok(()),
        }
    }
}
