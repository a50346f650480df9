"""Python's own clients: what smtplib sends, imaplib and poplib show at once with an identical body.

Arguments: submission, submissions, imap, imaps, pop3, pop3s (host:port each), certificate, sender,
recipient, password.
"""

import imaplib
import poplib
import smtplib
import ssl
import sys

SUBMISSION, SUBMISSIONS, IMAP, IMAPS, POP3, POP3S = [
    (address.rsplit(":", 1)[0], int(address.rsplit(":", 1)[1])) for address in sys.argv[1:7]
]
CERTIFICATE, SENDER, RECIPIENT, PASSWORD = sys.argv[7:11]
TLS = ssl.create_default_context(cafile=CERTIFICATE)


def message(token):
    return (
        f"From: <{SENDER}>\r\nTo: <{RECIPIENT}>\r\nSubject: {token}\r\n"
        "Date: Mon, 23 Nov 2026 10:00:00 +0000\r\n"
        f"Message-ID: <{token}@python.test>\r\n\r\n"
        f"This is {token}.\r\n.\r\n..Two dots begin this line, and a long one follows:\r\n" + "x" * 990 + "\r\n"
    ).encode()


def send(way, mechanism, token):
    if way == "implicit":
        smtp = smtplib.SMTP_SSL(*SUBMISSIONS, context=TLS)
    else:
        smtp = smtplib.SMTP(*SUBMISSION)
    with smtp:
        smtp.ehlo("python.test")
        if way == "starttls":
            smtp.starttls(context=TLS)
            smtp.ehlo("python.test")
        smtp.user, smtp.password = SENDER, PASSWORD
        offered = smtp.esmtp_features["auth"].split()
        assert mechanism.upper() in offered, (mechanism, offered)
        smtp.auth(mechanism, getattr(smtp, "auth_" + mechanism.lower()))
        refused = smtp.sendmail(SENDER, [RECIPIENT], message(token))
        assert refused == {}, refused


def imap_session(way):
    if way == "implicit":
        imap = imaplib.IMAP4_SSL(*IMAPS, ssl_context=TLS)
    else:
        imap = imaplib.IMAP4(*IMAP)
        if way == "starttls":
            imap.starttls(TLS)
    imap.login(RECIPIENT, PASSWORD)
    return imap


def pop3_session(way):
    if way == "implicit":
        pop3 = poplib.POP3_SSL(*POP3S, context=TLS)
    else:
        pop3 = poplib.POP3(*POP3)
        if way == "starttls":
            pop3.stls(TLS)
    pop3.user(RECIPIENT)
    pop3.pass_(PASSWORD)
    return pop3


def newest_by_imap(way):
    imap = imap_session(way)
    status, (count,) = imap.select("INBOX")
    assert status == "OK"
    status, data = imap.fetch(count, "(UID BODY.PEEK[])")
    assert status == "OK"
    imap.logout()
    return int(count), data[0][1]


def newest_by_pop3(way):
    pop3 = pop3_session(way)
    count, _octets = pop3.stat()
    _reply, lines, octets = pop3.retr(count)
    whole = b"".join(line + b"\r\n" for line in lines)
    assert octets == len(whole), (octets, len(whole))
    pop3.quit()
    return count, whole


def body(whole):
    return whole.split(b"\r\n\r\n", 1)[1]


def main():
    sent = 0
    for way in ("plain", "starttls", "implicit"):
        for mechanism in ("PLAIN", "LOGIN"):
            token = f"{way}-{mechanism.lower()}"
            send(way, mechanism, token)
            sent += 1
            count, by_imap = newest_by_imap(way)
            assert count == sent, f"{token}: IMAP shows {count} of {sent} messages right after the 250"
            count, by_pop3 = newest_by_pop3(way)
            assert count == sent, f"{token}: POP3 shows {count} of {sent} messages right after the 250"
            assert by_imap == by_pop3, f"{token}: IMAP and POP3 differ"
            assert body(by_imap) == body(message(token)), f"{token}: the body changed: {by_imap!r}"
            assert f"Subject: {token}\r\n".encode() in by_imap
    print(sent)


main()
