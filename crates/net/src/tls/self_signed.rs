//! A certificate for a first start, signed by nobody but itself. Programs will warn their users of it; a
//! certificate from an authority takes its place by the settings.

use std::fs;
use std::io::Write;
use std::net::IpAddr;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use posthorn_base::Domain;
use posthorn_runtime::clock;
use rcgen::{CertificateParams, DistinguishedName, DnType, ExtendedKeyUsagePurpose, KeyPair, SanType};

use super::files::TlsError;

/// How long the certificate is good: nobody is there to renew it.
const YEARS: i32 = 10;

/// The two files in `folder`, made if neither is there.
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
        (false, true) => {
            return Err(TlsError::HalfPair {
                present: key,
                missing: certificate,
            });
        }
        (false, false) => {
            make(&certificate, &key, names, addresses)?;
            tracing::warn!(
                certificate = %certificate.display(),
                "made a self-signed certificate; mail programs will warn of it until the settings name a \
                 certificate from an authority"
            );
        }
    }
    Ok((certificate, key))
}

fn make(certificate: &Path, key: &Path, names: &[Domain], addresses: &[IpAddr]) -> Result<(), TlsError> {
    let (certificate_text, key_text) = generate(names, addresses).map_err(|cause| TlsError::NotMade {
        reason: cause.to_string(),
    })?;
    if let Some(folder) = certificate.parent() {
        fs::create_dir_all(folder).map_err(|cause| TlsError::NotWritable {
            path: folder.to_owned(),
            cause,
        })?;
    }
    write(key, 0o600, &key_text)?;
    write(certificate, 0o644, &certificate_text).inspect_err(|_| {
        // Half a pair would stop the next start.
        let _best_effort = fs::remove_file(key);
    })
}

/// Never over a file that is there: it might be somebody's only key.
fn write(path: &Path, mode: u32, text: &str) -> Result<(), TlsError> {
    let written = fs::OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(mode)
        .open(path)
        .and_then(|mut file| {
            file.write_all(text.as_bytes())?;
            file.sync_all()
        });
    written.map_err(|cause| TlsError::NotWritable {
        path: path.to_owned(),
        cause,
    })
}

fn generate(names: &[Domain], addresses: &[IpAddr]) -> Result<(String, String), rcgen::Error> {
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
    let key = KeyPair::generate()?;
    let certificate = params.self_signed(&key)?;
    Ok((certificate.pem(), key.serialize_pem()))
}
