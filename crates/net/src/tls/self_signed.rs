//! A certificate for a first start, signed by nobody but itself. Programs will warn their users of it; a
//! certificate from an authority takes its place by the settings.

use std::fs;
use std::io::{self, Write};
use std::net::IpAddr;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use posthorn_base::Domain;
use posthorn_runtime::clock;
use rcgen::{CertificateParams, DistinguishedName, DnType, ExtendedKeyUsagePurpose, KeyPair, SanType};

use super::files::TlsError;

/// How long the certificate is good: nobody is there to renew it.
const YEARS: i32 = 10;

/// The two files in `folder`, made if neither is there. A key alone is what a loss of power in the middle of
/// that leaves: it gets its certificate.
pub(super) fn find_or_make(
    folder: &Path,
    names: &[Domain],
    addresses: &[IpAddr],
) -> Result<(PathBuf, PathBuf), TlsError> {
    let certificate = folder.join("certificate.pem");
    let key = folder.join("key.pem");
    match (certificate.exists(), key.exists()) {
        (true, true) => {}
        (true, false) => {
            return Err(TlsError::HalfPair {
                present: certificate,
                missing: key,
            });
        }
        (false, is_half_done) => {
            make(folder, is_half_done.then_some(&key), names, addresses)?;
            tracing::warn!(
                certificate = %certificate.display(),
                "made a self-signed certificate; mail programs will warn of it until the settings name a \
                 certificate from an authority"
            );
        }
    }
    Ok((certificate, key))
}

fn make(
    folder: &Path,
    old_key: Option<&PathBuf>,
    names: &[Domain],
    addresses: &[IpAddr],
) -> Result<(), TlsError> {
    let not_made = |cause: rcgen::Error| TlsError::NotMade {
        reason: cause.to_string(),
    };
    fs::create_dir_all(folder).map_err(|cause| not_writable(folder, cause))?;
    let key = if let Some(path) = old_key {
        let unreadable = |cause: io::Error| TlsError::NotMade {
            reason: format!("{}: {cause}", path.display()),
        };
        KeyPair::from_pem(&fs::read_to_string(path).map_err(unreadable)?).map_err(not_made)?
    } else {
        let key = KeyPair::generate().map_err(not_made)?;
        write(folder, "key.pem", 0o600, &key.serialize_pem())?;
        key
    };
    let certificate = generate(&key, names, addresses).map_err(not_made)?;
    write(folder, "certificate.pem", 0o644, &certificate)
}

/// Whole or not at all, and there to stay when this returns: the one must not outlive the other's loss.
fn write(folder: &Path, name: &str, mode: u32, text: &str) -> Result<(), TlsError> {
    let path = folder.join(name);
    let partial = folder.join(format!("{name}.new"));
    let written = fs::OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(mode)
        .open(&partial)
        .and_then(|mut file| {
            file.write_all(text.as_bytes())?;
            file.sync_all()?;
            fs::rename(&partial, &path)?;
            fs::File::open(folder)?.sync_all()
        });
    written.map_err(|cause| not_writable(&path, cause))
}

fn not_writable(path: &Path, cause: io::Error) -> TlsError {
    TlsError::NotWritable {
        path: path.to_owned(),
        cause,
    }
}

fn generate(key: &KeyPair, names: &[Domain], addresses: &[IpAddr]) -> Result<String, rcgen::Error> {
    let mut params = CertificateParams::new(names.iter().map(ToString::to_string).collect::<Vec<_>>())?;
    params
        .subject_alt_names
        .extend(addresses.iter().copied().map(SanType::IpAddress));
    params.distinguished_name = DistinguishedName::new();
    if let Some(name) = names.first() {
        params
            .distinguished_name
            .push(DnType::CommonName, name.to_string());
    }
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    // From the start of last year: a client whose clock is behind should not add an error of its own.
    let year = clock::wall().civil().year;
    params.not_before = rcgen::date_time_ymd(year.saturating_sub(1), 1, 1);
    params.not_after = rcgen::date_time_ymd(year.saturating_add(YEARS), 1, 1);
    Ok(params.self_signed(key)?.pem())
}
