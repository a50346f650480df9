//! The program `posthorn`: the command line, the administration and the node. Every decision about mail is
//! made in the crates below.

mod admin;
mod commands;
mod components;
mod demo;
mod node;
mod output;

use std::process::ExitCode;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    commands::run()
}
