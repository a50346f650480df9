//! The server's certificate and key: read from files, and read anew when the files change, so that a
//! renewed certificate needs no restart. A broken new pair never replaces a good old one.

use std::net::IpAddr;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime};

use posthorn_base::Domain;
use posthorn_runtime::clock;
use rustls::ServerConfig;
use rustls::crypto::ring::Ticketer;

use super::files::{TlsError, read_certificates, read_key};
use super::{binding, provider, self_signed};

/// How often, at most, a handshake looks whether the files changed.
const CHECK_INTERVAL: Duration = Duration::from_secs(5);

/// The server's side of TLS; clones share it.
#[derive(Clone, Debug)]
pub struct ServerTls {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    certificate: PathBuf,
    key: PathBuf,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    loaded: Arc<Loaded>,
    /// What the files looked like when they were last read, well or not.
    seen: [Option<Fingerprint>; 2],
    check_at: Instant,
}

/// What handshakes use.
#[derive(Debug)]
pub(super) struct Loaded {
    pub(super) config: Arc<ServerConfig>,
    pub(super) server_end_point: Option<Vec<u8>>,
}

/// What tells a file from its predecessor: change time, length, inode. `None` where there is no file.
type Fingerprint = (Option<SystemTime>, u64, u64);

impl ServerTls {
    /// Reads certificate chain and key from PEM files.
    ///
    /// # Errors
    /// When they cannot be read or do not fit each other.
    pub fn from_files(certificate: &Path, key: &Path) -> Result<Self, TlsError> {
        let seen = [fingerprint(certificate), fingerprint(key)];
        let loaded = load(certificate, key)?;
        Ok(Self {
            inner: Arc::new(Inner {
                certificate: certificate.to_owned(),
                key: key.to_owned(),
                state: Mutex::new(State {
                    loaded: Arc::new(loaded),
                    seen,
                    check_at: clock::now() + CHECK_INTERVAL,
                }),
            }),
        })
    }

    /// Uses `certificate.pem` and `key.pem` in `folder`; makes them, for these names and addresses, if
    /// neither is there, and says so in the log.
    ///
    /// # Errors
    /// When the files cannot be used or made, or only one of them is there.
    pub fn self_signed(folder: &Path, names: &[Domain], addresses: &[IpAddr]) -> Result<Self, TlsError> {
        let (certificate, key) = self_signed::find_or_make(folder, names, addresses)?;
        Self::from_files(&certificate, &key)
    }

    /// Reads the files now, whether or not they changed.
    ///
    /// # Errors
    /// When they cannot be used; the pair in use stays.
    pub fn reload(&self) -> Result<(), TlsError> {
        let seen = self.fingerprints();
        let loaded = load(&self.inner.certificate, &self.inner.key);
        let mut state = self.inner.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.seen = seen;
        state.loaded = Arc::new(loaded?);
        Ok(())
    }

    /// What the next handshake uses. Looks at the files when the last look is some seconds ago: two calls
    /// for metadata, and the reading itself only after a change, so it is done right here.
    pub(super) fn current(&self) -> Arc<Loaded> {
        let now = clock::now();
        let mut state = self.inner.state.lock().unwrap_or_else(PoisonError::into_inner);
        if now >= state.check_at {
            state.check_at = now + CHECK_INTERVAL;
            let seen = self.fingerprints();
            if seen != state.seen {
                state.seen = seen;
                self.replace(&mut state);
            }
        }
        Arc::clone(&state.loaded)
    }

    fn replace(&self, state: &mut State) {
        match load(&self.inner.certificate, &self.inner.key) {
            Ok(loaded) => {
                state.loaded = Arc::new(loaded);
                tracing::info!(certificate = %self.inner.certificate.display(), "certificate read anew");
            }
            // Between the two writes of a renewal the pair does not fit; the next look settles that.
            Err(reason) => tracing::warn!(%reason, "the changed certificate is not used; the old one stays"),
        }
    }

    fn fingerprints(&self) -> [Option<Fingerprint>; 2] {
        [fingerprint(&self.inner.certificate), fingerprint(&self.inner.key)]
    }
}

fn fingerprint(path: &Path) -> Option<Fingerprint> {
    let metadata = std::fs::metadata(path).ok()?;
    Some((metadata.modified().ok(), metadata.len(), metadata.ino()))
}

fn load(certificate: &Path, key: &Path) -> Result<Loaded, TlsError> {
    let chain = read_certificates(certificate)?;
    let server_end_point = chain.first().and_then(|leaf| binding::server_end_point(leaf));
    let private_key = read_key(key)?;
    let mut config = ServerConfig::builder_with_provider(provider())
        .with_safe_default_protocol_versions()
        .and_then(|builder| builder.with_no_client_auth().with_single_cert(chain, private_key))
        .map_err(|cause| not_usable(certificate, key, cause))?;
    // Tickets hold the session's state sealed, so resumption costs the server no memory. One is enough:
    // mail programs open few connections at a time.
    config.ticketer = Ticketer::new().map_err(|cause| not_usable(certificate, key, cause))?;
    config.send_tls13_tickets = 1;
    Ok(Loaded {
        config: Arc::new(config),
        server_end_point,
    })
}

#[expect(clippy::needless_pass_by_value, reason = "fits map_err")]
fn not_usable(certificate: &Path, key: &Path, cause: rustls::Error) -> TlsError {
    let certificate = certificate.to_owned();
    let key = key.to_owned();
    if matches!(cause, rustls::Error::InconsistentKeys(_)) {
        return TlsError::KeyDoesNotFit { certificate, key };
    }
    TlsError::Unusable {
        certificate,
        key,
        reason: cause.to_string(),
    }
}
