//! Operations that change the mailbox.

use super::Done;
use super::session::Session;
use crate::error::{Error, Result};
use crate::fail;
use crate::message::{Ident, Rng, find, verify};
use crate::smtp::clock_run;
use std::time::Instant;

/// Messages that COPY copies.
const COPIED: u64 = 10_000;

impl Session {
    pub(super) async fn store(&mut self, done: &mut Done) -> Result<()> {
        let mut rng = Rng::new(self.args.seed + self.n);
        let exists = self.exists;
        let mut flagged = self.hits("SEARCH FLAGGED").await?;
        let alone = self.args.connections == 1;
        for i in 0..self.args.count {
            let n = 1 + rng.below(exists);
            let add = i % 2 == 0;
            let sign = if add { '+' } else { '-' };
            let mut answer = None;
            let begin = Instant::now();
            self.imap()
                .command(&format!("STORE {n} {sign}FLAGS (\\Flagged)"), |r| {
                    if let Some((got, rest)) = r.numbered("FETCH")
                        && got == n
                    {
                        answer = Some(find(rest, b"\\Flagged").is_some());
                    }
                    Ok(())
                })
                .await?;
            done.latency.add(begin.elapsed());
            done.commands += 1;
            let changes = if add {
                flagged.insert(n)
            } else {
                flagged.remove(&n)
            };
            // A server need not answer a STORE that changes nothing; what other sessions did may be told here too.
            if alone && answer != Some(add) && (changes || answer.is_some()) {
                done.errors
                    .add(Error(format!("STORE {n} {sign}FLAGS: answer {answer:?}")));
            }
        }
        Ok(())
    }

    /// Marks every message as seen and checks each answer. That none is seen before is not measured.
    pub(super) async fn store_all(&mut self, done: &mut Done) -> Result<()> {
        let exists = self.exists;
        self.imap()
            .command("STORE 1:* -FLAGS.SILENT (\\Seen)", |_| Ok(()))
            .await?;
        let mut right = 0;
        let begin = Instant::now();
        self.imap()
            .command("STORE 1:* +FLAGS (\\Seen)", |r| {
                if let Some((_, rest)) = r.numbered("FETCH") {
                    right += find(rest, b"\\Seen").is_some() as u64;
                }
                Ok(())
            })
            .await?;
        done.latency.add(begin.elapsed());
        done.commands += 1;
        done.messages += exists;
        if right != exists {
            return fail!("STORE 1:*: {right} right answers of {exists}");
        }
        Ok(())
    }

    /// Copies to a mailbox of this session's own, made for it, and counts what is there.
    pub(super) async fn copy(&mut self, done: &mut Done) -> Result<()> {
        let count = self.exists.min(COPIED);
        let name = format!("Copies{}", self.n);
        self.imap().command(&format!("CREATE {name}"), |_| Ok(())).await?;
        let begin = Instant::now();
        self.imap()
            .command(&format!("COPY 1:{count} {name}"), |_| Ok(()))
            .await?;
        done.latency.add(begin.elapsed());
        done.commands += 1;
        done.messages += count;
        let there = self.imap().status_messages(&name).await?;
        self.imap().command(&format!("DELETE {name}"), |_| Ok(())).await?;
        if there != count {
            return fail!("COPY: {there} of {count} messages");
        }
        Ok(())
    }

    pub(super) async fn append(&mut self, done: &mut Done) -> Result<()> {
        let (run, size, mailbox) = (clock_run() + self.n, self.args.size, self.args.mailbox.clone());
        let count = self.args.count;
        let exists = self.exists;
        for seq in 0..count {
            let message = [Ident { run, seq, size }.build()];
            let begin = Instant::now();
            self.imap().append(&mailbox, &message).await?;
            done.latency.add(begin.elapsed());
            done.commands += 1;
            done.messages += 1;
            done.bytes += size as u64;
        }
        // Read them back on a new connection.
        let mut imap = self.connect().await?;
        let now = imap.select(&mailbox).await?;
        let alone = self.args.connections == 1;
        if now < exists + count || alone && now > exists + count {
            done.errors.add(Error(format!(
                "{exists} messages before, {now} after APPEND of {count}"
            )));
        }
        let mut right = 0;
        imap.command(&format!("FETCH {}:{now} (BODY.PEEK[])", exists + 1), |r| {
            if let Some(l) = r.literals.first()
                && verify(&r.text[l.clone()], false)?.run == run
            {
                right += 1;
            }
            Ok(())
        })
        .await?;
        if right != count {
            done.errors
                .add(Error(format!("{right} of {count} appended messages read back")));
        }
        imap.logout().await
    }
}
