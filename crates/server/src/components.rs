//! The tables that a data folder has. Whoever opens a store opens it with all of them, so that a command
//! and the server never see different stores.

use posthorn_store::Component;

/// Every crate's tables, in the order in which they are made.
#[must_use]
pub(crate) fn components() -> Vec<Component> {
    vec![
        posthorn_accounts::SCHEMA,
        posthorn_mailbox::SCHEMA,
        posthorn_queue::COMPONENT,
        posthorn_correspondents::SCHEMA,
        posthorn_signing::SCHEMA,
        posthorn_reports::SCHEMA,
        posthorn_search::SCHEMA,
    ]
}
