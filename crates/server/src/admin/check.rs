//! `posthorn check --store`: asks each owner of tables what is wrong with them, and whether they agree.

use posthorn_queue::{BUCKETS, Counts};
use posthorn_runtime::clock;
use posthorn_store::{StoreError, Tx};

use super::Admin;
use super::accounts::usage;
use super::refusal::Refusal;
use super::response::{CheckView, Response};

pub(super) fn execute(admin: &Admin) -> Result<Response, Refusal> {
    let engine = admin.store.check()?;
    let mut view = admin.store.read(check_rows).wait()?;
    let found = engine.findings.iter().map(ToString::to_string);
    view.findings.splice(0..0, found);
    view.blobs = to_u64(engine.blobs);
    view.unreferenced_blobs = to_u64(engine.unreferenced);
    Ok(Response::Checked(view))
}

fn check_rows(tx: &mut Tx<'_>) -> Result<CheckView, Refusal> {
    let mut findings = posthorn_accounts::check(tx)?;
    findings.extend(posthorn_mailbox::check(tx)?);
    findings.extend(posthorn_search::check(tx)?);
    findings.extend(posthorn_signing::check(tx)?);
    let domains = readable(posthorn_accounts::domains(tx), &mut findings)?;
    let aliases = readable(posthorn_accounts::list_aliases(tx), &mut findings)?;
    let accounts = readable(posthorn_accounts::list_accounts(tx), &mut findings)?;
    for account in &accounts {
        if usage(tx, account.id)?.is_none() {
            let (id, address) = (account.id, &account.address);
            findings.push(format!("account {id} ({address}): it has no mail storage"));
        }
    }
    let queue_recipients = check_queue(tx, &mut findings)?;
    Ok(CheckView {
        findings,
        domains: to_u64(domains.len()),
        accounts: to_u64(accounts.len()),
        aliases: to_u64(aliases.len()),
        queue_recipients,
        ..CheckView::default()
    })
}

/// Reads every row that the delivery would read; returns how many recipients there are.
fn check_queue(tx: &Tx<'_>, findings: &mut Vec<String>) -> Result<u64, Refusal> {
    let mut counts = Counts::default();
    for bucket in 0..BUCKETS {
        let counted = posthorn_queue::statistics(tx, bucket, clock::wall()).map(|counts| vec![counts]);
        let counted = readable(counted, findings)?;
        counts = counted.into_iter().fold(counts, Counts::plus);
        let listed = posthorn_queue::list(tx, bucket, u32::MAX);
        drop(readable(listed, findings)?);
    }
    let numbers = [
        counts.waiting,
        counts.held,
        counts.delivered,
        counts.failed,
        counts.dropped,
    ];
    Ok(numbers.into_iter().fold(0, u64::saturating_add))
}

/// Rows that contradict themselves are a finding; a store that cannot be read is a refusal.
fn readable<T>(rows: Result<Vec<T>, StoreError>, findings: &mut Vec<String>) -> Result<Vec<T>, Refusal> {
    match rows {
        Err(StoreError::Corrupt(what)) => {
            findings.push(what);
            Ok(Vec::new())
        }
        other => Ok(other?),
    }
}

fn to_u64(count: usize) -> u64 {
    u64::try_from(count).unwrap_or(u64::MAX)
}
