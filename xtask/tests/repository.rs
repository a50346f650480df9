//! The checks of this repository. Each failure says how to mend it.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test may")]

use std::fs;

use cargo_metadata::{DependencyKind, Metadata, MetadataCommand};
use xtask::layers::Package;
use xtask::tree::{self, File};
use xtask::{decisions, layers, licences, rfc_index, sources};

fn files() -> Vec<File> {
    let files = tree::files(&tree::root()).unwrap_or_else(|why| panic!("{why}"));
    assert!(files.len() > 50, "git lists only {} files", files.len());
    files
}

fn metadata() -> Metadata {
    MetadataCommand::new()
        .manifest_path(tree::root().join("Cargo.toml"))
        .exec()
        .unwrap()
}

fn assert_none(complaints: &[String]) {
    assert!(complaints.is_empty(), "\n{}\n", complaints.join("\n"));
}

fn packages(metadata: &Metadata) -> Vec<Package> {
    let package = |package: &cargo_metadata::Package| {
        let needed = package
            .dependencies
            .iter()
            .filter(|needed| needed.kind != DependencyKind::Development);
        Package {
            name: package.name.to_string(),
            dependencies: needed.map(|needed| needed.name.clone()).collect(),
        }
    };
    metadata.workspace_packages().into_iter().map(package).collect()
}

#[test]
fn dependencies_point_down() {
    assert_none(&layers::check_dependencies(&packages(&metadata())));
}

#[test]
fn protocol_crates_are_pure() {
    assert_none(&layers::check_purity(&files()));
}

#[test]
fn files_are_short() {
    let allow_list = fs::read_to_string(tree::root().join(sources::ALLOW_LIST)).unwrap();
    assert_none(&sources::check_size(&files(), &allow_list));
}

#[test]
fn every_file_says_what_it_is() {
    assert_none(&sources::check_opening(&files()));
}

#[test]
fn names_say_something() {
    assert_none(&sources::check_names(&files()));
}

#[test]
fn every_crate_takes_the_lints() {
    assert_none(&sources::check_lints(&files()));
}

#[test]
fn nothing_is_marked_unfinished() {
    assert_none(&sources::check_unfinished(&files()));
}

#[test]
fn no_line_ends_with_blanks() {
    assert_none(&sources::check_blanks(&files()));
}

#[test]
fn nothing_belongs_to_one_machine() {
    assert_none(&sources::check_machine(&files()));
}

#[test]
fn the_rfc_index_is_complete() {
    let folders = fs::read_dir(tree::root().join("crates")).unwrap();
    let crates: Vec<String> = folders
        .map(|folder| folder.unwrap().file_name().to_string_lossy().into_owned())
        .collect();
    assert_none(&rfc_index::check(&files(), &crates));
}

#[test]
fn licences_ask_for_a_notice_at_most() {
    let metadata = metadata();
    let packages: Vec<_> = metadata
        .packages
        .iter()
        .map(|package| (package.name.to_string(), package.license.clone()))
        .collect();
    assert!(
        packages.len() > 100,
        "cargo lists only {} packages",
        packages.len()
    );
    assert_none(&licences::check(&packages));
}

#[test]
fn decision_records_are_numbered_and_short() {
    assert_none(&decisions::check(&files()));
}

/// Writes the text that belongs there and fails if another was there, so that the next run passes.
fn assert_generated(path: &str, text: &str) {
    let file = tree::root().join(path);
    let found = fs::read_to_string(&file).unwrap_or_default();
    if found != text {
        fs::write(&file, text).unwrap();
        panic!(
            "{path} was not what the declarations in crates/config give; it is now: look at it and commit it"
        );
    }
}

#[test]
fn the_settings_chapter_is_up_to_date() {
    assert_generated("docs/settings.md", &posthorn_config::manual_chapter());
}

#[test]
fn the_example_settings_are_up_to_date() {
    assert_generated("posthorn.example.toml", &posthorn_config::example_file());
}
