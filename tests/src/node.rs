//! One node: a folder of its own, settings with free ports, domain and accounts made with the command
//! line, and `posthorn serve` as a process that this test ends.

use std::collections::HashMap;
use std::fs::{self, File};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};

use crate::binary::posthorn;
use crate::dns::Dns;
use crate::imap::{Imap, Stored};
use crate::message::Message;
use crate::program::{Finished, Input, run};
use crate::smtp::Smtp;
use crate::wait::until;

/// The password of every account.
pub const PASSWORD: &str = "correct horse battery staple";

/// How a node differs from the usual one.
#[derive(Clone, Debug)]
pub struct Options {
    /// The name it greets with.
    pub hostname: String,
    /// The domain whose mail it takes.
    pub domain: String,
    /// Local parts of the accounts.
    pub accounts: Vec<String>,
    /// Where SMTP listens.
    pub smtp: String,
    /// Tables of settings beside `listen` and `login`.
    pub settings: String,
    /// The data folder, when it is not one inside the node's own folder.
    pub data: Option<PathBuf>,
    /// Environment of all its processes.
    pub environment: Vec<(String, String)>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            hostname: "mail.posthorn.test".to_owned(),
            domain: "posthorn.test".to_owned(),
            accounts: vec!["anna".to_owned(), "ben".to_owned()],
            smtp: "127.0.0.1:0".to_owned(),
            settings: String::new(),
            data: None,
            environment: Vec::new(),
        }
    }
}

/// Where a node listens, as its ready file says.
#[derive(Clone, Debug, Default)]
pub struct Ready(HashMap<String, Option<String>>);

impl Ready {
    fn read(path: &Path) -> Option<Self> {
        let text = fs::read_to_string(path).ok()?;
        Some(Self(serde_json::from_str(&text).unwrap()))
    }

    /// `host:port` of a protocol.
    ///
    /// # Panics
    /// When it is off.
    #[must_use]
    pub fn address(&self, protocol: &str) -> &str {
        let address = self.0.get(protocol).and_then(Option::as_deref);
        address.unwrap_or_else(|| panic!("{protocol} is off: {:?}", self.0))
    }

    /// Its port alone.
    ///
    /// # Panics
    /// When it is off.
    #[must_use]
    pub fn port(&self, protocol: &str) -> String {
        self.address(protocol)
            .parse::<SocketAddr>()
            .unwrap()
            .port()
            .to_string()
    }
}

/// How a process is ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// SIGTERM: in order.
    Asked,
    /// SIGKILL: at once.
    Killed,
}

/// A node, running or not. What it wrote to its error output is shown when its test fails.
#[derive(Debug)]
pub struct Node {
    options: Options,
    folder: tempfile::TempDir,
    child: Option<Child>,
    ready: Ready,
    /// A name server that knows nothing, where the test brings none: the real one is not for tests to ask.
    dns: Option<Dns>,
}

impl Node {
    /// Settings, domain and accounts; serves already.
    ///
    /// # Panics
    /// When any of it fails.
    #[must_use]
    pub fn start(options: Options) -> Self {
        let mut node = Self::prepare(options);
        node.serve();
        node
    }

    /// Settings, domain and accounts.
    ///
    /// # Panics
    /// When any of it fails.
    #[must_use]
    pub fn prepare(options: Options) -> Self {
        let node = Self::unpopulated(options);
        node.posthorn(&["domain", "add", &node.options.domain], Input::None)
            .ok();
        for name in &node.options.accounts {
            let address = node.address(name);
            let password = Input::Octets(PASSWORD.as_bytes());
            node.posthorn(&["account", "add", &address, "--password-stdin"], password)
                .ok();
        }
        node
    }

    /// Settings alone, for a data folder that is there already.
    ///
    /// # Panics
    /// When they cannot be written.
    #[must_use]
    pub fn unpopulated(options: Options) -> Self {
        let folder = tempfile::Builder::new().prefix("posthorn").tempdir().unwrap();
        let has_dns = options.settings.contains("[dns]");
        let node = Self {
            options,
            folder,
            child: None,
            ready: Ready::default(),
            dns: (!has_dns).then(|| Dns::serve(&[])),
        };
        fs::write(node.config(), node.settings()).unwrap();
        node
    }

    fn settings(&self) -> String {
        let Options {
            hostname,
            smtp,
            settings,
            ..
        } = &self.options;
        let data = self.data();
        let free = [
            "submission",
            "submissions",
            "imap",
            "imaps",
            "pop3",
            "pop3s",
            "lmtp",
            "http",
        ]
        .map(|name| format!("{name} = [\"127.0.0.1:0\"]\n"))
        .concat();
        let dns = match &self.dns {
            Some(dns) => format!("[dns]\nresolvers = [\"{}\"]\n", dns.address),
            None => String::new(),
        };
        format!(
            "hostname = \"{hostname}\"\ndata = {data:?}\n[listen]\nsmtp = [\"{smtp}\"]\n{free}\n\
             [login]\nallow_plaintext = true\n{settings}\n{dns}"
        )
    }

    /// The settings file.
    #[must_use]
    pub fn config(&self) -> PathBuf {
        self.folder.path().join("posthorn.toml")
    }

    /// The data folder.
    #[must_use]
    pub fn data(&self) -> PathBuf {
        self.options
            .data
            .clone()
            .unwrap_or_else(|| self.folder.path().join("data"))
    }

    /// A folder for whatever the test keeps beside the node; goes with it.
    #[must_use]
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// The certificate that the node made for itself.
    #[must_use]
    pub fn certificate(&self) -> PathBuf {
        self.data().join("certificate.pem")
    }

    /// The whole address of an account here.
    #[must_use]
    pub fn address(&self, name: &str) -> String {
        format!("{name}@{}", self.options.domain)
    }

    /// Runs another command of the program with this node's settings.
    #[must_use]
    pub fn posthorn(&self, arguments: &[&str], input: Input<'_>) -> Finished {
        let mut command = Command::new(posthorn());
        command.arg("--config").arg(self.config()).args(arguments);
        command.envs(self.options.environment.iter().cloned());
        run(&mut command, input)
    }

    /// Nothing may be wrong with what is stored. Stop the node before.
    ///
    /// # Panics
    /// When something is.
    #[track_caller]
    pub fn check_store(&self) {
        self.posthorn(&["check", "--store"], Input::None).ok();
    }

    /// Starts serving, and waits until every port listens.
    ///
    /// # Panics
    /// When the process ends instead.
    pub fn serve(&mut self) {
        let ready_file = self.folder.path().join("ready.json");
        drop(fs::remove_file(&ready_file));
        let log = File::options()
            .create(true)
            .append(true)
            .open(self.log_path())
            .unwrap();
        let mut command = Command::new(posthorn());
        command
            .arg("--config")
            .arg(self.config())
            .arg("serve")
            .arg("--ready-file")
            .arg(&ready_file);
        command.envs(self.options.environment.iter().map(|(name, value)| (name, value)));
        command
            .stdin(Stdio::null())
            .stdout(log.try_clone().unwrap())
            .stderr(log);
        let child = self.child.insert(command.spawn().unwrap());
        self.ready = until("posthorn serve gets ready", || {
            let ready = Ready::read(&ready_file);
            if ready.is_none() && child.try_wait().unwrap().is_some() {
                panic!(
                    "posthorn serve ended: {}",
                    fs::read_to_string(ready_file.with_file_name("log")).unwrap()
                );
            }
            ready
        });
    }

    /// Ends the process and waits for that.
    ///
    /// # Panics
    /// When it is not running or does not end.
    pub fn stop(&mut self, ending: Ending) -> ExitStatus {
        let mut child = self.child.take().unwrap();
        match ending {
            Ending::Killed => child.kill().unwrap(),
            Ending::Asked => {
                let ask = format!("kill -TERM {}", child.id());
                assert!(Command::new("sh").args(["-c", &ask]).status().unwrap().success());
            }
        }
        until("posthorn serve ends", || child.try_wait().unwrap())
    }

    /// The process's id.
    ///
    /// # Panics
    /// When it is not running.
    #[must_use]
    pub fn id(&self) -> u32 {
        self.child.as_ref().unwrap().id()
    }

    /// Resident memory in KiB.
    ///
    /// # Panics
    /// When it is not running.
    #[must_use]
    pub fn resident_kib(&self) -> usize {
        self.memory_kib("VmRSS:")
    }

    /// The most resident memory in KiB, above what it was before, while `work` is done.
    ///
    /// # Panics
    /// When it is not running.
    pub fn peak_kib(&self, work: impl FnOnce()) -> usize {
        // 5: the peak begins anew (proc(5)).
        fs::write(format!("/proc/{}/clear_refs", self.id()), "5").unwrap();
        let before = self.resident_kib();
        work();
        self.memory_kib("VmHWM:").saturating_sub(before)
    }

    fn memory_kib(&self, name: &str) -> usize {
        let status = fs::read_to_string(format!("/proc/{}/status", self.id())).unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix(name)).unwrap();
        line.split_whitespace().next().unwrap().parse().unwrap()
    }

    /// What the process wrote so far, over all its starts.
    ///
    /// # Panics
    /// When that cannot be read.
    #[must_use]
    pub fn log(&self) -> String {
        fs::read_to_string(self.log_path()).unwrap()
    }

    fn log_path(&self) -> PathBuf {
        self.folder.path().join("log")
    }

    /// Where it listens.
    #[must_use]
    pub fn ready(&self) -> &Ready {
        &self.ready
    }

    /// A session with the port for other servers.
    ///
    /// # Panics
    /// When there is none.
    #[must_use]
    pub fn smtp(&self) -> Smtp {
        Smtp::hello(self.ready.address("smtp")).unwrap()
    }

    /// A session with the port for people's programs, logged in.
    ///
    /// # Panics
    /// When there is none.
    #[must_use]
    pub fn submission(&self, name: &str) -> Smtp {
        Smtp::login(self.ready.address("submission"), &self.address(name), PASSWORD).unwrap()
    }

    /// A logged-in IMAP session.
    ///
    /// # Panics
    /// When there is none.
    #[must_use]
    pub fn imap(&self, name: &str) -> Imap {
        Imap::login(self.ready.address("imap"), &self.address(name), PASSWORD).unwrap()
    }

    /// Everything in somebody's inbox.
    ///
    /// # Panics
    /// When it cannot be read.
    #[must_use]
    pub fn inbox(&self, name: &str) -> Vec<Stored> {
        self.mailbox(name, "INBOX")
    }

    /// Everything in one of somebody's mailboxes.
    ///
    /// # Panics
    /// When it cannot be read.
    #[must_use]
    pub fn mailbox(&self, name: &str, mailbox: &str) -> Vec<Stored> {
        self.imap(name).messages(mailbox).unwrap()
    }

    /// The first message in somebody's mailbox, once there is one, as text.
    ///
    /// # Panics
    /// When none comes.
    #[must_use]
    pub fn arrived(&self, name: &str, mailbox: &str) -> String {
        let first = until("a message arrives", || {
            self.mailbox(name, mailbox).into_iter().next()
        });
        String::from_utf8_lossy(&first.octets).into_owned()
    }

    /// What `posthorn explain` says of a message.
    ///
    /// # Panics
    /// When it fails.
    #[must_use]
    pub fn explain(&self, name: &str, message: &Message, level: &str) -> String {
        let id = format!("<{}@sender.test>", message.token);
        let arguments = ["explain", &self.address(name), &id, "--level", level];
        self.posthorn(&arguments, Input::None).ok()
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        if let Some(mut child) = self.child.take() {
            drop(child.kill());
            drop(child.wait());
        }
        if std::thread::panicking() {
            let log = fs::read_to_string(self.log_path()).unwrap_or_default();
            let lines: Vec<&str> = log.lines().collect();
            let last = lines.get(lines.len().saturating_sub(60)..).unwrap_or_default();
            println!(
                "--- the end of the log of {}\n{}\n---",
                self.options.hostname,
                last.join("\n")
            );
        }
    }
}
