"""imaplib at work: folders, APPEND, SEARCH, STORE, COPY, EXPUNGE, and flags another session sees.

Arguments: imap (host:port), user, password.
"""

import imaplib
import sys
import time

HOST, PORT = sys.argv[1].rsplit(":", 1)
USER, PASSWORD = sys.argv[2:4]


def session():
    imap = imaplib.IMAP4(HOST, int(PORT))
    imap.login(USER, PASSWORD)
    return imap


def ok(answer):
    status, data = answer
    assert status == "OK", answer
    return data


def main():
    imap = session()
    ok(imap.create("Projects"))
    ok(imap.create("Projects/2026"))
    names = [line.decode().rsplit(" ", 1)[1].strip('"') for line in ok(imap.list())]
    assert {"INBOX", "Projects", "Projects/2026"} <= set(names), names
    for number in range(1, 6):
        text = f"From: <{USER}>\r\nTo: <{USER}>\r\nSubject: number {number}\r\n\r\nThe word is w{number}.\r\n"
        ok(imap.append("Projects/2026", r"(\Seen)" if number % 2 else None, imaplib.Time2Internaldate(time.time()), text.encode()))
    assert ok(imap.select('"Projects/2026"')) == [b"5"]
    assert ok(imap.search(None, "UNSEEN")) == [b"2 4"]
    assert ok(imap.search(None, "SUBJECT", '"number 3"')) == [b"3"]
    assert ok(imap.search(None, "BODY", "w4")) == [b"4"]
    ok(imap.store("2", "+FLAGS", r"(\Flagged)"))
    other = session()
    ok(other.select('"Projects/2026"'))
    assert ok(other.search(None, "FLAGGED")) == [b"2"]
    ok(imap.copy("1:2", "INBOX"))
    assert ok(other.status("INBOX", "(MESSAGES UNSEEN)")) == [b'INBOX (MESSAGES 2 UNSEEN 1)'], other.status("INBOX", "(MESSAGES UNSEEN)")
    ok(imap.store("1,3", "+FLAGS", r"(\Deleted)"))
    # Each number counts what is left after the one before: 1 then 2, or 3 then 1.
    assert ok(imap.expunge()) in ([b"1", b"2"], [b"3", b"1"])
    ok(other.noop())
    assert ok(other.search(None, "ALL")) == [b"1 2 3"]
    ok(imap.close())
    ok(imap.rename("Projects/2026", "Done"))
    assert ok(imap.select("Done")) == [b"3"]
    ok(imap.delete("Projects"))
    imap.logout()
    other.logout()
    print("done")


main()
