//! Does a mechanism match the client (RFC 7208 section 5)? All but `include`, which asks another record.

use std::net::IpAddr;

use futures_util::future::join_all;
use posthorn_base::lookup::{Answer, Kind, Lookup, NoRecords, Record as Answered, reverse_name};

use super::{Check, ClientNames, Trouble, reason};
use crate::macros::DomainSpec;
use crate::names::is_within;
use crate::record::{Hosts, Mechanism, is_in_network};
use crate::{MAX_HOSTS, shown};

/// With what was found, in a few words; empty when the term says it all.
pub(super) enum Outcome {
    Match(String),
    NoMatch(String),
}

impl Outcome {
    fn new(is_match: bool, found: String) -> Self {
        if is_match {
            Self::Match(found)
        } else {
            Self::NoMatch(found)
        }
    }
}

impl<L: Lookup> Check<'_, L> {
    pub(super) async fn matches(&mut self, mechanism: &Mechanism, domain: &str) -> Result<Outcome, Trouble> {
        let nothing = String::new();
        match mechanism {
            // `include` asks another record, and whoever calls has done so.
            Mechanism::All | Mechanism::Include(_) => Ok(Outcome::Match(nothing)),
            Mechanism::Ip4 { network, prefix } => {
                let is_match = is_in_network(self.ip, IpAddr::V4(*network), *prefix);
                Ok(Outcome::new(is_match, nothing))
            }
            Mechanism::Ip6 { network, prefix } => {
                let is_match = is_in_network(self.ip, IpAddr::V6(*network), *prefix);
                Ok(Outcome::new(is_match, nothing))
            }
            Mechanism::A(hosts) => self.a(hosts, domain).await,
            Mechanism::Mx(hosts) => self.mx(hosts, domain).await,
            Mechanism::Ptr(spec) => self.ptr(spec.as_ref(), domain).await,
            Mechanism::Exists(spec) => self.exists(spec, domain).await,
        }
    }

    /// Section 5.3.
    async fn a(&mut self, hosts: &Hosts, domain: &str) -> Result<Outcome, Trouble> {
        self.count_lookup()?;
        let Some(name) = self.target_or_own(hosts.domain.as_ref(), domain).await? else {
            return Ok(Outcome::NoMatch(reason::unspeakable()));
        };
        let addresses = match self.addresses(&name).await {
            Ok(addresses) => addresses,
            Err(NoRecords::Temporary(why)) => {
                return Err(Trouble::temporary(reason::temporary(&name, self.kind(), &why)));
            }
            Err(NoRecords::NoSuchName | NoRecords::NoneOfKind) => {
                self.count_void(&name)?;
                return Ok(Outcome::NoMatch(reason::has_none(&name, self.kind())));
            }
        };
        let is_match = addresses.iter().any(|&address| self.is_same(address, hosts));
        Ok(Outcome::new(is_match, reason::is_at(&name, &addresses)))
    }

    /// Section 5.4.
    async fn mx(&mut self, hosts: &Hosts, domain: &str) -> Result<Outcome, Trouble> {
        self.count_lookup()?;
        let Some(name) = self.target_or_own(hosts.domain.as_ref(), domain).await? else {
            return Ok(Outcome::NoMatch(reason::unspeakable()));
        };
        let exchanges = match self.lookup.ask(&name, Kind::Mx).await {
            Ok(answer) => exchanges(&answer),
            Err(NoRecords::Temporary(why)) => {
                return Err(Trouble::temporary(reason::temporary(&name, Kind::Mx, &why)));
            }
            Err(NoRecords::NoSuchName | NoRecords::NoneOfKind) => {
                self.count_void(&name)?;
                return Ok(Outcome::NoMatch(reason::has_none(&name, Kind::Mx)));
            }
        };
        if exchanges.len() > MAX_HOSTS {
            return Err(Trouble::permanent(reason::too_many_mail_hosts(
                &name,
                exchanges.len(),
            )));
        }
        let answers = join_all(exchanges.iter().map(|exchange| self.addresses(exchange))).await;
        let mut silent = None;
        let mut found = Vec::new();
        for (exchange, answer) in exchanges.into_iter().zip(answers) {
            match answer {
                Ok(addresses) if addresses.iter().any(|&it| self.is_same(it, hosts)) => {
                    return Ok(Outcome::Match(reason::is_at(&exchange, &addresses)));
                }
                Ok(addresses) => found.push((exchange, addresses)),
                Err(NoRecords::Temporary(why)) => {
                    silent = Some(reason::temporary(&exchange, self.kind(), &why));
                }
                Err(NoRecords::NoSuchName | NoRecords::NoneOfKind) => found.push((exchange, Vec::new())),
            }
        }
        if let Some(why) = silent {
            return Err(Trouble::temporary(why));
        }
        if !found.is_empty() && found.iter().all(|(_, addresses)| addresses.is_empty()) {
            self.count_void(&name)?;
        }
        Ok(Outcome::NoMatch(reason::mail_hosts(&name, &found)))
    }

    /// Section 5.5.
    async fn ptr(&mut self, spec: Option<&DomainSpec>, domain: &str) -> Result<Outcome, Trouble> {
        self.count_lookup()?;
        let Some(parent) = self.target_or_own(spec, domain).await? else {
            return Ok(Outcome::NoMatch(reason::unspeakable()));
        };
        let ip = self.ip;
        let names = self.find_client_names().await;
        let found = names.validated.iter().find(|name| is_within(name, &parent));
        if let Some(name) = found {
            return Ok(Outcome::Match(reason::is_called(ip, std::slice::from_ref(name))));
        }
        let found = reason::is_called(ip, &names.validated);
        if names.is_void {
            self.count_void(&reverse_name(ip))?;
        }
        Ok(Outcome::NoMatch(self.doubt.clone().unwrap_or(found)))
    }

    /// Section 5.7: IPv4, whatever the client has.
    async fn exists(&mut self, spec: &DomainSpec, domain: &str) -> Result<Outcome, Trouble> {
        self.count_lookup()?;
        let Some(name) = self.target(spec, domain).await? else {
            return Ok(Outcome::NoMatch(reason::unspeakable()));
        };
        match self.lookup.ask(&name, Kind::A).await {
            Ok(answer) => Ok(Outcome::Match(reason::is_at(&name, &addresses(&answer)))),
            Err(NoRecords::Temporary(why)) => {
                Err(Trouble::temporary(reason::temporary(&name, Kind::A, &why)))
            }
            Err(NoRecords::NoSuchName | NoRecords::NoneOfKind) => {
                self.count_void(&name)?;
                Ok(Outcome::NoMatch(reason::has_none(&name, Kind::A)))
            }
        }
    }

    async fn target_or_own(
        &mut self,
        spec: Option<&DomainSpec>,
        domain: &str,
    ) -> Result<Option<String>, Trouble> {
        match spec {
            Some(spec) => self.target(spec, domain).await,
            None => Ok(Some(domain.to_owned())),
        }
    }

    /// The names of the client's address, asked for once. A DNS that cannot tell leaves a doubt behind.
    pub(super) async fn find_client_names(&mut self) -> &ClientNames {
        if self.client_names.is_none() {
            let found = self.ask_client_names().await;
            self.client_names = Some(found);
        }
        self.client_names.get_or_insert_with(|| ClientNames {
            validated: Vec::new(),
            is_void: false,
        })
    }

    async fn ask_client_names(&mut self) -> ClientNames {
        let reverse = reverse_name(self.ip);
        let names = match self.lookup.ask(&reverse, Kind::Ptr).await {
            Ok(answer) => pointers(&answer),
            Err(NoRecords::Temporary(why)) => {
                self.doubt = Some(reason::client_name_unknown(self.ip, &why));
                return ClientNames {
                    validated: Vec::new(),
                    is_void: false,
                };
            }
            Err(NoRecords::NoSuchName | NoRecords::NoneOfKind) => {
                return ClientNames {
                    validated: Vec::new(),
                    is_void: true,
                };
            }
        };
        let answers = join_all(names.iter().map(|name| self.addresses(name))).await;
        let mut validated = Vec::new();
        for (name, answer) in names.into_iter().zip(answers) {
            match answer {
                Ok(addresses) if addresses.contains(&self.ip) => validated.push(name),
                Err(NoRecords::Temporary(why)) => {
                    self.doubt = Some(reason::client_name_unknown(self.ip, &why));
                }
                Ok(_) | Err(NoRecords::NoSuchName | NoRecords::NoneOfKind) => {}
            }
        }
        ClientNames {
            validated,
            is_void: false,
        }
    }

    /// `%{p}` (section 7.3): the domain itself, else a name below it, else any; `unknown` when there is none.
    pub(super) fn client_name(&self, domain: &str) -> &str {
        let names = self
            .client_names
            .as_ref()
            .map_or(&[][..], |names| &names.validated);
        let exact = names.iter().find(|name| name.eq_ignore_ascii_case(domain));
        let below = || names.iter().find(|name| is_within(name, domain));
        exact
            .or_else(below)
            .or_else(|| names.first())
            .map_or("unknown", String::as_str)
    }

    /// The addresses of a name, of the client's family.
    async fn addresses(&self, name: &str) -> Result<Vec<IpAddr>, NoRecords> {
        let answer: Answer = self.lookup.ask(name, self.kind()).await;
        answer.map(|records| addresses(&records))
    }

    fn kind(&self) -> Kind {
        match self.ip {
            IpAddr::V4(_) => Kind::A,
            IpAddr::V6(_) => Kind::Aaaa,
        }
    }

    fn is_same(&self, address: IpAddr, hosts: &Hosts) -> bool {
        let prefix = match address {
            IpAddr::V4(_) => hosts.prefix4,
            IpAddr::V6(_) => hosts.prefix6,
        };
        is_in_network(self.ip, address, prefix)
    }
}

#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "all other records are of no interest here"
)]
fn addresses(records: &[Answered]) -> Vec<IpAddr> {
    let address = |record: &Answered| match record {
        Answered::A(ip) => Some(IpAddr::V4(*ip)),
        Answered::Aaaa(ip) => Some(IpAddr::V6(*ip)),
        _ => None,
    };
    records.iter().filter_map(address).collect()
}

/// The mail hosts, without the empty one that says "no mail" (RFC 7505).
#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "all other records are of no interest here"
)]
pub(crate) fn exchanges(records: &[Answered]) -> Vec<String> {
    let exchange = |record: &Answered| match record {
        Answered::Mx { exchange, .. } if !exchange.is_empty() => Some(exchange.clone()),
        _ => None,
    };
    records.iter().filter_map(exchange).collect()
}

/// The first ten names of an address: whoever has more of them chose so himself, so the rest is passed over
/// and is no error of the domain (section 4.6.4).
#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "all other records are of no interest here"
)]
fn pointers(records: &[Answered]) -> Vec<String> {
    let name = |record: &Answered| match record {
        Answered::Ptr(name) => Some(name.clone()),
        _ => None,
    };
    records.iter().filter_map(name).take(MAX_HOSTS).collect()
}

/// Several names in a sentence.
pub(super) fn listed(names: &[String]) -> String {
    let shown: Vec<String> = names.iter().take(5).map(|name| shown::name(name)).collect();
    let more = if names.len() > 5 { ", ..." } else { "" };
    format!("{}{more}", shown.join(", "))
}
