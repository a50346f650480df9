//! Reports on failures and delays, on their way back to the author.

use std::sync::Arc;

use posthorn_base::{Address, Timestamp};
use posthorn_inbound::{InboundError, Plan as InboundPlan, Refused, ReportError, Reports};
use posthorn_mailbox::MailboxError;
use posthorn_outbound::{Plan, PlanError, PlanFuture, Returns};
use posthorn_runtime::random;
use posthorn_store::{Partition, StoreError, Tx};

/// Takes reports into this node.
pub(super) struct ReturnsHere {
    pub(super) reports: Reports,
}

impl Returns for ReturnsHere {
    fn plan<'a>(&'a self, to: &'a Address, message: Arc<[u8]>, now: Timestamp) -> PlanFuture<'a> {
        Box::pin(async move {
            let planned = self.reports.plan(random::queue_id(), to, message, now).await;
            planned
                .map(|plan| Box::new(Report(plan)) as Box<dyn Plan>)
                .map_err(|cause| match cause {
                    ReportError::Nobody(_)
                    | ReportError::Refused(
                        Refused::Loop | Refused::HeaderTooLarge | Refused::NotAReport(_),
                    ) => PlanError::Undeliverable(cause.to_string()),
                    ReportError::Alias(_) | ReportError::Refused(Refused::Store(_)) => {
                        PlanError::Temporary(cause.to_string())
                    }
                })
        })
    }
}

/// A planned report.
struct Report(InboundPlan);

impl Plan for Report {
    fn partitions(&self) -> Vec<Partition> {
        self.0.partitions()
    }

    fn run(&self, tx: &mut Tx<'_>, index: usize) -> Result<(), StoreError> {
        match self.0.run(tx, index) {
            Ok(()) => Ok(()),
            Err(InboundError::Store(cause)) => Err(cause),
            // The author was removed since the plan was made: nobody is left to be told.
            Err(InboundError::Mailbox(MailboxError::NoSuchAccount)) => Ok(()),
            Err(InboundError::Mailbox(cause)) => Err(StoreError::Statement(cause.to_string())),
        }
    }
}
