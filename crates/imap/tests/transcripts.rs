//! Plays the transcripts, one folder per command. How questions and answers are worded stands here.
//!
//! Options: `tls`, `starttls`, `plaintext=no`, `mechanisms=PLAIN,…`, `login` (somebody has logged in),
//! `select=UIDS` (that mailbox is open; its first recent UID is 100, its mod-sequence 10), and the limits
//! `command_octets`, `message_octets`, `append_messages`, `batch_messages`, `batch_octets`,
//! `watched_mailboxes`.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::disallowed_methods,
    reason = "a test may"
)]

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Instant;

use posthorn_base::session::{Output, Session};
use posthorn_base::{AclChange, Rights, Timestamp};
use posthorn_imap::types::{
    ChangedUids, FetchWant, FlagMode, Flags, SectionForm, SpecialUse, SystemFlags, ThreadNode,
};
use posthorn_imap::{
    Answer, Ask, Config, Event, FetchRow, ImapSession, Limits, MailboxHandle, MailboxInfo, MailboxStatus,
    MessageChange, PeekedMailbox, Replaced, SelectedMailbox, StoredMessage, Transfer, WatchedAnnotation,
    WatchedMailbox, WatchedMailboxes,
};
use posthorn_sasl::Mechanism;
use posthorn_testkit::transcript::{Described, Scripted, play_folder, test_tls};

#[test]
fn transcripts_come_out_as_written() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/transcripts");
    play_folder(&folder, &Imap);
}

fn config() -> Config {
    Config {
        hostname: "mail.example".to_owned(),
        allow_plaintext_login: true,
        starttls: false,
        mechanisms: Vec::new(),
        reference: "ref-1".to_owned(),
        limits: Limits::default(),
    }
}

/// What the session can do whoever is logged in, as its greeting has it: `\{capabilities}` in a transcript. That of
/// the command CAPABILITY spells it out.
fn capabilities() -> String {
    let mut session = ImapSession::new(config(), Instant::now());
    let greeting = match session.poll_output() {
        Some(Output::Send(greeting)) => String::from_utf8(greeting).unwrap(),
        other => panic!("no greeting: {other:?}"),
    };
    let (_, list) = greeting.split_once("[CAPABILITY ").unwrap();
    list.split_once(" LITERAL-").unwrap().0.to_owned()
}
struct Imap;

fn drain(session: &mut ImapSession) {
    while session.poll_output().is_some() {}
}

fn start(options: &[(String, String)], now: Instant) -> Result<ImapSession, String> {
    let mut limits = Limits::default();
    let mut config = config();
    let (mut tls, mut login, mut select) = (false, false, None);
    for (key, value) in options {
        let number = || value.parse::<u32>().map_err(|cause| cause.to_string());
        match key.as_str() {
            "tls" => tls = true,
            "starttls" => config.starttls = true,
            "plaintext" => config.allow_plaintext_login = value == "yes",
            "mechanisms" => config.mechanisms = value.split(',').filter_map(Mechanism::from_name).collect(),
            "login" => login = true,
            "select" => {
                login = true;
                select = Some(numbers(value)?);
            }
            "command_octets" => limits.command_octets = number()? as usize,
            "append_messages" => limits.append_messages = number()? as usize,
            "message_octets" => limits.message_octets = number()?.into(),
            "batch_messages" => limits.batch_messages = number()? as usize,
            "watched_mailboxes" => limits.watched_mailboxes = number()? as usize,
            "batch_octets" => limits.batch_octets = number()?.into(),
            _ => return Err(format!("unknown option {key}")),
        }
    }
    config.limits = limits;
    let mut session = ImapSession::new(config, now);
    if tls {
        session.handle_tls(now, test_tls());
    }
    if login {
        drain(&mut session);
        session.handle_input(now, b"0 LOGIN u p\r\n");
        drain(&mut session);
        let identity = "u@example".to_owned();
        session.answer(
            now,
            Answer::Credentials(posthorn_sasl::Answer::Verified { identity }),
        );
        drain(&mut session);
    }
    if let Some(uids) = select {
        session.handle_input(now, b"1 SELECT INBOX\r\n");
        drain(&mut session);
        session.answer(now, selected(&uids, 100));
        drain(&mut session);
    }
    Ok(session)
}

fn selected(uids: &[u32], first_recent_uid: u32) -> Answer {
    Answer::Selected(SelectedMailbox {
        mailbox: MailboxHandle(7),
        uid_validity: 3,
        uid_next: uids.iter().max().map_or(1, |last| last + 1),
        highest_modseq: 10,
        uids: uids.iter().copied().collect(),
        first_recent_uid,
        first_unseen_uid: None,
        keywords: Vec::new(),
        mailbox_id: "m7".to_owned(),
        rights: Rights::ALL,
        missed: None,
    })
}

impl Scripted for Imap {
    type Session = ImapSession;

    fn start(&self, options: &[(String, String)], now: Instant) -> Result<ImapSession, String> {
        start(options, now)
    }

    fn variables(&self) -> Vec<(&'static str, String)> {
        vec![("capabilities", capabilities())]
    }

    fn ask(&self, ask: &Ask) -> Described {
        Described::Line(words_of(ask))
    }

    fn event(&self, event: &Event) -> Described {
        match event {
            Event::LoggedIn { identity, mechanism } => Described::Line(format!(
                "logged-in {identity} {}",
                mechanism.map_or("LOGIN command", Mechanism::name)
            )),
            Event::LoggedOut => Described::Line("logged-out".to_owned()),
            Event::LoginFailed { user } => {
                Described::Line(format!("login-failed {}", user.as_deref().unwrap_or("-")))
            }
            Event::Selected(mailbox) => Described::Line(match mailbox {
                Some(mailbox) => format!("watch {}", mailbox.0),
                None => "watch nothing".to_owned(),
            }),
            Event::Watching(is_on) => Described::Line(format!("watching {is_on}")),
            Event::AppendData(octets) => Described::Chunk("append-data".to_owned(), octets.clone()),
            Event::AppendDiscarded => Described::Line("append-discarded".to_owned()),
        }
    }

    fn answer(&self, line: &str, block: &[u8]) -> Result<Answer, String> {
        let block = std::str::from_utf8(block).map_err(|cause| cause.to_string())?;
        answer_of(line, block)
    }
}

fn list(uids: &[u32]) -> String {
    let uids: Vec<String> = uids.iter().map(u32::to_string).collect();
    uids.join(",")
}

fn replaced_words(replaced: Option<Replaced>) -> String {
    replaced.map_or(String::new(), |gone| {
        format!(" instead-of {} {}", gone.mailbox.0, gone.uid)
    })
}

fn flag_words(flags: &Flags) -> String {
    let system = flags
        .system
        .names()
        .map(|name| name.trim_start_matches('\\').to_lowercase());
    let all: Vec<String> = system.chain(flags.keywords.iter().cloned()).collect();
    all.join(",")
}

#[expect(clippy::too_many_lines, reason = "one short arm per question")]
fn words_of(ask: &Ask) -> String {
    match ask {
        Ask::Credentials(posthorn_sasl::Ask::VerifyPassword {
            authorize_as,
            user,
            password,
        }) => format!(
            "password {user} {} as {}",
            password.declassify(),
            authorize_as.as_deref().unwrap_or("-")
        ),
        Ask::Credentials(posthorn_sasl::Ask::ScramKeys { user }) => format!("scram-keys {user}"),
        Ask::Mailboxes => "mailboxes".to_owned(),
        Ask::Status {
            name,
            wants_deleted_octets,
        } => {
            let more = if *wants_deleted_octets {
                " deleted-octets"
            } else {
                ""
            };
            format!("status {name}{more}")
        }
        Ask::Watch {
            since_modseq,
            wants_names,
        } => format!(
            "watch since {since_modseq}{}",
            if *wants_names { " names" } else { "" }
        ),
        Ask::Peek { name, wants_uids } => format!("peek {name}{}", if *wants_uids { " uids" } else { "" }),
        Ask::Quota { of_mailbox: None } => "quota".to_owned(),
        Ask::Quota {
            of_mailbox: Some(name),
        } => format!("quota {name}"),
        Ask::Metadata { name } => format!("metadata {}", name.as_deref().unwrap_or("-")),
        Ask::SetMetadata { name, entries } => {
            let entries = entries.iter().map(|(entry, value)| match value {
                Some(value) => format!(" {entry}={}", value.escape_ascii()),
                None => format!(" {entry}"),
            });
            let entries: String = entries.collect();
            format!("set-metadata {}{entries}", name.as_deref().unwrap_or("-"))
        }
        Ask::Acl { name } => format!("acl {name}"),
        Ask::MyRights { name } => format!("my-rights {name}"),
        Ask::GrantableRights { name, identifier } => format!("grantable {name} to {identifier}"),
        Ask::ChangeAcl {
            name,
            identifier,
            change,
        } => match change {
            AclChange::Set(rights) => format!("acl {name} {identifier} = {rights}")
                .trim_end()
                .to_owned(),
            AclChange::Add(rights) => format!("acl {name} {identifier} + {rights}"),
            AclChange::Remove(rights) => format!("acl {name} {identifier} - {rights}"),
            AclChange::Delete => format!("acl {name} without {identifier}"),
        },
        Ask::Select {
            name,
            read_only,
            resync,
        } => format!(
            "{} {name}{}",
            if *read_only { "examine" } else { "select" },
            resync.map_or(String::new(), |from| format!(
                " resync={}/{}",
                from.uid_validity, from.modseq
            ))
        ),
        Ask::Create { name, special_use } => {
            format!(
                "create {name}{}",
                special_use.map_or("", |special_use| special_use.attribute())
            )
        }
        Ask::Delete { name } => format!("delete {name}"),
        Ask::Rename { from, to } => format!("rename {from} to {to}"),
        Ask::Subscribe { name, subscribed } => {
            format!("{} {name}", if *subscribed { "subscribe" } else { "unsubscribe" })
        }
        Ask::AppendStart {
            mailbox_name,
            size_octets,
            replaces,
        } => format!(
            "append-start {mailbox_name} {size_octets}{}",
            replaced_words(*replaces)
        ),
        Ask::AppendNext {
            mailbox_name,
            flags,
            internal_date,
            size_octets,
        } => format!(
            "append-next {mailbox_name} flags={} date={} {size_octets}",
            flag_words(flags),
            internal_date.map_or("-".to_owned(), Timestamp::to_rfc3339)
        ),
        Ask::AppendFinish {
            mailbox_name,
            flags,
            internal_date,
            replaces,
        } => format!(
            "append-finish {mailbox_name} flags={} date={}{}",
            flag_words(flags),
            internal_date.map_or("-".to_owned(), Timestamp::to_rfc3339),
            replaced_words(*replaces)
        ),
        Ask::Fetch {
            mailbox,
            uids,
            want,
            mark_seen,
            octets_at_most: _,
        } => format!(
            "fetch {} {}{}{}",
            mailbox.0,
            list(uids),
            want_words(want),
            if *mark_seen { " mark-seen" } else { "" }
        ),
        Ask::Store {
            mailbox,
            uids,
            change,
            unchanged_since,
        } => format!(
            "store {} {} {} {}{}",
            mailbox.0,
            list(uids),
            match change.mode {
                FlagMode::Replace => "set",
                FlagMode::Add => "add",
                FlagMode::Remove => "remove",
            },
            flag_words(&change.flags),
            unchanged_since.map_or(String::new(), |since| format!(" unchanged-since={since}"))
        ),
        Ask::Copy {
            mailbox,
            uids,
            to,
            mode,
        } => format!(
            "{} {} {} to {to}",
            match mode {
                Transfer::Copy => "copy",
                Transfer::Move => "move",
            },
            mailbox.0,
            list(uids)
        ),
        Ask::Expunge { mailbox, uids } => format!(
            "expunge {} {}",
            mailbox.0,
            uids.as_deref().map_or("all".to_owned(), list)
        ),
        Ask::Search { mailbox, key } => format!("search {} {key:?}", mailbox.0),
        Ask::Sort {
            mailbox,
            key,
            criteria,
        } => {
            let criteria: Vec<String> = criteria
                .iter()
                .map(|criterion| format!("{:?} {:?}", criterion.key, criterion.order))
                .collect();
            format!("sort {} by {}: {key:?}", mailbox.0, criteria.join(", "))
        }
        Ask::Thread {
            mailbox,
            key,
            algorithm,
        } => format!("thread {} {algorithm:?}: {key:?}", mailbox.0),
        Ask::ChangedUids {
            mailbox,
            since_modseq,
        } => format!("changed-uids {} since {since_modseq}", mailbox.0),
        Ask::Changes {
            mailbox,
            since_modseq,
        } => format!("changes {} since {since_modseq}", mailbox.0),
    }
}

fn want_words(want: &FetchWant) -> String {
    let mut words = String::new();
    for (wanted, word) in [
        (want.envelope, " envelope"),
        (want.body_structure, " structure"),
        (want.body, " body"),
        (want.preview, " preview"),
    ] {
        if wanted {
            words.push_str(word);
        }
    }
    for section in &want.sections {
        let part: Vec<String> = section.section.part.iter().map(u32::to_string).collect();
        words.push_str(&format!(" section={}/{:?}", part.join("."), section.section.text));
        words.push_str(match section.form {
            SectionForm::Stored => "",
            SectionForm::Decoded => "/decoded",
            SectionForm::DecodedSize => "/decoded-size",
        });
        if let Some(partial) = section.partial {
            words.push_str(&format!("<{}.{}>", partial.offset, partial.length));
        }
    }
    words
}

fn numbers(text: &str) -> Result<Vec<u32>, String> {
    text.split(',')
        .filter(|number| !number.is_empty())
        .map(|number| number.parse().map_err(|cause| format!("{number}: {cause}")))
        .collect()
}

/// `key=value` words, split at `separator`.
struct Fields<'a>(BTreeMap<&'a str, &'a str>);

impl<'a> Fields<'a> {
    fn of(text: &'a str, separator: char) -> Self {
        let fields = text.split(separator).filter(|field| !field.is_empty());
        Self(
            fields
                .map(|field| field.split_once('=').unwrap_or((field, "")))
                .collect(),
        )
    }

    fn number<N: std::str::FromStr + Default>(&self, key: &str) -> N {
        self.0
            .get(key)
            .and_then(|value| value.parse().ok())
            .unwrap_or_default()
    }

    fn numbers(&self, key: &str) -> Result<Vec<u32>, String> {
        numbers(self.0.get(key).unwrap_or(&""))
    }

    fn octets(&self, key: &str) -> Option<Vec<u8>> {
        self.0.get(key).map(|text| text.replace('~', "\r\n").into_bytes())
    }

    fn flags(&self) -> Flags {
        let mut flags = Flags::default();
        for word in self
            .0
            .get("flags")
            .unwrap_or(&"")
            .split(',')
            .filter(|word| !word.is_empty())
        {
            match SystemFlags::from_name(&format!("\\{word}")) {
                Some(flag) => flags.system = flags.system.with(flag),
                None => flags.keywords.push(word.to_owned()),
            }
        }
        flags
    }

    /// `rights=…`; missing: all.
    fn rights(&self) -> Result<Rights, String> {
        let letters = self.0.get("rights").copied().unwrap_or("lrswipkxtea");
        Rights::parse(letters).map_err(|letter| format!("no right {letter}"))
    }

    fn changed_uids(&self) -> Result<ChangedUids, String> {
        Ok(ChangedUids {
            changed: self.numbers("changed")?.into_iter().collect(),
            vanished: self.numbers("vanished")?.into_iter().collect(),
        })
    }

    fn change(&self) -> MessageChange {
        MessageChange {
            uid: self.number("uid"),
            flags: self.flags(),
            modseq: self.number("modseq"),
        }
    }

    /// `before=…`: what it was before; missing: long ago.
    fn stored(&self) -> StoredMessage {
        StoredMessage {
            now: self.change(),
            modseq_before: self.number("before"),
        }
    }

    /// `section0=…;section1=…`; `none` is no such section, `~` a line end.
    fn row(&self) -> FetchRow {
        let sections = (0..10).map_while(|index| self.octets(&format!("section{index}")));
        FetchRow {
            uid: self.number("uid"),
            flags: self.flags(),
            modseq: self.number("modseq"),
            internal_date: Timestamp::from_secs(self.number("date")),
            saved_at: Timestamp::from_secs(self.number("saved")),
            size_octets: self.number("size"),
            email_id: "e".to_owned(),
            thread_id: "t".to_owned(),
            envelope: self.octets("envelope"),
            body_structure: self.octets("structure"),
            body: self.octets("body"),
            preview: self.0.get("preview").map(|&text| text.to_owned()),
            sections: sections
                .map(|octets| (octets != b"none").then_some(octets))
                .collect(),
            newly_seen: self.0.contains_key("newly-seen"),
        }
    }
}

/// `IDENTIFIER RIGHTS`.
fn acl_entry(line: &str) -> Result<(String, Rights), String> {
    let (identifier, letters) = line.split_once(' ').unwrap_or((line, ""));
    let rights = Rights::parse(letters).map_err(|letter| format!("no right {letter}"))?;
    Ok((identifier.to_owned(), rights))
}

fn rows(block: &str) -> impl Iterator<Item = Fields<'_>> {
    block.lines().map(|line| Fields::of(line, ';'))
}

fn answer_of(line: &str, block: &str) -> Result<Answer, String> {
    let (word, rest) = line.split_once(' ').unwrap_or((line, ""));
    let fields = Fields::of(rest, ' ');
    let credentials = |answer| Ok(Answer::Credentials(answer));
    Ok(match word {
        "verified" => {
            let identity = rest.to_owned();
            return credentials(posthorn_sasl::Answer::Verified { identity });
        }
        "rejected" => return credentials(posthorn_sasl::Answer::Rejected),
        "denied" => return credentials(posthorn_sasl::Answer::AuthorizationDenied),
        "ok" => Answer::Ok,
        "unknown-encoding" => Answer::UnknownEncoding,
        "no-such-mailbox" => Answer::NoSuchMailbox,
        "no-permission" => Answer::NoPermission,
        "already-exists" => Answer::AlreadyExists,
        "over-quota" => Answer::OverQuota,
        "too-big" => Answer::TooBig,
        "refused" => Answer::Refused(rest.to_owned()),
        "limit-reached" => Answer::LimitReached(rest.to_owned()),
        "unfit-use" => Answer::UnfitUse,
        "unavailable" => Answer::Unavailable,
        "mailbox-gone" => Answer::MailboxGone,
        _ => return value_of(word, &fields, block),
    })
}

#[expect(clippy::too_many_lines, reason = "one short arm per answer")]
fn value_of(word: &str, fields: &Fields<'_>, block: &str) -> Result<Answer, String> {
    Ok(match word {
        "mailboxes" => Answer::Mailboxes(block.lines().map(mailbox).collect()),
        "status" => Answer::Status(MailboxStatus {
            messages: fields.number("messages"),
            recent: fields.number("recent"),
            unseen: fields.number("unseen"),
            deleted: fields.number("deleted"),
            deleted_octets: fields.number("deleted-octets"),
            size_octets: fields.number("size"),
            uid_next: fields.number("uid-next"),
            uid_validity: fields.number("uid-validity"),
            highest_modseq: fields.number("modseq"),
            mailbox_id: "m".to_owned(),
        }),
        "selected" => Answer::Selected(SelectedMailbox {
            mailbox: MailboxHandle(7),
            uid_validity: fields.number("uid-validity"),
            uid_next: fields.number("uid-next"),
            highest_modseq: fields.number("modseq"),
            uids: fields.numbers("uids")?.into_iter().collect(),
            first_recent_uid: fields.number("recent"),
            first_unseen_uid: fields.0.contains_key("unseen").then(|| fields.number("unseen")),
            keywords: fields.flags().keywords,
            mailbox_id: "m7".to_owned(),
            rights: fields.rights()?,
            missed: fields.0.contains_key("missed").then_some(fields.changed_uids()?),
        }),
        "watched" => {
            let (annotations, rest): (Vec<_>, Vec<_>) = block.lines().partition(|line| line.starts_with('@'));
            let (names, changed): (Vec<_>, Vec<_>) = rest.into_iter().partition(|line| line.starts_with('/'));
            Answer::Watched(WatchedMailboxes {
                changed: changed.into_iter().map(watched).collect(),
                names: fields
                    .0
                    .contains_key("names")
                    .then(|| names.into_iter().map(listed).collect()),
                annotations: annotations.into_iter().map(annotated).collect(),
                modseq: fields.number("modseq"),
            })
        }
        "peeked" => Answer::Peeked(PeekedMailbox {
            mailbox: MailboxHandle(fields.number("mailbox")),
            uid_validity: fields.number("uid-validity"),
            first_recent_uid: fields.number("recent"),
            uids: fields.numbers("uids")?.into_iter().collect(),
        }),
        "sorted" => Answer::Sorted {
            uids: fields.numbers("uids")?,
            highest_modseq: fields.number("modseq"),
        },
        "threads" => Answer::Threads(threads(fields.0.get("nodes").unwrap_or(&""))),
        "changed-uids" => Answer::ChangedUids(fields.changed_uids()?),
        "quota" => Answer::Quota {
            root: fields.0.get("root").copied().unwrap_or_default().to_owned(),
            used_octets: fields.number("used"),
            limit_octets: fields.0.contains_key("limit").then(|| fields.number("limit")),
        },
        "created" => Answer::Created {
            mailbox_id: fields.0.get("id").copied().unwrap_or("F1").to_owned(),
        },
        "appended" => Answer::Appended {
            uid_validity: fields.number("uid-validity"),
            uids: fields.numbers("uid")?,
        },
        "fetched" => Answer::Fetched {
            rows: rows(block).map(|row| row.row()).collect(),
            not_reached: fields.numbers("not-reached")?,
        },
        "stored" => Answer::Stored {
            changed: rows(block).map(|row| row.stored()).collect(),
            modified: fields.numbers("modified")?,
        },
        "copied" => Answer::Copied {
            uid_validity: fields.number("uid-validity"),
            pairs: std::iter::zip(fields.numbers("from")?, fields.numbers("to")?).collect(),
        },
        "expunged" => Answer::Expunged {
            uids: fields.numbers("uids")?,
            highest_modseq: fields.number("modseq"),
        },
        "found" => Answer::Found {
            uids: fields.numbers("uids")?,
            highest_modseq: fields.number("modseq"),
        },
        "changes" => Answer::Changes {
            vanished: fields.numbers("vanished")?,
            changed: rows(block).map(|row| row.change()).collect(),
            arrived: fields.numbers("arrived")?,
            uid_next: 0,
            highest_modseq: fields.number("modseq"),
            rights: fields.rights()?,
        },
        "rights" => Answer::Rights(fields.rights()?),
        "metadata" => Answer::Metadata(
            block
                .lines()
                .map(|line| line.split_once(' ').unwrap_or((line, "")))
                .map(|(entry, value)| (entry.to_owned(), value.as_bytes().to_vec()))
                .collect(),
        ),
        "metadata-too-big" => Answer::MetadataTooBig {
            octets_at_most: fields.number("most"),
        },
        "metadata-too-many" => Answer::MetadataTooMany,
        "acl" => Answer::Acl(block.lines().map(acl_entry).collect::<Result<_, _>>()?),
        _ => return Err(format!("unknown answer {word}")),
    })
}

/// `UID/CHILDREN,…`; UID 0: not there.
fn threads(nodes: &str) -> Vec<ThreadNode> {
    let node = |text: &str| {
        let (uid, children) = text.split_once('/')?;
        let uid: u32 = uid.parse().ok()?;
        Some(ThreadNode {
            uid: (uid > 0).then_some(uid),
            children: children.parse().ok()?,
        })
    };
    nodes.split(',').filter_map(node).collect()
}

/// `id=HANDLE;name=NAME;uid-next=…;…`.
fn watched(line: &str) -> WatchedMailbox {
    let fields = Fields::of(line, ';');
    let handle = fields.number("id");
    WatchedMailbox {
        mailbox: MailboxHandle(handle),
        name: fields.0.get("name").copied().unwrap_or_default().to_owned(),
        subscribed: fields.0.contains_key("subscribed"),
        uid_validity: fields.number("uid-validity"),
        uid_next: fields.number("uid-next"),
        messages: fields.number("messages"),
        unseen: fields.number("unseen"),
        highest_modseq: fields.number("modseq"),
    }
}

/// `@NAME;entry=ENTRY`, or with `;subscribed`; without a name it is the server's.
fn annotated(line: &str) -> WatchedAnnotation {
    let (name, rest) = line.trim_start_matches('@').split_once(';').unwrap_or_default();
    let fields = Fields::of(rest, ';');
    WatchedAnnotation {
        mailbox: (!name.is_empty()).then(|| (name.to_owned(), fields.0.contains_key("subscribed"))),
        entry: fields.0.get("entry").copied().unwrap_or_default().to_owned(),
    }
}

/// `/HANDLE/` and what [`mailbox`] reads.
fn listed(line: &str) -> (Option<MailboxHandle>, MailboxInfo) {
    let (handle, rest) = line
        .strip_prefix('/')
        .and_then(|line| line.split_once('/'))
        .unwrap_or_default();
    let info = mailbox(rest);
    let handle = MailboxHandle(handle.parse().unwrap_or_default());
    (info.exists.then_some(handle), info)
}

/// `NAME[;subscribed][;missing][;use=sent][;rights=lr]`.
fn mailbox(line: &str) -> MailboxInfo {
    let (name, rest) = line.split_once(';').unwrap_or((line, ""));
    let fields = Fields::of(rest, ';');
    MailboxInfo {
        name: name.to_owned(),
        special_use: fields
            .0
            .get("use")
            .and_then(|name| SpecialUse::from_attribute(&format!("\\{name}"))),
        subscribed: fields.0.contains_key("subscribed"),
        exists: !fields.0.contains_key("missing"),
        rights: fields.rights().unwrap_or_default(),
    }
}
