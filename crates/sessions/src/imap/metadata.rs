//! GETMETADATA and SETMETADATA (RFC 5464). Shared entries lie with the mailbox, private ones with the reader. Of
//! the server, what is shared is ours to say and nobody's to change.

use posthorn_base::{AccountId, ModSeq, Rights};
use posthorn_imap::Answer;
use posthorn_imap::types::SpecialUse;
use posthorn_imap::types::metadata::{Entry, SHARED};
use posthorn_mailbox::{self as mailbox, Annotation, MailboxError, Shelf};
use posthorn_store::{Partition, Tx};

use super::place::Named;
use super::{ImapHandler, translate};

/// How to reach who runs the server (RFC 5464 section 3.2.1.1).
const ADMIN: &str = "/shared/admin";
/// What a mailbox is for (RFC 6154 section 4); said at CREATE.
const SPECIAL_USE: &str = "/private/specialuse";

/// Where entries lie.
#[derive(Clone, Copy)]
struct Shelves {
    /// `None`: the server's, which are computed.
    shared: Option<Shelf>,
    private: Shelf,
}

pub(super) fn is_shared(entry: &str) -> bool {
    entry.starts_with(SHARED)
}

impl ImapHandler {
    pub(super) async fn metadata(&self, name: Option<String>) -> Result<Answer, MailboxError> {
        let account = self.account()?;
        let named = match name {
            Some(name) => Some(self.annotated(name).await?),
            None => None,
        };
        let all = self
            .read(move |tx| {
                let Some(named) = &named else {
                    let mut all = server_entries(tx, account)?;
                    all.extend(private(tx, shelves(tx, account, None)?)?);
                    return Ok(all);
                };
                let shelves = shelves(tx, account, Some(named))?;
                let mut all = private(tx, shelves)?;
                if let Some(shelf) = shelves.shared {
                    // What the owner has for themselves lies on the same shelf.
                    let entries = mailbox::annotations(tx, shelf)?;
                    all.extend(entries.into_iter().filter(|(entry, _)| is_shared(entry)));
                }
                if named.owner == account {
                    all.extend(special_use(tx, named)?);
                }
                Ok(all)
            })
            .await?;
        Ok(Answer::Metadata(all))
    }

    pub(super) async fn set_metadata(
        &mut self,
        name: Option<String>,
        entries: Vec<Entry>,
    ) -> Result<Answer, MailboxError> {
        let account = self.account()?;
        let named = match name {
            Some(name) => Some(self.annotated(name).await?),
            None => None,
        };
        // Who changes what all see must be allowed to change more than their own view.
        let may_share = named
            .as_ref()
            .is_some_and(|named| named.rights.contains(Rights::WRITE));
        if !may_share && entries.iter().any(|(entry, _)| is_shared(entry)) {
            return Err(MailboxError::NotPermitted);
        }
        if entries.iter().any(|(entry, _)| entry == SPECIAL_USE) {
            let reason = "what a mailbox is for is said when it is made";
            return Ok(Answer::Refused(reason.to_owned()));
        }
        let about = named.clone();
        let shelves = self.read(move |tx| shelves(tx, account, about.as_ref())).await?;
        let targets: Vec<Shelf> = shelves.shared.into_iter().chain([shelves.private]).collect();
        let accounts: Vec<AccountId> = targets.iter().map(|shelf| shelf.account).collect();
        let partitions = accounts.iter().map(|account| Partition::Account(*account));
        let done = self
            .services
            .store
            .write_group(partitions.collect(), move |tx, part| {
                let Some(shelf) = targets.get(part) else {
                    return Ok(Vec::new());
                };
                let holds_shared = shelves.shared == Some(*shelf) && part == 0;
                let here = entries
                    .iter()
                    .filter(|(entry, _)| is_shared(entry) == holds_shared);
                here.map(|(entry, value)| mailbox::annotate(tx, *shelf, entry, value.as_deref()))
                    .collect::<Result<Vec<ModSeq>, MailboxError>>()
            });
        match done.await {
            Ok(changes) => {
                if let Some(watching) = &mut self.watching {
                    watching.note_own(accounts.into_iter().zip(changes));
                }
                Ok(Answer::Ok)
            }
            Err(MailboxError::AnnotationTooBig) => Ok(Answer::MetadataTooBig {
                octets_at_most: u32::try_from(mailbox::ANNOTATION_OCTETS).unwrap_or(u32::MAX),
            }),
            Err(MailboxError::TooManyAnnotations) => Ok(Answer::MetadataTooMany),
            Err(other) => Err(other),
        }
    }

    async fn annotated(&self, name: String) -> Result<Named, MailboxError> {
        let named = self.named(name, Rights::LOOKUP).await?;
        match may_see(named.rights) {
            true => Ok(named),
            false => Err(MailboxError::NotPermitted),
        }
    }
}

/// RFC 5464 section 3.3: to be listed, and anything that makes a reader or a writer.
pub(super) const fn may_see(rights: Rights) -> bool {
    let any = Rights::READ
        .with(Rights::SEEN)
        .with(Rights::WRITE)
        .with(Rights::INSERT)
        .with(Rights::POST);
    rights.contains(Rights::LOOKUP) && rights.has_any_of(any)
}

/// What the reader has for themselves.
fn private(tx: &Tx<'_>, shelves: Shelves) -> Result<Vec<Annotation>, MailboxError> {
    let mut entries = mailbox::annotations(tx, shelves.private)?;
    entries.retain(|(entry, _)| !is_shared(entry));
    Ok(entries)
}

fn shelves(tx: &Tx<'_>, reader: AccountId, named: Option<&Named>) -> Result<Shelves, MailboxError> {
    let Some(named) = named else {
        return Ok(Shelves {
            shared: None,
            private: Shelf {
                account: reader,
                about: None,
            },
        });
    };
    let about = Some((named.owner, mailbox::find(tx, named.owner, &named.name)?));
    Ok(Shelves {
        shared: Some(Shelf {
            account: named.owner,
            about,
        }),
        private: Shelf {
            account: reader,
            about,
        },
    })
}

fn server_entries(tx: &Tx<'_>, reader: AccountId) -> Result<Vec<Annotation>, MailboxError> {
    let account = posthorn_accounts::account(tx, reader)?;
    let domain = account.and_then(|account| account.address.domain().cloned());
    // RFC 5321 section 4.5.1: every domain has that address.
    let admin = domain.map(|domain| format!("mailto:postmaster@{domain}").into_bytes());
    Ok(admin.into_iter().map(|uri| (ADMIN.to_owned(), uri)).collect())
}

fn special_use(tx: &Tx<'_>, named: &Named) -> Result<Option<Annotation>, MailboxError> {
    let mailbox = mailbox::find(tx, named.owner, &named.name)?;
    let folders = mailbox::folders(tx, named.owner)?;
    let folder = folders.into_iter().find(|folder| folder.id == Some(mailbox));
    let special_use = folder
        .and_then(|folder| folder.special_use)
        .map(translate::special_use);
    Ok(special_use.map(|special_use: SpecialUse| {
        let attribute = special_use.attribute().as_bytes().to_vec();
        (SPECIAL_USE.to_owned(), attribute)
    }))
}
