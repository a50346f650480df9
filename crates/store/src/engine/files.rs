//! Files of large blobs, and the lock of the data folder.

use std::collections::HashSet;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use crate::blob::BlobRef;
use crate::{OpenError, StoreError};

/// `blobs/2026-11/ab/abcdef…`: a folder per month and first octet of the hash.
pub(crate) struct BlobFiles {
    folder: PathBuf,
    next_temporary: AtomicU64,
    /// The folders whose names are known to be durable.
    shelves: Mutex<HashSet<PathBuf>>,
}

impl BlobFiles {
    pub(crate) fn open(data: &Path) -> Result<Self, OpenError> {
        let folder = data.join("blobs");
        let temporary = folder.join("tmp");
        // What a crash left half written was never named by a row.
        if temporary.exists() {
            fs::remove_dir_all(&temporary).map_err(|cause| unusable(&temporary, &cause))?;
        }
        fs::create_dir_all(&temporary).map_err(|cause| unusable(&temporary, &cause))?;
        sync_folder(&folder).map_err(|cause| unusable(&folder, &cause))?;
        sync_folder(data).map_err(|cause| unusable(data, &cause))?;
        Ok(Self {
            folder,
            next_temporary: AtomicU64::new(0),
            shelves: Mutex::default(),
        })
    }

    /// Writes a large blob: file written and synced, renamed, folders synced. When this returns, the
    /// blob survives a power loss.
    pub(crate) fn write(&self, reference: &BlobRef, octets: &[u8]) -> Result<(), StoreError> {
        let path = self.path(reference);
        let serial = self.next_temporary.fetch_add(1, Ordering::Relaxed);
        let temporary = self.folder.join("tmp").join(serial.to_string());
        let written = self.write_through(octets, &temporary, &path);
        if written.is_err() {
            // Best effort: the next start empties the folder anyway.
            drop(fs::remove_file(&temporary));
        }
        written.map_err(|cause| from_io(&cause))
    }

    fn write_through(&self, octets: &[u8], temporary: &Path, path: &Path) -> io::Result<()> {
        let mut file = OpenOptions::new().write(true).create_new(true).open(temporary)?;
        file.write_all(octets)?;
        file.sync_data()?;
        let shelf = path.parent().unwrap_or(&self.folder);
        self.make_shelf(shelf)?;
        fs::rename(temporary, path)?;
        sync_folder(shelf)
    }

    /// One that exists is synced too when it is met first: whoever made it may be about to do so, or was
    /// killed before.
    fn make_shelf(&self, shelf: &Path) -> io::Result<()> {
        let shelves = || self.shelves.lock().unwrap_or_else(PoisonError::into_inner);
        if shelves().contains(shelf) {
            return Ok(());
        }
        fs::create_dir_all(shelf)?;
        sync_folder(shelf.parent().unwrap_or(&self.folder))?;
        sync_folder(&self.folder)?;
        shelves().insert(shelf.to_owned());
        Ok(())
    }

    pub(crate) fn read(&self, reference: &BlobRef) -> Result<Option<Vec<u8>>, StoreError> {
        match fs::read(self.path(reference)) {
            Ok(octets) => Ok(Some(octets)),
            Err(cause) if cause.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(cause) => Err(from_io(&cause)),
        }
    }

    /// These octets of a blob, as far as it has them.
    pub(crate) fn read_part(
        &self,
        reference: &BlobRef,
        range: &Range<u64>,
    ) -> Result<Option<Vec<u8>>, StoreError> {
        let mut file = match File::open(self.path(reference)) {
            Ok(file) => file,
            Err(cause) if cause.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(cause) => return Err(from_io(&cause)),
        };
        let end = range.end.min(reference.size_octets);
        let length = end.saturating_sub(range.start);
        let mut octets = Vec::new();
        octets.reserve_exact(usize::try_from(length).unwrap_or(0));
        let read = file
            .seek(SeekFrom::Start(range.start))
            .and_then(|_at| file.take(length).read_to_end(&mut octets));
        read.map_err(|cause| from_io(&cause))?;
        Ok(Some(octets))
    }

    /// The names of all blob files, relative to the folder, as [`BlobRef`] prints them.
    pub(crate) fn list(&self) -> Result<Vec<String>, StoreError> {
        let mut names = Vec::new();
        for generation in read_names(&self.folder)? {
            if generation == "tmp" {
                continue;
            }
            for shelf in read_names(&self.folder.join(&generation))? {
                for name in read_names(&self.folder.join(&generation).join(&shelf))? {
                    names.push(format!("{generation}/{name}"));
                }
            }
        }
        Ok(names)
    }

    /// Hash and path of each file of a generation up to `newest`.
    pub(crate) fn old(&self, newest: i64) -> Result<Vec<([u8; 32], PathBuf)>, StoreError> {
        let mut old = Vec::new();
        for name in self.list()? {
            let Some((generation, hex)) = name.split_once('/') else {
                continue;
            };
            let Some((year, month)) = generation.split_once('-') else {
                continue;
            };
            let (Ok(year), Ok(month)) = (year.parse::<i64>(), month.parse::<i64>()) else {
                continue;
            };
            let Ok(hash) = blake3::Hash::from_hex(hex) else {
                continue;
            };
            let reference = BlobRef {
                hash: *hash.as_bytes(),
                generation: year * 12 + month - 1,
                size_octets: 0,
            };
            if reference.generation <= newest {
                old.push((reference.hash, self.path(&reference)));
            }
        }
        Ok(old)
    }

    /// Removes the file of a blob that nothing names.
    pub(crate) fn remove(&self, path: &Path) -> Result<(), StoreError> {
        fs::remove_file(path).map_err(|cause| from_io(&cause))
    }

    fn path(&self, reference: &BlobRef) -> PathBuf {
        let hex = reference.hex();
        let shelf = hex.get(..2).unwrap_or("00").to_owned();
        self.folder
            .join(reference.generation_name())
            .join(shelf)
            .join(hex)
    }
}

fn read_names(folder: &Path) -> Result<Vec<String>, StoreError> {
    let mut names = Vec::new();
    for entry in fs::read_dir(folder).map_err(|cause| from_io(&cause))? {
        let entry = entry.map_err(|cause| from_io(&cause))?;
        names.push(entry.file_name().to_string_lossy().into_owned());
    }
    Ok(names)
}

fn sync_folder(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}

fn from_io(cause: &io::Error) -> StoreError {
    if matches!(
        cause.kind(),
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded
    ) {
        StoreError::DiskFull
    } else {
        StoreError::Io(cause.to_string())
    }
}

fn unusable(path: &Path, cause: &io::Error) -> OpenError {
    OpenError::Unusable {
        path: path.to_owned(),
        reason: cause.to_string(),
    }
}

/// Makes the data folder (readable by its owner alone) and takes its lock: one process owns it, until
/// the returned file is dropped or the process ends in whatever way.
pub(crate) fn lock_folder(data: &Path) -> Result<File, OpenError> {
    use std::os::unix::fs::DirBuilderExt;
    if !data.exists() {
        let made = fs::DirBuilder::new().recursive(true).mode(0o700).create(data);
        made.map_err(|cause| unusable(data, &cause))?;
    }
    let path = data.join("lock");
    let opened = OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(false)
        .open(&path);
    let file = opened.map_err(|cause| unusable(&path, &cause))?;
    match rustix::fs::flock(&file, rustix::fs::FlockOperation::NonBlockingLockExclusive) {
        Ok(()) => Ok(file),
        Err(rustix::io::Errno::WOULDBLOCK) => Err(OpenError::InUse(data.to_owned())),
        Err(cause) => Err(OpenError::Unusable {
            path,
            reason: cause.to_string(),
        }),
    }
}
