//! What is known about a message and its readers, and the verdict for each.

use std::sync::Arc;

use posthorn_accounts as accounts;
use posthorn_base::{AccountId, Address, Domain, Timestamp};
use posthorn_correspondents::{self as correspondents, NearDomains, Question, name_key};
use posthorn_dmarc::{DmarcResult, Policy};
use posthorn_impersonation::{self as impersonation, Familiarity, Impression, Look, Standing};
use posthorn_store::{StoreError, Tx};
use posthorn_trust::{Evidence, Origin, Place, Reason, Rules, Verdict, decide};

use super::{Author, Judgement, OwnName, Reader, Recipient, Recipients};
use crate::rules::read_rules;

/// The facts, and where more of them are read.
pub(super) struct Facts<'a> {
    pub(super) tx: &'a Tx<'a>,
    pub(super) evidence: &'a Evidence,
    pub(super) now: Timestamp,
}

/// What one recipient makes of the message.
struct View {
    account: Option<AccountId>,
    impression: Option<Impression>,
    verdict: Verdict,
}

impl Facts<'_> {
    pub(super) fn judge(&self, recipients: &Recipients, fields: String) -> Result<Judgement, StoreError> {
        let author = self.author().map(Arc::new);
        let views = recipients.people.iter();
        let views = views.map(|recipient| self.view(recipient, author.as_deref()));
        let mut views: Vec<View> = views.collect::<Result<_, _>>()?;
        let wants_refusal = |view: &View| view.verdict.place == Place::Refused;
        let is_refused = !recipients.has_reports && !views.is_empty() && views.iter().all(wants_refusal);
        if !is_refused {
            views.iter_mut().for_each(|view| relent(&mut view.verdict));
        }
        let worst_place = views.iter().map(|view| view.verdict.place).max();
        Ok(Judgement {
            fields,
            readers: self.readers(views),
            own_name: self.own_name(author.as_deref())?,
            author,
            refusal: is_refused.then(|| self.refusal()),
            worst_place: worst_place.unwrap_or(Place::Inbox),
            is_ours: self.is_ours(),
        })
    }

    fn is_ours(&self) -> bool {
        match self.evidence.origin {
            Origin::Ours(_) | Origin::Generated => true,
            Origin::Outside | Origin::Placed | Origin::File => false,
        }
    }

    fn view(&self, recipient: &Recipient, author: Option<&Author>) -> Result<View, StoreError> {
        let impression = match (recipient.account, author) {
            (Some(account), Some(author)) if !self.is_ours() => {
                Some(self.impression(account, recipient.domain.as_ref(), author)?)
            }
            _ => None,
        };
        let mut rules = self.rules(recipient.domain.as_ref())?;
        rules.knows_list = self.knows_list(recipient.account)?;
        Ok(View {
            account: recipient.account,
            verdict: decide(self.evidence, &rules, impression.as_ref()),
            impression,
        })
    }

    /// What each reader's copy is stored with.
    fn readers(&self, views: Vec<View>) -> Vec<Reader> {
        let mut readers = Vec::new();
        let mut stored = self.evidence.clone();
        let mut octets: Option<Arc<[u8]>> = None;
        for view in views {
            let Some(account) = view.account else { continue };
            let place = view.verdict.place;
            let impression = view.impression.filter(|impression| !impression.signs.is_empty());
            let verdict = Some(view.verdict);
            // Most readers of one message see it alike.
            if (&stored.impression, &stored.verdict) != (&impression, &verdict) {
                (stored.impression, stored.verdict) = (impression, verdict);
                octets = None;
            }
            let evidence = octets.get_or_insert_with(|| Arc::from(stored.to_stored()));
            readers.push(Reader {
                account,
                place,
                evidence: Arc::clone(evidence),
            });
        }
        readers
    }

    /// For the sender's server, in one line.
    fn refusal(&self) -> String {
        let dmarc = self.evidence.dmarc.as_ref();
        match dmarc
            .map(|dmarc| dmarc.domain.as_str())
            .filter(|domain| !domain.is_empty())
        {
            Some(domain) => {
                format!("{domain} asks to refuse mail that neither its SPF nor its DKIM vouches for (DMARC)")
            }
            None => "The From field names more domains than anybody writes there".to_owned(),
        }
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
            near: NearDomains::Stranger,
        };
        let mut acquaintance = correspondents::know(self.tx, account, &question, self.now)?.acquaintance;
        acquaintance.colleagues = correspondents::own_namesakes(self.tx, &author.name_key)?;
        // On a server with several houses the people of another are no colleagues, and none of their business.
        acquaintance.colleagues.retain(|colleague| {
            let of = colleague.address.rsplit_once('@').map(|(_, of)| of);
            of == domain.map(Domain::as_str)
        });
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
            standing: standing(evidence, &author.domain),
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

/// Somebody who would refuse the message where another takes it: as if the rule were to put it into Junk, so
/// that the evidence says what was done.
fn relent(verdict: &mut Verdict) {
    if verdict.place == Place::Refused {
        verdict.place = Place::Junk;
    }
    for reason in &mut verdict.reasons {
        if *reason == Reason::DmarcRefused {
            *reason = Reason::DmarcReject;
        }
    }
}

/// What the checks say about the domain of the author that the reader is shown.
fn standing(evidence: &Evidence, domain: &str) -> Standing {
    let Some(dmarc) = &evidence.dmarc else {
        return Standing::Unknown;
    };
    // Of several authors DMARC tells only about the one that weighs most, unless all pass.
    if dmarc.domain != domain && dmarc.result != DmarcResult::Pass {
        return Standing::Unknown;
    }
    match (dmarc.result, dmarc.policy) {
        (DmarcResult::Pass, _) => Standing::Passed,
        (DmarcResult::Fail, Policy::None) => Standing::FailedSoftly,
        (DmarcResult::Fail, Policy::Quarantine | Policy::Reject) => Standing::FailedStrictly,
        (DmarcResult::None | DmarcResult::PermError, _) => Standing::NoPolicy,
        (DmarcResult::TempError, _) => Standing::Unknown,
    }
}
