//! offlineimap: an account and a maildir kept equal by a program that goes by flags and UIDs alone. Without TLS: it
//! finds no address in a certificate.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may")]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use posthorn_tests::{Imap, Input, Node, Options, PASSWORD, run, tool};

struct Local {
    home: PathBuf,
}

impl Local {
    fn new(node: &Node) -> Self {
        let home = node.folder().join("offlineimap");
        fs::create_dir_all(&home).unwrap();
        let text = format!(
            "[general]\naccounts = a\nmetadata = {home}/state\nui = quiet\nsocktimeout = 30\n\
             [Account a]\nlocalrepository = near\nremoterepository = far\n\
             [Repository near]\ntype = Maildir\nlocalfolders = {home}/mail\n\
             [Repository far]\ntype = IMAP\nremotehost = 127.0.0.1\nremoteport = {}\nremoteuser = {}\nremotepass = {PASSWORD}\n\
             ssl = no\nstarttls = no\nauth_mechanisms = PLAIN\nfolderfilter = lambda name: name in ['INBOX', 'Work']\n",
            node.ready().port("imap"),
            node.address("anna"),
            home = home.display(),
        );
        fs::write(home.join("config"), text).unwrap();
        Self { home }
    }

    fn sync(&self) {
        let mut command = Command::new("offlineimap");
        command.arg("-c").arg(self.home.join("config")).args(["-o", "-1"]);
        run(command.env("HOME", &self.home), Input::None).ok();
    }

    fn files(&self, mailbox: &str) -> Vec<PathBuf> {
        let folder = self.home.join("mail").join(mailbox);
        let list = |sub: &str| fs::read_dir(folder.join(sub)).unwrap();
        list("cur")
            .chain(list("new"))
            .map(|entry| entry.unwrap().path())
            .collect()
    }

    /// The file of the message that has this text.
    fn holding(&self, text: &str) -> Option<PathBuf> {
        let holds = |file: &PathBuf| fs::read_to_string(file).unwrap().contains(text);
        self.files("INBOX").into_iter().find(holds)
    }
}

fn append(imap: &mut Imap, text: &str) {
    let message = format!("From: <a@sender.test>\r\nSubject: {text}\r\n\r\n{text}\r\n");
    imap.command(&format!("APPEND INBOX {{{}+}}\r\n{message}", message.len()))
        .unwrap();
}

/// Gives the message these flags, as a local mail reader does.
fn flag(file: &Path, flags: &str) {
    let name = file.file_name().unwrap().to_str().unwrap();
    let bare = name.split(":2,").next().unwrap();
    let folder = file.parent().unwrap().parent().unwrap().join("cur");
    fs::rename(file, folder.join(format!("{bare}:2,{flags}"))).unwrap();
}

#[test]
fn both_sides_become_equal() {
    if !tool("offlineimap") {
        return;
    }
    let node = Node::start(Options::default());
    let local = Local::new(&node);
    let mut imap = node.imap("anna");
    for number in 0..4 {
        append(&mut imap, &format!("message {number}."));
    }
    imap.command("CREATE Work").unwrap();
    local.sync();
    assert_eq!(local.files("INBOX").len(), 4);
    assert_eq!(local.files("Work").len(), 0);

    imap.select("INBOX").unwrap();
    imap.command("UID STORE 1 +FLAGS (\\Answered)").unwrap();
    imap.command("UID MOVE 2 Work").unwrap();
    flag(&local.holding("message 2.").unwrap(), "FS");
    fs::remove_file(local.holding("message 3.").unwrap()).unwrap();
    let new = local.home.join("mail/INBOX/new/1.local.here");
    fs::write(new, "Subject: from here\n\nfrom here.\n").unwrap();
    append(&mut imap, "from there.");
    local.sync();

    assert_eq!(local.files("Work").len(), 1);
    let name = local.holding("message 0.").unwrap();
    assert!(name.to_str().unwrap().ends_with(":2,R"), "{name:?}");
    assert!(local.holding("from there.").is_some());
    let there = node.imap("anna").messages("INBOX").unwrap();
    assert_eq!(there.len(), 4);
    assert_eq!(local.files("INBOX").len(), 4);
    imap.select("INBOX").unwrap();
    let found = imap.command("UID SEARCH FLAGGED SEEN").unwrap();
    assert!(found.contains(&b"* SEARCH 3".to_vec()), "{found:?}");
}
