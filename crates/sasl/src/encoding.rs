//! Base64 lines of a SASL exchange (RFC 4648 section 4, with padding, no white space).
//! A lone `*`, with which a client gives up, is the protocol session's to see.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

/// The line is not base64.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not base64")]
pub struct Malformed;

/// Decodes one line without its CRLF. `=` alone is an empty initial response (RFC 4954 section 4).
///
/// # Errors
/// When the line is not base64.
pub fn decode_base64(line: &[u8]) -> Result<Vec<u8>, Malformed> {
    if line == b"=" {
        return Ok(Vec::new());
    }
    STANDARD.decode(line).map_err(|_position| Malformed)
}

/// Encodes octets for a line.
#[must_use]
pub fn encode_base64(octets: &[u8]) -> String {
    STANDARD.encode(octets)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lone_equals_sign_is_empty() {
        assert_eq!(decode_base64(b"="), Ok(Vec::new()));
        assert_eq!(decode_base64(b""), Ok(Vec::new()));
    }

    #[test]
    fn padding_and_alphabet_are_required() {
        for bad in [&b"YQ"[..], b"YQ=", b"Y Q=", b"YQ==\r\n", b"*", b"\xff\0", b"YR=="] {
            assert_eq!(decode_base64(bad), Err(Malformed), "{bad:?}");
        }
        assert_eq!(decode_base64(b"YQ=="), Ok(b"a".to_vec()));
    }
}
