//! One IMAP session of a scenario: does its operation and checks each answer.

use super::{Done, ImapArgs, Listing, Op};
use crate::error::{Error, Result};
use crate::fail;
use crate::imap::{Imap, Response};
use crate::message::{COMMON_WORD, Ident, RARE_WORD, Rng, find, find_ident, verify};
use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// No search that reads the messages of a big mailbox is as fast as that.
const READY: Duration = Duration::from_millis(50);

pub(super) struct Session {
    pub(super) args: ImapArgs,
    pub(super) user: String,
    pub(super) password: String,
    pub(super) n: u64,
    pub(super) listing: Arc<Listing>,
    pub(super) imap: Option<Imap>,
    pub(super) exists: u64,
}

impl Session {
    pub(super) async fn connect(&self) -> Result<Imap> {
        Imap::login(self.args.imap, &self.user, &self.password).await
    }

    pub(super) async fn open(&mut self) -> Result<()> {
        let mut imap = self.connect().await?;
        self.exists = imap.select(&self.args.mailbox).await?;
        self.imap = Some(imap);
        Ok(())
    }

    pub(super) fn imap(&mut self) -> &mut Imap {
        self.imap
            .as_mut()
            .expect("operations but login and select run on an open session")
    }

    pub(super) async fn perform(mut self, op: Op, done: &mut Done) -> Result<()> {
        done.exists = self.exists;
        match op {
            Op::Login => self.logins(done).await?,
            Op::FetchRandom => self.random(done).await?,
            Op::Store => self.store(done).await?,
            Op::Append => self.append(done).await?,
            Op::Select
            | Op::FetchAll
            | Op::FetchFlags
            | Op::StoreAll
            | Op::Copy
            | Op::Resync
            | Op::Sort
            | Op::SearchRare
            | Op::SearchCommon
            | Op::SearchSubject
            | Op::SearchFlag
            | Op::SearchReady => {
                for _ in 0..self.args.times {
                    self.once(op, done).await?;
                }
            }
        }
        match self.imap.take() {
            Some(imap) => imap.logout().await,
            None => Ok(()),
        }
    }

    /// An operation on the whole mailbox.
    async fn once(&mut self, op: Op, done: &mut Done) -> Result<()> {
        match op {
            Op::Select => self.select(done).await,
            Op::FetchAll => self.list(done).await.map(drop),
            Op::FetchFlags => self.flags(done).await,
            Op::StoreAll => self.store_all(done).await,
            Op::Copy => self.copy(done).await,
            Op::Resync => self.resync(done).await,
            Op::Sort => self.sort(done).await,
            Op::SearchRare => {
                self.search(&format!("TEXT {RARE_WORD}"), Ident::has_rare_word, done)
                    .await
            }
            Op::SearchCommon => {
                self.search(&format!("TEXT {COMMON_WORD}"), Ident::has_common_word, done)
                    .await
            }
            Op::SearchSubject => {
                let mut rng = Rng::new(self.args.seed + self.n + done.commands);
                let listing = self.listing.clone();
                let pick = listing[rng.below(listing.len() as u64) as usize].1;
                let key = format!("SUBJECT \"n={} s=\"", pick.seq);
                self.search(&key, |id| id.seq == pick.seq, done).await
            }
            Op::SearchFlag => {
                let begin = Instant::now();
                let hits = self.hits("UID SEARCH UNSEEN").await?;
                done.latency.add(begin.elapsed());
                done.commands += 1;
                done.messages += hits.len() as u64;
                Ok(())
            }
            Op::SearchReady => self.search_until_ready(done).await,
            Op::Login | Op::FetchRandom | Op::Store | Op::Append => Ok(()),
        }
    }

    /// An index that is made behind the mail is complete once a search takes no longer than one with it does.
    async fn search_until_ready(&mut self, done: &mut Done) -> Result<()> {
        let begin = Instant::now();
        loop {
            let search = Instant::now();
            self.hits(&format!("UID SEARCH TEXT {RARE_WORD}")).await?;
            if search.elapsed() < READY {
                break;
            }
            tokio::time::sleep(Duration::from_millis(500)).await;
        }
        done.latency.add(begin.elapsed());
        done.commands += 1;
        Ok(())
    }

    async fn logins(&mut self, done: &mut Done) -> Result<()> {
        for _ in 0..self.args.count {
            let begin = Instant::now();
            let imap = self.connect().await?;
            done.latency.add(begin.elapsed());
            done.commands += 1;
            imap.logout().await?;
        }
        Ok(())
    }

    async fn select(&mut self, done: &mut Done) -> Result<()> {
        let mut imap = self.connect().await?;
        let begin = Instant::now();
        done.exists = imap.select(&self.args.mailbox).await?;
        done.latency.add(begin.elapsed());
        done.commands += 1;
        imap.logout().await
    }

    /// Fetches what a mail program lists, and checks that it is all there.
    pub(super) async fn list(&mut self, done: &mut Done) -> Result<Listing> {
        let exists = self.exists;
        let mut rows: Vec<Option<(u64, Ident)>> = vec![None; exists as usize];
        let begin = Instant::now();
        let mut bytes = 0;
        self.imap()
            .command("FETCH 1:* (UID FLAGS INTERNALDATE RFC822.SIZE ENVELOPE)", |r| {
                let Some((n, rest)) = r.numbered("FETCH") else {
                    return Ok(());
                };
                bytes += r.text.len() as u64;
                let (Some(uid), Some(size), Some(id)) =
                    (r.item("UID"), r.item("RFC822.SIZE"), find_ident(rest))
                else {
                    return fail!("FETCH {n}: {}", String::from_utf8_lossy(&r.text));
                };
                if find(rest, b"FLAGS (").is_none()
                    || find(rest, b"INTERNALDATE \"").is_none()
                    || size < id.size as u64
                {
                    return fail!("FETCH {n}: {}", String::from_utf8_lossy(&r.text));
                }
                match rows.get_mut(n as usize - 1) {
                    Some(row @ None) => *row = Some((uid, id)),
                    _ => return fail!("FETCH {n}: twice, or beyond {exists}"),
                }
                Ok(())
            })
            .await?;
        done.latency.add(begin.elapsed());
        done.commands += 1;
        done.messages += exists;
        done.bytes += bytes;
        let listing: Listing = rows.into_iter().flatten().collect();
        if listing.len() as u64 != exists || !listing.windows(2).all(|w| w[0].0 < w[1].0) {
            return fail!(
                "FETCH: {} of {exists} messages, or UIDs out of order",
                listing.len()
            );
        }
        Ok(listing)
    }

    async fn flags(&mut self, done: &mut Done) -> Result<()> {
        let exists = self.exists;
        let begin = Instant::now();
        let (mut rows, mut bytes) = (0, 0);
        self.imap()
            .command("FETCH 1:* (UID FLAGS)", |r| {
                let Some((n, rest)) = r.numbered("FETCH") else {
                    return Ok(());
                };
                rows += 1;
                bytes += r.text.len() as u64;
                if n != rows || r.item("UID").is_none() || find(rest, b"FLAGS (").is_none() {
                    return fail!("FETCH {n}: {}", String::from_utf8_lossy(&r.text));
                }
                Ok(())
            })
            .await?;
        done.latency.add(begin.elapsed());
        done.commands += 1;
        done.messages += rows;
        done.bytes += bytes;
        if rows != exists {
            return fail!("FETCH: {rows} of {exists} messages");
        }
        Ok(())
    }

    async fn random(&mut self, done: &mut Done) -> Result<()> {
        let mut rng = Rng::new(self.args.seed + self.n);
        let listing = self.listing.clone();
        if listing.is_empty() {
            return fail!("{}: nothing to fetch", self.user);
        }
        for _ in 0..self.args.count {
            let (uid, id) = listing[rng.below(listing.len() as u64) as usize];
            let mut body = None;
            let begin = Instant::now();
            self.imap()
                .command(&format!("UID FETCH {uid} (BODY.PEEK[])"), |r| {
                    if r.numbered("FETCH").is_some() && r.item("UID") == Some(uid) {
                        body = r.literals.first().map(|l| r.text[l.clone()].to_vec());
                    }
                    Ok(())
                })
                .await?;
            done.latency.add(begin.elapsed());
            done.commands += 1;
            done.messages += 1;
            let body = body.unwrap_or_default();
            done.bytes += body.len() as u64;
            match verify(&body, true) {
                Ok(got) if got == id => {}
                Ok(got) => done
                    .errors
                    .add(Error(format!("UID {uid}: got {got:?}, wanted {id:?}"))),
                Err(e) => done.errors.add(e),
            }
        }
        Ok(())
    }

    /// Runs a SEARCH or UID SEARCH; returns the numbers it finds.
    pub(super) async fn hits(&mut self, command: &str) -> Result<BTreeSet<u64>> {
        let mut hits = BTreeSet::new();
        self.imap()
            .command(command, |r: &Response| {
                if let Some(list) = r.text.strip_prefix(b"* SEARCH") {
                    for word in String::from_utf8_lossy(list).split_whitespace() {
                        match word.parse() {
                            Ok(uid) => hits.insert(uid),
                            Err(_) => return fail!("SEARCH: {word}"),
                        };
                    }
                }
                Ok(())
            })
            .await?;
        Ok(hits)
    }

    async fn search(&mut self, key: &str, matches: impl Fn(&Ident) -> bool, done: &mut Done) -> Result<()> {
        let begin = Instant::now();
        let hits = self.hits(&format!("UID SEARCH {key}")).await?;
        done.latency.add(begin.elapsed());
        done.commands += 1;
        done.messages += hits.len() as u64;
        let want: BTreeSet<u64> = self
            .listing
            .iter()
            .filter(|(_, id)| matches(id))
            .map(|(uid, _)| *uid)
            .collect();
        if hits != want {
            done.errors.add(Error(format!(
                "SEARCH {key}: {} hits, wanted {}",
                hits.len(),
                want.len()
            )));
        }
        Ok(())
    }

    /// Checks that every message is there once, in the order that was asked for.
    async fn sort(&mut self, done: &mut Done) -> Result<()> {
        let exists = self.exists;
        let mut found = Vec::new();
        let begin = Instant::now();
        self.imap()
            .command("UID SORT (DATE) US-ASCII ALL", |r: &Response| {
                if let Some(list) = r.text.strip_prefix(b"* SORT") {
                    let uids = String::from_utf8_lossy(list);
                    found.extend(uids.split_whitespace().filter_map(|uid| uid.parse::<u64>().ok()));
                }
                Ok(())
            })
            .await?;
        done.latency.add(begin.elapsed());
        done.commands += 1;
        done.messages += exists;
        // A message's date is its place in the run within a day (see `message`).
        let dates: HashMap<u64, u64> = self
            .listing
            .iter()
            .map(|(uid, id)| (*uid, id.seq % 86_400))
            .collect();
        let in_order = found
            .windows(2)
            .all(|w| (dates.get(&w[0]), w[0]) < (dates.get(&w[1]), w[1]));
        if found.len() as u64 != exists || !in_order {
            return fail!("SORT: {} of {exists}, in order: {in_order}", found.len());
        }
        Ok(())
    }
}
