//! What each reader's acquaintance with the sender adds to the evidence, and where each copy goes.
//!
//! Gathers facts for `impersonation` and `trust`, which decide. A message is refused only when everybody it
//! is for wants that; otherwise those who do find it in Junk.

mod facts;

use std::sync::Arc;

use posthorn_accounts::Target;
use posthorn_base::{AccountId, Domain, Timestamp};
use posthorn_store::StoreError;
use posthorn_trust::{Evidence, Place};

use self::facts::Facts;
use crate::accept::Inbound;
use crate::incoming::Addressee;

/// What was found out about a message, and what follows for each who reads it here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Judgement {
    /// The fields that tell other programs: Authentication-Results, Received-SPF.
    pub(crate) fields: String,
    pub(crate) readers: Vec<Reader>,
    pub(crate) author: Option<Arc<Author>>,
    /// A name that one of our people uses for the first time.
    pub(crate) own_name: Option<OwnName>,
    refusal: Option<String>,
    worst_place: Place,
    /// Did it come from one of our people, or from this server?
    pub(crate) is_ours: bool,
}

/// One who reads it here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Reader {
    pub(crate) account: AccountId,
    pub(crate) place: Place,
    /// The evidence with this reader's impression and verdict, as it is stored.
    pub(crate) evidence: Arc<[u8]>,
}

/// Who wrote it, as the readers will know them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Author {
    pub(crate) key: String,
    pub(crate) domain: String,
    pub(crate) skeleton: String,
    pub(crate) name: String,
    pub(crate) name_key: String,
    pub(crate) is_vouched_for: bool,
}

/// What one of our people calls themselves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct OwnName {
    pub(crate) address: String,
    pub(crate) name_key: String,
    pub(crate) name: String,
}

impl Judgement {
    /// Why the message is not taken at all: every recipient's domain wants such mail refused. One line for the
    /// sender's server.
    #[must_use]
    pub fn refusal(&self) -> Option<&str> {
        self.refusal.as_deref()
    }

    /// The worst place that somebody's copy is put: [`Place::Refused`] only when there is a [`Self::refusal`].
    #[must_use]
    pub fn worst_place(&self) -> Place {
        self.worst_place
    }

    /// Does somebody vouch for the domain in `From`, and which is it?
    pub(crate) fn vouched_domain(&self) -> Option<Domain> {
        let author = self.author.as_ref().filter(|author| author.is_vouched_for)?;
        Domain::parse(&author.domain).ok()
    }

    pub(crate) fn reader(&self, account: AccountId) -> Option<&Reader> {
        self.readers.iter().find(|reader| reader.account == account)
    }
}

impl Inbound {
    /// Judges a message for each of its readers, after `evidence` was gathered and before it is accepted.
    /// `fields` are those that trust writes from the evidence, with their line ends.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn judge(
        &self,
        evidence: Evidence,
        fields: String,
        addressees: &[Addressee],
        now: Timestamp,
    ) -> Result<Judgement, StoreError> {
        let recipients = Recipients::of(addressees);
        let judged = self.store().read(move |tx| {
            Facts {
                tx,
                evidence: &evidence,
                now,
            }
            .judge(&recipients, fields.clone())
        });
        judged.await
    }
}

/// For whom a message is.
struct Recipients {
    people: Vec<Recipient>,
    /// Is it sent to an address of reports too? Those take what they can read from whoever it comes.
    has_reports: bool,
}

/// Whose copy, and whose rules: the first domain of ours through which the message reaches them.
struct Recipient {
    /// `None`: it is passed on.
    account: Option<AccountId>,
    domain: Option<Domain>,
}

impl Recipients {
    /// Each account once, and all that a domain passes on once.
    fn of(addressees: &[Addressee]) -> Self {
        let mut found = Self {
            people: Vec::new(),
            has_reports: false,
        };
        for addressee in addressees {
            for target in &addressee.targets {
                match target {
                    Target::Local { account, .. } => found.add(Some(*account), addressee),
                    Target::Remote(_) => found.add(None, addressee),
                    Target::Reports(_) => found.has_reports = true,
                }
            }
        }
        found
    }

    fn add(&mut self, account: Option<AccountId>, addressee: &Addressee) {
        let domain = addressee.address.domain();
        let is_known = self
            .people
            .iter()
            .any(|known| known.account == account && (account.is_some() || known.domain.as_ref() == domain));
        if !is_known {
            let domain = domain.cloned();
            self.people.push(Recipient { account, domain });
        }
    }
}
