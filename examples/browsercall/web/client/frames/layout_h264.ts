/** The layout of H264: copies of the parameter sets, and one NAL unit of a slice's readable start and the SFrame. */
import { concat } from '../bytes.ts';
import type { Drop } from './errors.ts';
import type { NotSealed, Opening, Sealing } from './layout.ts';

const startCode = Uint8Array.of(0, 0, 0, 1);
const end = 0x80;
const maxSets = 8;
const maxStart = 8; // bytes of a slice that stay readable behind its header

/** Seals an access unit in Annex B. One without a slice is unsealable. */
export function sealH264(frame: Uint8Array, s: Sealing): Uint8Array | NotSealed {
  const sets: Uint8Array[] = [];
  let slice: Uint8Array | undefined;
  for (const nal of nalUnits(frame)) {
    if (isSet(nal) && sets.length < 2 * maxSets) sets.push(startCode, nal);
    if (isSlice(nal)) slice ??= nal;
  }
  const start = slice && sliceStart(slice);
  if (start === undefined) return 'unsealable';
  const sealed = s.seal(start, frame);
  if (typeof sealed === 'string') return sealed;
  return concat(...sets, startCode, start, escape(start, sealed), Uint8Array.of(end));
}

/** Opens what sealH264 made. Start codes have 3 bytes or 4; parameter sets beside the slice are dropped unread. */
export function openH264(data: Uint8Array, o: Opening): Uint8Array | Drop {
  const all: Uint8Array[] = [];
  for (const nal of nalUnits(data)) {
    if (all.push(nal) > maxSets + 1) return o.malformed();
  }
  const slice = all.pop();
  if (slice === undefined || !isSlice(slice) || !all.every(isSet)) return o.malformed();
  const start = sliceStart(slice);
  if (start === undefined || slice.length < start.length + 2 || slice.at(-1) !== end) return o.malformed();
  return o.open(start, unescape(start, slice.subarray(start.length, -1)));
}

const type = (nal: Uint8Array) => nal[0]! & 0x1f;
const isSet = (nal: Uint8Array) => type(nal) === 7 || type(nal) === 8;
const isSlice = (nal: Uint8Array) => type(nal) === 1 || type(nal) === 5;

/** The NAL units of an Annex B byte stream, without start codes and the zero bytes between them. */
function* nalUnits(b: Uint8Array): Generator<Uint8Array> {
  let begin = afterStartCode(b, 0);
  while (begin <= b.length) {
    const next = afterStartCode(b, begin);
    let last = Math.min(next - 3, b.length);
    while (last > begin && b[last - 1] === 0) last--;
    if (last > begin) yield b.subarray(begin, last);
    begin = next;
  }
}

/** Behind the next 00 00 01; without one, beyond what would be behind the end. */
function afterStartCode(b: Uint8Array, from: number): number {
  for (let i = b.indexOf(1, from + 2); i >= 0; i = b.indexOf(1, i + 1)) {
    if (b[i - 1] === 0 && b[i - 2] === 0) return i + 1;
  }
  return b.length + 3;
}

/**
 * What of a slice stays readable: its header byte, and the bytes that hold first_mb_in_slice, slice_type and
 * pic_parameter_set_id, three Exp-Golomb codes. Undefined if those are longer than maxStart bytes or do not end.
 */
function sliceStart(nal: Uint8Array): Uint8Array | undefined {
  const bits = nal.subarray(1, 1 + maxStart);
  const bit = (i: number) => (bits[i >> 3]! >> (7 - (i & 7))) & 1;
  let at = 0;
  for (let code = 0; code < 3; code++) {
    let zeros = 0;
    for (; at < 8 * bits.length && bit(at) === 0; at++) zeros++;
    at += 1 + zeros;
  }
  return at > 8 * bits.length ? undefined : nal.subarray(0, 1 + ((at + 7) >> 3));
}

/** b so that no start code is in it (ITU-T H.264, section 7.4.1), behind start in the same NAL unit. */
function escape(start: Uint8Array, b: Uint8Array): Uint8Array {
  const out = new Uint8Array(b.length + Math.ceil((b.length + 2) / 2)); // an escape needs two zeros, or their rest
  let zeros = trailingZeros(start);
  let n = 0;
  for (const c of b) {
    if (zeros === 2 && c <= 3) {
      out[n++] = 3;
      zeros = 0;
    }
    out[n++] = c;
    zeros = c === 0 ? zeros + 1 : 0;
  }
  return out.subarray(0, n);
}

/** The reverse: a 03 behind two zero bytes goes. */
function unescape(start: Uint8Array, b: Uint8Array): Uint8Array {
  const out = new Uint8Array(b.length);
  let zeros = trailingZeros(start);
  let n = 0;
  for (const c of b) {
    if (zeros >= 2 && c === 3) {
      zeros = 0;
      continue;
    }
    out[n++] = c;
    zeros = c === 0 ? zeros + 1 : 0;
  }
  return out.subarray(0, n);
}

function trailingZeros(b: Uint8Array): number {
  let n = 0;
  while (n < 2 && n < b.length && b[b.length - 1 - n] === 0) n++;
  return n;
}
