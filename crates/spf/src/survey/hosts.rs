//! Which terms of a record find hosts, asked all at once.

use futures_util::future::{join, join_all};
use posthorn_base::lookup::{Answer, Kind, Lookup, NoRecords};

use super::{EmptyTerm, Families, MAX_TERMS, Walk};
use crate::check::exchanges;
use crate::names::is_speakable;
use crate::record::{DomainSpec, Fault, Mechanism, Record};
use crate::{MAX_HOSTS, shown};

/// What the look-ups of a term found.
#[derive(Default)]
struct Hosts {
    has_ipv4: bool,
    has_ipv6: bool,
    /// More mail hosts than a receiver looks at.
    surplus: Option<usize>,
    /// What nobody could tell.
    silent: Vec<String>,
}

impl Hosts {
    fn everywhere(has: bool) -> Self {
        Self {
            has_ipv4: has,
            has_ipv6: has,
            ..Self::default()
        }
    }

    fn silent(name: &str, kind: Kind, why: &str) -> Self {
        Self {
            silent: vec![format!(
                "the {kind} records of {}: {}",
                shown::name(name),
                shown::shown(why, 80)
            )],
            ..Self::everywhere(true)
        }
    }
}

impl<L: Lookup> Walk<'_, L> {
    /// Looks up the hosts of all terms that have the same ones for every message.
    pub(super) async fn look_up_hosts(&mut self, record: &Record, domain: &str) {
        let mut questions = Vec::new();
        for (term, directive) in record.directives() {
            let Some((kind, name)) = question(&directive.mechanism, domain) else {
                continue;
            };
            if self.asked_terms >= MAX_TERMS {
                self.survey.is_cut = true;
                break;
            }
            self.asked_terms = self.asked_terms.saturating_add(1);
            questions.push((shown::term(term.as_str()), kind, name));
        }
        let lookup = self.lookup;
        let answers = join_all(questions.iter().map(|(_, kind, name)| ask(lookup, *kind, name))).await;
        for ((term, _, name), hosts) in questions.into_iter().zip(answers) {
            if let Some(count) = hosts.surplus {
                self.add_fault(
                    domain,
                    Fault {
                        text: term.clone(),
                        what: format!(
                            "{} has {count} mail hosts, and SPF allows a record to ask for at most {MAX_HOSTS}",
                            shown::name(&name)
                        ),
                    },
                );
            }
            let families = match (hosts.has_ipv4, hosts.has_ipv6) {
                (true, true) => None,
                (false, false) => Some(Families::Both),
                (false, true) => Some(Families::Ipv4),
                (true, false) => Some(Families::Ipv6),
            };
            self.survey.silent.extend(hosts.silent);
            if let Some(families) = families {
                self.survey.empty_terms.push(EmptyTerm {
                    domain: shown::name(domain),
                    term,
                    name: shown::name(&name),
                    families,
                });
            }
        }
    }
}

/// What a mechanism asks whoever the client is, if it is the same for every message.
fn question(mechanism: &Mechanism, own: &str) -> Option<(Kind, String)> {
    let name = |domain: Option<&DomainSpec>| match domain {
        Some(domain) => domain.fixed_name(),
        None => Some(own.to_owned()),
    };
    match mechanism {
        // Both families are asked; the kind stands for both.
        Mechanism::A(hosts) => Some((Kind::Aaaa, name(hosts.domain.as_ref())?)),
        Mechanism::Mx(hosts) => Some((Kind::Mx, name(hosts.domain.as_ref())?)),
        Mechanism::Exists(domain) => Some((Kind::A, name(Some(domain))?)),
        Mechanism::All
        | Mechanism::Include(_)
        | Mechanism::Ptr(_)
        | Mechanism::Ip4 { .. }
        | Mechanism::Ip6 { .. } => None,
    }
}

#[expect(clippy::wildcard_enum_match_arm, reason = "`question` gives three kinds")]
async fn ask<L: Lookup>(lookup: &L, kind: Kind, name: &str) -> Hosts {
    if !is_speakable(name) {
        return Hosts::everywhere(false);
    }
    match kind {
        Kind::Mx => mail_hosts(lookup, name).await,
        Kind::A => match lookup.ask(name, Kind::A).await {
            Ok(_) => Hosts::everywhere(true),
            Err(NoRecords::Temporary(why)) => Hosts::silent(name, Kind::A, &why),
            Err(NoRecords::NoSuchName | NoRecords::NoneOfKind) => Hosts::everywhere(false),
        },
        _ => addresses(lookup, name).await,
    }
}

async fn addresses<L: Lookup>(lookup: &L, name: &str) -> Hosts {
    let (ipv4, ipv6) = join(lookup.ask(name, Kind::A), lookup.ask(name, Kind::Aaaa)).await;
    let mut hosts = Hosts::default();
    let mut read = |answer: Answer, kind: Kind| match answer {
        Ok(_) => true,
        Err(NoRecords::NoSuchName | NoRecords::NoneOfKind) => false,
        Err(NoRecords::Temporary(why)) => {
            hosts.silent.append(&mut Hosts::silent(name, kind, &why).silent);
            true
        }
    };
    let (has_ipv4, has_ipv6) = (read(ipv4, Kind::A), read(ipv6, Kind::Aaaa));
    Hosts {
        has_ipv4,
        has_ipv6,
        ..hosts
    }
}

async fn mail_hosts<L: Lookup>(lookup: &L, name: &str) -> Hosts {
    let exchanges = match lookup.ask(name, Kind::Mx).await {
        Ok(answer) => exchanges(&answer),
        Err(NoRecords::Temporary(why)) => return Hosts::silent(name, Kind::Mx, &why),
        Err(NoRecords::NoSuchName | NoRecords::NoneOfKind) => return Hosts::everywhere(false),
    };
    if exchanges.is_empty() {
        // "No mail" (RFC 7505) is an answer.
        return Hosts::everywhere(true);
    }
    let surplus = (exchanges.len() > MAX_HOSTS).then_some(exchanges.len());
    let looked_at = exchanges.iter().take(MAX_HOSTS);
    let found = join_all(looked_at.map(|exchange| addresses(lookup, exchange))).await;
    let mut all = Hosts {
        surplus,
        ..Hosts::default()
    };
    for hosts in found {
        all.has_ipv4 |= hosts.has_ipv4;
        all.has_ipv6 |= hosts.has_ipv6;
        all.silent.extend(hosts.silent);
    }
    all
}
