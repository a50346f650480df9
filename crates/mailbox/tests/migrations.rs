//! Stores of earlier versions open with everything that was in them.

use posthorn_base::{AccountId, EmailId, MailboxId, Timestamp, Uid};
use posthorn_mailbox::*;
use posthorn_store::{Component, Options, Partition, Store, params};

const ANNA: AccountId = AccountId(7);

const INSERT_EMAIL: &str =
    "INSERT INTO email (account_id, email_id, thread_id, copies, blob_hash, blob_generation,
    size_octets, received_at, sent_at, header_octets, envelope, body_structure, body, parts, preview)
    VALUES (7, $1, 1, 1, zeroblob(32), 0, 9, 8000000, $2, 4, x'', x'', x'', x'', 'what it says')";
const INSERT_MESSAGE: &str =
    "INSERT INTO message (account_id, mailbox_id, uid, email_id, thread_id, flags, keywords,
    modseq, internal_date, saved_at, size_octets) VALUES (7, 1, $1, $1, 1, 0, '', 3, 8000000, 8000000, 9)";

#[test]
fn the_sent_date_moves_from_the_content_to_the_message() {
    let before = Component {
        migrations: &SCHEMA.migrations[..6],
        ..SCHEMA
    };
    let folder = tempfile::tempdir().unwrap();
    let open = |schema| Store::open(&Options::new(folder.path()), &[schema]).unwrap();
    let store = open(before);
    let fill = store.write(Partition::Account(ANNA), |tx| {
        for (uid, sent_at) in [(1_i64, Some(Timestamp::from_secs(5))), (2, None)] {
            tx.execute(INSERT_EMAIL, params![uid, sent_at])?;
            tx.execute(INSERT_MESSAGE, params![uid])?;
        }
        Ok::<_, MailboxError>(())
    });
    fill.wait().unwrap();
    drop(store);
    let rows = open(SCHEMA).read(|tx| {
        let described = email(tx, ANNA, EmailId(1))?.map(|email| (email.header_octets, email.preview));
        Ok::<_, MailboxError>((described, messages(tx, ANNA, MailboxId(1), &[Uid(1), Uid(2)])?))
    });
    let (described, rows) = rows.wait().unwrap();
    assert_eq!(described, Some((4, "what it says".to_owned())));
    let dates: Vec<_> = rows
        .iter()
        .map(|row| (row.sent_at, row.sent_date().as_secs()))
        .collect();
    assert_eq!(dates, [(Some(Timestamp::from_secs(5)), 5), (None, 8)]);
}
