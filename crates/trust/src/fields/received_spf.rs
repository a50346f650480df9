//! Received-SPF (RFC 7208 section 9.1): what SPF found, in the form of its own RFC.

use posthorn_spf::{Evaluation, Identity, SpfResult};

use super::folded::Folded;
use super::{VALUE_OCTETS, comment, harmless, quoted};
use crate::evidence::Evidence;

/// The field `Received-SPF: …`, folded, with its line end: of the reverse path, or else of the HELO name.
/// Empty when SPF was not asked.
#[must_use]
pub fn received_spf(evidence: &Evidence) -> String {
    let evaluation = evidence.spf.as_ref().or(evidence.spf_helo.as_ref());
    let (Some(evaluation), Some(connection)) = (evaluation, &evidence.connection) else {
        return String::new();
    };
    let identity = match evaluation.identity {
        // Without a reverse path the HELO name was judged in its place (section 2.4).
        Identity::MailFrom if !evidence.reverse_path.is_empty() => "mailfrom",
        Identity::MailFrom | Identity::Helo => "helo",
    };
    let mut pairs = vec![
        pair("client-ip", &connection.ip.to_string()),
        pair("envelope-from", &evidence.reverse_path),
        pair("helo", &connection.helo),
        pair("receiver", &evidence.by),
        pair("identity", identity),
    ];
    pairs.extend(cause(evaluation));
    let mut field = Folded::new("Received-SPF");
    field.word(evaluation.result.name());
    field.words(&comment(&format!("{}: {}", evidence.by, evaluation.reason)), "");
    let last = pairs.len().saturating_sub(1);
    for (at, pair) in pairs.iter().enumerate() {
        let end = if at == last { "" } else { ";" };
        field.word(&format!("{pair}{end}"));
    }
    field.finish()
}

/// `mechanism=`, or what was the trouble.
fn cause(evaluation: &Evaluation) -> Option<String> {
    match evaluation.result {
        SpfResult::PermError | SpfResult::TempError => Some(pair("problem", &evaluation.reason)),
        SpfResult::None => None,
        SpfResult::Neutral | SpfResult::Pass | SpfResult::Fail | SpfResult::SoftFail => {
            let matched = evaluation.matched.as_deref().unwrap_or("default");
            // The term itself, without the includes that led to it.
            let term = matched.rsplit('→').next().unwrap_or(matched);
            Some(pair("mechanism", term.trim()))
        }
    }
}

/// `key "=" ( dot-atom / quoted-string )`.
fn pair(key: &str, text: &str) -> String {
    let text = harmless(text, VALUE_OCTETS);
    let is_atom_octet = |octet: u8| octet.is_ascii_alphanumeric() || b"!#$%&'*+-/?^_`{|}~".contains(&octet);
    let is_dot_atom = text
        .split('.')
        .all(|atom| !atom.is_empty() && atom.bytes().all(is_atom_octet));
    if is_dot_atom {
        format!("{key}={text}")
    } else {
        format!("{key}={}", quoted(&text))
    }
}
