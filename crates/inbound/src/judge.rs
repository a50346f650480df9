//! What each reader's acquaintance with the sender adds to the evidence, and where each copy goes.
//!
//! Gathers facts for `impersonation` and `trust`, which decide.

use std::sync::Arc;

use posthorn_accounts::{self as accounts, Target};
use posthorn_base::{AccountId, Address, Domain, Timestamp};
use posthorn_correspondents::{self as correspondents, NearDomains, Question, name_key};
use posthorn_dmarc::{DmarcResult, Policy};
use posthorn_impersonation::{self as impersonation, Familiarity, Impression, Look, Standing};
use posthorn_store::{StoreError, Tx};
use posthorn_trust::{Evidence, Origin, Place, Rules, decide};

use crate::accept::Inbound;
use crate::incoming::Addressee;
use crate::rules::read_rules;

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
    /// Why the message is not taken at all: every recipient's domain wants such mail refused.
    #[must_use]
    pub fn refusal(&self) -> Option<&str> {
        self.refusal.as_deref()
    }

    /// The worst place that a reader's copy is put.
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
    /// `fields` are those that trust writes from the evidence.
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
        let recipients = recipients(addressees);
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

/// Whose copy, and whose rules: the first domain of ours through which the message reaches them.
struct Recipient {
    account: Option<AccountId>,
    domain: Option<Domain>,
}

fn recipients(addressees: &[Addressee]) -> Vec<Recipient> {
    let mut found: Vec<Recipient> = Vec::new();
    for addressee in addressees {
        for target in &addressee.targets {
            let account = match target {
                Target::Local { account, .. } => Some(*account),
                Target::Remote(_) => None,
                Target::Reports(_) => continue,
            };
            if account.is_some() && found.iter().any(|known| known.account == account) {
                continue;
            }
            let domain = addressee.address.domain().cloned();
            found.push(Recipient { account, domain });
        }
    }
    found
}

/// The facts, and where more of them are read.
struct Facts<'a> {
    tx: &'a Tx<'a>,
    evidence: &'a Evidence,
    now: Timestamp,
}

impl Facts<'_> {
    fn judge(&self, recipients: &[Recipient], fields: String) -> Result<Judgement, StoreError> {
        let is_ours = match self.evidence.origin {
            Origin::Ours(_) | Origin::Generated => true,
            Origin::Outside | Origin::Placed | Origin::File => false,
        };
        let author = self.author().map(Arc::new);
        let mut readers: Vec<Reader> = Vec::new();
        let mut places = Vec::new();
        let mut last: Option<(Evidence, Arc<[u8]>)> = None;
        for recipient in recipients {
            let impression = match (recipient.account, &author) {
                (Some(account), Some(author)) if !is_ours => {
                    Some(self.impression(account, recipient.domain.as_ref(), author)?)
                }
                _ => None,
            };
            let mut rules = self.rules(recipient.domain.as_ref())?;
            rules.knows_list = self.knows_list(recipient.account)?;
            let verdict = decide(self.evidence, &rules, impression.as_ref());
            places.push(verdict.place);
            let Some(account) = recipient.account else {
                continue;
            };
            let place = verdict.place;
            let stored = Evidence {
                impression: impression.filter(|impression| !impression.signs.is_empty()),
                verdict: Some(verdict),
                ..self.evidence.clone()
            };
            // Most readers of one message see it alike.
            let evidence = match &last {
                Some((same, octets)) if *same == stored => Arc::clone(octets),
                _ => Arc::from(stored.to_stored()),
            };
            last = Some((stored, Arc::clone(&evidence)));
            readers.push(Reader {
                account,
                place,
                evidence,
            });
        }
        let is_refused = !places.is_empty() && places.iter().all(|place| *place == Place::Refused);
        Ok(Judgement {
            fields,
            readers,
            own_name: self.own_name(author.as_deref())?,
            author,
            refusal: is_refused.then(|| self.refusal()),
            worst_place: places.into_iter().max().unwrap_or(Place::Inbox),
            is_ours,
        })
    }

    /// For the sender's server, in one line.
    fn refusal(&self) -> String {
        let domain = self
            .evidence
            .dmarc
            .as_ref()
            .map_or("", |dmarc| dmarc.domain.as_str());
        format!("{domain} asks to refuse mail that neither its SPF nor its DKIM vouches for (DMARC)")
    }

    fn rules(&self, domain: Option<&Domain>) -> Result<Rules, StoreError> {
        let Some(domain) = domain else {
            return Ok(Rules::default());
        };
        let stored = accounts::rules(self.tx, domain)?;
        Ok(stored.map(|text| read_rules(&text)).unwrap_or_default())
    }

    /// Has this reader written to the list that the message came over?
    fn knows_list(&self, account: Option<AccountId>) -> Result<bool, StoreError> {
        let failed = self.evidence.dmarc.as_ref().map(|dmarc| dmarc.result) == Some(DmarcResult::Fail);
        let (Some(account), Some(list), true) = (account, self.evidence.list_domain(), failed) else {
            return Ok(false);
        };
        let question = Question {
            address: "",
            domain: list,
            skeleton: "",
            name_key: "",
            near: NearDomains::Skip,
        };
        let known = correspondents::know(self.tx, account, &question, self.now)?;
        Ok(known.acquaintance.domain == Familiarity::Known)
    }

    fn author(&self) -> Option<Author> {
        let author = &self.evidence.author;
        let address = Address::parse(&author.address).ok()?;
        let domain = address.domain()?.to_string();
        let passed = self.evidence.dmarc.as_ref().map(|dmarc| dmarc.result) == Some(DmarcResult::Pass);
        Some(Author {
            key: address.lookup_key(),
            skeleton: impersonation::skeleton(&domain),
            domain,
            name: author.name.clone(),
            name_key: name_key(&author.name),
            is_vouched_for: passed,
        })
    }

    /// What this reader makes of the sender.
    fn impression(
        &self,
        account: AccountId,
        domain: Option<&Domain>,
        author: &Author,
    ) -> Result<Impression, StoreError> {
        let question = Question {
            address: &author.key,
            domain: &author.domain,
            skeleton: &author.skeleton,
            name_key: &author.name_key,
            near: NearDomains::FirstContact,
        };
        let mut acquaintance = correspondents::know(self.tx, account, &question, self.now)?.acquaintance;
        acquaintance.colleagues = correspondents::own_namesakes(self.tx, &author.name_key)?;
        let mut ours: Vec<&str> = domain.into_iter().map(Domain::as_str).collect();
        if let Ok(claimed) = Domain::parse(&author.domain)
            && accounts::is_local_domain(self.tx, &claimed)?
            && !ours.contains(&author.domain.as_str())
        {
            ours.push(&author.domain);
        }
        Ok(self.look(author, &ours, |look| {
            impersonation::impression(look, &acquaintance)
        }))
    }

    fn look<T>(&self, author: &Author, ours: &[&str], judge: impl FnOnce(&Look<'_>) -> T) -> T {
        let evidence = self.evidence;
        let signers: Vec<&str> = evidence
            .dkim
            .signatures
            .iter()
            .filter(|signature| signature.result == posthorn_dkim::DkimResult::Pass)
            .map(|signature| signature.domain.as_str())
            .collect();
        let spf = evidence.spf.as_ref().map(|spf| spf.result);
        judge(&Look {
            name: &author.name,
            address: &evidence.author.address,
            reverse_path_domain: evidence.reverse_path.rsplit_once('@').map(|(_, domain)| domain),
            spf_passed: spf == Some(posthorn_spf::SpfResult::Pass),
            reply_to: evidence.author.reply_to.as_deref(),
            signers: &signers,
            standing: standing(evidence),
            list_id: evidence.author.list.as_deref(),
            ours,
        })
    }

    /// A name that the sender, one of our people, uses for the first time.
    fn own_name(&self, author: Option<&Author>) -> Result<Option<OwnName>, StoreError> {
        let (Origin::Ours(account), Some(author)) = (&self.evidence.origin, author) else {
            return Ok(None);
        };
        let own = Address::parse(account).ok().map(|own| own.lookup_key());
        if own.as_deref() != Some(author.key.as_str())
            || correspondents::is_own_name(self.tx, &author.key, &author.name_key)?
        {
            return Ok(None);
        }
        Ok(Some(OwnName {
            address: author.key.clone(),
            name_key: author.name_key.clone(),
            name: author.name.clone(),
        }))
    }
}

fn standing(evidence: &Evidence) -> Standing {
    let Some(dmarc) = &evidence.dmarc else {
        return Standing::Unknown;
    };
    match (dmarc.result, dmarc.policy) {
        (DmarcResult::Pass, _) => Standing::Passed,
        (DmarcResult::Fail, Policy::None) => Standing::FailedSoftly,
        (DmarcResult::Fail, Policy::Quarantine | Policy::Reject) => Standing::FailedStrictly,
        (DmarcResult::None | DmarcResult::PermError, _) => Standing::NoPolicy,
        (DmarcResult::TempError, _) => Standing::Unknown,
    }
}
