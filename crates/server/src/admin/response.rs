//! What the administration answers. The views are also what `--json` prints: add fields freely, but rename
//! and remove none. Times are RFC 3339 in UTC.

use serde::{Deserialize, Serialize};

/// How it went.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Response {
    /// It is done; a sentence for people.
    Done(String),
    /// It was not done; a sentence that says why and what to do.
    Refused(String),
    /// The domains.
    Domains(Vec<DomainView>),
    /// Accounts.
    Accounts(Vec<AccountView>),
    /// Aliases.
    Aliases(Vec<AliasView>),
    /// Mailboxes of an account.
    Mailboxes(Vec<MailboxView>),
    /// What waits.
    Queue(QueueView),
    /// A message.
    Message(MessageView),
    /// What the check found.
    Checked(CheckView),
    /// DKIM keys.
    Keys(Vec<KeyView>),
    /// A message with what was found out about it.
    Found(FoundView),
    /// What others report.
    Reported(ReportedView),
}

/// A DKIM key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct KeyView {
    /// Whose.
    pub(crate) domain: String,
    /// Its name below `_domainkey`.
    pub(crate) selector: String,
    /// `rsa` or `ed25519`.
    pub(crate) algorithm: String,
    /// `pending`, `active`, `retiring` or `retired`.
    pub(crate) state: String,
    /// When it was made.
    pub(crate) made_at: String,
    /// Since when it is in that state.
    pub(crate) since: Option<String>,
    /// Until when its record must stay.
    pub(crate) keep_until: Option<String>,
    /// The name of its record; `None` when it needs none any more.
    pub(crate) name: Option<String>,
    /// The text of its record.
    pub(crate) value: Option<String>,
}

/// A message of an account.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct FoundView {
    /// Where copies of it lie.
    pub(crate) mailboxes: Vec<String>,
    /// What was found out when it arrived, as `posthorn_trust::Evidence` stores it.
    pub(crate) evidence: Option<String>,
    /// The message itself as base64, when nobody watched it arrive.
    pub(crate) octets: Option<String>,
    /// Older messages with the same Message-ID.
    pub(crate) others: u64,
}

/// What others report about mail in a domain's name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct ReportedView {
    /// `posthorn_reports::Summary`.
    pub(crate) summary: serde_json::Value,
    /// For people.
    pub(crate) text: String,
    /// The addresses that mail came from, those with most first.
    pub(crate) sources: Vec<std::net::IpAddr>,
}

/// A domain of ours.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct DomainView {
    /// Its name, in ASCII.
    pub(crate) domain: String,
    /// Its name as people write it.
    pub(crate) unicode: String,
    /// Where mail for unknown addresses goes; `None`: it is refused.
    pub(crate) catch_all: Option<String>,
    /// When it was added.
    pub(crate) created_at: String,
    /// What it does with mail that nobody vouches for.
    #[serde(default)]
    pub(crate) rules: String,
    /// Does it send reports on the mail it gets?
    #[serde(default)]
    pub(crate) sends_reports: bool,
}

/// An account.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct AccountView {
    /// Its number.
    pub(crate) id: i64,
    /// Its address and user name.
    pub(crate) address: String,
    /// `active`, or `disabled`: it cannot log in.
    pub(crate) state: String,
    /// Octets of its mail; `None`: its mail storage is missing, which `posthorn check --store` reports.
    pub(crate) used_octets: Option<u64>,
    /// Octets it may hold; `None`: no limit.
    pub(crate) quota_octets: Option<u64>,
    /// When it was added.
    pub(crate) created_at: String,
    /// When its password was last set.
    pub(crate) password_changed_at: String,
    /// Where its mail is sent on to.
    #[serde(default)]
    pub(crate) forwards_to: Vec<String>,
    /// Does a copy of what is sent on stay in the mailbox?
    #[serde(default)]
    pub(crate) keeps_copy: bool,
}

/// An alias.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct AliasView {
    /// Its address.
    pub(crate) address: String,
    /// Where its mail goes.
    pub(crate) targets: Vec<String>,
}

/// A mailbox.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct MailboxView {
    /// Its name.
    pub(crate) name: String,
    /// Messages in it.
    pub(crate) messages: u64,
    /// Of them, not read yet.
    pub(crate) unseen: u64,
    /// Octets of all of them.
    pub(crate) size_octets: u64,
    /// What it is for, as RFC 6154 calls it, without the backslash.
    pub(crate) special_use: Option<String>,
    /// Its access control list, without its owner, who may do everything.
    pub(crate) shared_with: Vec<ShareView>,
}

/// An entry of an access control list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct ShareView {
    /// The address of an account, or `anyone`; behind a `-`, the rights are taken away.
    pub(crate) with: String,
    /// Letters of RFC 4314.
    pub(crate) rights: String,
}

/// What waits in the queue.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct QueueView {
    /// The recipients, oldest message first.
    pub(crate) recipients: Vec<WaitingView>,
    /// Are there more than were asked for?
    pub(crate) has_more: bool,
    /// The whole queue, whatever was asked for.
    pub(crate) counts: CountsView,
}

/// A recipient that waits or is held.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct WaitingView {
    /// The message.
    pub(crate) queue_id: String,
    /// The recipient's number.
    pub(crate) number: u32,
    /// Where to.
    pub(crate) recipient: String,
    /// The envelope sender; empty for a report.
    pub(crate) sender: String,
    /// Who had logged in.
    pub(crate) identity: Option<String>,
    /// `waiting` or `held`.
    pub(crate) state: String,
    /// Is it being sent at this moment?
    pub(crate) is_being_tried: bool,
    /// Attempts so far.
    pub(crate) attempts: u32,
    /// When it is tried next; a held one is not.
    pub(crate) next_attempt_at: Option<String>,
    /// What the last server said.
    pub(crate) last_reply: Option<String>,
    /// Which server.
    pub(crate) last_host: Option<String>,
    /// Octets of the message.
    pub(crate) size_octets: u64,
    /// When it was accepted.
    pub(crate) accepted_at: String,
    /// When trying ends.
    pub(crate) expires_at: String,
}

/// How many recipients stand where.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct CountsView {
    /// Waiting, those being tried included.
    pub(crate) waiting: u64,
    /// Of the waiting ones, being tried.
    pub(crate) being_tried: u64,
    /// Held.
    pub(crate) held: u64,
    /// Delivered, as far as the history goes.
    pub(crate) delivered: u64,
    /// Failed, as far as the history goes.
    pub(crate) failed: u64,
    /// Dropped, as far as the history goes.
    pub(crate) dropped: u64,
    /// When the next one is due.
    pub(crate) next_attempt_at: Option<String>,
}

/// A message with all its recipients.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct MessageView {
    /// Its name.
    pub(crate) queue_id: String,
    /// The envelope sender; empty for a report.
    pub(crate) sender: String,
    /// Who had logged in.
    pub(crate) identity: Option<String>,
    /// The sender's own name for it (`ENVID`).
    pub(crate) envelope_id: Option<String>,
    /// Octets.
    pub(crate) size_octets: u64,
    /// When it was accepted.
    pub(crate) accepted_at: String,
    /// When trying ends.
    pub(crate) expires_at: String,
    /// Its recipients.
    pub(crate) recipients: Vec<RecipientView>,
}

/// A recipient with everything that was tried.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct RecipientView {
    /// Its number.
    pub(crate) number: u32,
    /// Where to.
    pub(crate) recipient: String,
    /// `waiting`, `held`, `delivered`, `failed` or `dropped`.
    pub(crate) state: String,
    /// Is it being sent at this moment?
    pub(crate) is_being_tried: bool,
    /// Attempts so far.
    pub(crate) attempts: u32,
    /// When it is tried next.
    pub(crate) next_attempt_at: Option<String>,
    /// When it became final.
    pub(crate) finished_at: Option<String>,
    /// How the last attempt ended.
    pub(crate) last: Option<ReplyView>,
    /// Every server tried.
    pub(crate) tried: Vec<AttemptView>,
}

/// What an attempt came to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct ReplyView {
    /// The reply code; `None` when no server said it.
    pub(crate) code: Option<u16>,
    /// The enhanced status code.
    pub(crate) status: String,
    /// The text without codes.
    pub(crate) text: String,
    /// Which server.
    pub(crate) host: Option<String>,
    /// The same in plain words.
    pub(crate) explanation: String,
}

/// One server that was tried.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct AttemptView {
    /// The attempt, from 1 up; several servers may be tried in one.
    pub(crate) attempt: u32,
    /// When it began.
    pub(crate) at: String,
    /// How long it took.
    pub(crate) duration_ms: u64,
    /// The server's name.
    pub(crate) host: Option<String>,
    /// Its address.
    pub(crate) ip: Option<String>,
    /// TLS version and cipher suite; `None` in the clear.
    pub(crate) tls: Option<String>,
    /// `delivered`, `temporary` or `permanent`.
    pub(crate) outcome: String,
    /// What was said, each line with its direction.
    pub(crate) lines: Vec<String>,
}

/// What a check of the store saw.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct CheckView {
    /// What is wrong; empty when all is well.
    pub(crate) findings: Vec<String>,
    /// Domains looked at.
    pub(crate) domains: u64,
    /// Accounts looked at.
    pub(crate) accounts: u64,
    /// Aliases looked at.
    pub(crate) aliases: u64,
    /// Queued recipients looked at, the history included.
    pub(crate) queue_recipients: u64,
    /// Contents of messages that were read and compared with their names.
    pub(crate) blobs: u64,
    /// Contents that nothing names; they wait for the collector and harm nothing.
    pub(crate) unreferenced_blobs: u64,
}
