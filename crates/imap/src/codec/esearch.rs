//! `esearch` (RFC 7377 section 4). Its response is `search`'s.

use super::filter;
use super::reader::{Parsed, Reader, SyntaxError};
use super::search::{self, Charset};
use crate::types::command::Command;
use crate::types::esearch::EsearchCommand;
use crate::types::filter::MailboxFilter;
use crate::types::search::SearchReturn;

/// The most filters of one command.
const SOURCES: usize = 100;

/// Reads the arguments of ESEARCH.
pub(crate) fn parse(reader: &mut Reader<'_>) -> Parsed<Command> {
    reader.space()?;
    let sources = parse_sources(reader)?;
    let returns = search::parse_return(reader)?.unwrap_or(SearchReturn {
        all: true,
        ..SearchReturn::default()
    });
    if search::parse_charset_option(reader)? == Charset::Unknown {
        reader.skip_rest();
        return Ok(Command::UnknownCharset { saves: returns.save });
    }
    let command = EsearchCommand {
        sources,
        returns,
        key: search::parse_keys(reader)?,
    };
    // RFC 7377 section 2.2.
    if returns.save && !command.is_of_selected() {
        return Err(SyntaxError::Expected("SAVE with the selected mailbox alone"));
    }
    Ok(Command::Esearch(command))
}

/// Reads `IN (…)` and the space behind it, if it is there. No scope options are defined.
fn parse_sources(reader: &mut Reader<'_>) -> Parsed<Vec<MailboxFilter>> {
    if !reader.keyword("IN") {
        return Ok(vec![MailboxFilter::Selected]);
    }
    reader.space()?;
    let sources = reader.list(SOURCES, filter::parse)?;
    if sources.contains(&MailboxFilter::SelectedDelayed) {
        return Err(SyntaxError::Expected("a mailbox filter of ESEARCH"));
    }
    reader.space()?;
    Ok(sources)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::codec::mailbox::NameCoding;
    use crate::types::SearchKey;

    fn read(text: &str) -> Parsed<Command> {
        let text = format!(" {text}");
        let mut reader = Reader::new(text.as_bytes(), NameCoding::Utf7);
        let command = parse(&mut reader)?;
        reader.end()?;
        Ok(command)
    }

    #[test]
    fn without_a_source_it_is_the_selected_mailbox_and_without_return_all() {
        let Ok(Command::Esearch(command)) = read("SEEN") else {
            panic!("no ESEARCH");
        };
        assert_eq!(command.sources, [MailboxFilter::Selected]);
        assert!(command.returns.all && !command.returns.save);
        let Ok(Command::Esearch(command)) = read(
            "in (mailboxes \"a b\" SUBTREE (x &AOQ-) subtree-one inbox personal) RETURN () charset utf-8 ALL",
        ) else {
            panic!("no ESEARCH");
        };
        assert_eq!(
            command.sources,
            [
                MailboxFilter::Mailboxes(vec!["a b".to_owned()]),
                MailboxFilter::Subtree(vec!["x".to_owned(), "ä".to_owned()]),
                MailboxFilter::SubtreeOne(vec!["INBOX".to_owned()]),
                MailboxFilter::Personal,
            ]
        );
        assert_eq!(command.key, SearchKey::And(vec![]));
        assert!(matches!(
            read("RETURN (SAVE) CHARSET koi8-r SUBJECT x"),
            Ok(Command::UnknownCharset { saves: true })
        ));
    }

    #[test]
    fn what_is_no_source_is_refused() {
        for bad in [
            "IN () ALL",
            "IN (foo) ALL",
            "IN (selected-delayed) ALL",
            "IN (mailboxes) ALL",
            "IN (mailboxes ()) ALL",
            "IN (personal)",
            "IN (personal)ALL",
            "IN (personal (x)) ALL",
            "IN (personal) RETURN (SAVE) ALL",
            "IN (selected personal) RETURN (SAVE COUNT) ALL",
            "IN (personal) RETURN (FOO) ALL",
        ] {
            assert!(read(bad).is_err(), "{bad}");
        }
        assert!(read("IN (selected selected) RETURN (SAVE) ALL").is_ok());
    }
}
