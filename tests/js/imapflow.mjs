// imapflow, the IMAP client of most programs in JavaScript: it enables IMAP4rev2, UTF8=ACCEPT and QRESYNC by itself.
// Arguments: where imapflow lies, address of the IMAP port, user, password.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createRequire } from 'node:module';

const [place, address, user, pass] = process.argv.slice(2);
const { ImapFlow } = createRequire(`${place}/`)('imapflow');
const [host, port] = address.split(':');

async function connect() {
    const client = new ImapFlow({ host, port: Number(port), secure: false, doSTARTTLS: false, auth: { user, pass }, logger: false, qresync: true });
    await client.connect();
    return client;
}

const MESSAGE = [
    'From: "Ärger, A." <a@sender.test>', 'To: <b@sender.test>', 'Message-ID: <1@sender.test>',
    'Subject: =?utf-8?q?Gr=C3=BC=C3=9Fe?=', 'MIME-Version: 1.0', 'Content-Type: multipart/mixed; boundary=x', '',
    '--x', 'Content-Type: text/plain; charset=utf-8', 'Content-Transfer-Encoding: quoted-printable', '', 'Stra=C3=9Fe',
    '--x', 'Content-Type: application/octet-stream; name="a.bin"', 'Content-Transfer-Encoding: base64', '', 'AAEC/w==', '--x--', '',
].join('\r\n');

const client = await connect();
assert.deepEqual([...client.enabled].sort(), ['CONDSTORE', 'IMAP4REV2', 'QRESYNC', 'UTF8=ACCEPT']);
const uses = (await client.list()).map(mailbox => mailbox.specialUse);
for (const use of ['\\Inbox', '\\Sent', '\\Drafts', '\\Junk', '\\Trash']) assert(uses.includes(use), use);

const created = await client.mailboxCreate(['Ärger', 'Tief & hoch']);
assert.equal(created.path, 'Ärger/Tief & hoch');
const appended = await client.append('INBOX', Buffer.from(MESSAGE), ['\\Seen', '$label1'], new Date('2020-01-02T03:04:05Z'));
assert.equal(appended.uid, 1);

const lock = await client.getMailboxLock('INBOX');
const found = await client.fetchOne('1', {
    uid: true, flags: true, envelope: true, bodyStructure: true, internalDate: true, size: true, threadId: true, headers: ['subject'], bodyParts: ['1'], source: true,
}, { uid: true });
assert.equal(found.envelope.subject, 'Grüße');
assert.equal(found.envelope.from[0].address, 'a@sender.test');
assert.equal(found.size, Buffer.byteLength(MESSAGE));
assert.equal(found.source.toString(), MESSAGE);
assert.deepEqual([...found.flags].sort(), ['$label1', '\\Seen']);
assert.deepEqual(found.bodyStructure.childNodes.map(part => part.type), ['text/plain', 'application/octet-stream']);
assert.equal(found.internalDate.toISOString(), '2020-01-02T03:04:05.000Z');
assert(found.emailId && found.threadId && found.modseq > 1n);
assert.deepEqual(await client.search({ body: 'STRAßE' }, { uid: true }), [1]);
assert.deepEqual(await client.search({ or: [{ from: 'ärger' }, { subject: 'nothing' }], seen: true }, { uid: true }), [1]);
assert.deepEqual(await client.search({ emailId: found.emailId }, { uid: true }), [1]);
const { content, meta } = await client.download('1', '2', { uid: true });
const pieces = [];
for await (const piece of content) pieces.push(piece);
assert.deepEqual(Buffer.concat(pieces), Buffer.from([0, 1, 2, 255]));
assert.equal(meta.filename, 'a.bin');

const copied = await client.messageCopy('1', created.path, { uid: true });
assert.deepEqual([...copied.uidMap], [[1, 1]]);
assert.equal((await client.status(created.path, { messages: true, size: true })).size, found.size);
assert.equal((await client.mailboxRename(created.path, ['Ärger', 'Höher'])).newPath, 'Ärger/Höher');

// What another session does arrives while this one idles.
const other = await connect();
const idle = client.idle();
let [news] = await Promise.all([once(client, 'exists'), other.append('INBOX', MESSAGE)]);
assert.equal(news[0].count, 2);
const otherLock = await other.getMailboxLock('INBOX');
[news] = await Promise.all([once(client, 'flags'), other.messageFlagsAdd('2', ['\\Flagged'], { uid: true })]);
assert.deepEqual([news[0].uid, [...news[0].flags]], [2, ['\\Flagged']]);
[news] = await Promise.all([once(client, 'expunge'), other.messageMove('2', 'Archive', { uid: true })]);
assert.deepEqual([news[0].uid, news[0].vanished], [2, true]);
otherLock.release();
await other.logout();

// Who was away learns what happened since.
const since = client.mailbox.highestModseq;
await client.messageFlagsRemove('1', ['\\Seen'], { uid: true });
const changed = [];
for await (const message of client.fetch('1:*', { uid: true, flags: true }, { changedSince: since, uid: true })) changed.push([message.uid, [...message.flags]]);
assert.deepEqual(changed, [[1, ['$label1']]]);
lock.release();
await idle;
await client.mailboxDelete(['Ärger', 'Höher']);
await client.logout();
console.log('done');
