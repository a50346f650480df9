"""imaplib, everything it has that a server can answer: one call after the other over one account.

Arguments: imap (host:port), user, password.
"""

import imaplib
import sys

HOST, PORT = sys.argv[1].rsplit(":", 1)
USER, PASSWORD = sys.argv[2:4]
BODIES = {
    1: "From: Anna <anna@x.test>\r\nSubject: apples\r\nDate: Mon, 23 Nov 2026 10:00:00 +0000\r\nMessage-ID: <1@x>\r\n\r\nred and round\r\n",
    2: "From: Ben <ben@x.test>\r\nSubject: Re: apples\r\nDate: Tue, 24 Nov 2026 10:00:00 +0000\r\nMessage-ID: <2@x>\r\nIn-Reply-To: <1@x>\r\n\r\nand green\r\n",
    3: "From: Cleo <cleo@x.test>\r\nSubject: =?utf-8?q?Birnen_und_=C3=84pfel?=\r\nDate: Sun, 22 Nov 2026 10:00:00 +0000\r\nMessage-ID: <3@x>\r\n\r\nGr\u00fc\u00dfe\r\n",
}


def session():
    imap = imaplib.IMAP4(HOST, int(PORT))
    imap.login(USER, PASSWORD)
    return imap


def ok(answer):
    status, data = answer
    assert status == "OK", answer
    return data


def no(answer):
    assert answer[0] == "NO", answer
    return answer[1][0]


def fill(imap):
    ok(imap.create("Fruit"))
    ok(imap.subscribe("Fruit"))
    assert any(b"Fruit" in line for line in ok(imap.lsub()))
    ok(imap.unsubscribe("Fruit"))
    assert not any(b"Fruit" in line for line in ok(imap.lsub()) if line)
    for number, body in BODIES.items():
        when = imaplib.Time2Internaldate(1_700_000_000 + number * 86_400)
        ok(imap.append("Fruit", r"(\Seen)" if number == 1 else None, when, body.encode()))
    no(imap.append("Nowhere", None, None, b"x"))
    assert ok(imap.select("Fruit")) == [b"3"]


def find(imap):
    assert ok(imap.search(None, "UNSEEN")) == [b"2 3"]
    assert ok(imap.search(None, "SUBJECT", "apples")) == [b"1 2"]
    imap.literal = "äpfel".encode()
    assert ok(imap.search("UTF-8", "SUBJECT")) == [b"3"]
    imap.literal = "grüße".encode()
    assert ok(imap.uid("SEARCH", "CHARSET", "UTF-8", "BODY")) == [b"3"]
    assert b"BADCHARSET" in no(imap.search("X-NOPE", "ALL"))
    assert ok(imap.search(None, "SINCE", "17-Nov-2023", "BEFORE", "18-Nov-2023")) == [b"3"]
    assert ok(imap.sort("DATE", "UTF-8", "ALL")) == [b"3 1 2"]
    assert ok(imap.sort("REVERSE SUBJECT FROM", "UTF-8", "ALL")) == [b"3 1 2"]
    assert ok(imap.uid("SORT", "(SIZE)", "UTF-8", "SEEN")) == [b"1"]
    assert ok(imap.thread("REFERENCES", "UTF-8", "ALL")) in ([b"(3)(1 2)"], [b"(1 2)(3)"])
    assert ok(imap.uid("THREAD", "ORDEREDSUBJECT", "UTF-8", "ALL")) in ([b"(3)(1 2)"], [b"(1 2)(3)"])


def read(imap):
    (head, body), end = ok(imap.fetch("2", "(RFC822)"))
    assert body.endswith(BODIES[2].encode()) and b"RFC822 {" in head
    # RFC822 is no peek.
    assert b"\\Seen" in ok(imap.fetch("2", "(FLAGS)"))[0]
    (_, part), _ = ok(imap.fetch("3", "(BODY.PEEK[TEXT]<0.4>)"))
    assert part == "Gr\u00fc".encode()
    (_, header), _ = ok(imap.uid("FETCH", "1", "(UID BODY.PEEK[HEADER.FIELDS (SUBJECT)])"))
    assert header == b"Subject: apples\r\n\r\n"
    structure = ok(imap.fetch("1", "(BODYSTRUCTURE)"))[0]
    assert b'"TEXT" "PLAIN"' in structure.upper()


def change(imap):
    assert b"\\Flagged" in ok(imap.store("1", "+FLAGS", r"(\Flagged $Ripe)"))[0]
    assert b"$Ripe" not in ok(imap.uid("STORE", "1", "-FLAGS", "($Ripe)"))[0]
    ok(imap.store("1:2", "+FLAGS.SILENT", r"(\Answered)"))
    assert ok(imap.search(None, "ANSWERED", "FLAGGED")) == [b"1"]
    ok(imap.copy("1", "INBOX"))
    assert imap.response("COPYUID")[1][0] is not None
    no(imap.copy("1", "Nowhere"))
    ok(imap.uid("MOVE", "3", "INBOX"))
    assert ok(imap.search(None, "ALL")) == [b"1 2"]
    ok(imap.store("1", "+FLAGS", r"(\Deleted)"))
    ok(imap.uid("EXPUNGE", "1"))
    assert imap.response("EXPUNGE")[1] is not None
    assert ok(imap.search(None, "ALL")) == [b"1"]
    ok(imap.check())
    ok(imap.noop())


def folders(imap):
    assert b"MESSAGES 2" in ok(imap.status("INBOX", "(MESSAGES UIDNEXT UIDVALIDITY UNSEEN RECENT)"))[0]
    ok(imap.rename("Fruit", "Obst/Frisch"))
    assert any(b"Obst/Frisch" in line for line in ok(imap.list("Obst/", "%")))
    no(imap.create("INBOX"))
    no(imap.delete("Nowhere"))
    ok(imap.select("INBOX", readonly=True))
    assert imap.is_readonly
    assert b"READ-ONLY" in no(imap.store("1", "+FLAGS", r"(\Deleted)"))
    ok(imap.unselect())
    ok(imap.select("Obst/Frisch"))
    ok(imap.close())
    ok(imap.delete("Obst/Frisch"))
    ok(imap.delete("Obst"))


def other(imap):
    assert "IMAP4REV1" in imap.capabilities
    assert ok(imap.namespace())[0].startswith(b'(("" "/"')
    roots, quotas = ok(imap.getquotaroot("INBOX"))
    assert roots and roots[0].startswith(b"INBOX")
    assert ok(imap.xatom("ID", "NIL"))
    ok(imap.enable("CONDSTORE"))
    ok(imap.select("INBOX"))
    assert b"MODSEQ" in ok(imap.fetch("1", "(MODSEQ)"))[0]
    for call in (lambda: imap.getacl("Nowhere"), lambda: imap.setannotation("INBOX", "/x", "(y)"), lambda: imap.proxyauth("x")):
        try:
            no(call())
        except imap.error:
            pass  # BAD: there is no such command
    assert imap.recent()[0] == "OK"


def unicode_names():
    imap = session()
    ok(imap.enable("UTF8=ACCEPT"))
    ok(imap.create('"Gr\u00fc\u00dfe/\u65e5\u672c"'))
    assert any("Gr\u00fc\u00dfe/\u65e5\u672c".encode() in line for line in ok(imap.list()))
    # Once UTF-8 is enabled imaplib puts what should be around the literal into it, so another session appends.
    message = "From: \u00fc@x.test\r\nSubject: \u65e5\u672c\r\n\r\nx\r\n".encode()
    plain = session()
    ok(plain.append("INBOX", None, None, message))
    plain.logout()
    ok(imap.select("INBOX"))
    ok(imap.copy("*", '"Gr\u00fc\u00dfe/\u65e5\u672c"'))
    ok(imap.select('"Gr\u00fc\u00dfe/\u65e5\u672c"'))
    assert ok(imap.search(None, 'SUBJECT "\u65e5\u672c"')) == [b"1"]
    (_, body), _ = ok(imap.fetch("1", "(BODY.PEEK[])"))
    assert body == message
    imap.logout()


def main():
    imap = session()
    for step in (fill, find, read, change, folders, other):
        step(imap)
    if "UTF8=ACCEPT" in imap.capabilities:
        unicode_names()
    imap.logout()
    print("done")


main()
