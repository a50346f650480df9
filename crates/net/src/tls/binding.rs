//! Channel binding: what ties a SASL exchange to this very TLS connection. `tls-exporter` (RFC 9266) and
//! `tls-server-end-point` (RFC 5929 section 4). `tls-unique` is not offered: TLS 1.3 has none.

use rustls::CommonState;
use rustls::ProtocolVersion;
use sha2::{Digest, Sha256, Sha384, Sha512};

use posthorn_base::TlsInfo;

/// RFC 9266 section 4.2.
pub(super) const EXPORTER_LABEL: &[u8] = b"EXPORTER-Channel-Binding";

/// What a session is told of a connection. `exporter` is computed by the caller, since only the sides'
/// own types can.
pub(super) fn tls_info(
    state: &CommonState,
    exporter: Option<[u8; 32]>,
    server_end_point: Option<Vec<u8>>,
) -> TlsInfo {
    let is_tls13 = state.protocol_version() == Some(ProtocolVersion::TLSv1_3);
    let version = if is_tls13 { "TLSv1.3" } else { "TLSv1.2" };
    // The library marks TLS 1.3 suites as TLS13_…; the IANA names all begin with TLS_.
    let cipher = state
        .negotiated_cipher_suite()
        .and_then(|suite| suite.suite().as_str())
        .map(|name| name.replacen("TLS13_", "TLS_", 1))
        .unwrap_or_default();
    TlsInfo {
        version: version.to_owned(),
        cipher,
        exporter: exporter.filter(|_| is_tls13).map(|octets| octets.to_vec()),
        server_end_point,
    }
}

/// The hash of the server's certificate, with the hash function of the certificate's own signature; SHA-256
/// where that is MD5 or SHA-1. `None` where the signature has no single hash function (Ed25519): RFC 5929
/// leaves the binding undefined then.
pub(super) fn server_end_point(certificate: &[u8]) -> Option<Vec<u8>> {
    match signature_hash(certificate)? {
        Hash::Sha256 => Some(Sha256::digest(certificate).to_vec()),
        Hash::Sha384 => Some(Sha384::digest(certificate).to_vec()),
        Hash::Sha512 => Some(Sha512::digest(certificate).to_vec()),
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Hash {
    Sha256,
    Sha384,
    Sha512,
}

/// DER tags.
const SEQUENCE: u8 = 0x30;
const OID: u8 = 0x06;
/// 1.2.840.113549.1.1.10, whose parameters name the hash.
const RSASSA_PSS: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x0a];
/// The signature algorithms with one hash function: RFC 8017 appendix A.2.4, RFC 5758 section 3.2. Those
/// with MD5 and SHA-1 stand for SHA-256 here.
const SIGNATURES: &[(&[u8], Hash)] = &[
    (
        &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x04],
        Hash::Sha256,
    ),
    (
        &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x05],
        Hash::Sha256,
    ),
    (
        &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x0b],
        Hash::Sha256,
    ),
    (
        &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x0c],
        Hash::Sha384,
    ),
    (
        &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x0d],
        Hash::Sha512,
    ),
    (&[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x01], Hash::Sha256),
    (&[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x02], Hash::Sha256),
    (&[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x03], Hash::Sha384),
    (&[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x04], Hash::Sha512),
];
/// The hash functions of RSASSA-PSS: 2.16.840.1.101.3.4.2.{1,2,3}.
const PSS_HASHES: &[(&[u8], Hash)] = &[
    (
        &[0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x01],
        Hash::Sha256,
    ),
    (
        &[0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x02],
        Hash::Sha384,
    ),
    (
        &[0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x03],
        Hash::Sha512,
    ),
];

/// `Certificate ::= SEQUENCE { tbsCertificate SEQUENCE, signatureAlgorithm SEQUENCE { OID, parameters }, … }`
/// (RFC 5280 section 4.1).
fn signature_hash(certificate: &[u8]) -> Option<Hash> {
    let (fields, _) = element(certificate, SEQUENCE)?;
    let (_, fields) = element(fields, SEQUENCE)?;
    let (algorithm, _) = element(fields, SEQUENCE)?;
    let (oid, parameters) = element(algorithm, OID)?;
    if oid == RSASSA_PSS {
        return Some(pss_hash(parameters));
    }
    SIGNATURES
        .iter()
        .find(|(known, _)| *known == oid)
        .map(|&(_, hash)| hash)
}

/// `RSASSA-PSS-params ::= SEQUENCE { [0] SEQUENCE { OID } DEFAULT sha1, … }` (RFC 8017 appendix A.2.3).
fn pss_hash(parameters: &[u8]) -> Hash {
    let oid = element(parameters, SEQUENCE)
        .and_then(|(fields, _)| element(fields, 0xa0))
        .and_then(|(algorithm, _)| element(algorithm, SEQUENCE))
        .and_then(|(fields, _)| element(fields, OID))
        .map(|(oid, _)| oid);
    PSS_HASHES
        .iter()
        .find(|(known, _)| Some(*known) == oid)
        .map_or(Hash::Sha256, |&(_, hash)| hash)
}

/// The content of the DER element at the start of `der`, if it has this tag, and what follows it.
fn element(der: &[u8], tag: u8) -> Option<(&[u8], &[u8])> {
    let (&found, rest) = der.split_first()?;
    let (&first, rest) = rest.split_first()?;
    if found != tag {
        return None;
    }
    if first < 0x80 {
        return rest.split_at_checked(usize::from(first));
    }
    let (length, rest) = rest.split_at_checked(usize::from(first & 0x7f))?;
    let length = length.iter().try_fold(0usize, |sum, &octet| {
        sum.checked_mul(256)?.checked_add(usize::from(octet))
    })?;
    rest.split_at_checked(length)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn certificate(algorithm: &'static rcgen::SignatureAlgorithm) -> Vec<u8> {
        let key = rcgen::KeyPair::generate_for(algorithm).unwrap();
        let params = rcgen::CertificateParams::new(vec!["mx.example".to_owned()]).unwrap();
        params.self_signed(&key).unwrap().der().to_vec()
    }

    #[test]
    fn the_end_point_uses_the_hash_of_the_signature() {
        let der = certificate(&rcgen::PKCS_ECDSA_P256_SHA256);
        assert_eq!(server_end_point(&der), Some(Sha256::digest(&der).to_vec()));
        let der = certificate(&rcgen::PKCS_ECDSA_P384_SHA384);
        assert_eq!(server_end_point(&der), Some(Sha384::digest(&der).to_vec()));
    }

    #[test]
    fn ed25519_has_no_end_point() {
        assert_eq!(server_end_point(&certificate(&rcgen::PKCS_ED25519)), None);
    }

    #[test]
    fn pss_names_its_hash_in_the_parameters() {
        let sha384 = [
            0x30, 0x0f, 0xa0, 0x0d, 0x30, 0x0b, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02,
            0x02,
        ];
        assert_eq!(pss_hash(&sha384), Hash::Sha384);
        assert_eq!(pss_hash(&[0x30, 0x00]), Hash::Sha256);
    }

    #[test]
    fn a_certificate_cut_anywhere_has_no_end_point() {
        let der = certificate(&rcgen::PKCS_ECDSA_P256_SHA256);
        for end in 0..der.len() {
            assert_eq!(server_end_point(&der[..end]), None);
        }
    }
}
