"""Messages that MIME readers trip over, as pairs of a name and octets. Nothing here comes from anybody's mail."""

CRLF = "\r\n"


def octets(text):
    return text.replace("\n", CRLF).encode("utf-8", "surrogateescape")


HEAD = "From: Anna <anna@x.test>\nTo: ben@x.test\nSubject: s\nMIME-Version: 1.0\n"


def multipart(boundary, parts, subtype="mixed", head=""):
    body = "".join(f"--{boundary}\n{part}\n" for part in parts)
    return f'{head}Content-Type: multipart/{subtype}; boundary="{boundary}"\n\n{body}--{boundary}--\n'


def attached(message):
    return f"Content-Type: message/rfc822\n\n{message}"


def nested(depth):
    inner = "Content-Type: text/plain\n\ninnermost\n"
    for level in range(depth):
        inner = multipart(f"b{level}x", [inner])
    return inner


def nested_messages(depth):
    inner = "Subject: innermost\n\nx\n"
    for _ in range(depth):
        inner = attached(inner)
    return inner


TEXT = "Content-Type: text/plain; charset=us-ascii\n\none line\n"
HTML = "Content-Type: text/html; charset=utf-8\nContent-Transfer-Encoding: base64\n\nPHA+w7w8L3A+\n"
IMAGE = 'Content-Type: image/png; name="a b.png"\nContent-Transfer-Encoding: base64\nContent-Disposition: attachment; filename="a b.png"\n\niVBORw0KGgo=\n'
QUOTED = "Content-Type: text/plain; charset=iso-8859-1\nContent-Transfer-Encoding: quoted-printable\n\ngr=FC=DFe =\nand more\n"

ALL = [
    ("plain", octets(HEAD + TEXT)),
    ("alternative", octets(multipart("alt", [TEXT, HTML, QUOTED], "alternative", HEAD))),
    ("message in multipart in message in multipart", octets(multipart("o", [TEXT, attached(multipart("i", [HTML, attached(HEAD + IMAGE)], head=HEAD))], head=HEAD))),
    ("digest", octets(multipart("d", ["\nSubject: one\n\nfirst\n", "\nSubject: two\n\nsecond\n"], "digest", HEAD))),
    ("message as the whole body", octets(HEAD + attached(HEAD + multipart("i", [TEXT, IMAGE])))),
    ("multipart with nothing in it", octets(HEAD + 'Content-Type: multipart/mixed; boundary="b"\n\n--b--\n')),
    ("multipart without a boundary", octets(HEAD + "Content-Type: multipart/mixed\n\n--b\n\nx\n--b--\n")),
    ("multipart whose boundary never comes", octets(HEAD + 'Content-Type: multipart/mixed; boundary="b"\n\nonly text\n')),
    ("multipart without an end", octets(HEAD + 'Content-Type: multipart/mixed; boundary="b"\n\n--b\n\none\n--b\nContent-Type: text/html\n\ntwo\n')),
    ("inner multipart without an end", octets(HEAD + 'Content-Type: multipart/mixed; boundary="o"\n\n--o\nContent-Type: multipart/mixed; boundary="i"\n\n--i\n\none\n--o\n\ntwo\n--o--\n')),
    ("empty parts", octets(HEAD + 'Content-Type: multipart/mixed; boundary="b"\n\n--b\n--b\n\n--b\n\n\n--b--\n')),
    ("part without an empty line", octets(HEAD + 'Content-Type: multipart/mixed; boundary="b"\n\n--b\nContent-Type: text/html\n--b\n\nx\n--b--\n')),
    ("a boundary that begins another", octets(multipart("ab", [TEXT, multipart("abc", [HTML, IMAGE])], head=HEAD))),
    ("a boundary that another begins", octets(multipart("abc", [TEXT, multipart("ab", [HTML, IMAGE])], head=HEAD))),
    ("inner and outer boundary the same", octets(multipart("b", [TEXT, multipart("b", [HTML])], head=HEAD))),
    ("boundaries with blanks behind", octets(HEAD + 'Content-Type: multipart/mixed; boundary="b"\n\n--b  \n\none\n--b\t\n\ntwo\n--b-- \nepilogue\n')),
    ("boundary of specials", octets(multipart("=_'()+,./:=?", [TEXT], head=HEAD))),
    ("preamble and epilogue", octets(HEAD + 'Content-Type: multipart/mixed; boundary="b"\n\nThis is MIME.\n--bb\n--b\n\none\n--b--\n--b\nnot a part\n')),
    ("no header", b"\r\nonly a body\r\n"),
    ("no body", octets(HEAD)),
    ("header with an empty line and no body", octets(HEAD + "\n")),
    ("one octet", b"x"),
    ("one line end", b"\r\n"),
    ("no colon", b"this is no field\r\n\r\nbody\r\n"),
    ("first line begins with a space", b" folded from nowhere\r\nSubject: s\r\n\r\nbody\r\n"),
    ("bare LF", (HEAD + multipart("b", [TEXT, IMAGE])).encode()),
    ("bare CR", octets(HEAD).replace(b"Subject: s", b"Subject: a\rb") + b"\r\nline\rline\r\n"),
    ("mixed line ends", octets(HEAD) + b"Content-Type: multipart/mixed; boundary=b\n\r\n--b\n\none\r\n--b\r\n\r\ntwo\n--b--\r\n"),
    ("8-bit header", octets("Subject: Grüße\nFrom: Jürgen <j@x.test>\nTo: \udcfcber@x.test\nContent-Type: text/plain; name=\"ü.txt\"\n\nx\n")),
    ("8-bit header in latin-1", "Subject: Gr\xfc\xdfe\r\nFrom: \"J\xfcrgen\" <j@x.test>\r\n\r\n\xfc\r\n".encode("latin-1")),
    ("encoded words", octets("Subject: =?utf-8?q?Gr=C3=BC=C3=9Fe?= =?iso-8859-1?b?/A==?=\nFrom: =?utf-8?b?SsO8cmdlbg==?= <j@x.test>\n\nx\n")),
    ("broken encoded words", octets("Subject: =?utf-8?q?=C3=?= =?nope?b?###?= =?utf-8?b?AA\nFrom: =?utf-8?x?y?= <j@x.test>\n\nx\n")),
    ("parameters in pieces", octets(HEAD + "Content-Type: text/plain; name*0*=utf-8''%e2%82%ac%20; name*1*=rates; name*2=.txt\nContent-Disposition: attachment; filename*=iso-8859-1'en'%A3%20rates\n\nx\n")),
    ("broken parameters in pieces", octets(HEAD + "Content-Type: text/plain; name*1*=%zz; name*3=x; name*0=\nContent-Disposition: ;;filename*=nope''%; =x; y\n\nx\n")),
    ("type without a subtype", octets(HEAD + "Content-Type: text\n\nx\n")),
    ("type of nothing", octets(HEAD + "Content-Type:\n\nx\n")),
    ("two types", octets(HEAD + 'Content-Type: text/html\nContent-Type: multipart/mixed; boundary="b"\n\n--b\n\nx\n--b--\n')),
    ("comments in the type", octets(HEAD + 'Content-Type: (a) text (b) / (c) html (d); (e) charset (f) = "utf-8" (g)\n\n<p>x</p>\n')),
    ("dates out of range", octets("Date: Thu, 99 Foo 2026 77:88:99 +9999\nFrom: a@x.test\n\nx\n")),
    ("no addresses where some belong", octets("From: \nTo: ,,;\nCc: (only a comment)\nBcc: <>\n\nx\n")),
    ("groups and routes", octets('To: Friends: Ann <a@x.test>, "B \\"b\\"" <b@x.test>;, <@r.test,@q.test:c@x.test>\nFrom: none: ;\n\nx\n')),
    ("address without an end", octets('From: "never closed <a@x.test>\nTo: <b@x.test\nCc: (open (open\n\nx\n')),
    ("literal in an address", octets("From: a@[192.0.2.1]\nTo: \"a@b\"@[IPv6:::1]\n\nx\n")),
    ("long line", octets(HEAD + "\n") + b"x" * 100_000 + b"\r\nshort\r\n"),
    ("long header", octets(HEAD) + b"X-Long: " + b"y" * 100_000 + b"\r\nX-Folded: " + b"z\r\n " * 20_000 + b"z\r\n\r\nbody\r\n"),
    ("many fields", octets(HEAD) + b"".join(b"X-%d: v\r\n" % n for n in range(5_000)) + b"\r\nbody\r\n"),
    ("unknown encoding", octets(HEAD + "Content-Transfer-Encoding: x-uuencode\n\nx\n")),
    ("broken base64", octets(HEAD + "Content-Type: image/png\nContent-Transfer-Encoding: BASE64\n\niVBO!!Rw0=KGgo\nx\n")),
    ("broken quoted-printable", octets(HEAD + "Content-Transfer-Encoding: quoted-printable\n\n=ZZ =4\n=\n=C3=BC \t\nend=")),
    ("encoded message", octets(multipart("b", ["Content-Type: message/rfc822\nContent-Transfer-Encoding: base64\n\nU3ViamVjdDogeA0KDQp5\n"], head=HEAD))),
    ("delivery report", octets(multipart("b", [TEXT, "Content-Type: message/delivery-status\n\nReporting-MTA: dns; x.test\n\nFinal-Recipient: rfc822; a@x.test\n", attached(HEAD + "\nx\n")], "report", HEAD))),
    ("partial message", octets(HEAD + 'Content-Type: message/partial; id="x"; number=1; total=2\n\nSubject: y\n\nx\n')),
    ("nested 50 deep", octets(HEAD + nested(50))),
    ("nested 1,000 deep", octets(HEAD + nested(1_000))),
    ("messages 1,000 deep", octets(nested_messages(1_000))),
    ("2,000 parts", octets(multipart("b", ["\nx"] * 2_000, head=HEAD))),
    ("dashes everywhere", octets(HEAD + 'Content-Type: multipart/mixed; boundary="-"\n\n---\n\n--\n-\n----\n---\n\nx\n-----\n')),
    ("parts that end without a line end", octets(HEAD + 'Content-Type: multipart/mixed; boundary="b"\n\n--b\n\nx\n--b--')),
]
