//! May a domain's DMARC policy be tightened? Judged by the figures of its reports, said in words. RFC 9989
//! section 7 advises to go from `none` over `quarantine` to `reject` and to look at reports in between.

use posthorn_dmarc::Policy;
use serde::Serialize;

use crate::source::{Kind, Source};

/// Days that reports must cover.
const ENOUGH_DAYS: u64 = 14;
/// Messages that look like the domain's own.
const ENOUGH_MESSAGES: u64 = 50;
/// Those who send little wait longer instead.
const PATIENT_DAYS: u64 = 60;
/// How many messages are enough then.
const PATIENT_MESSAGES: u64 = 10;
/// Of a thousand messages that look like the domain's own, so many must pass.
const PASSING_PER_MILLE: u64 = 980;
/// Sources that are named as what would be lost.
const NAMED: usize = 3;

/// What the figures say.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// There is no report.
    NoReports,
    /// There is too little to judge by.
    Wait,
    /// Mail that looks legitimate fails: mend that first.
    Mend,
    /// The next policy is safe.
    Tighten,
    /// It is as tight as can be, and well.
    Keep,
}

/// Advice on a domain's policy, with the figures it rests on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Coach {
    /// What to do.
    pub verdict: Verdict,
    /// The policy that the newest report found; `None` when no report says.
    pub current: Option<Policy>,
    /// `t=y`: receivers apply one step less.
    pub testing: bool,
    /// The policy to go to, when that is safe.
    pub next: Option<Policy>,
    /// Days that reports cover.
    pub days: u64,
    /// Messages from sources that look legitimate.
    pub legitimate: u64,
    /// Of these, those that pass.
    pub passing: u64,
    /// Of these, those that a tighter policy would lose.
    pub lost: u64,
    /// Messages that look forged.
    pub forged: u64,
    /// The verdict and its reasons, a sentence or two each.
    pub sentences: Vec<String>,
}

/// What the domain publishes.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Current {
    pub(crate) policy: Option<Policy>,
    pub(crate) testing: bool,
}

/// Advises. `days`: how many the reports cover; `reports`: how many there are.
pub(crate) fn advise(sources: &[Source], current: Current, days: u64, reports: u64) -> Coach {
    let sum = |wanted: &dyn Fn(&Source) -> bool, of: &dyn Fn(&Source) -> u64| {
        let found = sources.iter().filter(|source| wanted(source));
        found.fold(0_u64, |sum, source| sum.saturating_add(of(source)))
    };
    let legitimate = sum(&|source| source.kind.looks_legitimate(), &|source| {
        source.messages
    });
    let passing = sum(&|source| source.kind.looks_legitimate(), &|source| source.passed);
    let forged = sum(&|source| source.kind == Kind::Forgery, &|source| source.messages);
    let mut coach = Coach {
        verdict: Verdict::Wait,
        current: current.policy,
        testing: current.testing,
        next: None,
        days,
        legitimate,
        passing,
        lost: legitimate.saturating_sub(passing),
        forged,
        sentences: Vec::new(),
    };
    coach.verdict = coach.judge(reports);
    if coach.verdict == Verdict::Tighten {
        coach.next = Some(coach.next_policy());
    }
    coach.sentences = coach.explain(sources);
    coach
}

impl Coach {
    fn judge(&self, reports: u64) -> Verdict {
        let enough = (self.days >= ENOUGH_DAYS && self.legitimate >= ENOUGH_MESSAGES)
            || (self.days >= PATIENT_DAYS && self.legitimate >= PATIENT_MESSAGES);
        let passes = self.passing.saturating_mul(1_000) >= self.legitimate.saturating_mul(PASSING_PER_MILLE);
        match self.current {
            _ if reports == 0 => Verdict::NoReports,
            _ if !enough => Verdict::Wait,
            _ if !passes => Verdict::Mend,
            Some(Policy::Reject) if !self.testing => Verdict::Keep,
            Some(Policy::None | Policy::Quarantine | Policy::Reject) | None => Verdict::Tighten,
        }
    }

    /// With `t=y`, the same policy without it is the next step.
    fn next_policy(&self) -> Policy {
        match self.current {
            Some(policy) if self.testing && policy != Policy::None => policy,
            Some(Policy::None) | None => Policy::Quarantine,
            Some(Policy::Quarantine | Policy::Reject) => Policy::Reject,
        }
    }

    fn explain(&self, sources: &[Source]) -> Vec<String> {
        let mut sentences = match self.verdict {
            Verdict::NoReports => {
                return vec![
                    "No report that somebody vouches for has come yet. Receivers send them once a day when the DMARC record has rua= and mail of yours has reached them."
                        .to_owned(),
                ];
            }
            Verdict::Wait => vec![format!(
                "Leave the policy as it is and wait: the reports cover {} and {} that look like yours. To judge safely it takes {ENOUGH_DAYS} days and {ENOUGH_MESSAGES} messages, or {PATIENT_DAYS} days and {PATIENT_MESSAGES} messages.",
                number(self.days, "day"),
                number(self.legitimate, "message")
            )],
            Verdict::Mend => self.explain_mend(),
            Verdict::Tighten => vec![self.explain_tighten()],
            Verdict::Keep => vec![format!(
                "The policy is reject already, and {} of {} messages that look like yours pass: nothing to do.",
                self.passing, self.legitimate
            )],
        };
        if self.lost > 0 {
            sentences.push(self.name_lost(sources));
        }
        if self.forged > 0 {
            sentences.push(self.name_forged(sources));
        }
        sentences
    }

    fn explain_mend(&self) -> Vec<String> {
        let fails = format!(
            "{} of {} messages that look like yours fail.",
            self.lost, self.legitimate
        );
        match self.current {
            Some(policy @ (Policy::Quarantine | Policy::Reject)) if !self.testing => vec![format!(
                "{fails} The policy {policy} makes receivers {} them now: mend these sources, or go one step back until they are mended.",
                if policy == Policy::Reject {
                    "refuse"
                } else {
                    "put into Junk"
                }
            )],
            Some(Policy::None | Policy::Quarantine | Policy::Reject) | None => {
                vec![format!(
                    "Do not tighten the policy yet: {fails} Mend these sources first."
                )]
            }
        }
    }

    fn explain_tighten(&self) -> String {
        let figures = format!(
            "{} of {} messages that look like yours pass, over {}.",
            self.passing,
            self.legitimate,
            number(self.days, "day")
        );
        let next = self.next_policy();
        match self.current {
            Some(policy) if policy == next => {
                format!("You can take t=y out of the DMARC record, so that {policy} takes effect: {figures}")
            }
            Some(policy) => format!("You can go from p={policy} to p={next}: {figures}"),
            None => format!("You can publish p={next}: {figures}"),
        }
    }

    fn name_lost(&self, sources: &[Source]) -> String {
        let mut failing: Vec<(u64, &str)> = sources
            .iter()
            .filter(|source| source.kind.looks_legitimate() && source.passed < source.messages)
            .map(|source| {
                (
                    source.messages.saturating_sub(source.passed),
                    source.name.as_str(),
                )
            })
            .collect();
        failing.sort_by_key(|(count, name)| (std::cmp::Reverse(*count), *name));
        let more = failing.len().saturating_sub(NAMED);
        let named: Vec<String> = failing
            .iter()
            .take(NAMED)
            .map(|(count, name)| format!("{name} ({count})"))
            .collect();
        let rest = if more > 0 {
            format!(
                " and {}",
                number(u64::try_from(more).unwrap_or(0), "other source")
            )
        } else {
            String::new()
        };
        let lost = number(self.lost, "message");
        match self.verdict {
            Verdict::Tighten => format!(
                "What a tighter policy loses of them: {lost}, from {}{rest}.",
                named.join(", ")
            ),
            Verdict::NoReports | Verdict::Wait | Verdict::Mend | Verdict::Keep => {
                format!("What fails comes from {}{rest}.", named.join(", "))
            }
        }
    }

    fn name_forged(&self, sources: &[Source]) -> String {
        let count = sources
            .iter()
            .filter(|source| source.kind == Kind::Forgery)
            .count();
        let from = number(u64::try_from(count).unwrap_or(0), "source");
        let messages = number(self.forged, "forged message");
        match self.next {
            Some(Policy::Quarantine) => {
                format!("What it stops: {messages} from {from} would have gone into Junk.")
            }
            Some(Policy::Reject) => format!("What it stops: {messages} from {from} would have been refused."),
            Some(Policy::None) | None => format!("Besides, {messages} came from {from}."),
        }
    }
}

/// `1 day`, `2 days`.
pub(crate) fn number(count: u64, thing: &str) -> String {
    if count == 1 {
        format!("1 {thing}")
    } else {
        format!("{count} {thing}s")
    }
}
