//! Rights of others and annotations, through the public interface and a real store.

#![expect(clippy::unwrap_used, reason = "a panic is how a test fails")]

use posthorn_base::{AccountId, AclChange, MailboxId, ModSeq, Rights, Timestamp};
use posthorn_mailbox::*;
use posthorn_store::{Options, Partition, Store, Tx};

const ANNA: AccountId = AccountId(7);
const BERT: AccountId = AccountId(9);
const BERTS: Identifier = Identifier {
    grantee: Grantee::Account(BERT),
    effect: Effect::Grants,
};

fn now() -> Timestamp {
    Timestamp::from_secs(1_795_465_000)
}

struct Fixture {
    store: Store,
    _folder: tempfile::TempDir,
}

impl Fixture {
    /// Anna, who has the mailbox Projects, and Bert.
    fn new() -> (Self, MailboxId) {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(&Options::new(folder.path()), &[SCHEMA]).unwrap();
        let fixture = Self {
            store,
            _folder: folder,
        };
        let projects = fixture.write(|tx| {
            create_account(tx, ANNA, 0, now())?;
            create_account(tx, BERT, 0, now())?;
            create(tx, ANNA, "Projects", None, now())
        });
        (fixture, projects.unwrap())
    }

    fn write<T: Send + 'static>(
        &self,
        work: impl Fn(&mut Tx<'_>) -> Result<T, MailboxError> + Send + 'static,
    ) -> Result<T, MailboxError> {
        self.store.write(Partition::Account(ANNA), work).wait()
    }

    fn change(
        &self,
        mailbox: MailboxId,
        identifier: Identifier,
        change: AclChange,
    ) -> Result<(), MailboxError> {
        self.write(move |tx| {
            let sharing = change_acl(tx, ANNA, mailbox, identifier, change)?;
            set_sharing(tx, identifier.grantee, ANNA, sharing)
        })
    }

    fn rights(&self, mailbox: MailboxId) -> String {
        let rights = self.write(move |tx| rights(tx, ANNA, mailbox, BERT));
        rights.unwrap().to_string()
    }

    fn sharers(&self) -> Vec<AccountId> {
        self.write(|tx| sharers(tx, BERT)).unwrap()
    }

    fn findings(&self) -> Vec<String> {
        self.store.read(|tx| check(tx)).wait().unwrap()
    }
}

fn letters(letters: &str) -> Rights {
    Rights::parse(letters).unwrap()
}

#[test]
fn rights_are_set_added_taken_and_forgotten_with_the_note_at_the_reader() {
    let (fixture, projects) = Fixture::new();
    assert_eq!(
        (fixture.rights(projects), fixture.sharers()),
        (String::new(), vec![])
    );
    fixture
        .change(projects, BERTS, AclChange::Set(letters("lr")))
        .unwrap();
    fixture
        .change(projects, BERTS, AclChange::Add(letters("sw")))
        .unwrap();
    fixture
        .change(projects, BERTS, AclChange::Remove(letters("r")))
        .unwrap();
    assert_eq!(
        (fixture.rights(projects), fixture.sharers()),
        ("lsw".to_owned(), vec![ANNA])
    );
    let owner = Identifier {
        grantee: Grantee::Account(ANNA),
        ..BERTS
    };
    assert!(
        fixture
            .change(projects, owner, AclChange::Set(Rights::NONE))
            .is_err()
    );
    assert_eq!(fixture.findings(), [] as [&str; 0]);
    fixture.change(projects, BERTS, AclChange::Delete).unwrap();
    assert_eq!(
        (fixture.rights(projects), fixture.sharers()),
        (String::new(), vec![])
    );
}

#[test]
fn what_anyone_has_everybody_finds_and_may_lack() {
    let (fixture, projects) = Fixture::new();
    let anyone = |effect| Identifier {
        grantee: Grantee::Anyone,
        effect,
    };
    fixture
        .change(projects, anyone(Effect::Grants), AclChange::Set(letters("lrs")))
        .unwrap();
    let denied = Identifier {
        effect: Effect::Denies,
        ..BERTS
    };
    fixture
        .change(projects, denied, AclChange::Set(letters("s")))
        .unwrap();
    assert_eq!(
        (fixture.rights(projects), fixture.sharers()),
        ("lr".to_owned(), vec![ANNA])
    );
    let listed = fixture.write(|tx| shared_folders(tx, ANNA, BERT)).unwrap();
    let listed: Vec<_> = listed
        .iter()
        .map(|(folder, rights)| (&*folder.name, *rights))
        .collect();
    assert_eq!(listed, [("Projects", letters("lr"))]);
    assert_eq!(fixture.write(|tx| sharers(tx, ANNA)).unwrap(), []);
    assert_eq!(fixture.findings(), [] as [&str; 0]);
}

#[test]
fn a_mailbox_takes_its_rights_from_the_one_above_and_along_when_it_goes() {
    let (fixture, projects) = Fixture::new();
    fixture
        .change(projects, BERTS, AclChange::Set(letters("lrk")))
        .unwrap();
    let new = fixture
        .write(|tx| create(tx, ANNA, "Projects/2026/Q1", None, now()))
        .unwrap();
    assert_eq!(fixture.rights(new), "lrk");
    fixture
        .write(|tx| rename(tx, ANNA, "Projects/2026", "Old", now()))
        .unwrap();
    assert_eq!(fixture.rights(new), "lrk");
    fixture.write(|tx| delete(tx, ANNA, "Old/Q1")).unwrap();
    assert_eq!(fixture.rights(new), "");
    assert_eq!(fixture.findings(), [] as [&str; 0]);
}

#[test]
fn the_check_sees_rights_that_nobody_was_told_of() {
    let (fixture, projects) = Fixture::new();
    fixture
        .write(move |tx| change_acl(tx, ANNA, projects, BERTS, AclChange::Set(letters("l"))))
        .unwrap();
    let findings = fixture.findings();
    assert_eq!(findings.len(), 1, "{findings:?}");
    assert!(findings[0].ends_with("it is not noted with the account that has them"));
    fixture
        .write(|tx| {
            remove_account(tx, BERT)?;
            forget_shared(tx, ANNA, BERT)
        })
        .unwrap();
    assert_eq!(fixture.findings(), [] as [&str; 0]);
}

#[test]
fn annotations_have_limits_and_follow_their_mailbox() {
    let (fixture, projects) = Fixture::new();
    let shelf = move |mailbox| Shelf {
        account: ANNA,
        about: Some((ANNA, mailbox)),
    };
    let set = |mailbox, name: String, value: Option<Vec<u8>>| {
        fixture.write(move |tx| annotate(tx, shelf(mailbox), &name, value.as_deref()))
    };
    let all = |mailbox| fixture.write(move |tx| annotations(tx, shelf(mailbox))).unwrap();
    for number in 0..50 {
        set(projects, format!("/shared/{number}"), Some(b"x".to_vec())).unwrap();
    }
    assert_eq!(
        set(projects, "/shared/more".to_owned(), Some(Vec::new())),
        Err(MailboxError::TooManyAnnotations)
    );
    set(projects, "/shared/7".to_owned(), None).unwrap();
    set(projects, "/shared/more".to_owned(), Some(b"a\0b".to_vec())).unwrap();
    assert_eq!(
        set(
            projects,
            "/shared/1".to_owned(),
            Some(vec![0; ANNOTATION_OCTETS + 1])
        ),
        Err(MailboxError::AnnotationTooBig)
    );
    assert_eq!(all(projects).len(), 50);
    // INBOX keeps what its new name gets as well.
    set(MailboxId(1), "/shared/comment".to_owned(), Some(b"in".to_vec())).unwrap();
    fixture
        .write(|tx| rename(tx, ANNA, "INBOX", "Old", now()))
        .unwrap();
    let old = fixture.write(|tx| find(tx, ANNA, "Old")).unwrap();
    let comment = vec![("/shared/comment".to_owned(), b"in".to_vec())];
    assert_eq!((all(MailboxId(1)), all(old)), (comment.clone(), comment));
    fixture.write(|tx| delete(tx, ANNA, "Projects")).unwrap();
    assert_eq!(all(projects), []);
}

#[test]
fn what_was_annotated_is_found_from_a_change_on_with_what_was_taken_away() {
    let (fixture, projects) = Fixture::new();
    let set = |about, name: &'static str, value: Option<&'static [u8]>| {
        let shelf = Shelf { account: BERT, about };
        fixture.write(move |tx| annotate(tx, shelf, name, value)).unwrap()
    };
    let of_anna = Some((ANNA, projects));
    let first = set(of_anna, "/private/comment", Some(b"x"));
    let second = set(None, "/private/a", Some(b"x"));
    let third = set(of_anna, "/private/comment", None);
    assert!(first < second && second < third);
    let changed = |account, since| {
        let all = fixture
            .write(move |tx| changed_annotations(tx, account, since))
            .unwrap();
        all.into_iter()
            .map(|changed| (changed.about, changed.name, changed.modseq))
            .collect::<Vec<_>>()
    };
    let server = (None, "/private/a".to_owned(), second);
    let taken = (of_anna, "/private/comment".to_owned(), third);
    assert_eq!(changed(BERT, first), [server, taken.clone()]);
    assert_eq!(changed(BERT, second), [taken]);
    assert_eq!(changed(BERT, third), []);
    assert_eq!(changed(ANNA, ModSeq(0)), []);
}
