//! The layers of ARCHITECTURE.md: a crate uses only crates of lower rank, protocol crates know neither
//! tokio nor sockets nor files nor a clock, and nothing below the shell knows tokio.

use crate::tree::File;

/// What a package declares.
#[derive(Clone, Debug)]
pub struct Package {
    /// Its name, as `posthorn-smtp`.
    pub name: String,
    /// What it needs to be built and to run; not what only its tests need, which may be anything.
    pub dependencies: Vec<String>,
}

/// The rank of every crate; a crate may use those of lower rank.
const RANKS: &[(&str, u8)] = &[
    ("posthorn-base", 0),
    ("posthorn-sasl", 10),
    ("posthorn-message", 10),
    ("posthorn-smtp", 11),
    ("posthorn-pop3", 11),
    ("posthorn-imap", 11),
    ("posthorn-spf", 11),
    ("posthorn-dkim", 11),
    ("posthorn-dmarc", 11),
    ("posthorn-impersonation", 11),
    ("posthorn-trust", 12),
    ("posthorn-explain", 13),
    ("posthorn-doctor", 13),
    ("posthorn-store", 20),
    ("posthorn-config", 20),
    ("posthorn-mailbox", 21),
    ("posthorn-accounts", 21),
    ("posthorn-queue", 21),
    ("posthorn-correspondents", 21),
    ("posthorn-signing", 21),
    ("posthorn-reports", 21),
    ("posthorn-search", 22),
    ("posthorn-inbound", 22),
    ("posthorn-runtime", 30),
    ("posthorn-dns", 30),
    ("posthorn-net", 31),
    ("posthorn-outbound", 32),
    ("posthorn-sessions", 32),
    ("posthorn-http", 32),
    ("posthorn-server", 40),
];

/// Crates beside the layers, and the crates of ours that they may use outside their tests.
const BESIDE: &[(&str, &[&str])] = &[
    ("posthorn-testkit", &["posthorn-base", "posthorn-dns"]),
    ("posthorn-tests", &[]),
    ("xtask", &[]),
];

/// The highest rank of a protocol crate.
const PURE: u8 = 13;
/// The lowest rank of the shell.
const SHELL: u8 = 30;

/// What a protocol crate may not depend on: names, and beginnings of names with `*`.
const IMPURE: &[&str] = &[
    "tokio*",
    "rustls*",
    "hickory*",
    "rusqlite",
    "getrandom",
    "rand",
    "socket2",
    "mio",
];

/// What a protocol crate may not mention outside its tests.
const IMPURE_WORDS: &[&str] = &[
    "TcpStream",
    "TcpListener",
    "UdpSocket",
    "std::fs",
    "SystemTime",
    "Instant::now",
    "std::env",
    "std::thread",
    "std::process",
];

fn rank(name: &str) -> Option<u8> {
    RANKS
        .iter()
        .find(|(known, _)| *known == name)
        .map(|(_, rank)| *rank)
}

fn matches(pattern: &str, name: &str) -> bool {
    match pattern.strip_suffix('*') {
        Some(start) => name.starts_with(start),
        None => name == pattern,
    }
}

/// Complaints about the dependencies among the packages of the workspace.
#[must_use]
pub fn check_dependencies(packages: &[Package]) -> Vec<String> {
    let mut complaints = Vec::new();
    for package in packages {
        if let Some((_, allowed)) = BESIDE.iter().find(|(name, _)| *name == package.name) {
            check_beside(package, allowed, packages, &mut complaints);
        } else if let Some(rank) = rank(&package.name) {
            check_ranked(package, rank, &mut complaints);
        } else {
            complaints.push(format!(
                "{} has no layer; add it to RANKS in xtask/src/layers.rs and to ARCHITECTURE.md",
                package.name
            ));
        }
    }
    let exists = |name: &str| packages.iter().any(|package| package.name == name);
    for (name, _) in RANKS.iter().filter(|(name, _)| !exists(name)) {
        complaints.push(format!(
            "there is no crate {name} any more; remove it from RANKS in xtask/src/layers.rs"
        ));
    }
    complaints
}

fn check_beside(package: &Package, allowed: &[&str], packages: &[Package], complaints: &mut Vec<String>) {
    for dependency in &package.dependencies {
        let is_ours = packages.iter().any(|other| other.name == *dependency);
        if is_ours && !allowed.contains(&dependency.as_str()) {
            complaints.push(format!(
                "{} may not use {dependency} except in its tests; make it a dev-dependency",
                package.name
            ));
        }
    }
}

fn check_ranked(package: &Package, own: u8, complaints: &mut Vec<String>) {
    let name = &package.name;
    for dependency in &package.dependencies {
        if BESIDE.iter().any(|(beside, _)| beside == dependency) {
            complaints.push(format!("{name} uses {dependency}; make it a dev-dependency"));
        }
        if let Some(other) = rank(dependency).filter(|other| *other >= own) {
            complaints.push(format!(
                "{name} (layer {own}) uses {dependency} (layer {other}): dependencies point down only; move what \
                 is needed to a lower crate, or hand it in from above"
            ));
        }
        if own <= PURE && IMPURE.iter().any(|pattern| matches(pattern, dependency)) {
            complaints.push(format!(
                "{name} is a protocol crate and uses {dependency}; take octets, `now` and random numbers as arguments"
            ));
        } else if own < SHELL && dependency.starts_with("tokio") {
            complaints.push(format!(
                "{name} is below the shell and uses {dependency}; make the function synchronous and await it in the shell"
            ));
        }
    }
}

/// Complaints about what the source of protocol crates mentions outside tests and comments.
#[must_use]
pub fn check_purity(files: &[File]) -> Vec<String> {
    let mut complaints = Vec::new();
    for file in files
        .iter()
        .filter(|file| file.is_rust() && !file.is_test() && is_pure(&file.path))
    {
        for (number, line) in code_lines(&file.text) {
            for word in IMPURE_WORDS.iter().filter(|word| line.contains(**word)) {
                complaints.push(format!(
                    "{}:{number}: a protocol crate mentions {word}; take octets, `now` and random numbers as arguments",
                    file.path
                ));
            }
        }
    }
    complaints
}

/// `crates/NAME/src/…` of a protocol crate.
fn is_pure(path: &str) -> bool {
    let mut parts = path.split('/');
    let (Some("crates"), Some(folder), Some("src")) = (parts.next(), parts.next(), parts.next()) else {
        return false;
    };
    rank(&format!("posthorn-{folder}")).is_some_and(|rank| rank <= PURE)
}

/// Numbered lines without comments, up to the tests at the bottom of the file.
fn code_lines(text: &str) -> impl Iterator<Item = (usize, &str)> {
    (1..)
        .zip(text.lines())
        .take_while(|(_, line)| !line.starts_with("#[cfg(test)]"))
        .filter(|(_, line)| !line.trim_start().starts_with("//"))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every crate of the list, without dependencies, with `changed` instead of its namesake.
    fn workspace(changed: &[(&str, &[&str])]) -> Vec<Package> {
        let names = RANKS
            .iter()
            .map(|(name, _)| *name)
            .chain(BESIDE.iter().map(|(name, _)| *name));
        let package = |name: &str| {
            let dependencies = changed
                .iter()
                .find(|(other, _)| *other == name)
                .map_or(&[][..], |(_, list)| list);
            Package {
                name: name.to_owned(),
                dependencies: dependencies.iter().map(|name| (*name).to_owned()).collect(),
            }
        };
        names.map(package).collect()
    }

    fn complaints(name: &str, dependencies: &[&str]) -> Vec<String> {
        check_dependencies(&workspace(&[(name, dependencies)]))
    }

    #[test]
    fn edges_that_point_down_are_fine() {
        assert_eq!(
            complaints("posthorn-smtp", &["posthorn-base", "posthorn-sasl", "thiserror"]),
            [""; 0]
        );
        assert_eq!(
            complaints("posthorn-net", &["posthorn-dns", "tokio", "rustls"]),
            [""; 0]
        );
        assert_eq!(
            complaints("posthorn-testkit", &["posthorn-base", "posthorn-dns", "tokio"]),
            [""; 0]
        );
    }

    #[test]
    fn an_edge_that_points_up_or_sideways_is_found() {
        assert_eq!(complaints("posthorn-smtp", &["posthorn-store"]).len(), 1);
        assert_eq!(complaints("posthorn-smtp", &["posthorn-imap"]).len(), 1);
        assert_eq!(complaints("posthorn-base", &["posthorn-base"]).len(), 1);
    }

    #[test]
    fn tests_are_used_by_tests_only() {
        assert_eq!(complaints("posthorn-smtp", &["posthorn-testkit"]).len(), 1);
        assert_eq!(complaints("posthorn-server", &["xtask"]).len(), 1);
        assert_eq!(complaints("posthorn-testkit", &["posthorn-smtp"]).len(), 1);
        assert_eq!(complaints("xtask", &["posthorn-config"]).len(), 1);
    }

    #[test]
    fn the_outside_world_is_kept_out_of_protocol_crates() {
        for name in [
            "tokio",
            "tokio-rustls",
            "rustls",
            "hickory-proto",
            "rusqlite",
            "getrandom",
        ] {
            assert_eq!(complaints("posthorn-imap", &[name]).len(), 1, "{name}");
        }
        assert_eq!(complaints("posthorn-store", &["rusqlite"]), [""; 0]);
        assert_eq!(complaints("posthorn-store", &["tokio"]).len(), 1);
    }

    #[test]
    fn a_crate_missing_from_the_list_or_from_the_workspace_is_found() {
        let mut packages = workspace(&[]);
        packages.retain(|package| package.name != "posthorn-pop3");
        packages.push(Package {
            name: "posthorn-new".to_owned(),
            dependencies: Vec::new(),
        });
        let found = check_dependencies(&packages);
        assert_eq!(found.len(), 2, "{found:?}");
    }

    #[test]
    fn words_of_the_outside_world_are_found_in_code_only() {
        let find = |path: &str, text: &str| check_purity(&[File::new(path, text)]).len();
        let text = "//! No Instant::now here.\nuse std::net::{IpAddr, TcpStream};\n#[cfg(test)]\nmod tests { fn now() { Instant::now(); } }\n";
        assert_eq!(find("crates/smtp/src/server.rs", text), 1);
        assert_eq!(find("crates/net/src/driver.rs", text), 0);
        assert_eq!(find("crates/smtp/src/server/tests.rs", text), 0);
        assert_eq!(
            find(
                "crates/smtp/src/a.rs",
                "use std::time::Instant;\nuse std::net::IpAddr;\n"
            ),
            0
        );
        assert_eq!(
            find("crates/smtp/src/a.rs", "    let text = std::fs::read(path);\n"),
            1
        );
    }
}
