//! Unpacks gzip (RFC 1952) and zip within limits: of octets, of their ratio, of files, and of archives in
//! archives, which may be once. Goes by the first octets.

use std::io::{Cursor, Read};

use mail_auth::flate2::read::GzDecoder;
use mail_auth::zip::ZipArchive;
use memchr::memmem;

use crate::clean;
use crate::limits::{Limits, Unreadable};

/// Unpacked octets below which the ratio does not matter.
const SMALL_OCTETS: usize = 1024 * 1024;
/// Archives in archives that are opened.
const LEVELS: usize = 2;
/// End of central directory record of a zip file (APPNOTE section 4.3.16); its number of entries stands 10
/// octets in.
const ZIP_END: &[u8] = b"PK\x05\x06";
/// Locator of the record for zip files beyond 4 GB (APPNOTE section 4.3.15).
const ZIP64_LOCATOR: &[u8] = b"PK\x06\x07";

/// Unpacks the files of one mail; what all of them may have together is counted.
pub(crate) struct Unpacker<'l> {
    limits: &'l Limits,
    left: usize,
}

impl<'l> Unpacker<'l> {
    pub(crate) fn new(limits: &'l Limits) -> Self {
        Self {
            limits,
            left: limits.unpacked_octets,
        }
    }

    /// Hands each file in `octets` to `take`; what is not packed is the only file.
    pub(crate) fn unpack(&mut self, octets: &[u8], take: &mut dyn FnMut(&[u8])) -> Result<(), Unreadable> {
        self.unpack_level(octets, LEVELS, take)
    }

    fn unpack_level(
        &mut self,
        octets: &[u8],
        levels: usize,
        take: &mut dyn FnMut(&[u8]),
    ) -> Result<(), Unreadable> {
        let is_gzip = octets.starts_with(b"\x1f\x8b");
        let is_zip = octets.starts_with(b"PK\x03\x04");
        if !is_gzip && !is_zip {
            if levels == LEVELS {
                self.check_size(octets)?;
            }
            take(octets);
            return Ok(());
        }
        self.check_size(octets)?;
        let Some(inner) = levels.checked_sub(1) else {
            return Err(Unreadable::NestedArchives);
        };
        if is_gzip {
            let file = self.read(GzDecoder::new(octets), octets.len())?;
            return self.unpack_level(&file, inner, take);
        }
        self.unpack_zip(octets, inner, take)
    }

    fn unpack_zip(
        &mut self,
        octets: &[u8],
        inner: usize,
        take: &mut dyn FnMut(&[u8]),
    ) -> Result<(), Unreadable> {
        self.check_zip(octets)?;
        let mut archive =
            ZipArchive::new(Cursor::new(octets)).map_err(|error| damaged(&error.to_string()))?;
        if archive.len() > self.limits.files {
            return Err(self.too_many());
        }
        for at in 0..archive.len() {
            let file = archive
                .by_index(at)
                .map_err(|error| damaged(&error.to_string()))?;
            if file.is_dir() {
                continue;
            }
            let packed = usize::try_from(file.compressed_size())
                .unwrap_or(usize::MAX)
                .min(octets.len());
            let file = self.read(file, packed)?;
            self.unpack_level(&file, inner, take)?;
        }
        Ok(())
    }

    /// The zip crate makes room for as many entries as the archive says it has, so that is looked at first.
    /// An archive has one such record; none of those it seems to have may name too many.
    fn check_zip(&self, octets: &[u8]) -> Result<(), Unreadable> {
        if memmem::find(octets, ZIP64_LOCATOR).is_some() {
            return Err(self.too_many());
        }
        for at in memmem::find_iter(octets, ZIP_END) {
            let count = octets
                .get(at.saturating_add(10)..at.saturating_add(12))
                .unwrap_or_default();
            let count = count
                .iter()
                .rev()
                .fold(0, |count: usize, octet| (count << 8) | usize::from(*octet));
            if count > self.limits.files {
                return Err(self.too_many());
            }
        }
        Ok(())
    }

    fn too_many(&self) -> Unreadable {
        Unreadable::TooManyFiles {
            limit: self.limits.files,
        }
    }

    fn check_size(&self, octets: &[u8]) -> Result<(), Unreadable> {
        if octets.len() > self.limits.file_octets {
            return Err(Unreadable::TooLarge {
                octets: octets.len(),
                limit: self.limits.file_octets,
            });
        }
        Ok(())
    }

    /// All octets of a packed file of `packed` octets.
    fn read(&mut self, packed_file: impl Read, packed: usize) -> Result<Vec<u8>, Unreadable> {
        let by_ratio = packed.saturating_mul(self.limits.ratio).max(SMALL_OCTETS);
        let limit = by_ratio.min(self.left);
        let mut file = Vec::new();
        let one_more = u64::try_from(limit).unwrap_or(u64::MAX).saturating_add(1);
        packed_file
            .take(one_more)
            .read_to_end(&mut file)
            .map_err(|error| damaged(&error.to_string()))?;
        if file.len() > limit {
            return Err(Unreadable::UnpacksTooLarge { limit });
        }
        self.left = self.left.saturating_sub(file.len());
        Ok(file)
    }
}

fn damaged(reason: &str) -> Unreadable {
    Unreadable::DamagedArchive(clean::line(reason, clean::LINE_CHARACTERS))
}
