//! Programs of other people: whether they are there, and what they said.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// How long a program may run.
const DEADLINE: Duration = Duration::from_secs(120);

/// What a program reads.
#[derive(Clone, Copy, Debug)]
pub enum Input<'a> {
    /// Nothing.
    None,
    /// These octets.
    Octets(&'a [u8]),
}

/// A program that ended.
#[derive(Clone, Debug)]
pub struct Finished {
    /// Its exit code; `None` when a signal ended it.
    pub code: Option<i32>,
    /// What it wrote to its output.
    pub output: String,
    /// What it wrote to its error output.
    pub errors: String,
}

impl Finished {
    /// Both outputs, for looking for a text and for messages.
    #[must_use]
    pub fn all(&self) -> String {
        format!("{}{}", self.output, self.errors)
    }

    /// Its output, if it ended well.
    ///
    /// # Panics
    /// When it did not.
    #[track_caller]
    pub fn ok(self) -> String {
        assert!(self.code == Some(0), "exit code {:?}:\n{}", self.code, self.all());
        self.output
    }
}

/// Must nothing be skipped?
#[must_use]
pub fn is_ci() -> bool {
    std::env::var("CI").is_ok_and(|value| value == "true")
}

/// Says why a test is not run.
///
/// # Panics
/// With `CI=true`.
pub fn skip(needs: &str) {
    assert!(
        !is_ci(),
        "needs {needs}; scripts/install-test-tools installs the programs"
    );
    println!("skipped: needs {needs}");
}

/// Is the program there? Where it is not, the test says so and ends.
///
/// # Panics
/// With `CI=true`, when it is not there.
#[must_use]
pub fn tool(name: &str) -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let is_there = std::env::split_paths(&path).any(|folder| folder.join(name).is_file());
    if !is_there {
        skip(name);
    }
    is_there
}

/// Runs a program to its end.
///
/// # Panics
/// When it cannot be started or does not end in time.
#[must_use]
pub fn run(command: &mut Command, input: Input<'_>) -> Finished {
    let what = format!("{command:?}");
    command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let mut child = command.spawn().unwrap_or_else(|why| panic!("{what}: {why}"));
    let mut stdin = child.stdin.take().unwrap();
    let id = child.id();
    let started = Instant::now();
    std::thread::scope(|scope| {
        let ended = scope.spawn(move || child.wait_with_output().unwrap());
        if let Input::Octets(octets) = input {
            // A program that does not want them closes its end; its output says why.
            drop(stdin.write_all(octets));
        }
        drop(stdin);
        while !ended.is_finished() {
            if started.elapsed() > DEADLINE {
                kill(id);
                let said = ended.join().unwrap();
                panic!("{what} did not end: {}", String::from_utf8_lossy(&said.stderr));
            }
            std::thread::sleep(Duration::from_millis(2));
        }
        let said = ended.join().unwrap();
        Finished {
            code: said.status.code(),
            output: String::from_utf8_lossy(&said.stdout).into_owned(),
            errors: String::from_utf8_lossy(&said.stderr).into_owned(),
        }
    })
}

fn kill(id: u32) {
    drop(Command::new("sh").args(["-c", &format!("kill -9 {id}")]).status());
}

/// A Python that has these modules: the one in the path, the system's, or the one of the test tools. Where
/// there is none, the test says so and ends.
///
/// # Panics
/// With `CI=true`, when there is none.
#[must_use]
pub fn python_with(modules: &[&str]) -> Option<Command> {
    let imports = format!("import {}", modules.join(", "));
    let of_tools = test_tools().join("bin/python");
    let candidates = [
        PathBuf::from("python3"),
        PathBuf::from("/usr/bin/python3"),
        of_tools,
    ];
    let has_modules = |python: &PathBuf| {
        let mut command = Command::new(python);
        command.args(["-c", &imports]).stderr(Stdio::null());
        command.status().is_ok_and(|status| status.success())
    };
    let Some(python) = candidates.into_iter().find(has_modules) else {
        skip(&format!("a Python with {}", modules.join(" and ")));
        return None;
    };
    let mut command = Command::new(python);
    command.arg("-B");
    Some(command)
}

/// A program from PyPI, which `scripts/install-test-tools` has put into a place of its own. Where it is not, the
/// test says so and ends.
///
/// # Panics
/// With `CI=true`, when it is not there.
#[must_use]
pub fn tool_of_tests(name: &str) -> Option<PathBuf> {
    let path = test_tools().join("bin").join(name);
    if path.is_file() {
        return Some(path);
    }
    skip(name);
    None
}

/// The folder of modules from npm, which `scripts/install-test-tools` has filled, if this one is among them. Where it is
/// not, the test says so and ends.
///
/// # Panics
/// With `CI=true`, when it is not there.
#[must_use]
pub fn module_of_tests(name: &str) -> Option<PathBuf> {
    let modules = test_tools();
    if modules.join("node_modules").join(name).is_dir() {
        return Some(modules);
    }
    skip(name);
    None
}

/// Where `scripts/install-test-tools` puts what comes from PyPI and npm: below the target folder.
fn test_tools() -> PathBuf {
    // target/debug/deps/serve-0123 → target
    let own = std::env::current_exe().unwrap();
    own.ancestors().nth(3).unwrap().join("test-tools")
}

/// A script of `tests/py`.
#[must_use]
pub fn script(name: &str) -> PathBuf {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/py")).join(name)
}

/// Runs a script of `tests/py`; gives what it printed.
///
/// # Panics
/// When it fails.
#[track_caller]
pub fn python(name: &str, arguments: &[&str]) -> String {
    let mut command = Command::new("python3");
    command.arg("-B").arg(script(name)).args(arguments);
    run(&mut command, Input::None).ok()
}
