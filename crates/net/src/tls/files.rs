//! Reading PEM files, and what can be wrong with them, in words that say which file and what to do.

use std::io;
use std::path::{Path, PathBuf};

use rustls::pki_types::pem::{self, PemObject};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};

/// Why certificates or keys cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// There is no such file.
    #[error("{path}: there is no such file; check the path in the settings")]
    Missing {
        /// The file.
        path: PathBuf,
    },
    /// The file is there but cannot be read.
    #[error("{path}: cannot be read ({cause}); the user that Posthorn runs as needs leave to read it")]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the operating system says.
        cause: io::Error,
    },
    /// The file is not PEM, or damaged.
    #[error("{path}: is not a whole PEM file ({reason}); it is text with BEGIN and END lines")]
    NotPem {
        /// The file.
        path: PathBuf,
        /// What the reader stumbled over.
        reason: String,
    },
    /// A PEM file without a certificate.
    #[error("{path}: holds no certificate; it needs a BEGIN CERTIFICATE block, the server's own first")]
    NoCertificate {
        /// The file.
        path: PathBuf,
    },
    /// A PEM file without a private key.
    #[error("{path}: holds no private key; it needs a BEGIN PRIVATE KEY block that is not encrypted")]
    NoKey {
        /// The file.
        path: PathBuf,
    },
    /// The key belongs to another certificate.
    #[error(
        "{key}: is not the key of the certificate in {certificate}; give the two that were made together"
    )]
    KeyDoesNotFit {
        /// The certificate's file.
        certificate: PathBuf,
        /// The key's file.
        key: PathBuf,
    },
    /// Certificate or key is of a kind that is not supported, or malformed.
    #[error("{certificate} with {key}: cannot be used ({reason})")]
    Unusable {
        /// The certificate's file.
        certificate: PathBuf,
        /// The key's file.
        key: PathBuf,
        /// What the TLS library says.
        reason: String,
    },
    /// Of a self-signed pair only one file is left.
    #[error(
        "{present} is there but {missing} is not; put it back, or remove the other and a new pair is made"
    )]
    HalfPair {
        /// The file that is there.
        present: PathBuf,
        /// The file that is not.
        missing: PathBuf,
    },
    /// A file or folder for a self-signed pair cannot be written.
    #[error("{path}: cannot be written ({cause})")]
    NotWritable {
        /// The file or folder.
        path: PathBuf,
        /// What the operating system says.
        cause: io::Error,
    },
    /// A self-signed pair cannot be made.
    #[error("a self-signed certificate cannot be made: {reason}")]
    NotMade {
        /// What the library says.
        reason: String,
    },
    /// The TLS library refuses its own defaults.
    #[error("the TLS library refuses: {reason}")]
    Library {
        /// What it says.
        reason: String,
    },
    /// The bundle has no root that can be used.
    #[error("{path}: holds no usable root certificate; on Debian the package ca-certificates brings them")]
    NoRoots {
        /// The bundle.
        path: PathBuf,
    },
}

/// All certificates of a PEM file, in their order.
pub(super) fn read_certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, TlsError> {
    let text = read(path)?;
    let certificates: Vec<_> = CertificateDer::pem_slice_iter(&text)
        .collect::<Result<_, _>>()
        .map_err(|cause| not_pem(path, &cause))?;
    if certificates.is_empty() {
        return Err(match has_any_block(&text) {
            true => TlsError::NoCertificate {
                path: path.to_owned(),
            },
            false => not_pem(path, &pem::Error::NoItemsFound),
        });
    }
    Ok(certificates)
}

/// The first private key of a PEM file.
pub(super) fn read_key(path: &Path) -> Result<PrivateKeyDer<'static>, TlsError> {
    let text = read(path)?;
    match PrivateKeyDer::from_pem_slice(&text) {
        Ok(key) => Ok(key),
        Err(pem::Error::NoItemsFound) if has_any_block(&text) => Err(TlsError::NoKey {
            path: path.to_owned(),
        }),
        Err(cause) => Err(not_pem(path, &cause)),
    }
}

fn read(path: &Path) -> Result<Vec<u8>, TlsError> {
    std::fs::read(path).map_err(|cause| {
        let path = path.to_owned();
        if cause.kind() == io::ErrorKind::NotFound {
            TlsError::Missing { path }
        } else {
            TlsError::Unreadable { path, cause }
        }
    })
}

fn has_any_block(text: &[u8]) -> bool {
    text.windows(11).any(|window| window == b"-----BEGIN ")
}

fn not_pem(path: &Path, cause: &pem::Error) -> TlsError {
    TlsError::NotPem {
        path: path.to_owned(),
        reason: cause.to_string(),
    }
}
/// The first certificate of a PEM file, in DER; `None` when there is none or the file cannot be read.
#[must_use]
pub fn first_certificate(path: &Path) -> Option<Vec<u8>> {
    let first = CertificateDer::pem_file_iter(path).ok()?.next()?;
    first.ok().map(|certificate| certificate.to_vec())
}
