import { describe, expect, it } from 'vitest';
import { concat, equal, fromHex, hex } from '../bytes.ts';
import type { Opening } from './layout.ts';
import { layoutOf } from './layout.ts';
import { contains, dice, pair } from './testing.ts';

const video = ['VP8', 'VP9', 'AV1', 'H264'] as const;

/** An access unit with n slices whose bytes are like a codec's, zeros and start codes' beginnings among them. */
function h264(roll: (n: number) => number, key: boolean): Uint8Array {
  const body = () => Uint8Array.from({ length: 1 + roll(400) }, () => (roll(3) === 0 ? 0 : 4 + roll(252)));
  const sets = key ? [fromHex('0000000167' + '42e01fda0280f680'), fromHex('00000168ce3c80')] : [];
  const slice = () => concat(fromHex(key ? '0000016588' : '00000001419a'), Uint8Array.of(0x84), body(),
    Uint8Array.of(0x80));
  return concat(...sets, slice(), slice());
}

describe('layouts', () => {
  it('there is none for other codecs', () => {
    for (const codec of ['', 'G722', 'H265', 'rtx', 'constructor', 'toString',
      '__proto__']) expect(layoutOf(codec)).toBeUndefined();
    expect(layoutOf('OPUS')?.kind).toBe('audio');
    expect(layoutOf('h264')?.kind).toBe('video');
  });

  it.each(['opus', 'red', ...video])('%s: what is sealed opens to the same bytes', (codec) => {
    const { alice, bob } = pair();
    const roll = dice(codec.length);
    const layout = layoutOf(codec)!;
    for (let i = 0; i < 300; i++) {
      const key = i % 50 === 0;
      const frame = codec === 'H264' ? h264(roll, key) : Uint8Array.from({ length: 1 + roll(300) }, () => roll(256));
      const sealed = layout.seal(frame, key, alice.frames.sealer(1));
      if (typeof sealed === 'string') throw new Error(sealed);
      if (frame.length > 20) expect(contains(sealed, frame.subarray(15))).toBe(false);
      const opened = layout.open(sealed, bob.frames.opener(0, '1'));
      expect(typeof opened === 'string' ? opened : hex(opened)).toBe(hex(frame));
    }
  });

  it('H264: nothing after the slice\'s header looks like a start code, with a counter of zeros too', () => {
    const roll = dice(3);
    const frame = h264(roll, false);
    for (let n = 0; n < 200; n++) {
      const inner = Uint8Array.from({ length: 1 + roll(60) }, () => roll(4));
      const sealed = layoutOf('H264')!.seal(frame, false, { seal: () => inner });
      if (typeof sealed === 'string') throw new Error(sealed);
      expect(hex(sealed.subarray(4)).replace(/(..)/g, '$1 ')).not.toMatch(/00 00 0[012] /);
      const opening: Opening = { malformed: () => 'malformed', open: (_, b) => (equal(b, inner) ? frame : 'forged') };
      expect(layoutOf('H264')!.open(sealed, opening)).toBe(frame);
    }
  });

  it('H264 survives other start codes and a rewritten parameter set; AV1 a size', () => {
    const { alice, bob } = pair();
    const frame = h264(dice(1), true);
    const sealed = layoutOf('H264')!.seal(frame, true, alice.frames.sealer(1));
    const text = typeof sealed === 'string' ? sealed : hex(sealed);
    const rewritten = text.replaceAll('00000001', '000001').replace('da0280f680', 'da0280f6806d04423500');
    const opened = layoutOf('H264')!.open(fromHex(rewritten), bob.frames.opener(0, '1'));
    expect(typeof opened === 'string' ? opened : hex(opened)).toBe(hex(frame));

    const av1 = layoutOf('AV1')!.seal(frame, false, alice.frames.sealer(1));
    if (typeof av1 === 'string') throw new Error(av1);
    const size = av1.length - 1;
    const sized = concat(Uint8Array.of(0x32, (size & 0x7f) | 0x80, size >> 7), av1.subarray(1));
    const again = layoutOf('AV1')!.open(sized, bob.frames.opener(0, '1'));
    expect(typeof again === 'string' ? again : hex(again)).toBe(hex(frame));
  });

  it('what is no layout is malformed and never tried', () => {
    const opening: Opening = { malformed: () => 'malformed', open: () => { throw new Error('tried'); } };
    for (const [codec, data] of [
      ['VP8', ''], ['VP8', '00'], ['VP8', '02010203'], ['AV1', ''], ['AV1', '3203010203ff'], ['AV1', '3204010203'],
        ['AV1', '0a010203'],
      ['AV1', '08000000'], ['AV1', '32ffffffff7f01'], ['AV1', '0a01000a010032010130'], ['AV1', '12000a010032010130'],
        ['AV1', '34010203'],
      ['H264', ''], ['H264', '0000000167010203'], ['H264', '00000001419a010203'], ['H264', '000000014180'], ['H264',
        '00000001419a80'],
      ['H264', '0000000109f000000001419a01020380'], ['H264', '00000001419a0102038000000001419a01020380'], ['H264',
        '000001'],
      ['H264', '00000001061122334480'], ['H264', '0000000141000000000000000000000180'], ['H264',
        `${'0000016742'.repeat(9)}000001419a01020380`],
    ] as const) expect(layoutOf(codec)!.open(fromHex(data), opening), `${codec} ${data}`).toBe('malformed');
  });

  it.each(video)('%s: a change anywhere opens nothing or the same frame, and never throws', (codec) => {
    const { alice, bob } = pair();
    const roll = dice(5);
    const layout = layoutOf(codec)!;
    for (let i = 0; i < 1500; i++) {
      const frame = h264(roll, i % 7 === 0);
      const sealed = layout.seal(frame, i % 7 === 0, alice.frames.sealer(1));
      if (typeof sealed === 'string') throw new Error(sealed);
      const opened = layout.open(mutate(sealed, roll), bob.frames.opener(0, '1'));
      if (typeof opened !== 'string') expect(hex(opened)).toBe(hex(frame));
    }
    const st = bob.frames.stats();
    expect(st.forged + st.malformed).toBeGreaterThan(500);
  });
});

/** Changes a bit, cuts, inserts or repeats. */
function mutate(b: Uint8Array, roll: (n: number) => number): Uint8Array {
  const at = roll(roll(2) === 0 ? Math.min(b.length, 40) : b.length);
  switch (roll(4)) {
    case 0:
      return concat(b.subarray(0, at), Uint8Array.of(b[at]! ^ (1 << roll(8))), b.subarray(at + 1));
    case 1:
      return b.slice(0, at);
    case 2:
      return concat(b.subarray(0, at), Uint8Array.of(roll(4)), b.subarray(at));
    default:
      return concat(b.subarray(0, at), b.subarray(0, at), b.subarray(at));
  }
}
