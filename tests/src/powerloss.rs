//! What a disk holds when power fails: made from the journal that `powerloss/powerloss.c` writes. Only what
//! was synced is sure, contents and names apart; of the rest the disk may have kept any part.

use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::program::{Input, run};
use crate::random::Random;

/// What a disk writes at once.
const PAGE: usize = 4096;

/// Compiles the library into that folder.
///
/// # Panics
/// When the compiler fails.
#[must_use]
pub fn library(folder: &Path) -> PathBuf {
    let library = folder.join("powerloss.so");
    let mut cc = Command::new("cc");
    cc.args(["-O1", "-shared", "-fPIC", "-o"]).arg(&library);
    cc.arg(concat!(env!("CARGO_MANIFEST_DIR"), "/powerloss/powerloss.c"))
        .arg("-ldl");
    run(&mut cc, Input::None).ok();
    library
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Entry {
    Folder,
    File(usize),
}

#[derive(Clone, Debug)]
enum Change {
    Write { at: usize, octets: Vec<u8> },
    Truncate(usize),
}

impl Change {
    fn apply(&self, content: &mut Vec<u8>) {
        match self {
            Self::Truncate(length) => content.resize(*length, 0),
            Self::Write { at, octets } => {
                let end = at + octets.len();
                if content.len() < end {
                    content.resize(end, 0);
                }
                content.get_mut(*at..end).unwrap().copy_from_slice(octets);
            }
        }
    }

    /// The same in pieces, none of which crosses the border of a page.
    fn pages(&self) -> Vec<Self> {
        let Self::Write { at, octets } = self else {
            return vec![self.clone()];
        };
        let mut pieces = Vec::new();
        let (mut at, mut rest) = (*at, octets.as_slice());
        while !rest.is_empty() {
            let (piece, after) = rest.split_at(rest.len().min(PAGE - at % PAGE));
            pieces.push(Self::Write {
                at,
                octets: piece.to_vec(),
            });
            at += piece.len();
            rest = after;
        }
        pieces
    }
}

#[derive(Clone, Debug, Default)]
struct Content {
    synced: Vec<u8>,
    pending: Vec<Change>,
}

/// A change of names, which a disk does wholly or not at all.
#[derive(Clone, Debug)]
struct Naming {
    gone: Option<String>,
    came: Option<(String, Entry)>,
}

impl Naming {
    fn apply(&self, names: &mut BTreeMap<String, Entry>) {
        if let Some(gone) = &self.gone {
            names.remove(gone);
        }
        if let Some((name, entry)) = &self.came {
            names.insert(name.clone(), *entry);
        }
    }

    /// The folder whose sync makes it sure.
    fn folder(&self) -> &str {
        let came = self.came.as_ref().map(|(name, _)| name.as_str());
        parent(came.or(self.gone.as_deref()).unwrap_or_default())
    }
}

fn parent(path: &str) -> &str {
    path.rsplit_once('/').map_or("", |(folder, _)| folder)
}

/// What of the unsynced changes a failure leaves.
pub enum Keep<'a> {
    /// Nothing.
    Nothing,
    /// Each page and each name or not, by chance.
    Some(&'a mut Random),
}

impl fmt::Debug for Keep<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Nothing => "nothing",
            Self::Some(_) => "some",
        })
    }
}

impl Keep<'_> {
    fn keeps(&mut self) -> bool {
        match self {
            Self::Nothing => false,
            Self::Some(random) => random.coin(),
        }
    }
}

/// A disk that has played a journal up to some point.
#[derive(Debug)]
pub struct Disk {
    journal: Vec<u8>,
    played: usize,
    contents: Vec<Content>,
    by_inode: HashMap<u64, usize>,
    names: BTreeMap<String, Entry>,
    synced_names: BTreeMap<String, Entry>,
    pending_names: Vec<Naming>,
}

impl Disk {
    /// A disk that safely holds the files of `folder` before the journal begins.
    ///
    /// # Panics
    /// When something cannot be read.
    #[must_use]
    pub fn new(folder: &Path, journal: &Path) -> Self {
        let mut disk = Self {
            journal: fs::read(journal).unwrap(),
            played: 0,
            contents: Vec::new(),
            by_inode: HashMap::new(),
            names: BTreeMap::new(),
            synced_names: BTreeMap::new(),
            pending_names: Vec::new(),
        };
        disk.hold(folder, "");
        disk.synced_names = disk.names.clone();
        disk
    }

    fn hold(&mut self, folder: &Path, prefix: &str) {
        for entry in fs::read_dir(folder).unwrap() {
            let entry = entry.unwrap();
            let name = format!("{prefix}{}", entry.file_name().to_str().unwrap());
            let kind = entry.file_type().unwrap();
            if kind.is_dir() {
                self.names.insert(name.clone(), Entry::Folder);
                self.hold(&entry.path(), &format!("{name}/"));
            } else if kind.is_file() && !name.ends_with("-shm") {
                let synced = fs::read(entry.path()).unwrap();
                self.contents.push(Content {
                    synced,
                    pending: Vec::new(),
                });
                self.names.insert(name, Entry::File(self.contents.len() - 1));
            }
        }
    }

    /// Where each record of the journal that changes something ends.
    #[must_use]
    pub fn boundaries(&self) -> Vec<usize> {
        let mut ends = Vec::new();
        let mut at = 0;
        while let Some(record) = Record::read(&self.journal, at) {
            at = record.end;
            if record.kind != 2 {
                ends.push(at);
            }
        }
        ends
    }

    /// Does the journal have a write to the file of that name?
    #[must_use]
    pub fn has_written(&self, name: &str) -> bool {
        let mut at = 0;
        let mut inode = None;
        while let Some(record) = Record::read(&self.journal, at) {
            at = record.end;
            match record.kind {
                1 | 2 if record.octets == name.as_bytes() => inode = Some(record.a),
                3 if inode == Some(record.a) => return true,
                _ => {}
            }
        }
        false
    }

    /// Plays all records that end at `cut` or before; cuts must not go down.
    pub fn play(&mut self, cut: usize) {
        let journal = std::mem::take(&mut self.journal);
        while let Some(record) = Record::read(&journal, self.played).filter(|record| record.end <= cut) {
            self.played = record.end;
            self.apply(&record);
        }
        self.journal = journal;
    }

    fn apply(&mut self, record: &Record<'_>) {
        let path = || String::from_utf8(record.octets.to_vec()).unwrap();
        match record.kind {
            1 => {
                self.contents.push(Content::default());
                let file = self.contents.len() - 1;
                self.by_inode.insert(record.a, file);
                self.rename(None, Some((path(), Entry::File(file))));
            }
            2 => {
                if let Some(Entry::File(file)) = self.names.get(&path()) {
                    self.by_inode.insert(record.a, *file);
                }
            }
            3 => {
                let at = usize::try_from(record.b).unwrap();
                self.change(
                    record.a,
                    Change::Write {
                        at,
                        octets: record.octets.to_vec(),
                    },
                );
            }
            4 => self.change(record.a, Change::Truncate(usize::try_from(record.b).unwrap())),
            5 => {
                let content = self.content(record.a);
                for change in std::mem::take(&mut content.pending) {
                    change.apply(&mut content.synced);
                }
            }
            6 => self.sync_folder(&path()),
            7 => {
                let both = path();
                let (from, to) = both.split_once('\0').unwrap();
                // A socket has no octets; it is made anew at every start.
                let Some(&entry) = self.names.get(from) else {
                    return;
                };
                assert_ne!(
                    entry,
                    Entry::Folder,
                    "the rename of a folder is not modelled: {both}"
                );
                self.rename(Some(from.to_owned()), Some((to.to_owned(), entry)));
            }
            8 | 10 => self.rename(Some(path()), None),
            9 => self.rename(None, Some((path(), Entry::Folder))),
            other => panic!("a record of kind {other}"),
        }
    }

    fn content(&mut self, inode: u64) -> &mut Content {
        let file = *self.by_inode.get(&inode).unwrap();
        self.contents.get_mut(file).unwrap()
    }

    fn change(&mut self, inode: u64, change: Change) {
        self.content(inode).pending.push(change);
    }

    fn rename(&mut self, gone: Option<String>, came: Option<(String, Entry)>) {
        let naming = Naming { gone, came };
        naming.apply(&mut self.names);
        self.pending_names.push(naming);
    }

    fn sync_folder(&mut self, folder: &str) {
        let is_inside = |naming: &mut Naming| naming.folder() == folder;
        for naming in self.pending_names.extract_if(.., is_inside) {
            naming.apply(&mut self.synced_names);
        }
    }

    /// Writes what the disk holds after a failure now.
    ///
    /// # Panics
    /// When `folder` cannot be written.
    pub fn fail(&self, folder: &Path, mut keep: Keep<'_>) {
        let mut names = self.synced_names.clone();
        for naming in &self.pending_names {
            if keep.keeps() {
                naming.apply(&mut names);
            }
        }
        fs::create_dir_all(folder).unwrap();
        // In the order of the names a folder comes before what is in it.
        for (name, entry) in &names {
            let path = folder.join(name);
            if !path.parent().unwrap().is_dir() {
                continue;
            }
            match entry {
                Entry::Folder => fs::create_dir(path).unwrap(),
                Entry::File(file) => fs::write(path, self.left(*file, &mut keep)).unwrap(),
            }
        }
    }

    fn left(&self, file: usize, keep: &mut Keep<'_>) -> Vec<u8> {
        let content = self.contents.get(file).unwrap();
        let mut octets = content.synced.clone();
        for change in content.pending.iter().flat_map(Change::pages) {
            if keep.keeps() {
                change.apply(&mut octets);
            }
        }
        octets
    }
}

struct Record<'a> {
    kind: u8,
    a: u64,
    b: u64,
    octets: &'a [u8],
    end: usize,
}

impl<'a> Record<'a> {
    /// The one that begins there; `None` at the end.
    fn read(journal: &'a [u8], at: usize) -> Option<Self> {
        let head = journal.get(at..at + 21)?;
        let number = |from: usize| u64::from_ne_bytes(head.get(from..from + 8).unwrap().try_into().unwrap());
        let length = u32::from_ne_bytes(head.get(17..21)?.try_into().unwrap());
        let end = at + 21 + usize::try_from(length).unwrap();
        let octets = journal.get(at + 21..end)?;
        Some(Self {
            kind: *head.first()?,
            a: number(1),
            b: number(9),
            octets,
            end,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(kind: u8, a: u64, b: u64, octets: &[u8]) -> Vec<u8> {
        let length = u32::try_from(octets.len()).unwrap();
        [
            &[kind],
            &a.to_ne_bytes()[..],
            &b.to_ne_bytes(),
            &length.to_ne_bytes(),
            octets,
        ]
        .concat()
    }

    /// The files after a failure that keeps nothing.
    fn after(records: &[Vec<u8>]) -> Vec<(String, Vec<u8>)> {
        let folder = tempfile::tempdir().unwrap();
        let (before, left) = (folder.path().join("before"), folder.path().join("left"));
        fs::create_dir(&before).unwrap();
        let journal = folder.path().join("journal");
        fs::write(&journal, records.concat()).unwrap();
        let mut disk = Disk::new(&before, &journal);
        disk.play(usize::MAX);
        disk.fail(&left, Keep::Nothing);
        let mut files = Vec::new();
        for entry in fs::read_dir(&left).unwrap() {
            let path = entry.unwrap().path();
            files.push((
                path.file_name().unwrap().to_str().unwrap().to_owned(),
                fs::read(&path).unwrap(),
            ));
        }
        files.sort();
        files
    }

    #[test]
    fn a_synced_file_in_an_unsynced_folder_is_lost() {
        let written = [
            record(1, 7, 0, b"a"),
            record(3, 7, 0, b"text"),
            record(5, 7, 0, b""),
        ];
        assert_eq!(after(&written), []);
        let synced = [&written[..], &[record(6, 0, 0, b"")]].concat();
        assert_eq!(after(&synced), [("a".to_owned(), b"text".to_vec())]);
    }

    #[test]
    fn an_unsynced_file_in_a_synced_folder_is_empty() {
        let records = [
            record(1, 7, 0, b"a"),
            record(3, 7, 0, b"text"),
            record(6, 0, 0, b""),
        ];
        assert_eq!(after(&records), [("a".to_owned(), Vec::new())]);
    }

    #[test]
    fn a_rename_is_done_once_its_folder_is_synced() {
        let base = [
            record(1, 7, 0, b"a"),
            record(6, 0, 0, b""),
            record(7, 0, 0, b"a\0b"),
        ];
        assert_eq!(after(&base)[0].0, "a");
        assert_eq!(after(&[&base[..], &[record(6, 0, 0, b"")]].concat())[0].0, "b");
    }
}
