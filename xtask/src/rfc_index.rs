//! The RFC index, `docs/rfc/index.txt`: which RFC is kept how far, and where. Every RFC that the code cites
//! has a row, and every row that claims something names the crates that keep it.

use std::collections::BTreeMap;

use crate::tree::File;

/// Where the index stands.
pub const INDEX: &str = "docs/rfc/index.txt";

/// Complaints about the index, given the files of the repository and the folders below `crates/`.
#[must_use]
pub fn check(files: &[File], crates: &[String]) -> Vec<String> {
    let Some(index) = files.iter().find(|file| file.path == INDEX) else {
        return vec![format!(
            "{INDEX} is missing; write lines `number | Yes, Partial or No | title | crates`"
        )];
    };
    let mut complaints = Vec::new();
    let numbers = check_rows(&index.text, crates, &mut complaints);
    for (number, place) in citations(files) {
        if !numbers.contains(&number) {
            complaints.push(format!("{place} cites RFC {number}; add its row to {INDEX}"));
        }
    }
    complaints
}

/// Complains of faulty rows and gives the numbers of all.
fn check_rows(text: &str, crates: &[String], complaints: &mut Vec<String>) -> Vec<u32> {
    let mut numbers: Vec<u32> = Vec::new();
    for (line, row) in (1..)
        .zip(text.lines())
        .filter(|(_, row)| !row.is_empty() && !row.starts_with('#'))
    {
        let cells: Vec<&str> = row.split('|').map(str::trim).collect();
        let [number, status, title, places] = cells.as_slice() else {
            complaints.push(format!(
                "{INDEX}:{line}: write `number | status | title | crates`"
            ));
            continue;
        };
        let Ok(number) = number.parse() else {
            complaints.push(format!("{INDEX}:{line}: `{number}` is no number"));
            continue;
        };
        if numbers.last().is_some_and(|last| *last >= number) {
            complaints.push(format!(
                "{INDEX}:{line}: RFC {number} stands out of order or twice; sort by number"
            ));
        }
        numbers.push(number);
        if title.is_empty() {
            complaints.push(format!("{INDEX}:{line}: write the title of RFC {number}"));
        }
        complaints.extend(check_status(status, places, crates).map(|why| format!("{INDEX}:{line}: {why}")));
    }
    numbers
}

fn check_status(status: &str, places: &str, crates: &[String]) -> Option<String> {
    match status {
        "No" => None,
        "Yes" | "Partial" => {
            let is_unknown = |place: &&str| !crates.iter().any(|folder| folder == place);
            let unknown = places.split(',').map(str::trim).find(is_unknown)?;
            Some(format!(
                "`{unknown}` is no folder below crates/; name those that keep it, separated by commas"
            ))
        }
        other => Some(format!("`{other}` is no status; write Yes, Partial or No")),
    }
}

/// The number of every RFC that Rust files and transcripts cite, and a place where each is cited.
#[must_use]
pub fn citations(files: &[File]) -> BTreeMap<u32, String> {
    let mut found = BTreeMap::new();
    let is_cited_in = |file: &&File| {
        // The tests of this check cite RFCs that are none.
        let is_own = file.path.starts_with("xtask/");
        !is_own && (file.is_rust() || file.path.contains("/transcripts/"))
    };
    for file in files.iter().filter(is_cited_in) {
        for (line, text) in (1..).zip(file.text.lines()) {
            for number in numbers(text) {
                found
                    .entry(number)
                    .or_insert_with(|| format!("{}:{line}", file.path));
            }
        }
    }
    found
}

/// `RFC 5321` anywhere in the line.
fn numbers(line: &str) -> impl Iterator<Item = u32> {
    line.split("RFC ").skip(1).filter_map(|rest| {
        let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
        rest.get(..digits)?.parse().ok()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn complaints(index: &str, code: &str) -> Vec<String> {
        let files = [File::new(INDEX, index), File::new("crates/smtp/src/lib.rs", code)];
        check(&files, &["smtp".to_owned(), "net".to_owned()])
    }

    #[test]
    fn a_cited_rfc_needs_a_row() {
        let index = "# comment\n\n3207 | Yes | STARTTLS | smtp, net\n5321 | Partial | SMTP | smtp\n";
        assert_eq!(
            complaints(index, "//! RFC 5321 section 4 and RFC 3207.\n"),
            [""; 0]
        );
        let found = complaints(index, "//! One.\n// RFC 5321, RFC 9999 section 1\n");
        assert_eq!(
            found,
            ["crates/smtp/src/lib.rs:2 cites RFC 9999; add its row to docs/rfc/index.txt"]
        );
    }

    #[test]
    fn a_row_that_claims_something_names_crates_that_exist() {
        assert_eq!(complaints("5321 | Yes | SMTP | smtp, gone\n", "").len(), 1);
        assert_eq!(complaints("5321 | Partial | SMTP |\n", "").len(), 1);
        assert_eq!(complaints("5321 | No | SMTP | too new\n", ""), [""; 0]);
    }

    #[test]
    fn faulty_rows_are_found() {
        assert_eq!(complaints("5321 | Yes | SMTP\n", "").len(), 1);
        assert_eq!(complaints("five | Yes | SMTP | smtp\n", "").len(), 1);
        assert_eq!(complaints("5321 | Maybe | SMTP | smtp\n", "").len(), 1);
        assert_eq!(complaints("5321 | Yes | | smtp\n", "").len(), 1);
        assert_eq!(complaints("5322 | No | a |\n5321 | No | b |\n", "").len(), 1);
        assert_eq!(complaints("5321 | No | a |\n5321 | No | b |\n", "").len(), 1);
    }

    #[test]
    fn a_missing_index_is_found() {
        assert_eq!(check(&[], &[]).len(), 1);
    }
}
