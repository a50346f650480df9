"""Mail programs on one mailbox while mail pours in and others move it about: in the end they and the server agree,
message by message. One listens by IDLE and thinks in numbers, one is told by NOTIFY, one comes and goes with QRESYNC.

Arguments: imap, smtp (host:port), user, password, seed, number of actions of each.
"""

import random
import smtplib
import sys
import threading

from imapwire import Imap
from mirrors import ByNotify, ByNumbers, ByResync, assert_same, truth

IMAP, SMTP, USER, PASSWORD = sys.argv[1:5]
SEED, ACTIONS = int(sys.argv[5]), int(sys.argv[6])
ACCOUNT = (IMAP, USER, PASSWORD)
failures = []


def message(who, number):
    return f"From: <{who}@sender.test>\r\nTo: <{USER}>\r\nSubject: {who} {number}\r\n\r\nNumber {number} of {who}.\r\n".encode()


def deliver(dice):
    host, port = SMTP.rsplit(":", 1)
    smtp = smtplib.SMTP(host, int(port))
    for number in range(ACTIONS):
        smtp.sendmail("someone@sender.test", [USER], message("smtp", number))
    smtp.quit()


def shuffle(dice):
    """Brings back what was moved away, and expunges by flag."""
    imap = Imap(*ACCOUNT)
    for _ in range(ACTIONS // 2):
        imap.command("SELECT Other")
        imap.command(dice.choice(["UID MOVE 1:* INBOX", "UID COPY 1:* INBOX", "STORE 1:* FLAGS (\\Deleted)", "EXPUNGE"]))
        imap.command("SELECT INBOX")
        imap.command(dice.choice(["EXPUNGE", "CLOSE", "STORE 1:* +FLAGS ($Shuffled)", "STORE 1:* -FLAGS (\\Deleted)"]))
    imap.close()


def listen(dice):
    mirrors["by numbers"] = watch(dice, ByNumbers(*ACCOUNT))


def be_told(dice):
    mirrors["by notify"] = watch(dice, ByNotify(*ACCOUNT))


def watch(dice, mirror):
    for number in range(ACTIONS):
        if dice.random() < 0.5:
            mirror.idle(0.02)
        else:
            mirror.act(dice, message("idle", number))
    return mirror


def come_and_go(dice):
    mirror = ByResync(*ACCOUNT)
    for number in range(ACTIONS // 4):
        mirror.connect(is_compressed=dice.random() < 0.5)
        for _ in range(dice.randint(0, 6)):
            mirror.act(dice, message("resync", number))
        if dice.random() < 0.5:
            mirror.run("NOOP")
        mirror.leave(dice.random() < 0.5)
    mirrors["by resync"] = mirror


mirrors = {}


def guarded(work, dice):
    try:
        work(dice)
    except BaseException as failure:
        failures.append(f"{work.__name__}: {type(failure).__name__}: {failure}")
        raise


def main():
    setup = Imap(*ACCOUNT)
    setup.command("CREATE Other")
    setup.close()
    works = [deliver, shuffle, listen, be_told, come_and_go]
    threads = [threading.Thread(target=guarded, args=(work, random.Random(f"{SEED} {work.__name__}"))) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failures, failures
    there = truth(*ACCOUNT)
    mirrors["by numbers"].run("NOOP")
    mirrors["by notify"].run("NOOP")
    mirrors["by resync"].connect()
    for who, mirror in mirrors.items():
        assert_same(mirror, there, who)
    print(f"{len(there)} messages")


main()
