//! `select = "SELECT" SP mailbox [SP "(" select-param … ")"]` (RFC 4466 section 2.4) with CONDSTORE and
//! QRESYNC (RFC 7162 section 7).

use super::mailbox;
use super::reader::{Parsed, Reader, SyntaxError};
use super::sequence_set;
use crate::types::command::{Access, Command, SelectCommand};
use crate::types::resync::{KnownPairs, Resync};

/// The most parameters of one SELECT.
const PARAMETERS: usize = 10;

/// Reads the arguments of SELECT or EXAMINE.
pub(crate) fn parse(reader: &mut Reader<'_>, access: Access) -> Parsed<Command> {
    reader.space()?;
    let name = mailbox::parse(reader)?;
    let (mut condstore, mut resync) = (false, None);
    if reader.take(b' ') {
        reader.list(PARAMETERS, |reader| {
            if reader.keyword("CONDSTORE") {
                condstore = true;
                return Ok(());
            }
            if reader.keyword("QRESYNC") {
                reader.space()?;
                resync = Some(parse_resync(reader)?);
                return Ok(());
            }
            Err(SyntaxError::Expected("CONDSTORE or QRESYNC"))
        })?;
    }
    Ok(Command::Select(SelectCommand {
        name,
        access,
        condstore,
        resync,
    }))
}

/// Reads `(uidvalidity modseq [known-uids] [(known-sequence-set known-uid-set)])`.
fn parse_resync(reader: &mut Reader<'_>) -> Parsed<Resync> {
    reader.expect(b'(', "(")?;
    let uid_validity = reader.nonzero()?;
    reader.space()?;
    let modseq = reader.number64()?;
    let mut resync = Resync {
        uid_validity,
        modseq,
        known_uids: None,
        known_pairs: None,
    };
    let mut goes_on = reader.take(b' ');
    if goes_on && reader.peek() != Some(b'(') {
        resync.known_uids = Some(sequence_set::parse_known(reader)?);
        goes_on = reader.take(b' ');
    }
    if goes_on {
        reader.expect(b'(', "(")?;
        let numbers = sequence_set::parse_known(reader)?;
        reader.space()?;
        let uids = sequence_set::parse_known(reader)?;
        reader.expect(b')', ")")?;
        resync.known_pairs = Some(KnownPairs { numbers, uids });
    }
    reader.expect(b')', ")")?;
    Ok(resync)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::codec::mailbox::NameCoding;

    fn read(text: &str) -> Parsed<SelectCommand> {
        let text = format!(" INBOX {text}");
        let mut reader = Reader::new(text.as_bytes(), NameCoding::Utf7);
        let command = parse(&mut reader, Access::ReadOnly)?;
        reader.end()?;
        let Command::Select(select) = command else {
            panic!("{command:?}");
        };
        Ok(select)
    }

    #[test]
    fn known_uids_and_known_pairs_may_each_be_missing() {
        for (text, has_uids, has_pairs) in [
            ("(QRESYNC (67890007 20050715194045000))", false, false),
            ("(qresync (67890007 1 41,43:211))", true, false),
            (
                "(CONDSTORE QRESYNC (67890007 1 41,43:211 (1,3 41,44)))",
                true,
                true,
            ),
            ("(QRESYNC (67890007 1 (1:3 41:43)))", false, true),
        ] {
            let resync = read(text).unwrap().resync.unwrap();
            assert_eq!(resync.uid_validity, 67_890_007, "{text}");
            assert_eq!(resync.known_uids.is_some(), has_uids, "{text}");
            assert_eq!(resync.known_pairs.is_some(), has_pairs, "{text}");
        }
        assert!(read("(CONDSTORE)").unwrap().resync.is_none());
    }

    #[test]
    fn what_is_no_parameter_is_refused() {
        for bad in [
            "()",
            "(FOO)",
            "(QRESYNC)",
            "(QRESYNC (1))",
            "(QRESYNC (0 1))",
            "(QRESYNC (1 x))",
            "(QRESYNC (1 9223372036854775808))",
            "(QRESYNC (1 2 *))",
            "(QRESYNC (1 2 1:*))",
            "(QRESYNC (1 2 1:3 (1)))",
            "(QRESYNC (1 2 1:3 (1 *)))",
            "(QRESYNC (1 2 1:3 (1 2) 3))",
            "(QRESYNC (1 2 1:3 )",
            "(QRESYNC (1 2) ",
        ] {
            assert!(read(bad).is_err(), "{bad}");
        }
    }
}
