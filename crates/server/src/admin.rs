//! Administration: what the commands ask for, and the one function that does it. A running server hears
//! requests on a socket in its data folder; when none runs, the command itself opens the store and calls the
//! same function, so both ways behave alike. Who may reach the socket or the folder may do everything: rights
//! are the file system's.

mod accounts;
mod aliases;
mod check;
mod client;
mod dkim;
mod domains;
mod mailboxes;
mod message;
mod queue;
mod refusal;
mod reports;
mod request;
mod response;
mod socket;
#[cfg(test)]
mod tests;
mod wire;

use std::sync::Arc;

use posthorn_store::Store;

pub(crate) use client::{AskError, ask};
pub(crate) use dkim::KEEP_FOR;
pub(crate) use request::{
    AccountRequest, AliasRequest, DkimRequest, DomainRequest, MailboxName, MailboxRequest, MessageRequest,
    QueueChange, QueueRequest, ReportsRequest, Request, Selection,
};
pub(crate) use response::{
    AccountView, AliasView, AttemptView, CheckView, CountsView, DomainView, FoundView, KeyView, MailboxView,
    MessageView, QueueView, RecipientView, ReportedView, Response, ShareView, WaitingView,
};
pub(crate) use socket::{bind, listen, socket_path};
pub(crate) use wire::{HashedPassword, Text};

/// What administration works on; clones share it.
#[derive(Clone)]
pub(crate) struct Admin {
    store: Store,
    wake: Arc<dyn Fn() + Send + Sync>,
    domains_changed: Arc<dyn Fn() + Send + Sync>,
}

impl Admin {
    /// Administration of a store. `wake` is called after each change of the queue, so that the delivery looks
    /// at it anew.
    #[must_use]
    pub(crate) fn new(store: Store, wake: Arc<dyn Fn() + Send + Sync>) -> Self {
        Self {
            store,
            wake,
            domains_changed: Arc::new(|| {}),
        }
    }

    /// `tell` is called after each change of domains, their keys or their switches, so that the running server
    /// reads them anew.
    #[must_use]
    pub(crate) fn when_domains_change(mut self, tell: Arc<dyn Fn() + Send + Sync>) -> Self {
        self.domains_changed = tell;
        self
    }

    fn tell_domains_changed(&self) {
        (self.domains_changed)();
    }
}

/// Does what is asked and says how it went. Blocks until it is durable.
#[must_use]
pub(crate) fn execute(admin: &Admin, request: Request) -> Response {
    let done = match request {
        Request::Domain(request) => domains::execute(admin, request),
        Request::Account(request) => accounts::execute(admin, request),
        Request::Alias(request) => aliases::execute(admin, request),
        Request::Mailbox(request) => mailboxes::execute(admin, request),
        Request::Queue(request) => queue::execute(admin, request),
        Request::Dkim(request) => dkim::execute(admin, request),
        Request::Message(request) => message::execute(admin, request),
        Request::Reports(request) => reports::execute(admin, request),
        Request::CheckStore => check::execute(admin),
    };
    done.unwrap_or_else(|refusal| Response::Refused(refusal.to_string()))
}
