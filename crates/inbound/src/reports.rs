//! Reports that the server writes itself, on their way to an author here or elsewhere.

use std::sync::Arc;

use posthorn_accounts::{AliasFault, DetailSeparator, Resolution, Target};
use posthorn_base::{Address, QueueId, ReversePath, Timestamp};
use posthorn_smtp::{Body, Sender};
use posthorn_store::{Store, StoreError};

use crate::accept::{Inbound, Refused};
use crate::incoming::{Addressee, Incoming, Origin};
use crate::plan::Plan;

/// A report cannot be planned.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ReportError {
    /// The author's address is ours, and nobody has it.
    #[error("nobody here has the address {0}")]
    Nobody(Address),
    /// The author's address is a broken alias.
    #[error(transparent)]
    Alias(#[from] AliasFault),
    /// The report itself is not accepted.
    #[error(transparent)]
    Refused(#[from] Refused),
}

impl From<StoreError> for ReportError {
    fn from(cause: StoreError) -> Self {
        Self::Refused(Refused::Store(cause))
    }
}

/// Plans reports. Clones share everything.
#[derive(Clone)]
pub struct Reports {
    store: Store,
    inbound: Inbound,
    details: DetailSeparator,
}

impl Reports {
    /// Over the accounts of `store`.
    #[must_use]
    pub fn new(store: Store, inbound: Inbound, details: DetailSeparator) -> Self {
        Self {
            store,
            inbound,
            details,
        }
    }

    /// The transactions that deliver `message` to `to` with the null reverse path. Stores nothing yet.
    /// Renders the message, so a large one is no work for a thread that serves sessions.
    ///
    /// # Errors
    /// See [`ReportError`].
    pub async fn plan(
        &self,
        queue_id: QueueId,
        to: &Address,
        message: Arc<[u8]>,
        now: Timestamp,
    ) -> Result<Plan, ReportError> {
        let (address, details, inbound) = (to.clone(), self.details, self.inbound.clone());
        let resolved = self
            .store
            .read(move |tx| inbound.resolve(tx, &address, details, now))
            .await?;
        let targets = match resolved {
            Resolution::Targets(targets) => targets,
            Resolution::NotLocal => vec![Target::Remote(to.clone())],
            Resolution::Unknown => return Err(ReportError::Nobody(to.clone())),
            Resolution::Broken(fault) => return Err(ReportError::Alias(fault)),
        };
        let sender = Sender {
            reverse_path: ReversePath::Null,
            size: None,
            body: Body::EightBitMime,
            smtputf8: to.needs_utf8(),
            ret: None,
            envelope_id: None,
            identity: None,
        };
        let addressee = Addressee {
            address: to.clone(),
            notify: None,
            original_recipient: None,
            targets,
        };
        let incoming = Incoming {
            queue_id,
            origin: Origin::Generated,
            client: None,
            sender,
            addressees: vec![addressee],
            octets: message,
            judgement: None,
        };
        Ok(self.inbound.prepare(&incoming, now)?)
    }
}
