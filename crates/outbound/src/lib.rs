//! Delivery to other servers: takes what is due from the queue, finds the servers of its domain, speaks
//! SMTP to them over new or kept connections, and ends each attempt in one transaction with the report the
//! author gets. When to try again and what a report says is `queue`'s; what is said on the wire `smtp`'s.

mod config;
mod connection;
mod deliver;
mod dispatch;
mod domain;
mod exchange;
mod live;
mod outbound;
mod pool;
mod report;
mod returns;
mod settle;
mod targets;
mod trial;
mod wake;
mod watched;

pub use config::{Clock, Config, Smarthost, SmarthostTls, Timeouts};
pub use outbound::{Outbound, Parts};
pub use returns::{Plan, PlanError, PlanFuture, Returns};
pub use wake::Waker;
