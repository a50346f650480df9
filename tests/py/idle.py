"""Sessions in IDLE: idle.py HOST:PORT CERTIFICATE|- deflate|- USER PASSWORD COUNT

Says "ready" when all of them wait; ends them, each of which must still answer, when its input ends.
"""

import socket
import ssl
import sys
import zlib


class Deflated:
    """A socket whose octets are compressed both ways."""

    def __init__(self, sock):
        self.sock = sock
        self.packer = zlib.compressobj(6, zlib.DEFLATED, -15)
        self.unpacker = zlib.decompressobj(-15)

    def sendall(self, octets):
        self.sock.sendall(self.packer.compress(octets) + self.packer.flush(zlib.Z_SYNC_FLUSH))

    def recv(self, count):
        octets = self.sock.recv(count)
        return self.unpacker.decompress(octets) or (octets and self.recv(count))


def line(sock):
    got = b""
    while not got.endswith(b"\r\n"):
        octets = sock.recv(4096)
        assert octets, got
        got += octets
    return got


def ask(sock, command, end):
    sock.sendall(command.encode() + b"\r\n")
    got = b""
    while end not in got:
        got += line(sock)


def main():
    address, certificate, layer, user, password, count = sys.argv[1:]
    host, port = address.rsplit(":", 1)
    tls = None
    if certificate != "-":
        tls = ssl.create_default_context(cafile=certificate)
        tls.check_hostname = False
    sessions = []
    for _ in range(int(count)):
        sock = socket.create_connection((host, int(port)), timeout=60)
        if tls:
            sock = tls.wrap_socket(sock, server_hostname=host)
        line(sock)
        ask(sock, f'a LOGIN {user} "{password}"', b"a OK")
        if layer == "deflate":
            ask(sock, "z COMPRESS DEFLATE", b"z OK")
            sock = Deflated(sock)
        ask(sock, "b SELECT INBOX", b"b OK")
        ask(sock, "c IDLE", b"+ idling")
        sessions.append(sock)
    print("ready", flush=True)
    sys.stdin.read()
    for sock in sessions:
        ask(sock, "DONE", b"c OK")
    print("done", flush=True)


main()
