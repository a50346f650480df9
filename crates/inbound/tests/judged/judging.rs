//! Where a message is put, and who decides that.

use posthorn_base::AccountId;
use posthorn_dmarc::DmarcResult;
use posthorn_impersonation::{Level, SignKind};
use posthorn_trust::{Place, Reason};

use crate::house::*;

/// Where the one message of an account lies, with the reasons its evidence gives.
fn lies(house: &House, account: AccountId) -> (&'static str, Vec<Reason>) {
    let inbox = house.folder(account, "INBOX");
    let name = if inbox.is_empty() { "Junk" } else { "INBOX" };
    let verdict = house.only(account, name).evidence.verdict.unwrap();
    let place = if name == "Junk" { Place::Junk } else { Place::Inbox };
    assert_eq!(verdict.place, place, "the evidence says what was done");
    (name, verdict.reasons)
}

fn refusal(turned: Result<(), Turned>) -> String {
    match turned {
        Err(Turned::Away(words)) => words,
        other => panic!("not refused: {other:?}"),
    }
}

#[test]
fn what_a_domain_asks_to_quarantine_lies_in_junk_with_its_evidence() {
    let house = House::new();
    let letter = Letter {
        text: text("Shop <news@shop.example>"),
        ..forged(vec![to(ANNA)])
    };
    house.arrives(letter).unwrap();
    let copy = house.only(ANNA, "Junk");
    let dmarc = copy.evidence.dmarc.unwrap();
    assert_eq!(
        (dmarc.result, dmarc.domain.as_str()),
        (DmarcResult::Fail, "shop.example")
    );
    assert_eq!(copy.evidence.connection.unwrap().ip.to_string(), "203.0.113.66");
    let verdict = copy.evidence.verdict.unwrap();
    assert_eq!(
        (verdict.place, verdict.reasons),
        (Place::Junk, vec![Reason::DmarcQuarantine])
    );
    let (fields, _) = copy.text.split_once("Received: ").unwrap();
    assert!(
        fields.contains("\r\nAuthentication-Results: mx.ours.test;"),
        "{fields}"
    );
    assert!(fields.contains("dmarc=fail"), "{fields}");
}

#[test]
fn what_a_domain_vouches_for_lies_in_the_inbox() {
    let house = House::new();
    house.rule("reject=refuse");
    house.arrives(genuine(vec![to(ANNA), to(CARL)])).unwrap();
    for account in [ANNA, CARL] {
        assert_eq!(lies(&house, account), ("INBOX", vec![Reason::NothingAgainst]));
    }
}

#[test]
fn reject_means_junk_by_default_and_refusal_where_the_rules_say_so() {
    let house = House::new();
    house.arrives(forged(vec![to(CARL)])).unwrap();
    assert_eq!(lies(&house, CARL), ("Junk", vec![Reason::DmarcReject]));

    house.rule("reject=refuse");
    let words = refusal(house.arrives(forged(vec![to(CARL)])));
    assert!(words.starts_with("bank.example asks to refuse mail"), "{words}");
    assert_eq!(house.folder(CARL, "Junk").len(), 1, "nothing of it is stored");
}

#[test]
fn refuse_if_sure_refuses_only_what_everything_speaks_against() {
    let house = House::new();
    house.rule("reject=refuse-if-sure");
    // Another reverse path and a server with a name: it could have been forwarded.
    house.arrives(forged(vec![to(CARL)])).unwrap();
    assert_eq!(lies(&house, CARL), ("Junk", vec![Reason::DmarcReject]));
    let letter = Letter {
        ip: NOBODY,
        reverse_path: "info@bank.example",
        ..forged(vec![to(CARL)])
    };
    refusal(house.arrives(letter));
}

#[test]
fn a_domain_can_have_its_quarantine_delivered() {
    let house = House::new();
    house.rule("quarantine=inbox");
    let letter = Letter {
        text: text("Shop <news@shop.example>"),
        ..forged(vec![to(CARL)])
    };
    house.arrives(letter).unwrap();
    assert_eq!(lies(&house, CARL), ("INBOX", vec![Reason::DmarcQuarantine]));
}

#[test]
fn who_would_refuse_finds_in_junk_what_another_takes() {
    let house = House::new();
    house.rule("reject=refuse");
    house.arrives(forged(vec![to(CARL), to(ANNA)])).unwrap();
    for account in [ANNA, CARL] {
        assert_eq!(lies(&house, account), ("Junk", vec![Reason::DmarcReject]));
    }
}

#[test]
fn what_nobody_here_wants_is_not_passed_on_either() {
    let house = House::new();
    house.rule("reject=refuse");
    let all = vec![to(CARL), passed_on("team@strict.test", "x@far.test")];
    refusal(house.arrives(forged(all)));
    // Somebody who is passed mail by a domain without such rules takes it.
    let all = vec![to(CARL), passed_on("team@ours.test", "x@far.test")];
    house.arrives(forged(all)).unwrap();
    assert_eq!(lies(&house, CARL), ("Junk", vec![Reason::DmarcReject]));
}

#[test]
fn a_second_address_beside_the_banks_frees_nobody() {
    for from in [
        "The Bank <info@bank.example>, x@attacker.test",
        "x@attacker.test\r\nFrom: The Bank <info@bank.example>",
    ] {
        let house = House::new();
        let letter = |account| Letter {
            text: text(from),
            ..forged(vec![to(account)])
        };
        house.arrives(letter(ANNA)).unwrap();
        assert_eq!(lies(&house, ANNA), ("Junk", vec![Reason::DmarcReject]), "{from}");
        house.rule("reject=refuse");
        let words = refusal(house.arrives(letter(CARL)));
        assert!(words.starts_with("bank.example asks"), "{words}");
    }
}

#[test]
fn of_several_authors_only_the_one_who_failed_is_said_to_have_failed() {
    let house = House::new();
    let letter = Letter {
        text: text("x@attacker.test, The Bank <info@bank.example>"),
        ..forged(vec![to(ANNA)])
    };
    house.arrives(letter).unwrap();
    let impression = house.only(ANNA, "Junk").evidence.impression.unwrap();
    let disowned = impression
        .signs
        .iter()
        .find(|sign| sign.kind == SignKind::Disowned);
    assert_eq!(disowned, None);
}

#[test]
fn more_authors_than_anybody_has_are_refused_as_such() {
    let house = House::new();
    house.rule("reject=refuse");
    let letter = Letter {
        text: text("a@a.test, b@b.test, c@c.test, d@d.test, info@bank.example"),
        ..forged(vec![to(CARL)])
    };
    let words = refusal(house.arrives(letter));
    assert_eq!(
        words,
        "The From field names more domains than anybody writes there"
    );
}

#[test]
fn a_stranger_with_the_name_of_a_colleague_lies_in_junk() {
    let house = House::new();
    // Anna's name is known from the mail she sends.
    house.anna_sends(&text("Anna Huber <anna@ours.test>"), vec![to(BEA)], day(0));
    let letter = |account| Letter {
        text: text("Anna Huber <anna.huber@quickmail.test>\r\nReply-To: boss@elsewhere.test"),
        ..forged(vec![to(account)])
    };
    // Carl is of another house on the same server: Anna's name is nothing to him.
    house.arrives(letter(CARL)).unwrap();
    let verdict = house.only(CARL, "INBOX").evidence.verdict.unwrap();
    assert_eq!(verdict.reasons, [Reason::NothingAgainst]);

    house.arrives(letter(BEA)).unwrap();
    let copy = house.folder(BEA, "Junk").remove(0);
    let impression = copy.evidence.impression.unwrap();
    assert_eq!(impression.level, Level::Danger, "{impression:?}");
    assert_eq!(impression.pretends.as_deref(), Some("anna@ours.test"));
    let reasons = copy.evidence.verdict.unwrap().reasons;
    assert_eq!(reasons, [Reason::Impersonation]);

    house.rule_of("ours.test", "impersonation=inbox");
    house.arrives(letter(BEA)).unwrap();
    let copy = house.folder(BEA, "INBOX").pop().unwrap();
    assert_eq!(copy.evidence.verdict.unwrap().reasons, [Reason::Impersonation]);
}

#[test]
fn our_own_people_are_not_judged() {
    let house = House::new();
    house.rule("reject=refuse");
    // Of a domain that is not ours, with an address at which Anna reads mail.
    house.anna_sends(&text("Anna <info@bank.example>"), vec![to(CARL)], day(0));
    assert_eq!(lies(&house, CARL), ("INBOX", vec![Reason::Ours]));
    assert_eq!(house.only(CARL, "INBOX").evidence.impression, None);
}
