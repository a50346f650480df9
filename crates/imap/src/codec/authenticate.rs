//! `authenticate = "AUTHENTICATE" SP auth-type [SP (base64 / "=")]` (RFC 4959 section 7).

use posthorn_base::Secret;
use posthorn_sasl::Mechanism;

use super::reader::{Parsed, Reader};
use crate::types::command::Command;

/// Reads the arguments of AUTHENTICATE.
pub(crate) fn parse(reader: &mut Reader<'_>) -> Parsed<Command> {
    reader.space()?;
    let mechanism = Mechanism::from_name(reader.atom("a mechanism")?);
    let initial = match reader.take(b' ') {
        true => Some(Secret::new(reader.take_while(|_any| true).to_vec())),
        false => None,
    };
    Ok(Command::Authenticate { mechanism, initial })
}
