//! `posthorn check --store`: whether the index can be read and covers what it says.

use std::collections::HashSet;

use posthorn_base::{AccountId, EmailId};
use posthorn_mailbox::{self as mailbox, MailboxError};
use posthorn_store::{StoreError, Tx, params};

use crate::chunk::{Lists, check_terms, corrupt, for_each_content, terms_of};
use crate::segment::{self, Segment};
use crate::{Index, sql};

/// What is wrong, a sentence each; empty when all is well. Reads every row.
///
/// # Errors
/// When the store cannot be read.
pub fn check(tx: &Tx<'_>) -> Result<Vec<String>, MailboxError> {
    let mut findings = Vec::new();
    let with_mail: HashSet<AccountId> = mailbox::accounts(tx)?.into_iter().collect();
    for account in tx.query(sql::SELECT_ACCOUNTS, &[], |row| row.int(0).map(AccountId))? {
        if !with_mail.contains(&account) {
            findings.push(format!("account {account}: it has a search index and no mail"));
        }
        check_account(tx, account, &mut findings)?;
    }
    Ok(findings)
}

/// Adds what is wrong with the index of one account.
pub(crate) fn check_account(
    tx: &Tx<'_>,
    account: AccountId,
    findings: &mut Vec<String>,
) -> Result<(), MailboxError> {
    match Index::open(tx, account) {
        Ok(index) => check_index(tx, &index, findings),
        Err(StoreError::Corrupt(what)) => {
            findings.push(format!("account {account}: {what}"));
            Ok(())
        }
        Err(cause) => Err(cause.into()),
    }
}

fn check_index(tx: &Tx<'_>, index: &Index, findings: &mut Vec<String>) -> Result<(), MailboxError> {
    let account = index.account;
    for segment in &index.segments {
        match check_segment(tx, account, segment) {
            Ok(()) => {}
            Err(StoreError::Corrupt(what)) => {
                findings.push(format!("account {account}, segment {}: {what}", segment.id));
            }
            Err(cause) => return Err(cause.into()),
        }
    }
    let mut segments = index.segments.iter().peekable();
    for email in mailbox::emails_among(tx, account, EmailId(0), index.indexed_to())? {
        while segments.next_if(|segment| segment.last < email).is_some() {}
        if segments.peek().is_none_or(|segment| segment.first > email) {
            findings.push(format!(
                "account {account}, content {email}: it is not in the search index"
            ));
        }
    }
    Ok(())
}

fn check_segment(tx: &Tx<'_>, account: AccountId, segment: &Segment) -> Result<(), StoreError> {
    tx.for_each(sql::SELECT_CHUNKS, params![account, segment.id], |row| {
        check_chunk(segment, row.bytes(0)?, row.opt_bytes(1)?)
    })
}

fn check_chunk(segment: &Segment, terms: &[u8], postings: Option<&[u8]>) -> Result<(), StoreError> {
    check_terms(terms)?;
    let mut lists = Lists::new(postings.ok_or_else(segment::without_postings)?);
    for _ in terms_of(terms) {
        let mut last = None;
        for_each_content(lists.nth(0)?, |content| last = Some(content))?;
        if last.is_none_or(|last| last > segment.span()) {
            return Err(corrupt("a posting lies behind its segment"));
        }
    }
    match lists.is_at_end() {
        true => Ok(()),
        false => Err(corrupt("there are more postings than terms")),
    }
}
