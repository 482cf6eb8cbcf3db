import { describe, expect, test } from 'vitest';
import { equal, fromHex, hex, random } from './bytes.ts';
import { Malformed, decode, encode, fields, maxDepth, record, unlessEmpty, type Value, type ValueMap } from './wire.ts';

const limit = 1 << 16;

/** A generator of numbers that is the same in every run (mulberry32). */
function generator(seed: number): (n: number) => number {
  return (n) => {
    seed = (seed + 0x6d2b79f5) | 0;
    let t = Math.imul(seed ^ (seed >>> 15), 1 | seed);
    t ^= t + Math.imul(t ^ (t >>> 7), 61 | t);
    return ((t ^ (t >>> 14)) >>> 0) % n;
  };
}

function randomValue(pick: (n: number) => number, depth: number): Value {
  switch (pick(depth > 0 ? 6 : 4)) {
    case 0:
      return Math.floor(2 ** pick(54)) - 1;
    case 1:
      return pick(2) === 1;
    case 2:
      return ['', 'a', 'Zoë', '🐶'.repeat(pick(40)), '\ufeff'][pick(5)]!;
    case 3:
      return random(pick(3) * pick(200));
    case 4:
      return Array.from({ length: pick(5) }, () => randomValue(pick, depth - 1));
    default: {
      const m: ValueMap = new Map();
      for (let i = pick(5); i > 0; i--) m.set(pick(70000), randomValue(pick, depth - 1));
      return m;
    }
  }
}

/** Says whether b is read; if so, it must be what encode makes of what was read. */
function accepted(b: Uint8Array): boolean {
  let v: Value;
  try {
    v = decode(b, limit);
  } catch (e) {
    expect(e).toBeInstanceOf(Malformed);
    return false;
  }
  if (!equal(encode(v), b)) throw new Error(`accepted ${hex(b)}, whose encoding is ${hex(encode(v))}`);
  return true;
}

describe('wire', () => {
  // RFC 8949, appendix A: the rows within the protocol's shapes.
  test.each<[string, Value]>([
    ['00', 0], ['17', 23], ['1818', 24], ['1903e8', 1000], ['1a000f4240', 1000000],
    ['1b000000e8d4a51000', 1000000000000],
    ['1b001fffffffffffff', Number.MAX_SAFE_INTEGER], ['f4', false], ['f5', true], ['40', new Uint8Array(0)],
    ['4401020304', fromHex('01020304')], ['60', ''], ['6449455446', 'IETF'], ['62c3bc', 'ü'], ['64f0908591', '𐅑'],
    ['80', []], ['8301820203820405', [1, [2, 3], [4, 5]]], ['a0', new Map()], ['a201020304', new Map([[3, 4], [1, 2]])],
  ])('%s', (bytes, v) => {
    expect(hex(encode(v))).toBe(bytes);
    expect(decode(fromHex(bytes), limit)).toEqual(v);
  });

  test.each([
    ['nothing', ''], ['not minimal, 1 byte', '1817'], ['not minimal, 2 bytes', '1900ff'],
    ['not minimal, 4 bytes', '1a0000ffff'],
    ['not minimal, 8 bytes', '1b00000000ffffffff'], ['2^53', '1b0020000000000000'], ['2^64-1', '1bffffffffffffffff'],
    ['negative', '20'], ['tag', 'c000'], ['float16', 'f93c00'], ['float32', 'fa47c35000'],
    ['float64', 'fb3ff199999999999a'],
    ['null', 'f6'], ['undefined', 'f7'], ['simple 16', 'f0'], ['true in two bytes', 'f815'], ['break', 'ff'],
    ['indefinite bytes', '5f4101ff'], ['indefinite text', '7f6161ff'], ['indefinite array', '9f01ff'],
    ['indefinite map', 'bf0101ff'], ['reserved 28', '1c'], ['length not minimal', '580101'], ['cut bytes', '4201'],
    ['length of 2^32-1', '5affffffff'], ['length of 2^53', '5b0020000000000000'], ['array of 2^32-1', '9affffffff'],
    ['cut map', 'a101'], ['keys out of order', 'a202000100'], ['key twice', 'a201000100'], ['text key', 'a1616100'],
    ['negative key', 'a12000'], ['key not minimal', 'a1180100'], ['not UTF-8', '61ff'], ['surrogate', '63eda080'],
    ['bytes after the end', '0000'], ['5 deep', '8181818180'], ['257 elements', `990101${'00'.repeat(257)}`],
  ])('refuses %s', (_, bytes) => {
    expect(() => decode(fromHex(bytes), limit)).toThrow(Malformed);
  });

  test('is read to a depth of 4 and 256 elements', () => {
    expect(maxDepth).toBe(4);
    expect(accepted(fromHex('81818180'))).toBe(true);
    expect(accepted(fromHex(`990100${'00'.repeat(256)}`))).toBe(true);
  });

  test('input past the limit is refused whatever it is', () => {
    const b = encode(random(100));
    expect(decode(b, b.length)).toBeInstanceOf(Uint8Array);
    expect(() => decode(b, b.length - 1)).toThrow(Malformed);
  });

  test.each<[string, Value]>([
    ['negative', -1], ['minus zero', -0], ['fraction', 0.5], ['2^53', 2 ** 53], ['NaN', NaN], ['half a pair', '\ud800'],
    ['5 deep', [[[[[]]]]]], ['257 elements', Array<Value>(257).fill(0)], ['negative key', new Map([[-1, 0]])],
  ])('encode refuses %s', (_, v) => {
    expect(() => encode(v)).toThrow(Malformed);
  });

  test('read byte strings do not share memory with what they were read from', () => {
    const b = encode(Uint8Array.of(1, 2));
    const v = decode(b, limit);
    b.fill(0);
    expect(v).toEqual(Uint8Array.of(1, 2));
  });

  test('every value comes back', () => {
    const pick = generator(1);
    for (let i = 0; i < 3000; i++) {
      const v = randomValue(pick, maxDepth);
      const b = encode(v);
      expect(decode(b, b.length)).toEqual(v);
      expect(equal(encode(decode(b, b.length)), b)).toBe(true);
    }
  });

  test('what is read is exactly what is written: all strings of up to 2 bytes, and 60000 others', () => {
    let read = 0;
    for (let a = 0; a < 256; a++) {
      if (accepted(Uint8Array.of(a))) read++;
      for (let b = 0; b < 256; b++) if (accepted(Uint8Array.of(a, b))) read++;
    }
    // One byte: 24 integers, false, true, and four kinds of nothing. Two: 232 integers from 24, a byte string of 1, 128
    // texts of 1; arrays of 1 with any of the 30 of one byte.
    expect(read).toBe(24 + 2 + 4 + 232 + 256 + 128 + 30);
    const pick = generator(2);
    let changed = 0;
    for (let i = 0; i < 60000; i++) {
      const b = encode(randomValue(pick, maxDepth));
      if (b.length === 0) continue;
      b[pick(b.length)]! ^= 1 << pick(8);
      if (accepted(pick(4) === 0 ? b.subarray(0, pick(b.length)) : b)) changed++;
    }
    expect(changed).toBeGreaterThan(1000);
  });
});

describe('fields', () => {
  const shape = {
    n: [1, 'uint', 5], key: [2, 'bytes', 2], blob: [3, 'bytes', 0, 3], name: [4, 'text?', 4],
    list: [5, 'list?', 1, 2], on: [6, 'bool?'],
  } as const;
  const good = { 1: 5, 2: Uint8Array.of(1, 2), 3: new Uint8Array(0) };

  test('reads what is there under its names', () => {
    const f = fields(record({ ...good, 4: 'Zoë', 5: [1], 6: true }), shape);
    expect(f).toEqual({ n: 5, key: Uint8Array.of(1, 2), blob: new Uint8Array(0), name: 'Zoë', list: [1], on: true });
    expect(Object.keys(fields(record(good), shape))).toEqual(['n', 'key', 'blob']);
  });

  test.each<[string, Record<number, Value | undefined>]>([
    ['a missing field', { 1: undefined }], ['an unknown key', { 7: 0 }], ['another kind', { 1: true }],
    ['past its greatest', { 1: 6 }],
    ['bytes too short', { 2: Uint8Array.of(1) }], ['bytes too long', { 3: new Uint8Array(4) }],
    ['text of 5 bytes', { 4: 'Zoëy' }],
    ['empty optional text', { 4: '' }], ['empty optional list', { 5: [] }], ['false optional', { 6: false }],
    ['list of 3', { 5: [1, 2, 3] }],
    ['text for bytes', { 2: 'ab' }], ['list for a map', { 1: [] }],
  ])('refuses %s', (_, change) => {
    expect(() => fields(record({ ...good, ...change }), shape)).toThrow(Malformed);
  });

  test('refuses what is no map', () => {
    for (const v of [undefined, 1, 'a', [], new Uint8Array(1)]) expect(() => fields(v, shape)).toThrow(Malformed);
  });

  test('unlessEmpty leaves out what an optional field may not be', () => {
    expect([0, false, '', [], new Uint8Array(0), new Map(),
      undefined].map((v) => unlessEmpty(v as Value))).toEqual(Array(7).fill(undefined));
    expect(unlessEmpty('a')).toBe('a');
    expect(hex(encode(record({ 2: unlessEmpty(''), 1: 7 })))).toBe('a10107');
  });
});
