//! Who really sent it: the evidence is gathered when the message is complete, before it is accepted.

use std::sync::Arc;
use std::time::Duration;

use posthorn_accounts as accounts;
use posthorn_base::{Address, Timestamp};
use posthorn_inbound::{Addressee, Judgement};
use posthorn_runtime::clock;
use posthorn_smtp::server::Mode;
use posthorn_smtp::{Envelope, Refusal};
use posthorn_store::{INLINE_BLOB_OCTETS, StoreError};
use posthorn_trust::{Arrival, Client, Evidence, Origin, examine, fields};

use super::{SmtpHandler, protocol};
use crate::Services;

/// The longest that names are asked for on behalf of one message; what is not known by then counts as a
/// temporary failure of the DNS, never against the sender.
const DNS_PATIENCE: Duration = Duration::from_secs(20);

/// Addresses in From, beside the first, that one of our people may give.
const MAX_AUTHORS: usize = 10;

/// A message as it will be kept, and what is known about it.
pub(super) struct Examined {
    pub(super) octets: Arc<[u8]>,
    pub(super) judgement: Judgement,
}

impl SmtpHandler {
    /// Gathers the evidence, and judges.
    pub(super) async fn examined(
        &self,
        envelope: &Envelope,
        octets: Arc<[u8]>,
        addressees: &[Addressee],
        now: Timestamp,
    ) -> Result<Examined, Refusal> {
        let evidence = self.evidence(envelope, &octets, now).await?;
        self.check_author(&evidence).await?;
        let hostname = self.services.hostname.as_str();
        let written = fields::authentication_results(&evidence, hostname) + &fields::received_spf(&evidence);
        // Whoever claims in our name that a message was checked is not believed, and not passed on.
        let octets = match fields::strip_forged(&octets, hostname) {
            Some(stripped) => stripped.into(),
            None => octets,
        };
        let observation = self.services.reporting.observation(&evidence, addressees, now);
        let judged = self
            .services
            .inbound
            .judge(evidence, written, addressees, now)
            .await;
        let judgement = judged.map_err(|cause| self.internal(&cause))?;
        if let Some(observation) = observation {
            self.services.reporting.note(observation, &judgement);
        }
        if let Some(reason) = judgement.refusal() {
            tracing::info!(
                session = %self.session, peer = %self.peer, from = %envelope.sender.reverse_path, reason,
                "message refused"
            );
            return Err(Refusal::Policy(reason.to_owned()));
        }
        Ok(Examined { octets, judgement })
    }

    async fn evidence(
        &self,
        envelope: &Envelope,
        octets: &Arc<[u8]>,
        now: Timestamp,
    ) -> Result<Evidence, Refusal> {
        let gathering = Gathering {
            services: Arc::clone(&self.services),
            origin: match &self.identity {
                Some(identity) if self.account.is_some() => Origin::Ours(identity.clone()),
                _ => Origin::Outside,
            },
            // Behind another server of the same house the client's address says nothing about the sender.
            knows_client: self.mode != Mode::Lmtp,
            ip: self.peer,
            protocol: protocol(self.mode, envelope),
            now,
        };
        if u64::try_from(octets.len()).unwrap_or(u64::MAX) < INLINE_BLOB_OCTETS {
            // Not a part of every session's own future: most of the time nothing is asked.
            return Ok(Box::pin(gathering.run(envelope, octets)).await);
        }
        // Hashing megabytes takes the processor; other sessions go on meanwhile.
        let (envelope, octets) = (envelope.clone(), Arc::clone(octets));
        let runtime = tokio::runtime::Handle::current();
        let gathered =
            tokio::task::spawn_blocking(move || runtime.block_on(gathering.run(&envelope, &octets)));
        gathered
            .await
            .map_err(|_panic| self.internal(&StoreError::Panicked))
    }

    /// Whoever logged in writes in their own name, as far as the name is one of ours.
    async fn check_author(&self, evidence: &Evidence) -> Result<(), Refusal> {
        let Some(account) = self.account else {
            return Ok(());
        };
        let author = &evidence.author;
        // As many as are looked at; somebody else's could hide behind them.
        if author.others.len() >= MAX_AUTHORS {
            return Err(Refusal::Policy(
                "The From field names too many addresses".to_owned(),
            ));
        }
        let claimed: Vec<Address> = std::iter::once(&author.address)
            .chain(&author.others)
            .filter_map(|text| Address::parse(text).ok())
            .collect();
        let checked = self.services.store.read(move |tx| {
            for address in &claimed {
                let Some(domain) = address.domain() else { continue };
                if accounts::is_local_domain(tx, domain)? && !accounts::may_send_as(tx, account, address)? {
                    return Ok(Some(address.clone()));
                }
            }
            Ok::<_, StoreError>(None)
        });
        match checked.await.map_err(|cause| self.internal(&cause))? {
            Some(address) => Err(Refusal::Policy(format!(
                "You may not write as {address}: the From field must name an address of your own"
            ))),
            None => Ok(()),
        }
    }
}

/// All that gathering needs, apart from its session.
struct Gathering {
    services: Arc<Services>,
    origin: Origin,
    knows_client: bool,
    ip: std::net::IpAddr,
    protocol: &'static str,
    now: Timestamp,
}

impl Gathering {
    async fn run(self, envelope: &Envelope, octets: &[u8]) -> Evidence {
        let deadline = clock::now() + DNS_PATIENCE;
        let lookup = self.services.resolver.until(deadline.into());
        let client = self.knows_client.then(|| Client {
            ip: self.ip,
            helo: &envelope.helo,
            tls: envelope.tls.as_ref(),
            protocol: self.protocol,
        });
        let arrival = Arrival {
            origin: self.origin,
            client,
            reverse_path: &envelope.sender.reverse_path,
            octets,
            receiver: self.services.hostname.as_str(),
        };
        examine(&lookup, &arrival, self.now).await
    }
}
