//! The steps, in order.

use std::sync::Arc;
use std::time::Duration;

use posthorn_accounts::Target;
use posthorn_base::{AccountId, Address, Domain, Timestamp};
use posthorn_mailbox::{self as mailbox, Flags, MailboxError, NewMessage, Usage};
use posthorn_message::header;
use posthorn_queue as queue;
use posthorn_store::{Store, StoreError, Tx};

use crate::incoming::Incoming;
use crate::plan::{Part, Plan};
use crate::{confirm, originate, trace};

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
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Accepts messages into one store.
#[derive(Clone)]
pub struct Inbound {
    store: Store,
    settings: Arc<Settings>,
}

impl Inbound {
    /// Over `store`.
    #[must_use]
    pub fn new(store: Store, settings: Settings) -> Self {
        Self {
            store,
            settings: Arc::new(settings),
        }
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
        if !destinations.accounts.is_empty() {
            self.deliver_here(incoming, &traced, destinations.accounts, &mut plan, now)?;
        }
        if !destinations.remote.is_empty() {
            self.send_on(incoming, &traced, destinations.remote, &mut plan, now)?;
        }
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
        let mut fields = trace::received(incoming, self.settings.hostname.as_str(), now);
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
        };
        for account in accounts {
            plan.add(Part::Local {
                account,
                target: mailbox::Target::Inbox,
                message: message.clone(),
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
        let octets = join(&[traced.as_bytes(), &incoming.octets]);
        let blob = self.store.stage_blob(octets, now)?;
        let message = queue::Message {
            queue_id: incoming.queue_id,
            blob: blob.reference(),
            reverse_path: incoming.sender.reverse_path.clone(),
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
}

/// Each account once and each address elsewhere once, however many aliases lead there.
fn distribute(incoming: &Incoming) -> Destinations {
    let mut destinations = Destinations {
        accounts: Vec::new(),
        remote: Vec::new(),
    };
    for addressee in &incoming.addressees {
        for target in &addressee.targets {
            match target {
                Target::Local { account, .. } => {
                    if !destinations.accounts.contains(account) {
                        destinations.accounts.push(*account);
                    }
                }
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

fn join(pieces: &[&[u8]]) -> Arc<[u8]> {
    pieces.concat().into()
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
