//! `/health`: is the node able to take and show mail? For load balancers and supervisors, so the answer is
//! in the status; the reason names no path and no setting.

use std::time::Duration;

use hyper::StatusCode;
use posthorn_accounts::is_local_domain;
use posthorn_store::StoreError;
use serde_json::{Value, json};

use crate::reply::{Content, Reply};
use crate::routes::Site;

/// A store that takes longer to look up one row is as good as down.
const PATIENCE: Duration = Duration::from_secs(1);

/// Reads from the store.
pub(crate) async fn reply(site: &Site) -> Reply {
    let hostname = site.facts.hostname.clone();
    let read = site.store.read(move |tx| is_local_domain(tx, &hostname));
    match tokio::time::timeout(PATIENCE, read.into_future()).await {
        Ok(Ok(_either)) => said(StatusCode::OK, &json!({"status": "ok"})),
        Ok(Err(cause)) => {
            tracing::warn!(%cause, "not healthy");
            unavailable(reason(&cause))
        }
        Err(_elapsed) => unavailable("the store does not answer"),
    }
}

/// What strangers may know.
fn reason(cause: &StoreError) -> &'static str {
    match cause {
        StoreError::DiskFull => "the disk is full",
        StoreError::Closed => "the store is closed",
        StoreError::Io(_) | StoreError::Corrupt(_) | StoreError::BlobMissing(_) => "the store cannot be read",
        StoreError::Duplicate | StoreError::Statement(_) | StoreError::Panicked => "a fault in the store",
    }
}

fn unavailable(reason: &str) -> Reply {
    let body = json!({"status": "unavailable", "reason": reason});
    said(StatusCode::SERVICE_UNAVAILABLE, &body)
}

fn said(status: StatusCode, body: &Value) -> Reply {
    Reply {
        status,
        content: Content::Json,
        body: format!("{body}\n").into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reason_tells_no_path() {
        let cause = StoreError::Io("/var/lib/posthorn/posthorn.db: permission denied".to_owned());
        let reply = unavailable(reason(&cause));
        assert_eq!(reply.status, StatusCode::SERVICE_UNAVAILABLE);
        assert_eq!(
            reply.body,
            "{\"reason\":\"the store cannot be read\",\"status\":\"unavailable\"}\n"
        );
    }
}
