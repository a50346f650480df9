//! mbsync: an account and a folder on this side kept equal in both directions.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may")]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use posthorn_tests::{Finished, Imap, Input, Message, Node, Options, PASSWORD, run, tool};

struct Local {
    home: PathBuf,
}

impl Local {
    fn new(node: &Node) -> Self {
        let home = node.folder().join("mbsync");
        fs::create_dir_all(home.join("mail")).unwrap();
        let text = format!(
            "SyncState *\nIMAPAccount posthorn\nHost 127.0.0.1\nPort {}\nUser {}\nPass \"{PASSWORD}\"\nSSLType IMAPS\n\
             CertificateFile {}\n\nIMAPStore far\nAccount posthorn\n\nMaildirStore near\nPath {}/mail/\n\
             Inbox {}/mail/INBOX\nSubFolders Verbatim\n\nChannel all\nFar :far:\nNear :near:\nPatterns *\n\
             Create Both\nExpunge Both\nRemove Both\n",
            node.ready().port("imaps"),
            node.address("anna"),
            node.certificate().display(),
            home.display(),
            home.display(),
        );
        fs::write(home.join("mbsyncrc"), text).unwrap();
        Self { home }
    }

    fn sync(&self) -> Finished {
        let mut command = Command::new("mbsync");
        command
            .arg("-c")
            .arg(self.home.join("mbsyncrc"))
            .args(["--verbose", "all"]);
        command.env("HOME", &self.home);
        run(&mut command, Input::None)
    }

    fn folder(&self, mailbox: &str) -> PathBuf {
        self.home.join("mail").join(mailbox)
    }

    /// The files of all messages of a mailbox.
    fn files(&self, mailbox: &str) -> Vec<PathBuf> {
        let list = |sub: &str| fs::read_dir(self.folder(mailbox).join(sub)).unwrap();
        list("cur")
            .chain(list("new"))
            .map(|entry| entry.unwrap().path())
            .collect()
    }

    fn snapshot(&self) -> Vec<(PathBuf, Vec<u8>)> {
        let mut files = Vec::new();
        collect(&self.home.join("mail"), &mut files);
        files.sort();
        files
    }
}

fn collect(folder: &Path, files: &mut Vec<(PathBuf, Vec<u8>)>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            collect(&path, files);
        } else {
            files.push((path.clone(), fs::read(&path).unwrap()));
        }
    }
}

fn deliver(node: &Node, count: usize) {
    let (from, to) = ("someone@sender.test", node.address("anna"));
    let mut smtp = node.smtp();
    for _ in 0..count {
        let message = Message::short(from, &to);
        assert_eq!(smtp.send(from, &[&to], &message).unwrap().code, 250);
    }
}

/// Adds flags to the name of a message's file, as a local mail reader does.
fn flag(file: &Path, flags: &str) {
    let name = file.file_name().unwrap().to_str().unwrap();
    let bare = name.split(":2,").next().unwrap();
    let folder = file.parent().unwrap().parent().unwrap().join("cur");
    fs::rename(file, folder.join(format!("{bare}:2,{flags}"))).unwrap();
}

#[test]
fn both_sides_become_equal_and_stay_so() {
    if !tool("mbsync") {
        return;
    }
    let node = Node::start(Options::default());
    let local = Local::new(&node);
    deliver(&node, 3);
    local.sync().ok();
    assert_eq!(local.files("INBOX").len(), 3);

    // A second run finds nothing to do.
    let before = local.snapshot();
    local.sync().ok();
    assert_eq!(local.snapshot(), before);

    // Flags go up and come down.
    flag(&local.files("INBOX")[0], "FS");
    local.sync().ok();
    let mut imap = node.imap("anna");
    imap.select("INBOX").unwrap();
    let flagged = imap.command("UID SEARCH FLAGGED SEEN").unwrap();
    let flagged = String::from_utf8_lossy(&flagged[0]).into_owned();
    assert_eq!(flagged.split_whitespace().count(), 3, "{flagged}");
    let uid = flagged.rsplit(' ').next().unwrap().to_owned();
    imap.command(&format!("UID STORE {uid} +FLAGS (\\Answered)"))
        .unwrap();
    local.sync().ok();
    let answered = |path: &PathBuf| path.to_str().unwrap().ends_with(":2,FRS");
    assert_eq!(
        local.files("INBOX").iter().filter(|path| answered(path)).count(),
        1
    );

    // A message written here appears there.
    let file = local.folder("INBOX").join("new/1234.local.here");
    fs::write(
        file,
        "From: <anna@posthorn.test>\nSubject: written here\n\nHello.\n",
    )
    .unwrap();
    local.sync().ok();
    assert_eq!(imap.select("INBOX").unwrap(), 4);
    assert_eq!(
        imap.command("UID SEARCH SUBJECT \"written here\"").unwrap()[0].len(),
        "* SEARCH 4".len()
    );
}

#[test]
fn deletion_and_new_folders_travel_both_ways() {
    if !tool("mbsync") {
        return;
    }
    let node = Node::start(Options::default());
    let local = Local::new(&node);
    deliver(&node, 4);
    local.sync().ok();
    let mut imap = node.imap("anna");

    flag(&local.files("INBOX")[0], "ST");
    local.sync().ok();
    assert_eq!(imap.select("INBOX").unwrap(), 3);
    assert_eq!(local.files("INBOX").len(), 3);

    imap.command("STORE 1 +FLAGS (\\Deleted)").unwrap();
    imap.command("EXPUNGE").unwrap();
    local.sync().ok();
    assert_eq!(local.files("INBOX").len(), 2);

    for sub in ["cur", "new", "tmp"] {
        fs::create_dir_all(local.folder("FromHere").join(sub)).unwrap();
    }
    fs::write(
        local.folder("FromHere").join("new/1.local.here"),
        "Subject: one\n\nOne.\n",
    )
    .unwrap();
    imap.command("CREATE FromThere").unwrap();
    imap.select("INBOX").unwrap();
    imap.command("COPY 1 FromThere").unwrap();
    local.sync().ok();
    assert_eq!(imap.select("FromHere").unwrap(), 1);
    assert_eq!(local.files("FromThere").len(), 1);
}

/// The file of the message that has this text.
fn holding(local: &Local, text: &str) -> Option<PathBuf> {
    let holds = |file: &PathBuf| fs::read_to_string(file).unwrap().contains(text);
    local.files("INBOX").into_iter().find(holds)
}

#[test]
fn changes_on_both_sides_come_together() {
    if !tool("mbsync") {
        return;
    }
    let node = Node::start(Options::default());
    let local = Local::new(&node);
    let mut imap = node.imap("anna");
    for number in 0..6 {
        append(&mut imap, &format!("message {number}."));
    }
    local.sync().ok();
    imap.select("INBOX").unwrap();
    let file = |number: u32| holding(&local, &format!("message {number}.")).unwrap();
    // 0: flags here and there. 1: gone here, flagged there. 2: gone there, flagged here. 3: gone on both sides.
    flag(&file(0), "F");
    imap.command("UID STORE 1 +FLAGS (\\Answered)").unwrap();
    flag(&file(1), "T");
    imap.command("UID STORE 2 +FLAGS (\\Flagged)").unwrap();
    flag(&file(2), "F");
    flag(&file(3), "T");
    imap.command("UID STORE 3,4 +FLAGS (\\Deleted)").unwrap();
    imap.command("UID EXPUNGE 3,4").unwrap();
    // And new ones on both.
    append(&mut imap, "from there.");
    let new = local.folder("INBOX").join("new/77.local.here");
    fs::write(new, "Subject: from here\n\nfrom here.\n").unwrap();
    local.sync().ok();

    for text in [
        "message 0.",
        "message 4.",
        "message 5.",
        "from there.",
        "from here.",
    ] {
        assert!(holding(&local, text).is_some(), "{text} is not here");
    }
    let here = local.files("INBOX");
    assert_eq!(here.len(), 5, "{here:?}");
    let name = holding(&local, "message 0.").unwrap();
    assert!(name.to_str().unwrap().ends_with(":2,FR"), "{name:?}");
    let there = node.imap("anna").messages("INBOX").unwrap();
    assert_eq!(there.len(), here.len());
    imap.select("INBOX").unwrap();
    let found = imap.command("UID SEARCH FLAGGED ANSWERED").unwrap();
    assert!(found.contains(&b"* SEARCH 1".to_vec()), "{found:?}");

    // Both sides are at rest now.
    let before = local.snapshot();
    local.sync().ok();
    assert_eq!(local.snapshot(), before);
}

fn append(imap: &mut Imap, text: &str) {
    let message = format!("From: <a@sender.test>\r\nSubject: {text}\r\n\r\n{text}\r\n");
    imap.command(&format!("APPEND INBOX {{{}+}}\r\n{message}", message.len()))
        .unwrap();
}
