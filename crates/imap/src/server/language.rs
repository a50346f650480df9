//! LANGUAGE (RFC 5255 section 3): what is said to people is English, and `i-default` is English too (RFC 2277
//! section 4.5), so that choosing between them changes nothing.

use super::connection::{Connection, Outcome, Step};
use super::reply::{Fault, Reply};

const ENGLISH: &str = "en";
const DEFAULT: &str = "i-default";

pub(super) fn start(connection: &mut Connection, ranges: &[String]) -> Outcome {
    let chosen = match ranges {
        [] => format!("{ENGLISH} {DEFAULT}"),
        ranges => ranges
            .iter()
            .find_map(|range| language_for(range))
            .ok_or(Fault::NoSuchLanguage)?
            .to_owned(),
    };
    connection.untagged(&format!("LANGUAGE ({chosen})"));
    Ok(Step::Done(Reply::ok("LANGUAGE completed")))
}

/// The language for a range, cut from its end until it is one we have (RFC 4647 section 3.4).
fn language_for(range: &str) -> Option<&'static str> {
    if range.eq_ignore_ascii_case(DEFAULT) {
        return Some(DEFAULT);
    }
    let (first, _) = range.split_once('-').unwrap_or((range, ""));
    let is_english = ["default", "*", ENGLISH]
        .iter()
        .any(|known| first.eq_ignore_ascii_case(known));
    is_english.then_some(ENGLISH)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_range_is_cut_until_it_is_known() {
        for (range, language) in [
            ("EN", Some("en")),
            ("en-GB-oed", Some("en")),
            ("default", Some("en")),
            ("*", Some("en")),
            ("I-Default", Some("i-default")),
            ("i", None),
            ("eng", None),
            ("de-AT", None),
            ("", None),
        ] {
            assert_eq!(language_for(range), language, "{range}");
        }
    }
}
