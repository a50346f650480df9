//! A full disk: a temporary refusal while it is full, work as before once there is room, nothing half done.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may")]

use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;

use posthorn_tests::{Ending, Message, Node, Options, Reply, library, sent_part, tool};

/// Sends until the server refuses; gives the refusal and what was taken before.
fn send_until_refused(node: &Node, sizes: &[usize]) -> (Reply, Vec<Message>) {
    let (from, to) = ("someone@sender.test", node.address("anna"));
    let mut smtp = node.smtp();
    let mut taken = Vec::new();
    for size in sizes.iter().cycle().take(2_000) {
        let message = Message::of_size(from, &to, *size);
        let reply = smtp.send(from, &[&to], &message).unwrap();
        if reply.code != 250 {
            return (reply, taken);
        }
        taken.push(message);
    }
    panic!("the disk does not get full");
}

#[track_caller]
fn refuses_for_now(reply: &Reply) {
    assert!(reply.is("452 4.3.1"), "{reply:?}");
}

/// Takes mail again, and has exactly what it said it took.
fn goes_on(mut node: Node, mut taken: Vec<Message>) {
    let (from, to) = ("someone@sender.test", node.address("anna"));
    for size in [500, 100_000] {
        let message = Message::of_size(from, &to, size);
        let reply = node.smtp().send(from, &[&to], &message).unwrap();
        assert_eq!(reply.code, 250, "{reply:?}");
        taken.push(message);
    }
    for _ in 0..2 {
        let inbox = node.inbox("anna");
        assert_eq!(inbox.len(), taken.len());
        for (stored, message) in inbox.iter().zip(&taken) {
            assert_eq!(sent_part(&stored.octets).unwrap().1, message.octets);
        }
        node.stop(Ending::Asked);
        node.check_store();
        node.serve();
    }
}

/// No byte more fits, from one moment to the next: with a library that refuses growth, so it needs no
/// rights.
#[test]
fn a_disk_that_takes_nothing_more_is_a_temporary_refusal() {
    if !tool("cc") {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let (data, full) = (folder.path().join("data"), folder.path().join("full"));
    let text = |path: &Path| path.to_str().unwrap().to_owned();
    let environment = vec![
        ("LD_PRELOAD".to_owned(), text(&library(folder.path()))),
        ("POWERLOSS_FOLDER".to_owned(), text(&data)),
        ("POWERLOSS_FULL".to_owned(), text(&full)),
    ];
    let node = Node::start(Options {
        data: Some(data),
        environment,
        ..Options::default()
    });
    let (from, to) = ("someone@sender.test", node.address("anna"));
    let first = Message::of_size(from, &to, 2_000);
    assert_eq!(node.smtp().send(from, &[&to], &first).unwrap().code, 250);
    let mut taken = vec![first];
    for size in [500, 60_000, 100_000, 3_000_000] {
        File::create(&full).unwrap();
        let (reply, more) = send_until_refused(&node, &[size]);
        refuses_for_now(&reply);
        taken.extend(more);
        // Reading goes on meanwhile.
        assert_eq!(node.inbox("anna").len(), taken.len());
        fs::remove_file(&full).unwrap();
    }
    goes_on(node, taken);
}

/// A small file system of its own, unmounted in the end.
struct Small {
    path: PathBuf,
}

impl Small {
    /// `None` where mounting is not allowed.
    fn mount(path: PathBuf) -> Option<Self> {
        fs::create_dir(&path).unwrap();
        let mut mount = Command::new("mount");
        mount.args(["-t", "tmpfs", "-o", "size=24m", "tmpfs"]).arg(&path);
        let mounted = mount.output().is_ok_and(|output| output.status.success());
        mounted.then_some(Self { path })
    }
}

impl Drop for Small {
    fn drop(&mut self) {
        drop(Command::new("umount").arg("--lazy").arg(&self.path).status());
    }
}

#[test]
fn a_file_system_that_fills_up_is_a_temporary_refusal() {
    let folder = tempfile::tempdir().unwrap();
    let Some(small) = Small::mount(folder.path().join("small")) else {
        // Few places may mount; the test before this one stands in.
        println!("skipped: needs the right to mount a tmpfs");
        return;
    };
    let node = Node::start(Options {
        data: Some(small.path.join("data")),
        ..Options::default()
    });
    let ballast = small.path.join("ballast");
    File::create(&ballast)
        .unwrap()
        .write_all(&vec![0; 8 << 20])
        .unwrap();
    let (reply, mut taken) = send_until_refused(&node, &[40_000, 100_000]);
    refuses_for_now(&reply);
    // Some small ones may still fit.
    let (reply, more) = send_until_refused(&node, &[500]);
    refuses_for_now(&reply);
    taken.extend(more);
    assert_eq!(node.inbox("anna").len(), taken.len());
    fs::remove_file(&ballast).unwrap();
    goes_on(node, taken);
    drop(small);
}
