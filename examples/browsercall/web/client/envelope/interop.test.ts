import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { equal, fromHex, hex, random } from '../bytes.ts';
import { Contacts } from '../contacts/contacts.ts';
import { lookAlike, sameName } from '../contacts/lookalike.ts';
import { MemoryStore } from '../contacts/store.ts';
import { boxOf, type ID } from '../identity/id.ts';
import { Identity } from '../identity/identity.ts';
import { Mailbox } from '../identity/mailbox.ts';
import { formatID, safetyNumber } from '../identity/text.ts';
import { Peer, bytesOf, noGo, type Fields } from '../interop/peer.ts';
import { decode, encode, fields, record } from '../wire.ts';
import { noticeSize } from './format.ts';
import { messageTypes, type Draft } from './message.ts';
import { formatRevocation, parseRevocation, revocationText, revoke } from './revocation.ts';

const why = noGo();
const time = 1_800_000_000_123;
const hour = 3_600_000;

describe.skipIf(why !== undefined)(`with Go${why ? `: ${why}` : ''}`, () => {
  let peer: Peer;
  let alice: Identity; // here
  let bobID: ID; // in Go

  beforeAll(async () => {
    peer = await Peer.start();
  }, 240_000);
  afterAll(() => peer?.close());

  beforeEach(async () => {
    alice = await Identity.generate();
    bobID = bytesOf(await peer.request('person', { who: 'bob' }), 'publicID');
  });

  const draft = (change: Partial<Draft> = {}): Draft => ({
    to: bobID, call: random(32), seq: 7, time, type: 1, body: random(100), ...change,
  });

  async function goOpens(box: Uint8Array): Promise<Fields> {
    return peer.request('open', { who: 'bob', box });
  }

  describe('envelopes', () => {
    test('both know the same ID, address and safety number', async () => {
      const answer = await peer.request('person', { who: 'carol' });
      const id = bytesOf(answer, 'publicID');
      expect(answer['text']).toBe(formatID(id));
      const { number } = await peer.request('safety number', { A: alice.id, B: id });
      expect(number).toBe(await safetyNumber(alice.id, id));
    });

    test.each([0, 1, 3800, 3900, 16000, 60000])('a body of %i bytes from here is opened there, and back',
      async (size) => {
      const ref = size % 2 === 0 ? random(32) : undefined;
      const m = draft({ body: random(size), ...(ref && { ref }) });
      const { box, hash } = await alice.seal(boxOf(bobID), m);
      const there = await goOpens(box);
      expect(bytesOf(there, 'hash')).toEqual(hash);
      expect(bytesOf(there, 'from')).toEqual(alice.id);
      expect([bytesOf(there, 'call'), there['seq'], there['time'], there['type']]).toEqual([m.call, m.seq, m.time,
        m.type]);
      expect(size === 0 ? (there['body'] ?? '') : hex(bytesOf(there, 'body'))).toBe(size === 0 ? '' : hex(m.body));

      const mailbox = await Mailbox.create();
      const back = await peer.request('seal', { who: 'bob', box: mailbox.box, message: { ...m, to: alice.id } });
      const here = await mailbox.open(bytesOf(back, 'box'), alice.id);
      expect(here.hash).toEqual(bytesOf(back, 'hash'));
      expect(here.message).toEqual({ ...m, to: alice.id, from: bobID });
    });

    test('a changed box is opened by neither', async () => {
      const { box } = await alice.seal(boxOf(bobID), draft());
      for (const at of [0, 1, 32, 33, 2000, box.length - 1]) {
        const bad = box.slice();
        bad[at]! ^= 1;
        await expect(goOpens(bad)).rejects.toThrow('e2ee:');
      }
    });

    test('a notice of a missed call has 1024 bytes, both ways', async () => {
      const call = random(32);
      const box = await alice.sealNotice(boxOf(bobID), { peer: bobID, call, time, video: true });
      expect(box.length).toBe(noticeSize);
      const there = await goOpens(box);
      expect([there['type'], hex(bytesOf(there, 'body'))]).toEqual([messageTypes.missedCall, 'a101f5']);
      const message = { to: alice.id, call, seq: 0, time, type: 67, body: '' };
      const back = bytesOf(await peer.request('seal notice',
        { who: 'bob', box: boxOf(alice.id), message, video: false }), 'box');
      expect(back.length).toBe(noticeSize);
      const { message: m } = await alice.mailbox().open(back, alice.id);
      expect([m.type, hex(m.body), m.from]).toEqual([messageTypes.missedCall, 'a0', bobID]);
    });
  });

  describe('contacts', () => {
    let contacts: Contacts;
    const bobRelays = ['wss://relay.example/v1'];

    beforeEach(async () => {
      contacts = await Contacts.open(alice, new MemoryStore());
      await contacts.setProfile({ name: 'Alice', relays: ['wss://a.example/v1', 'wss://b.example/v1'] });
      await peer.request('set profile', { who: 'bob', label: 'Bob & Co', relays: bobRelays });
    });

    /** Both are contacts with tokens that the other's relay admits. */
    async function expectContacts(): Promise<void> {
      const here = contacts.get(bobID)!;
      const there = await peer.request('lookup', { who: 'bob', publicID: alice.id });
      expect([here.state, here.claimed, here.relays]).toEqual(['confirmed', 'Bob & Co', bobRelays]);
      expect([there['state'], there['claimed'], there['relays']]).toEqual(['confirmed', 'Alice',
        contacts.profile.relays]);
      const hashes = async (token: Uint8Array): Promise<string> =>
        hex(new Uint8Array(await crypto.subtle.digest('SHA-256', token.slice())));
      const admitted = ((await peer.request('tokens', { who: 'bob' }))['hashes'] as string[]).map((h) =>
        Buffer.from(h, 'base64').toString('hex'));
      expect(admitted).toContain(await hashes(here.token!));
      expect(contacts.tokens().map(hex)).toContain(await hashes(bytesOf(there, 'token')));
      expect(contacts.mayRing(bobID)).toBe('ring');
    }

    test.each(['relay', 'text'])('here the guest of an invitation made there, by %s', async (way) => {
      const { text: uri } = await peer.request('invite', { who: 'bob', ttl: hour, label: 'Alice from work' });
      const letter = await contacts.use(uri as string, '');
      expect(letter.relays).toEqual(bobRelays);
      expect(contacts.get(bobID)).toMatchObject({ state: 'requested', name: 'Bob & Co' });
      const asked =
        way === 'text'
          ? await peer.request('receive text', { who: 'bob', text: letter.text() })
          : await peer.request('receive', { who: 'bob', box: letter.sealed });
      expect([asked['state'], asked['name'], asked['claimed']]).toEqual(['pending', 'Alice from work', 'Alice']);
      expect(bytesOf(asked, 'publicID')).toEqual(alice.id);
      const back = await peer.request('confirm', { who: 'bob', publicID: alice.id });
      expect(equal(bytesOf(back['to'] as Fields, 'token'), letter.to.token)).toBe(false);
      const done =
        way === 'text'
          ? await contacts.handleText(back['text'] as string)
          : await contacts.handle(await alice.mailbox().open(bytesOf(back, 'sealed'), alice.id));
      expect(done.state).toBe('confirmed');
      await expectContacts();
    });

    test.each(['relay', 'text'])('here the inviter, there the guest, by %s', async (way) => {
      const inv = await contacts.invite(hour, 'Bob');
      const letter = await peer.request('use', { who: 'bob', text: inv.uri() });
      expect(bytesOf(letter['to'] as Fields, 'token')).toEqual(inv.secret.token);
      const asked =
        way === 'text'
          ? await contacts.handleText(letter['text'] as string)
          : await contacts.handle(await alice.mailbox().open(bytesOf(letter, 'sealed'), alice.id));
      expect([asked.state, asked.name, asked.claimed]).toEqual(['pending', 'Bob', 'Bob & Co']);
      expect([contacts.list().length, contacts.requests().length, contacts.mayRing(bobID)]).toEqual([0, 1, 'ignore']);
      const back = await contacts.confirm(bobID);
      const done =
        way === 'text'
          ? await peer.request('receive text', { who: 'bob', text: back.text() })
          : await peer.request('receive', { who: 'bob', box: back.sealed });
      expect(done['state']).toBe('confirmed');
      await expectContacts();
    });

    test('cards, both ways', async () => {
      await contacts.add(formatID(bobID), 'Bob');
      const ours = await contacts.cardFor(bobID);
      const added = await peer.request('add card', { who: 'bob', text: ours.uri() });
      expect([added['name'], bytesOf(added, 'token')]).toEqual(['Alice', ours.token]);
      const theirs = await peer.request('card', { who: 'bob', publicID: alice.id });
      expect((await contacts.add(theirs['text'] as string)).name).toBe('Bob');
      await expectContacts();
    });

    test('a missed call of a contact is shown once, both ways', async () => {
      await contacts.add(formatID(bobID), 'Bob');
      await peer.request('add card', { who: 'bob', text: contacts.card().uri() });
      const call = random(32);
      const now = Date.now();
      const message = { to: alice.id, call, seq: 0, time: now, type: 67, body: '' };
      const box = bytesOf(await peer.request('seal notice',
        { who: 'bob', box: boxOf(alice.id), message, video: true }), 'box');
      await contacts.handle(await alice.mailbox().open(box, alice.id));
      await expect(contacts.handle(await alice.mailbox().open(box,
        alice.id))).rejects.toMatchObject({ refusal: 'unexpected' });
      expect(contacts.missedCalls()).toEqual([{ from: bobID, time: new Date(now), video: true }]);
      const ours = await alice.sealNotice(boxOf(bobID), { peer: bobID, call, time: now, video: false });
      await peer.request('receive', { who: 'bob', box: ours });
      expect((await peer.request('tokens', { who: 'bob' }))['missed']).toBe(1);
    });

    test('a revocation blocks, both ways', async () => {
      await contacts.add(formatID(bobID), 'Bob');
      const carol = bytesOf(await peer.request('person', { who: 'carol' }), 'publicID');
      const { text } = await peer.request('revoke', { who: 'bob', label: 'carol' });
      const revoked = await contacts.handleText(text as string);
      expect([revoked.blocked, revoked.replacedBy, contacts.mayRing(bobID)]).toEqual([true, carol, 'ignore']);
      expect((await contacts.acceptReplacement(bobID)).id).toEqual(carol);

      await peer.request('add card', { who: 'bob', text: contacts.card().uri() });
      const statement = await revoke(alice, Date.now());
      expect((await parseRevocation(revocationText(formatRevocation(statement)))).id).toEqual(alice.id);
      const { box } = await alice.seal(boxOf(bobID), draft({ type: messageTypes.revocation, body: statement }));
      expect((await peer.request('receive', { who: 'bob', box }))['blocked']).toBe(true);
    });
  });

  test('both say the same of names that look alike', async () => {
    const pairs: [string, string, boolean, boolean][] = [
      ['Alice', ' aLICE ', true, true], ['Alice', 'Αlіce', false, true], ['Bob  Dylan', 'bob dylan', true, true],
      ['Bob', 'B0b', false, true],
      ['Erna', 'Ema', false, true], ['Wendy', 'VVencly', false, true], ['Ｃａｒｏｌ', 'carol', false, true],
      ['Ilse', '|lse', false, true],
      ['Straße', 'Strasse', false, true], ['İpek', 'ipek', true, true], ['', '', false, false],
      ['...', '!!', false, false], ['Alice', 'Bob', false, false],
      ['Ζoë', 'zoe', false, true], ['日本', '日本', true, true], ['ΣΑΣ', 'σασ', true, true],
      ['Dave 2', 'Davez', false, true], ['Bob\ufe0f', 'Bob', true, true], ['葛\u{e0100}', '葛', true, true], ['❤\ufe0f', '❤', true, false],
    ];
    for (const [S, T, same, alike] of pairs) {
      const go = await peer.request('names', { S, T });
      expect([S, T, sameName(S, T), lookAlike(S, T)]).toEqual([S, T, go['same'], go['alike']]);
      expect([S, T, go['same'], go['alike']]).toEqual([S, T, same, alike]);
    }
  });

  test('both take the same of 20000 changed forms', async () => {
    const form = encode(
      record({ 1: 300, 2: fromHex('0102'), 3: 'Zoë', 4: ['a', 'bc'], 5: true, 6: record({ 1: 70 }) }),
    );
    const small = encode(record({ 1: 0, 2: new Uint8Array(0) }));
    const items = Array.from({ length: 20000 }, (_, i) => mutate(i % 3 === 0 ? small : form));
    const { accepted } = await peer.request('cbor', { items });
    const ours = items.map(acceptedHere);
    const differing = items.filter((_, i) => ours[i] !== (accepted as boolean[])[i]).map(hex);
    expect(differing).toEqual([]);
    expect(ours.filter(Boolean).length).toBeGreaterThan(500);
    expect(ours.filter((a) => !a).length).toBeGreaterThan(5000);
  });
});

/** One to three changes: a bit, a byte, or a cut. */
function mutate(b: Uint8Array): Uint8Array {
  let out = b.slice();
  for (let n = 1 + Math.floor(Math.random() * 3); n > 0 && out.length > 0; n--) {
    const at = Math.floor(Math.random() * out.length);
    const how = Math.random();
    if (how < 0.5) out[at]! ^= 1 << Math.floor(Math.random() * 8);
    else if (how < 0.8) out[at] = Math.floor(Math.random() * 256);
    else out = Math.random() < 0.5 ? out.slice(0, at) : Uint8Array.from([...out.slice(0, at), 0, ...out.slice(at)]);
  }
  return out;
}

function acceptedHere(b: Uint8Array): boolean {
  try {
    const f = fields(decode(b, 4096), {
      uint: [1, 'uint'], bytes: [2, 'bytes', 0, 4096], text: [3, 'text?', 4096], texts: [4, 'list?', 256],
      bool: [5, 'bool?'], inner: [6, 'map?', 1],
    });
    if (f.inner) fields(f.inner, { uint: [1, 'uint', 65535] });
    return (f.texts ?? []).every((t) => typeof t === 'string');
  } catch {
    return false;
  }
}
