"""What RFC 3501 and RFC 9051 say of mailboxes and messages, rule by rule, in two sessions.

Arguments: imap (host:port), user, password.
"""

import imaplib
import re
import sys

HOST, PORT = sys.argv[1].rsplit(":", 1)
USER, PASSWORD = sys.argv[2:4]
MESSAGE = b"From: <a@b.test>\r\nSubject: s\r\n\r\ntext\r\n"


class Session:
    def __init__(self, *enabled):
        self.imap = imaplib.IMAP4(HOST, int(PORT))
        self.imap.login(USER, PASSWORD)
        if enabled:
            self.ok("ENABLE " + " ".join(enabled))

    def run(self, line, *literals):
        """The untagged responses and the reply without its tag; each literal waits for its turn."""
        self.imap.send(b"r " + line.encode() + b"\r\n")
        literals, lines = list(literals), []
        while True:
            line = self.imap.readline().rstrip(b"\r\n").decode()
            if line.startswith("+ "):
                self.imap.send(literals.pop(0) + b"\r\n")
            elif line.startswith("r "):
                return lines, line[2:]
            else:
                lines.append(line)

    def ok(self, line, *literals):
        lines, reply = self.run(line, *literals)
        assert reply.startswith("OK"), (line, reply)
        return lines + [reply]

    def no(self, line, code, *literals):
        reply = self.run(line, *literals)[1]
        assert reply.startswith((f"NO [{code}]", f"NO [{code} ")), (line, reply)

    def bad(self, line):
        reply = self.run(line)[1]
        assert reply.startswith("BAD"), (line, reply)

    def append(self, mailbox, count=1):
        for _ in range(count):
            self.ok(f"APPEND {mailbox} {{{len(MESSAGE)}}}", MESSAGE)

    def names(self, pattern, command="LIST"):
        lines = self.ok(f'{command} "" "{pattern}"')[:-1]
        return {line.rsplit(" ", 1)[1]: line.split(") ")[0].split("(")[1].split() for line in lines}


def number(lines, code):
    return int(re.search(rf"\[?{code} (\d+)", " ".join(lines)).group(1))


def mailboxes(one, two):
    # Section 6.3.3: what is missing above is made; a separator at the end only announces.
    one.ok("CREATE foo/bar/zap/")
    assert {"foo", "foo/bar", "foo/bar/zap"} <= set(one.names("foo*"))
    one.no("CREATE foo/bar", "ALREADYEXISTS")
    one.no("CREATE inbox", "CANNOT")
    # Section 6.3.4: what is below stays, and what was deleted never comes back under old numbers.
    one.append("foo", 3)
    before = number(one.ok("STATUS foo (UIDVALIDITY)"), "UIDVALIDITY")
    one.ok("DELETE foo")
    attributes = one.names("%")["foo"]
    assert "\\Noselect" in attributes and "\\HasChildren" in attributes, attributes
    one.no("SELECT foo", "NONEXISTENT")
    one.no("DELETE foo", "NONEXISTENT")
    one.no("DELETE INBOX", "CANNOT")
    one.ok("CREATE foo")
    opened = one.ok("EXAMINE foo")
    assert number(opened, "UIDVALIDITY") > before or number(opened, "UIDNEXT") > 3, opened
    one.ok("UNSELECT")
    # Section 6.3.5: names below go along, missing ones above are made, INBOX stays.
    one.ok("RENAME foo/bar baz/rag/zowie")
    assert {"baz", "baz/rag", "baz/rag/zowie", "baz/rag/zowie/zap"} <= set(one.names("baz*"))
    one.no("RENAME foo/bar other", "NONEXISTENT")
    one.no("RENAME baz foo", "ALREADYEXISTS")
    one.append("INBOX", 2)
    one.ok("CREATE INBOX/below")
    one.ok("RENAME INBOX old-mail")
    assert number(one.ok("STATUS old-mail (MESSAGES)"), "MESSAGES") == 2
    assert number(one.ok("STATUS INBOX (MESSAGES)"), "MESSAGES") == 0
    assert "INBOX/below" in one.names("inbox/%")
    # Sections 6.3.6 and 6.3.9: a subscription outlives its mailbox; % shows the level above.
    one.ok("CREATE old-mail/not/there")
    one.ok("UNSUBSCRIBE old-mail/not")
    one.ok("SUBSCRIBE old-mail/not/there")
    one.ok("DELETE old-mail/not/there")
    one.ok("DELETE old-mail/not")
    assert "old-mail/not/there" in one.names("*", "LSUB")
    assert one.names("old-mail/%", "LSUB")["old-mail/not"] == ["\\Noselect"]
    one.ok("UNSUBSCRIBE old-mail/not/there")
    assert "old-mail/not/there" not in two.names("*", "LSUB")
    for command in ("SELECT gone", "EXAMINE gone", "STATUS gone (MESSAGES)"):
        one.no(command, "NONEXISTENT")


def recent(one, two):
    # Sections 2.3.2, 6.3.2 and 6.3.10: neither EXAMINE nor STATUS takes \Recent away; SELECT does.
    one.ok("CREATE r")
    one.append("r", 2)
    assert "* 2 RECENT" in two.ok("EXAMINE r")
    assert "* STATUS r (RECENT 2)" in one.ok("STATUS r (RECENT)")
    opened = one.ok("SELECT r")
    assert "* 2 RECENT" in opened and "* 2 EXISTS" in opened and opened[-1].startswith("OK [READ-WRITE]"), opened
    assert any("[UNSEEN 1]" in line for line in opened)
    assert "* 0 RECENT" in two.ok("SELECT r")


def messages(one, two):
    for command in ("COPY 1 gone", "MOVE 1 gone", "UID COPY 1 gone"):
        one.no(command, "TRYCREATE")
    one.no("APPEND gone {5}", "TRYCREATE")
    # Section 6.4.8: numbers that are none are errors, UIDs are not.
    one.bad("FETCH 3 FLAGS")
    assert one.ok("UID FETCH 77 FLAGS") == ["OK FETCH completed"]
    assert len(one.ok("UID FETCH 77:* FLAGS")) == 2
    # Section 6.4.5: BODY[] marks as seen, and says so; PEEK does not.
    assert not any("Seen" in line for line in one.ok("FETCH 1 (BODY.PEEK[TEXT])"))
    assert any("FLAGS (\\Seen" in line for line in one.ok("FETCH 1 (BODY[TEXT])"))
    # Section 6.4.3 and 7.4.1: never while the other speaks of numbers.
    one.ok(r"STORE 1 +FLAGS.SILENT (\Deleted)")
    assert "* 1 EXPUNGE" in one.ok("EXPUNGE")
    assert "* 1 EXPUNGE" not in two.ok("SEARCH ALL")
    assert "* 1 EXPUNGE" in two.ok("NOOP")
    # Section 6.4.2: CLOSE removes in silence, and nothing from what was examined.
    one.ok(r"STORE 1 +FLAGS (\Deleted)")
    two.ok("EXAMINE r")
    assert two.ok("CLOSE") == ["OK CLOSE completed"]
    assert number(two.ok("STATUS r (MESSAGES)"), "MESSAGES") == 1
    assert one.ok("CLOSE") == ["OK CLOSE completed"]
    assert number(two.ok("STATUS r (MESSAGES)"), "MESSAGES") == 0
    one.bad("FETCH 1 FLAGS")


def codes(one):
    one.no("CREATE x (USE (\\All))", "USEATTR")
    one.no("SELECT INBOX/below/" + "x" * 300, "NONEXISTENT")
    one.no("CREATE " + "x" * 300, "CANNOT")
    one.ok("SELECT INBOX")
    one.no("SEARCH CHARSET X-NONE ALL", "BADCHARSET")
    assert "* OK [CLOSED] The former mailbox is closed" in one.ok("SELECT r")


def main():
    one, two = Session(), Session()
    mailboxes(one, two)
    recent(one, two)
    messages(one, two)
    codes(one)
    # The same with IMAP4rev2, as far as it is the same.
    one, two = Session("IMAP4rev2"), Session("IMAP4rev2", "QRESYNC")
    assert not any("RECENT" in line for line in one.ok("SELECT old-mail"))
    two.ok("SELECT old-mail")
    one.ok("MOVE 1 r")
    assert "* VANISHED 1" in two.ok("NOOP")
    print("done")


main()
