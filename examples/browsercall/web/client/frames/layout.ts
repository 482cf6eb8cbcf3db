/**
 * What of a frame stays readable, codec by codec, to the byte: docs/design/06-codec-layouts.md. A layout turns the
 * encoder's frame into what is handed to the packetiser, and back. What stays readable is authenticated.
 */
import { concat } from '../bytes.ts';
import type { Drop, Refusal } from './errors.ts';
import { openH264, sealH264 } from './layout_h264.ts';

/** What a layout needs of a FrameSealer. */
export interface Sealing {
  seal(clear: Uint8Array, frame: Uint8Array): Uint8Array | Refusal;
}

/** What a layout needs of a FrameOpener. */
export interface Opening {
  open(clear: Uint8Array, sealed: Uint8Array): Uint8Array | Drop;
  malformed(): Drop;
}

/** Why a frame is not sent: its sealer refused, or it is nothing that the codec's layout can hold. */
export type NotSealed = Refusal | 'unsealable';

/** How frames of one codec travel. Neither direction ever throws for what is in a frame. */
export interface Layout {
  kind: 'audio' | 'video';
  /** key: it is a key frame. */
  seal(frame: Uint8Array, key: boolean, s: Sealing): Uint8Array | NotSealed;
  open(data: Uint8Array, o: Opening): Uint8Array | Drop;
}

const none = new Uint8Array(0);

function bare(kind: 'audio' | 'video'): Layout {
  return { kind, seal: (frame, _, s) => s.seal(none, frame), open: (data, o) => o.open(none, data) };
}

/** One readable byte: browsers read the frame type from its lowest bit. */
const vp8: Layout = {
  kind: 'video',
  seal: (frame, key, s) => behind(Uint8Array.of(key ? 0 : 1), frame, s),
  open: (data, o) => (data.length < 2 || data[0]! > 1 ? o.malformed() : o.open(data.subarray(0, 1), data.subarray(1))),
};

const obuFrame = Uint8Array.of(0x30);
const obuHasSize = 0x02;
const obuSequence = 0x08;
const sequenceHeader = Uint8Array.of(0x0a, 0x0a, 0x00, 0x00, 0x00, 0x24, 0xc4, 0xff, 0xdf, 0x00, 0x68, 0x02);

/** One OBU with a readable header. A key frame's has a synthetic sequence header in front: packetisers set N by it. */
const av1: Layout = {
  kind: 'video',
  seal: (frame, key, s) => {
    const sealed = behind(obuFrame, frame, s);
    return key && typeof sealed !== 'string' ? concat(sequenceHeader, sealed) : sealed;
  },
  open: (data, o) => {
    let at = obu(data, 0);
    if (at !== undefined && type(data[0]!) === obuSequence && at.end < data.length) at = obu(data, at.end);
    if (at === undefined || at.end !== data.length || type(at.header) !== obuFrame[0]) return o.malformed();
    return o.open(obuFrame, data.subarray(at.start));
  },
};

const h264: Layout = { kind: 'video', seal: (frame, _, s) => sealH264(frame, s), open: openH264 };

const layouts: Record<string, Layout> = {
  opus: bare('audio'), red: bare('audio'), pcmu: bare('audio'), pcma: bare('audio'), vp8, vp9: bare('video'), av1, h264,
};

/** The layout of a codec, by its name in SDP in any case. Undefined: frames of it are not sent and not taken. */
export function layoutOf(codec: string): Layout | undefined {
  const name = codec.toLowerCase();
  return Object.hasOwn(layouts, name) ? layouts[name] : undefined;
}

function behind(clear: Uint8Array, frame: Uint8Array, s: Sealing): Uint8Array | Refusal {
  const sealed = s.seal(clear, frame);
  return typeof sealed === 'string' ? sealed : concat(clear, sealed);
}

function type(header: number): number {
  return header & ~obuHasSize;
}

/** Where the payload of the OBU at this place begins and ends. Without a size it lasts to the end. */
function obu(b: Uint8Array, at: number): { header: number; start: number; end: number } | undefined {
  const header = b[at];
  if (header === undefined) return undefined;
  if ((header & obuHasSize) === 0) return { header, start: at + 1, end: b.length };
  let size = 0;
  for (let i = 0; i < 4 && at + 1 + i < b.length; i++) {
    const byte = b[at + 1 + i]!;
    size |= (byte & 0x7f) << (7 * i);
    if ((byte & 0x80) === 0) {
      const start = at + 2 + i;
      return start + size <= b.length ? { header, start, end: start + size } : undefined;
    }
  }
  return undefined;
}
