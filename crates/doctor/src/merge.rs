//! Records that are there already are added to (SPF) or kept (DMARC), never replaced: what stands in them
//! was put there by somebody for a reason.

use posthorn_base::Domain;
use posthorn_dmarc::{Policy, record as dmarc_record};
use posthorn_spf::record as spf_record;
use spf_record::{Addition, DomainSpec, Hosts, Mechanism, Qualifier};

use crate::entry::shown;
use crate::plan::Plan;

/// The text of a record, and the sentence on what it is for.
pub(crate) struct Merged {
    pub(crate) text: String,
    pub(crate) purpose: String,
}

/// The SPF record. A new one ends in `~all`: with `-all` some servers refuse forwarded mail without a look
/// at its signature, and DMARC treats both alike.
pub(crate) fn spf(plan: &Plan) -> Merged {
    let Plan { domain, hostname, .. } = plan;
    let Some(there) = &plan.spf else {
        let record = spf_record::Record::new(vec![Mechanism::own_mail_hosts()], Qualifier::SoftFail);
        return Merged {
            text: record.to_string(),
            purpose: format!(
                "Says which servers may send as {domain}: its own mail hosts. Mail from any other is suspicious."
            ),
        };
    };
    let mut record = match spf_record::Record::parse(there) {
        Ok(record) => record,
        Err(fault) => {
            let purpose = format!(
                "Says which servers may send as {domain}. The record that is there has a fault and was left as it is: \
                 {} (\"{}\"). Mend that first.",
                fault.what, fault.text
            );
            return Merged {
                text: there.clone(),
                purpose,
            };
        }
    };
    let changes = add_ours(&mut record, plan);
    let purpose = match (changes.contradicted, changes.added) {
        (Some(term), _) => format!(
            "Says which servers may send as {domain}. The record that is there says with \"{}\" that {hostname} may \
             not: decide which of the two holds.",
            shown(term.as_bytes(), 80)
        ),
        (None, true) => format!(
            "Says which servers may send as {domain}. This is the record that is there, with {hostname} added; put it in \
             the place of the old one, as there may be only one."
        ),
        (None, false) => {
            format!("Says which servers may send as {domain}; {hostname} is among them already.")
        }
    };
    Merged {
        text: record.to_string(),
        purpose,
    }
}

#[derive(Default)]
struct Changes {
    added: bool,
    contradicted: Option<String>,
}

/// Adds our host in the cheapest way: by its addresses, which cost none of the ten look-ups, unless it is
/// covered by name.
fn add_ours(record: &mut spf_record::Record, plan: &Plan) -> Changes {
    let mut changes = Changes::default();
    let by_name = DomainSpec::parse(plan.hostname.as_str()).map(|host| {
        Mechanism::A(Hosts {
            domain: Some(host),
            ..Hosts::OWN
        })
    });
    let names = [Some(Mechanism::own_mail_hosts()), by_name.ok()];
    for name in names.into_iter().flatten() {
        let mut trial = record.clone();
        if let Addition::Present(_) = trial.add(name, plan.domain.as_str()) {
            return changes;
        }
    }
    let ours: Vec<Mechanism> = if plan.addresses.is_empty() {
        vec![Mechanism::own_mail_hosts()]
    } else {
        plan.addresses.iter().map(|ip| Mechanism::address(*ip)).collect()
    };
    for mechanism in ours {
        match record.add(mechanism, plan.domain.as_str()) {
            Addition::Added => changes.added = true,
            Addition::Present(_) => {}
            Addition::Contradicted(term) => changes.contradicted = Some(term),
        }
    }
    changes
}

/// One record for several: the terms of all, each once, with the end of the first that has one. `None` when
/// one cannot be read or leads elsewhere as a whole.
pub(crate) fn joined(records: &[String]) -> Option<String> {
    let mut terms: Vec<String> = Vec::new();
    let mut end = None;
    for text in records {
        let record = spf_record::Record::parse(text).ok()?;
        if record.redirect().is_some() {
            return None;
        }
        let qualifier = record.all().filter(|qualifier| *qualifier != Qualifier::Pass);
        end = end.or(qualifier);
        for term in record.terms() {
            let written = term.as_str();
            if !is_all(term) && !terms.iter().any(|there| there.eq_ignore_ascii_case(written)) {
                terms.push(written.to_owned());
            }
        }
    }
    let end = match end {
        Some(Qualifier::Fail) => "-all",
        Some(Qualifier::SoftFail | Qualifier::Neutral | Qualifier::Pass) | None => "~all",
    };
    terms.push(end.to_owned());
    Some(written(&terms))
}

/// Is it `all`, with any qualifier?
pub(crate) fn is_all(term: &spf_record::Term) -> bool {
    matches!(term.directive(), Some(it) if it.mechanism == Mechanism::All)
}

/// A record of these terms.
pub(crate) fn written(terms: &[String]) -> String {
    format!("v=spf1 {}", terms.join(" "))
}

/// The DMARC record: the one that is there if it can be used, else one that asks only for reports.
pub(crate) fn dmarc(plan: &Plan) -> Merged {
    let domain = &plan.domain;
    let there = plan.dmarc.as_deref().filter(|text| {
        let record = dmarc_record::Record::parse(text);
        record.is_ok_and(|record| record.policies().is_some())
    });
    if let Some(there) = there {
        return Merged {
            text: there.to_owned(),
            purpose: format!(
                "Says what others shall do with mail that only claims to be from {domain}. It is the record that is \
                 there; keep it."
            ),
        };
    }
    let mut record = dmarc_record::Record::new(Policy::None);
    let mut purpose =
        format!("Says what others shall do with mail that only claims to be from {domain}: for now nothing");
    match &plan.dmarc_reports {
        Some(address) => {
            record = record.with_reports_to(address);
            purpose.push_str(&format!(
                ", but tell {address} about it. Tighten it (p=quarantine, then p=reject) once the reports show that all \
                 your own mail passes."
            ));
        }
        None => purpose.push_str(". Tighten it (p=quarantine, then p=reject) once all your own mail passes."),
    }
    Merged {
        text: record.to_string(),
        purpose,
    }
}

/// Another organization's domain that our record sends reports to, and that must agree (RFC 9990).
pub(crate) fn foreign_report_domain<'a>(plan: &'a Plan, record: &str) -> Option<&'a Domain> {
    let address = plan.dmarc_reports.as_ref()?;
    let other = address.domain()?;
    let is_foreign = !other.is_within(&plan.domain) && !plan.domain.is_within(other);
    (is_foreign && record.contains(&posthorn_dmarc::mailto(address))).then_some(other)
}

#[cfg(test)]
mod tests {
    use posthorn_base::Address;

    use super::*;

    fn plan(spf: Option<&str>) -> Plan {
        let domain = |text: &str| Domain::parse(text).unwrap();
        let mut plan = Plan::new(domain("example.test"), domain("mail.example.test"));
        plan.addresses = vec!["192.0.2.1".parse().unwrap(), "2001:db8::1".parse().unwrap()];
        plan.spf = spf.map(str::to_owned);
        plan
    }

    #[test]
    fn a_new_spf_record_allows_the_mail_hosts() {
        assert_eq!(spf(&plan(None)).text, "v=spf1 mx ~all");
    }

    #[test]
    fn our_addresses_come_before_all_in_the_record_that_is_there() {
        let merged = spf(&plan(Some("v=spf1 include:_spf.shop.test -all")));
        assert_eq!(
            merged.text,
            "v=spf1 include:_spf.shop.test ip4:192.0.2.1 ip6:2001:db8::1 -all"
        );
        let again = spf(&plan(Some(&merged.text)));
        assert_eq!(again.text, merged.text, "nothing is added twice");
    }

    #[test]
    fn a_record_that_has_our_host_by_name_stays_as_it_is() {
        for there in [
            "v=spf1 mx -all",
            "v=spf1 a:mail.example.test include:a.test ?all",
            "v=spf1 MX:example.test -all",
        ] {
            assert_eq!(spf(&plan(Some(there))).text, there);
        }
    }

    #[test]
    fn a_record_that_cannot_be_read_stays_and_says_why() {
        let merged = spf(&plan(Some("v=spf1 ipv4:192.0.2.7 -all")));
        assert_eq!(merged.text, "v=spf1 ipv4:192.0.2.7 -all");
        assert!(merged.purpose.contains("ipv4:192.0.2.7"), "{}", merged.purpose);
    }

    #[test]
    fn who_forbids_our_address_is_asked() {
        let merged = spf(&plan(Some("v=spf1 -ip4:192.0.2.0/24 mx:other.test ~all")));
        assert!(merged.purpose.contains("decide"), "{}", merged.purpose);
    }

    #[test]
    fn several_records_become_one() {
        let of = |texts: &[&str]| joined(&texts.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>());
        assert_eq!(
            of(&[
                "v=spf1 mx include:a.test -all",
                "v=spf1 include:A.test ip4:192.0.2.1 ~all"
            ])
            .as_deref(),
            Some("v=spf1 mx include:a.test ip4:192.0.2.1 -all")
        );
        assert_eq!(
            of(&["v=spf1 mx +all", "v=spf1 a"]).as_deref(),
            Some("v=spf1 mx a ~all")
        );
        assert_eq!(of(&["v=spf1 mx -all", "v=spf1 nonsense"]), None);
        assert_eq!(of(&["v=spf1 mx -all", "v=spf1 redirect=a.test"]), None);
    }

    #[test]
    fn a_dmarc_record_that_can_be_used_is_kept() {
        let mut plan = plan(None);
        assert_eq!(
            dmarc(&plan).text,
            "v=DMARC1; p=none; rua=mailto:dmarc-reports@example.test"
        );
        plan.dmarc = Some("v=DMARC1; p=reject; pct=50".to_owned());
        assert_eq!(dmarc(&plan).text, "v=DMARC1; p=reject; pct=50");
        plan.dmarc = Some("v=DMARC1; p=rejekt".to_owned());
        assert!(
            dmarc(&plan).text.starts_with("v=DMARC1; p=none; rua="),
            "of no use to anybody"
        );
    }

    #[test]
    fn only_an_address_elsewhere_needs_an_agreement() {
        let mut plan = plan(None);
        let of = |plan: &Plan| foreign_report_domain(plan, &dmarc(plan).text).map(ToString::to_string);
        assert_eq!(of(&plan), None);
        plan.dmarc_reports = Some(Address::parse("d@reports.test").unwrap());
        assert_eq!(of(&plan).as_deref(), Some("reports.test"));
        plan.dmarc = Some("v=DMARC1; p=reject".to_owned());
        assert_eq!(of(&plan), None, "the record that is kept does not name it");
    }
}
