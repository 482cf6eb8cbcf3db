import { describe, expect, test } from 'vitest';
import { fromHex, hex } from '../bytes.ts';
import { encode, Malformed, type Value } from '../wire.ts';
import { decodeFrame, encodeFrame, maxFrame, type Frame, type Frames, type Kind } from './frame.ts';
import { maxBody, maxNotice, maxTokens } from './transport.ts';

const fill = (n: number, b = 1) => new Uint8Array(n).fill(b);

const samples: Frame[] = [
  { kind: 'challenge', version: 1, challenge: fill(32) },
  { kind: 'hello', version: 1 },
  {
    kind: 'hello', version: 1, ed25519: fill(32), hpke: fill(1216), signature: fill(64), reader: fill(16), keep: 604800,
  },
  { kind: 'ready', version: 1 },
  { kind: 'send', n: 1, id: fill(16), to: fill(32), token: fill(16), body: fill(maxBody) },
  { kind: 'send', n: 2 ** 40, id: fill(16), to: fill(32), token: fill(16), body: fill(maxNotice), class: 1 },
  { kind: 'result', n: 7, code: 2 },
  { kind: 'deliver', id: fill(16), token: fill(16), body: fill(10), class: 1 },
  { kind: 'deliver', id: fill(16), token: fill(16), body: fill(10), class: 0 },
  { kind: 'ack', id: fill(16) },
  { kind: 'admit', n: 0, hashes: fill(32 * maxTokens), open: true },
  { kind: 'ask', n: 3 },
  {
    kind: 'servers', n: 3, seconds: 3600,
    servers: [{ urls: ['stun:a:1'] }, { urls: ['turn:a:1', 'turns:b:2'], username: 'u', credential: 'c' }],
  },
];

function write(f: Frame): Uint8Array {
  const { kind, ...fields } = f;
  return encodeFrame(kind as Kind, fields as Frames[Kind]);
}

describe('frames', () => {
  test.each(samples)('$kind comes back as it was', (f) => {
    const b = write(f);
    expect(b.length).toBeLessThanOrEqual(maxFrame);
    expect(decodeFrame(b)).toEqual(f);
  });

  test("the bytes of the design note's examples", () => {
    expect(hex(encodeFrame('hello', { version: 1 }))).toBe('02a10101');
    expect(hex(encodeFrame('result', { n: 7, code: 0 }))).toBe('11a201070200');
    expect(hex(encodeFrame('ack', { id: fill(16) }))).toBe('13a10150' + '01'.repeat(16));
  });

  const raw = (kind: number, o: Record<number, Value>) =>
    Uint8Array.of(kind, ...encode(new Map(Object.entries(o).map(([k, v]) => [Number(k), v]))));
  const send = { 1: 1, 2: fill(16), 3: fill(32), 4: fill(16), 5: fill(1) };
  const server = (o: Record<number, Value>) => new Map(Object.entries(o).map(([k, v]) => [Number(k), v]));

  test.each<[string, Uint8Array]>([
    ['nothing', fill(0)],
    ['an unknown kind', fromHex('7fa0')],
    ['a kind alone', fromHex('03')],
    ['another version', raw(3, { 1: 2 })],
    ['a short challenge', raw(1, { 1: 1, 2: fill(31) })],
    ['a send without a body', raw(0x10, { ...send, 5: fill(0) })],
    ['a body over the limit', raw(0x10, { ...send, 5: fill(maxBody + 1) })],
    ['a notice over the limit', raw(0x10, { ...send, 5: fill(maxNotice + 1), 6: 1 })],
    ['class 2', raw(0x10, { ...send, 6: 2 })],
    ['a short address', raw(0x10, { ...send, 3: fill(31) })],
    ['half a hash', raw(0x20, { 1: 0, 2: fill(48) })],
    ['too many hashes', raw(0x20, { 1: 0, 2: fill(32 * (maxTokens + 1)) })],
    ['code 4', raw(0x11, { 1: 1, 2: 4 })],
    ['an http ICE server', raw(0x22, { 1: 1, 2: 1, 3: [server({ 1: ['http://a'] })] })],
    ['a server without URL', raw(0x22, { 1: 1, 2: 1, 3: [server({ 1: [] })] })],
    ['17 servers', raw(0x22, { 1: 1, 2: 1, 3: Array(17).fill(server({ 1: ['stun:a'] })) })],
    ['a URL of 257 bytes', raw(0x22, { 1: 1, 2: 1, 3: [server({ 1: ['stun:' + 'a'.repeat(252)] })] })],
    ['credentials of a century', raw(0x22, { 1: 1, 2: 2 ** 31 + 1, 3: [] })],
    ['an unknown key', raw(0x11, { 1: 1, 2: 0, 3: 0 })],
    ['bytes after the end', Uint8Array.of(...encodeFrame('ask', { n: 1 }), 0)],
    ['a number in five bytes', fromHex('21a1011a00000001')],
    ['too long', fill(maxFrame + 1, 0x12)],
  ])('%s is refused', (_, b) => {
    expect(() => decodeFrame(b)).toThrow(Malformed);
  });
});
