//! `posthorn check --store`, the part that needs no knowledge of mail: the engine's own integrity check,
//! and blobs against the rows that name them.

use std::collections::HashSet;

use crate::blob::{ALL, BlobRef};
use crate::{Store, StoreError};

/// Something that is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Finding {
    /// The engine's integrity check says this.
    Engine(String),
    /// A row names a blob that is not there.
    BlobMissing(String),
    /// A blob's octets do not have the hash they are named by.
    BlobDamaged(String),
    /// A rule of another crate is broken (counters against rows and the like).
    Rule(String),
}

impl std::fmt::Display for Finding {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Engine(text) => write!(f, "database: {text}"),
            Self::BlobMissing(name) => write!(f, "blob {name}: a message names it, but it is not there"),
            Self::BlobDamaged(name) => write!(f, "blob {name}: its octets are not what they were"),
            Self::Rule(text) => f.write_str(text),
        }
    }
}

/// What a check saw.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CheckReport {
    /// What is wrong; empty when all is well.
    pub findings: Vec<Finding>,
    /// Blobs that were read and compared with their names.
    pub blobs: usize,
    /// Blobs that no row names; they wait for the collector and harm nothing.
    pub unreferenced: usize,
}

impl Store {
    /// Checks everything the store itself is responsible for. Reads all blobs.
    ///
    /// # Errors
    /// When the store cannot be read at all.
    pub fn check(&self) -> Result<CheckReport, StoreError> {
        let references: Vec<&'static str> = self
            .components()
            .iter()
            .flat_map(|component| component.blob_references)
            .copied()
            .collect();
        let files = self.files();
        self.read_long(move |tx| {
            let mut report = CheckReport::default();
            report
                .findings
                .extend(tx.integrity()?.into_iter().map(Finding::Engine));
            let mut present = HashSet::new();
            tx.for_each(ALL, &[], |row| {
                let size = u64::try_from(row.bytes(2)?.len()).unwrap_or(u64::MAX);
                let reference = BlobRef::from_columns(row.bytes(0)?, row.int(1)?, size)?;
                inspect(&reference, row.bytes(2)?, &mut report);
                present.insert(reference.to_string());
                Ok(())
            })?;
            present.extend(files.list()?);
            let mut named = HashSet::new();
            for sql in &references {
                tx.for_each(sql, &[], |row| {
                    let reference = BlobRef::from_columns(row.bytes(0)?, row.int(1)?, row.u64(2)?)?;
                    if !named.insert(reference.to_string()) {
                        return Ok(());
                    }
                    if !present.contains(&reference.to_string()) {
                        report.findings.push(Finding::BlobMissing(reference.to_string()));
                    } else if !reference.is_inline() {
                        let octets = files.read(&reference)?.unwrap_or_default();
                        inspect(&reference, &octets, &mut report);
                    }
                    Ok(())
                })?;
            }
            report.unreferenced = present.difference(&named).count();
            Ok(report)
        })
        .wait()
    }
}

fn inspect(reference: &BlobRef, octets: &[u8], report: &mut CheckReport) {
    report.blobs += 1;
    if *blake3::hash(octets).as_bytes() != reference.hash {
        report.findings.push(Finding::BlobDamaged(reference.to_string()));
    }
}
