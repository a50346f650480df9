//! TLS as the client: opportunistic towards any server, verified towards a smarthost. DANE and MTA-STS
//! decide elsewhere which of the two a delivery needs.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{WebPkiSupportedAlgorithms, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{ClientConfig, DigitallySignedStruct, Error, RootCertStore, SignatureScheme};

use super::files::{TlsError, read_certificates};
use super::provider;

/// Where most systems keep the roots.
const SYSTEM_ROOTS: &str = "/etc/ssl/certs/ca-certificates.crt";

/// Whom a verifying client trusts.
#[derive(Clone, Debug)]
pub enum Roots {
    /// The system's bundle.
    System,
    /// The certificates of a PEM file.
    File(PathBuf),
    /// These certificates, in DER.
    Certificates(Vec<Vec<u8>>),
}

/// The client's side of TLS; clones share it.
#[derive(Clone, Debug)]
pub struct ClientTls {
    config: Arc<ClientConfig>,
}

impl ClientTls {
    /// Accepts any certificate: protects against listeners, not against an impostor (RFC 7435). What mail
    /// servers do among each other, where the other choice is plain text.
    ///
    /// # Errors
    /// When the TLS library refuses its own defaults.
    pub fn opportunistic() -> Result<Self, TlsError> {
        let provider = provider();
        let verifier = DangerAcceptAnyCertificate {
            algorithms: provider.signature_verification_algorithms,
        };
        let config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(|cause| not_usable(&cause.to_string()))?
            .dangerous()
            .with_custom_certificate_verifier(Arc::new(verifier))
            .with_no_client_auth();
        Ok(Self {
            config: Arc::new(config),
        })
    }

    /// Accepts only a certificate that leads to one of `roots` and bears the server's name.
    ///
    /// # Errors
    /// When the roots cannot be read, or there is no usable one among them.
    pub fn verified(roots: &Roots) -> Result<Self, TlsError> {
        let path = match roots {
            Roots::System => Path::new(SYSTEM_ROOTS),
            Roots::File(path) => path,
            Roots::Certificates(_) => Path::new("the given certificates"),
        };
        let certificates = match roots {
            Roots::System | Roots::File(_) => read_certificates(path)?,
            Roots::Certificates(ders) => ders.iter().cloned().map(CertificateDer::from).collect(),
        };
        let mut store = RootCertStore::empty();
        // A bundle may hold a root of a kind the library does not know; the others still count.
        let (usable, _unusable) = store.add_parsable_certificates(certificates);
        if usable == 0 {
            return Err(TlsError::NoRoots {
                path: path.to_owned(),
            });
        }
        let provider = provider();
        let verifier = WebPkiServerVerifier::builder_with_provider(Arc::new(store), Arc::clone(&provider))
            .build()
            .map_err(|cause| not_usable(&cause.to_string()))?;
        let config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(|cause| not_usable(&cause.to_string()))?
            .with_webpki_verifier(verifier)
            .with_no_client_auth();
        Ok(Self {
            config: Arc::new(config),
        })
    }

    pub(super) fn config(&self) -> Arc<ClientConfig> {
        Arc::clone(&self.config)
    }
}

fn not_usable(reason: &str) -> TlsError {
    TlsError::Library {
        reason: reason.to_owned(),
    }
}

/// Takes whatever certificate comes. The handshake's signature is still checked, so that the peer holds
/// the certificate's key and a binding to the certificate means something.
#[derive(Debug)]
struct DangerAcceptAnyCertificate {
    algorithms: WebPkiSupportedAlgorithms,
}

impl ServerCertVerifier for DangerAcceptAnyCertificate {
    fn verify_server_cert(
        &self,
        _end_entity: &CertificateDer<'_>,
        _intermediates: &[CertificateDer<'_>],
        _server_name: &ServerName<'_>,
        _ocsp_response: &[u8],
        _now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls12_signature(message, certificate, signature, &self.algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls13_signature(message, certificate, signature, &self.algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.algorithms.supported_schemes()
    }
}
