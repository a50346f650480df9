"""A mailbox account by the book: folders, messages and flags in a simple model, random commands given to both the model and
the server, and every answer compared.

Arguments: imap (host:port), user, password, seed, number of commands.
"""

import random
import sys

from imapwire import Imap, numbers

ADDRESS, USER, PASSWORD = sys.argv[1:4]
SEED, COMMANDS = int(sys.argv[4]), int(sys.argv[5])

SYSTEM = ["\\Seen", "\\Answered", "\\Flagged", "\\Deleted", "\\Draft"]
KEYWORDS = ["work", "$Forwarded"]
NAMES = ["INBOX", "a", "a/b", "a/b/c", "x", "x y", "&Jjo-", "gone"]


class Message:
    def __init__(self, uid, body, flags):
        self.uid, self.body, self.flags = uid, body, set(flags)


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
        self.folders = {"INBOX": Folder(self.validity("INBOX"))}
        self.own = self.listed() - {"INBOX"}
        self.selected = None
        self.read_only = False
        self.serial = 0

    def validity(self, name):
        (row,) = self.imap.command(f"STATUS {quoted(name)} (UIDVALIDITY)").named("STATUS")
        return row[2][1]

    def step(self):
        here = [self.append, self.append, self.create, self.delete, self.rename, self.select, self.select, self.status, self.list]
        there = [self.store, self.store, self.store, self.fetch, self.search, self.search, self.copy, self.move, self.expunge, self.close]
        self.dice.choice(here + (there * 2 if self.selected else []))()

    # Names

    def name(self):
        return self.dice.choice(NAMES)

    def create(self):
        name = self.name()
        if name in self.folders:
            assert self.imap.refused(f"CREATE {quoted(name)}").code in ("ALREADYEXISTS", "CANNOT"), name
            return
        self.imap.command(f"CREATE {quoted(name)}")
        # RFC 3501 section 6.3.3: what lies above is made as well.
        for end in range(1, len(name.split("/")) + 1):
            above = "/".join(name.split("/")[:end])
            if above not in self.folders:
                self.folders[above] = Folder(self.validity(above))

    def delete(self):
        name = self.name()
        if name == "INBOX" or name not in self.folders or name == self.selected:
            if name != self.selected:
                assert self.imap.refused(f"DELETE {quoted(name)}").status == "NO", name
            return
        self.imap.command(f"DELETE {quoted(name)}")
        del self.folders[name]

    def rename(self):
        old, new = self.name(), self.name()
        if self.selected and (self.selected == old or self.selected.startswith(f"{old}/")):
            return
        if old not in self.folders or new in self.folders or old == "INBOX" or new.startswith(f"{old}/"):
            if old != "INBOX":
                assert self.imap.refused(f"RENAME {quoted(old)} {quoted(new)}").status == "NO", (old, new)
            return
        moved = {name: folder for name, folder in self.folders.items() if name == old or name.startswith(f"{old}/")}
        if any(new + name[len(old) :] in self.folders for name in moved):
            return
        self.imap.command(f"RENAME {quoted(old)} {quoted(new)}")
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
            name = text(row[3])
            children = any(other.startswith(f"{name}/") for other in self.folders)
            if name in self.folders:
                assert ("\\HasChildren" in row[1]) == children, row

    def listed(self):
        rows = self.imap.command('LIST "" *').named("LIST")
        return {text(row[3]) for row in rows if not {"\\Noselect", "\\NonExistent"} & set(row[1])}

    # Messages

    def append(self):
        name, flags = self.name(), self.flags()
        self.serial += 1
        body = f"Subject: number {self.serial}\r\nX-Serial: {self.serial}\r\n\r\nword{self.serial % 7} {'x' * (self.serial * 37 % 500)}\r\n".encode()
        command = (f"APPEND {quoted(name)} ({' '.join(flags)}) ", body)
        if name not in self.folders:
            assert self.imap.refused(*command).code == "TRYCREATE", name
            return
        done = self.imap.command(*command)
        folder = self.folders[name]
        uid = folder.add(body, flags)
        assert done.code == f"APPENDUID {folder.validity} {uid}", (done.code, folder.validity, uid)

    def flags(self):
        return self.dice.sample(SYSTEM + KEYWORDS, self.dice.randint(0, 3))

    def status(self):
        name = self.name()
        command = f"STATUS {quoted(name)} (MESSAGES UNSEEN UIDNEXT UIDVALIDITY DELETED SIZE)"
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
            assert self.imap.refused(f"{verb} {quoted(name)}").status == "NO"
            # RFC 3501 section 6.3.1: nothing is selected then.
            self.selected = None
            return
        done = self.imap.command(f"{verb} {quoted(name)}")
        self.selected = name
        folder = self.folders[name]
        assert done.named("EXISTS") == [[str(len(folder.messages)), "EXISTS"]], done.untagged
        assert done.codes("UIDVALIDITY") == [folder.validity] and done.codes("UIDNEXT") == [str(folder.next)], done.untagged
        assert done.code == ("READ-ONLY" if self.read_only else "READ-WRITE")
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
        folder = self.folders[self.selected]
        (row,) = self.imap.command(f"UID SEARCH {text}").named("SEARCH")
        expected = [message.uid for message in folder.messages if fits(message)]
        assert sorted(int(uid) for uid in row[1:]) == expected, (text, row, expected)

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
            word = f"word{self.dice.randint(0, 7)}"
            return f"BODY {word}", lambda m: word.encode() in m.body
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
        command = f"UID {verb} {names} {quoted(target)}"
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
        gone = done.named("EXPUNGE")
        if verb == "MOVE":
            source.expunge(lambda message: message in named)
            assert self.expunged(gone) == sorted(before.values()), (gone, before)
        else:
            assert not gone

    def expunged(self, responses):
        """The numbers that the messages had before the first of these responses."""
        left = list(range(1, 10_000))
        return sorted(left.pop(int(response[0]) - 1) for response in responses)

    def expunge(self):
        if self.read_only:
            return
        folder = self.folders[self.selected]
        doomed = [self.number(m) for m in folder.messages if "\\Deleted" in m.flags]
        gone = self.imap.command("EXPUNGE").named("EXPUNGE")
        folder.expunge(lambda message: "\\Deleted" in message.flags)
        assert self.expunged(gone) == doomed, (gone, doomed)

    def close(self):
        if self.dice.random() < 0.5:
            self.imap.command("UNSELECT")
        else:
            done = self.imap.command("CLOSE")
            assert not done.named("EXPUNGE")
            if not self.read_only:
                self.folders[self.selected].expunge(lambda message: "\\Deleted" in message.flags)
        self.selected = None

    def compare(self):
        """Everything at once, in a session that knows nothing."""
        imap = Imap(ADDRESS, USER, PASSWORD)
        for name, folder in self.folders.items():
            imap.command(f"EXAMINE {quoted(name)}")
            rows = imap.command("UID FETCH 1:* (FLAGS BODY.PEEK[])").fetched() if folder.messages else {}
            assert len(rows) == len(folder.messages), (name, len(rows))
            for (_, row), message in zip(sorted(rows.items()), folder.messages):
                assert (int(row["UID"]), row["BODY[]"]) == (message.uid, message.body), name
                self.same_flags(row["FLAGS"], message)
        imap.close()


def quoted(name):
    return f'"{name}"'


def text(name):
    return name.decode() if isinstance(name, bytes) else name


def main():
    model = Model(Imap(ADDRESS, USER, PASSWORD), random.Random(SEED))
    for number in range(COMMANDS):
        try:
            model.step()
        except AssertionError as failure:
            raise AssertionError(f"command {number}, with {model.selected} selected: {failure}") from failure
        if number % 500 == 0:
            model.compare()
    model.compare()
    print(f"{COMMANDS} commands, {sum(len(folder.messages) for folder in model.folders.values())} messages")


main()
