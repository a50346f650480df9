//! What domains hear about mail in their name (RFC 9990): noted at arrival, for those of our domains that
//! have switched it on, and sent once a day by the node.

use std::collections::HashSet;
use std::sync::{Arc, PoisonError, RwLock};

use posthorn_base::{Domain, Timestamp};
use posthorn_dkim::DkimResult;
use posthorn_dmarc::record::Mode as RecordMode;
use posthorn_inbound::{Addressee, Judgement};
use posthorn_reports::{
    AuthResult, Discovery, Disposition, DkimAuth, Mode, Observation, Override, OverrideKind, Published,
    Record, SpfAuth, observe, receives_reports,
};
use posthorn_spf::SpfResult;
use posthorn_store::{Partition, Store, StoreError};
use posthorn_trust::{Evidence, Place};

/// Signatures noted of one message.
const SIGNATURES: usize = 10;

/// Notes observations. Clones share the switches.
#[derive(Clone)]
pub struct Reporting {
    store: Store,
    domains: Arc<RwLock<HashSet<Domain>>>,
}

impl Reporting {
    /// Into `store`, for no domain yet.
    #[must_use]
    pub fn new(store: Store) -> Self {
        Self {
            store,
            domains: Arc::default(),
        }
    }

    /// From now on for these domains of ours.
    pub fn switch(&self, domains: impl IntoIterator<Item = Domain>) {
        let mut on = self.domains.write().unwrap_or_else(PoisonError::into_inner);
        *on = domains.into_iter().collect();
    }

    /// What there is to note of a message; `None` when nobody wants to know. Reports are not reported on.
    #[must_use]
    pub fn observation(
        &self,
        evidence: &Evidence,
        addressees: &[Addressee],
        now: Timestamp,
    ) -> Option<Observation> {
        let on = self.domains.read().unwrap_or_else(PoisonError::into_inner);
        let mut recipients = addressees.iter().map(|addressee| &addressee.address);
        if recipients
            .clone()
            .any(|address| receives_reports(address.local().as_str()))
        {
            return None;
        }
        let recipient =
            recipients.find(|address| address.domain().is_some_and(|domain| on.contains(domain)))?;
        observation(evidence, recipient.domain()?, now)
    }

    /// Notes it, with what was done with the message. Does not wait: a note that a crash takes along is no loss.
    pub fn note(&self, mut observation: Observation, judgement: &Judgement) {
        observation.record.disposition = match judgement.worst_place() {
            Place::Inbox => Disposition::None,
            Place::Junk => Disposition::Quarantine,
            Place::Refused => Disposition::Reject,
        };
        drop(self.store.write(Partition::Directory, move |tx| {
            observe(tx, &observation).map(drop)?;
            Ok::<_, StoreError>(())
        }));
    }
}

fn observation(evidence: &Evidence, recipient: &Domain, now: Timestamp) -> Option<Observation> {
    let dmarc = evidence.dmarc.as_ref()?;
    let record = dmarc.record()?;
    if dmarc.report_to.is_empty() {
        return None;
    }
    let policies = record.policies();
    let is_aligned = |alignment: &posthorn_dmarc::Alignment| alignment.aligned;
    let mode = |mode: RecordMode| match mode {
        RecordMode::Relaxed => Mode::Relaxed,
        RecordMode::Strict => Mode::Strict,
    };
    let overrides = if dmarc.testing {
        vec![Override {
            kind: OverrideKind::PolicyTestMode,
            comment: None,
        }]
    } else {
        Vec::new()
    };
    Some(Observation {
        at: now,
        published: Published {
            domain: dmarc.policy_domain.clone()?,
            p: policies.map(|policies| policies.p),
            sp: record.sp,
            np: record.np,
            adkim: Some(mode(record.adkim)),
            aspf: Some(mode(record.aspf)),
            testing: Some(dmarc.testing),
            discovery: Some(Discovery::TreeWalk),
            fo: None,
        },
        report_to: dmarc.report_to.clone(),
        record: Record {
            source: evidence.connection.as_ref()?.ip,
            count: 1,
            disposition: Disposition::None,
            dkim_aligned: dmarc.dkim.iter().any(is_aligned),
            spf_aligned: dmarc.spf.as_ref().is_some_and(is_aligned) && spf_passed(evidence),
            overrides,
            header_from: dmarc.domain.clone(),
            envelope_from: Some(evidence.reverse_path.clone()),
            envelope_to: Some(recipient.to_string()),
            dkim: signatures(evidence),
            spf: evidence.spf.as_ref().map(|spf| SpfAuth {
                domain: spf.domain.clone(),
                is_helo: false,
                result: of_spf(spf.result),
            }),
        },
    })
}

fn spf_passed(evidence: &Evidence) -> bool {
    evidence.spf.as_ref().map(|spf| spf.result) == Some(SpfResult::Pass)
}

fn signatures(evidence: &Evidence) -> Vec<DkimAuth> {
    let signatures = evidence.dkim.signatures.iter().take(SIGNATURES);
    let noted = signatures.map(|signature| DkimAuth {
        domain: signature.domain.clone(),
        selector: signature.selector.clone(),
        result: of_dkim(signature.result),
    });
    noted.collect()
}

fn of_spf(result: SpfResult) -> AuthResult {
    match result {
        SpfResult::None => AuthResult::None,
        SpfResult::Neutral => AuthResult::Neutral,
        SpfResult::Pass => AuthResult::Pass,
        SpfResult::Fail => AuthResult::Fail,
        SpfResult::SoftFail => AuthResult::SoftFail,
        SpfResult::TempError => AuthResult::TempError,
        SpfResult::PermError => AuthResult::PermError,
    }
}

fn of_dkim(result: DkimResult) -> AuthResult {
    match result {
        DkimResult::Pass => AuthResult::Pass,
        DkimResult::Fail => AuthResult::Fail,
        DkimResult::Policy => AuthResult::Policy,
        DkimResult::Neutral => AuthResult::Neutral,
        DkimResult::TempError => AuthResult::TempError,
        DkimResult::PermError => AuthResult::PermError,
    }
}
