//! Annotations of mailboxes and of the server (RFC 5464): named octets. What the names mean is the caller's;
//! here they are sorted onto shelves. A shelf lies with the mailbox for what all its readers share, and with a
//! reader for what is theirs alone.

use posthorn_base::{AccountId, MailboxId, ModSeq};
use posthorn_store::{Tx, params};

use crate::account::next_modseq;
use crate::{MailboxError, sql};

/// The largest value in octets.
pub const ANNOTATION_OCTETS: usize = 16_384;
/// Values on one shelf.
const VALUES: i64 = 50;
/// Names in one account, with those that have no value any more.
const NAMES: i64 = 2_000;
/// What stands for the server where a mailbox with its owner would.
const OF_SERVER: (AccountId, MailboxId) = (AccountId(0), MailboxId(0));

/// What a group of annotations is about, and whose it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shelf {
    /// The account in whose partition it lies.
    pub account: AccountId,
    /// The mailbox with its owner; `None`: the server.
    pub about: Option<(AccountId, MailboxId)>,
}

impl Shelf {
    const fn key(self) -> (AccountId, AccountId, MailboxId) {
        match self.about {
            Some((owner, mailbox)) => (self.account, owner, mailbox),
            None => (self.account, OF_SERVER.0, OF_SERVER.1),
        }
    }
}

/// A name with its value.
pub type Annotation = (String, Vec<u8>);

/// All that has a value, by name.
///
/// # Errors
/// When the store fails.
pub fn annotations(tx: &Tx<'_>, shelf: Shelf) -> Result<Vec<Annotation>, MailboxError> {
    let (account, owner, mailbox) = shelf.key();
    Ok(
        tx.query(sql::SELECT_ANNOTATIONS, params![account, owner, mailbox], |row| {
            Ok((row.text(0)?.to_owned(), row.bytes(1)?.to_vec()))
        })?,
    )
}

/// An annotation that is not what it was.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChangedAnnotation {
    /// The mailbox with its owner; `None`: the server.
    pub about: Option<(AccountId, MailboxId)>,
    /// Its name.
    pub name: String,
    /// The change.
    pub modseq: ModSeq,
}

/// What was annotated in an account since `since`, whatever it is about, also what has no value any more, in the
/// order of the changes.
///
/// # Errors
/// When the store fails.
pub fn changed_annotations(
    tx: &Tx<'_>,
    account: AccountId,
    since: ModSeq,
) -> Result<Vec<ChangedAnnotation>, MailboxError> {
    Ok(
        tx.query(sql::SELECT_CHANGED_ANNOTATIONS, params![account, since], |row| {
            let about = (AccountId(row.int(0)?), MailboxId(row.int(1)?));
            Ok(ChangedAnnotation {
                about: (about != OF_SERVER).then_some(about),
                name: row.text(2)?.to_owned(),
                modseq: ModSeq(row.int(3)?),
            })
        })?,
    )
}

/// Gives a name a value, or takes its value away. That it had one stays known, with the change in which it was
/// taken away. Gives the change, which is the only one with that MODSEQ in the account of the shelf.
///
/// # Errors
/// [`MailboxError::AnnotationTooBig`], [`MailboxError::TooManyAnnotations`].
pub fn annotate(
    tx: &mut Tx<'_>,
    shelf: Shelf,
    name: &str,
    value: Option<&[u8]>,
) -> Result<ModSeq, MailboxError> {
    let (account, owner, mailbox) = shelf.key();
    let modseq = next_modseq(tx, account)?;
    if let Some(value) = value {
        if value.len() > ANNOTATION_OCTETS {
            return Err(MailboxError::AnnotationTooBig);
        }
        tx.execute(
            sql::PUT_ANNOTATION,
            params![account, owner, mailbox, name, value, modseq],
        )?;
        let count = |sql, params: &[_]| tx.query_row(sql, params, |row| row.int(0));
        let here = count(sql::COUNT_ANNOTATIONS, params![account, owner, mailbox])?;
        let all = count(sql::COUNT_ALL_ANNOTATIONS, params![account])?;
        if here.is_some_and(|here| here > VALUES) || all.is_some_and(|all| all > NAMES) {
            return Err(MailboxError::TooManyAnnotations);
        }
    } else {
        tx.execute(
            sql::EMPTY_ANNOTATION,
            params![account, owner, mailbox, name, modseq],
        )?;
    }
    tx.notice(account);
    Ok(modseq)
}

/// A mailbox gets what the owner has on another, which keeps it (RFC 5464 section 4.1, RENAME of INBOX).
pub(crate) fn copy_annotations(
    tx: &mut Tx<'_>,
    owner: AccountId,
    from: MailboxId,
    to: MailboxId,
) -> Result<(), MailboxError> {
    tx.execute(sql::COPY_ANNOTATIONS, params![owner, from, to])?;
    Ok(())
}
