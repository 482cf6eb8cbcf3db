/** Frames of every layout between two members of a group, under keys that each has from its own group. */
import { expect } from 'vitest';
import { concat, hex, random } from '../bytes.ts';
import type { Stream } from '../frames/streams.ts';
import type { Party, Sealed } from './mls_party.ts';

/** In whose layout frames go, of which of the streams. Redundant sound is a stream of Opus, in other packets. */
const codecs = [['opus', 0], ['red', 0], ['VP8', 1], ['VP9', 2], ['AV1', 3], ['H264', 4], ['PCMU', 5]] as const;
const each = 4;

const streams: Stream[] = ['opus', 'VP8', 'VP9', 'AV1', 'H264', 'PCMU'].map((codec, ctx) => (
  { ctx, mid: String(ctx), kind: /^[VAH]/.test(codec) ? 'video' : 'audio', codec }));

type Roll = (n: number) => number;

/** Some frames of a codec; of one that is looked into, with what it must have. */
function some(codec: string, key: boolean, r: Roll): Uint8Array[] {
  return Array.from({ length: each }, () => {
    const frame = random(1 + r(1500));
    return codec === 'H264' ? picture(key, frame, r) : frame;
  });
}

/** An access unit of H264: a slice whose first codes end, behind parameter sets if it is a key frame. */
function picture(key: boolean, rest: Uint8Array, r: Roll): Uint8Array {
  const code = r(2) === 0 ? [0, 0, 1] : [0, 0, 0, 1];
  const sets = key ? [...code, 0x67, 0x42, 0xe0, 0x1f, 1 + r(255), ...code, 0x68, 0xce, 1 + r(255)] : [];
  return concat(Uint8Array.of(...sets, ...code, key ? 0x65 : 0x41, 0x88 | r(8), 0x80 | r(128)), rest);
}

/** One sends, the other opens each frame, once, and as that leaf's alone. */
async function sends(from: Party, to: Party, s: Sealed, leaf: number, r: Roll): Promise<number> {
  const frames = some(s.codec, s.key, r);
  const sealed = await from.sealFrames(s, frames);
  const bad = sealed[0]!.slice();
  bad[bad.length - 2]! ^= 1 << r(8); // of the tag; H264 has a byte behind it
  const opened = await to.openFrames(leaf, s, [bad, ...sealed, sealed[0]!]);
  const what = `${s.codec} from ${from.name} to ${to.name}`;
  expect(opened.slice(1, -1).map((f) => (typeof f === 'string' ? f : hex(f))), what).toEqual(frames.map(hex));
  for (const f of [opened[0]!, opened.at(-1)!]) expect(typeof f, `${what}, changed and twice`).toBe('string');
  return frames.length;
}

/** Two members of a group send each other frames of every layout; gives how many were opened. */
export async function show(one: Party, other: Party, r: Roll): Promise<number> {
  const leaves = [await one.leaf(), await other.leaf()];
  await Promise.all([one, other].map((m) => m.takeFrameKeys(leaves, streams)));
  let opened = 0;
  for (const [codec, ctx] of codecs) {
    const s = { ctx, codec, key: r(2) === 0 };
    opened += await sends(one, other, s, leaves[0]!, r);
    opened += await sends(other, one, s, leaves[1]!, r);
  }
  return opened;
}
