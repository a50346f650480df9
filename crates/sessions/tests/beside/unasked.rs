//! NOTIFY and MULTISEARCH over a real store: mailboxes that are not open.

use super::client::{Client, Mode};
use super::house::House;

/// What was sent since the last command, line by line.
fn told(client: &mut Client) -> Vec<String> {
    let lines = client.log.lines().filter_map(|line| line.strip_prefix("S: "));
    let lines = lines.map(str::to_owned).collect();
    client.log.clear();
    lines
}

async fn heard(client: &mut Client) -> Vec<String> {
    client.log.clear();
    client.listen().await;
    told(client)
}

/// Numbers that every run draws anew.
fn without_numbers(lines: Vec<String>, labels: &[&str]) -> Vec<String> {
    let blind = |mut line: String| {
        for label in labels {
            if let Some((before, behind)) = line.clone().split_once(label) {
                let behind = behind.trim_start_matches(|c: char| c.is_ascii_digit());
                line = format!("{before}{label}N{behind}");
            }
        }
        line
    };
    lines.into_iter().map(blind).collect()
}

#[tokio::test]
async fn a_session_hears_of_mailboxes_that_are_not_open() {
    let house = House::new();
    let mut one = Client::new(&house, Mode::Plain).await;
    let mut two = Client::new(&house, Mode::Notify).await;
    let mut both = Vec::new();
    for command in [
        "APPEND Sent {1+}\r\nx",
        "APPEND Sent (\\Seen) {1+}\r\nx",
        "SELECT Sent",
        "STORE 1 +FLAGS (\\Seen)",
        "STORE 1 +FLAGS (\\Flagged)",
        "STORE 1 +FLAGS (\\Deleted)",
        "EXPUNGE",
        "MOVE 1 Archive",
        "UNSELECT",
        "NOOP",
    ] {
        one.command(command).await;
        both.push(format!("{command:?}"));
        both.extend(without_numbers(heard(&mut two).await, &["UIDVALIDITY "]));
    }
    assert_eq!(
        both,
        [
            "\"APPEND Sent {1+}\\r\\nx\"",
            "* STATUS Sent (MESSAGES 1 UIDNEXT 2 UIDVALIDITY N UNSEEN 1)",
            "\"APPEND Sent (\\\\Seen) {1+}\\r\\nx\"",
            "* STATUS Sent (MESSAGES 2 UIDNEXT 3 UIDVALIDITY N)",
            "\"SELECT Sent\"",
            "\"STORE 1 +FLAGS (\\\\Seen)\"",
            "* STATUS Sent (UIDVALIDITY N UNSEEN 0)",
            "\"STORE 1 +FLAGS (\\\\Flagged)\"",
            "\"STORE 1 +FLAGS (\\\\Deleted)\"",
            "\"EXPUNGE\"",
            "* STATUS Sent (MESSAGES 1 UIDNEXT 3 UIDVALIDITY N)",
            "\"MOVE 1 Archive\"",
            "* STATUS Archive (MESSAGES 1 UIDNEXT 2 UIDVALIDITY N)",
            "* STATUS Sent (MESSAGES 0 UIDNEXT 3 UIDVALIDITY N)",
            "\"UNSELECT\"",
            "\"NOOP\"",
        ]
    );
}

#[tokio::test]
async fn a_session_hears_of_names_that_others_change_and_not_of_its_own() {
    let house = House::new();
    let mut one = Client::new(&house, Mode::Plain).await;
    let mut two = Client::new(&house, Mode::Notify).await;
    let mut both = Vec::new();
    for command in [
        "CREATE a/b",
        "APPEND a {1+}\r\nx",
        "RENAME a c",
        "UNSUBSCRIBE c/b",
        "SUBSCRIBE c/b",
        "DELETE c",
        "UNSUBSCRIBE c",
        "RENAME INBOX old",
    ] {
        one.command(command).await;
        both.push(format!("{command:?}"));
        both.extend(without_numbers(heard(&mut two).await, &["UIDVALIDITY "]));
    }
    assert_eq!(
        both,
        [
            "\"CREATE a/b\"",
            "* LIST (\\HasChildren \\Subscribed) \"/\" a",
            "* LIST (\\HasNoChildren \\Subscribed) \"/\" a/b",
            "* STATUS a (MESSAGES 0 UIDNEXT 1 UIDVALIDITY N UNSEEN 0)",
            "* STATUS a/b (MESSAGES 0 UIDNEXT 1 UIDVALIDITY N UNSEEN 0)",
            "\"APPEND a {1+}\\r\\nx\"",
            "* STATUS a (MESSAGES 1 UIDNEXT 2 UIDVALIDITY N UNSEEN 1)",
            "\"RENAME a c\"",
            "* LIST (\\HasChildren \\Subscribed) \"/\" c (\"OLDNAME\" (a))",
            "\"UNSUBSCRIBE c/b\"",
            "* LIST (\\HasNoChildren) \"/\" c/b",
            "\"SUBSCRIBE c/b\"",
            "* LIST (\\HasNoChildren \\Subscribed) \"/\" c/b",
            "\"DELETE c\"",
            "* LIST (\\NonExistent \\HasChildren \\Subscribed) \"/\" c",
            "\"UNSUBSCRIBE c\"",
            "* LIST (\\NonExistent \\HasChildren) \"/\" c",
            "\"RENAME INBOX old\"",
            "* LIST (\\HasNoChildren \\Subscribed) \"/\" old",
            "* STATUS old (MESSAGES 0 UIDNEXT 1 UIDVALIDITY N UNSEEN 0)",
        ]
    );
    for own in [
        "CREATE x/y",
        "RENAME x z",
        "UNSUBSCRIBE z/y",
        "APPEND Sent {1+}\r\nx",
        "DELETE z/y",
    ] {
        two.command(own).await;
        let lines = heard(&mut two).await;
        assert!(
            !lines.iter().any(|line| line.starts_with("* LIST")),
            "{own}: {lines:?}"
        );
        assert!(
            !lines.iter().any(|line| line.starts_with("* STATUS Sent")),
            "{own}: {lines:?}"
        );
    }
}

#[tokio::test]
async fn what_others_do_is_told_at_once_between_commands() {
    let house = House::new();
    let mut one = Client::new(&house, Mode::Plain).await;
    one.open("INBOX").await;
    let mut two = Client::new(&house, Mode::Notify).await;
    two.open("INBOX").await;
    let mut three = Client::new(&house, Mode::NotifyDelayed).await;
    three.open("INBOX").await;
    let mut lines = Vec::new();
    for command in ["APPEND INBOX {1+}\r\nx", "STORE 1 +FLAGS (\\Deleted)", "EXPUNGE"] {
        one.command(command).await;
        lines.extend(without_numbers(heard(&mut two).await, &[]));
        lines.extend(without_numbers(heard(&mut three).await, &["MODSEQ ("]));
    }
    assert_eq!(
        lines,
        [
            "* 1 EXISTS",
            "* 1 RECENT",
            "* 1 FETCH (UID 1 FLAGS (\\Recent))",
            "* 1 EXISTS",
            "* 1 RECENT",
            "* 1 FETCH (UID 1 FLAGS (\\Deleted \\Recent))",
            "* 1 FETCH (UID 1 MODSEQ (N) FLAGS (\\Deleted \\Recent))",
            "* 1 EXPUNGE",
        ]
    );
    three.command("NOOP").await;
    assert!(told(&mut three).contains(&"* 1 EXPUNGE".to_owned()));
}

#[tokio::test]
async fn what_others_share_is_watched_as_far_as_it_may_be_read() {
    let house = House::new();
    let mut bert = Client::over(house.client_of("bert@ours.test").await);
    let mut anna = Client::new(&house, Mode::Plain).await;
    let all = "NOTIFY SET (subtree \"Other Users\" (MessageNew MessageExpunge MailboxName))";
    anna.command(all).await;
    let mut lines = Vec::new();
    for command in [
        "CREATE open",
        "SETACL open anna@ours.test lr",
        "CREATE closed",
        "SETACL closed anna@ours.test l",
        "APPEND open {1+}\r\nx",
        "APPEND closed {1+}\r\nx",
        "APPEND INBOX {1+}\r\nx",
        "SETACL closed anna@ours.test lr",
        "APPEND closed {1+}\r\nx",
        "DELETEACL open anna@ours.test",
        "APPEND open {1+}\r\nx",
    ] {
        bert.command(command).await;
        lines.extend(without_numbers(heard(&mut anna).await, &["UIDVALIDITY "]));
    }
    assert_eq!(
        lines,
        [
            "* LIST (\\NonExistent \\HasChildren) \"/\" \"Other Users/bert@ours.test\"",
            "* LIST (\\HasNoChildren) \"/\" \"Other Users/bert@ours.test/open\"",
            "* LIST (\\NonExistent \\HasChildren) \"/\" \"Other Users/bert@ours.test\"",
            "* LIST (\\HasNoChildren) \"/\" \"Other Users/bert@ours.test/closed\"",
            "* STATUS \"Other Users/bert@ours.test/open\" (MESSAGES 1 UIDNEXT 2 UIDVALIDITY N)",
            "* STATUS \"Other Users/bert@ours.test/closed\" (MESSAGES 2 UIDNEXT 3 UIDVALIDITY N)",
            "* LIST (\\NonExistent \\HasChildren) \"/\" \"Other Users/bert@ours.test\"",
            "* LIST (\\NonExistent \\HasNoChildren) \"/\" \"Other Users/bert@ours.test/open\"",
        ]
    );
    bert.command("SETACL closed anna@ours.test l").await;
    anna.log.clear();
    anna.command(all).await;
    let lines = told(&mut anna);
    assert!(
        lines.contains(&"* LIST (\\NoAccess) \"/\" \"Other Users/bert@ours.test/closed\"".to_owned()),
        "{lines:?}"
    );
}

#[tokio::test]
async fn a_session_hears_of_annotations_that_others_change_and_not_of_its_own() {
    let house = House::new();
    let mut one = Client::new(&house, Mode::Plain).await;
    one.command("SETMETADATA Sent (/private/before \"x\")").await;
    let mut two = Client::new(&house, Mode::Plain).await;
    two.command("NOTIFY SET (personal (MailboxMetadataChange ServerMetadataChange))")
        .await;
    let too_big = format!(
        "SETMETADATA Sent (/shared/comment {{20000+}}\r\n{})",
        "x".repeat(20_000)
    );
    let mut lines = Vec::new();
    for (client, command) in [
        (
            1,
            "SETMETADATA Sent (/shared/Comment \"x\" /private/comment \"y\")",
        ),
        (1, "SETMETADATA Sent (/shared/comment NIL)"),
        (1, "SETMETADATA \"\" (/private/comment \"x\")"),
        (1, "APPEND Sent {1+}\r\nx"),
        (2, "SETMETADATA Sent (/shared/comment \"mine\")"),
        // What was refused hides nothing.
        (2, &too_big),
        (1, "SETMETADATA Sent (/shared/comment \"not yours\")"),
        // Leaving a mailbox makes nothing new again.
        (2, "SELECT Sent"),
        (2, "UNSELECT"),
    ] {
        two.log.clear();
        let who = if client == 1 { &mut one } else { &mut two };
        who.command(command).await;
        two.listen().await;
        let heard = told(&mut two).into_iter();
        lines.push(format!(
            "{client} {}",
            command.split(' ').next().unwrap_or_default()
        ));
        lines.extend(heard.filter(|line| line.starts_with("* METADATA") || line.starts_with("t NO")));
    }
    assert_eq!(
        lines,
        [
            "1 SETMETADATA",
            "* METADATA Sent /shared/comment",
            "* METADATA Sent /private/comment",
            "1 SETMETADATA",
            "* METADATA Sent /shared/comment",
            "1 SETMETADATA",
            "* METADATA \"\" /private/comment",
            "1 APPEND",
            "2 SETMETADATA",
            "2 SETMETADATA",
            "t NO [METADATA MAXSIZE 16384] A value is too large",
            "1 SETMETADATA",
            "* METADATA Sent /shared/comment",
            "2 SELECT",
            "2 UNSELECT",
        ]
    );
}

#[tokio::test]
async fn annotations_of_shared_mailboxes_are_told_to_those_who_see_them() {
    let house = House::new();
    let mut bert = Client::over(house.client_of("bert@ours.test").await);
    for command in [
        "CREATE open",
        "SETACL open anna@ours.test lr",
        "CREATE closed",
        "SETACL closed anna@ours.test l",
    ] {
        bert.command(command).await;
    }
    let mut elsewhere = Client::new(&house, Mode::Plain).await;
    let mut anna = Client::new(&house, Mode::Plain).await;
    anna.command("NOTIFY SET (subtree \"Other Users\" (MailboxMetadataChange ServerMetadataChange))")
        .await;
    let mut lines = Vec::new();
    for command in [
        "SETMETADATA open (/shared/comment \"x\" /private/comment \"y\")",
        "SETMETADATA closed (/shared/comment \"x\")",
        "SETMETADATA INBOX (/shared/comment \"x\")",
        "SETMETADATA \"\" (/private/comment \"x\")",
        "SETACL closed anna@ours.test lw",
        "SETMETADATA closed (/shared/comment NIL)",
        "DELETEACL open anna@ours.test",
        "SETMETADATA open (/shared/comment \"z\")",
    ] {
        bert.command(command).await;
        lines.extend(heard(&mut anna).await);
    }
    let closed = "\"Other Users/bert@ours.test/closed\"";
    for entries in ["(/private/comment \"a\")", "(/shared/comment \"b\")"] {
        let command = format!("SETMETADATA {closed} {entries}");
        elsewhere.command(&command).await;
        lines.extend(heard(&mut anna).await);
        anna.command(&command).await;
        lines.extend(heard(&mut anna).await);
    }
    assert_eq!(
        lines,
        [
            "* METADATA \"Other Users/bert@ours.test/open\" /shared/comment",
            "* METADATA \"Other Users/bert@ours.test/closed\" /shared/comment",
            "* METADATA \"Other Users/bert@ours.test/closed\" /private/comment",
            "* METADATA \"Other Users/bert@ours.test/closed\" /shared/comment",
        ]
    );
}

#[tokio::test]
async fn several_mailboxes_are_searched_without_being_opened() {
    let house = House::new();
    let mut client = Client::new(&house, Mode::Plain).await;
    for (mailbox, subject) in [
        ("Sent", "lunch"),
        ("Archive", "x"),
        ("Archive", "Lunch"),
        ("INBOX", "lunch"),
    ] {
        let message = format!("Subject: {subject}\r\n\r\nx");
        let append = format!("APPEND {mailbox} {{{}+}}\r\n{message}", message.len());
        client.command(&append).await;
    }
    client.command("SELECT INBOX").await;
    client.log.clear();
    client.command("ESEARCH IN (personal) SUBJECT lunch").await;
    client
        .command("ESEARCH IN (mailboxes (Archive nowhere)) RETURN (COUNT) 2:9 UID 1:*")
        .await;
    client.command("ESEARCH IN (selected) RETURN (SAVE) ALL").await;
    client.command("FETCH $ UID").await;
    assert_eq!(
        without_numbers(told(&mut client), &["UIDVALIDITY "]),
        [
            "* ESEARCH (TAG \"t\" MAILBOX Archive UIDVALIDITY N) UID ALL 2",
            "* ESEARCH (TAG \"t\" MAILBOX INBOX UIDVALIDITY N) UID ALL 1",
            "* ESEARCH (TAG \"t\" MAILBOX Sent UIDVALIDITY N) UID ALL 1",
            "t OK ESEARCH completed",
            "* ESEARCH (TAG \"t\" MAILBOX Archive UIDVALIDITY N) UID COUNT 1",
            "t OK ESEARCH completed",
            "t OK ESEARCH completed",
            "* 1 FETCH (UID 1)",
            "t OK FETCH completed",
        ]
    );
}
