//! Commands at random: most of them right, some of them spoiled.

use crate::dice::Dice;

/// A command with its tag and line end.
pub(crate) fn command(dice: &mut Dice) -> Vec<u8> {
    let mut octets = format!("a {}\r\n", body(dice)).into_bytes();
    if dice.is_one_in(3) {
        for _ in 0..=dice.below(2) {
            spoil(dice, &mut octets);
        }
    }
    octets
}

/// Changes one octet behind the tag and in front of the line end.
fn spoil(dice: &mut Dice, octets: &mut Vec<u8>) {
    const OCTETS: &[u8] = b" ()[]{}<>\"\\%*.,:+-~$&0129azAZ_=/@!#;\0\x7f\xc3\xa9\t";
    if octets.len() < 6 {
        return;
    }
    let at = 2 + dice.below(octets.len() - 4);
    let octet = OCTETS[dice.below(OCTETS.len())];
    match dice.below(4) {
        0 => octets[at] = octet,
        1 => octets.insert(at, octet),
        2 => {
            octets.remove(at);
        }
        _ => octets.insert(at, octets[at]),
    }
}

#[expect(clippy::too_many_lines, reason = "one short arm per command")]
fn body(dice: &mut Dice) -> String {
    match dice.below(22) {
        0 => dice
            .one(&[
                "NOOP",
                "CAPABILITY",
                "LOGOUT",
                "CHECK",
                "CLOSE",
                "UNSELECT",
                "EXPUNGE",
                "IDLE",
                "NAMESPACE",
                "noop",
            ])
            .to_owned(),
        1 => format!("LOGIN {} {}", astring(dice), astring(dice)),
        2 => {
            let verb = dice.one(&["SELECT", "EXAMINE", "select"]);
            let parameters = match dice.below(4) {
                0 => " (CONDSTORE)".to_owned(),
                1 => format!(" ({})", qresync(dice)),
                _ => String::new(),
            };
            format!("{verb} {}{parameters}", mailbox(dice))
        }
        3 => {
            let verb = dice.one(&["CREATE", "DELETE", "SUBSCRIBE", "UNSUBSCRIBE", "GETQUOTAROOT"]);
            format!("{verb} {}", mailbox(dice))
        }
        4 => format!("RENAME {} {}", mailbox(dice), mailbox(dice)),
        5 => {
            let verb = dice.one(&["LIST", "LSUB"]);
            let pattern = match dice.is_one_in(3) {
                true => astring(dice),
                false => dice
                    .one(&["*", "%", "a/%", "\"%\"", "\"*\"", "x%y*", "{1+}\r\n%"])
                    .to_owned(),
            };
            format!("{verb} {} {pattern}", mailbox(dice))
        }
        6 => {
            let items = some(dice, 4, |dice| {
                dice.one(&[
                    "MESSAGES",
                    "RECENT",
                    "UIDNEXT",
                    "UIDVALIDITY",
                    "UNSEEN",
                    "DELETED",
                    "SIZE",
                    "HIGHESTMODSEQ",
                    "DELETED-STORAGE",
                    "messages",
                ])
                .to_owned()
            });
            format!("STATUS {} ({items})", mailbox(dice))
        }
        7 => append(dice),
        8 => format!("UID EXPUNGE {}", set(dice)),
        9..=11 => format!(
            "{}SEARCH {}{}",
            uid(dice),
            charset(dice),
            some(dice, 4, |dice| key(dice, 3))
        ),
        12 => {
            let criteria = some(dice, 3, |dice| {
                let reverse = dice.one(&["", "REVERSE "]);
                let key = dice.one(&[
                    "ARRIVAL",
                    "CC",
                    "DATE",
                    "FROM",
                    "SIZE",
                    "SUBJECT",
                    "TO",
                    "DISPLAYFROM",
                    "DISPLAYTO",
                ]);
                format!("{reverse}{key}")
            });
            let charset = dice.one(&["UTF-8", "US-ASCII", "\"utf-8\""]);
            format!("{}SORT ({criteria}) {charset} {}", uid(dice), key(dice, 2))
        }
        13 => {
            let algorithm = dice.one(&["REFERENCES", "ORDEREDSUBJECT", "references"]);
            format!("{}THREAD {algorithm} UTF-8 {}", uid(dice), key(dice, 2))
        }
        14..=16 => fetch(dice),
        17..=18 => store(dice),
        19 => format!(
            "{}{} {} {}",
            uid(dice),
            dice.one(&["COPY", "MOVE"]),
            set(dice),
            mailbox(dice)
        ),
        20 => format!(
            "ENABLE {}",
            some(dice, 2, |dice| dice
                .one(&["CONDSTORE", "QRESYNC", "UTF8=ACCEPT", "X-Y"])
                .to_owned())
        ),
        _ => match dice.below(3) {
            0 => "ID NIL".to_owned(),
            1 => format!("ID ({} {})", string(dice), dice.one(&["NIL", "\"1.0\"", "\"\""])),
            _ => format!("GETQUOTA {}", astring(dice)),
        },
    }
}

fn uid(dice: &mut Dice) -> &'static str {
    dice.one(&["", "UID ", "", "uid "])
}

fn charset(dice: &mut Dice) -> &'static str {
    dice.one(&["", "", "", "CHARSET UTF-8 ", "CHARSET us-ascii "])
}

fn number(dice: &mut Dice) -> String {
    dice.one(&[
        "1",
        "2",
        "3",
        "4",
        "5",
        "01",
        "8",
        "13",
        "4294967295",
        "4294967296",
        "0",
        "77",
    ])
    .to_owned()
}

fn seq_number(dice: &mut Dice) -> &'static str {
    dice.one(&[
        "1",
        "2",
        "3",
        "4",
        "5",
        "1",
        "2",
        "3",
        "*",
        "8",
        "13",
        "900",
        "4294967295",
        "0",
        "01",
        "4294967296",
    ])
}

fn set(dice: &mut Dice) -> String {
    let count = 1 + dice.below(3);
    let ranges: Vec<String> = (0..count)
        .map(|_| match dice.is_one_in(2) {
            true => seq_number(dice).to_owned(),
            false => format!("{}:{}", seq_number(dice), seq_number(dice)),
        })
        .collect();
    ranges.join(",")
}

fn string(dice: &mut Dice) -> String {
    match dice.below(4) {
        0 => "{3+}\r\na\"b".to_owned(),
        1 => "{0}\r\n".to_owned(),
        _ => dice
            .one(&[
                "\"\"",
                "\"a b\"",
                "\"a\\\"b\"",
                "\"a\\\\b\"",
                "\"Sent\"",
                "\"(x)\"",
                "\"%*\"",
            ])
            .to_owned(),
    }
}

fn astring(dice: &mut Dice) -> String {
    match dice.is_one_in(2) {
        true => string(dice),
        false => dice
            .one(&[
                "abc",
                "x]y",
                "a/b",
                "NIL",
                "nil",
                "1",
                "#x",
                "a@b.example",
                "a+b",
                "-",
                "[x",
            ])
            .to_owned(),
    }
}

fn mailbox(dice: &mut Dice) -> String {
    match dice.is_one_in(3) {
        true => astring(dice),
        false => dice
            .one(&[
                "INBOX",
                "inbox",
                "\"Inbox\"",
                "Sent",
                "{5+}\r\nInBoX",
                "a/b",
                "x]",
            ])
            .to_owned(),
    }
}

fn flag(dice: &mut Dice) -> String {
    dice.one(&[
        "\\Seen",
        "\\Deleted",
        "\\answered",
        "\\FLAGGED",
        "\\Draft",
        "$Forwarded",
        "work",
        "Work",
        "a]",
        "NIL",
    ])
    .to_owned()
}

fn qresync(dice: &mut Dice) -> String {
    let more = match dice.below(4) {
        0 => " 1:5".to_owned(),
        1 => " 1:13 (1,3 2,5)".to_owned(),
        2 => " (1,3 2,5)".to_owned(),
        _ => String::new(),
    };
    format!("QRESYNC ({} {}{more})", number(dice), number(dice))
}

fn append(dice: &mut Dice) -> String {
    let flags = match dice.below(3) {
        0 => String::new(),
        1 => " ()".to_owned(),
        _ => format!(" ({})", some(dice, 3, flag)),
    };
    let date = dice.one(&[
        "",
        "",
        " \"17-Jul-1996 02:44:25 -0700\"",
        " \" 1-feb-2026 00:00:00 +0000\"",
        " \"31-Feb-2026 00:00:00 +0000\"",
        " \"01-Jan-2026 24:00:00 +0000\"",
        " \"1-Jan-2026 23:00:00 +0000\"",
    ]);
    let literal = dice.one(&["{3}\r\nabc", "{3+}\r\nabc", "{4+}\r\na\r\nb", "~{3+}\r\nabc"]);
    format!("APPEND {}{flags}{date} {literal}", mailbox(dice))
}

fn date(dice: &mut Dice) -> &'static str {
    dice.one(&[
        "1-Jan-2026",
        "01-Feb-2026",
        "\"28-feb-2025\"",
        "29-Feb-2024",
        "29-Feb-2025",
        "31-Dec-1999",
        "0-Jan-2026",
        "\" 1-Jan-2026\"",
        "1-Foo-2026",
        "1-Jan-26",
    ])
}

fn key(dice: &mut Dice, depth: usize) -> String {
    let kinds = match depth {
        0 => 8,
        _ => 11,
    };
    match dice.below(kinds) {
        0 => set(dice),
        1 | 2 => dice
            .one(&[
                "ALL",
                "ANSWERED",
                "DELETED",
                "DRAFT",
                "FLAGGED",
                "NEW",
                "OLD",
                "RECENT",
                "SEEN",
                "UNANSWERED",
                "UNDELETED",
                "UNDRAFT",
                "UNFLAGGED",
                "UNSEEN",
                "all",
            ])
            .to_owned(),
        3 => {
            let field = dice.one(&["BCC", "BODY", "CC", "FROM", "SUBJECT", "TEXT", "TO", "subject"]);
            format!("{field} {}", astring(dice))
        }
        4 => {
            let word = dice.one(&["BEFORE", "ON", "SINCE", "SENTBEFORE", "SENTON", "SENTSINCE"]);
            format!("{word} {}", date(dice))
        }
        5 => format!(
            "{} {}",
            dice.one(&["KEYWORD", "UNKEYWORD"]),
            dice.one(&["$Junk", "work", "x"])
        ),
        6 => format!(
            "{} {}",
            dice.one(&["LARGER", "SMALLER", "OLDER", "YOUNGER"]),
            number(dice)
        ),
        7 => match dice.below(4) {
            0 => format!("HEADER {} {}", astring(dice), astring(dice)),
            1 => format!("MODSEQ {}", number(dice)),
            2 => format!(
                "MODSEQ \"/flags/\\\\seen\" {} {}",
                dice.one(&["all", "priv", "shared"]),
                number(dice)
            ),
            _ => format!("UID {}", set(dice)),
        },
        8 => format!("NOT {}", key(dice, depth - 1)),
        9 => format!("OR {} {}", key(dice, depth - 1), key(dice, depth - 1)),
        _ => format!("({})", some(dice, 3, |dice| key(dice, depth - 1))),
    }
}

fn section(dice: &mut Dice) -> String {
    let part = dice.one(&["", "", "1", "1.2", "4294967295", "0", "1.0", "3.1.4"]);
    let text = match dice.below(7) {
        0 | 1 => String::new(),
        2 => "HEADER".to_owned(),
        3 => "TEXT".to_owned(),
        4 => "MIME".to_owned(),
        5 => format!("HEADER.FIELDS ({})", some(dice, 3, astring)),
        _ => format!("HEADER.FIELDS.NOT ({})", some(dice, 2, astring)),
    };
    match (part, text.as_str()) {
        ("", text) => format!("[{text}]"),
        (part, "") => format!("[{part}]"),
        (part, text) => format!("[{part}.{text}]"),
    }
}

fn item(dice: &mut Dice) -> String {
    let partial = dice.one(&[
        "",
        "",
        "<0.10>",
        "<4294967295.1>",
        "<5.0>",
        "<4294967296.1>",
        "<0.4294967295>",
    ]);
    match dice.below(5) {
        0 | 1 => dice
            .one(&[
                "FLAGS",
                "UID",
                "ENVELOPE",
                "BODY",
                "BODYSTRUCTURE",
                "INTERNALDATE",
                "RFC822",
                "RFC822.SIZE",
                "RFC822.HEADER",
                "RFC822.TEXT",
                "MODSEQ",
                "flags",
            ])
            .to_owned(),
        2 => format!("BODY{}{partial}", section(dice)),
        3 => format!("BODY.PEEK{}{partial}", section(dice)),
        _ => match dice.below(3) {
            0 => format!("BINARY[{}]{partial}", dice.one(&["", "1", "2.1", "0"])),
            1 => format!("BINARY.PEEK[{}]{partial}", dice.one(&["", "1", "2.1"])),
            _ => format!("BINARY.SIZE[{}]", dice.one(&["", "1", "2.1"])),
        },
    }
}

fn fetch(dice: &mut Dice) -> String {
    let items = match dice.below(4) {
        0 => dice.one(&["ALL", "FAST", "FULL", "fast"]).to_owned(),
        1 => item(dice),
        _ => format!("({})", some(dice, 4, item)),
    };
    let modifiers = match dice.below(5) {
        0 => format!(" (CHANGEDSINCE {})", number(dice)),
        1 => format!(" (CHANGEDSINCE {} VANISHED)", number(dice)),
        _ => String::new(),
    };
    format!("{}FETCH {} {items}{modifiers}", uid(dice), set(dice))
}

fn store(dice: &mut Dice) -> String {
    let modifier = match dice.is_one_in(4) {
        true => format!("(UNCHANGEDSINCE {}) ", number(dice)),
        false => String::new(),
    };
    let kind = dice.one(&[
        "FLAGS",
        "+FLAGS",
        "-FLAGS",
        "FLAGS.SILENT",
        "+FLAGS.SILENT",
        "-flags.silent",
    ]);
    let flags = match dice.below(3) {
        0 => some(dice, 3, flag),
        1 => "()".to_owned(),
        _ => format!("({})", some(dice, 3, flag)),
    };
    format!("{}STORE {} {modifier}{kind} {flags}", uid(dice), set(dice))
}

/// One to `most` pieces, with spaces between them.
fn some(dice: &mut Dice, most: usize, mut piece: impl FnMut(&mut Dice) -> String) -> String {
    let count = 1 + dice.below(most);
    let pieces: Vec<String> = (0..count).map(|_| piece(dice)).collect();
    pieces.join(" ")
}
