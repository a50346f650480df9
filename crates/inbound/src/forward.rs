//! What leaves: signed when it is ours, with a return address of ours when it is only passed on (SRS), so
//! that the next server's SPF check passes and a failure finds its way back.

use std::time::Duration;

use posthorn_accounts::{self as accounts, DetailSeparator, Resolution, Target};
use posthorn_base::{Address, Domain, ReversePath, Timestamp};
use posthorn_store::{StoreError, Tx};
use posthorn_trust::srs::SrsError;

use crate::accept::Inbound;
use crate::incoming::{Incoming, Origin};

/// How much longer than the delivery may take a signature is good for: the receiver may look again later.
const VALID_AFTER_DELIVERY: Duration = Duration::from_secs(3 * 24 * 60 * 60);

impl Inbound {
    /// Finds where mail for an address goes: as [`accounts::resolve`], and a return address that we gave a
    /// forwarded message leads back to where it came from. One that is forged, damaged or older than
    /// [`posthorn_trust::srs::VALID_DAYS`] is nobody's, also where a catch-all address would take it: what
    /// comes there is no mail for anybody.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn resolve(
        &self,
        tx: &Tx<'_>,
        address: &Address,
        separator: DetailSeparator,
        now: Timestamp,
    ) -> Result<Resolution, StoreError> {
        let original = match self.keys.srs.reverse(address, now) {
            Err(SrsError::NotSrs) => return accounts::resolve(tx, address, separator),
            Ok(original) => Some(original),
            Err(SrsError::Malformed | SrsError::BadHash | SrsError::Expired) => None,
        };
        match address.domain() {
            Some(domain) if accounts::is_local_domain(tx, domain)? => {}
            Some(_) | None => return Ok(Resolution::NotLocal),
        }
        let Some(original) = original else {
            return Ok(Resolution::Unknown);
        };
        // Where it came from may have become ours since.
        Ok(match accounts::resolve(tx, &original, separator)? {
            Resolution::NotLocal => Resolution::Targets(vec![Target::Remote(original)]),
            found @ (Resolution::Unknown | Resolution::Targets(_) | Resolution::Broken(_)) => found,
        })
    }

    /// The DKIM-Signature fields of a message of ours; `None` when it is not, or its domain has no keys.
    pub(crate) fn signatures(&self, incoming: &Incoming, octets: &[u8], now: Timestamp) -> Option<String> {
        let from = author_domain(octets);
        let keyring = &self.keys.keyring;
        let signer = match incoming.origin {
            Origin::Submission(_) => {
                let envelope = incoming.sender.reverse_path.address().and_then(Address::domain);
                let mut domains = from.iter().chain(envelope);
                domains.find_map(|domain| keyring.signer_for(domain))?
            }
            // Our own reports come from the name of this server, for which a domain above it has the keys.
            // Without a signature a report that goes back through a forwarder is vouched for by nobody.
            // People must not have this: a name below a domain of ours may be somebody else's.
            Origin::Generated => with_parents(&from?).find_map(|domain| keyring.signer_for(&domain))?,
            Origin::Relay => return None,
        };
        let valid_for = self.settings.max_age.saturating_add(VALID_AFTER_DELIVERY);
        // A message that cannot be signed is still worth sending: the receiver sees that it is not.
        signer.sign(octets, now, valid_for).ok()
    }

    /// The reverse path under which the message leaves.
    pub(crate) fn reverse_path(&self, incoming: &Incoming, now: Timestamp) -> ReversePath {
        let path = &incoming.sender.reverse_path;
        let (Origin::Relay, Some(sender)) = (incoming.origin, path.address()) else {
            return path.clone();
        };
        // In the name of the domain at which it was sent on.
        let sends_on = |target: &Target| matches!(target, Target::Remote(_));
        let mut addressees = incoming.addressees.iter();
        let forwarder = addressees.find(|addressee| addressee.targets.iter().any(sends_on));
        let domain = forwarder.and_then(|addressee| addressee.address.domain());
        match domain.and_then(|domain| self.keys.srs.forward(sender, domain, now)) {
            Some(address) => ReversePath::Address(address),
            // Too long to be written anew. With its own, SPF would fail at the next server; with none it is
            // judged by our name, and only a bounce is lost.
            None => ReversePath::Null,
        }
    }
}

/// The domain itself, then those above it.
fn with_parents(domain: &Domain) -> impl Iterator<Item = Domain> {
    std::iter::successors(Some(domain.clone()), |below| {
        let (_, above) = below.as_str().split_once('.')?;
        Domain::parse(above).ok()
    })
}

/// The domain in `From`, of several the first.
fn author_domain(octets: &[u8]) -> Option<Domain> {
    let author = posthorn_trust::author(octets);
    Address::parse(&author.address).ok()?.domain().cloned()
}
