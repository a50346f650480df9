//! Decision records: `docs/decisions/NNNN-title.md`, numbered from 1 without gaps, under a page.

use crate::tree::File;

const FOLDER: &str = "docs/decisions/";
/// A page.
const MAX_LINES: usize = 60;

/// Complaints about the decision records.
#[must_use]
pub fn check(files: &[File]) -> Vec<String> {
    let mut complaints = Vec::new();
    let mut numbers = Vec::new();
    for file in files {
        let Some(name) = file.path.strip_prefix(FOLDER) else {
            continue;
        };
        match number(name) {
            Some(number) => numbers.push(number),
            None => complaints.push(format!("{}: name it `NNNN-title-in-lower-case.md`", file.path)),
        }
        if !file.text.starts_with("# ") {
            complaints.push(format!("{}: begin with `# ` and the question", file.path));
        }
        if file.text.lines().count() >= MAX_LINES {
            complaints.push(format!(
                "{}: shorten it to less than {MAX_LINES} lines",
                file.path
            ));
        }
    }
    numbers.sort_unstable();
    for (expected, number) in (1..).zip(numbers) {
        if number != expected {
            complaints.push(format!(
                "{FOLDER}: number {expected:04} is missing or twice there; renumber from it on"
            ));
            break;
        }
    }
    complaints
}

fn number(name: &str) -> Option<u32> {
    let (digits, rest) = name.split_at_checked(4)?;
    let title = rest.strip_prefix('-')?.strip_suffix(".md")?;
    let is_title = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    (!title.is_empty() && title.chars().all(is_title)).then(|| digits.parse().ok())?
}

#[cfg(test)]
mod tests {
    use super::*;

    fn count(names: &[&str]) -> usize {
        let file = |name: &&str| File::new(&format!("{FOLDER}{name}"), "# Why?\n");
        check(&names.iter().map(file).collect::<Vec<_>>()).len()
    }

    #[test]
    fn numbers_have_no_gaps_and_no_doubles() {
        assert_eq!(count(&[]), 0);
        assert_eq!(count(&["0002-b.md", "0001-a.md"]), 0);
        assert_eq!(count(&["0001-a.md", "0003-c.md"]), 1);
        assert_eq!(count(&["0001-a.md", "0001-b.md"]), 1);
        assert_eq!(count(&["0002-b.md"]), 1);
    }

    #[test]
    fn names_and_length_are_checked() {
        assert_eq!(count(&["1-a.md"]), 1);
        assert_eq!(count(&["0001-Title.md"]), 1);
        assert_eq!(count(&["0001_a.md"]), 1);
        let long = File::new("docs/decisions/0001-a.md", &"# x\n".repeat(60));
        assert_eq!(check(&[long]).len(), 1);
        assert_eq!(check(&[File::new("docs/decisions/0001-a.md", "Why?\n")]).len(), 1);
    }
}
