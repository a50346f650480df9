"""FETCH of broken and of sound MIME: whatever the structure says of a message can be fetched, has the size and the lines
it says, and goes together to the whole; of sound messages Python's email package sees the same parts.

Arguments: imap (host:port), user, password, folders with further messages (*.eml).
"""

import email
import email.policy
import pathlib
import sys

import nasty_mime
from imapwire import Imap

# Where Python reads something else without calling the message broken.
OTHERWISE = {
    "empty parts": "RFC 2046 section 5.1.1: delimiters one behind the other hold an empty part between them",
    "malformed/000": "the same",
    "comments in the type": "RFC 2045 section 5.1: comments may stand between all parts of the value",
    "broken base64": "RFC 2045 section 6.8: what comes behind padding is decoded as well",
    "broken quoted-printable": "RFC 2045 section 6.7, rule 3: white space at the end of a line goes",
    "2,000 parts": "a thousand parts are the limit; what comes behind belongs to the last",
}

ADDRESS, USER, PASSWORD = sys.argv[1:4]
FOLDERS = sys.argv[4:]


def samples():
    yield from nasty_mime.ALL
    for folder in FOLDERS:
        files = sorted(pathlib.Path(folder).glob("*.eml"))
        assert files, f"no messages in {folder}"
        for file in files:
            raw = file.read_bytes()
            yield f"{file}", raw
            yield f"{file} with CRLF", raw.replace(b"\r", b"").replace(b"\n", b"\r\n")


class Leaf:
    """A part as BODYSTRUCTURE has it."""

    def __init__(self, number, value):
        self.number, self.value = number, value
        self.kind = f"{value[0].decode()}/{value[1].decode()}".lower()
        self.encoding = (value[5] or b"7BIT").decode().lower()
        self.size = int(value[6])

    def lines(self):
        if self.kind.startswith("text/"):
            return int(self.value[7])
        return int(self.value[9]) if self.is_message() else None

    def is_message(self):
        return self.kind in ("message/rfc822", "message/global")


def walk(structure, number="", is_message=True):
    """(number, leaf or None for a multipart, numbers of its children) of every part, parents first."""
    todo, found = [(structure, number, is_message)], []
    while todo:
        value, number, is_message = todo.pop(0)
        prefix = f"{number}." if number else ""
        if isinstance(value[0], list):
            parts = [part for part in value if isinstance(part, list)]
            # The parameters of a multipart are a list as well, behind its subtype.
            parts = parts[: next(i for i, part in enumerate(value) if not isinstance(part, list))]
            children = [f"{prefix}{n}" for n in range(1, len(parts) + 1)]
            if not is_message:
                found.append((number, None, children))
            todo = [(part, child, False) for part, child in zip(parts, children)] + todo
            continue
        own = f"{prefix}1" if is_message else number
        leaf = Leaf(own, value)
        found.append((own, leaf, []))
        if leaf.is_message():
            todo.insert(0, (value[8], own, True))
    return found


def lines(octets):
    return octets.count(b"\n") + (octets[-1:] not in (b"", b"\n"))


class Message:
    """A message on the server, fetched piece by piece."""

    def __init__(self, imap, uid, name, raw):
        self.imap, self.uid, self.name, self.raw = imap, uid, name, raw
        self.fetched = self.fetch("BODYSTRUCTURE BODY ENVELOPE RFC822.SIZE BODY.PEEK[] BODY.PEEK[HEADER] BODY.PEEK[TEXT] RFC822 RFC822.HEADER RFC822.TEXT")
        self.parts = walk(self.fetched["BODYSTRUCTURE"])

    def fetch(self, items):
        rows = self.imap.command(f"UID FETCH {self.uid} ({items})").fetched()
        (row,) = rows.values()
        return row

    def sections(self, names):
        """Several sections; a list in their order."""
        found = []
        for start in range(0, len(names), 50):
            some = names[start : start + 50]
            row = self.fetch(" ".join(f"BODY.PEEK[{name}]" for name in some))
            found += [row[f"BODY[{name}]"] for name in some]
        return found

    def check(self):
        self.check_whole()
        self.check_fields()
        self.check_parts()
        self.check_partials()
        self.check_order()
        self.check_decoded()

    def check_whole(self):
        row = self.fetched
        assert row["BODY[]"] == self.raw == row["RFC822"], self.name
        assert int(row["RFC822.SIZE"]) == len(self.raw), self.name
        assert row["BODY[HEADER]"] == row["RFC822.HEADER"] and row["BODY[TEXT]"] == row["RFC822.TEXT"], self.name
        assert row["BODY[HEADER]"] + row["BODY[TEXT]"] == self.raw, self.name
        assert len(row["ENVELOPE"]) == 10, self.name
        basic = [(number, leaf and (leaf.kind, leaf.size)) for number, leaf, _ in walk(row["BODY"])]
        assert basic == [(number, leaf and (leaf.kind, leaf.size)) for number, leaf, _ in self.parts], self.name

    def check_fields(self):
        header = self.fetched["BODY[HEADER]"]
        picked, left, none = self.sections(
            ["HEADER.FIELDS (SUBJECT content-type X-1)", "HEADER.FIELDS.NOT (SUBJECT content-type X-1)", "HEADER.FIELDS (X-None)"]
        )
        # RFC 3501 section 6.4.5: the empty line is in all of them, unless the header has none.
        end = b"" if header.rstrip(b"\r\n") and not header.endswith((b"\n\r\n", b"\n\n")) else b"\r\n"
        assert none == end, (self.name, none)
        for piece in (picked, left):
            assert piece.endswith(end), (self.name, piece)
        # By LF alone: a bare CR ends no line.
        rows = lambda octets: [row for row in octets.split(b"\n") if row.strip(b"\r")]
        assert sorted(rows(picked) + rows(left)) == sorted(rows(header)), self.name
        assert all(not row.lower().startswith((b"subject:", b"content-type:")) for row in rows(left)), self.name

    def check_parts(self):
        numbers = [number for number, _, _ in self.parts]
        bodies = dict(zip(numbers, self.sections(numbers)))
        mimes = dict(zip(numbers, self.sections([f"{number}.MIME" for number in numbers])))
        for number, leaf, _ in self.parts:
            body = bodies[number]
            assert body is not None and mimes[number] is not None, (self.name, number)
            if leaf is None:
                continue
            assert len(body) == leaf.size, (self.name, number, len(body), leaf.size)
            assert leaf.lines() in (None, lines(body)), (self.name, number, leaf.lines(), lines(body))
        messages = [number for number, leaf, _ in self.parts if leaf and leaf.is_message()][:40]
        heads = self.sections([f"{number}.HEADER" for number in messages])
        texts = self.sections([f"{number}.TEXT" for number in messages])
        for number, head, text in zip(messages, heads, texts):
            assert head + text == bodies[number], (self.name, number)
        others = [number for number, leaf, _ in self.parts if not leaf or not leaf.is_message()][:40]
        for number, head in zip(others, self.sections([f"{number}.HEADER" for number in others])):
            assert head is None, f"{self.name}: {number} is no message and has a header"
        self.bodies, self.mimes = bodies, mimes
        # One more than there is.
        tops = [number for number in numbers if "." not in number]
        (beyond,) = self.sections([str(len(tops) + 1)])
        assert beyond is None, self.name

    def check_partials(self):
        number = self.parts[-1][0]
        for name, whole in (("", self.raw), (number, self.bodies[number]), ("TEXT", self.fetched["BODY[TEXT]"])):
            middle = len(whole) // 2
            asked = [(0, 1), (0, 4_294_967_295), (middle, 7), (len(whole), 5), (4_294_967_295, 1), (max(len(whole) - 1, 0), 5)]
            row = self.fetch(" ".join(f"BODY.PEEK[{name}]<{at}.{count}>" for at, count in asked))
            for at, _ in asked:
                counts = [count for other, count in asked if other == at]
                expected = [whole[at : at + count] for count in counts]
                assert row[f"BODY[{name}]<{at}>"] in expected, (self.name, name, at)

    def check_order(self):
        """The parts of a multipart lie in it one behind the other, header and body together."""
        top = [number for number, _, _ in self.parts if "." not in number]
        groups = [(number, self.bodies[number], children) for number, leaf, children in self.parts if leaf is None]
        if len(top) > 1:
            groups.append(("", self.fetched["BODY[TEXT]"], top))
        for number, body, children in groups:
            at = 0
            for child in children:
                whole = self.mimes[child] + self.bodies[child]
                found = body.find(whole, at)
                assert found >= 0, (self.name, number, child)
                at = found + len(whole)

    def check_decoded(self):
        leaves = [leaf for _, leaf, _ in self.parts if leaf and not leaf.is_message()][:40]
        for leaf in leaves:
            tag = self.imap.send(f"UID FETCH {self.uid} (BINARY.PEEK[{leaf.number}] BINARY.SIZE[{leaf.number}])")
            try:
                (row,) = self.imap.finish(tag).fetched().values()
            except Exception as refused:
                # RFC 3516 section 4.3: the encoding is not known.
                assert getattr(refused, "code", "") == "UNKNOWN-CTE", (self.name, leaf.number, refused)
                assert leaf.encoding not in ("7bit", "8bit", "binary", "base64", "quoted-printable"), (self.name, leaf.encoding)
                continue
            value = row[f"BINARY[{leaf.number}]"]
            assert int(row[f"BINARY.SIZE[{leaf.number}]"]) == len(value), (self.name, leaf.number)
            if leaf.encoding in ("7bit", "8bit", "binary"):
                assert value == self.bodies[leaf.number], (self.name, leaf.number)
            leaf.decoded = value

    def agrees_with_python(self):
        """Compares with the email package; False when that finds the message broken, or not made for it."""
        try:
            parts = list(email.message_from_bytes(self.raw, policy=email.policy.compat32).walk())
        except RecursionError:
            return False
        kinds = [part.get_content_type() for part in parts]
        # Python reads everything of the type message as one, RFC 3501 section 7.4.2 only message/rfc822.
        others = [kind for kind in kinds if kind.startswith("message/") and kind != "message/rfc822"]
        if others or any(part.defects for part in parts) or any(name in self.name for name in OTHERWISE):
            return False
        theirs = [part for part in parts if not part.is_multipart() or part.get_content_type() == "message/rfc822"]
        ours = [leaf for _, leaf, _ in self.parts if leaf]
        assert [leaf.kind for leaf in ours] == [part.get_content_type() for part in theirs], self.name
        for leaf, part in zip(ours, theirs):
            if leaf.encoding in ("base64", "quoted-printable") and hasattr(leaf, "decoded"):
                assert leaf.decoded == part.get_payload(decode=True), (self.name, leaf.number)
        return True


def main():
    imap = Imap(ADDRESS, USER, PASSWORD)
    imap.command("CREATE nasty")
    imap.command("SELECT nasty")
    agreed, uid = 0, 0
    for name, raw in samples():
        imap.command("APPEND nasty ", raw)
        uid += 1
        message = Message(imap, uid, name, raw)
        message.check()
        agreed += message.agrees_with_python()
    assert agreed > 40, agreed
    print(f"{uid} messages, {agreed} agreed")


main()
