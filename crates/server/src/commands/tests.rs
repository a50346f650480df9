//! The declarations of the commands against each other: help, examples, names.

use clap::{Command as Declared, CommandFactory};

use super::*;

/// Every command that does something, with its words.
fn leaves(command: &Declared, words: &str, found: &mut Vec<(String, Declared)>) {
    if !command.has_subcommands() {
        found.push((words.to_owned(), command.clone()));
    }
    for one in command.get_subcommands() {
        leaves(one, &format!("{words} {}", one.get_name()), found);
    }
}

fn all() -> Vec<(String, Declared)> {
    let mut found = Vec::new();
    leaves(&Cli::command(), "posthorn", &mut found);
    found
}

/// The lines of the long help that can be typed, without what the shell does with them.
fn examples(command: &Declared) -> Vec<String> {
    let help = command
        .get_after_long_help()
        .map(ToString::to_string)
        .unwrap_or_default();
    help.lines()
        .filter_map(|line| line.strip_prefix("  "))
        .map(|line| line.split(" > ").next().unwrap_or(line).to_owned())
        .collect()
}

#[test]
fn the_declarations_contradict_nothing() {
    Cli::command().debug_assert();
    assert!(all().len() > 20);
}

#[test]
fn every_command_says_in_one_sentence_what_it_does() {
    for (words, command) in all() {
        let about = command.get_about().map(ToString::to_string).unwrap_or_default();
        assert!(about.len() > 10 && !about.contains('\n'), "{words}: {about:?}");
    }
}

#[test]
fn every_command_has_an_example_that_is_one_of_it() {
    for (words, command) in all() {
        let examples = examples(&command);
        assert!(!examples.is_empty(), "{words}");
        for example in examples {
            assert!(example.starts_with(&words), "{words}: {example}");
        }
    }
}

#[test]
fn every_example_can_be_typed() {
    let mut commands = all();
    commands.push(("posthorn".to_owned(), Cli::command()));
    for (words, command) in commands {
        for example in examples(&command) {
            let parsed = Cli::try_parse_from(example.split_whitespace());
            assert!(parsed.is_ok(), "{words}: {example}: {parsed:?}");
        }
    }
}

#[test]
fn no_command_takes_a_password_on_the_command_line() {
    for (words, command) in all() {
        for argument in command.get_arguments() {
            let is_about_passwords = argument.get_id().as_str().contains("password");
            let takes_value = argument.get_action().takes_values();
            assert!(!(is_about_passwords && takes_value), "{words}: {argument:?}");
        }
    }
}
