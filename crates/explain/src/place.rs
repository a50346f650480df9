//! Why the message lies where it lies.

use posthorn_trust::{Origin, Place, Reason};

use crate::explanation::Tone;
use crate::facts::Facts;
use crate::words::name;

pub(crate) fn place(facts: &Facts<'_>, tone: Tone) -> String {
    let Some(verdict) = &facts.evidence.verdict else {
        return without_verdict(facts);
    };
    let (because, although): (Vec<Reason>, Vec<Reason>) = verdict
        .reasons
        .iter()
        .take(3)
        .partition(|reason| leads_to(**reason, verdict.place));
    let words = |reasons: &[Reason]| {
        let words: Vec<String> = reasons.iter().map(|reason| why(facts, tone, *reason)).collect();
        words.join(", and ")
    };
    let because = match because.as_slice() {
        [] => "this server is set up to deliver such mail".to_owned(),
        some => words(some),
    };
    // A list that explains the failure says already what failed.
    let (put, although) = match verdict.place {
        Place::Inbox if !although.is_empty() && !verdict.reasons.contains(&Reason::ListExcuse) => (
            "It was put into the inbox",
            format!(", although {}", words(&although)),
        ),
        Place::Inbox => ("It was put into the inbox", String::new()),
        Place::Junk => ("It was put into Junk", String::new()),
        Place::Refused => ("It was refused", String::new()),
    };
    let is_asked = verdict.reasons.contains(&Reason::DmarcReject) && !facts.has_too_many_domains();
    let mercy = if verdict.place == Place::Junk && is_asked {
        format!(
            " {} asks to refuse such mail ({}); here you can still look at it.",
            facts.domain,
            published(facts, "p=reject")
        )
    } else {
        String::new()
    };
    format!(
        "{put}, because {because}{although}.{mercy}{}",
        moved(facts, verdict.place)
    )
}

/// Is it a reason for this place, and not one against it?
fn leads_to(reason: Reason, place: Place) -> bool {
    match reason {
        Reason::NothingAgainst
        | Reason::DmarcNone
        | Reason::ListExcuse
        | Reason::Ours
        | Reason::NotChecked => place == Place::Inbox,
        Reason::DmarcQuarantine | Reason::DmarcReject | Reason::DmarcRefused | Reason::Impersonation => {
            place != Place::Inbox
        }
    }
}

fn without_verdict(facts: &Facts<'_>) -> String {
    match (&facts.context.folder, &facts.evidence.origin) {
        (Some(folder), Origin::Placed) => format!(
            "It lies in {}, because a mail program or an import put it there.",
            name(folder)
        ),
        (Some(folder), _) => format!("It lies in {}; why is not recorded.", shown(folder)),
        (None, Origin::File) => "It lies in a file; no server has put it anywhere.".to_owned(),
        (None, _) => "It lies in no mailbox.".to_owned(),
    }
}

/// It lies elsewhere now than where it was put.
fn moved(facts: &Facts<'_>, place: Place) -> String {
    let Some(folder) = &facts.context.folder else {
        return String::new();
    };
    let is_there = match place {
        Place::Inbox => folder.eq_ignore_ascii_case("inbox"),
        Place::Junk => folder.eq_ignore_ascii_case("junk"),
        Place::Refused => true,
    };
    if is_there {
        return String::new();
    }
    format!(
        " It lies in {} now: a person, a mail program or a rule has moved it.",
        shown(folder)
    )
}

fn shown(folder: &str) -> String {
    if folder.eq_ignore_ascii_case("inbox") {
        "the inbox".to_owned()
    } else {
        name(folder)
    }
}

/// Half a sentence after "because".
fn why(facts: &Facts<'_>, tone: Tone, reason: Reason) -> String {
    let domain = &facts.domain;
    match reason {
        Reason::DmarcNone | Reason::DmarcQuarantine | Reason::DmarcReject | Reason::DmarcRefused
            if facts.has_too_many_domains() =>
        {
            "it names more senders than any honest message does".to_owned()
        }
        Reason::NothingAgainst if tone >= Tone::Caution => "what is odd about it proves nothing".to_owned(),
        Reason::NothingAgainst => "nothing spoke against it".to_owned(),
        Reason::DmarcNone => {
            format!(
                "{domain}, which does not vouch for it, asks for nothing to be done about such mail ({})",
                published(facts, "p=none")
            )
        }
        Reason::DmarcQuarantine => {
            format!(
                "{domain} does not vouch for it and asks to treat such mail as suspicious ({})",
                published(facts, "p=quarantine")
            )
        }
        Reason::DmarcReject => format!("{domain} does not vouch for it"),
        Reason::DmarcRefused => {
            format!(
                "{domain} does not vouch for it and asks to refuse such mail ({})",
                published(facts, "p=reject")
            )
        }
        Reason::ListExcuse => match facts.list() {
            Some(list) => {
                format!("it came through the mailing list {list}, which explains why the check failed")
            }
            None => "it came through a mailing list, which explains why the check failed".to_owned(),
        },
        Reason::Impersonation => "its sender looks like somebody who pretends to be somebody else".to_owned(),
        Reason::Ours => "one of your own people sent it, logged in".to_owned(),
        Reason::NotChecked => not_checked(facts).to_owned(),
    }
}

/// The words of the record that say so: `sp=reject`, `p=quarantine; t=y`.
fn published(facts: &Facts<'_>, usually: &str) -> String {
    let dmarc = facts.evidence.dmarc.as_ref();
    let stated = dmarc.and_then(|dmarc| Some((dmarc, dmarc.tag?, dmarc.published?)));
    let Some((dmarc, tag, published)) = stated else {
        return usually.to_owned();
    };
    let is_lowered = dmarc.testing && published != dmarc.policy;
    format!("{tag}={published}{}", if is_lowered { "; t=y" } else { "" })
}

fn not_checked(facts: &Facts<'_>) -> &'static str {
    match facts.evidence.origin {
        Origin::Generated => "this server wrote it to you",
        Origin::Placed => "a mail program or an import put it there",
        Origin::Ours(_) => "one of your own people sent it, logged in",
        Origin::Outside | Origin::File => "nothing was checked, and so nothing is known against it",
    }
}
