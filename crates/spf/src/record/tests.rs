//! Records read, written and added to.

use proptest::prelude::*;

use super::*;

fn record(text: &str) -> Record {
    Record::parse(text).unwrap()
}

fn what(text: &str) -> String {
    Record::parse(text).unwrap_err().to_string()
}

#[test]
fn every_kind_of_term_is_read_and_printed_as_it_was_written() {
    let text = "v=spf1 +a MX/24//64 ?a:web.example.org/28 -ptr:example.org include:%{d2}.spf.test ~exists:%{ir}.%%.list.test \
                ip4:192.0.2.0/24 IP6:2001:DB8::/32 unknown.x-1=%{l}foo exp=why.example.org redirect=_spf.example.org";
    assert_eq!(record(text).to_string(), text);
    assert_eq!(record("V=SPF1  mx   -all  ").to_string(), "v=spf1 mx -all");
    assert_eq!(record("v=spf1").to_string(), "v=spf1");
}

#[test]
fn terms_can_be_walked() {
    let record = record("v=spf1 mx a:web.test -all ip4:192.0.2.1 redirect=x.test exp=y.test");
    let seen: Vec<&str> = record.directives().map(|(term, _)| term.as_str()).collect();
    assert_eq!(
        seen,
        ["mx", "a:web.test", "-all"],
        "what follows all is not looked at"
    );
    assert_eq!(record.all(), Some(Qualifier::Fail));
    assert!(record.redirect().is_none(), "all matches before it");
    assert_eq!(record.explanation().map(DomainSpec::as_str), Some("y.test"));
    assert_eq!(record.terms().len(), 6);
    let second = record.terms()[1].directive().unwrap();
    let name = second.mechanism.domain().and_then(DomainSpec::fixed_name);
    assert_eq!(name.as_deref(), Some("web.test"));
}

#[test]
fn each_fault_is_named_in_words() {
    for (text, expected) in [
        (
            "v=spf10 mx",
            "an SPF record begins with v=spf1 and a space (v=spf10)",
        ),
        ("v=spf1 moo", "SPF knows no such term (moo)"),
        ("v=spf1 all.", "there is a dot behind the term (all.)"),
        (
            "v=spf1 192.0.2.1",
            "an address cannot stand alone; it is written as ip4:... or ip6:... (192.0.2.1)",
        ),
        (
            "v=spf1 a:192.0.2.1",
            "192.0.2.1 is an address, not a name; addresses are written as ip4:... or ip6:... (a:192.0.2.1)",
        ),
        (
            "v=spf1 ip4:192.0.2",
            "this is not a complete IPv4 address (four numbers from 0 to 255 with dots between them) (ip4:192.0.2)",
        ),
        (
            "v=spf1 ip4:2001:db8::1",
            "this is an IPv6 address; it is written as ip6:... (ip4:2001:db8::1)",
        ),
        (
            "v=spf1 ip4:192.0.2.1/33",
            "the length of the network must be a number from 0 to 32 (ip4:192.0.2.1/33)",
        ),
        (
            "v=spf1 redirect:a.test",
            "behind redirect must come = and a domain (redirect:a.test)",
        ),
        (
            "v=spf1 include",
            "behind include must come : and a domain (include)",
        ),
        (
            "v=spf1 include:",
            "no domain is given where one is needed (include:)",
        ),
        (
            "v=spf1 include:museum",
            "the domain is not complete: it has no dot in it (include:museum)",
        ),
        (
            "v=spf1 a:x.%{z}",
            "a macro has a letter that SPF does not know (a:x.%{z})",
        ),
        (
            "v=spf1 a:%{c}.test",
            "the macro letter c is for explanation texts only (a:%{c}.test)",
        ),
        (
            "v=spf1 a:%{d",
            "a macro that begins with %{ is not closed by } (a:%{d)",
        ),
        (
            "v=spf1 mx\t-all",
            "it has a character that does not print, such as a tab or a line break (mx?-all)",
        ),
        (
            "v=spf1 include:bücher.test",
            "it has a character outside ASCII (an international name is written in its xn-- form) (include:b?cher.test)",
        ),
        (
            "v=spf1 exp=a.test exp=b.test",
            "a record may have this modifier only once, and it stands there twice (exp=b.test)",
        ),
    ] {
        assert_eq!(what(text), expected, "{text}");
    }
}

#[test]
fn all_faults_are_found_at_once() {
    let found = faults("v=spf1 moo mx ip4:1.2.3 include: -all");
    let terms: Vec<&str> = found.iter().map(|fault| fault.text.as_str()).collect();
    assert_eq!(terms, ["moo", "ip4:1.2.3", "include:"]);
    assert!(faults("v=spf1 mx -all").is_empty());
    assert_eq!(faults(&format!("v=spf1{}", " moo".repeat(1000))).len(), 20);
}

#[test]
fn an_escape_may_end_a_domain_and_a_text_that_only_looks_like_one_may_not() {
    assert!(Record::parse("v=spf1 a:x%%").is_ok());
    assert!(Record::parse("v=spf1 a:x.test%%-").is_err());
}

fn added(text: &str, mechanism: Mechanism) -> (Addition, String) {
    let mut record = record(text);
    let addition = record.add(mechanism, "example.org");
    (addition, record.to_string())
}

#[test]
fn what_is_added_comes_before_all_or_redirect_or_at_the_end() {
    for (text, expected) in [
        ("v=spf1 a -all exp=x.test", "v=spf1 a mx -all exp=x.test"),
        ("v=spf1 redirect=x.test", "v=spf1 mx redirect=x.test"),
        (
            "v=spf1 redirect=x.test a ~all",
            "v=spf1 redirect=x.test a mx ~all",
        ),
        ("v=spf1 a", "v=spf1 a mx"),
        ("v=spf1 ?all mx", "v=spf1 mx ?all mx"),
    ] {
        let (addition, result) = added(text, Mechanism::own_mail_hosts());
        assert_eq!((addition, result.as_str()), (Addition::Added, expected));
    }
}

#[test]
fn what_is_there_already_is_not_added_again() {
    let present = |text: &str, mechanism: Mechanism, term: &str| {
        let (addition, after) = added(text, mechanism);
        assert_eq!(addition, Addition::Present(term.to_owned()), "{text}");
        assert_eq!(after, text);
    };
    let address = Mechanism::address("192.0.2.7".parse().unwrap());
    present("v=spf1 +MX -all", Mechanism::own_mail_hosts(), "+MX");
    present(
        "v=spf1 mx:Example.org. -all",
        Mechanism::own_mail_hosts(),
        "mx:Example.org.",
    );
    present("v=spf1 mx/24 -all", Mechanism::own_mail_hosts(), "mx/24");
    present("v=spf1 ip4:192.0.2.0/24 -all", address, "ip4:192.0.2.0/24");
    let include = Mechanism::include("_spf.provider.test").unwrap();
    present(
        "v=spf1 include:_SPF.provider.test ~all",
        include,
        "include:_SPF.provider.test",
    );
}

#[test]
fn what_the_owner_forbids_is_left_to_him() {
    let (addition, after) = added("v=spf1 -mx ~all", Mechanism::own_mail_hosts());
    assert_eq!(addition, Addition::Contradicted("-mx".to_owned()));
    assert_eq!(after, "v=spf1 -mx ~all");
}

#[test]
fn a_new_record_reads_back() {
    let new = Record::new(
        vec![
            Mechanism::own_mail_hosts(),
            Mechanism::address("2001:db8::1".parse().unwrap()),
        ],
        Qualifier::SoftFail,
    );
    assert_eq!(new.to_string(), "v=spf1 mx ip6:2001:db8::1 ~all");
    assert_eq!(record(&new.to_string()), new);
}

#[test]
fn networks_have_borders() {
    let is_in = |ip: &str, network: &str, prefix| {
        is_in_network(ip.parse().unwrap(), network.parse().unwrap(), prefix)
    };
    assert!(is_in("192.0.2.255", "192.0.2.0", 24));
    assert!(!is_in("192.0.3.0", "192.0.2.0", 24));
    assert!(is_in("8.8.8.8", "192.0.2.0", 0));
    assert!(is_in("2001:db8::1", "2001:db8:ffff::", 32));
    assert!(!is_in("2001:db9::", "2001:db8::", 32));
    assert!(is_in("::1", "ffff::", 0));
    assert!(!is_in("192.0.2.1", "::ffff:192.0.2.1", 0));
}

fn domain() -> impl Strategy<Value = DomainSpec> {
    let part = prop_oneof![
        "[a-z0-9_-]{1,12}",
        "%\\{[sSlLoOdDiIpPvVhH][1-9]?r?[.,/_=+-]{0,3}\\}",
        Just("%%".to_owned()),
        Just("%_".to_owned()),
        Just("a/24".to_owned()),
    ];
    let end = prop_oneof!["\\.[a-z]{2,8}\\.?", "\\.%\\{d[1-9]?\\}"];
    (proptest::collection::vec(part, 1..4), end)
        .prop_map(|(parts, end)| DomainSpec::parse(&format!("{}{end}", parts.join("."))).unwrap())
}

fn mechanism() -> impl Strategy<Value = Mechanism> {
    let hosts = || {
        (proptest::option::of(domain()), 0_u8..=32, 0_u8..=128).prop_map(|(domain, prefix4, prefix6)| Hosts {
            domain,
            prefix4,
            prefix6,
        })
    };
    prop_oneof![
        Just(Mechanism::All),
        domain().prop_map(Mechanism::Include),
        domain().prop_map(Mechanism::Exists),
        proptest::option::of(domain()).prop_map(Mechanism::Ptr),
        hosts().prop_map(Mechanism::A),
        hosts().prop_map(Mechanism::Mx),
        (any::<[u8; 4]>(), 0_u8..=32).prop_map(|(octets, prefix)| Mechanism::Ip4 {
            network: octets.into(),
            prefix
        }),
        (any::<[u8; 16]>(), 0_u8..=128).prop_map(|(octets, prefix)| Mechanism::Ip6 {
            network: octets.into(),
            prefix
        }),
    ]
}

fn term() -> impl Strategy<Value = Term> {
    let qualifier = prop_oneof![
        Just(Qualifier::Pass),
        Just(Qualifier::Fail),
        Just(Qualifier::SoftFail),
        Just(Qualifier::Neutral),
    ];
    let unknown = ("[a-df-qs-z][a-z0-9_.-]{0,8}", "[a-z:/=]{0,12}")
        .prop_map(|(name, value)| Meaning::Unknown { name, value });
    prop_oneof![
        (qualifier, mechanism())
            .prop_map(|(qualifier, mechanism)| { Meaning::Directive(Directive { qualifier, mechanism }) }),
        unknown,
    ]
    .prop_map(Term::new)
}

proptest! {
    #[test]
    fn what_is_printed_reads_back_the_same(
        terms in proptest::collection::vec(term(), 0..8),
        redirect in proptest::option::of(domain()),
    ) {
        let redirect = redirect.map(|domain| Term::new(Meaning::Redirect(domain)));
        let record = Record { terms: terms.into_iter().chain(redirect).collect() };
        prop_assert_eq!(Record::parse(&record.to_string()), Ok(record));
    }

    #[test]
    fn what_was_added_is_there_and_nothing_else_changed(
        terms in proptest::collection::vec(term(), 0..8),
        new in mechanism(),
    ) {
        let before = Record { terms };
        let mut after = before.clone();
        if after.add(new.clone(), "example.org") == Addition::Added {
            prop_assert_eq!(after.terms.len(), before.terms.len() + 1);
            if new != Mechanism::All {
                let again = after.clone().add(new, "example.org");
                prop_assert!(matches!(again, Addition::Present(_)), "{:?}", again);
            }
            let kept: Vec<&Term> = after.terms.iter().filter(|term| before.terms.contains(term)).collect();
            prop_assert!(kept.len() >= before.terms.len());
        } else {
            prop_assert_eq!(after, before);
        }
    }

    #[test]
    fn no_text_makes_the_parser_panic_and_faults_agrees_with_it(text in "(v=spf1 )?[ -~\\t\u{e9}%{}]{0,80}") {
        prop_assert_eq!(Record::parse(&text).is_ok(), faults(&text).is_empty());
    }
}
