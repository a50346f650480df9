//! Connections that wait for more work, and how many there may be. A connection belongs to a route: a
//! recipient domain, or the smarthost.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::connection::Connection;

pub(crate) struct Pool {
    idle: Mutex<HashMap<String, Vec<Connection>>>,
    total: Arc<Semaphore>,
    messages_per_connection: u32,
}

impl Pool {
    pub(crate) fn new(connections_total: usize, messages_per_connection: u32) -> Self {
        Self {
            idle: Mutex::default(),
            total: Arc::new(Semaphore::new(connections_total.clamp(1, Semaphore::MAX_PERMITS))),
            messages_per_connection,
        }
    }

    /// A kept connection, the freshest; it may have ended meanwhile.
    pub(crate) fn take(&self, route: &str) -> Option<Connection> {
        let mut idle = self.lock();
        let kept = idle.get_mut(route)?;
        let found = kept.pop();
        if kept.is_empty() {
            idle.remove(route);
        }
        found
    }

    /// Keeps a connection for the next message, unless it has carried enough. It ends by itself when
    /// nothing comes for a while.
    pub(crate) fn keep(&self, route: &str, connection: Connection) {
        if connection.sent >= self.messages_per_connection {
            return;
        }
        let mut idle = self.lock();
        idle.retain(|_, kept| {
            kept.retain(|one| !one.is_over());
            !kept.is_empty()
        });
        idle.entry(route.to_owned()).or_default().push(connection);
    }

    /// Lets all kept connections go.
    pub(crate) fn clear(&self) {
        self.lock().clear();
    }

    /// Waits for the right to open a connection; when there is none left, kept ones make room.
    pub(crate) async fn permit(&self) -> Option<OwnedSemaphorePermit> {
        if let Ok(permit) = Arc::clone(&self.total).try_acquire_owned() {
            return Some(permit);
        }
        self.clear();
        Arc::clone(&self.total).acquire_owned().await.ok()
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, Vec<Connection>>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
