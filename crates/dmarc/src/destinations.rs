//! Whether a domain may have its aggregate reports sent to an address elsewhere (RFC 9990, "Verifying External
//! Destinations"): the owner of the address says so in a record, or anybody could have strangers flooded with
//! reports. Sends nothing.

use futures_util::future::{join, join_all};

use posthorn_base::lookup::{Kind, Lookup, NoRecords, Record as DnsRecord};
use posthorn_base::{Address, Domain};

use crate::alignment::{is_within, shares_more_than_a_label};
use crate::printable::excerpt;
use crate::record::{MAX_URIS, Record};
use crate::uri;
use crate::walk::{Organization, Walk};

/// A URI or a reason is cut to so many characters.
const MAX_TEXT: usize = 200;

/// One place where reports are asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Destination {
    /// As the record has it.
    pub uri: String,
    /// Where the report goes, when it may go anywhere: the address in the URI, or the one that its domain
    /// names instead.
    pub address: Option<Address>,
    /// May it be sent there, and why?
    pub authorization: Authorization,
}

/// Why a report may be sent to an address, or may not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Authorization {
    /// The address is in the domain itself or in its organization.
    Own,
    /// The domain of the address says that it wants the reports, at this name.
    Granted(String),
    /// It does not: there is no record at this name.
    Missing(String),
    /// It wants them sent to yet another domain, which RFC 9990 forbids.
    Elsewhere(String),
    /// The URI names no mail address in a domain.
    NotMail,
    /// Nobody could tell now: the name, and why.
    Unknown(String, String),
}

impl Destination {
    /// May reports be sent there?
    #[must_use]
    pub fn is_allowed(&self) -> bool {
        match self.authorization {
            Authorization::Own | Authorization::Granted(_) => true,
            Authorization::Missing(_)
            | Authorization::Elsewhere(_)
            | Authorization::NotMail
            | Authorization::Unknown(..) => false,
        }
    }

    /// Why, as half a sentence without the final full stop.
    #[must_use]
    pub fn why(&self) -> String {
        let uri = &self.uri;
        match &self.authorization {
            Authorization::Own => format!("{uri} is an address of the domain's own organization"),
            Authorization::Granted(name) => format!("the record at {name} says that {uri} wants the reports"),
            Authorization::Missing(name) => format!(
                "{uri} belongs to somebody else, who would have to agree with a TXT record v=DMARC1 at {name}"
            ),
            Authorization::Elsewhere(name) => {
                format!("the record at {name} names an address in yet another domain, which does not count")
            }
            Authorization::NotMail => format!("{uri} is no mail address"),
            Authorization::Unknown(name, why) => {
                format!("the name servers could not tell whether {name} allows reports to {uri}: {why}")
            }
        }
    }
}

/// Where `host` says that it wants reports about `policy_domain`.
#[must_use]
pub fn authorization_name(policy_domain: &str, host: &str) -> String {
    format!("{policy_domain}._report._dmarc.{host}")
}

/// Checks each of the `uris` of the record at `policy_domain`: at most ten, at the same time, in their order.
/// The domain is given as [`crate::Evaluation::policy_domain`] has it.
pub async fn report_destinations<L: Lookup>(
    lookup: &L,
    policy_domain: &str,
    uris: &[String],
) -> Vec<Destination> {
    let policy_domain = match Domain::parse(policy_domain) {
        Ok(domain) => domain.as_str().to_owned(),
        Err(_) => policy_domain.to_ascii_lowercase(),
    };
    let each = uris.iter().take(MAX_URIS);
    join_all(each.map(|uri| destination(lookup, &policy_domain, uri))).await
}

async fn destination<L: Lookup>(lookup: &L, policy_domain: &str, uri: &str) -> Destination {
    let (address, authorization) = match uri::mail_address(uri) {
        Some(address) => authorize(lookup, policy_domain, address).await,
        None => (None, Authorization::NotMail),
    };
    Destination {
        uri: excerpt(uri, MAX_TEXT),
        address,
        authorization,
    }
}

async fn authorize<L: Lookup>(
    lookup: &L,
    policy_domain: &str,
    address: Address,
) -> (Option<Address>, Authorization) {
    let Some(host) = address.domain().map(|domain| domain.as_str().to_owned()) else {
        return (None, Authorization::NotMail);
    };
    if host == policy_domain {
        return (Some(address), Authorization::Own);
    }
    let name = authorization_name(policy_domain, &host);
    let (answer, is_same) = join(
        lookup.ask(&name, Kind::Txt),
        is_same_organization(lookup, policy_domain, &host),
    )
    .await;
    if is_same == Some(true) {
        return (Some(address), Authorization::Own);
    }
    match answer {
        Ok(records) => granted(&records, name, address),
        Err(NoRecords::Temporary(why)) => (None, Authorization::Unknown(name, excerpt(&why, MAX_TEXT))),
        Err(NoRecords::NoSuchName | NoRecords::NoneOfKind) if is_same.is_none() => {
            let why = "it may be of the same organization, which could not be found out".to_owned();
            (None, Authorization::Unknown(name, why))
        }
        Err(NoRecords::NoSuchName | NoRecords::NoneOfKind) => (None, Authorization::Missing(name)),
    }
}

/// Steps 6 to 9: any record of the right form will do; an address in it takes the place of the one asked for,
/// if it is at the same host.
fn granted(records: &[DnsRecord], name: String, address: Address) -> (Option<Address>, Authorization) {
    let parsed = records.iter().filter_map(|record| match record {
        DnsRecord::Txt(octets) => Record::parse(&String::from_utf8_lossy(octets)).ok(),
        DnsRecord::A(_)
        | DnsRecord::Aaaa(_)
        | DnsRecord::Mx { .. }
        | DnsRecord::Ptr(_)
        | DnsRecord::Cname(_)
        | DnsRecord::Ns(_)
        | DnsRecord::Soa { .. }
        | DnsRecord::Srv { .. }
        | DnsRecord::Tlsa { .. }
        | DnsRecord::Caa { .. } => None,
    });
    let parsed: Vec<Record> = parsed.collect();
    if parsed.is_empty() {
        return (None, Authorization::Missing(name));
    }
    let instead = parsed.iter().flat_map(|record| &record.rua).next();
    match instead.map(|uri| uri::mail_address(uri)) {
        None => (Some(address), Authorization::Granted(name)),
        Some(Some(other)) if other.domain() == address.domain() => {
            (Some(other), Authorization::Granted(name))
        }
        Some(_) => (None, Authorization::Elsewhere(name)),
    }
}

/// `None` when the DNS could not tell.
async fn is_same_organization<L: Lookup>(lookup: &L, one: &str, other: &str) -> Option<bool> {
    if !shares_more_than_a_label(one, other) {
        return Some(false);
    }
    let walk = Walk::from(lookup, one, &[]).await;
    let Organization::Known(organization) = walk.organization() else {
        return None;
    };
    if !is_within(other, &organization) {
        return Some(false);
    }
    match Walk::from(lookup, other, walk.all()).await.organization() {
        Organization::Known(its) => Some(its == organization),
        Organization::Unknown => None,
    }
}

#[cfg(test)]
mod tests;
