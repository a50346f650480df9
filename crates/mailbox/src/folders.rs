//! Mailboxes as such: made, named, listed, counted, removed. (The module is not called `mailbox` only
//! because the crate is.)

use posthorn_base::{AccountId, MailboxId, ModSeq, Rights, Timestamp, Uid, UidValidity};
use posthorn_store::{StoreError, Tx, params};

use crate::names::{check_name, parents};
use crate::{CopyMode, CopyRequest, MailboxError, account, annotation, copy, expunge, select, sql};

/// Mailboxes an account may have.
const MAILBOXES: usize = 10_000;

/// What a mailbox is for (RFC 6154).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SpecialUse {
    /// `\Archive`
    Archive,
    /// `\Drafts`
    Drafts,
    /// `\Flagged`
    Flagged,
    /// `\Junk`
    Junk,
    /// `\Sent`
    Sent,
    /// `\Trash`
    Trash,
}

impl SpecialUse {
    /// The attribute without its backslash.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Archive => "Archive",
            Self::Drafts => "Drafts",
            Self::Flagged => "Flagged",
            Self::Junk => "Junk",
            Self::Sent => "Sent",
            Self::Trash => "Trash",
        }
    }

    /// From the attribute without its backslash, in any letter case.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        [
            Self::Archive,
            Self::Drafts,
            Self::Flagged,
            Self::Junk,
            Self::Sent,
            Self::Trash,
        ]
        .into_iter()
        .find(|known| known.name().eq_ignore_ascii_case(name))
    }
}

/// A line of LIST.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Folder {
    /// Its id; `None` for a name that is subscribed but does not exist (any more).
    pub id: Option<MailboxId>,
    /// Full name in UTF-8.
    pub name: String,
    /// What it is for.
    pub special_use: Option<SpecialUse>,
    /// Is it subscribed?
    pub is_subscribed: bool,
}

/// The counters of a mailbox.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Status {
    /// Which one.
    pub id: MailboxId,
    /// Its UIDVALIDITY.
    pub uid_validity: UidValidity,
    /// The UID the next message gets, at the least.
    pub uid_next: Uid,
    /// The highest MODSEQ in it.
    pub modseq: ModSeq,
    /// Messages with this UID or a higher one are recent (RFC 3501 section 2.3.2).
    pub recent_from: Uid,
    /// How many messages.
    pub messages: u64,
    /// Of them without `\Seen`.
    pub unseen: u64,
    /// Of them with `\Deleted`.
    pub deleted: u64,
    /// Octets of all of them.
    pub size_octets: u64,
    /// Every keyword that was ever used in it.
    pub keywords: Vec<String>,
}

/// All mailboxes of an account by name, then subscribed names without a mailbox.
///
/// # Errors
/// When the store fails.
pub fn folders(tx: &Tx<'_>, account: AccountId) -> Result<Vec<Folder>, MailboxError> {
    let mut all = tx.query(sql::SELECT_MAILBOXES, params![account], |row| {
        Ok(Folder {
            id: Some(MailboxId(row.int(0)?)),
            name: row.text(1)?.to_owned(),
            special_use: row.opt_text(2)?.and_then(SpecialUse::from_name),
            is_subscribed: row.bool(3)?,
        })
    })?;
    all.extend(tx.query(sql::SELECT_LOST_SUBSCRIPTIONS, params![account], |row| {
        Ok(Folder {
            id: None,
            name: row.text(0)?.to_owned(),
            special_use: None,
            is_subscribed: true,
        })
    })?);
    Ok(all)
}

/// The mailbox of that name.
///
/// # Errors
/// [`MailboxError::NoSuchMailbox`], also for a name that no mailbox can have.
pub fn find(tx: &Tx<'_>, account: AccountId, name: &str) -> Result<MailboxId, MailboxError> {
    let name = check_name(name).map_err(|_no_such_name_can_exist| MailboxError::NoSuchMailbox)?;
    find_checked(tx, account, &name)?.ok_or(MailboxError::NoSuchMailbox)
}

fn find_checked(tx: &Tx<'_>, account: AccountId, name: &str) -> Result<Option<MailboxId>, StoreError> {
    tx.query_row(sql::SELECT_MAILBOX_ID, params![account, name], |row| {
        row.int(0).map(MailboxId)
    })
}

/// The mailbox of that name, or else the nearest above it that is there.
///
/// # Errors
/// [`MailboxError::NoSuchMailbox`] when there is none, also for a name that no mailbox can have.
pub fn find_or_parent(tx: &Tx<'_>, account: AccountId, name: &str) -> Result<MailboxId, MailboxError> {
    let name = check_name(name).map_err(|_no_such_name_can_exist| MailboxError::NoSuchMailbox)?;
    let mut above: Vec<&str> = parents(&name).collect();
    above.push(&name);
    for name in above.into_iter().rev() {
        if let Some(found) = find_checked(tx, account, name)? {
            return Ok(found);
        }
    }
    Err(MailboxError::NoSuchMailbox)
}

/// The first mailbox with that use; `None` when the account has none.
///
/// # Errors
/// When the store fails.
pub fn folders_by_use(
    tx: &Tx<'_>,
    account: AccountId,
    special_use: SpecialUse,
) -> Result<Option<MailboxId>, MailboxError> {
    let first = tx.query_row(
        sql::SELECT_MAILBOX_BY_USE,
        params![account, special_use.name()],
        |row| row.int(0).map(MailboxId),
    )?;
    Ok(first)
}

/// The counters of a mailbox.
///
/// # Errors
/// [`MailboxError::NoSuchMailbox`] when it is gone.
pub fn status(tx: &Tx<'_>, account: AccountId, id: MailboxId) -> Result<Status, MailboxError> {
    tx.query_row(sql::SELECT_STATUS, params![account, id], |row| {
        Ok(Status {
            id,
            uid_validity: UidValidity(row.u32(0)?),
            uid_next: Uid(row.u32(1)?),
            modseq: ModSeq(row.int(2)?),
            recent_from: Uid(row.u32(3)?),
            messages: row.u64(4)?,
            unseen: row.u64(5)?,
            deleted: row.u64(6)?,
            size_octets: row.u64(7)?,
            keywords: row.text(8)?.split_ascii_whitespace().map(str::to_owned).collect(),
        })
    })?
    .ok_or(MailboxError::NoSuchMailbox)
}

/// Makes a mailbox and, where missing, those above it (RFC 9051 section 6.3.4).
///
/// # Errors
/// When the name is taken or breaks a rule.
pub fn create(
    tx: &mut Tx<'_>,
    account: AccountId,
    name: &str,
    special_use: Option<SpecialUse>,
    now: Timestamp,
) -> Result<MailboxId, MailboxError> {
    let name = check_name(name)?;
    if find_checked(tx, account, &name)?.is_some() {
        return Err(MailboxError::AlreadyExists);
    }
    if folders(tx, account)?.len() >= MAILBOXES {
        return Err(MailboxError::Limit(
            "the account has 10000 mailboxes, the most there may be",
        ));
    }
    make_parents(tx, account, &name, now)?;
    insert_folder(tx, account, &name, special_use, now)
}

fn make_parents(tx: &mut Tx<'_>, account: AccountId, name: &str, now: Timestamp) -> Result<(), MailboxError> {
    for parent in parents(name) {
        if find_checked(tx, account, parent)?.is_none() {
            insert_folder(tx, account, parent, None, now)?;
        }
    }
    Ok(())
}

/// The row itself, subscribed: readers show only subscribed mailboxes, and nobody makes one to hide it.
pub(crate) fn insert_folder(
    tx: &mut Tx<'_>,
    account: AccountId,
    name: &str,
    special_use: Option<SpecialUse>,
    now: Timestamp,
) -> Result<MailboxId, MailboxError> {
    // UIDVALIDITY rises with the clock and never repeats within the account, so a mailbox made anew
    // under an old name never has the old value (RFC 9051 section 2.3.1.1).
    let clock = now.as_secs().clamp(1, i64::from(u32::MAX));
    let (modseq, next_id, uid_validity) = tx
        .query_row(sql::NEXT_FOR_MAILBOX, params![account, clock], |row| {
            Ok((row.int(0)?, row.int(1)?, row.int(2)?))
        })?
        .ok_or(MailboxError::NoSuchAccount)?;
    let id = if name == "INBOX" {
        INBOX
    } else {
        MailboxId(next_id)
    };
    let special_use = special_use.map(SpecialUse::name);
    tx.execute(
        sql::INSERT_MAILBOX,
        params![account, id, name, special_use, uid_validity, modseq, now],
    )?;
    if let Some((parent, _)) = name.rsplit_once('/') {
        // RFC 4314 section 4: who has rights to the parent has them here.
        tx.execute(sql::INHERIT_ACL, params![account, id, parent])?;
    }
    tx.execute(sql::INSERT_SUBSCRIPTION, params![account, name])?;
    tx.notice(account);
    Ok(id)
}

/// INBOX has the same id in every account.
pub(crate) const INBOX: MailboxId = MailboxId(1);

/// Removes a mailbox with its messages. Those below it stay.
///
/// # Errors
/// When it does not exist or is INBOX.
pub fn delete(tx: &mut Tx<'_>, account: AccountId, name: &str) -> Result<(), MailboxError> {
    let id = find(tx, account, name)?;
    if id == INBOX {
        return Err(MailboxError::IsInbox);
    }
    expunge::remove_all(tx, account, id)?;
    tx.execute(sql::DELETE_ACL_OF_MAILBOX, params![account, id])?;
    tx.execute(sql::DELETE_ANNOTATIONS, params![account, id])?;
    tx.execute(sql::DELETE_MAILBOX_TOMBSTONES, params![account, id])?;
    tx.execute(sql::DELETE_MAILBOX_GONE, params![account, id])?;
    tx.execute(sql::DELETE_MAILBOX, params![account, id])?;
    tx.notice(account);
    Ok(())
}

/// Renames a mailbox and those below it. Renaming INBOX moves its messages into a new mailbox and
/// leaves it empty (RFC 9051 section 6.3.6).
///
/// # Errors
/// When the old one does not exist, the new name is taken, breaks a rule or lies below the old one.
pub fn rename(
    tx: &mut Tx<'_>,
    account: AccountId,
    from: &str,
    to: &str,
    now: Timestamp,
) -> Result<(), MailboxError> {
    let id = find(tx, account, from)?;
    let (from, to) = (check_name(from)?, check_name(to)?);
    if find_checked(tx, account, &to)?.is_some() {
        return Err(MailboxError::AlreadyExists);
    }
    if id == INBOX {
        let new = create(tx, account, &to, None, now)?;
        annotation::copy_annotations(tx, account, id, new)?;
        let uids: Vec<Uid> = select::uids(tx, account, id)?;
        let request = CopyRequest {
            from: id,
            uids: &uids,
            to: &to,
            mode: CopyMode::Move,
            rights: Rights::ALL,
        };
        copy(tx, account, request, now)?;
        return Ok(());
    }
    let below = format!("{from}/");
    if to.starts_with(&below) {
        return Err(MailboxError::BadName("a mailbox cannot be moved below itself"));
    }
    make_parents(tx, account, &to, now)?;
    let modseq = account::next_modseq(tx, account)?;
    for folder in folders(tx, account)? {
        let rest = match folder.name.strip_prefix(&from) {
            Some("") => "",
            Some(rest) if rest.starts_with('/') => rest,
            Some(_) | None => continue,
        };
        let Some(id) = folder.id else { continue };
        let name = format!("{to}{rest}");
        if !rest.is_empty() && find_checked(tx, account, &name)?.is_some() {
            return Err(MailboxError::AlreadyExists);
        }
        tx.execute(sql::UPDATE_NAME, params![account, id, &name, modseq])?;
        if folder.is_subscribed {
            tx.execute(sql::DELETE_SUBSCRIPTION, params![account, &folder.name])?;
            tx.execute(sql::INSERT_SUBSCRIPTION, params![account, &name])?;
        }
    }
    tx.notice(account);
    Ok(())
}

/// Subscribes to a name or takes the subscription back. Names without a mailbox can be unsubscribed,
/// not subscribed.
///
/// # Errors
/// [`MailboxError::NoSuchMailbox`] when subscribing to a mailbox that does not exist.
pub fn subscribe(
    tx: &mut Tx<'_>,
    account: AccountId,
    name: &str,
    subscribed: Subscription,
) -> Result<(), MailboxError> {
    let checked = check_name(name)?;
    match subscribed {
        Subscription::On => {
            find(tx, account, &checked)?;
            tx.execute(sql::INSERT_SUBSCRIPTION, params![account, &checked])?;
        }
        Subscription::Elsewhere => {
            tx.execute(sql::INSERT_SUBSCRIPTION, params![account, &checked])?;
        }
        Subscription::Off => {
            tx.execute(sql::DELETE_SUBSCRIPTION, params![account, &checked])?;
        }
    }
    tx.notice(account);
    Ok(())
}

/// SUBSCRIBE or UNSUBSCRIBE.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Subscription {
    /// Subscribe.
    On,
    /// Subscribe to a mailbox of another account, which the caller has looked up, under the name it has for this
    /// account.
    Elsewhere,
    /// Unsubscribe.
    Off,
}
