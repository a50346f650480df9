//! THREAD (RFC 5256): the facts of the messages found, from what is stored of them; the trees are
//! [`tree`]'s. No message is opened.

mod tree;

use posthorn_base::{AccountId, MailboxId};
use posthorn_imap::Answer;
use posthorn_imap::types::{SearchKey, ThreadAlgorithm};
use posthorn_mailbox::{self as mailbox, Description, MailboxError, MessageRow};
use posthorn_message::message_id;
use posthorn_message::search::fold_case;
use posthorn_store::Tx;
use roaring::RoaringBitmap;

use self::tree::Fact;
use super::place::Place;
use super::sort::subject_of;
use super::{ImapHandler, panicked};

impl ImapHandler {
    pub(super) async fn thread(
        &self,
        place: Place,
        key: SearchKey<RoaringBitmap>,
        algorithm: ThreadAlgorithm,
    ) -> Result<Answer, MailboxError> {
        let Place { owner, mailbox } = place;
        let (facts, _) = self
            .find(owner, mailbox, key, move |tx, rows| {
                facts_of(tx, owner, mailbox, &rows)
            })
            .await?;
        let threading = tokio::task::spawn_blocking(move || match algorithm {
            ThreadAlgorithm::OrderedSubject => tree::by_ordered_subject(facts),
            ThreadAlgorithm::References => tree::by_references(facts),
        });
        Ok(Answer::Threads(threading.await.map_err(panicked)?))
    }
}

fn facts_of(
    tx: &Tx<'_>,
    account: AccountId,
    mailbox: MailboxId,
    rows: &[MessageRow],
) -> Result<Vec<Fact>, MailboxError> {
    let described = mailbox::descriptions(tx, account, mailbox, rows)?;
    Ok(std::iter::zip(rows, described).map(fact).collect())
}

fn fact((row, described): (&MessageRow, Description)) -> Fact {
    let Description { envelope, ancestors } = described;
    let subject = subject_of(&envelope);
    Fact {
        uid: row.uid.0,
        sent_at: row.sent_date(),
        message_id: envelope.message_id.as_deref().and_then(message_id),
        ancestors,
        subject: fold_case(&subject.text).into(),
        is_reply: subject.is_reply,
    }
}

#[cfg(test)]
mod tests {
    use posthorn_base::Uid;

    use super::*;
    use crate::imap::search::tests::{ANNA, INBOX, store_of_messages};

    #[test]
    fn what_threads_messages_is_stored_with_them() {
        let (store, _folder) = store_of_messages(&[
            "Message-ID: <\"a\"@x>\r\nSubject: Re: Caf\u{e9}",
            "Message-ID: <b@x>\r\nReferences: <1@x> <a@x>\r\nIn-Reply-To: <c@x>",
            "In-Reply-To: <c@x>",
        ]);
        let facts = store
            .read(|tx| {
                let uids: Vec<Uid> = (1..9).map(Uid).collect();
                let rows = mailbox::messages(tx, ANNA, INBOX, &uids)?;
                facts_of(tx, ANNA, INBOX, &rows)
            })
            .wait()
            .unwrap();
        let ids: Vec<_> = facts.iter().map(|fact| fact.message_id.as_deref()).collect();
        assert_eq!(ids, [Some("a@x"), Some("b@x"), None]);
        let ancestors: Vec<_> = facts.iter().map(|fact| fact.ancestors.join(" ")).collect();
        assert_eq!(ancestors, ["", "1@x a@x", "c@x"]);
        assert!(facts[0].is_reply && !facts[1].is_reply);
        assert_eq!(*facts[0].subject, *fold_case("CAF\u{c9}"));
    }
}
