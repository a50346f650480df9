//! `posthorn demo` as a process that this test ends.

use std::fs::{self, File};
use std::process::{Child, Command, Stdio};

use serde::Deserialize;

use crate::binary::posthorn;
use crate::wait::until;

/// What the ready file of the demonstration says.
#[derive(Clone, Debug, Deserialize)]
struct Ready {
    nodes: Vec<DemoNode>,
    accounts: Vec<DemoAccount>,
}

/// One server of the private internet; addresses are `host:port`.
#[derive(Clone, Debug, Deserialize)]
pub struct DemoNode {
    /// The domain whose mail it takes.
    pub domain: String,
    /// Mail from other servers.
    pub smtp: String,
    /// Mail from people's programs.
    pub submission: String,
    /// The same with TLS from the first octet.
    pub submissions: String,
    /// Reading.
    pub imap: String,
    /// Reading with TLS from the first octet.
    pub imaps: String,
    /// Fetching.
    pub pop3: String,
    /// Fetching with TLS from the first octet.
    pub pop3s: String,
    /// The settings file.
    pub config: String,
    /// The data folder.
    pub data: String,
    /// The certificate, as PEM.
    pub certificate: String,
}

/// Somebody who has mail there.
#[derive(Clone, Debug, Deserialize)]
pub struct DemoAccount {
    /// The address, which is the user name too.
    pub address: String,
    /// The password.
    pub password: String,
}

/// The running demonstration.
#[derive(Debug)]
pub struct Demo {
    folder: tempfile::TempDir,
    child: Child,
    ready: Ready,
}

impl Demo {
    /// Starts it and waits until everything listens.
    ///
    /// # Panics
    /// When it ends instead.
    #[must_use]
    pub fn start() -> Self {
        let folder = tempfile::Builder::new().prefix("posthorn").tempdir().unwrap();
        let ready_file = folder.path().join("ready.json");
        let log_path = folder.path().join("log");
        let log = File::create(&log_path).unwrap();
        let mut command = Command::new(posthorn());
        command
            .arg("demo")
            .arg("--ready-file")
            .arg(&ready_file)
            .current_dir(folder.path());
        command
            .stdin(Stdio::null())
            .stdout(log.try_clone().unwrap())
            .stderr(log);
        let mut child = command.spawn().unwrap();
        let ready = until("posthorn demo gets ready", || {
            let text = fs::read_to_string(&ready_file).ok();
            if text.is_none() && child.try_wait().unwrap().is_some() {
                panic!("posthorn demo ended: {}", fs::read_to_string(&log_path).unwrap());
            }
            text.map(|text| serde_json::from_str(&text).unwrap())
        });
        Self { folder, child, ready }
    }

    /// Its servers.
    #[must_use]
    pub fn nodes(&self) -> &[DemoNode] {
        &self.ready.nodes
    }

    /// The server of a domain.
    ///
    /// # Panics
    /// When there is none.
    #[must_use]
    pub fn node(&self, domain: &str) -> &DemoNode {
        self.ready
            .nodes
            .iter()
            .find(|node| node.domain == domain)
            .unwrap()
    }

    /// Somebody at that domain.
    ///
    /// # Panics
    /// When there is nobody.
    #[must_use]
    pub fn account_at(&self, domain: &str) -> &DemoAccount {
        let is_there = |account: &&DemoAccount| account.address.rsplit('@').next() == Some(domain);
        self.ready.accounts.iter().find(is_there).unwrap()
    }
}

impl Drop for Demo {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
        if std::thread::panicking() {
            let log = fs::read_to_string(self.folder.path().join("log")).unwrap_or_default();
            println!("--- the log of the demonstration\n{log}\n---");
        }
    }
}
