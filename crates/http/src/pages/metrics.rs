//! `/metrics`: the node's numbers, in the text format of Prometheus. Measured when asked; keeps no history.

use std::time::Duration;

use posthorn_base::Timestamp;
use posthorn_queue::{BUCKETS, Counts, due_domains, statistics};
use posthorn_runtime::clock;
use posthorn_store::{StoreError, Tx};

use crate::reply::{Content, Reply};
use crate::routes::Site;

const PATIENCE: Duration = Duration::from_secs(5);

/// Where the queue stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
struct Queue {
    counts: Counts,
    /// Recipients that could be tried and are not yet.
    due: u64,
}

/// Numbers of this process, and of the queue if the store answers.
pub(crate) async fn reply(site: &Site) -> Reply {
    let now = clock::wall();
    let read = site.store.read(move |tx| queue(tx, now));
    let queue = match tokio::time::timeout(PATIENCE, read.into_future()).await {
        Ok(Ok(queue)) => Some(queue),
        Ok(Err(cause)) => {
            tracing::warn!(%cause, "the queue cannot be counted");
            None
        }
        Err(_elapsed) => None,
    };
    Reply::ok(Content::Metrics, text(site, queue.as_ref()))
}

fn queue(tx: &Tx<'_>, now: Timestamp) -> Result<Queue, StoreError> {
    let mut queue = Queue::default();
    for bucket in 0..BUCKETS {
        queue.counts = queue.counts.plus(statistics(tx, bucket, now)?);
        let domains = due_domains(tx, bucket, now)?;
        let due: u64 = domains.iter().map(|domain| domain.recipients).sum();
        queue.due = queue.due.saturating_add(due);
    }
    Ok(queue)
}

fn text(site: &Site, queue: Option<&Queue>) -> String {
    let mut page = Metrics::default();
    page.head("build_info", "gauge", "The version of the program.");
    page.line(&format!("build_info{{version=\"{}\"}}", site.facts.version), 1);
    page.head(
        "start_time_seconds",
        "gauge",
        "When the node started, since 1970.",
    );
    page.line("start_time_seconds", seconds(site.facts.started));
    page.head(
        "connections_open",
        "gauge",
        "Connections of all protocols that are open.",
    );
    page.line("connections_open", site.connections.open());
    page.head(
        "connection_panics_total",
        "counter",
        "Connections ended by a fault of the program.",
    );
    page.line("connection_panics_total", site.connections.panics());
    page.head("store_up", "gauge", "1 if the store could be read for this page.");
    page.line("store_up", u8::from(queue.is_some()));
    if let Some(queue) = queue {
        page.queue(queue);
    }
    page.0
}

fn seconds(at: Timestamp) -> i64 {
    at.as_micros().div_euclid(1_000_000)
}

/// The page being written; every name begins with `posthorn_`.
#[derive(Default)]
struct Metrics(String);

impl Metrics {
    fn head(&mut self, name: &str, kind: &str, help: &str) {
        let head = format!("# HELP posthorn_{name} {help}\n# TYPE posthorn_{name} {kind}\n");
        self.0.push_str(&head);
    }

    fn line(&mut self, name: &str, value: impl std::fmt::Display) {
        self.0.push_str(&format!("posthorn_{name} {value}\n"));
    }

    fn queue(&mut self, Queue { counts, due }: &Queue) {
        self.head(
            "queue_recipients",
            "gauge",
            "Recipients of mail to other servers that are not settled.",
        );
        self.line("queue_recipients{state=\"waiting\"}", counts.waiting);
        self.line("queue_recipients{state=\"held\"}", counts.held);
        self.head(
            "queue_leased",
            "gauge",
            "Waiting recipients that are being tried.",
        );
        self.line("queue_leased", counts.leased);
        self.head("queue_due", "gauge", "Waiting recipients whose time has come.");
        self.line("queue_due", due);
        if let Some(next) = counts.next_due {
            self.head(
                "queue_next_due_seconds",
                "gauge",
                "The earliest time of a waiting recipient, since 1970.",
            );
            self.line("queue_next_due_seconds", seconds(next));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_queue_is_told_by_state() {
        let mut page = Metrics::default();
        let counts = Counts {
            waiting: 5,
            leased: 2,
            held: 1,
            next_due: Some(Timestamp::from_secs(1_700_000_000)),
            ..Counts::default()
        };
        page.queue(&Queue { counts, due: 3 });
        let values: Vec<&str> = page.0.lines().filter(|line| !line.starts_with('#')).collect();
        assert_eq!(
            values,
            [
                "posthorn_queue_recipients{state=\"waiting\"} 5",
                "posthorn_queue_recipients{state=\"held\"} 1",
                "posthorn_queue_leased 2",
                "posthorn_queue_due 3",
                "posthorn_queue_next_due_seconds 1700000000",
            ]
        );
    }
}
