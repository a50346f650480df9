//! The steps, in order.

use std::sync::Arc;
use std::time::Duration;

use posthorn_accounts::Target;
use posthorn_base::{AccountId, Address, Domain, Timestamp};
use posthorn_mailbox::{self as mailbox, Flags, MailboxError, NewMessage, SpecialUse, Usage};
use posthorn_message::address_list::{Entry, parse_addresses};
use posthorn_message::header;
use posthorn_queue as queue;
use posthorn_reports::{self as reports, Carrier};
use posthorn_signing::Keyring;
use posthorn_store::{Store, StoreError, Tx};
use posthorn_trust::Place;
use posthorn_trust::srs::Srs;

use crate::incoming::{Incoming, Origin};
use crate::judge::Judgement;
use crate::plan::{Part, Plan};
use crate::{confirm, originate, trace};

/// Recipients of one message whom its sender then knows.
const MAX_LEARNED: usize = 50;

/// What the steps need to know beside the message.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Our name in Received, Message-ID and reports.
    pub hostname: Domain,
    /// Who stands in `From` of reports.
    pub report_from: Address,
    /// Received fields at which a message is a loop.
    pub received_fields: usize,
    /// Octets of the header section.
    pub header_octets: usize,
    /// How long delivery to other servers is tried.
    pub max_age: Duration,
}

/// The message is not accepted; nothing of it is stored.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// It passed too many servers.
    #[error("the message goes round in circles")]
    Loop,
    /// Its header section is larger than we take.
    #[error("the header of the message is too large")]
    HeaderTooLarge,
    /// It was sent to an address where only reports are taken, and is none.
    #[error("this address takes DMARC and TLS reports only, and this is none: {0}")]
    NotAReport(String),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// What is signed with.
#[derive(Clone)]
pub struct Keys {
    /// The DKIM keys of our domains.
    pub keyring: Keyring,
    /// Return addresses of forwarded mail.
    pub srs: Arc<Srs>,
}

/// Accepts messages into one store.
#[derive(Clone)]
pub struct Inbound {
    store: Store,
    pub(crate) settings: Arc<Settings>,
    pub(crate) keys: Keys,
}

impl Inbound {
    /// Over `store`.
    #[must_use]
    pub fn new(store: Store, settings: Settings, keys: Keys) -> Self {
        Self {
            store,
            settings: Arc::new(settings),
            keys,
        }
    }

    pub(crate) fn store(&self) -> &Store {
        &self.store
    }

    /// Turns a message into the transactions that accept it. Blocks on the disk for a large message.
    ///
    /// # Errors
    /// When the message must be refused, or its blob cannot be written.
    pub fn prepare(&self, incoming: &Incoming, now: Timestamp) -> Result<Plan, Refused> {
        self.measure(incoming)?;
        let traced = self.add_trace(incoming, now);
        let destinations = distribute(incoming);
        let mut plan = Plan::new(now);
        if destinations.is_report {
            take_reports(incoming, &destinations, &mut plan)?;
        }
        if !destinations.accounts.is_empty() {
            self.deliver_here(incoming, &traced, destinations.accounts, &mut plan, now)?;
        }
        if !destinations.remote.is_empty() {
            self.send_on(incoming, &traced, destinations.remote, &mut plan, now)?;
        }
        learn(incoming, &mut plan);
        Ok(plan)
    }

    /// Loops end here, and headers that nobody wrote by hand.
    fn measure(&self, incoming: &Incoming) -> Result<(), Refused> {
        let (header, _body_at) = header::header_section(&incoming.octets);
        if header.len() > self.settings.header_octets {
            return Err(Refused::HeaderTooLarge);
        }
        if header::count_fields(&incoming.octets, "Received") >= self.settings.received_fields {
            return Err(Refused::Loop);
        }
        Ok(())
    }

    /// The fields that stand before the message's own.
    fn add_trace(&self, incoming: &Incoming, now: Timestamp) -> String {
        let mut fields = match &incoming.judgement {
            Some(judgement) => judgement.fields.clone(),
            None => String::new(),
        };
        fields.push_str(&trace::received(incoming, self.settings.hostname.as_str(), now));
        fields.push_str(&originate::missing_fields(
            incoming,
            self.settings.hostname.as_str(),
            now,
        ));
        // A message without any header is all body; our fields must not turn its first lines into fields.
        let (header, _body_at) = header::header_section(&incoming.octets);
        if header.is_empty() {
            fields.push_str("\r\n");
        }
        fields
    }

    /// One blob and one rendering for all who read it here.
    fn deliver_here(
        &self,
        incoming: &Incoming,
        traced: &str,
        accounts: Vec<AccountId>,
        plan: &mut Plan,
        now: Timestamp,
    ) -> Result<(), Refused> {
        let return_path = trace::return_path(&incoming.sender.reverse_path);
        let octets = join(&[return_path.as_bytes(), traced.as_bytes(), &incoming.octets]);
        let rendered = Arc::new(posthorn_message::render(&octets));
        let blob = self.store.stage_blob(octets, now)?;
        let message = NewMessage {
            blob,
            rendered,
            internal_date: now,
            flags: Flags::default(),
            evidence: None,
        };
        for account in accounts {
            let judgement = incoming.judgement.as_ref();
            let reader = judgement.and_then(|judgement| judgement.reader(account));
            let place = reader.map_or(Place::Inbox, |reader| reader.place);
            // Whoever is refused here while another takes the message finds it in Junk.
            let target = match place {
                Place::Inbox => mailbox::Target::Inbox,
                Place::Junk | Place::Refused => mailbox::Target::Use(SpecialUse::Junk),
            };
            let author = judgement.filter(|judgement| place == Place::Inbox && !judgement.is_ours);
            plan.add(Part::Local {
                account,
                target,
                message: NewMessage {
                    evidence: reader.map(|reader| Arc::clone(&reader.evidence)),
                    ..message.clone()
                },
                author: author.and_then(|judgement| judgement.author.clone()),
            });
        }
        Ok(())
    }

    /// One blob for all who read it elsewhere, without Return-Path (RFC 5321 section 4.4).
    fn send_on(
        &self,
        incoming: &Incoming,
        traced: &str,
        recipients: Vec<queue::NewRecipient>,
        plan: &mut Plan,
        now: Timestamp,
    ) -> Result<(), Refused> {
        let mut octets = join(&[traced.as_bytes(), &incoming.octets]);
        if let Some(signatures) = self.signatures(incoming, &octets, now) {
            octets.splice(0..0, signatures.into_bytes());
        }
        let blob = self.store.stage_blob(octets, now)?;
        let message = queue::Message {
            queue_id: incoming.queue_id,
            blob: blob.reference(),
            reverse_path: self.reverse_path(incoming, now),
            ret: incoming.sender.ret,
            envelope_id: incoming.sender.envelope_id.clone(),
            body: incoming.sender.body,
            smtputf8: incoming.sender.smtputf8,
            identity: incoming.sender.identity.clone(),
            created_at: now,
            expires_at: now.plus(self.settings.max_age),
        };
        for (bucket, recipients) in queue::by_bucket(recipients) {
            plan.add(Part::Remote {
                bucket,
                message: message.clone(),
                blob: blob.clone(),
                recipients,
            });
        }
        Ok(())
    }

    /// The report of success that the sender asked for, and whom to send it to; `None` when it did not.
    #[must_use]
    pub fn confirmation(&self, incoming: &Incoming, now: Timestamp) -> Option<(Address, Arc<[u8]>)> {
        confirm::confirmation(incoming, &self.settings.hostname, &self.settings.report_from, now)
    }

    /// Commits a plan.
    pub fn commit(&self, plan: Plan) -> posthorn_store::Pending<Vec<()>, crate::InboundError> {
        self.store
            .write_group(plan.partitions(), move |tx, index| plan.run(tx, index))
    }
}

/// Who reads the message here, and where it goes from here.
struct Destinations {
    accounts: Vec<AccountId>,
    remote: Vec<queue::NewRecipient>,
    /// Is it sent to an address of reports?
    is_report: bool,
}

/// Two signatures take less.
const SIGNATURES_ROOM: usize = 2048;

/// Each account once and each address elsewhere once, however many aliases lead there.
fn distribute(incoming: &Incoming) -> Destinations {
    let mut destinations = Destinations {
        accounts: Vec::new(),
        remote: Vec::new(),
        is_report: false,
    };
    for addressee in &incoming.addressees {
        for target in &addressee.targets {
            match target {
                Target::Local { account, .. } => {
                    if !destinations.accounts.contains(account) {
                        destinations.accounts.push(*account);
                    }
                }
                Target::Reports(_) => destinations.is_report = true,
                Target::Remote(address) => {
                    if destinations.remote.iter().any(|known| known.address == *address) {
                        continue;
                    }
                    destinations.remote.push(queue::NewRecipient {
                        number: u32::try_from(destinations.remote.len()).unwrap_or(u32::MAX),
                        address: address.clone(),
                        notify: addressee.notify,
                        original_recipient: addressee.original_recipient.clone(),
                    });
                }
            }
        }
    }
    // The lock order of accounts that share a group.
    destinations.accounts.sort_unstable();
    destinations
}

/// Reports become rows. What is none is refused, unless somebody else gets it.
fn take_reports(incoming: &Incoming, destinations: &Destinations, plan: &mut Plan) -> Result<(), Refused> {
    match reports::read_message(&incoming.octets, &reports::Limits::default()) {
        Ok(found) => {
            let vouched = incoming.judgement.as_ref().and_then(Judgement::vouched_domain);
            plan.add(Part::Reports {
                reports: found,
                carrier: vouched.map_or(Carrier::Unvouched, Carrier::Mail),
            });
            Ok(())
        }
        Err(_) if !destinations.accounts.is_empty() || !destinations.remote.is_empty() => Ok(()),
        Err(why) => Err(Refused::NotAReport(why.to_string())),
    }
}

/// Whom one of our people writes to, and under which name.
fn learn(incoming: &Incoming, plan: &mut Plan) {
    let Origin::Submission(account) = incoming.origin else {
        return;
    };
    let named = names(&incoming.octets);
    let addressees = incoming.addressees.iter().take(MAX_LEARNED).map(|addressee| {
        let key = addressee.address.lookup_key();
        let name = named.iter().find(|(address, _)| *address == key);
        let name = name.map(|(_, name)| name.clone()).unwrap_or_default();
        (addressee.address.clone(), name)
    });
    plan.add(Part::Wrote {
        account,
        to: addressees.collect(),
    });
    if let Some(own_name) = incoming
        .judgement
        .as_ref()
        .and_then(|found| found.own_name.clone())
    {
        plan.add(Part::OwnName(own_name));
    }
}

/// What the author calls those written to, by lookup key.
fn names(octets: &[u8]) -> Vec<(String, String)> {
    let mut named = Vec::new();
    for field in ["To", "Cc"] {
        let Some(value) = header::first_field(octets, field) else {
            continue;
        };
        for entry in parse_addresses(header::unfold(value).as_bytes())
            .into_iter()
            .take(MAX_LEARNED)
        {
            let Entry::Mailbox(mailbox) = entry else { continue };
            let text = [mailbox.local.as_slice(), b"@", mailbox.domain.as_slice()].concat();
            if let Ok(address) = Address::parse(&String::from_utf8_lossy(&text))
                && mailbox.name.is_some()
            {
                named.push((address.lookup_key(), mailbox.display()));
            }
        }
    }
    named
}

/// With room for signatures in front, so that a large message need not move to another place for them.
fn join(pieces: &[&[u8]]) -> Vec<u8> {
    let length: usize = pieces.iter().map(|piece| piece.len()).sum();
    let mut joined = Vec::with_capacity(length + SIGNATURES_ROOM);
    pieces.iter().for_each(|piece| joined.extend_from_slice(piece));
    joined
}

/// What each of `accounts` uses and may use. An account that is gone is left out: delivery finds out.
///
/// # Errors
/// When the store fails.
pub fn usages(tx: &Tx<'_>, accounts: &[AccountId]) -> Result<Vec<(AccountId, Usage)>, StoreError> {
    let mut usages = Vec::new();
    for &account in accounts {
        match mailbox::usage(tx, account) {
            Ok(usage) => usages.push((account, usage)),
            Err(MailboxError::Store(cause)) => return Err(cause),
            Err(_gone_meanwhile) => {}
        }
    }
    Ok(usages)
}
