import { inspect } from 'node:util';
import { beforeAll, describe, expect, test } from 'vitest';
import { base64url, concat, hex, random, utf8 } from '../bytes.ts';
import { hash, type ID } from '../identity/id.ts';
import { Identity } from '../identity/identity.ts';
import { formatID } from '../identity/text.ts';
import { Malformed, encode, record } from '../wire.ts';
import { Card } from './card.ts';
import { encodeIntroduction, maxIntroduction, parseIntroduction } from './introduction.ts';
import { Invitation } from './invitation.ts';
import { checkProfile, maxURI } from './uri.ts';

let id: ID;
beforeAll(async () => {
  ({ id } = await Identity.generate());
});

/** A URI whose checksum is right, whatever else is in it. */
function withCheck(head: string, secret: Uint8Array = new Uint8Array(0)): string {
  return `${head}#${base64url(concat(secret, hash(utf8('sotto/v1 uri'), utf8(head), secret).subarray(0, 4)))}`;
}

describe('cards', () => {
  test('come back whole, and have no token in what is printed', () => {
    const token = random(16);
    const card = new Card(id, { name: "Zoë & Bob's *(1)* ~!",
      relays: ['wss://a.example:8443/v1?x=1&y=#z', 'wss://b'] }, token);
    const again = Card.parse(` ${card.uri()}\n`);
    expect([again.id, again.name, again.relays, again.token]).toEqual([id, card.name, card.relays, token]);
    for (const printed of [JSON.stringify(card), inspect(card), String(card)]) {
      expect(printed).not.toContain(hex(token));
      expect(printed).not.toContain([...token].join(', '));
    }
    expect(Card.parse(card.text)).toEqual(new Card(id));
    expect(new Card(id, {}, new Uint8Array(16)).token).toBeUndefined();
  });

  test('every character of a card is covered by its checksum', () => {
    const uri = new Card(id, { name: 'Bob', relays: ['wss://a'] }, random(16)).uri();
    for (let i = 0; i < uri.length; i++) {
      const other = uri[i] === 'A' ? 'B' : 'A';
      expect(() => Card.parse(uri.slice(0, i) + other + uri.slice(i + 1)), uri[i]).toThrow();
      expect(() => Card.parse(uri.slice(0, i))).toThrow();
    }
  });

  test('what else may not be in one', () => {
    const head = `sotto:contact/${formatID(id)}`;
    expect(Card.parse(withCheck(head)).name).toBe('');
    expect(Card.parse(withCheck(`${head}?later=1&name=a+b%20c&&x`)).name).toBe('a b c');
    const bad = [
      withCheck(head, random(15)), withCheck(head, random(32)), withCheck(`${head}?name=a&name=b`),
      withCheck(`${head}?name=%zz`), withCheck(`${head}?name=%ff`),
      withCheck(`${head}?name=a;relay=b`), withCheck(`${head}?name=%00`), withCheck(`${head}?name=%E2%80%AE`),
      withCheck(`${head}?name=${'x'.repeat(65)}`),
      withCheck(`${head}?relay=`), withCheck(`${head}?relay=a+b`), withCheck(`${head}?relay=%C3%A9`),
      withCheck(`${head}?${'relay=a&'.repeat(5)}`),
      withCheck(`${head}?relay=${'x'.repeat(201)}`), withCheck(`sotto:invite/${formatID(id)}`),
      withCheck(`sotto:contact/${formatID(id).slice(1)}`),
      withCheck(`${head}?x=${'x'.repeat(maxURI)}`), head, `${head}#`, `${head}#AAAA`, `${head}?name=\ud800#AAAAAA`,
      'sotto:', ':', '',
    ];
    for (const uri of bad) expect(() => Card.parse(uri), uri).toThrow(Malformed);
    const weak = formatID(concat(new Uint8Array(32), id.subarray(32)));
    expect(() => Card.parse(withCheck(`sotto:contact/${weak}`))).toThrow(/weak|small order/);
  });

  test('names are of what can be seen', () => {
    for (const name of ['', 'Zoë', '日本 🐶', 'I ❤\ufe0f you', '1\ufe0f⃣', '👍🏽', 'العربية', 'हिन्दी', 'x'.repeat(64),
      'é'.repeat(32), '葛\u{e0100}', '♥\ufe0e']) checkProfile({ name, relays: [] });
    // A name with what draws nothing looks like the name without it, and raises no warning.
    for (const code of [0xad, 0x34f, 0x61c, 0x115f, 0x1160, 0x17b4, 0x17b5, 0x180e, 0x200d, 0x2060, 0x2065, 0x2800, 0x3164,
      0xffa0, 0xfff0, 0x1bca0, 0x1d173, 0xe0001]) {
      const name = `Alice${String.fromCodePoint(code)}`;
      expect(() => checkProfile({ name, relays: [] }), code.toString(16)).toThrow(Malformed);
    }
    for (const name of ['\n', '\u200b', '\u202e', '\u00a0', '\u2028', '\ufeff', '\ue000', '\ud800', 'x'.repeat(65),
      'é'.repeat(33)]) {
      expect(() => checkProfile({ name, relays: [] })).toThrow(Malformed);
    }
  });
});

describe('invitations', () => {
  test('come back whole, and have no secret in what is printed', () => {
    const secret = { token: random(16), secret: random(16) };
    const inv = new Invitation(id, { name: 'A', relays: ['wss://a'] }, 1_800_000_000_000, secret);
    const again = Invitation.parse(inv.uri());
    expect([again.from, again.name, again.relays, again.expires, again.secret]).toEqual([id, 'A', ['wss://a'],
      1_800_000_000_000, secret]);
    for (const printed of [JSON.stringify(inv),
      inspect(inv)]) expect(printed).not.toContain([...secret.secret].join(', '));
  });

  test('of other lengths and times are refused', () => {
    const head = `sotto:invite/${formatID(id)}`;
    for (const secret of [random(39), random(41), random(16), concat(random(32), new Uint8Array(8).fill(255))]) {
      expect(() => Invitation.parse(withCheck(head, secret))).toThrow(Malformed);
    }
    expect(() => Invitation.parse(new Card(id).uri())).toThrow(Malformed);
  });
});

describe('introductions', () => {
  test('come back, with a secret in requests alone', () => {
    const request = { token: random(16), secret: random(16), name: 'Bob', relays: ['wss://a', 'wss://b'] };
    expect(parseIntroduction(encodeIntroduction(request), 'request')).toEqual(request);
    const confirm = { token: random(16), name: '', relays: [] };
    expect(parseIntroduction(encodeIntroduction(confirm), 'confirm')).toEqual(confirm);
    expect(() => parseIntroduction(encodeIntroduction(request), 'confirm')).toThrow(Malformed);
    expect(() => parseIntroduction(encodeIntroduction(confirm), 'request')).toThrow(Malformed);
  });

  test('the longest that may be is read, and nothing longer', () => {
    const longest = encodeIntroduction({ token: random(16), secret: random(16), name: 'x'.repeat(64),
      relays: Array<string>(4).fill('y'.repeat(200)) });
    expect(longest.length).toBeLessThanOrEqual(maxIntroduction);
    expect(parseIntroduction(longest, 'request').relays.length).toBe(4);
    expect(() => parseIntroduction(new Uint8Array(maxIntroduction + 1), 'request')).toThrow(Malformed);
  });

  test('other shapes are refused', () => {
    const token = random(16);
    const bad = [
      {}, { 1: random(15) }, { 1: token, 3: '' }, { 1: token, 3: '\u202e' }, { 1: token, 4: [] },
      { 1: token, 4: [1] }, { 1: token, 4: [token] },
      { 1: token, 4: [''] }, { 1: token, 4: Array<string>(5).fill('a') }, { 1: token, 5: 0 }, { 1: 'abcdefghijklmnop' },
    ];
    for (const b of bad) expect(() => parseIntroduction(encode(record(b)), 'confirm')).toThrow(Malformed);
  });
});
