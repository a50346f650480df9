//! Which hosts take a domain's mail, in which order: RFC 5321 section 5.1, with the null MX of RFC 7505.

use std::net::IpAddr;

use posthorn_base::Domain;
use posthorn_base::lookup::{Kind, Lookup, NoRecords, Record};
use tokio::task::JoinSet;

use crate::error::MailHostsError;
use crate::resolver::Resolver;

/// Hosts that are tried at most; a domain with more of them is playing with us.
const MAX_HOSTS: usize = 20;

/// A host that takes mail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MailHost {
    /// Its name as the MX record has it, for the greeting, the certificate and the log; for an address
    /// literal the address.
    pub name: String,
    /// The preference of its MX record; 0 without one.
    pub preference: u16,
    /// Where it is, in the order to try; never empty.
    pub addresses: Vec<IpAddr>,
}

/// The hosts to try one after the other; never empty.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MailHosts {
    /// Best first.
    pub hosts: Vec<MailHost>,
    /// Hosts whose addresses could not be found, with the reason: for the log and the message's story.
    pub skipped: Vec<(String, NoRecords)>,
}

impl MailHosts {
    /// An address literal, `user@[192.0.2.1]`: there is nothing to look up (RFC 5321 section 4.1.3).
    #[must_use]
    pub fn literal(ip: IpAddr) -> Self {
        let host = MailHost {
            name: ip.to_string(),
            preference: 0,
            addresses: vec![ip],
        };
        Self {
            hosts: vec![host],
            skipped: Vec::new(),
        }
    }
}

impl Resolver {
    /// The hosts that take mail for `domain`, best first; those of equal preference in an order that depends
    /// on `seed`, so that senders spread over them. `own` is this server's name: it and every host that is
    /// not better are left out (RFC 5321 section 5.1), or mail would run in a circle.
    ///
    /// The addresses of all hosts are looked up here, at the same time, so that the whole takes no longer than
    /// two look-ups however many hosts there are.
    ///
    /// # Errors
    /// See [`MailHostsError`]; temporary if any look-up that could still have given a host was.
    pub async fn mail_hosts(
        &self,
        domain: &Domain,
        own: &Domain,
        seed: u64,
    ) -> Result<MailHosts, MailHostsError> {
        let records = match self.ask(domain.as_str(), Kind::Mx).await {
            Ok(records) => records,
            Err(NoRecords::NoneOfKind) => return self.implicit(domain, own).await,
            Err(NoRecords::NoSuchName) => return Err(MailHostsError::NoSuchDomain(domain.to_string())),
            Err(NoRecords::Temporary(reason)) => return Err(temporary(domain, reason)),
        };
        let targets = order(domain, own, &records, seed)?;
        self.locate(domain, targets).await
    }

    /// Without an MX record the domain itself is the host.
    async fn implicit(&self, domain: &Domain, own: &Domain) -> Result<MailHosts, MailHostsError> {
        if domain == own {
            return Err(MailHostsError::LoopsBack(domain.to_string()));
        }
        match self.lookup_addresses(domain).await {
            Ok(addresses) => {
                let host = MailHost {
                    name: domain.to_string(),
                    preference: 0,
                    addresses,
                };
                Ok(MailHosts {
                    hosts: vec![host],
                    skipped: Vec::new(),
                })
            }
            Err(NoRecords::NoSuchName | NoRecords::NoneOfKind) => {
                Err(MailHostsError::NoMailServer(domain.to_string()))
            }
            Err(NoRecords::Temporary(reason)) => Err(temporary(domain, reason)),
        }
    }

    /// Looks up the addresses of all targets at once and puts them back into order.
    async fn locate(&self, domain: &Domain, targets: Vec<Target>) -> Result<MailHosts, MailHostsError> {
        let mut lookups = JoinSet::new();
        for (place, target) in targets.into_iter().enumerate() {
            let resolver = self.clone();
            lookups.spawn(async move {
                let addresses = match Domain::parse(&target.name) {
                    Ok(host) => resolver.lookup_addresses(&host).await,
                    // What is no host name has no address.
                    Err(_) => Err(NoRecords::NoneOfKind),
                };
                (place, target, addresses)
            });
        }
        let mut located = lookups.join_all().await;
        located.sort_by_key(|(place, ..)| *place);
        let (mut hosts, mut skipped) = (Vec::new(), Vec::new());
        for (_, Target { name, preference }, addresses) in located {
            match addresses {
                Ok(addresses) => hosts.push(MailHost {
                    name,
                    preference,
                    addresses,
                }),
                Err(why) => skipped.push((name, why)),
            }
        }
        if hosts.is_empty() {
            Err(nowhere(domain, &skipped))
        } else {
            Ok(MailHosts { hosts, skipped })
        }
    }
}

fn temporary(domain: &Domain, reason: String) -> MailHostsError {
    MailHostsError::Temporary {
        domain: domain.to_string(),
        reason,
    }
}

/// No host has an address: for ever only if that is certain of each.
fn nowhere(domain: &Domain, skipped: &[(String, NoRecords)]) -> MailHostsError {
    let reasons: Vec<String> = skipped
        .iter()
        .map(|(name, why)| format!("{name}: {why}"))
        .collect();
    let reasons = reasons.join(", ");
    if skipped.iter().all(|(_, why)| !why.is_temporary()) {
        MailHostsError::NoAddress(domain.to_string(), reasons)
    } else {
        temporary(domain, reasons)
    }
}

/// A host to look up.
#[derive(Debug, PartialEq, Eq)]
struct Target {
    name: String,
    preference: u16,
}

/// From MX records to hosts in the order to try. Pure, so that all of RFC 5321 section 5.1 is tested
/// without a network.
fn order(
    domain: &Domain,
    own: &Domain,
    records: &[Record],
    seed: u64,
) -> Result<Vec<Target>, MailHostsError> {
    // RFC 7505 section 3 wants the null MX to stand alone; beside others it says nothing.
    let mut targets: Vec<Target> = Vec::new();
    for (preference, name) in records.iter().filter_map(Record::mail_host) {
        if name.is_empty() {
            continue;
        }
        match targets.iter_mut().find(|target| target.name == name) {
            Some(twice) => twice.preference = twice.preference.min(preference),
            None => targets.push(Target {
                name: name.to_owned(),
                preference,
            }),
        }
    }
    if targets.is_empty() {
        return Err(MailHostsError::NullMx(domain.to_string()));
    }
    let own_preference = targets
        .iter()
        .find(|target| target.name == own.as_str())
        .map(|target| target.preference);
    if let Some(own_preference) = own_preference {
        targets.retain(|target| target.preference < own_preference);
        if targets.is_empty() {
            return Err(MailHostsError::LoopsBack(domain.to_string()));
        }
    }
    shuffle(&mut targets, seed);
    // A stable sort: those of equal preference keep their random order.
    targets.sort_by_key(|target| target.preference);
    targets.truncate(MAX_HOSTS);
    Ok(targets)
}

/// Fisher and Yates, with the numbers of splitmix64: good enough to spread load.
fn shuffle<T>(items: &mut [T], seed: u64) {
    let mut state = seed;
    for last in (1..items.len()).rev() {
        state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = state;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^= mixed >> 31;
        let choices = u64::try_from(last).unwrap_or(u64::MAX).saturating_add(1);
        let chosen = usize::try_from(mixed % choices).unwrap_or(0);
        items.swap(last, chosen);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn domain(text: &str) -> Domain {
        Domain::parse(text).unwrap()
    }

    fn mx(preference: u16, host: &str) -> Record {
        let exchange = host.to_owned();
        Record::Mx { preference, exchange }
    }

    fn names(records: Vec<Record>, seed: u64) -> Result<Vec<String>, MailHostsError> {
        let targets = order(&domain("b.test"), &domain("me.test"), &records, seed)?;
        Ok(targets.into_iter().map(|target| target.name).collect())
    }

    #[test]
    fn the_smallest_preference_is_first() {
        let found = names(vec![mx(20, "c.test"), mx(5, "a.test"), mx(10, "b.test")], 0);
        assert_eq!(found.unwrap(), ["a.test", "b.test", "c.test"]);
    }

    #[test]
    fn equal_preferences_come_in_every_order_and_the_same_for_one_seed() {
        let records = || {
            vec![
                mx(10, "a.test"),
                mx(10, "b.test"),
                mx(10, "c.test"),
                mx(1, "first.test"),
            ]
        };
        let mut orders = std::collections::HashSet::new();
        for seed in 0..200 {
            let found = names(records(), seed).unwrap();
            assert_eq!(found, names(records(), seed).unwrap());
            assert_eq!(found[0], "first.test");
            orders.insert(found);
        }
        assert_eq!(orders.len(), 6);
    }

    #[test]
    fn the_own_host_and_all_that_is_not_better_are_left_out() {
        let records = vec![
            mx(20, "me.test"),
            mx(20, "equal.test"),
            mx(30, "worse.test"),
            mx(10, "better.test"),
        ];
        assert_eq!(names(records, 7).unwrap(), ["better.test"]);
    }

    #[test]
    fn being_the_best_host_oneself_is_a_loop() {
        let records = vec![mx(10, "me.test"), mx(20, "backup.test")];
        assert_eq!(
            names(records, 0),
            Err(MailHostsError::LoopsBack("b.test".to_owned()))
        );
    }

    #[test]
    fn a_null_mx_counts_only_alone() {
        assert_eq!(
            names(vec![mx(0, "")], 0),
            Err(MailHostsError::NullMx("b.test".to_owned()))
        );
        assert_eq!(names(vec![mx(0, ""), mx(10, "a.test")], 0).unwrap(), ["a.test"]);
    }

    #[test]
    fn a_host_that_is_named_twice_is_tried_once_at_its_better_place() {
        let records = vec![mx(30, "a.test"), mx(20, "b.test"), mx(10, "a.test")];
        assert_eq!(names(records, 0).unwrap(), ["a.test", "b.test"]);
    }

    #[test]
    fn no_more_than_twenty_hosts_are_tried() {
        let records = (0..60).map(|n| mx(n, &format!("h{n}.test"))).collect();
        let found = names(records, 0).unwrap();
        assert_eq!((found.len(), found[19].as_str()), (20, "h19.test"));
    }

    #[test]
    fn each_error_has_its_status() {
        let at = || "b.test".to_owned();
        let of = |error: MailHostsError| (error.enhanced_status(), error.is_permanent());
        assert_eq!(of(MailHostsError::NoSuchDomain(at())), ("5.1.2", true));
        assert_eq!(of(MailHostsError::NullMx(at())), ("5.1.10", true));
        assert_eq!(of(MailHostsError::LoopsBack(at())), ("5.4.6", true));
        assert_eq!(
            of(temporary(&domain("b.test"), "no answer".to_owned())),
            ("4.4.3", false)
        );
    }
}
