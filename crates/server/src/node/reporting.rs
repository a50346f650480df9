//! Daily aggregate reports to the domains in whose name mail came (RFC 9990), for those of our domains that
//! have switched it on. Destinations outside of a domain must agree; a report is never sent twice.

use posthorn_base::{Address, Domain};
use posthorn_dmarc::{Destination, report_destinations};
use posthorn_inbound::{InboundError, Plan};
use posthorn_reports::{Day, Reporter, compose, due, sends, sent, unsent_days};
use posthorn_runtime::{clock, random};
use posthorn_sessions::Services;
use posthorn_store::{Partition, StoreError};

/// Sends reports from one address.
pub(super) struct Mailer {
    services: Services,
    from: Address,
}

/// Why a report is not sent now.
#[derive(Debug, thiserror::Error)]
enum NotSent {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error("it cannot be written: {0}")]
    Compose(#[from] std::io::Error),
    #[error("it cannot be planned: {0}")]
    Plan(#[from] posthorn_inbound::ReportError),
    #[error("it cannot be queued: {0}")]
    Queue(#[from] InboundError),
}

impl Mailer {
    pub(super) fn new(services: Services, from: Address) -> Self {
        Self { services, from }
    }

    /// In whose name reports go out: a domain of ours that signs, so that receivers believe them.
    async fn reporter(&self) -> Result<Option<Reporter>, StoreError> {
        let reporting = self.services.store.read(|tx| sends(tx)).await?;
        let Some(domain) = reporting.into_iter().next() else {
            return Ok(None);
        };
        let email = Address::parse(&format!("{}@{domain}", posthorn_reports::DMARC_REPORTS));
        Ok(Some(Reporter {
            org_name: self.services.hostname.to_string(),
            email: email.unwrap_or_else(|_too_long| self.from.clone()),
            domain,
            extra_contact: None,
        }))
    }

    async fn send(&self, domain: Domain, day: Day, reporter: &Reporter) -> Result<(), NotSent> {
        let (policy_domain, from) = (domain.clone(), reporter.clone());
        let store = &self.services.store;
        let composed = store
            .read(move |tx| compose(tx, &policy_domain, day, &from))
            .await?;
        let now = clock::wall();
        let mut plans = Vec::new();
        if let Some(composed) = composed {
            let resolver = &self.services.resolver;
            let found = report_destinations(resolver, domain.as_str(), &composed.report_to).await;
            let to: Vec<Address> = found.iter().filter_map(allowed).collect();
            for address in &to {
                let octets = composed.to_message(reporter, std::slice::from_ref(address), now)?;
                let planned = self
                    .services
                    .reports
                    .plan(random::queue_id(), address, octets.into(), now);
                plans.push(planned.await?);
            }
        }
        self.commit(domain, day, plans).await
    }

    /// The mail and the note that it was sent, together.
    async fn commit(&self, domain: Domain, day: Day, plans: Vec<Plan>) -> Result<(), NotSent> {
        let mut plan = Plan::new(clock::wall());
        for more in plans {
            plan.append(more);
        }
        let buckets = plan.buckets();
        let mut partitions = plan.partitions();
        let note = partitions.len();
        partitions.push(Partition::Directory);
        let committed = self.services.store.write_group(partitions, move |tx, index| {
            if index == note {
                return Ok(sent(tx, &domain, day).map(drop)?);
            }
            plan.run(tx, index)
        });
        committed.await?;
        (self.services.wake)(buckets);
        Ok(())
    }
}

fn allowed(destination: &Destination) -> Option<Address> {
    destination.address.clone().filter(|_| destination.is_allowed())
}

/// Sends every report of a day that is over. What cannot be sent now is tried again in the next round.
pub(super) async fn send_due(mailer: &Mailer) {
    let today = Day::of(clock::wall());
    let reporter = match mailer.reporter().await {
        Ok(Some(reporter)) => reporter,
        Ok(None) => return,
        Err(cause) => {
            tracing::warn!(%cause, "reports could not be looked after");
            return;
        }
    };
    let listed = mailer.services.store.read(move |tx| {
        let mut found = Vec::new();
        for day in unsent_days(tx, today)? {
            found.extend(due(tx, day)?.into_iter().map(|domain| (domain, day)));
        }
        Ok::<_, StoreError>(found)
    });
    let listed = match listed.await {
        Ok(listed) => listed,
        Err(cause) => {
            tracing::warn!(%cause, "reports could not be looked after");
            return;
        }
    };
    for (domain, day) in listed {
        match mailer.send(domain.clone(), day, &reporter).await {
            Ok(()) => tracing::info!(%domain, %day, "a report on mail in its name is on its way"),
            Err(cause) => tracing::warn!(%domain, %day, %cause, "a report was not sent"),
        }
    }
}

#[cfg(test)]
mod tests;
