//! What is known of a sender, before this message of theirs is learned.

use posthorn_base::{AccountId, Timestamp};
use posthorn_impersonation::{Acquaintance, Familiarity, MAX_KNOWN_DOMAINS, Namesake};
use posthorn_store::{Row, StoreError, Tx, params};

use crate::learn::day_of;
use crate::sql;
use crate::standing::Standing;

/// Namesakes and domains of one skeleton that are told; one would do for a warning.
const FEW: usize = 8;
const SECONDS_A_DAY: u64 = 86_400;

/// What is asked about a sender. All of it is compared as text.
#[derive(Clone, Copy, Debug)]
pub struct Question<'a> {
    /// The address in From, as lookup key.
    pub address: &'a str,
    /// Its domain.
    pub domain: &'a str,
    /// The skeleton of the domain, made as for [`crate::Seen`].
    pub skeleton: &'a str,
    /// [`crate::name_key`] of the display name; empty when there is none.
    pub name_key: &'a str,
    /// Whether [`Acquaintance::known_domains`] is wanted.
    pub near: NearDomains,
}

/// When the known domains are read, for comparison letter by letter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NearDomains {
    /// Never.
    Skip,
    /// When neither the address nor its domain is an old acquaintance: whoever pretends may begin with a
    /// harmless message.
    Stranger,
    /// Whoever it is.
    Always,
}

/// One with whom the account has exchanged mail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Correspondent {
    /// The address, as lookup key.
    pub address: String,
    /// Its domain.
    pub domain: String,
    /// What they call themselves; what the account calls them until they say it. Empty: nothing was said.
    pub name: String,
    /// When the first message went either way.
    pub first_at: Timestamp,
    /// When the last one did.
    pub last_at: Timestamp,
    /// Messages of theirs.
    pub received: u64,
    /// Messages to them.
    pub sent: u64,
    /// Messages of theirs for which DMARC passed.
    pub vouched: u64,
}

/// What is known.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Known {
    /// The sender; `None`: this is the first contact. Messages nobody vouched for are counted too.
    pub correspondent: Option<Correspondent>,
    /// The same as it is judged. Only those of [`Familiarity::Known`] are in its lists, whoever was written
    /// to first and then the oftenest met; the sender and its domain are not. `colleagues` is empty: see [`crate::own_namesakes`].
    pub acquaintance: Acquaintance,
}

/// What the account knows of a sender. Four indexed reads, and up to 500 short rows when `near` wants them.
///
/// # Errors
/// When the store cannot be read.
pub fn know(
    tx: &Tx<'_>,
    account: AccountId,
    question: &Question<'_>,
    now: Timestamp,
) -> Result<Known, StoreError> {
    let Question {
        address,
        domain,
        skeleton,
        name_key,
        near,
    } = *question;
    let correspondent = tx.query_row(sql::CORRESPONDENT, params![account, address], correspondent)?;
    let address_familiarity = correspondent.as_ref().map_or(Familiarity::Unknown, |found| {
        familiarity_since(
            found.sent,
            found.received,
            found.vouched,
            now.since(found.first_at),
        )
    });
    let domain_familiarity = tx
        .query_row(sql::DOMAIN, params![account, domain], |row| of_domain(row, now))?
        .unwrap_or_default()
        .max(address_familiarity);
    let mut acquaintance = Acquaintance {
        address: address_familiarity,
        domain: domain_familiarity,
        ..Acquaintance::default()
    };
    if !name_key.is_empty() {
        tx.for_each(sql::NAMESAKES, params![account, name_key, address], |row| {
            add_namesake(row, now, &mut acquaintance.namesakes)
        })?;
    }
    if !skeleton.is_empty() {
        let list = &mut acquaintance.same_skeleton;
        tx.for_each(sql::SAME_SKELETON, params![account, skeleton, domain], |row| {
            add_domain(row, now, list, FEW)
        })?;
    }
    let wants_domains = match near {
        NearDomains::Skip => false,
        NearDomains::Stranger => domain_familiarity < Familiarity::Known,
        NearDomains::Always => true,
    };
    if wants_domains {
        let list = &mut acquaintance.known_domains;
        tx.for_each(sql::BEST_DOMAINS, params![account, domain], |row| {
            add_domain(row, now, list, MAX_KNOWN_DOMAINS)
        })?;
    }
    Ok(Known {
        correspondent,
        acquaintance,
    })
}

fn correspondent(row: &Row<'_>) -> Result<Correspondent, StoreError> {
    Ok(Correspondent {
        address: row.text(0)?.to_owned(),
        domain: row.text(1)?.to_owned(),
        name: row.text(2)?.to_owned(),
        first_at: row.timestamp(3)?,
        last_at: row.timestamp(4)?,
        received: row.u64(5)?,
        sent: row.u64(6)?,
        vouched: row.u64(7)?,
    })
}

fn familiarity_since(sent: u64, received: u64, vouched: u64, age: std::time::Duration) -> Familiarity {
    Familiarity::of(sent, received, vouched, age.as_secs() / SECONDS_A_DAY)
}

/// From `standing, first_day, vouched_days`. A domain is known by the days on which its mail came, not by the
/// messages: that is what is kept.
fn of_domain(row: &Row<'_>, now: Timestamp) -> Result<Familiarity, StoreError> {
    let sent = u64::from(Standing::from_column(row.int(0)?) == Standing::WrittenTo);
    let days = day_of(now).saturating_sub(row.int(1)?);
    let vouched = row.u64(2)?;
    Ok(Familiarity::of(
        sent,
        vouched,
        vouched,
        u64::try_from(days).unwrap_or(0),
    ))
}

fn add_namesake(row: &Row<'_>, now: Timestamp, namesakes: &mut Vec<Namesake>) -> Result<(), StoreError> {
    let age = now.since(row.timestamp(5)?);
    let familiarity = familiarity_since(row.u64(2)?, row.u64(3)?, row.u64(4)?, age);
    if familiarity == Familiarity::Known && namesakes.len() < FEW {
        namesakes.push(Namesake {
            name: row.text(0)?.to_owned(),
            address: row.text(1)?.to_owned(),
        });
    }
    Ok(())
}

fn add_domain(
    row: &Row<'_>,
    now: Timestamp,
    domains: &mut Vec<String>,
    limit: usize,
) -> Result<(), StoreError> {
    if domains.len() < limit && of_domain(row, now)? == Familiarity::Known {
        domains.push(row.text(3)?.to_owned());
    }
    Ok(())
}

#[cfg(test)]
mod tests;
