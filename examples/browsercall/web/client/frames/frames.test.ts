import { describe, expect, it } from 'vitest';
import { concat, utf8 } from '../bytes.ts';
import { Epoch } from './epoch.ts';
import { FramesError } from './errors.ts';
import { removalTime } from './frames.ts';
import { encodeHeader, parseHeader } from './header.ts';
import { SealKey } from './sframe.ts';
import { dropped } from './stats.ts';
import { Streams } from './streams.ts';
import { baseKeyOf, camera, contains, dice, mic, pair, screen, Side } from './testing.ts';

const none = new Uint8Array(0);
const code = (f: () => unknown) => {
  try {
    f();
  } catch (e) {
    return e instanceof FramesError ? e.code : String(e);
  }
  return 'no error';
};

describe('frames', () => {
  it('go both ways', () => {
    const { alice, bob } = pair();
    for (let i = 0; i < 20; i++) {
      expect(bob.open(0, '0', alice.seal(0, `audio ${i}`))).toBe(`audio ${i}`);
      expect(alice.open(1, '1', bob.seal(1, `video ${i}`))).toBe(`video ${i}`);
    }
    const st = alice.frames.stats();
    expect([st.sealed, st.opened, dropped(st), st.epochFrames]).toEqual([20, 20, 0, 20]);
  });

  it('are neither sealed nor opened before there are keys and declarations', () => {
    const [alice, bob] = [new Side(0), new Side(1)];
    const sealer = alice.frames.sealer(0);
    expect(sealer.seal(none, utf8('frame'))).toBe('noKey');
    alice.install(1, 0, 1);
    expect(sealer.seal(none, utf8('frame'))).toBe('noKey');
    expect(alice.frames.switchSend(1)).toBe(true);
    expect(alice.frames.switchSend(1)).toBe(false);
    const sealed = alice.seal(0, 'frame');
    expect(contains(sealed, utf8('frame'))).toBe(false);
    expect(bob.open(0, '0', sealed)).toBe('<noEpoch>');
    bob.install(1, 0, 1);
    expect(bob.open(0, '0', sealed)).toBe('<undeclared>');
    bob.frames.declare(0, [mic]);
    expect(bob.open(0, '0', sealed)).toBe('frame');
    expect(alice.frames.stats().refused).toBe(2);
  });

  it('are opened after stopSend, and never sealed again', () => {
    const { alice, bob } = pair();
    alice.frames.stopSend();
    expect(alice.frames.sealer(0).seal(none, utf8('frame'))).toBe('noKey');
    expect(alice.open(1, '1', bob.seal(1, 'video'))).toBe('video');
    alice.install(2, 0, 1);
    expect(code(() => alice.frames.switchSend(2))).toBe('destroyed');
    alice.frames.reset();
    alice.install(3, 0, 1);
    expect(code(() => alice.frames.switchSend(3))).toBe('destroyed');
  });

  it('have one sealer a ctx and one opener a section', () => {
    const { frames } = new Side(0);
    expect(frames.sealer(3)).toBe(frames.sealer(3));
    expect(frames.sealer(3)).not.toBe(frames.sealer(4));
    expect(frames.opener(1, 'a')).toBe(frames.opener(1, 'a'));
    expect(new Set([frames.opener(1, 'a'), frames.opener(2, 'a'), frames.opener(1, 'b')]).size).toBe(3);
  });

  it.each([
    [1, 0, [0, 1], 0, 0x01], [1, 1, [0, 1], 0, 0x11], [1, 1, [0, 1], 2, (2 << 5) | 0x11], [16, 0, [0, 1], 1, 1 << 5],
    [7, 0, [0], 3, (3 << 4) | 7], [18, 5, [0, 5], 4095, (4095 << 7) | (5 << 4) | 2],
  ])('have the KIDs of the profile: epoch %d, leaf %d of %j, ctx %d', (epoch, own, leaves, ctx, want) => {
    const s = new Side(own);
    s.use(epoch, ...leaves);
    expect(parseHeader(s.seal(ctx, 'x'))).toMatchObject({ kid: BigInt(want), ctr: 0n });
  });

  it('end with destroy', () => {
    const { alice, bob } = pair();
    const sealed = alice.seal(0, 'frame');
    alice.frames.destroy();
    bob.frames.destroy();
    bob.frames.destroy();
    expect(alice.frames.sealer(0).seal(none, none)).toBe('noKey');
    expect(bob.open(0, '0', sealed)).toBe('<noEpoch>');
    expect(code(() => bob.install(2, 0, 1))).toBe('destroyed');
    expect(code(() => bob.frames.switchSend(1))).toBe('destroyed');
    expect(code(() => bob.frames.declare(0, []))).toBe('destroyed');
  });

  it('are sealed for 64 streams and no more', () => {
    const s = new Side(0);
    s.use(1, 0, 1);
    for (let ctx = 0; ctx < 64; ctx++) s.seal(ctx, 'x');
    for (const ctx of [64, 4095, 4096, 65535, -1, 1.5]) {
      expect(s.frames.sealer(ctx).seal(none, none)).toBe('undeclared');
    }
  });

  it('are refused at the last counter', () => {
    const key = new SealKey(baseKeyOf(1), 1n, 0xfffffffffffffffen);
    const sealed = [key.seal(none, none), key.seal(none, none)].map((b) => parseHeader(b!)!.ctr);
    expect(sealed).toEqual([0xfffffffffffffffen, 0xffffffffffffffffn]);
    expect(key.seal(none, none)).toBeUndefined();
    expect(key.seal(none, none)).toBeUndefined();
  });

  it('show no key in what is printed', () => {
    const { alice } = pair();
    alice.seal(0, 'x');
    const text = JSON.stringify([alice.frames, alice.frames.sealer(0), alice.frames.opener(1, '0'),
      new SealKey(baseKeyOf(1), 1n)],
      (_, v: unknown) => (typeof v === 'bigint' ? v.toString() : v));
    expect(text).not.toContain('181');
    expect(JSON.stringify(new Epoch({ epoch: 1, baseKey: baseKeyOf(1), ownLeaf: 0,
      leaves: [0] }))).not.toContain('181');
  });
});

describe('epochs', () => {
  it('are both open for 10 s', () => {
    const { alice, bob } = pair();
    const old = ['old 1', 'old 2', 'old 3'].map((t) => alice.seal(0, t));
    expect(bob.open(0, '0', old[0]!)).toBe('old 1');
    bob.install(2, 0, 1);
    alice.use(2, 0, 1);
    expect(bob.open(0, '0', alice.seal(0, 'new'))).toBe('new');
    const at = bob.frames.nextExpiry()!;
    expect(at).toBe(bob.now + 10_000);
    bob.frames.expire(at - 1);
    expect(bob.open(0, '0', old[1]!)).toBe('old 2');
    bob.frames.expire(at);
    expect(bob.open(0, '0', old[2]!)).toBe('<noEpoch>');
    expect(bob.frames.nextExpiry()).toBeUndefined();
    bob.frames.expire(at + 3_600_000);
    expect(bob.open(0, '0', alice.seal(0, 'newest'))).toBe('newest');
  });

  it('are at most five besides the newest', () => {
    const { alice, bob } = pair();
    const sealed: Uint8Array[] = [];
    for (let epoch = 2; epoch < 12; epoch++) {
      sealed.push(alice.seal(0, 'x'));
      alice.use(epoch, 0, 1);
      bob.install(epoch, 0, 1);
    }
    expect(sealed.map((b) => bob.open(0, '0', b))).toEqual([...Array<string>(5).fill('<noEpoch>'),
      ...Array<string>(5).fill('x')]);
  });

  it('never share a KID', () => {
    const { alice, bob } = pair();
    const old = alice.seal(0, 'epoch 1');
    alice.use(17, 0, 1);
    bob.install(17, 0, 1);
    expect(bob.open(0, '0', old)).toBe('<forged>');
    expect(bob.open(0, '0', alice.seal(0, 'epoch 17'))).toBe('epoch 17');
  });

  it('end 2 s after a removal, and the removed at once', () => {
    const [a, b, c] = [new Side(0), new Side(1), new Side(2)];
    for (const s of [a, b, c]) s.use(1, 0, 1, 2);
    b.frames.declare(0, [mic]);
    b.frames.declare(2, [mic]);
    expect(b.open(2, '0', c.seal(0, 'still here'))).toBe('still here');
    const [late, later] = [a.seal(0, 'late'), a.seal(0, 'later')];
    b.install(2, 0, 1);
    expect(b.open(2, '0', c.seal(0, 'gone'))).toBe('<removed>');
    b.frames.expire(b.now + removalTime - 1);
    expect(b.open(0, '0', late)).toBe('late');
    b.frames.expire(b.now + removalTime);
    expect(b.open(0, '0', later)).toBe('<noEpoch>');
  });

  it('tell members of one leaf apart', () => {
    const [old, b, fresh] = [new Side(0), new Side(1), new Side(0)];
    old.use(1, 0, 1);
    b.use(1, 0, 1);
    b.frames.declare(0, [{ ...camera, ctx: 0, mid: '0' }]);
    expect(b.open(0, '0', old.seal(0, 'x'))).toBe('x');
    b.frames.install({ epoch: 2, baseKey: baseKeyOf(2), ownLeaf: 1, leaves: [0, 1], removed: [0] });
    fresh.use(2, 0, 1);
    const sealed = fresh.seal(0, 'new member');
    expect(b.open(0, '0', sealed)).toBe('<undeclared>');
    b.frames.declare(0, [mic]);
    expect(b.open(0, '0', sealed)).toBe('new member');
    expect(b.open(0, '0', old.seal(0, 'old member'))).toBe('<removed>');
  });

  it('are refused when they are not well-formed, not in order, or have a key of before', () => {
    const { bob } = pair();
    const good = { epoch: 2, baseKey: baseKeyOf(2), ownLeaf: 1, leaves: [0, 1] };
    for (const change of [
      { baseKey: baseKeyOf(2).subarray(16) }, { baseKey: new Uint8Array(33) }, { baseKey: none }, { epoch: 1 },
        { epoch: 0 },
      { epoch: NaN }, { epoch: -1 }, { leaves: [] }, { leaves: [1, -1] }, { leaves: [1, 2 ** 32] }, { ownLeaf: 7 },
      { baseKey: baseKeyOf(1) },
    ]) expect(code(() => bob.frames.install({ ...good, ...change }))).toBe('epoch');
    expect(code(() => bob.frames.switchSend(2))).toBe('epoch');
    bob.frames.install(good);
    expect(bob.frames.switchSend(2)).toBe(true);
    expect(code(() => bob.frames.switchSend(1))).toBe('epoch');
  });

  it('are remembered as used, the last few thousand', () => {
    const { bob } = pair();
    const keyOf = (n: number) => Uint8Array.from({ length: 32 }, (_, i) => (n >> (8 * (i % 3))) & 255);
    const install = (epoch: number, n: number) =>
      bob.frames.install({ epoch, baseKey: keyOf(n), ownLeaf: 1, leaves: [0, 1] });
    for (let n = 2; n <= 4500; n++) install(n, n);
    for (const n of [4500, 4000, 500]) expect(code(() => install(4501, n))).toBe('epoch');
    install(4501, 2); // what a peer can make us keep has an end
  });

  it('begin anew after a reset, but not under a key of before', () => {
    const { alice, bob } = pair();
    alice.use(9, 0, 1);
    bob.install(9, 0, 1);
    const lost = alice.seal(0, 'lost branch');
    bob.frames.reset();
    expect(bob.open(0, '0', lost)).toBe('<noEpoch>');
    expect(bob.frames.sealer(0).seal(none, none)).toBe('noKey');
    expect(code(() => bob.install(9, 0, 1))).toBe('epoch');
    const carol = new Side(0);
    carol.use(4, 0, 2);
    bob.own = 2;
    bob.use(4, 0, 2);
    bob.frames.declare(0, [mic]);
    expect(bob.open(0, '0', carol.seal(0, 'other branch'))).toBe('other branch');
  });
});

describe('declarations', () => {
  it('stay, and are taken whole or not at all', () => {
    const streams = new Streams();
    streams.declare(1, [mic, camera]);
    streams.declare(1, [mic]);
    streams.declare(1, [screen, camera]);
    expect([0, 1, 2].map((ctx) => streams.get(1, ctx)?.mid)).toEqual(['0', '1', '2']);
    const fine = { ...mic, ctx: 8, mid: '8' };
    for (const bad of [
      { ...camera, codec: 'H264' }, { ...camera, mid: '2' }, { ...camera, rid: 'x' }, { ...mic, kind: 'video' as const },
    ]) expect(code(() => streams.declare(1, [fine, bad]))).toBe('streams');
    expect(streams.get(1, 8)).toBeUndefined();
  });

  it('bound the keys that are derived', () => {
    const bob = new Side(1);
    bob.frames.declare(0, Array.from({ length: 64 }, (_, ctx) => ({ ...camera, ctx, mid: '0', rid: String(ctx) })));
    expect(code(() => bob.frames.declare(0, [{ ...camera, ctx: 64 }]))).toBe('streams');
    for (let epoch = 1; epoch < 20; epoch++) {
      bob.install(epoch, 0, 1);
      for (let ctx = 0; ctx < 80; ctx++) bob.open(0, '0', forged(1, 0, ctx, epoch));
    }
    expect(bob.frames.opener(0, '0').derived).toBe(6 * 64);
  });
});

/** A frame that claims to be of (ctx, leaf, epoch), from someone without keys. */
function forged(highest: number, leaf: number, ctx: number, epoch: number): Uint8Array {
  const kid = new Epoch({ epoch, baseKey: baseKeyOf(1), ownLeaf: highest, leaves: [highest] }).kid(ctx, leaf);
  return concat(encodeHeader({ kid, ctr: 0n }), new Uint8Array(60).fill(0xa5));
}

describe('attacks', () => {
  it('our own frames come back', () => {
    const { alice } = pair();
    const sealed = alice.seal(0, 'my voice');
    expect([alice.open(0, '0', sealed), alice.open(1, '0', sealed)]).toEqual(['<reflected>', '<reflected>']);
  });

  it('streams are swapped', () => {
    const { alice, bob } = pair();
    const [face, slides] = [alice.seal(1, 'face'), alice.seal(2, 'slides')];
    expect([bob.open(0, '1', slides), bob.open(0, '2', face), bob.open(0, '0',
      face)]).toEqual(Array(3).fill('<wrongMID>'));
    const h = parseHeader(face)!;
    const relabelled = concat(encodeHeader({ kid: (h.kid & 31n) | (2n << 5n), ctr: h.ctr }), face.subarray(h.size));
    expect(bob.open(0, '2', relabelled)).toBe('<forged>');
    expect([bob.open(0, '1', face), bob.open(0, '2', slides)]).toEqual(['face', 'slides']);
  });

  it('a flood of other ctx, leaves and epochs derives nothing', () => {
    const { bob } = pair();
    for (let epoch = 0; epoch < 16; epoch++) {
      for (let ctx = 0; ctx < 100; ctx++) for (const leaf of [0, 1]) bob.open(0, '1', forged(1, leaf, ctx, epoch));
    }
    const st = bob.frames.stats();
    expect(bob.frames.opener(0, '1').derived).toBe(1);
    expect([dropped(st), st.undeclared, st.wrongMID, st.forged, st.reflected, st.noEpoch]).toEqual([3200, 97, 2, 1,
      100, 3000]);
  });

  it('blank leaves, and another member at this connection', () => {
    const [a, b] = [new Side(5), new Side(0)];
    a.use(1, 0, 3, 5);
    b.use(1, 0, 3, 5);
    for (let leaf = 0; leaf < 8; leaf++) b.frames.declare(leaf, [mic]);
    expect(b.open(5, '0', a.seal(0, 'leaf 5'))).toBe('leaf 5');
    for (const leaf of [1, 2, 4, 6, 7]) expect(b.open(5, '0', forged(5, leaf, 0, 1))).toBe('<blankLeaf>');
    expect(b.open(3, '0', a.seal(0, 'not of 3'))).toBe('<wrongLeaf>');
  });

  it('counters start again at the peer', () => {
    const { alice, bob } = pair();
    expect(bob.open(0, '0', alice.seal(0, 'first'))).toBe('first');
    const restarted = new Side(0);
    restarted.use(1, 0, 1);
    expect(bob.open(0, '0', restarted.seal(0, 'other'))).toBe('<replayed>');
  });

  it('everything is sent again', () => {
    const { alice, bob } = pair();
    const all = Array.from({ length: 2000 }, () => alice.seal(1, 'x'));
    for (const b of all) expect(bob.open(0, '1', b)).toBe('x');
    for (const b of all) bob.open(0, '1', b);
    const st = bob.frames.stats();
    expect([st.replayed, st.tooOld, st.opened]).toEqual([1024, 976, 2000]);
  });

  it('a forged counter does not move the window', () => {
    const { alice, bob } = pair();
    const [one, two] = [alice.seal(0, 'one'), alice.seal(0, 'two')];
    const h = parseHeader(two)!;
    expect(bob.open(0, '0', concat(encodeHeader({ kid: h.kid, ctr: 5000n }), two.subarray(h.size)))).toBe('<forged>');
    expect([bob.open(0, '0', two), bob.open(0, '0', one), bob.open(0, '0', one)]).toEqual(['two', 'one', '<replayed>']);
  });

  it('every order within the window opens each frame once', () => {
    const { alice, bob } = pair();
    const roll = dice(7);
    const all = Array.from({ length: 3000 }, (_, i) => ({ i, sealed: alice.seal(0, String(i)) }));
    const seen = new Set<number>();
    let highest = -1;
    for (let n = 0; n < 9000; n++) {
      const { i, sealed } = all[Math.min(2999, Math.max(0, Math.floor(n / 3) - 1100 + roll(1300)))]!;
      const got = bob.open(0, '0', sealed);
      if (highest - i >= 1024) expect(got).toBe('<tooOld>');
      else if (seen.has(i)) expect(got).toBe('<replayed>');
      else expect(got).toBe(String(i));
      if (got === String(i)) seen.add(i);
      highest = Math.max(highest, seen.has(i) ? i : -1);
    }
    expect(seen.size).toBeGreaterThan(1500);
  });

  it('plaintext and fragments are dropped', () => {
    const { bob } = pair();
    for (const frame of [
      none, Uint8Array.of(0xf8, 0xff, 0xfe), Uint8Array.of(1), new Uint8Array(17), new Uint8Array(500).fill(0x9d),
      forged(1, 0, 0, 1).subarray(0, 16), forged(1, 0, 0, 1).subarray(0, 12),
    ]) expect(bob.open(0, '0', frame)).toMatch(/^<(malformed|noEpoch|blankLeaf|undeclared)>$/);
    expect(bob.frames.opener(0, '0').derived).toBe(0);
  });

  it('a header has one form', () => {
    const { alice, bob } = pair();
    const sealed = alice.seal(0, 'frame');
    for (const header of [[0x80, 1], [0x90, 0, 1], [0xf0, 0, 0, 0, 0, 0, 0, 0, 1], [0x18, 0], [0x88, 1, 0], [0x1f, 0,
      0, 0, 0, 0, 0, 0, 0]]) {
      expect(bob.open(0, '0', concat(Uint8Array.from(header), sealed.subarray(1)))).toBe('<malformed>');
    }
    expect(bob.open(0, '0', sealed)).toBe('frame');
  });

  it('every bit is authenticated', () => {
    const { alice, bob } = pair();
    const clear = Uint8Array.of(0, 1, 2);
    const sealed = alice.seal(1, 'frame', clear);
    for (const b of [clear, sealed]) {
      for (let i = 0; i < 8 * b.length; i++) {
        b[i >> 3]! ^= 1 << (i & 7);
        expect(bob.open(0, '1', sealed, clear)).toMatch(/^</);
        b[i >> 3]! ^= 1 << (i & 7);
      }
    }
    expect(bob.open(0, '1', sealed, clear)).toBe('frame');
  });

  it('another key opens nothing', () => {
    const { alice } = pair();
    const eve = new Side(1);
    eve.frames.install({ epoch: 1, baseKey: baseKeyOf(2), ownLeaf: 1, leaves: [0, 1] });
    eve.frames.declare(0, [mic]);
    for (let i = 0; i < 10; i++) expect(eve.open(0, '0', alice.seal(0, 'secret'))).toBe('<forged>');
  });
});
