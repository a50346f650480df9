//! The selected mailbox as the client knows it: sequence numbers are ranks in a bitmap of UIDs, and the
//! bitmap changes only when the client is told (RFC 3501 sections 5.2, 7.3, 7.4).

use std::collections::BTreeMap;

use posthorn_base::Rights;
use roaring::RoaringBitmap;

use super::acl;
use super::connection::Enabled;
use super::reply::Fault;
use crate::ask::{Ask, MailboxHandle, MessageChange, SelectedMailbox};
use crate::codec::{self, flags, text};
use crate::types::command::Access;
use crate::types::sequence_set::{MessageSet, Numbering};
use crate::types::{Flags, SystemFlags};

/// Own changes, of any number of messages each, remembered so that they are not told twice; beyond that they are.
const TOLD: usize = 250;

/// UIDs that are gone through one by one from a message to the next.
const COUNTED: u32 = 32;

/// Keywords remembered of a mailbox; beyond that they are not announced before they are shown.
const KEYWORDS: usize = 1_000;

/// May the client be told of expunged messages now?
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Numbers {
    MayChange,
    Stay,
}

/// How the client is told of expunged messages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Removals {
    /// EXPUNGE.
    ByNumber,
    /// VANISHED (RFC 7162 section 3.2.10).
    ByUid,
}

/// What is told of a message whose flags others changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ChangeItems {
    Flags,
    /// RFC 5465 section 5.1, RFC 9051 section 7.5.2.
    UidFlags,
    /// RFC 7162 section 3.2.4.
    UidModSeqFlags,
}

/// See the file's comment.
#[derive(Debug)]
pub(super) struct Selected {
    pub(super) mailbox: MailboxHandle,
    /// As the client called it.
    pub(super) name: String,
    pub(super) uid_validity: u32,
    access: Access,
    /// What the client was told it may do.
    rights: Rights,
    /// What the client has enabled, and hence how it is told.
    pub(super) enabled: Enabled,
    /// What the client knows of.
    uids: RoaringBitmap,
    /// The largest UID the client was ever told of; new messages are above it.
    last_uid: u32,
    first_recent_uid: u32,
    keywords: Vec<String>,
    /// What `$` stands for (RFC 5182); may hold messages that are gone.
    pub(super) saved: RoaringBitmap,
    /// Gone, and the client does not know yet.
    vanished: RoaringBitmap,
    /// The mod-sequence before all of `vanished`; `None` while there are none.
    before_vanished: Option<i64>,
    /// The mod-sequence before changes of flags that the client did not want to hear of.
    before_unwanted: Option<i64>,
    /// Up to here the client knows all other changes.
    pub(super) since_modseq: i64,
    /// Messages that the client put here itself, and has not been told of.
    own: RoaringBitmap,
    /// Changes above `since_modseq` that the client was told because it made them, and in which messages.
    told: BTreeMap<i64, RoaringBitmap>,
}

/// Begins FETCH responses for messages in ascending order: what lies between two of them is counted, where
/// looking up the rank of each would go over the whole bitmap each time.
pub(super) struct Ascending<'a> {
    selected: &'a Selected,
    /// The message before, and its number.
    before: Option<(u32, u32)>,
}

impl Ascending<'_> {
    /// Prints `* n FETCH (`, or `* uid UIDFETCH (` (RFC 9586 section 3.3); nothing, and `false`, for a message
    /// the client does not know.
    pub(super) fn open_fetch(&mut self, out: &mut Vec<u8>, uid: u32) -> bool {
        let Some(number) = self.number_of(uid) else {
            return false;
        };
        let (shown, name) = match self.selected.enabled.uid_only {
            true => (uid, " UIDFETCH ("),
            false => (number, " FETCH ("),
        };
        out.extend_from_slice(b"* ");
        text::number(out, shown);
        out.extend_from_slice(name.as_bytes());
        true
    }

    fn number_of(&mut self, uid: u32) -> Option<u32> {
        let uids = &self.selected.uids;
        if !uids.contains(uid) {
            return None;
        }
        let number = match self.before {
            Some((before, number)) if (before..=before.saturating_add(COUNTED)).contains(&uid) => {
                let passed = (before.saturating_add(1)..=uid).filter(|&uid| uids.contains(uid));
                number.saturating_add(u32::try_from(passed.count()).ok()?)
            }
            Some(_) | None => u32::try_from(uids.rank(uid)).ok()?,
        };
        self.before = Some((uid, number));
        Some(number)
    }
}

impl Selected {
    pub(super) fn new(name: String, opened: SelectedMailbox, access: Access, enabled: Enabled) -> Self {
        let access = match opened.rights.has_any_of(acl::writing()) {
            true => access,
            false => Access::ReadOnly,
        };
        Self {
            mailbox: opened.mailbox,
            rights: opened.rights,
            name,
            uid_validity: opened.uid_validity,
            access,
            enabled,
            last_uid: opened
                .uids
                .max()
                .unwrap_or(0)
                .max(opened.uid_next.saturating_sub(1)),
            uids: opened.uids,
            first_recent_uid: opened.first_recent_uid,
            keywords: opened.keywords,
            saved: RoaringBitmap::new(),
            vanished: RoaringBitmap::new(),
            before_vanished: None,
            before_unwanted: None,
            own: RoaringBitmap::new(),
            since_modseq: opened.highest_modseq,
            told: BTreeMap::new(),
        }
    }

    pub(super) const fn uids(&self) -> &RoaringBitmap {
        &self.uids
    }

    pub(super) fn is_read_only(&self) -> bool {
        self.access == Access::ReadOnly
    }

    /// # Errors
    /// When it was opened with EXAMINE.
    pub(super) fn writable(&self) -> Result<(), Fault> {
        match self.access {
            Access::ReadWrite => Ok(()),
            Access::ReadOnly => Err(Fault::ReadOnly),
        }
    }

    /// The UIDs that a set names.
    pub(super) fn resolve(&self, numbering: Numbering, set: &MessageSet) -> Result<RoaringBitmap, Fault> {
        match (set, numbering) {
            (MessageSet::Numbers(_), Numbering::Sequence) if self.enabled.uid_only => Err(Fault::UidRequired),
            (MessageSet::Numbers(set), Numbering::Sequence) => Ok(set.among_ranks(&self.uids)?),
            (MessageSet::Numbers(set), Numbering::Uid) => Ok(set.among_uids(&self.uids)),
            // What was expunged since is no longer among it (RFC 5182 section 2.1).
            (MessageSet::Saved, _) => Ok(&self.saved & &self.uids),
        }
    }

    /// Every UID that a set names, of messages that are there and of those that are not.
    pub(super) fn named_uids(&self, set: &MessageSet) -> RoaringBitmap {
        match set {
            MessageSet::Numbers(set) => set.numbers(),
            MessageSet::Saved => &self.saved & &self.uids,
        }
    }

    /// The sequence number of a message the client knows.
    pub(super) fn number_of(&self, uid: u32) -> Option<u32> {
        match self.uids.contains(uid) {
            true => u32::try_from(self.uids.rank(uid)).ok(),
            false => None,
        }
    }

    /// For FETCH responses.
    pub(super) const fn ascending(&self) -> Ascending<'_> {
        Ascending {
            selected: self,
            before: None,
        }
    }

    /// The question for what happened since it was last asked; with flags, those of before that were not wanted
    /// as well.
    pub(super) fn changes(&self, wants_flags: bool) -> Ask {
        let before_unwanted = self.before_unwanted.filter(|_| wants_flags);
        Ask::Changes {
            mailbox: self.mailbox,
            since_modseq: before_unwanted.unwrap_or(self.since_modseq),
        }
    }

    /// The least UID that the client was not told of.
    pub(super) fn next_uid(&self) -> u32 {
        self.last_uid.saturating_add(1)
    }

    /// The client put these messages there itself, as their UIDVALIDITY tells.
    pub(super) fn note_own(&mut self, uid_validity: u32, uids: impl IntoIterator<Item = u32>) {
        if self.uid_validity == uid_validity {
            self.own.extend(uids);
        }
    }

    fn is_recent(&self, uid: u32) -> bool {
        uid >= self.first_recent_uid && !self.enabled.rev2
    }

    /// The messages that are `\Recent` in this session.
    pub(super) fn recent(&self) -> RoaringBitmap {
        self.uids.range(self.first_recent_uid..).collect()
    }

    /// Prints EXISTS, and RECENT, which is no more in IMAP4rev2.
    pub(super) fn print_counts(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(format!("* {} EXISTS\r\n", self.uids.len()).as_bytes());
        if self.enabled.rev2 {
            return;
        }
        let recent = self.uids.range_cardinality(self.first_recent_uid..);
        out.extend_from_slice(format!("* {recent} RECENT\r\n").as_bytes());
    }

    /// Prints the PERMANENTFLAGS code: the flags that can be changed (RFC 4314 section 5.1.1).
    pub(super) fn print_permanent_flags(&self, out: &mut Vec<u8>) {
        let can = |right| self.access == Access::ReadWrite && self.rights.contains(right);
        let mut flags = self.all_flags();
        if !can(Rights::SEEN) {
            flags.system = flags.system.without(SystemFlags::SEEN);
        }
        if !can(Rights::DELETE_MESSAGES) {
            flags.system = flags.system.without(SystemFlags::DELETED);
        }
        if !can(Rights::WRITE) {
            let all = SystemFlags::from_bits(u8::MAX);
            let others = all.without(SystemFlags::SEEN.with(SystemFlags::DELETED));
            flags.system = flags.system.without(others);
            flags.keywords.clear();
        }
        out.extend_from_slice(b"* OK [PERMANENTFLAGS ");
        flags::print(out, &flags, can(Rights::WRITE).then_some("\\*"));
        out.extend_from_slice(b"] Flags that can be changed\r\n");
    }

    /// The rights of the reader are these now; if others than before, the client is told (RFC 4314 section
    /// 5.1.1).
    pub(super) fn set_rights(&mut self, out: &mut Vec<u8>, rights: Rights) {
        if std::mem::replace(&mut self.rights, rights) != rights {
            self.print_flags(out);
            self.print_permanent_flags(out);
        }
    }

    /// Prints the FLAGS response.
    pub(super) fn print_flags(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(b"* FLAGS ");
        flags::print(out, &self.all_flags(), None);
        out.extend_from_slice(b"\r\n");
    }

    /// Every flag that can occur.
    pub(super) fn all_flags(&self) -> Flags {
        Flags {
            system: SystemFlags::from_bits(u8::MAX),
            keywords: self.keywords.clone(),
        }
    }

    /// Tells the client of keywords it has not seen in this mailbox.
    pub(super) fn meet_keywords<'a>(
        &mut self,
        out: &mut Vec<u8>,
        keywords: impl Iterator<Item = &'a String>,
    ) {
        let before = self.keywords.len();
        for keyword in keywords {
            if self.keywords.len() >= KEYWORDS {
                break;
            }
            if !self
                .keywords
                .iter()
                .any(|known| known.eq_ignore_ascii_case(keyword))
            {
                self.keywords.push(keyword.clone());
            }
        }
        if self.keywords.len() > before {
            self.print_flags(out);
        }
    }

    /// These messages are gone; the client is told by [`Self::print_vanished`].
    pub(super) fn vanish(&mut self, uids: &[u32]) {
        let known = uids.iter().copied().filter(|&uid| self.uids.contains(uid));
        self.vanished.extend(known);
        if self.has_vanished() {
            self.before_vanished.get_or_insert(self.since_modseq);
        }
    }

    /// The mod-sequence from which the client could go on in another session without missing anything:
    /// nothing that is held back must be passed over (RFC 7162 section 3.2).
    pub(super) fn safe_modseq(&self) -> i64 {
        [self.before_vanished, self.before_unwanted]
            .into_iter()
            .flatten()
            .fold(self.since_modseq, i64::min)
    }

    pub(super) fn has_vanished(&self) -> bool {
        !self.vanished.is_empty()
    }

    /// Tells the client what is gone: by UID, or by number from the last message to the first, so that no
    /// number moves before it is printed.
    pub(super) fn print_vanished(&mut self, out: &mut Vec<u8>, numbers: Numbers, removals: Removals) {
        if numbers == Numbers::Stay || self.vanished.is_empty() {
            return;
        }
        match removals {
            Removals::ByUid => codec::vanished::print(out, &self.vanished),
            Removals::ByNumber => {
                for uid in self.vanished.iter().rev() {
                    out.extend_from_slice(b"* ");
                    text::number(out, self.uids.rank(uid));
                    out.extend_from_slice(b" EXPUNGE\r\n");
                }
            }
        }
        std::ops::SubAssign::sub_assign(&mut self.uids, &self.vanished);
        self.vanished.clear();
        self.before_vanished = None;
    }

    /// Was the client told of a message with that UID, or could have been?
    pub(super) fn knows(&self, uid: u32) -> bool {
        uid <= self.last_uid
    }

    /// Tells the client of new messages, and gives those that others put there.
    pub(super) fn arrive(&mut self, out: &mut Vec<u8>, arrived: &[u32]) -> RoaringBitmap {
        let last_uid = self.last_uid;
        let new: RoaringBitmap = arrived.iter().copied().filter(|&uid| uid > last_uid).collect();
        if let Some(last) = new.max() {
            self.uids |= &new;
            self.last_uid = last;
            self.print_counts(out);
        }
        let own = std::mem::take(&mut self.own);
        std::ops::Sub::sub(new, own)
    }

    /// The client did not want to hear of these changes.
    pub(super) fn pass_over(&mut self, changed: &[MessageChange]) {
        if !changed.is_empty() {
            self.before_unwanted.get_or_insert(self.since_modseq);
        }
    }

    /// Tells the client of flags that others changed.
    pub(super) fn print_changed(&mut self, out: &mut Vec<u8>, changed: &[MessageChange], items: ChangeItems) {
        self.before_unwanted = None;
        self.meet_keywords(out, changed.iter().flat_map(|change| &change.flags.keywords));
        let mut numbers = self.ascending();
        for change in changed {
            if self.was_told(change.uid, change.modseq) || self.vanished.contains(change.uid) {
                continue;
            }
            if numbers.open_fetch(out, change.uid) {
                if items != ChangeItems::Flags && !self.enabled.uid_only {
                    out.extend_from_slice(format!("UID {} ", change.uid).as_bytes());
                }
                if items == ChangeItems::UidModSeqFlags {
                    out.extend_from_slice(format!("MODSEQ ({}) ", change.modseq).as_bytes());
                }
                out.extend_from_slice(b"FLAGS ");
                self.print_message_flags(out, change.uid, &change.flags);
                out.extend_from_slice(b")\r\n");
            }
        }
    }

    /// The client knows all changes up to this one.
    pub(super) fn synced(&mut self, highest_modseq: i64) {
        self.since_modseq = self.since_modseq.max(highest_modseq);
        self.told.clear();
    }

    /// The client was told this change in the reply to its own command.
    pub(super) fn note_told(&mut self, uid: u32, modseq: i64) {
        if modseq > self.since_modseq && (self.told.len() < TOLD || self.told.contains_key(&modseq)) {
            self.told.entry(modseq).or_default().insert(uid);
        }
    }

    fn was_told(&self, uid: u32, modseq: i64) -> bool {
        self.told.get(&modseq).is_some_and(|uids| uids.contains(uid))
    }

    /// Does the client know the message as it was at that mod-sequence?
    pub(super) fn is_told(&self, uid: u32, modseq: i64) -> bool {
        modseq <= self.since_modseq || self.was_told(uid, modseq)
    }

    /// Prints the flags of a message, with `\Recent` where it belongs.
    pub(super) fn print_message_flags(&self, out: &mut Vec<u8>, uid: u32, message: &Flags) {
        let recent = self.is_recent(uid).then_some("\\Recent");
        flags::print(out, message, recent);
    }
}
