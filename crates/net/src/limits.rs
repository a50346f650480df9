//! How many connections there are, in all and from one address. The count may be shared by several ports,
//! so that a peer gains nothing by using them all.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

/// Bounds on open connections.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ConnectionLimits {
    /// In all.
    pub total: usize,
    /// From one IPv4 address or one IPv6 network of 64 bits, which is what one customer has.
    pub per_address: usize,
}

/// Which limit a connection would exceed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// The one on all connections.
    Total,
    /// The one on connections from one address.
    PerAddress,
}

/// Counts open connections against the limits; clones are the same count.
#[derive(Clone, Debug)]
pub struct Connections {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    limits: ConnectionLimits,
    open: Mutex<Open>,
    panics: AtomicU64,
}

#[derive(Debug, Default)]
struct Open {
    total: usize,
    by_address: HashMap<IpAddr, usize>,
}

impl Connections {
    /// No connection is open yet.
    #[must_use]
    pub fn new(limits: ConnectionLimits) -> Self {
        Self {
            inner: Arc::new(Inner {
                limits,
                open: Mutex::default(),
                panics: AtomicU64::new(0),
            }),
        }
    }

    /// How many connections are open.
    #[must_use]
    pub fn open(&self) -> usize {
        self.lock().total
    }

    /// How many connections were ended by a fault of ours (a panic) since the start.
    #[must_use]
    pub fn panics(&self) -> u64 {
        self.inner.panics.load(Ordering::Relaxed)
    }

    pub(crate) fn count_panic(&self) {
        self.inner.panics.fetch_add(1, Ordering::Relaxed);
    }

    /// Counts a connection from `peer` until the slot is dropped.
    pub(crate) fn enter(&self, peer: IpAddr) -> Result<Slot, Refusal> {
        let address = network(peer);
        let mut open = self.lock();
        if open.total >= self.inner.limits.total {
            return Err(Refusal::Total);
        }
        let count = open.by_address.entry(address).or_default();
        if *count >= self.inner.limits.per_address {
            return Err(Refusal::PerAddress);
        }
        *count += 1;
        open.total += 1;
        Ok(Slot {
            connections: self.clone(),
            address,
        })
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Open> {
        self.inner.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// One connection's place in the count.
#[derive(Debug)]
pub(crate) struct Slot {
    connections: Connections,
    address: IpAddr,
}

impl Slot {
    pub(crate) fn connections(&self) -> &Connections {
        &self.connections
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        let mut open = self.connections.lock();
        open.total -= 1;
        if let Some(count) = open.by_address.get_mut(&self.address) {
            *count -= 1;
            if *count == 0 {
                open.by_address.remove(&self.address);
            }
        }
    }
}

/// What counts as one address.
fn network(peer: IpAddr) -> IpAddr {
    match peer.to_canonical() {
        IpAddr::V6(address) => {
            let network = u128::from(address) >> 64 << 64;
            IpAddr::V6(Ipv6Addr::from(network))
        }
        address @ IpAddr::V4(_) => address,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn connections(total: usize, per_address: usize) -> Connections {
        Connections::new(ConnectionLimits { total, per_address })
    }

    fn ip(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn an_address_has_its_own_limit_and_gets_its_place_back() {
        let connections = connections(10, 2);
        let first = connections.enter(ip("192.0.2.1")).unwrap();
        let _second = connections.enter(ip("::ffff:192.0.2.1")).unwrap();
        assert_eq!(
            connections.enter(ip("192.0.2.1")).unwrap_err(),
            Refusal::PerAddress
        );
        let _other = connections.enter(ip("192.0.2.2")).unwrap();
        drop(first);
        let _again = connections.enter(ip("192.0.2.1")).unwrap();
        assert_eq!(connections.open(), 3);
    }

    #[test]
    fn an_ipv6_network_of_64_bits_is_one_address() {
        let connections = connections(10, 1);
        let _slot = connections.enter(ip("2001:db8::1")).unwrap();
        assert_eq!(
            connections.enter(ip("2001:db8::ffff:2")).unwrap_err(),
            Refusal::PerAddress
        );
        let _neighbour = connections.enter(ip("2001:db8:0:1::1")).unwrap();
    }

    #[test]
    fn the_total_is_limited_too() {
        let connections = connections(1, 5);
        let slot = connections.enter(ip("192.0.2.1")).unwrap();
        assert_eq!(connections.enter(ip("192.0.2.2")).unwrap_err(), Refusal::Total);
        drop(slot);
        assert_eq!(connections.open(), 0);
        assert!(connections.lock().by_address.is_empty());
    }
}
