//! All records that a domain's own leads to, walked without a client: what judging by them costs at worst,
//! and what is wrong in them (RFC 7208 sections 4.6.4 and 10.1). For whoever checks a domain. Macros are
//! not expanded, as there is no message; a term with macros is counted and not followed.

mod hosts;

use std::collections::HashMap;

use posthorn_base::lookup::{Lookup, NoRecords};

use crate::published::{NotOne, spf_record};
use crate::record::{Fault, Meaning, Mechanism, Qualifier, Record, Term, faults};
use crate::{names, shown};

/// Records that are walked; what is more is left out, and the survey says so.
const MAX_RECORDS: usize = 50;
/// How deep records may lead into one another; an evaluation ends at 10.
const MAX_DEPTH: u8 = 12;
/// Terms whose hosts are looked up.
const MAX_TERMS: usize = 100;

/// What a domain's SPF record leads to.
#[derive(Clone, Debug)]
pub struct Survey {
    /// The domain, in lower case, A-labels.
    pub domain: String,
    /// The records in the order in which a receiver meets them, the domain's own first; at most 50.
    pub records: Vec<Seen>,
    /// Terms that cost a look-up when a client matches none of them; the limit is 10.
    pub lookups: u16,
    /// Look-ups that find nothing, for the client for whom there are most; the limit is 2.
    pub voids: u16,
    /// The terms whose look-ups find nothing.
    pub empty_terms: Vec<EmptyTerm>,
    /// What is wrong in the records: what cannot be read, and mail hosts over the limit of 10.
    pub faults: Vec<LocatedFault>,
    /// Is everybody let in: `+all`, `0.0.0.0/0`, or networks that are half of all addresses?
    pub allows_everyone: bool,
    /// How many IPv4 addresses the `ip4` terms let in; overlapping networks count twice.
    pub ipv4_addresses: u64,
    /// What the record, or the one it redirects to, says of whoever it does not list; `None` when it has no
    /// `all`, which means the same as `?all`.
    pub others: Option<Qualifier>,
    /// Questions that nobody could answer, in words. While there are any, the counts are lower bounds.
    pub silent: Vec<String>,
    /// Was more left out than looked at? Then the counts are lower bounds.
    pub is_cut: bool,
}

/// A place that a record was looked for at.
#[derive(Clone, Debug)]
pub struct Seen {
    /// 0 for the domain's own, 1 for one it includes, and so on.
    pub depth: u8,
    /// Whose; with macros when it depends on the message.
    pub domain: String,
    /// The term that led here; `None` for the domain's own.
    pub via: Option<String>,
    /// What is there.
    pub found: Found,
}

/// What is there.
#[derive(Clone, Debug)]
pub enum Found {
    /// One record.
    One {
        /// As published, printable ASCII, at most 4000 characters.
        text: String,
        /// As read; `None` when it has faults, which the survey names.
        record: Option<Record>,
    },
    /// None. For an included record this makes every evaluation that gets there fail.
    Nothing {
        /// Does the name itself not exist?
        is_no_such_name: bool,
    },
    /// Several, which is an error: at most 10 of them.
    Several(Vec<String>),
    /// Nobody could tell; why.
    Silent(String),
    /// A record that leads here is led to from here, round and round.
    Loop,
    /// Which record it is depends on the message.
    DependsOnMessage,
}

/// A term whose look-up finds nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EmptyTerm {
    /// Whose record it stands in.
    pub domain: String,
    /// As written.
    pub term: String,
    /// The name that was asked.
    pub name: String,
    /// For which clients nothing is found.
    pub families: Families,
}

/// Clients by their address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Families {
    /// All.
    Both,
    /// Those that come over IPv4.
    Ipv4,
    /// Those that come over IPv6; for a host that has no IPv6 this is as it should be.
    Ipv6,
}

/// A fault, and whose record has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LocatedFault {
    /// Whose record.
    pub domain: String,
    /// What is wrong.
    pub fault: Fault,
}

/// A record that is yet to be looked at.
struct Visit {
    domain: String,
    via: Option<String>,
    /// The domains that led here.
    path: Vec<String>,
    /// Is whoever it lets in let in by the domain's own record?
    is_let_in: bool,
    /// Is it the domain's own, or one that this redirects to?
    is_own: bool,
}

impl Visit {
    fn depth(&self) -> u8 {
        u8::try_from(self.path.len()).unwrap_or(u8::MAX)
    }
}

/// Walks all records that the record of `domain` leads to.
pub async fn survey<L: Lookup>(lookup: &L, domain: &str) -> Survey {
    let domain = names::initial(domain).unwrap_or_else(|| shown::name(domain));
    let mut walk = Walk {
        lookup,
        survey: Survey::new(domain.clone()),
        known: HashMap::new(),
        asked_terms: 0,
        counts_client_name: false,
    };
    let mut open = vec![Visit {
        domain,
        via: None,
        path: Vec::new(),
        is_let_in: true,
        is_own: true,
    }];
    while let Some(visit) = open.pop() {
        if walk.survey.records.len() >= MAX_RECORDS || visit.depth() > MAX_DEPTH {
            walk.survey.is_cut = true;
            continue;
        }
        let mut next = walk.visit(visit).await;
        next.reverse();
        open.append(&mut next);
    }
    walk.survey.finish()
}

impl Survey {
    fn new(domain: String) -> Self {
        Self {
            domain,
            records: Vec::new(),
            lookups: 0,
            voids: 0,
            empty_terms: Vec::new(),
            faults: Vec::new(),
            allows_everyone: false,
            ipv4_addresses: 0,
            others: None,
            silent: Vec::new(),
            is_cut: false,
        }
    }

    fn finish(mut self) -> Self {
        let count = |other: Families| {
            let counts = |it: &&EmptyTerm| it.families == Families::Both || it.families == other;
            u16::try_from(self.empty_terms.iter().filter(counts).count()).unwrap_or(u16::MAX)
        };
        self.voids = count(Families::Ipv4).max(count(Families::Ipv6));
        if self.ipv4_addresses >= 1 << 31 {
            self.allows_everyone = true;
        }
        self
    }
}

struct Walk<'a, L> {
    lookup: &'a L,
    survey: Survey,
    /// What was found at a domain, as one may be included by many.
    known: HashMap<String, Result<String, NotOne>>,
    asked_terms: usize,
    /// Has the look-up of `%{p}` been counted?
    counts_client_name: bool,
}

impl<L: Lookup> Walk<'_, L> {
    /// Looks at one record; the records it leads to.
    async fn visit(&mut self, visit: Visit) -> Vec<Visit> {
        if visit.path.contains(&visit.domain) {
            self.see(&visit, Found::Loop);
            return Vec::new();
        }
        if visit.domain.contains('%') {
            self.see(&visit, Found::DependsOnMessage);
            return Vec::new();
        }
        let found = self.find(&visit.domain).await;
        let text = match found {
            Ok(text) => text,
            Err(why) => {
                self.see_no_record(&visit, why);
                return Vec::new();
            }
        };
        let record = Record::parse(&text).ok();
        for fault in faults(&text) {
            self.add_fault(&visit.domain, fault);
        }
        let text = shown::shown(&text, 4000);
        self.see(
            &visit,
            Found::One {
                text,
                record: record.clone(),
            },
        );
        match record {
            Some(record) => {
                self.count(&record, &visit);
                self.look_up_hosts(&record, &visit.domain).await;
                leads_to(&record, &visit)
            }
            None => Vec::new(),
        }
    }

    async fn find(&mut self, domain: &str) -> Result<String, NotOne> {
        if !names::is_speakable(domain) {
            return Err(NotOne::Absent(NoRecords::NoSuchName));
        }
        if let Some(known) = self.known.get(domain) {
            return known.clone();
        }
        let found = spf_record(self.lookup, domain).await;
        self.known.insert(domain.to_owned(), found.clone());
        found
    }

    fn see(&mut self, visit: &Visit, found: Found) {
        self.survey.records.push(Seen {
            depth: visit.depth(),
            domain: shown::name(&visit.domain),
            via: visit.via.clone(),
            found,
        });
    }

    fn see_no_record(&mut self, visit: &Visit, why: NotOne) {
        let found = match why {
            NotOne::NotAmongTxt | NotOne::Absent(NoRecords::Temporary(_)) => Found::Nothing {
                is_no_such_name: false,
            },
            NotOne::Absent(none) => {
                if let (Some(via), Some(domain)) = (&visit.via, visit.path.last()) {
                    self.survey.empty_terms.push(EmptyTerm {
                        domain: shown::name(domain),
                        term: via.clone(),
                        name: shown::name(&visit.domain),
                        families: Families::Both,
                    });
                }
                Found::Nothing {
                    is_no_such_name: none == NoRecords::NoSuchName,
                }
            }
            NotOne::Several(records) => Found::Several(records),
            NotOne::Temporary(why) => {
                self.survey.silent.push(format!(
                    "the TXT records of {}: {why}",
                    shown::name(&visit.domain)
                ));
                Found::Silent(why)
            }
        };
        self.see(visit, found);
    }

    fn add_fault(&mut self, domain: &str, fault: Fault) {
        let domain = shown::name(domain);
        self.survey.faults.push(LocatedFault { domain, fault });
    }

    /// What can be said of a record without asking anybody.
    fn count(&mut self, record: &Record, visit: &Visit) {
        for (term, directive) in record.directives() {
            self.count_cost(term);
            if !visit.is_let_in || directive.qualifier != Qualifier::Pass {
                continue;
            }
            self.survey.allows_everyone |= directive.allows_everyone();
            if let Mechanism::Ip4 { prefix, .. } = directive.mechanism {
                let size = 1_u64
                    .checked_shl(32_u32.saturating_sub(u32::from(prefix)))
                    .unwrap_or(0);
                self.survey.ipv4_addresses = self.survey.ipv4_addresses.saturating_add(size);
            }
        }
        if let Some((term, _)) = record.redirect() {
            self.count_cost(term);
        }
        if visit.is_own {
            self.survey.others = record.all();
        }
    }

    fn count_cost(&mut self, term: &Term) {
        let domain = match term.meaning() {
            Meaning::Directive(directive) => directive.mechanism.domain(),
            Meaning::Redirect(domain) => Some(domain),
            Meaning::Explanation(_) | Meaning::Unknown { .. } => None,
        };
        let mut cost = u16::from(term.costs_a_lookup());
        let asks_for_client_name = domain.is_some_and(|domain| domain.needs_client_name());
        if asks_for_client_name && !std::mem::replace(&mut self.counts_client_name, true) {
            cost = cost.saturating_add(1);
        }
        self.survey.lookups = self.survey.lookups.saturating_add(cost);
    }
}

/// The records that this one includes, then the one it redirects to.
fn leads_to(record: &Record, visit: &Visit) -> Vec<Visit> {
    let mut path = visit.path.clone();
    path.push(visit.domain.clone());
    let lead = |domain: &crate::record::DomainSpec, term: &Term, is_let_in: bool, is_own: bool| Visit {
        domain: match domain.fixed_name() {
            Some(name) => name.to_ascii_lowercase(),
            None => domain.as_str().to_owned(),
        },
        via: Some(shown::term(term.as_str())),
        path: path.clone(),
        is_let_in,
        is_own,
    };
    let mut next = Vec::new();
    for (term, directive) in record.directives() {
        if let Mechanism::Include(domain) = &directive.mechanism {
            let is_let_in = visit.is_let_in && directive.qualifier == Qualifier::Pass;
            next.push(lead(domain, term, is_let_in, false));
        }
    }
    if let Some((term, domain)) = record.redirect() {
        next.push(lead(domain, term, visit.is_let_in, visit.is_own));
    }
    next.truncate(MAX_RECORDS);
    next
}

#[cfg(test)]
mod tests;
