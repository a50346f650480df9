//! `sort` (RFC 5256 section 5) with RETURN (RFC 5267 section 5).

use super::reader::{Parsed, Reader, SyntaxError};
use super::search::{self, Charset};
use crate::types::command::Command;
use crate::types::sequence_set::Numbering;
use crate::types::sort::{SortCommand, SortCriterion, SortKey, SortOrder};

/// The most criteria of one SORT: more than there are keys, in both directions.
const CRITERIA: usize = 20;

/// Reads the arguments of SORT.
pub(crate) fn parse(reader: &mut Reader<'_>, numbering: Numbering) -> Parsed<Command> {
    reader.space()?;
    let returns = search::parse_return(reader)?;
    let criteria = reader.list(CRITERIA, parse_criterion)?;
    reader.space()?;
    let charset = search::parse_charset(reader)?;
    reader.space()?;
    if charset == Charset::Unknown {
        reader.skip_rest();
        let saves = returns.is_some_and(|returns| returns.save);
        return Ok(Command::UnknownCharset { saves });
    }
    Ok(Command::Sort(SortCommand {
        numbering,
        returns,
        criteria,
        key: search::parse_keys(reader)?,
    }))
}

fn parse_criterion(reader: &mut Reader<'_>) -> Parsed<SortCriterion> {
    let mut order = SortOrder::Ascending;
    if reader.keyword("REVERSE") {
        reader.space()?;
        order = SortOrder::Descending;
    }
    let word = reader.word("a sort key")?;
    let key = SortKey::NAMES
        .into_iter()
        .find(|(_, name)| name.eq_ignore_ascii_case(word))
        .map(|(key, _)| key)
        .ok_or(SyntaxError::Expected("a sort key"))?;
    Ok(SortCriterion { key, order })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::codec::mailbox::NameCoding;
    use crate::types::SearchKey;

    fn read(text: &str) -> Parsed<Command> {
        let text = format!(" {text}");
        let mut reader = Reader::new(text.as_bytes(), NameCoding::Utf7);
        let command = parse(&mut reader, Numbering::Sequence)?;
        reader.end()?;
        Ok(command)
    }

    #[test]
    fn reverse_is_for_the_key_behind_it_alone() {
        let Ok(Command::Sort(sort)) = read("(SUBJECT reverse Date) UTF-8 ALL") else {
            panic!("no SORT");
        };
        let criterion = |key, order| SortCriterion { key, order };
        assert_eq!(
            sort.criteria,
            [
                criterion(SortKey::Subject, SortOrder::Ascending),
                criterion(SortKey::Date, SortOrder::Descending)
            ]
        );
        assert_eq!(sort.key, SearchKey::And(vec![]));
        assert!(read("RETURN (COUNT) (DISPLAYFROM) \"us-ascii\" SEEN 1:3").is_ok());
    }

    #[test]
    fn what_is_no_sort_is_refused() {
        for bad in [
            "() UTF-8 ALL",
            "(FOO) UTF-8 ALL",
            "(REVERSE) UTF-8 ALL",
            "(REVERSE REVERSE DATE) UTF-8 ALL",
            "(DATE) UTF-8",
            "(DATE) ALL",
            "DATE UTF-8 ALL",
            "RETURN (FOO) (DATE) UTF-8 ALL",
        ] {
            assert!(read(bad).is_err(), "{bad}");
        }
        let many = format!("({}DATE) UTF-8 ALL", "SIZE ".repeat(1_000));
        assert_eq!(read(&many), Err(SyntaxError::TooMany("items")));
    }
}
