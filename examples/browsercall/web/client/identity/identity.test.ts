import { inspect } from 'node:util';
import { describe, expect, test, vi } from 'vitest';
import { concat, equal, fromHex, hex, random } from '../bytes.ts';
import { Malformed } from '../wire.ts';
import { bech32Encode } from './bech32.ts';
import { emoji } from './emoji.ts';
import { addressOf, sameID, shortID } from './id.ts';
import { Identity } from './identity.ts';
import { KeyPair } from './keys.ts';
import { Mailbox } from './mailbox.ts';
import { sas, sasCommit } from './sas.ts';
import { verifyEd25519 } from './strict.ts';
import { formatID, formatSafetyNumber, parseID, safetyNumber } from './text.ts';

/** A database that is empty, and cannot store. */
function fullDatabase(): object {
  const asked = (result?: unknown) => {
    const request = { result, onsuccess: () => undefined };
    setTimeout(() => request.onsuccess());
    return request;
  };
  const transaction = () => {
    const t = { error: new DOMException('', 'QuotaExceededError'), oncomplete: () => undefined, onabort: () => undefined,
      objectStore: () => ({
        get: () => (setTimeout(() => t.oncomplete(), 1), asked()), add: () => setTimeout(() => t.onabort()),
      }) };
    return t;
  };
  return asked({ transaction });
}

describe('identity', () => {
  test('the keys cannot be had', async () => {
    const { sign, open } = (await KeyPair.generate()).handles;
    for (const key of [sign.privateKey, open.privateKey]) {
      expect(key.extractable).toBe(false);
      await expect(crypto.subtle.exportKey('pkcs8', key)).rejects.toThrow();
      await expect(crypto.subtle.exportKey('jwk', key)).rejects.toThrow();
    }
  });

  test('handles that could be had are not taken', async () => {
    const sign = await crypto.subtle.generateKey('Ed25519', true, ['sign', 'verify']);
    const { open, sign: good } = (await KeyPair.generate()).handles;
    const refused = { refusal: 'storage' };
    await expect(Identity.of({ sign, open })).rejects.toMatchObject(refused);
    await expect(Identity.of({ sign: good, open: good })).rejects.toMatchObject(refused);
    await expect(Identity.of({} as { sign: CryptoKeyPair; open: CryptoKeyPair })).rejects.toMatchObject(refused);
    await expect(Identity.of(null as unknown as { sign: CryptoKeyPair; open: CryptoKeyPair })).rejects.toMatchObject(refused);
    expect((await Identity.of({ sign: good, open })).id.length).toBe(64);
  });

  test('without a database, load and save say so', async () => {
    const id = await Identity.generate();
    await expect(Identity.load('me')).rejects.toMatchObject({ refusal: 'storage' });
    await expect(id.save('me')).rejects.toMatchObject({ refusal: 'storage' });
  });

  // Fails if the browser's own error comes through: the page would ask for leave to use the camera.
  test('a database that may not be opened, or has no room, is told as that', async () => {
    const id = await Identity.generate();
    const denied = () => { throw new DOMException('', 'SecurityError'); };
    vi.stubGlobal('indexedDB', { open: denied });
    await expect(Identity.load('me')).rejects.toMatchObject({ refusal: 'storage', message: expect.stringContaining('SecurityError') as string });
    vi.stubGlobal('indexedDB', { open: fullDatabase });
    await expect(id.save('me')).rejects.toMatchObject({ refusal: 'storage', message: expect.stringContaining('Quota') as string });
    vi.unstubAllGlobals();
  });

  test('the signer signs as the identity, until it is destroyed', async () => {
    const id = await Identity.generate();
    const message = random(40);
    expect(await verifyEd25519(id.id.subarray(0, 32), message, await id.signer.sign(message))).toBe(true);
    expect(id.signer.publicKey).toEqual(id.id.slice(0, 32));
    id.destroy();
    id.destroy();
    const gone = { refusal: 'destroyed' };
    await expect(id.signer.sign(message)).rejects.toMatchObject(gone);
    await expect(id.mailbox().answer('wss://a', random(32))).rejects.toMatchObject(gone);
    await expect(id.seal(id.mailbox().box,
      { to: id.id, call: random(32), seq: 0, time: 1, type: 1, body: random(0) })).rejects.toMatchObject(gone);
  });

  test('a mailbox is of fresh keys and a token that it does not print', async () => {
    const [a, b] = [await Mailbox.create(), await Mailbox.create()];
    expect(equal(a.address, b.address)).toBe(false);
    expect(a.address).toEqual(addressOf(a.box));
    expect(a.box.token).toEqual(a.token);
    const me = await Identity.generate();
    for (const printed of [JSON.stringify({ a, me }), `${a} ${me}`, inspect(a, { depth: 9 }),
      inspect(me, { depth: 9 })]) {
      expect(printed).not.toContain(hex(a.token));
      expect(printed).not.toContain(Buffer.from(a.token).toString('base64'));
      expect(printed).not.toContain([...a.token].join(', '));
      expect(printed).not.toContain('CryptoKey');
    }
    expect(`${me}`).toBe(`Identity(${shortID(me.id)})`);
  });

  test('an answer needs an origin of 64 KiB at most and a challenge of 32 bytes', async () => {
    const m = await Mailbox.create();
    await expect(m.answer('a'.repeat(65536), random(32))).rejects.toThrow(RangeError);
    await expect(m.answer('wss://a', random(31))).rejects.toThrow(RangeError);
  });
});

describe('text', () => {
  test('one wrong character, in any place, is found', async () => {
    const text = formatID((await Identity.generate()).id);
    for (let i = 0; i < text.length; i++) {
      const wrong = text[i] === 'q' ? 'p' : 'q';
      expect(() => parseID(text.slice(0, i) + wrong + text.slice(i + 1))).toThrow(Malformed);
    }
    for (const bad of [text.slice(1), `${text}q`, '', text.toUpperCase().replace('S', 's'),
      text.replace('sotto', 'sotta')]) {
      expect(() => parseID(bad)).toThrow(Malformed);
    }
    expect(sameID(parseID(text.toUpperCase()), parseID(text))).toBe(true);
  });

  test('another version, length or prefix under a right checksum', async () => {
    const { id } = await Identity.generate();
    expect(parseID(bech32Encode('sotto', concat(Uint8Array.of(1), id)))).toEqual(id);
    for (const v of [0, 2, 255]) expect(() =>
      parseID(bech32Encode('sotto', concat(Uint8Array.of(v), id)))).toThrow(Malformed);
    expect(() => parseID(bech32Encode('sotto', id))).toThrow(Malformed);
    expect(() => parseID(bech32Encode('sotta', concat(Uint8Array.of(1), id)))).toThrow(Malformed);
  });

  test('a safety number is shown in groups', async () => {
    const [a, b] = [await Identity.generate(), await Identity.generate()];
    const shown = formatSafetyNumber(await safetyNumber(a.id, b.id));
    expect(shown).toMatch(/^(\d{5} \d{5} \d{5} \d{5}\n){2}\d{5} \d{5} \d{5} \d{5}$/);
    expect(shown.replace(/\s/g, '')).toBe(await safetyNumber(b.id, a.id));
  });

  test('the table has 64 emoji, each once', () => {
    const seen = new Set<string>();
    for (let i = 0; i < 64; i++) seen.add(emoji(Uint8Array.of(i << 2, 0, 0, 0, 0, 0))[0]!.name);
    expect(seen.size).toBe(64);
    expect(emoji(fromHex('ffffffffffff')).map((e) => e.symbol)).toEqual(Array(7).fill('📌'));
    expect(() => emoji(random(5))).toThrow(RangeError);
  });

  test('the short authentication string takes 32 bytes of each', () => {
    const b = random(32);
    for (const short of [random(31), random(33)]) {
      expect(() => sasCommit(b, short)).toThrow(RangeError);
      expect(() => sas(b, b, b, short)).toThrow(RangeError);
    }
    expect(equal(sas(b, b, b, b), sas(random(32), b, b, b))).toBe(false);
  });
});
