//! How a report gets to its author: the way back in. Implemented where `inbound` is at hand.

use std::pin::Pin;
use std::sync::Arc;

use posthorn_base::{Address, Timestamp};
use posthorn_store::{Partition, StoreError, Tx};

/// What [`Returns::plan`] gives.
pub type PlanFuture<'a> = Pin<Box<dyn Future<Output = Result<Box<dyn Plan>, PlanError>> + Send + 'a>>;

/// Turns a generated message into the transactions that store it, so that they commit together with the
/// queue's own.
pub trait Returns: Send + Sync + 'static {
    /// Plans the delivery of a report with the null reverse path. Stores nothing yet.
    fn plan<'a>(&'a self, to: &'a Address, message: Arc<[u8]>, now: Timestamp) -> PlanFuture<'a>;
}

/// Transactions that store a message, one per partition.
pub trait Plan: Send + Sync {
    /// The partitions, in the order of [`Self::run`]'s index.
    fn partitions(&self) -> Vec<Partition>;

    /// Does the part of one partition; may be called again after a failure.
    ///
    /// # Errors
    /// When the store refuses: nothing of the whole is stored then.
    fn run(&self, tx: &mut Tx<'_>, index: usize) -> Result<(), StoreError>;
}

/// Why a report cannot be planned.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PlanError {
    /// The address takes no mail and never will: the report is given up.
    #[error("the author's address takes no mail: {0}")]
    Undeliverable(String),
    /// Not now: the attempt is made again later.
    #[error("the report cannot be stored now: {0}")]
    Temporary(String),
}
