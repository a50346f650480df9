//! What a message teaches: who wrote, who was written to. And forgetting, so that it stays bounded.

use posthorn_base::{AccountId, Timestamp};
use posthorn_store::{StoreError, Tx, Value, params};

use crate::name::clean;
use crate::standing::Standing;
use crate::{MAX_CORRESPONDENTS, name_key, sql};

/// Rows that go at once when there are too many, so that it happens seldom.
const PRUNED_AT_ONCE: u64 = 500;
const SECONDS_A_DAY: i64 = 86_400;

/// Somebody the account writes to.
#[derive(Clone, Copy, Debug)]
pub struct Addressee<'a> {
    /// The address, as lookup key.
    pub address: &'a str,
    /// Its domain.
    pub domain: &'a str,
    /// The skeleton of the domain.
    pub skeleton: &'a str,
    /// The display name as written; empty when there is none.
    pub name: &'a str,
}

/// The author of a message that came in.
#[derive(Clone, Copy, Debug)]
pub struct Seen<'a> {
    /// The address in From, as lookup key.
    pub address: &'a str,
    /// Its domain.
    pub domain: &'a str,
    /// The skeleton of the domain.
    pub skeleton: &'a str,
    /// The display name as written; empty when there is none.
    pub name: &'a str,
    /// Is it really theirs?
    pub vouched: Vouched,
}

/// Did DMARC pass?
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Vouched {
    /// It passed.
    Yes,
    /// It failed, or the domain publishes nothing.
    No,
}

/// Learns whom the account wrote to. The names it gave them stand until they say their own.
///
/// # Errors
/// When the store refuses.
pub fn learn_sent(
    tx: &mut Tx<'_>,
    account: AccountId,
    addressees: &[Addressee<'_>],
    now: Timestamp,
) -> Result<(), StoreError> {
    for addressee in addressees {
        let name = clean(addressee.name);
        let key = name_key(&name);
        let params = params![account, addressee.address, addressee.domain, &key, &name, now];
        let messages = tx.query_row(sql::UPSERT_SENT, params, |row| row.int(0))?;
        if messages == Some(1) {
            one_person_more(tx, account)?;
        }
        let domain = LearnedDomain {
            domain: addressee.domain,
            skeleton: addressee.skeleton,
            standing: Standing::WrittenTo,
        };
        learn_domain(tx, account, &domain, now)?;
    }
    Ok(())
}

/// Learns who wrote. Without somebody who vouches it is only counted: whoever is known keeps name and
/// standing, whatever a forger calls himself.
///
/// # Errors
/// When the store refuses.
pub fn learn_received(
    tx: &mut Tx<'_>,
    account: AccountId,
    seen: &Seen<'_>,
    now: Timestamp,
) -> Result<(), StoreError> {
    let name = clean(seen.name);
    let standing = match seen.vouched {
        Vouched::Yes => Standing::Vouched,
        Vouched::No => Standing::Stranger,
    };
    let column = standing.as_column();
    let touch = params![account, seen.address, now, column, &name];
    if tx.execute(sql::TOUCH_RECEIVED, touch)? == 0 {
        let key = name_key(&name);
        let params = params![account, seen.address, seen.domain, &key, &name, column, now];
        let messages = tx.query_row(sql::UPSERT_RECEIVED, params, |row| row.int(0))?;
        if messages == Some(1) {
            one_person_more(tx, account)?;
        }
    }
    match seen.vouched {
        Vouched::Yes => {
            let domain = LearnedDomain {
                domain: seen.domain,
                skeleton: seen.skeleton,
                standing,
            };
            learn_domain(tx, account, &domain, now)
        }
        Vouched::No => Ok(()),
    }
}

/// Forgets everybody; for when the account is removed.
///
/// # Errors
/// When the store refuses.
pub fn forget_account(tx: &mut Tx<'_>, account: AccountId) -> Result<(), StoreError> {
    for statement in [sql::FORGET_PEOPLE, sql::FORGET_DOMAINS, sql::FORGET_TOTAL] {
        tx.execute(statement, params![account])?;
    }
    Ok(())
}

struct LearnedDomain<'a> {
    domain: &'a str,
    skeleton: &'a str,
    standing: Standing,
}

/// Writes only when the domain is new, has a better standing than before, or was not yet seen today.
fn learn_domain(
    tx: &mut Tx<'_>,
    account: AccountId,
    learned: &LearnedDomain<'_>,
    now: Timestamp,
) -> Result<(), StoreError> {
    let today = day_of(now);
    let LearnedDomain { domain, skeleton, .. } = *learned;
    let found = tx.query_row(sql::DOMAIN, params![account, domain], |row| {
        Ok((Standing::from_column(row.int(0)?), row.int(3)?))
    })?;
    let (statement, standing, day) = match found {
        None => (sql::INSERT_DOMAIN, learned.standing, today),
        Some((known, day)) if known >= learned.standing && day >= today => return Ok(()),
        Some((known, day)) => (sql::UPDATE_DOMAIN, known.max(learned.standing), day.max(today)),
    };
    let vouched = i64::from(learned.standing == Standing::Vouched);
    let params = params![account, domain, skeleton, standing.as_column(), day, vouched];
    tx.execute(statement, params)?;
    if found.is_none() {
        let total = tx.query_row(sql::ONE_DOMAIN_MORE, params![account], |row| row.u64(0))?;
        prune(tx, account, total, (sql::COUNT_DOMAINS, sql::PRUNE_DOMAINS))?;
    }
    Ok(())
}

/// Days since 1970.
pub(crate) fn day_of(moment: Timestamp) -> i64 {
    moment.as_secs().div_euclid(SECONDS_A_DAY)
}

fn one_person_more(tx: &mut Tx<'_>, account: AccountId) -> Result<(), StoreError> {
    let total = tx.query_row(sql::ONE_PERSON_MORE, params![account], |row| row.u64(0))?;
    prune(tx, account, total, (sql::COUNT_PEOPLE, sql::PRUNE_PEOPLE))
}

/// When there are too many: the least known go, of those the least recently seen, some hundreds at once. Rows
/// are counted afresh before and after, so that a wrong total mends itself.
fn prune(
    tx: &mut Tx<'_>,
    account: AccountId,
    total: Option<u64>,
    (count, delete): (&'static str, &'static str),
) -> Result<(), StoreError> {
    if total.unwrap_or(0) <= MAX_CORRESPONDENTS {
        return Ok(());
    }
    let counted = tx.query_row(count, params![account], |row| row.u64(0))?;
    let excess = counted.unwrap_or(0).saturating_sub(MAX_CORRESPONDENTS);
    if excess == 0 {
        return Ok(());
    }
    let pruned = i64::try_from(excess.saturating_add(PRUNED_AT_ONCE)).unwrap_or(i64::MAX);
    tx.execute(delete, &[Value::from(account), Value::from(pruned)])?;
    tx.query_row(count, params![account], |row| row.u64(0))?;
    Ok(())
}

#[cfg(test)]
mod tests;
