//! How much of a report is looked at, and why one was not read.

/// Limits of reading. The defaults are far above what honest reporters send: the largest sample we know has
/// 2,300 records in 0.9 MB, 12 KB packed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Octets of one file as it came, packed or not.
    pub file_octets: usize,
    /// Octets of all that is unpacked from one mail or file.
    pub unpacked_octets: usize,
    /// How many times larger than the packed file the unpacked one may be, once it is above 1 MB.
    pub ratio: usize,
    /// Files in one archive, and files with reports in one mail.
    pub files: usize,
    /// Records of one report.
    pub records: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            file_octets: 10 * 1024 * 1024,
            unpacked_octets: 50 * 1024 * 1024,
            ratio: 250,
            files: 10,
            records: 50_000,
        }
    }
}

/// Why no report could be read. Each is final: the same octets will not be read later either.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unreadable {
    /// Nothing in it is a report.
    #[error("there is no DMARC or TLS report in it")]
    NoReport,
    /// A file is larger than [`Limits::file_octets`].
    #[error("a file in it has {octets} bytes, more than the {limit} that a report may have")]
    TooLarge {
        /// What it has.
        octets: usize,
        /// What it may have.
        limit: usize,
    },
    /// Unpacking would give more than [`Limits`] allow.
    #[error("unpacked, it has more than {limit} bytes, which no honest report of this size has")]
    UnpacksTooLarge {
        /// What it may have.
        limit: usize,
    },
    /// An archive has more than [`Limits::files`].
    #[error("the archive holds more than {limit} files")]
    TooManyFiles {
        /// What it may hold.
        limit: usize,
    },
    /// An archive in an archive in an archive.
    #[error("archives are packed into one another more than once")]
    NestedArchives,
    /// An archive that cannot be unpacked.
    #[error("the archive is damaged: {0}")]
    DamagedArchive(String),
    /// The XML declares entities.
    #[error(
        "its XML declares abbreviations of its own, which reports never need and which can grow without end"
    )]
    Entities,
    /// XML elements stand in one another too deeply.
    #[error("its XML is nested more than {limit} deep")]
    TooDeep {
        /// How deep it may be.
        limit: usize,
    },
    /// A report has more than [`Limits::records`], or as many policies or failures.
    #[error("it has more than {limit} records")]
    TooManyRecords {
        /// What it may have.
        limit: usize,
    },
    /// The XML breaks off or is none.
    #[error("its XML cannot be read: {0}")]
    Xml(String),
    /// The JSON breaks off or is none, or lacks what a report must have.
    #[error("its JSON cannot be read: {0}")]
    Json(String),
    /// Something without which a report says nothing is missing.
    #[error("it does not say {0}")]
    Incomplete(&'static str),
}
