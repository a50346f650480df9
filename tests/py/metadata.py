"""imaplib and annotations (RFC 5464), which it has no methods for: its command table is extended.

Arguments: imap (host:port), user, password, another user of the same password, with whom a mailbox is shared.
"""

import imaplib
import sys

HOST, PORT = sys.argv[1].rsplit(":", 1)
USER, PASSWORD, OTHER = sys.argv[2:5]

for verb in ("GETMETADATA", "SETMETADATA"):
    imaplib.Commands[verb] = ("AUTH", "SELECTED")


def session(user):
    imap = imaplib.IMAP4(HOST, int(PORT))
    imap.login(user, PASSWORD)
    return imap


def call(imap, verb, *arguments):
    status, data = imap._simple_command(verb, *arguments)
    _, untagged = imap._untagged_response(status, data, "METADATA")
    # imaplib files the response codes of that name with the responses.
    told = [line.decode() for line in untagged if line and b" (/" in line]
    return status, data[0].decode(), told


def main():
    owner, reader = session(USER), session(OTHER)
    assert "METADATA" in owner.capabilities
    owner.create("Projects")
    assert owner.setacl("Projects", OTHER, "lr")[0] == "OK"
    name = f'"Other Users/{USER}/Projects"'
    assert call(owner, "SETMETADATA", "Projects", '(/shared/comment "for all" /private/comment "mine")')[0] == "OK"
    assert call(reader, "SETMETADATA", name, '(/private/comment "his")')[0] == "OK"
    # What is shared is read by whom the mailbox is shared with, and changed by who may change more than reading.
    assert call(reader, "SETMETADATA", name, '(/shared/comment "x")')[1].startswith("[NOPERM]")
    _, _, told = call(reader, "GETMETADATA", name, "(DEPTH infinity)", "(/private /shared)")
    assert told == [f'{name} (/private/comment "his" /shared/comment "for all")'], told
    _, _, told = call(owner, "GETMETADATA", "Projects", "(/private/comment /shared/comment)")
    assert told == ['Projects (/private/comment "mine" /shared/comment "for all")'], told
    # All or none.
    values = " ".join(f'/private/vendor/acme/{number} "x"' for number in range(60))
    assert call(owner, "SETMETADATA", "Projects", f"(/shared/comment NIL {values})")[1].startswith("[METADATA TOOMANY]")
    big = "x" * 16_385
    assert call(owner, "SETMETADATA", "Projects", f'(/private/big "{big}")')[1].startswith("[METADATA MAXSIZE 16384]")
    _, text, told = call(owner, "GETMETADATA", "Projects", "(MAXSIZE 4)", "(/shared/comment /private/comment)")
    assert (text.split("]")[0], told) == ("[METADATA LONGENTRIES 7", ["Projects (/private/comment \"mine\")"]), (text, told)
    # They follow a mailbox, and go with it.
    owner.rename("Projects", "Works")
    assert call(owner, "GETMETADATA", "Works", "/private/comment")[2] == ["Works (/private/comment \"mine\")"]
    owner.delete("Works")
    owner.create("Works")
    assert call(owner, "GETMETADATA", "Works", "/private/comment")[2] == ["Works (/private/comment NIL)"]
    assert call(owner, "GETMETADATA", "Sent", "/private/specialuse")[2] == ['Sent (/private/specialuse "\\\\Sent")']
    # The server's own.
    domain = USER.split("@")[1]
    told = call(owner, "GETMETADATA", '""', "/shared/admin")[2]
    assert told == [f'"" (/shared/admin "mailto:postmaster@{domain}")'], told
    assert call(owner, "SETMETADATA", '""', '(/shared/admin "x")')[0] == "NO"
    assert call(owner, "SETMETADATA", '""', '(/private/vendor/acme/x "y")')[0] == "OK"
    assert call(reader, "GETMETADATA", '""', "/private/vendor/acme/x")[2] == ['"" (/private/vendor/acme/x NIL)']


main()
