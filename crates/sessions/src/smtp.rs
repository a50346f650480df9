//! SMTP and submission: who may send, who is a recipient, and the message itself, handed to `inbound`.

mod trust;

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::Arc;

use posthorn_accounts::{self as accounts, AliasFault, Resolution, Target};
use posthorn_base::{AccountId, SessionId, Timestamp};
use posthorn_inbound::{Addressee, Client, Inbound, InboundError, Incoming, Origin, Plan, Refused, usages};
use posthorn_mailbox::Usage;
use posthorn_net::Handler;
use posthorn_runtime::{clock, random};
use posthorn_smtp::server::{Answer, Ask, Event, Mode, ServerSession};
use posthorn_smtp::{Envelope, Recipient, Refusal, Sender};
use posthorn_store::{INLINE_BLOB_OCTETS, StoreError};

use crate::gathering::gather;
use crate::{OverQuota, Services};
use trust::Examined;

/// Answers one SMTP session.
pub struct SmtpHandler {
    services: Arc<Services>,
    mode: Mode,
    session: SessionId,
    peer: IpAddr,
    /// The account whose password was right last.
    checked: Option<AccountId>,
    /// The account that is logged in.
    account: Option<AccountId>,
    /// The name it logged in with.
    identity: Option<String>,
    /// What MAIL announced.
    announced_octets: Option<u64>,
    /// What the accounts of the recipients so far use and may use.
    usages: HashMap<AccountId, Usage>,
    addressees: Vec<Addressee>,
    body: Vec<u8>,
}

impl SmtpHandler {
    /// For one connection to a listener of that mode.
    #[must_use]
    pub fn new(services: Arc<Services>, mode: Mode, session: SessionId, peer: IpAddr) -> Self {
        Self {
            services,
            mode,
            session,
            peer,
            checked: None,
            account: None,
            identity: None,
            announced_octets: None,
            usages: HashMap::new(),
            addressees: Vec::new(),
            body: Vec::new(),
        }
    }

    /// A new transaction. Whoever logged in may send only as one of their own addresses.
    async fn sender(&mut self, sender: Sender) -> Result<Answer, StoreError> {
        self.addressees.clear();
        self.body = Vec::new();
        self.announced_octets = sender.size;
        self.usages.clear();
        let (Some(account), Some(address)) = (self.account, sender.reverse_path.address().cloned()) else {
            return Ok(Answer::Ok);
        };
        let may = self
            .services
            .store
            .read(move |tx| accounts::may_send_as(tx, account, &address))
            .await?;
        Ok(if may {
            Answer::Ok
        } else {
            Answer::Refuse(Refusal::SenderNotPermitted)
        })
    }

    async fn recipient(&mut self, recipient: Recipient) -> Result<Answer, StoreError> {
        let (address, details) = (recipient.address.clone(), self.services.details);
        let (inbound, now) = (self.services.inbound.clone(), clock::wall());
        let (resolution, usages) = self
            .services
            .store
            .read(move |tx| {
                let resolution = inbound.resolve(tx, &address, details, now)?;
                let usages = usages(tx, &local_accounts(&resolution))?;
                Ok::<_, StoreError>((resolution, usages))
            })
            .await?;
        self.usages.extend(usages);
        let targets = match resolution {
            Resolution::Targets(targets) => targets,
            Resolution::NotLocal if self.account.is_some() => vec![Target::Remote(recipient.address.clone())],
            Resolution::NotLocal => return Ok(Answer::Refuse(Refusal::RelayDenied)),
            Resolution::Unknown => return Ok(Answer::Refuse(Refusal::UnknownRecipient)),
            Resolution::Broken(fault) => return Ok(self.broken_alias(&recipient, fault)),
        };
        if self.nobody_has_room(&targets, self.announced_octets.unwrap_or(0)) {
            return Ok(Answer::Refuse(self.mailbox_full()));
        }
        let Recipient {
            address,
            notify,
            original_recipient,
        } = recipient;
        self.addressees.push(Addressee {
            address,
            notify,
            original_recipient,
            targets,
        });
        Ok(Answer::Ok)
    }

    fn broken_alias(&self, recipient: &Recipient, fault: AliasFault) -> Answer {
        tracing::error!(session = %self.session, address = %recipient.address, %fault, "a broken alias");
        Answer::Refuse(Refusal::Internal)
    }

    fn mailbox_full(&self) -> Refusal {
        Refusal::MailboxFull {
            temporary: self.services.over_quota == OverQuota::Retry,
        }
    }

    async fn message(&mut self, envelope: Envelope) -> Result<Answer, Refusal> {
        let octets: Arc<[u8]> = std::mem::take(&mut self.body).into();
        let addressees = std::mem::take(&mut self.addressees);
        self.check_room(&addressees, envelope.size_octets)?;
        let now = clock::wall();
        let Examined { octets, judgement } = self.examined(&envelope, octets, &addressees, now).await?;
        let queue_id = random::queue_id();
        let incoming = Incoming {
            queue_id,
            origin: self.account.map_or(Origin::Relay, Origin::Submission),
            client: Some(Client {
                protocol: protocol(self.mode, &envelope),
                helo: envelope.helo,
                ip: self.peer,
                tls: envelope.tls,
                session: self.session,
            }),
            sender: envelope.sender,
            addressees,
            octets,
            judgement: Some(judgement),
        };
        let mut plan = prepare(self.services.inbound.clone(), &incoming, now)
            .await
            .map_err(|cause| self.refused(cause))?;
        self.confirm(&incoming, &mut plan, now).await;
        let buckets = plan.buckets();
        self.services
            .inbound
            .commit(plan)
            .await
            .map_err(|cause| self.not_committed(&cause))?;
        if !buckets.is_empty() {
            (self.services.wake)(buckets);
        }
        tracing::info!(
            session = %self.session, %queue_id, peer = %self.peer, from = %incoming.sender.reverse_path,
            to = %recipients(&incoming), size = incoming.octets.len(), "message accepted"
        );
        Ok(Answer::Accepted {
            queue_id: queue_id.to_string(),
        })
    }

    /// Adds the report of success, where one was asked for, to what is committed.
    async fn confirm(&self, incoming: &Incoming, plan: &mut Plan, now: Timestamp) {
        let Some((to, report)) = self.services.inbound.confirmation(incoming, now) else {
            return;
        };
        match self
            .services
            .reports
            .plan(random::queue_id(), &to, report, now)
            .await
        {
            Ok(report) => plan.append(report),
            // The message itself is worth more than the word about it.
            Err(reason) => tracing::warn!(session = %self.session, %to, %reason, "no report of success"),
        }
    }

    /// Is every one of these an account of ours that such a message does not fit into? Of an alias for
    /// several, those who have room get it.
    fn nobody_has_room(&self, targets: &[Target], size_octets: u64) -> bool {
        !targets.is_empty()
            && targets.iter().all(|target| match target {
                Target::Local { account, .. } => self
                    .usages
                    .get(account)
                    .is_some_and(|usage| usage.is_exceeded_by(size_octets)),
                Target::Remote(_) | Target::Reports(_) => false,
            })
    }

    /// The size is known only now when MAIL did not announce it. What came meanwhile from others is not
    /// looked at again: a mailbox may exceed its quota by what is on its way.
    fn check_room(&self, addressees: &[Addressee], size_octets: u64) -> Result<(), Refusal> {
        let is_full = |addressee: &Addressee| self.nobody_has_room(&addressee.targets, size_octets);
        if addressees.iter().all(is_full) {
            Err(self.mailbox_full())
        } else {
            Ok(())
        }
    }

    fn refused(&self, cause: Refused) -> Refusal {
        match cause {
            Refused::Loop => Refusal::Loop,
            Refused::HeaderTooLarge => {
                Refusal::Malformed("The header of the message is too large".to_owned())
            }
            Refused::NotAReport(_) => Refusal::Malformed(cause.to_string()),
            Refused::Store(cause) => self.internal(&cause),
        }
    }

    fn not_committed(&self, cause: &InboundError) -> Refusal {
        match cause {
            InboundError::Store(cause) => self.internal(cause),
            InboundError::Mailbox(cause) => {
                tracing::error!(session = %self.session, %cause, "a mailbox did not take a message");
                Refusal::Internal
            }
        }
    }

    fn internal(&self, cause: &StoreError) -> Refusal {
        tracing::error!(session = %self.session, %cause, "SMTP failed inside");
        if *cause == StoreError::DiskFull {
            Refusal::InsufficientStorage
        } else {
            Refusal::Internal
        }
    }
}

/// Rendering a small message is quicker than handing it to another thread; a large one would also
/// block on the disk.
async fn prepare(inbound: Inbound, incoming: &Incoming, now: Timestamp) -> Result<Plan, Refused> {
    if u64::try_from(incoming.octets.len()).unwrap_or(u64::MAX) < INLINE_BLOB_OCTETS {
        return inbound.prepare(incoming, now);
    }
    let incoming = incoming.clone();
    let prepared = tokio::task::spawn_blocking(move || inbound.prepare(&incoming, now));
    prepared
        .await
        .map_err(|_panic| Refused::Store(StoreError::Panicked))?
}

/// The `with` word of Received: RFC 3848, RFC 6531 section 4.3.
fn protocol(mode: Mode, envelope: &Envelope) -> &'static str {
    let (tls, login) = (envelope.tls.is_some(), envelope.identity.is_some());
    match (mode, envelope.sender.smtputf8, tls, login) {
        (Mode::Lmtp, false, false, _) => "LMTP",
        (Mode::Lmtp, false, true, _) => "LMTPS",
        (Mode::Lmtp, true, false, _) => "UTF8LMTP",
        (Mode::Lmtp, true, true, _) => "UTF8LMTPS",
        (_, true, false, false) => "UTF8SMTP",
        (_, true, true, false) => "UTF8SMTPS",
        (_, true, false, true) => "UTF8SMTPA",
        (_, true, true, true) => "UTF8SMTPSA",
        (_, false, false, false) if !envelope.esmtp => "SMTP",
        (_, false, false, false) => "ESMTP",
        (_, false, true, false) => "ESMTPS",
        (_, false, false, true) => "ESMTPA",
        (_, false, true, true) => "ESMTPSA",
    }
}

fn locals(targets: &[Target]) -> impl Iterator<Item = AccountId> {
    targets.iter().filter_map(|target| match target {
        Target::Local { account, .. } => Some(*account),
        Target::Remote(_) | Target::Reports(_) => None,
    })
}

fn local_accounts(resolution: &Resolution) -> Vec<AccountId> {
    match resolution {
        Resolution::Targets(targets) => locals(targets).collect(),
        Resolution::NotLocal | Resolution::Unknown | Resolution::Broken(_) => Vec::new(),
    }
}

/// For the log.
fn recipients(incoming: &Incoming) -> String {
    let addresses: Vec<String> = incoming
        .addressees
        .iter()
        .map(|addressee| addressee.address.to_string())
        .collect();
    addresses.join(",")
}

impl Handler<ServerSession> for SmtpHandler {
    async fn answer(&mut self, ask: Ask) -> Answer {
        let answered = match ask {
            Ask::Credentials(ask) => {
                let checked = self.services.credentials.check(ask).await;
                self.checked = checked.account;
                return Answer::Credentials(checked.answer);
            }
            Ask::Sender(sender) => self.sender(sender).await,
            Ask::Recipient(recipient) => self.recipient(recipient).await,
            Ask::Message(envelope) => return self.message(envelope).await.unwrap_or_else(Answer::Refuse),
        };
        answered.unwrap_or_else(|cause| Answer::Refuse(self.internal(&cause)))
    }

    fn event(&mut self, event: Event) {
        let (session, peer) = (self.session, self.peer);
        match event {
            Event::Body(octets) => gather(&mut self.body, &octets, self.announced_octets),
            Event::BodyDiscarded => self.body = Vec::new(),
            Event::LoggedIn { identity, mechanism } => {
                self.account = self.checked;
                self.identity = Some(identity.clone());
                tracing::info!(%session, %peer, account = identity, mechanism = mechanism.name(), "SMTP log-in");
            }
            Event::LoginFailed { user } => {
                tracing::warn!(%session, %peer, user = user.unwrap_or_default(), "SMTP log-in refused");
            }
            Event::CommandRefused { verb, reply } => {
                tracing::debug!(%session, %peer, verb, %reply, "SMTP command refused");
            }
            Event::Ended { reply } => tracing::info!(%session, %peer, %reply, "SMTP session ended"),
        }
    }
}
