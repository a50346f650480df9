//! `check_host()` (RFC 7208 section 4), with every term looked at written down. Terms are evaluated one
//! after the other, as the first that matches decides; what one term asks (the addresses of all mail
//! hosts) is asked at once.
//!
//! One deviation, for the sake of "a DNS that cannot tell is never a fail": section 5.5 lets `ptr` simply
//! not match when the client's name cannot be found out. We do that too, but a `fail` that then follows is
//! a `temperror`.

mod explanation;
mod mechanism;
mod reason;

use std::future::Future;
use std::net::IpAddr;
use std::pin::Pin;

use posthorn_base::Timestamp;
use posthorn_base::lookup::Lookup;

use crate::macros::DomainSpec;
use crate::macros::expand::Values;
use crate::published::{NotOne, spf_record};
use crate::record::{Directive, Mechanism, Record, Term};
use crate::{Evaluation, MAX_LOOKUPS, MAX_VOIDS, Query, SpfResult, Step, StepOutcome, names, shown};
use mechanism::Outcome;

pub(crate) use mechanism::exchanges;

/// Steps that are written down; what is more is left out.
const MAX_STEPS: usize = 64;
/// What is kept of a record's text.
const MAX_RECORD_SHOWN: usize = 1024;
/// What is kept of a chain of terms.
const MAX_MATCHED: usize = 400;
/// What is kept of a reason and of a step's detail.
const MAX_REASON: usize = 400;
const MAX_DETAIL: usize = 160;

/// `check_host()` of RFC 7208 section 4: may the client send for the domain? Takes as long as its at most
/// about 130 questions (ten terms of at most ten hosts each, and as many records) take.
pub async fn check_host<L: Lookup>(lookup: &L, query: &Query<'_>) -> Evaluation {
    let mut check = Check::new(lookup, query);
    let Some(domain) = names::initial(query.domain) else {
        let reason = reason::no_domain(query.domain);
        return check.finish(query, Decision::new(SpfResult::None, reason), None);
    };
    let mut decision = check.judge(domain.clone(), 0).await;
    if decision.result == SpfResult::Fail
        && let Some(reason) = check.doubt.take()
    {
        decision = Decision::new(SpfResult::TempError, reason);
    }
    let explanation = match (decision.result, decision.explained_by.take()) {
        (SpfResult::Fail, Some((spec, of))) => check.explanation(&spec, &of).await,
        _ => None,
    };
    let mut evaluation = check.finish(query, decision, explanation);
    evaluation.domain = domain;
    evaluation
}

impl Evaluation {
    /// What is known when the evaluation was ended from outside because it took too long.
    #[must_use]
    pub fn given_up(query: &Query<'_>) -> Self {
        let domain = names::initial(query.domain).unwrap_or_else(|| shown::name(query.domain));
        Self {
            identity: query.identity,
            result: SpfResult::TempError,
            reason: format!(
                "the name servers that the record of {} leads to took too long",
                shown::name(&domain)
            ),
            domain,
            record: None,
            matched: None,
            steps: Vec::new(),
            lookups: 0,
            voids: 0,
            explanation: None,
        }
    }
}

/// What a record says.
struct Decision {
    result: SpfResult,
    reason: String,
    /// The chain of terms that led here; empty when none matched.
    matched: Vec<String>,
    /// Where the explanation stands, and in whose record.
    explained_by: Option<(DomainSpec, String)>,
}

impl Decision {
    fn new(result: SpfResult, reason: String) -> Self {
        Self {
            result,
            reason,
            matched: Vec::new(),
            explained_by: None,
        }
    }
}

/// Why no decision can be had from the terms.
struct Trouble {
    result: SpfResult,
    reason: String,
}

impl Trouble {
    fn permanent(reason: String) -> Self {
        let result = SpfResult::PermError;
        Self { result, reason }
    }

    fn temporary(reason: String) -> Self {
        let result = SpfResult::TempError;
        Self { result, reason }
    }
}

/// The names of the client's address that lead back to it.
struct ClientNames {
    validated: Vec<String>,
    /// The address has no name at all.
    is_void: bool,
}

struct Check<'a, L> {
    lookup: &'a L,
    ip: IpAddr,
    local: String,
    sender_domain: String,
    helo: String,
    receiver: String,
    now: Timestamp,
    steps: Vec<Step>,
    record: Option<String>,
    lookups: u8,
    voids: u8,
    /// The names that were looked up and found nothing.
    void_names: Vec<String>,
    /// The domains whose records are being judged by, the first asked first.
    path: Vec<String>,
    client_names: Option<ClientNames>,
    /// Why the client's name could not be found out.
    doubt: Option<String>,
}

type Judging<'b> = Pin<Box<dyn Future<Output = Decision> + Send + 'b>>;

impl<'a, L: Lookup> Check<'a, L> {
    fn new(lookup: &'a L, query: &Query<'_>) -> Self {
        let (local, domain) = query.sender.rsplit_once('@').unwrap_or(("", query.domain));
        let local = if local.is_empty() { "postmaster" } else { local };
        let receiver = if query.receiver.is_empty() {
            "unknown"
        } else {
            query.receiver
        };
        Self {
            lookup,
            ip: query.ip.to_canonical(),
            local: local.chars().take(255).collect(),
            sender_domain: names::plain(domain),
            helo: names::plain(query.helo),
            receiver: names::plain(receiver),
            now: query.now,
            steps: Vec::new(),
            record: None,
            lookups: 0,
            voids: 0,
            void_names: Vec::new(),
            path: Vec::new(),
            client_names: None,
            doubt: None,
        }
    }

    fn finish(self, query: &Query<'_>, decision: Decision, explanation: Option<String>) -> Evaluation {
        let matched = decision.matched.join(" → ");
        Evaluation {
            identity: query.identity,
            domain: shown::name(query.domain),
            result: decision.result,
            reason: shown::shown(&decision.reason, MAX_REASON),
            record: self.record,
            matched: (!matched.is_empty()).then(|| matched.chars().take(MAX_MATCHED).collect()),
            steps: self.steps,
            lookups: self.lookups,
            voids: self.voids,
            explanation,
        }
    }

    /// What the record of a domain says. The recursion ends: every level costs one of ten
    /// look-ups, and no domain stands twice in a path.
    fn judge(&mut self, domain: String, depth: u8) -> Judging<'_> {
        Box::pin(async move {
            let text = match spf_record(self.lookup, &domain).await {
                Ok(text) => text,
                Err(why) => {
                    if depth > 0 && matches!(why, NotOne::Absent(_)) {
                        self.voids = self.voids.saturating_add(1);
                    }
                    return reason::no_record(&domain, &why);
                }
            };
            if depth == 0 {
                self.record = Some(shown::shown(&text, MAX_RECORD_SHOWN));
            }
            let record = match Record::parse(&text) {
                Ok(record) => record,
                Err(fault) => {
                    let at = self.step(depth, &domain, &fault.text, StepOutcome::Error);
                    self.detail(at, &fault.what);
                    return Decision::new(SpfResult::PermError, reason::fault(&domain, &fault));
                }
            };
            self.path.push(domain.clone());
            let judged = self.judge_by(&record, &domain, depth).await;
            self.path.pop();
            match judged {
                Ok(decision) => decision,
                Err(trouble) => Decision::new(trouble.result, trouble.reason),
            }
        })
    }

    /// What the terms say: the first that matches, then `redirect`, then nothing.
    async fn judge_by(&mut self, record: &Record, domain: &str, depth: u8) -> Result<Decision, Trouble> {
        for (term, directive) in record.directives() {
            let decision = match &directive.mechanism {
                Mechanism::Include(spec) => self.include(term, directive, spec, (domain, depth)).await?,
                Mechanism::All
                | Mechanism::A(_)
                | Mechanism::Mx(_)
                | Mechanism::Ptr(_)
                | Mechanism::Ip4 { .. }
                | Mechanism::Ip6 { .. }
                | Mechanism::Exists(_) => {
                    let is_only = record.directives().nth(1).is_none();
                    self.direct(term, directive, is_only, (domain, depth)).await?
                }
            };
            if let Some(mut decision) = decision {
                let explained_by = record.explanation().cloned();
                decision.explained_by = explained_by.map(|spec| (spec, domain.to_owned()));
                return Ok(decision);
            }
        }
        match record.redirect() {
            Some((term, spec)) => self.redirect(term, spec, domain, depth).await,
            None => Ok(Decision::new(
                SpfResult::Neutral,
                reason::nothing_matched(self.ip, domain),
            )),
        }
    }

    /// A term that asks no other record.
    async fn direct(
        &mut self,
        term: &Term,
        directive: &Directive,
        is_only: bool,
        (domain, depth): (&str, u8),
    ) -> Result<Option<Decision>, Trouble> {
        let at = self.step(depth, domain, term.as_str(), StepOutcome::NoMatch);
        let outcome = self.matches(&directive.mechanism, domain).await;
        let found = match outcome {
            Ok(Outcome::Match(found)) => found,
            Ok(Outcome::NoMatch(found)) => {
                self.detail(at, &found);
                return Ok(None);
            }
            Err(trouble) => {
                self.fail_step(at, &trouble.reason);
                return Err(trouble);
            }
        };
        self.outcome(at, StepOutcome::Match);
        self.detail(at, &found);
        let reason = reason::matched(self.ip, term, directive, domain, is_only);
        let mut decision = Decision::new(directive.qualifier.into(), reason);
        decision.matched.push(shown::term(term.as_str()));
        Ok(Some(decision))
    }

    /// RFC 7208 section 5.2: matches when the other record lets the client send.
    async fn include(
        &mut self,
        term: &Term,
        directive: &Directive,
        spec: &DomainSpec,
        (domain, depth): (&str, u8),
    ) -> Result<Option<Decision>, Trouble> {
        let at = self.step(depth, domain, term.as_str(), StepOutcome::Enter);
        let inner = match self.enter(spec, domain, depth).await {
            Ok((target, inner)) if inner.result != SpfResult::None => Ok((target, inner)),
            Ok((_, inner)) => Err(Trouble::permanent(reason::included_nothing(
                domain,
                &inner.reason,
            ))),
            Err(trouble) => Err(trouble),
        };
        let (target, inner) = inner.inspect_err(|trouble| self.fail_step(at, &trouble.reason))?;
        let told = format!("{target}: {}", inner.result);
        match inner.result {
            SpfResult::TempError | SpfResult::PermError | SpfResult::None => {
                self.fail_step(at, &told);
                let Decision { result, reason, .. } = inner;
                Err(Trouble { result, reason })
            }
            SpfResult::Neutral | SpfResult::Fail | SpfResult::SoftFail => {
                self.detail(at, &told);
                Ok(None)
            }
            SpfResult::Pass => {
                self.detail(at, &told);
                let reason = reason::included(term, directive, domain, &inner.reason);
                let mut decision = Decision::new(directive.qualifier.into(), reason);
                decision.matched.push(shown::term(term.as_str()));
                decision.matched.extend(inner.matched);
                Ok(Some(decision))
            }
        }
    }

    /// RFC 7208 section 6.1: the other record decides, its explanation counts.
    async fn redirect(
        &mut self,
        term: &Term,
        spec: &DomainSpec,
        domain: &str,
        depth: u8,
    ) -> Result<Decision, Trouble> {
        let at = self.step(depth, domain, term.as_str(), StepOutcome::Enter);
        let entered = self.enter(spec, domain, depth).await;
        let (target, mut decision) = entered.inspect_err(|trouble| self.fail_step(at, &trouble.reason))?;
        if decision.result == SpfResult::None {
            let trouble = Trouble::permanent(reason::redirected_nowhere(domain, &decision.reason));
            self.fail_step(at, &trouble.reason);
            return Err(trouble);
        }
        self.detail(at, &format!("{target}: {}", decision.result));
        if !decision.matched.is_empty() {
            decision.matched.insert(0, shown::term(term.as_str()));
        }
        Ok(decision)
    }

    /// The record of another domain, one level deeper.
    async fn enter(
        &mut self,
        spec: &DomainSpec,
        domain: &str,
        depth: u8,
    ) -> Result<(String, Decision), Trouble> {
        self.count_lookup()?;
        let Some(target) = self.target(spec, domain).await? else {
            return Err(Trouble::permanent(reason::no_name(domain, spec.as_str())));
        };
        if self.path.contains(&target) {
            // What did not match on the way here does not match the next time either: this ends at the limit
            // of look-ups, and it is kinder to say why.
            return Err(Trouble::permanent(reason::leads_back(domain, &target)));
        }
        let shown = shown::name(&target);
        let decision = self.judge(target, depth.saturating_add(1)).await;
        Ok((shown, decision))
    }

    /// The name that a domain-spec is for this message; `None` when the DNS cannot hold it.
    async fn target(&mut self, spec: &DomainSpec, domain: &str) -> Result<Option<String>, Trouble> {
        if spec.needs_client_name() && self.client_names.is_none() {
            // RFC 7208 section 4.6.4 counts the PTR question of a macro too.
            self.count_lookup()?;
            self.find_client_names().await;
        }
        let values = self.values(domain);
        Ok(crate::macros::expand::name(spec, &values))
    }

    fn values<'b>(&'b self, domain: &'b str) -> Values<'b> {
        Values {
            ip: self.ip,
            domain,
            local: &self.local,
            sender_domain: &self.sender_domain,
            helo: &self.helo,
            receiver: &self.receiver,
            client_name: self.client_name(domain),
            now: self.now,
        }
    }

    fn first_domain(&self) -> &str {
        self.path.first().map_or("", String::as_str)
    }

    fn count_lookup(&mut self) -> Result<(), Trouble> {
        if self.lookups >= MAX_LOOKUPS {
            return Err(Trouble::permanent(reason::too_many_lookups(self.first_domain())));
        }
        self.lookups = self.lookups.saturating_add(1);
        Ok(())
    }

    fn count_void(&mut self, name: &str) -> Result<(), Trouble> {
        self.voids = self.voids.saturating_add(1);
        self.void_names.push(shown::name(name));
        if self.voids > MAX_VOIDS {
            let reason = reason::too_many_voids(self.first_domain(), &self.void_names);
            return Err(Trouble::permanent(reason));
        }
        Ok(())
    }

    /// Writes a step down; its place, for what is learned about it later.
    fn step(&mut self, depth: u8, domain: &str, term: &str, outcome: StepOutcome) -> usize {
        let at = self.steps.len();
        if at < MAX_STEPS {
            self.steps.push(Step {
                depth,
                domain: shown::name(domain),
                term: shown::term(term),
                outcome,
                detail: String::new(),
            });
            at
        } else {
            usize::MAX
        }
    }

    fn detail(&mut self, at: usize, detail: &str) {
        if let Some(step) = self.steps.get_mut(at) {
            step.detail = shown::shown(detail, MAX_DETAIL);
        }
    }

    fn fail_step(&mut self, at: usize, detail: &str) {
        self.detail(at, detail);
        self.outcome(at, StepOutcome::Error);
    }

    fn outcome(&mut self, at: usize, outcome: StepOutcome) {
        if let Some(step) = self.steps.get_mut(at) {
            step.outcome = outcome;
        }
    }
}
