//! From the fates of the recipients to the outcome of a transaction.

use super::ask::{Outcome, RecipientOutcome, Stage};
use super::state::Fate;
use crate::codec::reply::{Class, Reply};

/// One outcome per recipient; a recipient that nothing was said about fails for now.
pub(super) fn from_fates(fates: Vec<Fate>, dsn_relayed: bool) -> Outcome {
    let recipients = fates
        .into_iter()
        .map(|fate| match fate {
            Fate::Settled(outcome) => outcome,
            Fate::Open | Fate::Accepted => RecipientOutcome {
                reply: Reply::new(451, (4, 5, 0), "The server did not finish the transaction"),
                stage: Stage::Message,
                class: Class::Temporary,
            },
        })
        .collect();
    Outcome {
        recipients,
        dsn_relayed,
    }
}
