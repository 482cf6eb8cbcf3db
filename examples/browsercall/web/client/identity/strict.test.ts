import { describe, expect, test } from 'vitest';
import { fromHex, hex, random } from '../bytes.ts';
import { Refused } from './errors.ts';
import { KeyPair } from './keys.ts';
import { checkEd25519, checkX25519, verifyEd25519 } from './strict.ts';

const order = (1n << 252n) + 27742317777372353535851937790883648493n;
const p = (1n << 255n) - 19n;

function littleEndian(n: bigint): Uint8Array {
  return fromHex(n.toString(16).padStart(64, '0')).reverse();
}

function number(b: Uint8Array): bigint {
  return BigInt(`0x${hex(b.slice().reverse())}`);
}

describe('strict Ed25519', () => {
  test('RFC 8032, section 7.1, tests 1 to 3', async () => {
    const rows: [string, string, string][] = [
      ['d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a', '',
        'e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b'],
      ['3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c', '72',
        '92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00'],
      ['fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025', 'af82',
        '6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a'],
    ];
    for (const [key, message, sig] of rows) {
      expect(await verifyEd25519(fromHex(key), fromHex(message), fromHex(sig))).toBe(true);
      expect(await verifyEd25519(fromHex(key), fromHex(`${message}00`), fromHex(sig))).toBe(false);
    }
  });

  test('a second S for the same signature is refused', async () => {
    const k = await KeyPair.generate();
    const message = random(20);
    const sig = await k.sign(message);
    expect(await verifyEd25519(k.publicKey, message, sig)).toBe(true);
    for (const n of [1n, 2n, 7n]) {
      const other = Uint8Array.from([...sig.subarray(0, 32), ...littleEndian(number(sig.subarray(32)) + n * order)]);
      expect(await verifyEd25519(k.publicKey, message, other)).toBe(false);
    }
  });

  test('the signature that is good for every message under a key of small order is refused', async () => {
    const one = littleEndian(1n); // the neutral point, as key and as R; S is 0
    expect(await verifyEd25519(one, random(8), Uint8Array.from([...one, ...new Uint8Array(32)]))).toBe(false);
  });

  test('signatures of any other length, and keys too, are false and do not throw', async () => {
    const k = await KeyPair.generate();
    const sig = await k.sign(random(3));
    for (const n of [0, 32, 63, 65]) expect(await verifyEd25519(k.publicKey, random(3), random(n))).toBe(false);
    for (const n of [0, 31, 33]) expect(await verifyEd25519(random(n), random(3), sig)).toBe(false);
  });

  test('R that is not canonical is refused', async () => {
    const k = await KeyPair.generate();
    const zero = new Uint8Array(32);
    for (const r of [littleEndian(p), littleEndian(p + 1n), littleEndian(1n | (1n << 255n))]) {
      expect(await verifyEd25519(k.publicKey, random(3), Uint8Array.from([...r, ...zero]))).toBe(false);
    }
  });

  test('of random 32 bytes about half are points, and random keys are good', async () => {
    let points = 0;
    for (let i = 0; i < 200; i++) {
      try {
        checkEd25519(random(32));
        points++;
      } catch (e) {
        expect(e).toBeInstanceOf(Refused);
      }
    }
    expect(points).toBeGreaterThan(60);
    expect(points).toBeLessThan(140);
    for (let i = 0; i < 20; i++) {
      const k = await KeyPair.generate();
      checkEd25519(k.publicKey);
      checkX25519(k.hpke);
    }
  });
});
