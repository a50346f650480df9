//! The words of `mailbox` as the words of `imap`.

use posthorn_base::{EmailId, MailboxId, Rights, ThreadId, Uid};
use posthorn_imap::types::{ChangedUids, FlagChange, FlagMode, Flags, SpecialUse, SystemFlags};
use posthorn_imap::{Answer, MailboxInfo, MessageChange, StoredMessage};
use posthorn_mailbox as mailbox;

/// RFC 8474 section 4.1: letters, digits, `-` and `_`.
pub(super) fn mailbox_id(id: MailboxId) -> String {
    format!("F{id}")
}

pub(super) fn email_id(id: EmailId) -> String {
    format!("M{id}")
}

/// `None`: no content of ours has such an id.
pub(super) fn stored_email_id(id: &str) -> Option<EmailId> {
    let email = EmailId(id.strip_prefix('M')?.parse().ok()?);
    (email_id(email) == id).then_some(email)
}

pub(super) fn thread_id(id: ThreadId) -> String {
    format!("T{id}")
}

pub(super) fn flags(flags: &mailbox::Flags) -> Flags {
    Flags {
        system: SystemFlags::from_bits(u8::try_from(flags.system.0 & 31).unwrap_or(0)),
        keywords: flags.keywords().to_vec(),
    }
}

/// The bits mean the same on both sides: 1 seen, 2 answered, 4 flagged, 8 deleted, 16 draft.
pub(super) fn stored_flags(flags: &Flags) -> mailbox::Flags {
    mailbox::Flags::new(
        mailbox::System(i64::from(flags.system.bits())),
        flags.keywords.clone(),
    )
}

pub(super) fn change(change: FlagChange) -> mailbox::FlagChange {
    let mode = match change.mode {
        FlagMode::Add => mailbox::FlagMode::Add,
        FlagMode::Remove => mailbox::FlagMode::Remove,
        FlagMode::Replace => mailbox::FlagMode::Replace,
    };
    mailbox::FlagChange::new(mode, stored_flags(&change.flags))
}

pub(super) fn stored(row: mailbox::StoredRow) -> StoredMessage {
    StoredMessage {
        now: MessageChange {
            uid: row.uid.0,
            flags: flags(&row.flags),
            modseq: row.modseq.0,
        },
        modseq_before: row.modseq_before.0,
    }
}

/// `mailbox` tells new and changed messages together. Which of them are new to the session it finds out by
/// itself: UIDs become visible in their order.
pub(super) fn changes(seen: mailbox::Changes, rights: Rights, uid_next_when_opened: Uid) -> Answer {
    let since_opened = seen
        .changed
        .iter()
        .map(|row| row.uid)
        .filter(|uid| *uid >= uid_next_when_opened);
    Answer::Changes {
        vanished: seen.vanished.into_iter().map(|uid| uid.0).collect(),
        arrived: since_opened.map(|uid| uid.0).collect(),
        changed: seen.changed.into_iter().map(change_of).collect(),
        uid_next: seen.uid_next.0,
        highest_modseq: seen.modseq.0,
        rights,
    }
}

pub(super) fn changed_uids(found: mailbox::ChangedUids) -> ChangedUids {
    ChangedUids {
        changed: found.changed,
        vanished: found.vanished,
    }
}

fn change_of(row: mailbox::MessageRow) -> MessageChange {
    MessageChange {
        uid: row.uid.0,
        flags: flags(&row.flags),
        modseq: row.modseq.0,
    }
}

pub(super) fn folder(folder: mailbox::Folder, rights: Rights) -> MailboxInfo {
    MailboxInfo {
        name: folder.name,
        special_use: folder.special_use.map(special_use),
        subscribed: folder.is_subscribed,
        exists: folder.id.is_some(),
        rights,
    }
}

pub(super) fn special_use(special_use: mailbox::SpecialUse) -> SpecialUse {
    match special_use {
        mailbox::SpecialUse::Archive => SpecialUse::Archive,
        mailbox::SpecialUse::Drafts => SpecialUse::Drafts,
        mailbox::SpecialUse::Flagged => SpecialUse::Flagged,
        mailbox::SpecialUse::Junk => SpecialUse::Junk,
        mailbox::SpecialUse::Sent => SpecialUse::Sent,
        mailbox::SpecialUse::Trash => SpecialUse::Trash,
    }
}

/// `None`: a use that no mailbox of ours can have, because it would be a view of all others.
pub(super) fn stored_use(special_use: SpecialUse) -> Option<mailbox::SpecialUse> {
    match special_use {
        SpecialUse::All => None,
        SpecialUse::Archive => Some(mailbox::SpecialUse::Archive),
        SpecialUse::Drafts => Some(mailbox::SpecialUse::Drafts),
        SpecialUse::Flagged => Some(mailbox::SpecialUse::Flagged),
        SpecialUse::Junk => Some(mailbox::SpecialUse::Junk),
        SpecialUse::Sent => Some(mailbox::SpecialUse::Sent),
        SpecialUse::Trash => Some(mailbox::SpecialUse::Trash),
    }
}
