//! What leaves: signed when it is ours, with a return address of ours when it is only passed on (SRS), so
//! that the next server's SPF check passes and a failure finds its way back.

use std::time::Duration;

use posthorn_accounts::{self as accounts, DetailSeparator, Resolution, Target};
use posthorn_base::{Address, Domain, ReversePath, Timestamp};
use posthorn_message::header;
use posthorn_store::{StoreError, Tx};

use crate::accept::Inbound;
use crate::incoming::{Incoming, Origin};

/// How much longer than the delivery may take a signature is good for: the receiver may look again later.
const VALID_AFTER_DELIVERY: Duration = Duration::from_secs(3 * 24 * 60 * 60);

impl Inbound {
    /// Finds where mail for an address goes: as [`accounts::resolve`], and a return address that we gave a
    /// forwarded message leads back to where it came from.
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
        if let Some(domain) = address.domain()
            && let Ok(original) = self.keys.srs.reverse(address, now)
            && accounts::is_local_domain(tx, domain)?
        {
            return Ok(Resolution::Targets(vec![Target::Remote(original)]));
        }
        accounts::resolve(tx, address, separator)
    }

    /// The DKIM-Signature fields of a message of ours; `None` when it is not, or its domain has no keys.
    pub(crate) fn signatures(&self, incoming: &Incoming, octets: &[u8], now: Timestamp) -> Option<String> {
        match incoming.origin {
            Origin::Submission(_) | Origin::Generated => {}
            Origin::Relay => return None,
        }
        let from = author_domain(octets);
        let envelope = incoming.sender.reverse_path.address().and_then(Address::domain);
        let mut domains = from.iter().chain(envelope);
        let signer = domains.find_map(|domain| self.keys.keyring.signer_for(domain))?;
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
            // Too long to be written anew: better forwarded with its own than not at all.
            None => path.clone(),
        }
    }
}

/// The domain in `From`.
fn author_domain(octets: &[u8]) -> Option<Domain> {
    let from = header::first_field(octets, "From")?;
    let text = header::unfold(from);
    let (_, after) = text.rsplit_once('@')?;
    let end = after.find(|c: char| c == '>' || c == ',' || c.is_whitespace());
    Domain::parse(end.and_then(|end| after.get(..end)).unwrap_or(after)).ok()
}
