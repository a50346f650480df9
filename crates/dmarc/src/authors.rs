//! Several domains in one `From` (RFC 9989 section 11.5): each is evaluated, and the strictest that fails
//! counts. Without this, a second address beside the bank's would free a forger from what the bank asks for.

use crate::evaluation::{DmarcResult, Evaluation, Policy};

/// Domains in one `From` that are asked about. RFC 5322 section 3.6.2 sets no limit; one is what people write,
/// two are rare, and each costs a tree walk.
pub const MAX_AUTHOR_DOMAINS: usize = 4;

impl Evaluation {
    /// Of the evaluations of several domains in one `From` the one that weighs most: the strictest policy
    /// among those that fail, then what the DNS could not tell, then what has no usable record, and a pass
    /// only when all pass. Its reason says that there are several. `None` for none.
    #[must_use]
    pub fn strictest(evaluations: impl IntoIterator<Item = Self>) -> Option<Self> {
        let mut count: usize = 0;
        let counted = evaluations
            .into_iter()
            .inspect(|_one| count = count.saturating_add(1));
        let mut strictest = counted.reduce(heavier)?;
        if count > 1 {
            let several = match strictest.result {
                DmarcResult::Fail => "the strictest that fails counts",
                DmarcResult::TempError => "not all could be asked about",
                DmarcResult::PermError | DmarcResult::None => {
                    "not all say how their mail is to be recognised"
                }
                DmarcResult::Pass => "all are vouched for",
            };
            strictest.reason = format!("From names {count} domains, and {several}: {}", strictest.reason);
        }
        Some(strictest)
    }

    /// Of a `From` with more than [`MAX_AUTHOR_DOMAINS`] domains, or too long to be read to its end: a failure
    /// as of a domain that asks to refuse such mail. No person writes so, and whoever hides one name among
    /// many may not fare better than whoever forges that name alone. Asks nothing, and names no domain.
    #[must_use]
    pub fn of_too_many() -> Self {
        Self {
            domain: String::new(),
            result: DmarcResult::Fail,
            reason: format!(
                "From names more domains than anybody writes there (at most {MAX_AUTHOR_DOMAINS} are asked about), \
                 so it counts as forged"
            ),
            organizational_domain: None,
            walk: Vec::new(),
            policy_domain: None,
            published: None,
            tag: None,
            testing: false,
            policy: Policy::Reject,
            spf: None,
            dkim: Vec::new(),
            report_to: Vec::new(),
        }
    }
}

fn heavier(one: Evaluation, other: Evaluation) -> Evaluation {
    if weight(&other) > weight(&one) { other } else { one }
}

fn weight(one: &Evaluation) -> (u8, Option<Policy>) {
    match one.result {
        DmarcResult::Fail => (4, Some(one.policy)),
        DmarcResult::TempError => (3, None),
        DmarcResult::PermError => (2, None),
        DmarcResult::None => (1, None),
        DmarcResult::Pass => (0, None),
    }
}
