//! `posthorn check --store`: counters against rows.

use posthorn_base::{AccountId, MailboxId, Rights};
use posthorn_store::{Row, StoreError, Tx};
use roaring::RoaringBitmap;

use crate::{gone, sql};

/// What is wrong, a sentence each; empty when all is well. Reads every row.
///
/// # Errors
/// When the store cannot be read.
pub fn check(tx: &Tx<'_>) -> Result<Vec<String>, StoreError> {
    let mut findings = Vec::new();
    tx.for_each(sql::CHECK_COUNTERS, &[], |row| check_mailbox(row, &mut findings))?;
    check_gone(tx, &mut findings)?;
    tx.for_each(sql::CHECK_COPIES, &[], |row| {
        findings.push(format!(
            "account {}, content {}: counts {} copies, {} are there",
            row.int(0)?,
            row.int(1)?,
            row.int(2)?,
            row.int(3)?
        ));
        Ok(())
    })?;
    tx.for_each(sql::CHECK_EMAILS, &[], |row| {
        findings.push(format!(
            "account {}, mailbox {}, UID {}: its content is missing",
            row.int(0)?,
            row.int(1)?,
            row.int(2)?
        ));
        Ok(())
    })?;
    tx.for_each(sql::CHECK_ACL, &[], |row| check_acl(row, &mut findings))?;
    tx.for_each(sql::CHECK_USED, &[], |row| {
        let (account, used, modseq, sum, highest) =
            (row.int(0)?, row.int(1)?, row.int(2)?, row.int(3)?, row.int(4)?);
        if used != sum {
            findings.push(format!(
                "account {account}: counts {used} octets, its messages have {sum}"
            ));
        }
        if highest > modseq {
            findings.push(format!(
                "account {account}: a mailbox is at change {highest}, the account at {modseq}"
            ));
        }
        Ok(())
    })?;
    Ok(findings)
}

/// What is gone and what is there make up every UID that was given.
fn check_gone(tx: &Tx<'_>, findings: &mut Vec<String>) -> Result<(), StoreError> {
    let mailboxes = tx.query(sql::CHECK_TOMBSTONES, &[], |row| {
        let ids = (AccountId(row.int(0)?), MailboxId(row.int(1)?));
        let name = row.text(2)?.to_owned();
        Ok((ids, name, row.u32(3)?, (row.int(4)?, row.int(5)?)))
    })?;
    for ((account, mailbox), name, uid_next, (counted, rows)) in mailboxes {
        let mut found = |what: &str| findings.push(format!("account {account}, mailbox {name}: {what}"));
        if counted != rows {
            found(&format!("counts {counted} tombstones, {rows} are there"));
        }
        let mut left: RoaringBitmap = (1..uid_next).collect();
        match gone::all(tx, account, mailbox) {
            Ok(gone) => left -= gone,
            Err(StoreError::Corrupt(what)) => found(&what),
            Err(cause) => return Err(cause),
        }
        if left != gone::living(tx, account, mailbox)? {
            found("what is there is not what is left without what is gone");
        }
    }
    Ok(())
}

fn check_acl(row: &Row<'_>, findings: &mut Vec<String>) -> Result<(), StoreError> {
    let (account, mailbox, reader) = (row.int(0)?, row.int(1)?, row.int(2)?);
    let mut found = |what: &str| {
        findings.push(format!(
            "account {account}, rights of account {reader} to mailbox {mailbox}: {what}"
        ));
    };
    if Rights::parse(row.text(3)?).is_err() {
        found("they cannot be read");
    }
    if row.int(4)? == 0 {
        found("there is no such mailbox");
    }
    if reader != 0 && row.int(5)? == 0 {
        found("there is no such account");
    }
    if row.int(6)? == 0 {
        found("it is not noted with the account that has them");
    }
    Ok(())
}

fn check_mailbox(row: &Row<'_>, findings: &mut Vec<String>) -> Result<(), StoreError> {
    let (account, name) = (row.int(0)?, row.text(1)?.to_owned());
    for (what, counter, rows) in [
        ("messages", 2, 8),
        ("unseen", 3, 9),
        ("deleted", 4, 10),
        ("octets", 5, 11),
    ] {
        let (counted, there) = (row.int(counter)?, row.int(rows)?);
        if counted != there {
            findings.push(format!(
                "account {account}, mailbox {name}: counts {counted} {what}, {there} are there"
            ));
        }
    }
    if row.int(12)? >= row.int(6)? {
        findings.push(format!(
            "account {account}, mailbox {name}: a UID is not below UIDNEXT"
        ));
    }
    if row.int(13)? > row.int(7)? {
        findings.push(format!(
            "account {account}, mailbox {name}: a message is newer than the mailbox"
        ));
    }
    Ok(())
}
