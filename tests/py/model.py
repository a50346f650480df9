"""A mailbox account by the book: folders, messages and flags in a simple model, random commands given to both the model and
the server, and every answer compared.

Arguments: imap (host:port), user, password, seed, number of commands.
"""

import random
import sys
import unicodedata

from imapwire import Imap, numbers

ADDRESS, USER, PASSWORD = sys.argv[1:4]
SEED, COMMANDS = int(sys.argv[4]), int(sys.argv[5])

SYSTEM = ["\\Seen", "\\Answered", "\\Flagged", "\\Deleted", "\\Draft"]
KEYWORDS = ["work", "$Forwarded"]
NAMES = ["INBOX", "a", "a/b", "a/b/c", "x", "x y", "\u263a", "gone"]
# What a session enables: how the server speaks then differs, what it says does not.
MODES = ["", "CONDSTORE", "QRESYNC", "IMAP4rev2", "UTF8=ACCEPT"]
WORDS = ["apple", "pineapple", "na\u00efve", "re-entry", "don't", "\u65e5\u672c\u8a9e", "under_score", "a.b.c.d", "foo@bar", "\u00c4PFEL", "1234567"]


def compared(text):
    """RFC 5051: without case, and taken apart, so that an i is found in an i with dots."""
    return unicodedata.normalize("NFKD", text.upper())


class Message:
    def __init__(self, uid, body, flags):
        self.uid, self.body, self.flags = uid, body, set(flags)
        head, _, rest = body.decode().partition("\r\n\r\n")
        self.subject = compared(head.split("Subject: ")[1].split("\r\n")[0])
        self.text = compared(rest)


class Folder:
    def __init__(self, validity):
        self.validity, self.next, self.messages = validity, 1, []

    def add(self, body, flags):
        self.messages.append(Message(self.next, body, flags))
        self.next += 1
        return self.next - 1

    def expunge(self, fits):
        gone = [message for message in self.messages if fits(message)]
        self.messages = [message for message in self.messages if not fits(message)]
        return gone


class Model:
    """Everything that is checked. The server's own mailboxes (Drafts and so on) are left alone and not looked at."""

    def __init__(self, imap, dice):
        self.imap, self.dice = imap, dice
        self.mode = dice.choice(MODES)
        if self.mode:
            imap.command(f"ENABLE {self.mode}")
        self.folders = {"INBOX": Folder(self.validity("INBOX"))}
        # Searches that found something.
        self.found = 0
        self.own = self.listed() - {"INBOX"}
        self.selected = None
        self.read_only = False
        self.serial = 0

    def validity(self, name):
        (row,) = self.imap.command(f"STATUS {self.quoted(name)} (UIDVALIDITY)").named("STATUS")
        return row[2][1]

    def step(self):
        here = [self.append, self.append, self.create, self.delete, self.rename, self.select, self.select, self.status, self.list]
        there = [self.store, self.store, self.store, self.fetch, self.search, self.search, self.copy, self.move, self.expunge, self.close]
        self.dice.choice(here + (there * 2 if self.selected else []))()

    # Names

    def quoted(self, name):
        return quoted(name, self.mode in ("IMAP4rev2", "UTF8=ACCEPT"))

    def text(self, name):
        return text(name, self.mode in ("IMAP4rev2", "UTF8=ACCEPT"))

    def name(self):
        return self.dice.choice(NAMES)

    def create(self):
        name = self.name()
        if name in self.folders:
            assert self.imap.refused(f"CREATE {self.quoted(name)}").code in ("ALREADYEXISTS", "CANNOT"), name
            return
        self.imap.command(f"CREATE {self.quoted(name)}")
        # RFC 3501 section 6.3.3: what lies above is made as well.
        for end in range(1, len(name.split("/")) + 1):
            above = "/".join(name.split("/")[:end])
            if above not in self.folders:
                self.folders[above] = Folder(self.validity(above))

    def delete(self):
        name = self.name()
        if name == "INBOX" or name not in self.folders or name == self.selected:
            if name != self.selected:
                assert self.imap.refused(f"DELETE {self.quoted(name)}").status == "NO", name
            return
        self.imap.command(f"DELETE {self.quoted(name)}")
        del self.folders[name]

    def rename(self):
        old, new = self.name(), self.name()
        if self.selected and (self.selected == old or self.selected.startswith(f"{old}/")):
            return
        if old not in self.folders or new in self.folders or old == "INBOX" or new.startswith(f"{old}/"):
            if old != "INBOX":
                assert self.imap.refused(f"RENAME {self.quoted(old)} {self.quoted(new)}").status == "NO", (old, new)
            return
        moved = {name: folder for name, folder in self.folders.items() if name == old or name.startswith(f"{old}/")}
        if any(new + name[len(old) :] in self.folders for name in moved):
            return
        self.imap.command(f"RENAME {self.quoted(old)} {self.quoted(new)}")
        for name, folder in moved.items():
            del self.folders[name]
            self.folders[new + name[len(old) :]] = folder
        for end in range(1, len(new.split("/"))):
            above = "/".join(new.split("/")[:end])
            if above not in self.folders:
                self.folders[above] = Folder(self.validity(above))

    def list(self):
        assert self.listed() - self.own == set(self.folders), (self.listed(), set(self.folders))
        for row in self.imap.command('LIST "" *').named("LIST"):
            name = self.text(row[3])
            children = any(other.startswith(f"{name}/") for other in self.folders)
            if name in self.folders:
                assert ("\\HasChildren" in row[1]) == children, row

    def listed(self):
        rows = self.imap.command('LIST "" *').named("LIST")
        return {self.text(row[3]) for row in rows if not {"\\Noselect", "\\NonExistent"} & set(row[1])}

    # Messages

    def append(self):
        name, flags = self.name(), self.flags()
        self.serial += 1
        words, subject = " ".join(self.words(6)), " ".join(self.words(2))
        body = (
            f"Subject: {subject}\r\nX-Serial: {self.serial}\r\nContent-Type: text/plain; charset=utf-8\r\n"
            f"Content-Transfer-Encoding: 8bit\r\n\r\n{words}\r\n{'x' * (self.serial * 37 % 500)}\r\n"
        ).encode()
        command = (f"APPEND {self.quoted(name)} ({' '.join(flags)}) ", body)
        if name not in self.folders:
            assert self.imap.refused(*command).code == "TRYCREATE", name
            return
        done = self.imap.command(*command)
        folder = self.folders[name]
        uid = folder.add(body, flags)
        assert done.code == f"APPENDUID {folder.validity} {uid}", (done.code, folder.validity, uid)

    def words(self, most):
        return self.dice.choices(WORDS, k=self.dice.randint(1, most))

    def part(self):
        """Something to look for: some letters of a word or of two, in any case."""
        words = " ".join(self.words(2))
        start = self.dice.randint(0, len(words) - 1)
        part = words[start : start + self.dice.randint(1, 12)].strip(" ") or "apple"
        return self.dice.choice([part, part.upper(), part.lower()])

    def flags(self):
        return self.dice.sample(SYSTEM + KEYWORDS, self.dice.randint(0, 3))

    def status(self):
        name = self.name()
        command = f"STATUS {self.quoted(name)} (MESSAGES UNSEEN UIDNEXT UIDVALIDITY DELETED SIZE)"
        if name not in self.folders:
            assert self.imap.refused(command).status == "NO"
            return
        (row,) = self.imap.command(command).named("STATUS")
        folder = self.folders[name]
        unseen = sum("\\Seen" not in message.flags for message in folder.messages)
        deleted = sum("\\Deleted" in message.flags for message in folder.messages)
        size = sum(len(message.body) for message in folder.messages)
        expected = [len(folder.messages), unseen, folder.next, int(folder.validity), deleted, size]
        assert [int(value) for value in row[2][1::2]] == expected, (name, row, expected)

    def select(self):
        name, self.read_only = self.name(), self.dice.random() < 0.2
        verb = "EXAMINE" if self.read_only else "SELECT"
        if name not in self.folders:
            assert self.imap.refused(f"{verb} {self.quoted(name)}").status == "NO"
            # RFC 3501 section 6.3.1: nothing is selected then.
            self.selected = None
            return
        done = self.imap.command(f"{verb} {self.quoted(name)}")
        self.selected = name
        folder = self.folders[name]
        assert done.named("EXISTS") == [[str(len(folder.messages)), "EXISTS"]], done.untagged
        assert done.codes("UIDVALIDITY") == [folder.validity] and done.codes("UIDNEXT") == [str(folder.next)], done.untagged
        assert done.code == ("READ-ONLY" if self.read_only else "READ-WRITE")
        if self.mode == "IMAP4rev2":
            # RFC 9051 appendix E: the first unseen message is told no more.
            return
        unseen = [number for number, message in enumerate(folder.messages, 1) if "\\Seen" not in message.flags]
        assert done.codes("UNSEEN") == [str(number) for number in unseen[:1]]

    def set(self):
        """A set of UIDs, some of which are none, and the messages it names."""
        folder = self.folders[self.selected]
        ranges = [sorted(self.dice.choices(range(1, folder.next + 2), k=2)) for _ in range(self.dice.randint(1, 3))]
        named = [m for m in folder.messages if any(low <= m.uid <= high for low, high in ranges)]
        return ",".join(f"{low}:{high}" if low != high else str(low) for low, high in ranges), named

    def number(self, message):
        return self.folders[self.selected].messages.index(message) + 1

    def store(self):
        names, named = self.set()
        how, flags = self.dice.choice(["+FLAGS", "-FLAGS", "FLAGS"]), self.flags()
        command = f"UID STORE {names} {how} ({' '.join(flags)})"
        if self.read_only:
            if named:
                assert self.imap.refused(command).status == "NO"
            return
        rows = self.imap.command(command).fetched()
        for message in named:
            if how == "+FLAGS":
                message.flags |= set(flags)
            elif how == "-FLAGS":
                message.flags -= set(flags)
            else:
                message.flags = set(flags)
        assert set(rows) == {self.number(message) for message in named}, (rows, names)
        for message in named:
            self.same_flags(rows[self.number(message)]["FLAGS"], message)

    def same_flags(self, told, message):
        assert {flag for flag in told if flag != "\\Recent"} == message.flags, (told, message.flags)

    def fetch(self):
        names, named = self.set()
        is_peek = self.dice.random() < 0.5
        body = "BODY.PEEK[]" if is_peek else "BODY[]"
        rows = self.imap.command(f"UID FETCH {names} (FLAGS RFC822.SIZE {body})").fetched()
        assert {int(row["UID"]): number for number, row in rows.items()} == {m.uid: self.number(m) for m in named}
        for message in named:
            row = rows[self.number(message)]
            if not is_peek and not self.read_only:
                message.flags.add("\\Seen")
            assert row["BODY[]"] == message.body and int(row["RFC822.SIZE"]) == len(message.body)
            self.same_flags(row["FLAGS"], message)

    def search(self):
        text, fits = self.key(2)
        expected = [message for message in self.folders[self.selected].messages if fits(message)]
        uids = [message.uid for message in expected]
        self.found += bool(uids)
        kind = self.dice.randint(0, 2)
        if kind == 0:
            order = self.dice.choice(["SIZE", "REVERSE SIZE"])
            (row,) = self.imap.command(f"UID SORT ({order}) UTF-8 {text}").named("SORT")
            sign = 1 if order == "SIZE" else -1
            ordered = [m.uid for m in sorted(expected, key=lambda m: sign * len(m.body))]
            assert [int(uid) for uid in row[1:]] == ordered, (text, row, ordered)
        elif kind == 1 or self.mode == "IMAP4rev2":
            returns = "RETURN (MIN MAX ALL COUNT) " if kind == 1 else ""
            (row,) = self.imap.command(f"UID SEARCH {returns}{self.charset()}{text}").named("ESEARCH")
            told = dict(zip(row[3::2], row[4::2]))
            assert row[2] == "UID" and numbers(told.get("ALL")) == uids, (text, row, uids)
            if kind == 1:
                ends = [int(told.get(end, 0)) for end in ("MIN", "MAX", "COUNT")]
                assert ends == [min(uids, default=0), max(uids, default=0), len(uids)], (text, row, uids)
        else:
            (row,) = self.imap.command(f"UID SEARCH {self.charset()}{text}").named("SEARCH")
            assert sorted(int(uid) for uid in row[1:]) == uids, (text, row, uids)

    def charset(self):
        # RFC 6855 section 3, RFC 9051 section 6.4.4: not beside UTF-8 that was enabled.
        return "" if self.mode in ("IMAP4rev2", "UTF8=ACCEPT") else "CHARSET UTF-8 "

    def key(self, depth):
        """A search key and what it means."""
        kind = self.dice.randint(0, 9 if depth else 6)
        if kind == 0:
            names, named = self.set()
            return f"UID {names}", lambda m: m in named
        if kind == 1:
            flag = self.dice.choice(SYSTEM)
            return flag[1:].upper(), lambda m: flag in m.flags
        if kind == 2:
            flag = self.dice.choice(SYSTEM)
            return f"UN{flag[1:].upper()}", lambda m: flag not in m.flags
        if kind == 3:
            word = self.dice.choice(KEYWORDS)
            return f"KEYWORD {word}", lambda m: word in m.flags
        if kind == 4:
            size = self.dice.randint(0, 500)
            return f"LARGER {size}", lambda m: len(m.body) > size
        if kind == 5:
            part, field = self.part(), self.dice.choice(["BODY", "SUBJECT", "TEXT"])
            low = compared(part)
            if field == "BODY" or (field == "TEXT" and len(part) < 4):
                return f'BODY "{part}"', lambda m: low in m.text
            if field == "SUBJECT":
                return f'SUBJECT "{part}"', lambda m: low in m.subject
            return f'TEXT "{part}"', lambda m: low in m.text or low in m.subject
        if kind == 6:
            part = str(self.dice.randint(0, 9))
            return f"HEADER X-Serial {part}", lambda m: part in m.body.split(b"X-Serial: ")[1].split(b"\r")[0].decode()
        one, fits_one = self.key(depth - 1)
        if kind == 7:
            return f"NOT {one}", lambda m: not fits_one(m)
        two, fits_two = self.key(depth - 1)
        if kind == 8:
            return f"OR {one} {two}", lambda m: fits_one(m) or fits_two(m)
        return f"({one} {two})", lambda m: fits_one(m) and fits_two(m)

    def copy(self):
        self.transfer("COPY")

    def move(self):
        self.transfer("MOVE")

    def transfer(self, verb):
        names, named = self.set()
        target = self.name()
        command = f"UID {verb} {names} {self.quoted(target)}"
        if not named or (verb == "MOVE" and self.read_only):
            return
        if target not in self.folders:
            assert self.imap.refused(command).code == "TRYCREATE", target
            return
        before = {message.uid: self.number(message) for message in named}
        done = self.imap.command(command)
        folder, source = self.folders[target], self.folders[self.selected]
        made = [folder.add(message.body, message.flags) for message in named]
        (told,) = done.codes("COPYUID")
        validity, was, became = told.split()
        assert (validity, numbers(was), numbers(became)) == (folder.validity, [m.uid for m in named], made), told
        if verb == "MOVE":
            source.expunge(lambda message: message in named)
            self.same_gone(done, before)
        else:
            self.same_gone(done, {})

    def same_gone(self, done, expected):
        """What the server says was expunged; `expected` is {uid: number before}."""
        if self.mode == "QRESYNC":
            told = [uid for response in done.named("VANISHED") for uid in numbers(response[1])]
            assert sorted(told) == sorted(expected) and not done.named("EXPUNGE"), (done.untagged, expected)
            return
        left = list(range(1, 10_000))
        told = sorted(left.pop(int(response[0]) - 1) for response in done.named("EXPUNGE"))
        assert told == sorted(expected.values()), (done.untagged, expected)

    def expunge(self):
        if self.read_only:
            return
        folder = self.folders[self.selected]
        doomed = {m.uid: self.number(m) for m in folder.messages if "\\Deleted" in m.flags}
        done = self.imap.command("EXPUNGE")
        folder.expunge(lambda message: "\\Deleted" in message.flags)
        self.same_gone(done, doomed)

    def close(self):
        if self.dice.random() < 0.5:
            self.imap.command("UNSELECT")
        else:
            done = self.imap.command("CLOSE")
            self.same_gone(done, {})
            if not self.read_only:
                self.folders[self.selected].expunge(lambda message: "\\Deleted" in message.flags)
        self.selected = None

    def compare(self):
        """Everything at once, in a session that knows nothing."""
        imap = Imap(ADDRESS, USER, PASSWORD)
        imap.command("ENABLE UTF8=ACCEPT")
        for name, folder in self.folders.items():
            imap.command(f"EXAMINE {quoted(name, is_utf8=True)}")
            rows = imap.command("UID FETCH 1:* (FLAGS BODY.PEEK[])").fetched() if folder.messages else {}
            assert len(rows) == len(folder.messages), (name, len(rows))
            for (_, row), message in zip(sorted(rows.items()), folder.messages):
                assert (int(row["UID"]), row["BODY[]"]) == (message.uid, message.body), name
                self.same_flags(row["FLAGS"], message)
        imap.close()


def text(name, is_utf8):
    name = name.decode() if isinstance(name, bytes) else name
    return name if is_utf8 else name.replace("&Jjo-", "\u263a")


def quoted(name, is_utf8):
    return f'"{name}"' if is_utf8 else f'"{name}"'.replace("\u263a", "&Jjo-")


def main():
    model = Model(Imap(ADDRESS, USER, PASSWORD), random.Random(SEED))
    for number in range(COMMANDS):
        try:
            model.step()
        except AssertionError as failure:
            raise AssertionError(f"command {number}, {model.mode} enabled, with {model.selected} selected: {failure}") from failure
        if number % 500 == 0:
            model.compare()
    model.compare()
    assert model.found > COMMANDS / 50, model.found
    print(f"{model.mode}: {model.found} found, {COMMANDS} commands, {sum(len(folder.messages) for folder in model.folders.values())} messages")


main()
