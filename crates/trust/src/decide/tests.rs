//! Where messages are put.

use posthorn_dkim::{ArcChain, Verification};
use posthorn_spf::Identity;

use super::*;
use crate::evidence::{Hop, Iprev};
use crate::testing::{dmarc, evidence, signature, spf};

/// A stranger's machine claims to be the bank, and nothing speaks for it.
fn forged(policy: Policy) -> Evidence {
    let mut forged = evidence();
    forged.spf = Some(spf(Identity::MailFrom, "bank.example", SpfResult::Fail));
    forged.spf_helo = Some(spf(Identity::Helo, "localhost", SpfResult::None));
    forged.dkim = Verification::default();
    forged.dmarc = Some(dmarc(DmarcResult::Fail, policy));
    forged.path.clear();
    set_iprev(&mut forged, IprevResult::PermError);
    forged
}

fn set_iprev(evidence: &mut Evidence, result: IprevResult) {
    evidence.connection.as_mut().unwrap().iprev = Some(Iprev { result, name: None });
}

fn rules(on_reject: OnReject) -> Rules {
    Rules {
        on_reject,
        ..Rules::default()
    }
}

fn placed(evidence: &Evidence, rules: &Rules) -> (Place, Vec<Reason>) {
    let verdict = decide(evidence, rules, None);
    (verdict.place, verdict.reasons)
}

fn danger() -> Impression {
    Impression {
        level: Level::Danger,
        ..Impression::default()
    }
}

#[test]
fn what_passes_goes_to_the_inbox() {
    assert_eq!(
        placed(&evidence(), &Rules::default()),
        (Place::Inbox, vec![Reason::NothingAgainst])
    );
}

#[test]
fn a_published_policy_decides_about_what_fails() {
    let place = |policy| placed(&forged(policy), &Rules::default());
    assert_eq!(place(Policy::None), (Place::Inbox, vec![Reason::DmarcNone]));
    assert_eq!(
        place(Policy::Quarantine),
        (Place::Junk, vec![Reason::DmarcQuarantine])
    );
    // Everything else agrees with the policy here; where it does not, or nobody knows, it is Junk.
    assert_eq!(
        place(Policy::Reject),
        (Place::Refused, vec![Reason::DmarcRefused])
    );
    let junk = Rules {
        on_reject: OnReject::Junk,
        ..Rules::default()
    };
    assert_eq!(
        placed(&forged(Policy::Reject), &junk),
        (Place::Junk, vec![Reason::DmarcReject])
    );
    let lenient = Rules {
        on_quarantine: OnQuarantine::Inbox,
        ..Rules::default()
    };
    assert_eq!(
        placed(&forged(Policy::Quarantine), &lenient),
        (Place::Inbox, vec![Reason::DmarcQuarantine])
    );
}

#[test]
fn a_hard_failure_of_spf_alone_does_nothing() {
    for result in [DmarcResult::None, DmarcResult::Pass, DmarcResult::PermError] {
        let mut evidence = forged(Policy::Reject);
        evidence.dmarc = Some(dmarc(result, Policy::Reject));
        for on_reject in [OnReject::Junk, OnReject::Refuse, OnReject::RefuseIfOthersAgree] {
            assert_eq!(
                placed(&evidence, &rules(on_reject)).0,
                Place::Inbox,
                "{result} {on_reject:?}"
            );
        }
    }
}

#[test]
fn what_the_dns_could_not_tell_is_not_held_against_anybody() {
    let mut evidence = forged(Policy::Reject);
    evidence.dmarc = Some(dmarc(DmarcResult::TempError, Policy::Reject));
    assert_eq!(placed(&evidence, &rules(OnReject::Refuse)).0, Place::Inbox);
}

#[test]
fn a_plain_forgery_is_refused_where_the_setting_says_so() {
    let refused = (Place::Refused, vec![Reason::DmarcRefused]);
    assert_eq!(placed(&forged(Policy::Reject), &rules(OnReject::Refuse)), refused);
    assert_eq!(
        placed(&forged(Policy::Reject), &rules(OnReject::RefuseIfOthersAgree)),
        refused
    );
    assert_eq!(
        placed(&forged(Policy::Quarantine), &rules(OnReject::Refuse)).0,
        Place::Junk
    );
}

/// Each of these may be a list or a forward, or is not known.
#[test]
fn any_one_excuse_keeps_a_message_from_being_refused() {
    type Excuse = fn(&mut Evidence);
    let excuses: [(&str, Excuse); 13] = [
        ("a name", |evidence| set_iprev(evidence, IprevResult::Pass)),
        ("a name unknown", |evidence| {
            set_iprev(evidence, IprevResult::TempError);
        }),
        ("no iprev", |evidence| {
            evidence.connection.as_mut().unwrap().iprev = None;
        }),
        ("no connection", |evidence| evidence.connection = None),
        ("a hop", |evidence| {
            evidence.path = crate::testing::evidence().path;
        }),
        ("a list", |evidence| {
            evidence.author.list = Some("l.test".to_owned());
        }),
        ("ARC", |evidence| {
            evidence.dkim.arc = Some(ArcChain {
                result: DkimResult::Fail,
                reason: String::new(),
                links: Vec::new(),
            });
        }),
        ("a broken signature", |evidence| {
            evidence.dkim.signatures = vec![signature("mail.bank.example", DkimResult::Fail)];
        }),
        ("signatures nobody looked at", |evidence| {
            evidence.dkim.ignored = 1;
        }),
        ("SPF soft", |evidence| {
            evidence.spf = Some(spf(Identity::MailFrom, "bank.example", SpfResult::SoftFail));
        }),
        ("SPF of another", |evidence| {
            evidence.spf = Some(spf(Identity::MailFrom, "notbank.example", SpfResult::Fail));
        }),
        ("the null path", |evidence| evidence.reverse_path.clear()),
        ("a HELO name that passes", |evidence| {
            evidence.spf_helo = Some(spf(Identity::Helo, "mx.test", SpfResult::Pass));
        }),
    ];
    for (what, excuse) in excuses {
        let mut evidence = forged(Policy::Reject);
        excuse(&mut evidence);
        assert_eq!(
            placed(&evidence, &rules(OnReject::RefuseIfOthersAgree)),
            (Place::Junk, vec![Reason::DmarcReject]),
            "{what}"
        );
    }
}

#[test]
fn a_signature_of_a_stranger_is_no_excuse() {
    let mut evidence = forged(Policy::Reject);
    evidence.dkim.signatures = vec![signature("evil.test", DkimResult::Pass)];
    assert_eq!(
        placed(&evidence, &rules(OnReject::RefuseIfOthersAgree)).0,
        Place::Refused
    );
}

#[test]
fn a_list_that_is_vouched_for_and_known_excuses() {
    let mut evidence = forged(Policy::Reject);
    evidence.author.list = Some("Users.Lists.Example.Org".to_owned());
    evidence.path = vec![Hop {
        from: None,
        ip: None,
        by: None,
        with: None,
        tls: false,
        at: None,
    }];
    let knows = Rules {
        knows_list: true,
        ..rules(OnReject::Refuse)
    };
    assert_eq!(
        (evidence.list_domain(), placed(&evidence, &knows).0),
        (None, Place::Refused)
    );
    evidence.dkim.signatures = vec![signature("example.org", DkimResult::Pass)];
    assert_eq!(evidence.list_domain(), Some("example.org"));
    assert_eq!(
        placed(&evidence, &knows),
        (Place::Inbox, vec![Reason::ListExcuse, Reason::DmarcReject])
    );
    let unknown = rules(OnReject::Refuse);
    assert_eq!(placed(&evidence, &unknown).0, Place::Refused);
}

#[test]
fn a_list_is_vouched_for_by_its_own_domain_alone() {
    let vouched = |list: &str, domain: &str, result| {
        let mut evidence = forged(Policy::Reject);
        evidence.author.list = Some(list.to_owned());
        evidence.dkim.signatures = vec![signature(domain, result)];
        evidence.list_domain().is_some()
    };
    assert!(vouched("a.lists.test", "lists.test", DkimResult::Pass));
    assert!(!vouched("a.lists.test", "lists.test", DkimResult::Fail));
    assert!(!vouched("a.notlists.test", "lists.test", DkimResult::Pass));
    assert!(!vouched("a.lists.test", "test", DkimResult::Pass));
    assert!(!vouched("lists.test.evil", "lists.test", DkimResult::Pass));
}

#[test]
fn impersonation_goes_to_junk_and_says_so_first() {
    let verdict = decide(&evidence(), &Rules::default(), Some(&danger()));
    assert_eq!(
        (verdict.place, verdict.reasons),
        (Place::Junk, vec![Reason::Impersonation])
    );
    let junk = Rules {
        on_reject: OnReject::Junk,
        ..Rules::default()
    };
    let verdict = decide(&forged(Policy::Reject), &junk, Some(&danger()));
    assert_eq!(
        (verdict.place, verdict.reasons),
        (Place::Junk, vec![Reason::DmarcReject, Reason::Impersonation])
    );
    let lenient = Rules {
        on_impersonation: OnImpersonation::Inbox,
        ..Rules::default()
    };
    let verdict = decide(&evidence(), &lenient, Some(&danger()));
    assert_eq!(
        (verdict.place, verdict.reasons),
        (Place::Inbox, vec![Reason::Impersonation])
    );
    let caution = Impression {
        level: Level::Caution,
        ..Impression::default()
    };
    assert_eq!(
        decide(&evidence(), &Rules::default(), Some(&caution)).place,
        Place::Inbox
    );
}

#[test]
fn a_known_list_does_not_excuse_impersonation() {
    let mut evidence = forged(Policy::Quarantine);
    evidence.author.list = Some("l.lists.example".to_owned());
    evidence.dkim.signatures = vec![signature("lists.example", DkimResult::Pass)];
    let knows = Rules {
        knows_list: true,
        ..Rules::default()
    };
    assert_eq!(decide(&evidence, &knows, Some(&danger())).place, Place::Junk);
}

#[test]
fn our_own_mail_and_what_was_put_there_is_not_judged() {
    for (origin, reason) in [
        (Origin::Ours("anna@ours.example".to_owned()), Reason::Ours),
        (Origin::Generated, Reason::NotChecked),
        (Origin::Placed, Reason::NotChecked),
    ] {
        let mut evidence = forged(Policy::Reject);
        evidence.origin = origin;
        let verdict = decide(&evidence, &rules(OnReject::Refuse), Some(&danger()));
        assert_eq!((verdict.place, verdict.reasons), (Place::Inbox, vec![reason]));
    }
}
