//! The messages of SCRAM, RFC 5802 section 7: octets to parts and back, no states.
//! Optional extensions are skipped as the RFC asks; a mandatory one (`m=`) is refused.

use crate::encoding::{Malformed, decode_base64};

/// `gs2-cbind-flag = ("p=" cb-name) / "n" / "y"`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum CbindFlag {
    /// The client cannot bind.
    Unsupported,
    /// The client could bind but believes the server cannot.
    ServerLacksIt,
    /// The client binds with this type.
    Used(String),
}

/// `client-first-message = gs2-header client-first-message-bare`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ClientFirst {
    pub(crate) flag: CbindFlag,
    pub(crate) authzid: Option<String>,
    pub(crate) user: String,
    pub(crate) nonce: String,
    /// `gs2-header` as it came, for `c=`.
    pub(crate) gs2_header: String,
    /// `client-first-message-bare` as it came, for the signatures.
    pub(crate) bare: String,
}

impl ClientFirst {
    pub(crate) fn parse(message: &[u8]) -> Result<Self, Malformed> {
        let text = text(message)?;
        let (flag, rest) = text.split_once(',').ok_or(Malformed)?;
        let (authzid, bare) = rest.split_once(',').ok_or(Malformed)?;
        let header_length = text.len().saturating_sub(bare.len());
        let (user, rest) = bare.split_once(',').ok_or(Malformed)?;
        let (nonce, extensions) = first_attribute(rest);
        check_extensions(extensions)?;
        Ok(Self {
            flag: cbind_flag(flag)?,
            authzid: match authzid {
                "" => None,
                _ => Some(decode_name(value(authzid, "a=")?)?),
            },
            user: decode_name(value(user, "n=")?)?,
            nonce: checked_nonce(value(nonce, "r=")?)?.to_owned(),
            gs2_header: text.get(..header_length).ok_or(Malformed)?.to_owned(),
            bare: bare.to_owned(),
        })
    }
}

fn cbind_flag(flag: &str) -> Result<CbindFlag, Malformed> {
    match flag {
        "n" => Ok(CbindFlag::Unsupported),
        "y" => Ok(CbindFlag::ServerLacksIt),
        _ => {
            let name = value(flag, "p=")?;
            let is_name = |c: u8| c.is_ascii_alphanumeric() || c == b'.' || c == b'-';
            match name.bytes().all(is_name) {
                true => Ok(CbindFlag::Used(name.to_owned())),
                false => Err(Malformed),
            }
        }
    }
}

/// `client-final-message = client-final-message-without-proof "," proof`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ClientFinal {
    /// `cbind-input`, decoded.
    pub(crate) cbind_input: Vec<u8>,
    pub(crate) nonce: String,
    pub(crate) proof: [u8; 32],
    pub(crate) without_proof: String,
}

impl ClientFinal {
    pub(crate) fn parse(message: &[u8]) -> Result<Self, Malformed> {
        let text = text(message)?;
        let (without_proof, proof) = text.rsplit_once(',').ok_or(Malformed)?;
        let (cbind, rest) = without_proof.split_once(',').ok_or(Malformed)?;
        let (nonce, extensions) = first_attribute(rest);
        check_extensions(extensions)?;
        Ok(Self {
            cbind_input: decode_value(value(cbind, "c=")?)?,
            nonce: checked_nonce(value(nonce, "r=")?)?.to_owned(),
            proof: decode_value(value(proof, "p=")?)?
                .try_into()
                .map_err(|_wrong_length| Malformed)?,
            without_proof: without_proof.to_owned(),
        })
    }
}

/// `server-first-message = [reserved-mext ","] nonce "," salt "," iteration-count ["," extensions]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ServerFirst {
    pub(crate) nonce: String,
    pub(crate) salt: Vec<u8>,
    pub(crate) iterations: u32,
}

impl ServerFirst {
    pub(crate) fn parse(message: &[u8]) -> Result<Self, Malformed> {
        let text = text(message)?;
        let (nonce, rest) = text.split_once(',').ok_or(Malformed)?;
        let (salt, rest) = rest.split_once(',').ok_or(Malformed)?;
        let (iterations, extensions) = first_attribute(rest);
        check_extensions(extensions)?;
        let iterations = value(iterations, "i=")?;
        if iterations.starts_with('0') || !iterations.bytes().all(|c| c.is_ascii_digit()) {
            return Err(Malformed);
        }
        Ok(Self {
            nonce: checked_nonce(value(nonce, "r=")?)?.to_owned(),
            salt: decode_value(value(salt, "s=")?)?,
            iterations: iterations.parse().map_err(|_too_large| Malformed)?,
        })
    }
}

/// `server-final-message = (server-error / verifier) ["," extensions]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum ServerFinal {
    /// The server's signature.
    Verifier(Vec<u8>),
    /// `e=`: the server refused.
    Error,
}

impl ServerFinal {
    pub(crate) fn parse(message: &[u8]) -> Result<Self, Malformed> {
        let (first, extensions) = first_attribute(text(message)?);
        check_extensions(extensions)?;
        match value(first, "v=") {
            Ok(verifier) => Ok(Self::Verifier(decode_value(verifier)?)),
            Err(Malformed) => value(first, "e=").map(|_reason| Self::Error),
        }
    }
}

/// A `saslname` for the wire: `,` and `=` are written `=2C` and `=3D`.
pub(crate) fn encode_name(name: &str) -> String {
    name.replace('=', "=3D").replace(',', "=2C")
}

fn decode_name(name: &str) -> Result<String, Malformed> {
    let mut parts = name.split('=');
    let mut out = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        if let Some(rest) = part.strip_prefix("2C") {
            out.push(',');
            out.push_str(rest);
        } else if let Some(rest) = part.strip_prefix("3D") {
            out.push('=');
            out.push_str(rest);
        } else {
            return Err(Malformed);
        }
    }
    Ok(out)
}

/// `printable = %x21-2B / %x2D-7E`.
pub(crate) fn checked_nonce(nonce: &str) -> Result<&str, Malformed> {
    let is_printable = |c: u8| c.is_ascii_graphic() && c != b',';
    match !nonce.is_empty() && nonce.bytes().all(is_printable) {
        true => Ok(nonce),
        false => Err(Malformed),
    }
}

fn text(message: &[u8]) -> Result<&str, Malformed> {
    match std::str::from_utf8(message) {
        Ok(text) if !text.contains('\0') => Ok(text),
        Ok(_) | Err(_) => Err(Malformed),
    }
}

/// Splits at the first comma; the second part is `None` when there is no comma.
fn first_attribute(text: &str) -> (&str, Option<&str>) {
    match text.split_once(',') {
        Some((first, rest)) => (first, Some(rest)),
        None => (text, None),
    }
}

/// The value behind `attribute`, which may not be empty: `value = 1*value-char`.
fn value<'a>(text: &'a str, attribute: &str) -> Result<&'a str, Malformed> {
    text.strip_prefix(attribute)
        .filter(|value| !value.is_empty())
        .ok_or(Malformed)
}

/// `decode_base64` without the exception for a lone `=`, which belongs to protocol lines.
fn decode_value(text: &str) -> Result<Vec<u8>, Malformed> {
    match text {
        "=" => Err(Malformed),
        _ => decode_base64(text.as_bytes()),
    }
}

/// `extensions = attr-val *("," attr-val)`, unknown ones skipped.
fn check_extensions(extensions: Option<&str>) -> Result<(), Malformed> {
    let Some(extensions) = extensions else {
        return Ok(());
    };
    let is_attribute = |text: &str| {
        let mut chars = text.chars();
        let name = chars.next();
        name.is_some_and(|c| c.is_ascii_alphabetic() && c != 'm')
            && chars.next() == Some('=')
            && chars.next().is_some()
    };
    match extensions.split(',').all(is_attribute) {
        true => Ok(()),
        false => Err(Malformed),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_client_first_message_of_rfc_7677_is_read() {
        let first = ClientFirst::parse(b"n,,n=user,r=rOprNGfwEbeRWgbNEkqO").unwrap();
        assert_eq!(first.flag, CbindFlag::Unsupported);
        assert_eq!((first.user.as_str(), first.gs2_header.as_str()), ("user", "n,,"));
        assert_eq!(first.bare, "n=user,r=rOprNGfwEbeRWgbNEkqO");
        assert_eq!(first.authzid, None);
    }

    #[test]
    fn client_first_messages_outside_the_grammar_are_refused() {
        for bad in [
            "",
            "n",
            "n,",
            "n,,",
            "n,,n=u",
            "n,,n=u,",
            "n,,n=u,r=",
            "n,,n=,r=a",
            "x,,n=u,r=a",
            "p,,n=u,r=a",
            "p=,,n=u,r=a",
            "p=a_b,,n=u,r=a",
            "n,a=,n=u,r=a",
            "n,b=u,n=u,r=a",
            "n,,m=x,n=u,r=a",
            "n,,n=u,r=a,m=x",
            "n,,n=u,r=a b",
            "n,,n=u=2c,r=a",
            "n,,n=u=,r=a",
            "n,,n=u,r=a,",
            "n,,n=u,r=a,x",
            "n,,n=u\0,r=a",
        ] {
            assert_eq!(ClientFirst::parse(bad.as_bytes()), Err(Malformed), "{bad:?}");
        }
        assert_eq!(ClientFirst::parse(b"n,,n=\xff,r=a"), Err(Malformed));
    }

    #[test]
    fn optional_extensions_are_skipped() {
        assert!(ClientFirst::parse(b"y,a=boss,n=u,r=a,x=1,z==").is_ok());
    }

    #[test]
    fn iteration_counts_are_positive_and_fit() {
        for bad in ["0", "01", "-1", "+1", "4294967296", "1x", ""] {
            let message = format!("r=ab,s=AAAA,i={bad}");
            assert_eq!(ServerFirst::parse(message.as_bytes()), Err(Malformed), "{bad:?}");
        }
        assert_eq!(
            ServerFirst::parse(b"r=ab,s=AAAA,i=4096").unwrap().iterations,
            4096
        );
    }

    proptest! {
        #[test]
        fn names_survive_the_wire(name in "[^\0]{1,20}") {
            prop_assert_eq!(decode_name(&encode_name(&name)), Ok(name));
        }

        #[test]
        fn no_message_panics(octets in prop::collection::vec(any::<u8>(), 0..60), text in "[a-z=,0-9]{0,40}") {
            for message in [&octets[..], text.as_bytes()] {
                let _read = (
                    ClientFirst::parse(message),
                    ClientFinal::parse(message),
                    ServerFirst::parse(message),
                    ServerFinal::parse(message),
                );
            }
        }
    }
}
