//! A folder with settings and data, and the program run in it.

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStderr, Command, Stdio};

use posthorn_store::{Options, Store};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;
use tempfile::TempDir;

/// Settings with which a server runs beside any other.
pub(crate) const SETTINGS: &str = "hostname = \"mail.ours.test\"
[listen]
smtp = []
submission = []
submissions = []
imap = []
imaps = []
pop3 = [\"127.0.0.1:0\"]
pop3s = []
[mailbox]
quota = \"5MB\"
";

/// A password as it comes through a pipe.
pub(crate) const PASSWORD: &str = "correct horse battery\n";

pub(crate) struct Place {
    folder: TempDir,
}

/// How a command ended.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Ended {
    pub(crate) status: i32,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Ended {
    /// The output of a command that must succeed in silence.
    pub(crate) fn good(self) -> String {
        assert_eq!((self.status, self.err.as_str()), (0, ""), "{}", self.out);
        self.out
    }

    /// The complaint of a command that must be refused.
    pub(crate) fn refused(self) -> String {
        assert_eq!((self.status, self.out.as_str()), (1, ""), "{}", self.err);
        self.err
    }

    /// The output as JSON.
    pub(crate) fn json(self) -> Value {
        serde_json::from_str(&self.good()).unwrap()
    }
}

impl Place {
    /// With settings under the name that commands look for.
    pub(crate) fn with(settings: &str) -> Self {
        let place = Self::empty();
        fs::write(place.path("posthorn.toml"), settings).unwrap();
        place
    }

    pub(crate) fn empty() -> Self {
        Self {
            folder: tempfile::tempdir().unwrap(),
        }
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    fn command(&self, line: &str) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_posthorn"));
        command.current_dir(self.folder()).args(line.split_whitespace());
        command
    }

    /// Runs a command line.
    pub(crate) fn run(&self, line: &str) -> Ended {
        self.run_with(line, "")
    }

    /// Runs a command line with something on its standard input.
    pub(crate) fn run_with(&self, line: &str, input: &str) -> Ended {
        let mut command = self.command(line);
        command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        // A command that is refused before it reads hangs up.
        drop(child.stdin.take().unwrap().write_all(input.as_bytes()));
        let ended = child.wait_with_output().unwrap();
        Ended {
            status: ended.status.code().unwrap(),
            out: String::from_utf8(ended.stdout).unwrap(),
            err: String::from_utf8(ended.stderr).unwrap(),
        }
    }

    /// Adds an account with [`PASSWORD`].
    pub(crate) fn add_account(&self, address: &str) {
        self.run_with(&format!("account add {address} --password-stdin"), PASSWORD)
            .good();
    }

    /// Does something with the store that no command can do.
    pub(crate) fn with_store(&self, work: impl FnOnce(&Store)) {
        let components = [
            posthorn_accounts::SCHEMA,
            posthorn_mailbox::SCHEMA,
            posthorn_queue::COMPONENT,
        ];
        work(&Store::open(&Options::new(&self.path("data")), &components).unwrap());
    }

    /// Starts a server and waits until it serves.
    pub(crate) fn serve(&self) -> Server {
        let mut child = self.command("serve").stderr(Stdio::piped()).spawn().unwrap();
        let mut log = BufReader::new(child.stderr.take().unwrap());
        let mut seen = String::new();
        while !seen.contains("posthorn serves") {
            assert_ne!(log.read_line(&mut seen).unwrap(), 0, "{seen}");
        }
        Server { child, log, seen }
    }
}

/// A running server; killed if it is not stopped.
pub(crate) struct Server {
    child: Child,
    log: BufReader<ChildStderr>,
    seen: String,
}

impl Server {
    /// Stops it in order and returns its log.
    pub(crate) fn stop(mut self) -> String {
        kill_process(Pid::from_child(&self.child), Signal::TERM).unwrap();
        while self.log.read_line(&mut self.seen).unwrap() > 0 {}
        assert!(self.child.wait().unwrap().success(), "{}", self.seen);
        std::mem::take(&mut self.seen)
    }

    /// Ends it as a power failure would.
    pub(crate) fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // Both fail when it was stopped already.
        drop(self.child.kill());
        drop(self.child.wait());
    }
}
