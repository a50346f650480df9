//! The program `posthorn`: the command line, the administration and the node. Every decision about mail is
//! made in the crates below.

mod admin;
mod commands;
mod components;
mod demo;
mod node;
mod output;

use std::process::ExitCode;

fn main() -> ExitCode {
    commands::run()
}
