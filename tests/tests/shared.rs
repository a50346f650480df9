//! Mailboxes that one account shares with another (RFC 4314), through the binary.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may")]

use posthorn_tests::{Imap, Input, Node, Options};

/// The untagged responses, or what the command was refused with.
fn says(imap: &mut Imap, command: &str) -> String {
    match imap.command(command) {
        Ok(responses) => responses
            .iter()
            .map(|response| String::from_utf8_lossy(response).trim_end().to_owned() + "\n")
            .collect(),
        Err(refused) => refused.to_string(),
    }
}

fn append(imap: &mut Imap, mailbox: &str, flags: &str, subject: &str) -> String {
    let text = format!("From: <a@b.test>\r\nSubject: {subject}\r\n\r\nThe body of {subject}.\r\n");
    says(
        imap,
        &format!("APPEND {mailbox} ({flags}) {{{}+}}\r\n{text}", text.len()),
    )
}

/// Anna's mailbox Projects with two messages, and the name it has for others.
fn shared(node: &Node) -> (Imap, Imap, String) {
    let (mut anna, ben) = (node.imap("anna"), node.imap("ben"));
    assert_eq!(says(&mut anna, "CREATE Projects"), "");
    append(&mut anna, "Projects", "", "one");
    append(&mut anna, "Projects", "", "two");
    let name = format!("\"Other Users/{}/Projects\"", node.address("anna"));
    (anna, ben, name)
}

fn grant(anna: &mut Imap, node: &Node, rights: &str) {
    let ben = node.address("ben");
    assert_eq!(says(anna, &format!("SETACL Projects {ben} {rights}")), "");
}

#[test]
fn a_mailbox_is_there_for_whom_it_is_shared_with_and_gone_when_it_is_not() {
    let node = Node::start(Options::default());
    let (mut anna, mut ben, name) = shared(&node);
    let (anna_is, ben_is) = (node.address("anna"), node.address("ben"));
    // What is not shared is not there, like what does not exist.
    let nothing = says(&mut ben, &format!("SELECT \"Other Users/{anna_is}/Nothing\""));
    for command in ["SELECT", "STATUS", "GETACL", "MYRIGHTS", "DELETE", "SUBSCRIBE"] {
        let items = if command == "STATUS" { " (MESSAGES)" } else { "" };
        assert_eq!(
            says(&mut ben, &format!("{command} {name}{items}")),
            nothing,
            "{command}"
        );
    }
    assert!(!says(&mut ben, "LIST \"\" *").contains("Other Users"));

    grant(&mut anna, &node, "lr");
    let acl = says(&mut anna, "GETACL Projects");
    assert_eq!(
        acl,
        format!("* ACL Projects {anna_is} lrswipkxteacd {ben_is} lr\n")
    );
    let listed = says(&mut ben, "LIST \"\" * RETURN (MYRIGHTS)");
    assert!(
        listed.contains(&format!("\"/\" {name}\n* MYRIGHTS {name} lr\n")),
        "{listed}"
    );
    let users = says(&mut ben, "LIST \"\" \"Other Users/%\"");
    assert_eq!(
        users,
        format!("* LIST (\\Noselect \\HasChildren) \"/\" \"Other Users/{anna_is}\"\n")
    );
    assert_eq!(says(&mut ben, &format!("SUBSCRIBE {name}")), "");
    assert!(says(&mut ben, "LSUB \"\" *").contains(&name));
    assert!(says(&mut ben, "NAMESPACE").contains("((\"Other Users/\" \"/\"))"));

    // He may read, and nothing else.
    let selected = says(&mut ben, &format!("SELECT {name}"));
    assert!(
        selected.contains("* 2 EXISTS") && selected.contains("[PERMANENTFLAGS ()]"),
        "{selected}"
    );
    assert!(says(&mut ben, "FETCH 1 BODY[TEXT]").contains("The body of one."));
    assert!(!says(&mut anna, "STATUS Projects (UNSEEN)").contains("UNSEEN 1"));
    assert!(says(&mut ben, "STORE 1 +FLAGS (\\Seen)").contains("NO [READ-ONLY]"));
    assert!(append(&mut ben, &name, "", "x").contains("NO [NOPERM]"));
    assert!(says(&mut ben, &format!("SETACL {name} {ben_is} +w")).contains("NO [NOPERM]"));
    assert!(says(&mut ben, &format!("DELETE {name}")).contains("NO [NOPERM]"));
    assert!(says(&mut ben, &format!("CREATE {}/New\"", name.trim_end_matches('"'))).contains("NO [NOPERM]"));

    // It is taken away while he has it open.
    assert_eq!(says(&mut anna, &format!("DELETEACL Projects {ben_is}")), "");
    ben.begin("FETCH 2 BODY[]").unwrap();
    let last = String::from_utf8(ben.response().unwrap()).unwrap();
    assert!(last.starts_with("* BYE"), "{last}");
    let mut ben = node.imap("ben");
    assert_eq!(says(&mut ben, &format!("SELECT {name}")), nothing);
    assert!(!says(&mut ben, "LIST \"\" *").contains("Other Users"));
    node.check_store();
}

#[test]
fn a_mailbox_is_shared_by_command_while_the_server_runs() {
    let node = Node::start(Options::default());
    let (_anna, mut ben, name) = shared(&node);
    let (anna_is, ben_is) = (node.address("anna"), node.address("ben"));
    let run = |arguments: &[&str]| {
        let words = [&["mailbox"], arguments].concat();
        node.posthorn(&words, Input::None).ok()
    };
    let of_others = "LIST \"\" \"Other Users/*\"";
    assert_eq!(says(&mut ben, of_others), "");

    run(&["share", &anna_is, "Projects", &ben_is, "read"]);
    let listed = says(&mut ben, of_others);
    assert!(listed.contains(&format!("\"/\" {name}\n")), "{listed}");
    assert!(says(&mut ben, &format!("MYRIGHTS {name}")).ends_with(" lrs\n"));
    assert!(says(&mut ben, &format!("SELECT {name}")).contains("* 2 EXISTS"));
    assert!(says(&mut ben, "FETCH 2 BODY[TEXT]").contains("The body of two."));
    let table = run(&["list", &anna_is]);
    let row = table.lines().find(|line| line.starts_with("Projects")).unwrap();
    assert!(row.contains(&format!("{ben_is}: read (lrs)")), "{table}");

    run(&["unshare", &anna_is, "Projects", &ben_is]);
    ben.begin("NOOP").unwrap();
    assert!(ben.response().unwrap().starts_with(b"* BYE"));
    let mut ben = node.imap("ben");
    assert_eq!(says(&mut ben, of_others), "");
    assert!(says(&mut ben, &format!("SELECT {name}")).contains("NO [NONEXISTENT]"));
    node.check_store();
}

#[test]
fn rights_are_kept_flag_by_flag_and_change_while_the_mailbox_is_open() {
    let node = Node::start(Options::default());
    let (mut anna, mut ben, name) = shared(&node);
    grant(&mut anna, &node, "lrsi");
    assert!(says(&mut ben, &format!("SELECT {name}")).contains("[PERMANENTFLAGS (\\Seen)]"));
    // Seen by one is seen by all.
    assert!(says(&mut ben, "FETCH 1 BODY[TEXT]").contains("\\Seen"));
    assert!(says(&mut anna, "STATUS Projects (UNSEEN)").contains("UNSEEN 1"));
    let stored = says(&mut ben, "STORE 2 FLAGS (\\Seen \\Flagged)");
    assert!(
        stored.contains("\\Seen") && !stored.contains("\\Flagged"),
        "{stored}"
    );
    assert!(says(&mut ben, "STORE 2 +FLAGS (\\Deleted)").contains("NO [NOPERM]"));
    // What is put there has the flags that may be set.
    append(&mut ben, &name, "\\Seen \\Deleted $Work", "three");
    assert!(says(&mut ben, "FETCH 3 FLAGS").contains("FLAGS (\\Seen \\Recent)"));
    assert!(says(&mut ben, "EXPUNGE").contains("NO [NOPERM]"));
    assert!(says(&mut ben, "MOVE 1 INBOX").contains("NO [NOPERM]"));
    grant(&mut anna, &node, "+te");
    let news = says(&mut ben, "NOOP");
    assert!(news.contains("[PERMANENTFLAGS (\\Deleted \\Seen)]"), "{news}");
    says(&mut ben, "STORE 1 +FLAGS (\\Deleted)");
    assert!(says(&mut ben, "EXPUNGE").contains("* 1 EXPUNGE"));
    assert!(says(&mut anna, "STATUS Projects (MESSAGES)").contains("MESSAGES 2"));
    node.check_store();
}

#[test]
fn messages_go_from_one_account_to_the_other_with_the_quota_of_whoever_gets_them() {
    let node = Node::start(Options::default());
    let (mut anna, mut ben, name) = shared(&node);
    grant(&mut anna, &node, "lrswite");
    says(&mut ben, &format!("SELECT {name}"));
    says(&mut ben, "STORE 1 +FLAGS (\\Flagged)");
    says(&mut ben, "COPY 1:2 INBOX");
    says(&mut ben, "MOVE 2 Archive");
    assert_eq!(node.inbox("ben").len(), 2);
    assert_eq!(node.mailbox("ben", "Archive").len(), 1);
    assert_eq!(node.mailbox("anna", "Projects").len(), 1);
    says(&mut ben, "SELECT INBOX");
    assert!(says(&mut ben, "FETCH 1 (FLAGS ENVELOPE)").contains("\\Flagged"));
    assert!(says(&mut ben, "SEARCH BODY \"body of two\"").contains("SEARCH 2"));
    says(&mut ben, &format!("COPY 1 {name}"));
    assert_eq!(node.mailbox("anna", "Projects").len(), 2);
    // Ben's limit is not Anna's.
    node.posthorn(&["account", "quota", &node.address("anna"), "1kB"], Input::None)
        .ok();
    let big = "x".repeat(2_000);
    assert!(append(&mut ben, &name, "", &big).contains("NO [OVERQUOTA]"));
    assert!(append(&mut ben, "INBOX", "", &big).contains("* 3 EXISTS"));
    assert!(says(&mut ben, &format!("COPY 3 {name}")).contains("NO [OVERQUOTA]"));
    assert_eq!(node.mailbox("anna", "Projects").len(), 2);
    let root = says(&mut ben, &format!("GETQUOTAROOT {name}"));
    assert!(
        root.contains(&format!("* QUOTA \"{}\" (STORAGE", node.address("anna"))),
        "{root}"
    );
    node.check_store();
}

#[test]
fn who_administers_a_mailbox_does_so_for_its_owner() {
    let node = Node::start(Options::default());
    let (mut anna, mut ben, name) = shared(&node);
    let anna_is = node.address("anna");
    grant(&mut anna, &node, "lrkxa");
    let inner = |child: &str| format!("{}/{child}\"", name.trim_end_matches('"'));
    // What is made below has the same rights, and belongs to the owner.
    assert_eq!(says(&mut ben, &format!("CREATE {}", inner("2026"))), "");
    assert!(says(&mut ben, &format!("MYRIGHTS {}", inner("2026"))).contains("lrkxac"));
    assert!(says(&mut anna, "LIST \"\" *").contains("Projects/2026"));
    assert_eq!(
        says(&mut ben, &format!("RENAME {} {}", inner("2026"), inner("2027"))),
        ""
    );
    assert!(says(&mut ben, &format!("RENAME {} Mine", inner("2027"))).contains("NO [CANNOT]"));
    assert_eq!(says(&mut ben, &format!("DELETE {}", inner("2027"))), "");
    // Everybody may look; the owner cannot be shut out; strangers are named.
    assert_eq!(says(&mut ben, &format!("SETACL {name} anyone lr")), "");
    assert_eq!(says(&mut ben, &format!("SETACL {name} -anyone r")), "");
    assert!(says(&mut anna, "GETACL Projects").contains("anyone lr -anyone r"));
    assert!(says(&mut ben, &format!("SETACL {name} {anna_is} lr")).contains("NO [CANNOT]"));
    assert!(
        says(&mut ben, &format!("SETACL {name} nobody@x.test lr"))
            .contains("NO [CANNOT] there is no account")
    );
    let always = says(&mut anna, &format!("LISTRIGHTS Projects {anna_is}"));
    assert!(always.ends_with(" lrswipkxteacd\n"), "{always}");
    // Whoever leaves takes no right along, and leaves none behind.
    node.posthorn(&["account", "remove", &node.address("ben")], Input::None)
        .ok();
    let acl = says(&mut anna, "GETACL Projects");
    assert_eq!(
        acl,
        format!("* ACL Projects {anna_is} lrswipkxteacd anyone lr -anyone r\n")
    );
    node.check_store();
}
