//! What every source file keeps: its size, its opening sentence, its name, no marks of unfinished work, no
//! blanks at the end of a line, nothing of the machine it was written on.

use crate::tree::File;

/// Lines of a source file.
const MAX_LINES: usize = 500;
/// Lines of a file of tests.
const MAX_TEST_LINES: usize = 1_000;
/// The list of exceptions.
pub const ALLOW_LIST: &str = "xtask/size-allow.txt";

/// Names that say nothing about what is inside.
const EMPTY_NAMES: &[&str] = &[
    "common", "utils", "util", "helpers", "helper", "core", "manager", "misc",
];

/// Marks of unfinished work; written apart, so that this file does not complain of itself.
const UNFINISHED: &[&str] = &[
    concat!("TO", "DO"),
    concat!("FIX", "ME"),
    concat!("to", "do!"),
    concat!("unimple", "mented!"),
];

/// Folders of somebody's machine.
const MACHINE_FOLDERS: &[&str] = &[
    concat!("/wo", "rk/"),
    concat!("/ho", "me/"),
    concat!("/ro", "ot/"),
];

/// Where the crates and the packages of the web application come from, whatever mirror a machine uses.
const CRATE_SOURCE: &str = "registry+https://github.com/rust-lang/crates.io-index";
const NPM_SOURCE: &str = "https://registry.npmjs.org/";

/// Complaints about files that are too long, and about exceptions that are needed no more.
#[must_use]
pub fn check_size(files: &[File], allow_list: &str) -> Vec<String> {
    let allowed: Vec<&str> = allow_list
        .lines()
        .map(str::trim)
        .filter(|line| !line.is_empty() && !line.starts_with('#'))
        .collect();
    let limit = |file: &File| if file.is_test() { MAX_TEST_LINES } else { MAX_LINES };
    let is_long = |file: &File| file.is_rust() && file.text.lines().count() > limit(file);
    let mut complaints = Vec::new();
    for file in files
        .iter()
        .filter(|file| is_long(file) && !allowed.contains(&file.path.as_str()))
    {
        complaints.push(format!(
            "{} has {} lines, {} are allowed; move a concept of its own, or the tests, into another file",
            file.path,
            file.text.lines().count(),
            limit(file)
        ));
    }
    for path in allowed {
        if !files.iter().any(|file| file.path == path && is_long(file)) {
            complaints.push(format!(
                "{path} needs no exception any more; remove its line from {ALLOW_LIST}"
            ));
        }
    }
    complaints
}

/// Complaints about Rust files that do not open with a `//!` comment.
#[must_use]
pub fn check_opening(files: &[File]) -> Vec<String> {
    let is_silent = |file: &&File| file.is_rust() && !file.text.starts_with("//! ");
    let complain = |file: &File| {
        format!(
            "{} does not open with `//!`; say what it is, the RFC and section, and what it leaves out",
            file.path
        )
    };
    files.iter().filter(is_silent).map(complain).collect()
}

/// Complaints about names of files and folders.
#[must_use]
pub fn check_names(files: &[File]) -> Vec<String> {
    let mut complaints = Vec::new();
    for file in files
        .iter()
        .filter(|file| file.is_rust() || file.path.ends_with("Cargo.toml"))
    {
        if file.path.ends_with("/mod.rs") {
            complaints.push(format!(
                "{}: write `foo.rs` beside the folder `foo`, never `mod.rs`",
                file.path
            ));
        }
        let mut parts = file.path.split('/').map(|part| part.trim_end_matches(".rs"));
        if let Some(name) = parts.find(|part| EMPTY_NAMES.contains(part)) {
            complaints.push(format!(
                "{}: `{name}` says nothing; name it for the concept it is about",
                file.path
            ));
        }
    }
    complaints
}

fn is_source(file: &File) -> bool {
    matches!(
        file.extension(),
        "rs" | "toml" | "md" | "sh" | "ts" | "js" | "css" | "html"
    )
}

/// Complaints about crates that do not take the lints of the workspace.
#[must_use]
pub fn check_lints(files: &[File]) -> Vec<String> {
    let is_crate = |file: &&File| file.path.ends_with("/Cargo.toml") && file.text.contains("[package]");
    let is_free = |file: &&File| !file.text.contains("[lints]\nworkspace = true\n");
    let complain = |file: &File| format!("{} has no `[lints]` with `workspace = true`; add it", file.path);
    files
        .iter()
        .filter(is_crate)
        .filter(is_free)
        .map(complain)
        .collect()
}

/// Complaints about marks of unfinished work.
#[must_use]
pub fn check_unfinished(files: &[File]) -> Vec<String> {
    let find = |line: &str| UNFINISHED.iter().find(|mark| has_word(line, mark)).copied();
    complain_of_lines(files, is_source, |_, line| {
        find(line).map(|mark| {
            format!("`{mark}` marks unfinished work; finish it or write down the limit as a fact")
        })
    })
}

/// Complaints about blanks at the end of lines. Mail and transcripts may need them.
#[must_use]
pub fn check_blanks(files: &[File]) -> Vec<String> {
    complain_of_lines(files, is_source, |_, line| {
        line.ends_with([' ', '\t', '\r'])
            .then(|| "blanks end the line; run `cargo fmt`, or remove them".to_owned())
    })
}

/// Complaints about what belongs to one machine: its folders, and the mirrors it loads packages from.
#[must_use]
pub fn check_machine(files: &[File]) -> Vec<String> {
    let mut complaints = complain_of_lines(
        files,
        |_| true,
        |file, line| {
            let folder = MACHINE_FOLDERS.iter().find(|folder| begins_path(line, folder));
            if let Some(folder) = folder {
                return Some(format!(
                    "a path below {folder} exists on one machine only; write a relative one"
                ));
            }
            foreign_source(file, line).map(|source| {
                format!("{source} is a mirror of this machine; take it from the public registry")
            })
        },
    );
    for file in files
        .iter()
        .filter(|file| file.path.contains(".cargo/") || file.path.ends_with(".npmrc"))
    {
        complaints.push(format!(
            "{} is the setting of one machine; remove it from the repository",
            file.path
        ));
    }
    complaints
}

/// The source of a package in a lock file, if it is not the public one.
fn foreign_source<'l>(file: &File, line: &'l str) -> Option<&'l str> {
    let value = |prefix: &str| line.trim().strip_prefix(prefix)?.split('"').next();
    if file.path.ends_with("Cargo.lock") {
        return value("source = \"").filter(|source| *source != CRATE_SOURCE);
    }
    if file.path.ends_with("package-lock.json") {
        return value("\"resolved\": \"").filter(|source| !source.starts_with(NPM_SOURCE));
    }
    None
}

/// Does an absolute path below `folder` stand in the line? `crates/work/` and `http://host/home/` are none.
fn begins_path(line: &str, folder: &str) -> bool {
    line.match_indices(folder).any(|(at, _)| {
        let before = line.get(..at).and_then(|before| before.chars().next_back());
        !before.is_some_and(|c| c.is_alphanumeric() || "._-~/}>*".contains(c))
    })
}

fn has_word(line: &str, word: &str) -> bool {
    let is_part = |c: Option<char>| c.is_some_and(|c| c.is_alphanumeric() || c == '_');
    line.match_indices(word).any(|(at, _)| {
        let before = line.get(..at).and_then(|before| before.chars().next_back());
        let after = line.get(at + word.len()..).and_then(|after| after.chars().next());
        !is_part(before) && !is_part(after.filter(|_| !word.ends_with('!')))
    })
}

fn complain_of_lines(
    files: &[File],
    applies: impl Fn(&File) -> bool,
    complaint: impl Fn(&File, &str) -> Option<String>,
) -> Vec<String> {
    let mut complaints = Vec::new();
    for file in files.iter().filter(|file| applies(file)) {
        // Not `lines()`, which would hide a CR.
        for (number, line) in (1..).zip(file.text.split('\n')) {
            complaints.extend(complaint(file, line).map(|words| format!("{}:{number}: {words}", file.path)));
        }
    }
    complaints
}

#[cfg(test)]
mod tests {
    use super::*;

    fn count(check: fn(&[File]) -> Vec<String>, path: &str, text: &str) -> usize {
        check(&[File::new(path, text)]).len()
    }

    #[test]
    fn long_files_are_found_and_tests_may_be_longer() {
        let long = "x\n".repeat(501);
        let size = |path: &str, allow: &str| check_size(&[File::new(path, &long)], allow).len();
        assert_eq!(size("crates/a/src/b.rs", ""), 1);
        assert_eq!(size("crates/a/src/b.rs", "# why\ncrates/a/src/b.rs\n"), 0);
        assert_eq!(size("crates/a/src/b/tests.rs", ""), 0);
        assert_eq!(size("crates/a/tests/c.rs", ""), 0);
        assert_eq!(size("docs/long.md", ""), 0);
        assert_eq!(
            check_size(&[File::new("a/tests/c.rs", &long.repeat(2))], "").len(),
            1
        );
        assert_eq!(
            check_size(&[File::new("a/src/c.rs", &"x\n".repeat(500))], ""),
            [""; 0]
        );
    }

    #[test]
    fn an_exception_that_is_needed_no_more_is_found() {
        let small = File::new("crates/a/src/b.rs", "//! Small.\n");
        assert_eq!(
            check_size(std::slice::from_ref(&small), "crates/a/src/b.rs\n").len(),
            1
        );
        assert_eq!(check_size(&[small], "crates/a/src/gone.rs\n").len(), 1);
    }

    #[test]
    fn a_file_without_an_opening_sentence_is_found() {
        assert_eq!(
            count(check_opening, "a/src/b.rs", "use std::fmt;\n//! Late.\n"),
            1
        );
        assert_eq!(count(check_opening, "a/src/b.rs", ""), 1);
        assert_eq!(count(check_opening, "a/src/b.rs", "//! What it is.\n"), 0);
        assert_eq!(count(check_opening, "a/notes.txt", "text\n"), 0);
    }

    #[test]
    fn names_that_say_nothing_are_found() {
        assert_eq!(count(check_names, "crates/a/src/b/mod.rs", ""), 1);
        assert_eq!(count(check_names, "crates/a/src/utils.rs", ""), 1);
        assert_eq!(count(check_names, "crates/common/Cargo.toml", ""), 1);
        assert_eq!(count(check_names, "crates/a/src/core/line.rs", ""), 1);
        assert_eq!(count(check_names, "crates/a/src/score.rs", ""), 0);
    }

    #[test]
    fn a_crate_without_the_lints_is_found() {
        assert_eq!(count(check_lints, "a/Cargo.toml", "[package]\nname = \"a\"\n"), 1);
        assert_eq!(
            count(
                check_lints,
                "a/Cargo.toml",
                "[package]\n\n[lints]\nworkspace = true\n"
            ),
            0
        );
        assert_eq!(count(check_lints, "Cargo.toml", "[workspace]\n"), 0);
    }

    #[test]
    fn marks_of_unfinished_work_are_found() {
        for mark in UNFINISHED {
            assert_eq!(
                count(check_unfinished, "a.rs", &format!("// {mark}: later\n")),
                1,
                "{mark}"
            );
            assert_eq!(
                count(check_unfinished, "a.rs", &format!("    {mark}(\"x\")\n")),
                1,
                "{mark}"
            );
        }
        assert_eq!(count(check_unfinished, "a.rs", "// the whole method\n"), 0);
        assert_eq!(
            count(check_unfinished, "a.rs", concat!("let MASTO", "DON = 1;\n")),
            0
        );
    }

    #[test]
    fn blanks_and_carriage_returns_at_the_end_are_found_in_source_only() {
        assert_eq!(count(check_blanks, "a.rs", "a \nb\t\nc\r\nd\n"), 3);
        assert_eq!(count(check_blanks, "a.eml", "-- \r\n"), 0);
    }

    #[test]
    fn what_belongs_to_one_machine_is_found() {
        let folder = MACHINE_FOLDERS[0];
        assert_eq!(count(check_machine, "a.md", &format!("see `{folder}x`\n")), 1);
        assert_eq!(count(check_machine, "a.txt", &format!("{folder}x\n")), 1);
        assert_eq!(
            count(
                check_machine,
                "a.md",
                &format!("crates{folder}x and https://a.test{folder}x\n")
            ),
            0
        );
        let lock = |host: &str| format!("source = \"registry+https://{host}\"\n");
        assert_eq!(
            count(
                check_machine,
                "Cargo.lock",
                &lock("github.com/rust-lang/crates.io-index")
            ),
            0
        );
        assert_eq!(count(check_machine, "Cargo.lock", &lock("mirror.test/index")), 1);
        let npm = |host: &str| format!("      \"resolved\": \"https://{host}/x.tgz\",\n");
        assert_eq!(
            count(
                check_machine,
                "webmail/package-lock.json",
                &npm("registry.npmjs.org")
            ),
            0
        );
        assert_eq!(
            count(check_machine, "webmail/package-lock.json", &npm("mirror.test")),
            1
        );
        assert_eq!(count(check_machine, ".cargo/config.toml", ""), 1);
    }
}
