"""A small IMAP client for the scripts beside it: sends what it is told, reads responses into values.

Atoms are str, strings are bytes, NIL is None, lists are lists. No TLS, no cache, no state but the socket.
"""

import io
import socket
import zlib

STATUS = ("OK", "NO", "BAD", "BYE", "PREAUTH")


class Refused(Exception):
    """A tagged NO or BAD; `code` is the response code without its brackets, or None."""

    def __init__(self, status, code, text, untagged):
        super().__init__(f"{status} [{code}] {text}")
        self.status, self.code, self.text, self.untagged = status, code, text, untagged


class Done:
    """A tagged OK with everything untagged before it."""

    def __init__(self, code, text, untagged):
        self.code, self.text, self.untagged = code, text, untagged

    def named(self, name):
        """The untagged responses of that name (`* SEARCH …`, `* 3 EXISTS`)."""
        return [r for r in self.untagged if r[0] == name or (len(r) > 1 and r[1] == name)]

    def codes(self, name):
        """The values of response codes of that name, of untagged and tagged responses alike."""
        all_codes = [r[1] for r in self.untagged if r[0] in STATUS] + [self.code]
        found = [code.split(" ", 1) for code in all_codes if code]
        return [rest[0] if rest else "" for word, *rest in found if word == name]

    def fetched(self):
        """FETCH responses: {number: {item: value}}; several for one message are laid over each other."""
        rows = {}
        for response in self.named("FETCH"):
            rows.setdefault(int(response[0]), {}).update(pairs(response[2]))
        return rows


class Imap:
    """A connection, logged in."""

    def __init__(self, address, user=None, password=None):
        host, port = address.rsplit(":", 1)
        self.socket = socket.create_connection((host, int(port)), timeout=60)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.file = self.socket.makefile("rb")
        self.deflate = None
        self.serial = 0
        self.received = 0
        self.greeting = self.response()
        if user is not None:
            self.command(f'LOGIN {user} "{password}"')

    def send(self, *pieces):
        """Sends a command of text (str) and literals (bytes); gives its tag."""
        self.serial += 1
        tag = f"t{self.serial}"
        out = [tag.encode(), b" "]
        for piece in pieces:
            if isinstance(piece, str):
                out.append(piece.encode())
            else:
                out.append(b"{%d+}\r\n" % len(piece) + piece)
        self.write(b"".join(out) + b"\r\n")
        return tag

    def write(self, octets):
        if self.deflate:
            octets = self.deflate.compress(octets) + self.deflate.flush(zlib.Z_SYNC_FLUSH)
        self.socket.sendall(octets)

    def compress(self):
        """RFC 4978: everything is compressed from here on, in both directions."""
        self.command("COMPRESS DEFLATE")
        self.deflate = zlib.compressobj(wbits=-15)
        self.file = io.BufferedReader(Inflated(self.file))

    def finish(self, tag):
        """Reads up to the tagged response."""
        untagged = []
        while True:
            response = self.response()
            if response[0] == tag:
                _, status, code, text = response
                if status != "OK":
                    raise Refused(status, code, text, untagged)
                return Done(code, text, untagged)
            untagged.append(response[1:])

    def command(self, *pieces):
        return self.finish(self.send(*pieces))

    def refused(self, *pieces):
        """Runs a command that must not be carried out."""
        try:
            done = self.command(*pieces)
        except Refused as refused:
            return refused
        raise AssertionError(f"{pieces[0]} was carried out: {done.text}")

    def response(self):
        """One response: its tag (`*`, `+` or a tag) and its values."""
        raw = self.line()
        while raw.endswith(b"}\r\n"):
            head = raw[raw.rindex(b"{") + 1 : -3].rstrip(b"+")
            if not head.isdigit():
                break
            raw += self.exactly(int(head)) + self.line()
        return parsed(raw)

    def line(self):
        line = self.file.readline()
        if not line.endswith(b"\r\n"):
            raise ConnectionError(f"the server closed after {line!r}")
        self.received += len(line)
        return line

    def exactly(self, count):
        octets = self.file.read(count)
        if len(octets) != count:
            raise ConnectionError("the server closed within a literal")
        self.received += count
        return octets

    def close(self):
        self.file.close()
        self.socket.close()


class Inflated(io.RawIOBase):
    """What comes compressed, as it was."""

    def __init__(self, source):
        self.source, self.inflate, self.held = source, zlib.decompressobj(wbits=-15), b""

    def readable(self):
        return True

    def readinto(self, buffer):
        while not self.held:
            octets = self.source.read1(65_536)
            if not octets:
                return 0
            self.held = self.inflate.decompress(octets)
        count = min(len(buffer), len(self.held))
        buffer[:count], self.held = self.held[:count], self.held[count:]
        return count


def pairs(items):
    """`(name value …)` as a dict."""
    assert len(items) % 2 == 0, items
    return dict(zip(items[::2], items[1::2]))


def numbers(text):
    """A sequence set as a sorted list."""
    found = set()
    for piece in filter(None, (text or "").split(",")):
        first, _, last = piece.partition(":")
        low, high = sorted((int(first), int(last or first)))
        found.update(range(low, high + 1))
    return sorted(found)


def parsed(raw):
    line = raw[:-2]
    tag, _, rest = line.partition(b" ")
    tag = tag.decode()
    if tag == "+":
        return ["+", rest]
    word, _, text = rest.partition(b" ")
    if word.decode() in STATUS:
        code = None
        if text.startswith(b"["):
            code, _, text = text[1:].partition(b"]")
            code = code.decode()
        return [tag, word.decode(), code, text.decode().strip()]
    values, at = [], 0
    while at < len(rest):
        value, at = read(rest, at)
        values.append(value)
        if at < len(rest):
            assert rest[at : at + 1] == b" ", (rest, at)
            at += 1
    return [tag, *values]


def read(data, at):
    """One value from `at`; gives it and where it ends. Does not recurse: structures may be deep."""
    open_lists = []
    while True:
        head = data[at : at + 1]
        if head == b"(":
            open_lists.append([])
            at += 1
            if data[at : at + 1] != b")":
                continue
        elif head == b'"':
            value, at = quoted(data, at)
            if not open_lists:
                return value, at
            open_lists[-1].append(value)
        elif head == b"{" or data[at : at + 2] == b"~{":
            start = data.index(b"\r\n", at) + 2
            count = int(data[at:start].strip(b"~{}+\r\n"))
            value, at = data[start : start + count], start + count
            if not open_lists:
                return value, at
            open_lists[-1].append(value)
        else:
            value, at = atom(data, at)
            if not open_lists:
                return value, at
            open_lists[-1].append(value)
        while data[at : at + 1] == b")":
            value, at = open_lists.pop(), at + 1
            if not open_lists:
                return value, at
            open_lists[-1].append(value)
        if data[at : at + 1] == b" ":
            at += 1


def quoted(data, at):
    out = bytearray()
    at += 1
    while data[at] != 0x22:
        if data[at] == 0x5C:
            at += 1
        assert data[at] not in (0, 10, 13), data
        out.append(data[at])
        at += 1
    return bytes(out), at + 1


def atom(data, at):
    start = at
    while at < len(data) and data[at] not in b" ()":
        if data[at] == 0x5B:  # BODY[…]: everything up to the bracket that closes it
            in_quotes = False
            while data[at] != 0x5D or in_quotes:
                in_quotes ^= data[at] == 0x22
                at += 1
        at += 1
    assert at > start, (data, at)
    text = data[start:at].decode()
    return (None if text == "NIL" else text), at
