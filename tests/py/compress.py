"""COMPRESS=DEFLATE with imaplib and zlib: compress.py IMAP IMAPS CERTIFICATE USER PASSWORD"""

import imaplib
import socket
import ssl
import sys
import zlib

imaplib.Commands["COMPRESS"] = ("AUTH", "SELECTED")
imaplib.Commands["UNAUTHENTICATE"] = ("AUTH", "SELECTED")


class Deflated:
    """A socket whose octets are compressed both ways; the file that imaplib reads."""

    def __init__(self, sock):
        self.sock = sock
        self.packer = zlib.compressobj(9, zlib.DEFLATED, -15)
        self.unpacker = zlib.decompressobj(-15)
        self.held = b""
        self.packed = 0

    def sendall(self, octets):
        self.sock.sendall(self.packer.compress(octets) + self.packer.flush(zlib.Z_SYNC_FLUSH))

    def fill(self):
        octets = self.sock.recv(65536)
        self.packed += len(octets)
        if not octets:
            return False
        self.held += self.unpacker.decompress(octets)
        assert not self.unpacker.unused_data and not self.unpacker.eof
        return True

    def read(self, count):
        while len(self.held) < count and self.fill():
            pass
        taken, self.held = self.held[:count], self.held[count:]
        return taken

    def readline(self, _most=-1):
        while b"\n" not in self.held and self.fill():
            pass
        return self.read(self.held.find(b"\n") + 1)

    def __getattr__(self, name):
        return getattr(self.sock, name)


def compress(imap):
    assert "COMPRESS=DEFLATE" in imap.capabilities
    status, _ = imap._simple_command("COMPRESS", "DEFLATE")
    assert status == "OK", status
    # The name of the file differs between versions of imaplib.
    imap.sock = imap.file = imap._file = Deflated(imap.sock)


def hold(imap, user, password):
    """A whole session: large and small, with what does not compress, and one command a byte at a time."""
    imap.login(user, password)
    compress(imap)
    assert imap.create("packed")[0] == "OK"
    rows = "".join(f"{n} the quick brown fox jumps over the lazy dog {n * n}\r\n" for n in range(40_000))
    text = b"Subject: rows\r\n\r\n" + rows.encode()
    blob = b"Subject: noise\r\n\r\n" + bytes((i * i * 2654435761 >> 13) & 127 | 32 for i in range(300_000)) + b"\r\n"
    for message in (text, blob):
        assert imap.append("packed", None, None, message)[0] == "OK"
    assert imap.select("packed") == ("OK", [b"2"])
    before = imap.sock.packed
    for number, message in ((b"1", text), (b"2", blob)):
        status, data = imap.fetch(number, "(BODY.PEEK[])")
        assert status == "OK" and data[0][1] == message, data[0][0]
    share = (imap.sock.packed - before) / (len(text) + len(blob))
    assert share < 0.6, share
    for octet in b"x1 NOOP\r\n":
        imap.sock.sendall(bytes([octet]))
    assert imap.sock.readline() == b"x1 OK NOOP completed\r\n"
    assert imap.noop()[0] == "OK"
    imap.sock.sendall(b"".join(b"n%d NOOP\r\n" % n for n in range(5_000)))
    for n in range(5_000):
        assert imap.sock.readline() == b"n%d OK NOOP completed\r\n" % n
    try:
        status, _ = imap._simple_command("COMPRESS", "DEFLATE")
        raise AssertionError(status)
    except imaplib.IMAP4.error as refused:
        assert "COMPRESSIONACTIVE" in str(refused), refused
    assert imap.delete("packed")[0] == "OK"


def unauthenticate(imap, user, password):
    """Behind UNAUTHENTICATE nothing is compressed; the next log-in comes in the same packet, then more of it."""
    packed, plain = imap.sock, imap.sock.sock
    octets = packed.packer.compress(b"u1 UNAUTHENTICATE\r\n") + packed.packer.flush(zlib.Z_SYNC_FLUSH)
    plain.sendall(octets + b'u2 LOGIN %s "%s"\r\n' % (user.encode(), password.encode()))
    got = b""
    while b"u1 OK" not in got or not got.endswith(b"\r\n"):
        got += packed.unpacker.decompress(plain.recv(1), 65536)
    # The end of the flush, then plain text.
    rest = b""
    while b"u2 " not in rest or not rest.endswith(b"\r\n"):
        rest += plain.recv(65536)
    assert rest.rsplit(b"u2 ", 1)[1].startswith(b"OK"), rest
    plain.sendall(b"u3 NOOP\r\n")
    assert plain.recv(1000) == b"u3 OK NOOP completed\r\n"


def broken(address, user, password):
    """What is not compressed ends the connection, and the server says nothing it could be taken for."""
    imap = imaplib.IMAP4(*address)
    imap.login(user, password)
    compress(imap)
    imap.sock.sock.sendall(b"a1 NOOP\r\n")
    assert imap.sock.readline() == b""


def bomb(address, user, password):
    """A line of 200 MB in 200 KB."""
    imap = imaplib.IMAP4(*address)
    imap.login(user, password)
    compress(imap)
    try:
        for _ in range(200):
            imap.sock.sendall(b"x" * 1_000_000)
    except OSError:
        pass
    try:
        assert imap.sock.readline().startswith(b"* BYE [TOOBIG]")
    except ConnectionError:
        pass


def main():
    imap_address, imaps_address, certificate, user, password = sys.argv[1:]
    address = imap_address.rsplit(":", 1)
    tls = ssl.create_default_context(cafile=certificate)
    tls.check_hostname = False
    plain = imaplib.IMAP4(*address, timeout=60)
    hold(plain, user, password)
    unauthenticate(plain, user, password)
    host, port = imaps_address.rsplit(":", 1)
    hold(imaplib.IMAP4_SSL(host, int(port), ssl_context=tls, timeout=60), user, password)
    started = imaplib.IMAP4(*address, timeout=60)
    started.starttls(tls)
    hold(started, user, password)
    unauthenticate(started, user, password)
    broken(address, user, password)
    bomb(address, user, password)
    print("done")


socket.setdefaulttimeout(60)
main()
