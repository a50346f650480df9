//! What is left out of evidence that is too long, in the order in which it is missed least.

use posthorn_dmarc::Found;
use posthorn_spf::{Step, StepOutcome};

use crate::evidence::{Evidence, Hop};
use crate::printable::{printable, shorten};
use crate::stored::texts::for_each_text;

/// One way to make evidence smaller.
pub(super) struct Cut {
    /// What is missing afterwards, for `left_out`; empty when an earlier note says it.
    pub(super) note: &'static str,
    /// Does it; `false` when there was nothing to cut.
    pub(super) apply: fn(&mut Evidence) -> bool,
}

/// Alignments that are kept to the last; more of them tell nothing new.
const ALIGNMENTS: usize = 2;
/// Steps of one evaluation that stay at the first cut.
const INCLUDED_STEPS: usize = 12;
/// Signatures that are kept to the last: no more are looked at.
const SIGNATURES: usize = posthorn_dkim::MAX_SIGNATURES;

/// The cuts, in order.
pub(super) const CUTS: &[Cut] = &[
    Cut {
        note: "SPF: most terms of included records that did not match",
        apply: |evidence| drop_steps(evidence, |nth, step| nth >= INCLUDED_STEPS && is_deep_miss(step)),
    },
    Cut {
        note: "SPF: all terms of included records that did not match",
        apply: |evidence| drop_steps(evidence, |_nth, step| is_deep_miss(step)),
    },
    Cut {
        note: "SPF: other terms that did not match",
        apply: |evidence| drop_steps(evidence, |_nth, step| step.outcome == StepOutcome::NoMatch),
    },
    Cut {
        note: "the ends of long records and texts",
        apply: |evidence| {
            shorten_records(evidence, 160);
            shorten_all(evidence, 300);
            true
        },
    },
    Cut {
        note: "DKIM: which fields are signed",
        apply: |evidence| {
            let mut cut = false;
            for signature in &mut evidence.dkim.signatures {
                cut |= !std::mem::take(&mut signature.headers).is_empty();
            }
            cut
        },
    },
    Cut {
        note: "stations in the middle of the way",
        apply: |evidence| middle(&mut evidence.path, 3, 2),
    },
    Cut {
        note: "ARC: what the forwarders say they found",
        apply: |evidence| {
            let links = evidence.dkim.arc.iter_mut().flat_map(|arc| &mut arc.links);
            links.fold(false, |cut, link| {
                cut | !std::mem::take(&mut link.results).is_empty()
            })
        },
    },
    Cut {
        note: "SPF: the remaining terms, and what the domain tells those it refuses",
        apply: |evidence| {
            let mut cut = drop_steps(evidence, |_nth, _step| true);
            for spf in [&mut evidence.spf, &mut evidence.spf_helo].into_iter().flatten() {
                cut |= spf.explanation.take().is_some();
            }
            cut
        },
    },
    Cut {
        note: "DMARC: names with nothing at them, and where reports go",
        apply: |evidence| {
            let Some(dmarc) = &mut evidence.dmarc else {
                return false;
            };
            let before = dmarc.walk.len().saturating_add(dmarc.report_to.len());
            dmarc.walk.retain(|asked| asked.found != Found::Nothing);
            dmarc.report_to.clear();
            dmarc.walk.len() < before
        },
    },
    Cut {
        note: "further authors and signs",
        apply: |evidence| {
            evidence.author.others.truncate(2);
            if let Some(impression) = &mut evidence.impression {
                impression.signs.truncate(6);
            }
            true
        },
    },
    Cut {
        note: "most of the records",
        apply: |evidence| {
            shorten_records(evidence, 40);
            shorten_all(evidence, 100);
            true
        },
    },
    Cut {
        note: "everything but the results",
        apply: |evidence| {
            essentials(evidence);
            shorten_all(evidence, 24);
            true
        },
    },
    // Only evidence that this program never gathers comes so far: every octet of its texts is one that JSON
    // writes as six.
    Cut {
        note: "",
        apply: |evidence| {
            evidence.left_out = vec!["everything but the results".to_owned()];
            shorten_all(evidence, 8);
            true
        },
    },
];

/// A term of an included record that did not match.
fn is_deep_miss(step: &Step) -> bool {
    step.outcome == StepOutcome::NoMatch && step.depth > 0
}

/// Drops steps; `is_dropped` is also told the how manieth of its evaluation a step is.
fn drop_steps(evidence: &mut Evidence, is_dropped: impl Fn(usize, &Step) -> bool) -> bool {
    let mut cut = false;
    for spf in [&mut evidence.spf, &mut evidence.spf_helo].into_iter().flatten() {
        let before = spf.steps.len();
        let mut nth: usize = 0;
        spf.steps.retain(|step| {
            let is_kept = !is_dropped(nth, step);
            nth = nth.saturating_add(1);
            is_kept
        });
        cut |= spf.steps.len() < before;
    }
    cut
}

/// Keeps the newest and the oldest hops.
fn middle(path: &mut Vec<Hop>, newest: usize, oldest: usize) -> bool {
    let kept = newest.saturating_add(oldest);
    if path.len() <= kept {
        return false;
    }
    path.drain(newest..path.len().saturating_sub(oldest));
    true
}

fn shorten_records(evidence: &mut Evidence, octets: usize) {
    let short = |record: &mut String| shorten(record, octets);
    for spf in [&mut evidence.spf, &mut evidence.spf_helo].into_iter().flatten() {
        spf.record.iter_mut().for_each(short);
    }
    for signature in &mut evidence.dkim.signatures {
        signature.key_record.iter_mut().for_each(short);
    }
    for asked in evidence.dmarc.iter_mut().flat_map(|dmarc| &mut dmarc.walk) {
        match &mut asked.found {
            Found::Record(text) | Found::Invalid(text) | Found::Failed(text) => short(text),
            Found::Nothing | Found::Several => {}
        }
    }
}

/// Takes away all that is no result and no name.
fn essentials(evidence: &mut Evidence) {
    evidence.left_out.clear();
    evidence.path.clear();
    evidence.author.others.clear();
    for spf in [&mut evidence.spf, &mut evidence.spf_helo].into_iter().flatten() {
        spf.record = None;
    }
    let dkim = &mut evidence.dkim;
    let beyond = dkim.signatures.len().saturating_sub(SIGNATURES);
    dkim.ignored = dkim
        .ignored
        .saturating_add(u32::try_from(beyond).unwrap_or(u32::MAX));
    dkim.signatures.truncate(SIGNATURES);
    for signature in &mut dkim.signatures {
        signature.key_record = None;
        signature.identity = None;
        signature.fingerprint.clear();
        signature.reason.clear();
        signature.signed_at = None;
        signature.expires_at = None;
    }
    if let Some(arc) = &mut dkim.arc {
        arc.links.clear();
    }
    if let Some(dmarc) = &mut evidence.dmarc {
        dmarc.walk.clear();
        dmarc.dkim.sort_by_key(|alignment| !alignment.aligned);
        dmarc.dkim.truncate(ALIGNMENTS);
    }
    if let Some(impression) = &mut evidence.impression {
        impression.signs.truncate(2);
    }
    if let Some(verdict) = &mut evidence.verdict {
        verdict.reasons.truncate(4);
    }
}

/// Cuts every text to `octets`, without control characters.
fn shorten_all(evidence: &mut Evidence, octets: usize) {
    for_each_text(evidence, &mut |text| {
        if text.len() > octets || text.chars().any(char::is_control) {
            *text = printable(text, octets);
        }
    });
}
