"""A mail program that is offline most of the time: it and others change the mailbox, and when it comes back QRESYNC tells it
what happened, no more, and its own changes go through unless somebody was there first (RFC 7162).

Arguments: imap (host:port), user, password, seed, number of times it goes offline.
"""

import random
import sys

from imapwire import Imap, numbers
from mirrors import ByResync, assert_same, truth

ADDRESS, USER, PASSWORD = sys.argv[1:4]
SEED, ROUNDS = int(sys.argv[4]), int(sys.argv[5])
ACCOUNT = (ADDRESS, USER, PASSWORD)
MESSAGES = 400


def text(number):
    return f"From: <{USER}>\r\nSubject: {number}\r\n\r\n{'x' * 500}\r\n".encode()


def others(dice, number, uids):
    """What happens in the meantime; gives what was flagged and what went."""
    imap = Imap(*ACCOUNT)
    imap.command("SELECT INBOX")
    flagged = dice.sample(uids, 5)
    for uid in flagged:
        # Never without effect, so that each counts as changed.
        imap.command(f"UID STORE {uid} {dice.choice(['+FLAGS', 'FLAGS'])} ($At{number})")
    gone = dice.sample(uids, 4)
    imap.command(f"UID STORE {','.join(map(str, gone))} +FLAGS (\\Deleted)")
    imap.command(f"UID EXPUNGE {','.join(map(str, gone))}")
    for _ in range(dice.randint(0, 3)):
        imap.command("APPEND INBOX ", text("new"))
    imap.close()
    return set(flagged) - set(gone), set(gone)


def come_back(mirror, queue):
    """Connects, takes in the news and sends what was queued; gives what could not be done as others were first."""
    known = {uid: mirror.messages[uid][1] for uid in queue}
    spoken = mirror.connect()
    received = mirror.imap.received
    conflicts = set()
    for uid, (how, flags) in queue.items():
        done = mirror.imap.command(f"UID STORE {uid} (UNCHANGEDSINCE {known[uid]}) {how} ({flags})")
        for response in done.untagged:
            mirror.take(response)
        mirror.told(done.code)
        conflicts |= {uid for code in done.codes("MODIFIED") for uid in numbers(code)}
    mirror.complete()
    return spoken, received, conflicts


def main():
    dice = random.Random(SEED)
    imap = Imap(*ACCOUNT)
    for number in range(MESSAGES):
        imap.command("APPEND INBOX ", text(number))
    imap.close()
    mirror = ByResync(*ACCOUNT)
    mirror.connect()
    assert_same(mirror, truth(*ACCOUNT), "at first")
    first = mirror.imap.received
    for number in range(ROUNDS):
        mirror.leave(politely=dice.random() < 0.5)
        uids = sorted(mirror.messages)
        queue = {uid: (dice.choice(["+FLAGS", "-FLAGS"]), dice.choice(["\\Answered", "later"])) for uid in dice.sample(uids, 12)}
        flagged, gone = others(dice, number, uids)
        spoken, received, conflicts = come_back(mirror, queue)
        # What others changed is told; of what was queued, nothing more and nothing less is refused.
        assert spoken == len(flagged) + len(gone), (spoken, flagged, gone)
        assert received < first / 20, f"{received} octets to resynchronise, {first} for everything"
        assert conflicts == flagged & set(queue), (conflicts, flagged, set(queue))
        mirror.run("APPEND INBOX (\\Draft) ", text("written offline"))
        # RFC 7162 section 3.2.7: the reply to EXPUNGE tells up to where everything is known.
        some = ",".join(map(str, dice.sample(sorted(mirror.messages), 2)))
        mirror.store(some, "+FLAGS.SILENT", "\\Deleted")
        mirror.run(f"UID EXPUNGE {some}")
        assert_same(mirror, truth(*ACCOUNT), "back again")
    print(f"{len(mirror.messages)} messages")


main()
