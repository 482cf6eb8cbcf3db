import { describe, expect, test } from 'vitest';
import {
  base64url, compare, concat, equal, fromBase64url, fromHex, fromUtf8, hex, random, readU32, readU64, source, u32,
  u64, utf8,
} from './bytes.ts';

describe('bytes', () => {
  test('concat joins into fresh memory', () => {
    const a = Uint8Array.of(1, 2);
    const out = concat(a, new Uint8Array(0), Uint8Array.of(3));
    expect([...out]).toEqual([1, 2, 3]);
    out[0] = 9;
    expect(a[0]).toBe(1);
  });

  test('equal finds a difference in every place, and in length', () => {
    const a = random(32);
    expect(equal(a, a.slice())).toBe(true);
    for (let i = 0; i < 32; i++) {
      const b = a.slice();
      b[i]! ^= 0x80;
      expect(equal(a, b)).toBe(false);
    }
    expect(equal(a, a.subarray(1))).toBe(false);
  });

  test('compare orders as memcmp does', () => {
    expect(compare(fromHex('01ff'), fromHex('02'))).toBeLessThan(0);
    expect(compare(fromHex('80'), fromHex('7f'))).toBeGreaterThan(0);
    expect(compare(fromHex('80'), fromHex('8000'))).toBeLessThan(0);
    expect(compare(fromHex('8000'), fromHex('8000'))).toBe(0);
  });

  test('source copies what lies in shared memory alone', () => {
    const own = random(4);
    expect(source(own)).toBe(own);
    const shared = new Uint8Array(new SharedArrayBuffer(4)).fill(7);
    expect(source(shared).buffer).toBeInstanceOf(ArrayBuffer);
    expect([...source(shared)]).toEqual([7, 7, 7, 7]);
  });

  test('hex and base64url agree with Node over 300 lengths', () => {
    for (let n = 0; n < 300; n++) {
      const b = random(n);
      expect(hex(b)).toBe(Buffer.from(b).toString('hex'));
      expect(base64url(b)).toBe(Buffer.from(b).toString('base64url'));
      expect(fromHex(hex(b).toUpperCase())).toEqual(b);
      expect(fromBase64url(base64url(b))).toEqual(b);
    }
  });

  test.each(['0', '0g', ' 00', '0x00', '00 ', '٠٠'])('fromHex refuses %j', (s) => {
    expect(() => fromHex(s)).toThrow(SyntaxError);
  });

  // The last three have stray bits, as "AA" would be the one text of their byte.
  test.each(['A', 'AAAAA', 'AA==', 'A+AA', 'A/AA', 'AA A', 'AAA\n', 'AB', 'AAB', 'A_'])('fromBase64url refuses %j',
    (s) => {
    expect(() => fromBase64url(s)).toThrow(SyntaxError);
  });

  test('of the 4096 texts of two characters 256 are read', () => {
    const set = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
    let read = 0;
    for (const a of set)
      for (const b of set) {
        try {
          expect(base64url(fromBase64url(a + b))).toBe(a + b);
          read++;
        } catch (e) {
          expect(e).toBeInstanceOf(SyntaxError);
        }
      }
    expect(read).toBe(256);
  });

  test('UTF-8 is strict and keeps a byte order mark', () => {
    expect(fromUtf8(utf8('\ufeffZoë 🐶'))).toBe('\ufeffZoë 🐶');
    expect(() => utf8('a\ud800b')).toThrow(RangeError);
    for (const bad of ['ff', 'c0af', 'eda080', 'f8', 'e282']) expect(() => fromUtf8(fromHex(bad))).toThrow(TypeError);
  });

  test('integers are big-endian and in range', () => {
    expect(hex(u32(0x01020304))).toBe('01020304');
    expect(hex(u64(0x01020304050607n))).toBe('0001020304050607');
    expect(readU32(concat(u32(1), u32(0xffffffff)), 4)).toBe(0xffffffff);
    expect(readU64(u64(0xffffffffffffffffn))).toBe(0xffffffffffffffffn);
    for (const n of [-1, 0.5, 2 ** 32, NaN]) expect(() => u32(n)).toThrow(RangeError);
    for (const n of [-1, 0.5, 2 ** 53, -1n, 2n ** 64n]) expect(() => u64(n)).toThrow(RangeError);
    expect(() => readU32(u32(1), 1)).toThrow(RangeError);
  });
});
