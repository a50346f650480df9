"""imaplib and a bare socket after ENABLE: UTF8=ACCEPT, IMAP4rev2 and UIDONLY beside a session that enabled nothing.

Arguments: imap (host:port), user, password.
"""

import imaplib
import sys

HOST, PORT = sys.argv[1].rsplit(":", 1)
USER, PASSWORD = sys.argv[2:4]
FOLDER = "Entwürfe & Co"
MESSAGE = f"From: <{USER}>\r\nSubject: Größe\r\n\r\nein Café\r\n".encode()


def session(*capabilities):
    imap = imaplib.IMAP4(HOST, int(PORT))
    imap.login(USER, PASSWORD)
    for name in capabilities:
        assert name.upper() in imap.capabilities, imap.capabilities
        status, told = imap.enable(name)
        assert status == "OK" and imap.response("ENABLED")[1][-1].decode() == name, told
    return imap


def raw(imap, line, *literals):
    """The untagged responses to a command, its OK among them; each literal waits for its turn."""
    imap.send(b"r " + line.encode() + b"\r\n")
    responses = []
    literals = list(literals)
    while True:
        response = imap.readline()
        if response.startswith(b"+ "):
            imap.send(literals.pop(0) + b"\r\n")
        else:
            responses.append(response.rstrip(b"\r\n").decode())
            if response.startswith(b"r "):
                assert response.startswith(b"r OK"), responses
                return responses


def main():
    utf8 = session("UTF8=ACCEPT")
    assert utf8.create(f'"{FOLDER}"')[0] == "OK"
    names = [line.decode("utf-8") for line in utf8.list()[1]]
    assert any(line.endswith(f'"{FOLDER}"') for line in names), names
    plain = session()
    assert any(line.endswith(b'"Entw&APw-rfe &- Co"') for line in plain.list()[1])

    # RFC 6855: the message between parentheses, not in the literal, as Python itself has it.
    stored = raw(utf8, f'APPEND "{FOLDER}" UTF8 (~{{{len(MESSAGE)}}}', MESSAGE + b")")
    assert "[APPENDUID" in stored[-1], stored
    assert utf8.select(f'"{FOLDER}"') == ("OK", [b"1"])
    assert utf8.search(None, 'SUBJECT "grösse"') == ("OK", [b""])
    assert utf8.search(None, 'SUBJECT "GRÖßE" BODY "cafe"') == ("OK", [b"1"])
    assert utf8.fetch("1", "(BODY.PEEK[])")[1][0][1] == MESSAGE

    rev2 = session("IMAP4rev2")
    opened = raw(rev2, f'SELECT "{FOLDER}"')
    assert f'* LIST (\\HasNoChildren \\Subscribed) "/" "{FOLDER}"' in opened, opened
    assert not any("RECENT" in line or "UNSEEN" in line for line in opened), opened
    assert '* ESEARCH (TAG "r") ALL 1' in raw(rev2, "SEARCH SUBJECT größe")
    assert '* ESEARCH (TAG "r") UID ALL 1' in raw(rev2, "UID SEARCH UNSEEN")
    assert "* LANGUAGE (en)" in raw(rev2, "LANGUAGE en-US")

    only = session("UIDONLY")
    raw(only, 'SELECT "Entw&APw-rfe &- Co"')
    assert any(line == "* 1 UIDFETCH (FLAGS ())" for line in raw(only, "UID FETCH 1 FLAGS"))
    raw(utf8, r"UID STORE 1 +FLAGS.SILENT (\Deleted \Seen)")
    assert "* 1 FETCH (UID 1 FLAGS (\\Deleted \\Seen))" in raw(rev2, "NOOP")
    assert "* 1 UIDFETCH (FLAGS (\\Deleted \\Seen))" in raw(only, "NOOP")
    raw(utf8, "EXPUNGE")
    assert "* 1 EXPUNGE" in raw(rev2, "NOOP")
    assert "* VANISHED 1" in raw(only, "NOOP")
    for imap in (utf8, plain, rev2, only):
        imap.logout()
    print("done")


main()
