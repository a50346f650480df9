//! Coming back to a mailbox that changed meanwhile (QRESYNC, RFC 7162).

use super::Done;
use super::session::Session;
use crate::error::Result;
use crate::fail;
use crate::message::Rng;
use std::collections::BTreeSet;
use std::time::Instant;

/// Messages that change between two visits.
const CHANGED: usize = 100;

impl Session {
    /// Changes messages, comes back on a fresh connection and checks that exactly these are told.
    pub(super) async fn resync(&mut self, done: &mut Done) -> Result<()> {
        let mailbox = self.args.mailbox.clone();
        let (mut validity, mut modseq) = (None, None);
        let mut imap = self.connect().await?;
        imap.command("ENABLE QRESYNC", |_| Ok(())).await?;
        imap.command(&format!("SELECT {mailbox}"), |r| {
            validity = r.item("[UIDVALIDITY").or(validity);
            modseq = r.item("[HIGHESTMODSEQ").or(modseq);
            Ok(())
        })
        .await?;
        imap.logout().await?;
        let (Some(validity), Some(modseq)) = (validity, modseq) else {
            return fail!("SELECT {mailbox}: no UIDVALIDITY or HIGHESTMODSEQ");
        };
        let changed = self.change_some(done).await?;

        let mut imap = self.connect().await?;
        imap.command("ENABLE QRESYNC", |_| Ok(())).await?;
        let mut told = BTreeSet::new();
        let begin = Instant::now();
        imap.command(
            &format!("SELECT {mailbox} (QRESYNC ({validity} {modseq}))"),
            |r| {
                if r.numbered("FETCH").is_some() {
                    told.extend(r.item("UID"));
                }
                Ok(())
            },
        )
        .await?;
        done.latency.add(begin.elapsed());
        done.commands += 1;
        imap.logout().await?;
        if told != changed {
            return fail!("QRESYNC: told of {} messages of {}", told.len(), changed.len());
        }
        Ok(())
    }

    /// Turns \Answered of messages picked at random; gives their UIDs.
    async fn change_some(&mut self, done: &Done) -> Result<BTreeSet<u64>> {
        let mut rng = Rng::new(self.args.seed + self.n + done.commands);
        let mut numbers = BTreeSet::new();
        let wanted = CHANGED.min(self.exists as usize);
        while numbers.len() < wanted {
            numbers.insert(1 + rng.below(self.exists));
        }
        let set: Vec<String> = numbers.iter().map(u64::to_string).collect();
        let set = set.join(",");
        let (mut had, mut uids) = (BTreeSet::new(), BTreeSet::new());
        self.imap()
            .command(&format!("FETCH {set} (UID FLAGS)"), |r| {
                let uid = r.item("UID");
                uids.extend(uid);
                if crate::message::find(&r.text, b"\\Answered").is_some() {
                    had.extend(uid);
                }
                Ok(())
            })
            .await?;
        let lacking = uids.difference(&had).copied().collect();
        for (sign, uids) in [('-', &had), ('+', &lacking)] {
            if !uids.is_empty() {
                let set: Vec<String> = uids.iter().map(u64::to_string).collect();
                let command = format!("UID STORE {} {sign}FLAGS.SILENT (\\Answered)", set.join(","));
                self.imap().command(&command, |_| Ok(())).await?;
            }
        }
        Ok(uids)
    }
}
