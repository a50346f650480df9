//! Power fails at many points: the folder, rebuilt as a disk would hold it, opens, is sound, and has every
//! message that was acknowledged before.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may")]

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicUsize;

use posthorn_tests::{
    Disk, Ending, Input, Keep, Load, Node, Options, PASSWORD, Random, Sent, assert_stored, library, tool,
};

const SENDERS: usize = 8;
/// Failures, each with two disks: one that kept nothing unsynced, one that kept some.
const CUTS: usize = 24;

fn is_journalled(path: &Path) -> u64 {
    fs::metadata(path).map_or(0, |file| file.len())
}

fn environment(folder: &Path, data: &Path, journal: &Path) -> Vec<(String, String)> {
    let text = |path: &Path| path.to_str().unwrap().to_owned();
    vec![
        ("LD_PRELOAD".to_owned(), text(&library(folder))),
        ("POWERLOSS_FOLDER".to_owned(), text(data)),
        ("POWERLOSS_JOURNAL".to_owned(), text(journal)),
    ]
}

/// Folders as they are, for the disk to begin with.
fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        let kind = entry.file_type().unwrap();
        if kind.is_dir() {
            copy(&entry.path(), &target);
        } else if kind.is_file() {
            fs::copy(entry.path(), target).unwrap();
        }
    }
}

/// Every node here runs with the folders of one that was prepared before.
fn on_rebuilt(data: PathBuf) -> Node {
    Node::unpopulated(Options {
        data: Some(data),
        ..Options::default()
    })
}

/// Cuts right where something was acknowledged, and anywhere else.
fn cuts(random: &mut Random, sent: &[Sent], boundaries: &[usize]) -> Vec<usize> {
    let marks: Vec<u64> = sent.iter().filter_map(|sent| sent.acknowledged).collect();
    let mut cuts: Vec<usize> = (0..CUTS)
        .map(|number| {
            if number % 2 == 0 {
                let mark = usize::try_from(marks[random.below(marks.len())]).unwrap();
                *boundaries.iter().rfind(|&&end| end <= mark).unwrap()
            } else {
                boundaries[random.below(boundaries.len())]
            }
        })
        .collect();
    cuts.sort_unstable();
    cuts
}

#[test]
fn what_was_acknowledged_survives_a_loss_of_power_at_any_point() {
    if !tool("cc") {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let (data, journal) = (folder.path().join("data"), folder.path().join("journal"));
    let environment = environment(folder.path(), &data, &journal);
    let mut node = Node::prepare(Options {
        data: Some(data.clone()),
        environment,
        ..Options::default()
    });
    let before = folder.path().join("before");
    fs::remove_file(&journal).unwrap();
    copy(&data, &before);

    node.serve();
    let (anna, ben) = (node.address("anna"), node.address("ben"));
    let load = Load {
        smtp: node.ready().address("smtp").to_owned(),
        recipients: vec![vec![anna.clone(), ben.clone()], vec![anna]],
        sizes: &[1_000, 60_000, 100_000, 60_000, 60_000],
        each: 45,
        mark: &|| is_journalled(&journal),
        acknowledged: AtomicUsize::new(0),
    };
    let sent: Vec<Sent> = std::thread::scope(|scope| {
        let load = &load;
        let threads: Vec<_> = (0..SENDERS)
            .map(|sender| scope.spawn(move || load.send(sender)))
            .collect();
        threads
            .into_iter()
            .flat_map(|thread| thread.join().unwrap())
            .collect()
    });
    assert!(sent.iter().all(|sent| sent.acknowledged.is_some()));
    node.stop(Ending::Killed);

    let mut random = Random::seeded();
    let mut disk = Disk::new(&before, &journal);
    assert!(
        disk.has_written("posthorn.db"),
        "too little was sent: the write-ahead log was never copied back"
    );
    for cut in cuts(&mut random, &sent, &disk.boundaries()) {
        disk.play(cut);
        for keep in [Keep::Nothing, Keep::Some(&mut random)] {
            println!("power fails after {cut} octets of the journal, kept: {keep:?}");
            let rebuilt = folder.path().join("rebuilt");
            disk.fail(&rebuilt, keep);
            let mut node = on_rebuilt(rebuilt.clone());
            node.check_store();
            node.serve();
            assert_stored(&node, &["anna", "ben"], &sent, u64::try_from(cut).unwrap());
            node.stop(Ending::Killed);
            fs::remove_dir_all(&rebuilt).unwrap();
        }
    }
}

/// The first start makes the database, a certificate and a key; none of them may be left in halves.
#[test]
fn a_first_start_survives_a_loss_of_power_at_any_point() {
    if !tool("cc") {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let (data, journal) = (folder.path().join("data"), folder.path().join("journal"));
    let (before, rebuilt) = (folder.path().join("before"), folder.path().join("rebuilt"));
    fs::create_dir(&data).unwrap();
    fs::create_dir(&before).unwrap();
    let environment = environment(folder.path(), &data, &journal);
    let mut node = Node::prepare(Options {
        data: Some(data.clone()),
        environment,
        ..Options::default()
    });
    let has_accounts = is_journalled(&journal);
    node.serve();
    node.stop(Ending::Asked);

    let mut random = Random::seeded();
    let mut disk = Disk::new(&before, &journal);
    let (early, late): (Vec<usize>, Vec<usize>) = disk
        .boundaries()
        .into_iter()
        .partition(|&end| u64::try_from(end).unwrap() < has_accounts);
    // What is made with the accounts is one kind of thing; the start itself makes many.
    let early = early
        .iter()
        .skip(random.below(5))
        .step_by(early.len().div_ceil(8));
    for &cut in early.chain(&late) {
        disk.play(cut);
        for keep in [Keep::Nothing, Keep::Some(&mut random)] {
            println!("power fails after {cut} octets of the journal, kept: {keep:?}");
            disk.fail(&rebuilt, keep);
            let mut node = on_rebuilt(rebuilt.clone());
            node.serve();
            if u64::try_from(cut).unwrap() >= has_accounts {
                assert!(node.inbox("anna").is_empty());
            }
            node.stop(Ending::Asked);
            node.check_store();
            if u64::try_from(cut).unwrap() < has_accounts {
                // Whatever was cut off can be done again; what is there already says so.
                let again = node.posthorn(&["domain", "add", "posthorn.test"], Input::None);
                assert!(
                    again.code == Some(0) || again.errors.contains("already"),
                    "{}",
                    again.all()
                );
                let address = node.address("anna");
                let password = Input::Octets(PASSWORD.as_bytes());
                let again = node.posthorn(&["account", "add", &address, "--password-stdin"], password);
                assert!(
                    again.code == Some(0) || again.errors.contains("already"),
                    "{}",
                    again.all()
                );
            }
            fs::remove_dir_all(&rebuilt).unwrap();
        }
    }
}
