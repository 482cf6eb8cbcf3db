import { describe, expect, test } from 'vitest';
import { encode, Malformed, type Value } from '../wire.ts';
import { hex } from '../bytes.ts';
import { Accept, Ack, Bye, Cancel, Decline, Invite, Limits, Ringing, Welcome, type Body as BodyOf } from './message.ts';
import { Candidate, Describe, DescribeKind, Hold, InCall, Mute } from './message-incall.ts';

// A body of any type: the tests hand it what they have from its own table.
interface Body { encode(v: unknown): Uint8Array; parse(data: Uint8Array): unknown }
const any = <T>(b: BodyOf<T>): Body => ({ encode: (v) => b.encode(v as T), parse: b.parse });

const fill = (n: number, b = 7) => new Uint8Array(n).fill(b);
const m = (o: Record<number, Value>): Value => new Map(Object.entries(o).map(([k, v]) => [Number(k), v]));

const box = { ed25519: fill(32, 1), hpke: fill(32, 2), token: fill(16, 3) };
const streams = [
  { ctx: 0, mid: '0', kind: 'audio' as const, codec: 'opus' },
  { ctx: 4095, mid: '1', rid: 'q', kind: 'video' as const, codec: 'VP8' },
];
const candidates = [{ mid: '0', line: 'candidate:1 1 udp 1 9.9.9.9 9 typ host' }, { mid: '1', line: '' }];
const invite = {
  version: 1, mlsSuite: 3, sframeSuite: 0xf001, box, commitment: fill(32), dtls: fill(32),
  media: { send: { audio: true, video: true }, receive: { audio: true, video: false } }, name: 'n', offer: fill(3),
  late: true,
};

const samples: [string, Body, unknown][] = [
  ['Invite', any(Invite), invite],
  ['Ringing', any(Ringing), { box }],
  ['Accept', any(Accept),
    { box, keyPackage: fill(9), nonce: fill(32), answer: fill(3), streams, candidates, late: true }],
  ['Accept without lists', any(Accept),
    { box, keyPackage: fill(9), nonce: fill(32), answer: fill(3), streams: [], candidates: [], late: false }],
  ['Welcome', any(Welcome), { welcome: fill(9), nonce: fill(32), streams, candidates }],
  ['Decline', any(Decline), { reason: 8, mlsSuites: [3], sframeSuites: [0xf001] }],
  ['Cancel', any(Cancel), { reason: 6, winner: fill(32) }],
  ['Cancel without winner', any(Cancel), { reason: 5 }],
  ['Ack', any(Ack), { epoch: 1, authenticator: fill(32), got: true }],
  ['Bye', any(Bye), { reason: 1 }],
  ['InCall', any(InCall), { type: 1, seq: 1, body: fill(5) }],
  ['Mute', any(Mute), { ctx: 1, muted: false }],
  ['Hold', any(Hold), { held: true }],
  ['Candidate', any(Candidate), candidates[0]],
  ['Describe', any(Describe), { kind: DescribeKind.Offer, n: 1, sdp: fill(3), streams, restart: true }],
  ['Describe: refusal', any(Describe), { kind: DescribeKind.Refusal, n: 2, sdp: fill(0), streams: [], restart: false }],
];

describe('bodies', () => {
  test.each(samples)('%s comes back as it was', (_, body, v) => {
    expect(body.parse(body.encode(v))).toEqual(v);
  });

  test.each(samples)('%s: each prefix, each bit and each extension is refused or has one encoding', (_, body, v) => {
    const good = body.encode(v);
    for (let n = 0; n < good.length; n++) expect(() => body.parse(good.subarray(0, n))).toThrow(Malformed);
    expect(() => body.parse(Uint8Array.of(...good, 0))).toThrow(Malformed);
    for (let bit = 0; bit < 8 * good.length; bit++) {
      const bad = good.slice();
      bad[bit >> 3]! ^= 1 << (bit & 7);
      let got: unknown;
      try {
        got = body.parse(bad);
      } catch (e) {
        expect(e).toBeInstanceOf(Malformed);
        continue;
      }
      expect(hex(body.encode(got))).toBe(hex(bad));
    }
  });

  test('the bytes are those of the CDDL', () => {
    expect(hex(Bye.encode({ reason: 1 }))).toBe('a10101');
    expect(hex(Mute.encode({ ctx: 1, muted: false }))).toBe('a2010102f4');
    expect(hex(Decline.encode({ reason: 8, mlsSuites: [3], sframeSuites: [0xf001] }))).toBe('a30108028103038119f001');
    expect(hex(Describe.encode({ kind: 3, n: 1, sdp: fill(0), streams: [], restart: false })))
     .toBe('a3010302010340');
    expect(hex(Candidate.encode({ mid: '0', line: '' }))).toBe('a20161300260');
  });
});

const boxOf = (o: Record<number, Value> = {}) => m({ 1: fill(32), 2: fill(32), 3: fill(16), ...o });
const rawInvite = (o: Record<number, Value> = {}) =>
  m({ 1: 1, 2: 3, 3: 0xf001, 4: boxOf(), 5: fill(32), 6: fill(32), 7: m({ 1: 3, 2: 3 }), 9: fill(1), ...o });
const rawStream = (o: Record<number, Value> = {}) => m({ 1: 0, 2: '0', 4: 1, 5: 'opus', ...o });
const rawAccept = (o: Record<number, Value> = {}) =>
  m({ 1: boxOf(), 2: fill(1), 3: fill(32), 4: fill(1), ...o });
const rawDescribe = (o: Record<number, Value> = {}) => m({ 1: 1, 2: 1, 3: fill(1), ...o });

describe('what is out of bounds', () => {
  test('the same bodies in bounds, at their very limits, are taken', () => {
    Invite.parse(encode(rawInvite({ 8: 'é'.repeat(64), 9: fill(Limits.sdp) })));
    const candidate = m({ 1: '', 2: 'x'.repeat(512) });
    Accept.parse(encode(rawAccept({
      2: fill(Limits.keyPackage), 5: Array(16).fill(rawStream()), 6: Array(32).fill(candidate),
    })));
    Welcome.parse(encode(m({ 1: fill(Limits.mls), 2: fill(32) })));
    Describe.parse(encode(rawDescribe({ 3: fill(Limits.sdp), 5: true })));
  });

  const refused: [string, Body, Value][] = [
    ['an offer of 16 KiB and a byte', any(Invite), rawInvite({ 9: fill(Limits.sdp + 1) })],
    ['no offer', any(Invite), rawInvite({ 9: fill(0) })],
    ['a name of 130 bytes in 65 characters', any(Invite), rawInvite({ 8: 'é'.repeat(65) })],
    ['an empty name', any(Invite), rawInvite({ 8: '' })],
    ['a short commitment', any(Invite), rawInvite({ 5: fill(31) })],
    ['a long fingerprint', any(Invite), rawInvite({ 6: fill(33) })],
    ['an unknown kind of media', any(Invite), rawInvite({ 7: m({ 1: 4, 2: 0 }) })],
    ['no kinds taken', any(Invite), rawInvite({ 7: m({ 1: 3 }) })],
    ['a suite of 17 bits', any(Invite), rawInvite({ 3: 0x10000 })],
    ['an unknown key', any(Invite), rawInvite({ 10: 1 })],
    ['text for bytes', any(Invite), rawInvite({ 9: 'v=0' })],
    ['a short token', any(Ringing), m({ 1: boxOf({ 3: fill(15) }) })],
    ['an HPKE key of 33 bytes', any(Ringing), m({ 1: boxOf({ 2: fill(33) }) })],
    ['an Ed25519 key of 31 bytes', any(Ringing), m({ 1: boxOf({ 1: fill(31) }) })],
    ['no box', any(Ringing), m({})],
    ['a KeyPackage over 4 KiB', any(Accept), rawAccept({ 2: fill(Limits.keyPackage + 1) })],
    ['17 streams', any(Accept), rawAccept({ 5: Array(17).fill(rawStream()) })],
    ['33 candidates', any(Accept), rawAccept({ 6: Array(33).fill(m({ 1: '0', 2: '' })) })],
    ['an empty list that is there', any(Accept), rawAccept({ 5: [] })],
    ['ctx 4096', any(Accept), rawAccept({ 5: [rawStream({ 1: 4096 })] })],
    ['an empty mid', any(Accept), rawAccept({ 5: [rawStream({ 2: '' })] })],
    ['a mid of 17 bytes', any(Accept), rawAccept({ 5: [rawStream({ 2: 'x'.repeat(17) })] })],
    ['an empty rid', any(Accept), rawAccept({ 5: [rawStream({ 3: '' })] })],
    ['kind 3', any(Accept), rawAccept({ 5: [rawStream({ 4: 3 })] })],
    ['kind 0', any(Accept), rawAccept({ 5: [rawStream({ 4: 0 })] })],
    ['a codec of 17 bytes', any(Accept), rawAccept({ 5: [rawStream({ 5: 'x'.repeat(17) })] })],
    ['a candidate of 513 bytes', any(Candidate), m({ 1: '0', 2: 'x'.repeat(513) })],
    ['a Welcome over 24 KiB', any(Welcome), m({ 1: fill(Limits.mls + 1), 2: fill(32) })],
    ['a short nonce', any(Welcome), m({ 1: fill(1), 2: fill(31) })],
    ['reason 0', any(Bye), m({ 1: 0 })],
    ['reason 256', any(Decline), m({ 1: 256 })],
    ['17 suites', any(Decline), m({ 1: 8, 2: Array(17).fill(3) })],
    ['an empty winner', any(Cancel), m({ 1: 6, 2: fill(0) })],
    ['a number for a boolean', any(Ack), m({ 1: 1, 2: fill(32), 3: 1 })],
    ['no authenticator', any(Ack), m({ 1: 1, 3: true })],
    ['an in-call body over 24 KiB', any(InCall), m({ 1: 1, 2: 1, 3: fill(Limits.mls) })],
    ['a mute of ctx 4096', any(Mute), m({ 1: 4096, 2: true })],
    ['a list for a map', any(Hold), [true]],
    ['Describe of kind 4', any(Describe), rawDescribe({ 1: 4 })],
    ['Describe number 0', any(Describe), rawDescribe({ 2: 0 })],
    ['a restart that is false and there', any(Describe), rawDescribe({ 5: false })],
    ['a description over 16 KiB', any(Describe), rawDescribe({ 3: fill(Limits.sdp + 1) })],
  ];
  test.each(refused)('%s is refused', (_, body, v) => {
    expect(() => body.parse(encode(v))).toThrow(Malformed);
  });

  test('a body over 60 KiB is refused before it is read', () => {
    expect(() => Invite.parse(new Uint8Array(Limits.body + 1))).toThrow(/61440/);
  });

  test('own mistakes are not written', () => {
    expect(() => Bye.encode({ reason: 0 })).toThrow(Malformed);
    expect(() => Invite.encode({ ...invite, name: 'n'.repeat(129) })).toThrow(Malformed);
    expect(() => Invite.encode({ ...invite, name: '\ud800' })).toThrow(Malformed);
  });
});
