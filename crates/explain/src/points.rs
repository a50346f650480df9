//! What else a reader should know at once, and what to know about the explanation itself.

use posthorn_impersonation::{Level, SignKind};
use posthorn_spf::SpfResult;
use posthorn_trust::{Origin, VERSION};

use crate::explanation::Tone;
use crate::facts::{Facts, Stand};
use crate::free_mail::is_free_mail;
use crate::words::{clean, listed, moment, name, sentence};

/// The most sentences.
const MAX_POINTS: usize = 3;

/// What else a reader should know, the most useful first, and nothing that the headline says already.
pub(crate) fn points(facts: &Facts<'_>, tone: Tone, headline: &str) -> Vec<String> {
    let mut points = Vec::new();
    if facts.is_from_outside() {
        points.extend(what_to_do(facts, tone));
        points.extend(pretence(facts));
        points.extend(first_contact(facts, tone));
        points.extend(reply_to(facts, headline));
        points.extend(testing(facts));
        points.extend(broken_spf(facts));
    }
    points.extend(forwarded(facts));
    points.truncate(MAX_POINTS);
    points
}

/// What a reader can do about it.
fn what_to_do(facts: &Facts<'_>, tone: Tone) -> Option<String> {
    let text = match tone {
        Tone::Danger => {
            "Do not open its links or attachments and do not answer; if it could matter, ask the person it names in \
             another way, by telephone for example."
        }
        Tone::Caution
            if facts.has_sign(SignKind::ReplyElsewhere) || facts.has_sign(SignKind::BorrowedName) =>
        {
            "If it asks for money, passwords or a quick favour, ask the person it names in another way first."
        }
        Tone::Caution | Tone::Neutral | Tone::Good => return None,
    };
    Some(text.to_owned())
}

/// The facts behind a danger, which the headline only names.
fn pretence(facts: &Facts<'_>) -> Option<String> {
    if facts.warning() != Level::Danger {
        return None;
    }
    let odd = facts.signs().iter().filter(|sign| sign.weight > 1).take(3);
    let odd: Vec<String> = odd.map(|sign| clean(&sign.what, 300)).collect();
    let text = odd.join("; ");
    (!text.is_empty()).then(|| sentence(&text))
}

fn first_contact(facts: &Facts<'_>, tone: Tone) -> Option<String> {
    let is_told_already = match tone {
        // The headline says it of mail that is vouched for.
        Tone::Good => matches!(facts.stand(), Stand::Signed(_) | Stand::Listed) && !was_forwarded(facts),
        Tone::Danger => true,
        Tone::Neutral | Tone::Caution => false,
    };
    (facts.has_sign(SignKind::FirstContact) && !is_told_already)
        .then(|| format!("It is the first message you have from {}.", facts.address))
}

fn was_forwarded(facts: &Facts<'_>) -> bool {
    !is_free_mail(facts.from_domain) && (facts.forwarder().is_some() || facts.list().is_some())
}

fn reply_to(facts: &Facts<'_>, headline: &str) -> Option<String> {
    let reply_to = facts.evidence.author.reply_to.as_deref()?;
    let domain = reply_to.rsplit_once('@').map_or("", |(_, domain)| domain);
    let reply_to = name(reply_to);
    let is_told = headline.contains(&reply_to)
        || (facts.warning() == Level::Danger && facts.has_sign(SignKind::ReplyElsewhere));
    (!facts.is_kin(domain) && !is_told).then(|| format!("An answer would go to {reply_to}."))
}

fn broken_spf(facts: &Facts<'_>) -> Option<String> {
    let spf = facts.evidence.spf.as_ref()?;
    let is_told = spf.result == SpfResult::PermError && facts.is_kin(&spf.domain) && !spf.reason.is_empty();
    is_told.then(|| sentence(&clean(&spf.reason, 300)))
}

/// Passed on by this server.
fn forwarded(facts: &Facts<'_>) -> Option<String> {
    let to: Vec<String> = facts
        .context
        .forwarded_to
        .iter()
        .take(4)
        .map(|to| name(to))
        .collect();
    if to.is_empty() {
        return None;
    }
    let to = listed(&to);
    let is_rewritten = facts.is_from_outside() && !facts.evidence.reverse_path.is_empty();
    Some(if is_rewritten {
        format!(
            "This server passed it on to {to} and put its own name into the return address (SRS), so that bounces find \
             their way back; signatures are left as they were."
        )
    } else {
        format!("This server passed it on to {to} with its return address as it was.")
    })
}

fn testing(facts: &Facts<'_>) -> Option<String> {
    let dmarc = facts.evidence.dmarc.as_ref()?;
    let published = dmarc
        .published
        .filter(|published| dmarc.testing && *published != dmarc.policy)?;
    matches!(facts.stand(), Stand::Disowned).then(|| {
        format!(
            "{} is still testing its policy (t=y): it would ask for {published}, and for now this counts as {}.",
            name(dmarc.policy_domain.as_deref().unwrap_or(&dmarc.domain)),
            dmarc.policy
        )
    })
}

/// What to know about this explanation.
pub(crate) fn notes(facts: &Facts<'_>) -> Vec<String> {
    let evidence = facts.evidence;
    let mut notes = Vec::new();
    if facts.is_from_outside() {
        notes.push(
            "SPF, DKIM and DMARC vouch for a domain, not for a person: whoever may use an address there, or has \
             broken into it, passes too."
                .to_owned(),
        );
    }
    if evidence.origin == Origin::File || facts.context.evaluated_now {
        notes.push(format!(
            "Nothing was recorded when this message arrived; it was judged on {}, with what the DNS says now. Keys and \
             records may have changed since.",
            moment(facts.context.now.as_secs())
        ));
    } else {
        notes.push(format!(
            "Recorded by {} on {}.",
            name(&evidence.by),
            moment(evidence.at)
        ));
    }
    if evidence.version > VERSION {
        notes.push(format!(
            "A newer version of this program recorded it (evidence version {}, this one knows {VERSION}): some of it \
             may be missing here.",
            evidence.version
        ));
    }
    if !evidence.left_out.is_empty() {
        let left_out: Vec<String> = evidence
            .left_out
            .iter()
            .take(16)
            .map(|what| clean(what, 200))
            .collect();
        notes.push(format!(
            "Not known, or left out to keep the record short: {}.",
            left_out.join("; ")
        ));
    }
    notes
}
