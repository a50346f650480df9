"""Ways in which mail programs keep a mailbox in mind: by numbers with IDLE or NOTIFY, and by QRESYNC over many connections.

A mirror is {uid: (flags, modseq, digest of the body)}; whoever uses one compares it with the server's own account.
"""

import hashlib
import select

from imapwire import Imap, numbers, pairs

ITEMS = "(UID FLAGS MODSEQ BODY.PEEK[])"


def digest(octets):
    return hashlib.sha256(octets).hexdigest()[:16]


def flags_of(value):
    # \Recent is the session's, not the message's.
    return frozenset(flag.lower() for flag in value if flag != "\\Recent")


class Mirror:
    """What both have in common: messages, and actions upon them."""

    def __init__(self, address, user, password):
        self.account = (address, user, password)
        self.messages = {}
        self.imap = None
        self.silent = None

    def put(self, items):
        """A FETCH response with a UID."""
        uid = int(items["UID"])
        flags, modseq, seen = self.messages.get(uid, (None, 0, None))
        if "FLAGS" in items:
            new = int(items["MODSEQ"][0])
            assert new >= modseq, f"the mod-sequence of {uid} went back from {modseq} to {new}"
            flags, modseq = flags_of(items["FLAGS"]), new
        elif "MODSEQ" in items and int(items["MODSEQ"][0]) > modseq:
            # RFC 7162 section 3.1.3: of a silent STORE only the mod-sequence is told; the flags are as was asked.
            modseq = int(items["MODSEQ"][0])
            flags = flags if flags is None else self.silent(flags)
        if "BODY[]" in items:
            assert seen in (None, digest(items["BODY[]"])), f"the body of {uid} changed"
            seen = digest(items["BODY[]"])
        self.messages[uid] = (flags, modseq, seen)

    def run(self, *command):
        """Runs a command and takes in what comes with it."""
        tag = self.imap.send(*command)
        done = self.imap.finish(tag)
        for response in done.untagged:
            self.take(response)
        self.told(done.code)
        self.complete()
        return done

    def told(self, code):
        pass

    def act(self, random, text):
        """Does something to the mailbox, as a person would."""
        uids = sorted(self.messages)
        some = ",".join(str(uid) for uid in random.sample(uids, min(len(uids), random.randint(1, 4))))
        kind = random.choice(["append", "flag", "flag", "flag", "copy", "move", "expunge"]) if uids else "append"
        if kind == "append":
            flags = random.choice(["", "(\\Seen) ", "($Work \\Flagged) "])
            self.run(f"APPEND INBOX {flags}", text)
        elif kind == "flag":
            how = random.choice(["+FLAGS", "-FLAGS", "FLAGS", "+FLAGS.SILENT", "-FLAGS.SILENT"])
            flags = random.choice(["\\Seen", "\\Flagged", "$Work", "\\Answered \\Draft"])
            self.store(some, how, flags)
        elif kind == "copy":
            self.run(f"UID COPY {some} Other")
        elif kind == "move":
            self.run(f"UID MOVE {some} Other")
        else:
            self.store(some, "+FLAGS.SILENT", "\\Deleted")
            self.run(f"UID EXPUNGE {some}")


    def fetch_missing(self):
        """What was only spoken of when its flags changed."""
        missing = [uid for uid, (flags, _, seen) in self.messages.items() if seen is None or flags is None]
        if missing:
            some = ",".join(map(str, missing))
            for response in self.imap.command(f"UID FETCH {some} {ITEMS}").untagged:
                self.take(response)

    def store(self, uids, how, flags):
        named = flags_of(flags.split())
        if how.endswith(".SILENT"):
            self.silent = (lambda had: had | named) if how[0] == "+" else (lambda had: had - named)
        self.run(f"UID STORE {uids} {how} ({flags})")
        self.silent = None


class ByNumbers(Mirror):
    """One long session with IDLE; the server speaks of messages by their numbers."""

    def __init__(self, *account):
        super().__init__(*account)
        self.numbered = []
        self.imap = Imap(*self.account)
        self.imap.command("ENABLE CONDSTORE")
        self.run("SELECT INBOX")

    def take(self, response):
        if len(response) < 2:
            return
        if response[1] == "EXISTS":
            count = int(response[0])
            assert count >= len(self.numbered), f"{len(self.numbered)} messages became {count} without EXPUNGE"
            self.numbered += [None] * (count - len(self.numbered))
        elif response[1] == "EXPUNGE":
            self.messages.pop(self.numbered.pop(int(response[0]) - 1), None)
        elif response[1] == "FETCH":
            items = pairs(response[2])
            at = int(response[0]) - 1
            if "UID" in items:
                uid = int(items["UID"])
                assert self.numbered[at] in (None, uid), f"number {at + 1} is {self.numbered[at]} and {uid}"
                self.numbered[at] = uid
                self.put(items)
            elif self.numbered[at] is not None:
                self.put({**items, "UID": self.numbered[at]})

    def complete(self):
        self.fetch_arrived()
        assert self.numbered == sorted(self.numbered), self.numbered
        self.fetch_missing()

    def fetch_arrived(self):
        """FETCH lets the server tell of no EXPUNGE, so that the numbers hold."""
        while None in self.numbered:
            first = self.numbered.index(None) + 1
            for response in self.imap.command(f"FETCH {first}:* {ITEMS}").untagged:
                self.take(response)
            if self.numbered[first - 1] is None:
                # It was expunged before it could be fetched: NOOP tells.
                for response in self.imap.command("NOOP").untagged:
                    self.take(response)

    def idle(self, seconds):
        """Listens until something comes or the time is over."""
        tag = self.imap.send("IDLE")
        assert self.imap.response()[0] == "+"
        if select.select([self.imap.socket], [], [], seconds)[0]:
            self.take(self.imap.response()[1:])
        self.imap.write(b"DONE\r\n")
        for response in self.imap.finish(tag).untagged:
            self.take(response)
        self.complete()


class ByNotify(ByNumbers):
    """One long session that is told without asking (RFC 5465). Numbers may move at any moment, so that it asks by UID."""

    def __init__(self, *account):
        super().__init__(*account)
        self.run("NOTIFY SET (SELECTED (MessageNew (UID FLAGS MODSEQ) MessageExpunge FlagChange))")

    def fetch_arrived(self):
        while None in self.numbered:
            known = self.numbered[: self.numbered.index(None)]
            last = known[-1] if known else 0
            for response in self.imap.command(f"UID FETCH {last + 1}:* {ITEMS}").untagged:
                self.take(response)
            if None in self.numbered:
                for response in self.imap.command("NOOP").untagged:
                    self.take(response)

    def idle(self, seconds):
        """Does nothing until something comes; NOOP then shows where it ends."""
        select.select([self.imap.socket], [], [], seconds)
        self.run("NOOP")


class ByResync(Mirror):
    """Comes and goes; on its return the server tells what happened since (RFC 7162 section 3.2)."""

    def __init__(self, *account):
        super().__init__(*account)
        self.state = None
        # Every message up to this UID was fetched, or is gone.
        self.known_to = 0
        self.has_more = False

    def connect(self, is_compressed=False):
        """Gives how many messages the server spoke of."""
        self.imap = Imap(*self.account)
        self.imap.command("ENABLE QRESYNC")
        if is_compressed:
            self.imap.compress()
        since = ""
        if self.state:
            since = f" (QRESYNC ({self.state[0]} {self.state[1]} 1:{max(self.known_to, 1)}))"
        self.has_more = True
        done = self.run(f"SELECT INBOX{since}")
        (validity,) = done.codes("UIDVALIDITY")
        assert self.state is None or self.state[0] == validity
        # A change that happened meanwhile may be told behind the state, with a later mod-sequence.
        *_, modseq = done.codes("HIGHESTMODSEQ")
        self.state = (validity, modseq)
        return len(done.named("FETCH")) + sum(len(numbers(r[-1])) for r in done.named("VANISHED"))

    def take(self, response):
        if response[0] == "VANISHED":
            for uid in numbers(response[-1]):
                self.messages.pop(uid, None)
        elif len(response) > 1 and response[1] == "FETCH":
            self.put(pairs(response[2]))
        elif len(response) > 1 and response[1] == "EXPUNGE":
            raise AssertionError("EXPUNGE though QRESYNC is enabled")
        elif len(response) > 1 and response[1] == "EXISTS":
            self.has_more = True
        elif response[0] == "OK":
            self.told(response[1])

    def told(self, code):
        if code and code.startswith("HIGHESTMODSEQ ") and self.state:
            self.state = (self.state[0], code.split()[1])

    def complete(self):
        """Fetches what arrived."""
        while self.has_more:
            self.has_more = False
            for response in self.imap.command(f"UID FETCH {self.known_to + 1}:* {ITEMS}").untagged:
                self.take(response)
            self.known_to = max(self.messages, default=self.known_to)
        self.fetch_missing()

    def leave(self, politely):
        if politely:
            self.run("LOGOUT")
        self.imap.close()


def truth(*account):
    """The mailbox as a session sees it that knows nothing of the past."""
    imap = Imap(*account)
    imap.command("ENABLE CONDSTORE")
    imap.command("EXAMINE INBOX")
    rows = imap.command(f"UID FETCH 1:* {ITEMS}").fetched()
    imap.close()
    assert sorted(rows) == list(range(1, len(rows) + 1))
    found = {}
    for number in sorted(rows):
        items = rows[number]
        found[int(items["UID"])] = (flags_of(items["FLAGS"]), int(items["MODSEQ"][0]), digest(items["BODY[]"]))
    assert list(found) == sorted(found)
    return found


def assert_same(mirror, there, who):
    here = mirror.messages
    assert set(here) == set(there), f"{who}: only here {set(here) - set(there)}, only there {set(there) - set(here)}"
    different = [(uid, here[uid], there[uid]) for uid in there if here[uid] != there[uid]]
    assert not different, f"{who}: {different[:5]}"
