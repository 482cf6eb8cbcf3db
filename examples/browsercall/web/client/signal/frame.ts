/**
 * The frames between a client and a relay: one binary WebSocket message, a byte that names its kind, then a CBOR map.
 * docs/design/03-relay.md has the CDDL.
 */
import { concat, type Bytes } from '../bytes.ts';
import {
  bool, bytes, constant, field, list, optional, pack, record, text, uint, unpack, type Shape,
} from '../shape.ts';
import { Malformed } from '../wire.ts';
import { maxBody, maxNotice, maxTokens } from './transport.ts';

/** The WebSocket's subprotocol, which carries the version. */
export const subprotocol = 'sotto.relay.v1';

/** The largest frame, in bytes. */
export const maxFrame = maxBody + 512;

const version = 1;

/** Codes of a result. */
export const ResultCode = { Taken: 0, Throttled: 1, Full: 2, Refused: 3 } as const;

/** An ICE server as a relay lends it. */
export interface ServerEntry { urls: string[]; username?: string; credential?: string }

/** The fields of each kind of frame. n is the client's number of a request; class is 0 (call) or 1 (notice). */
export interface Frames {
  challenge: { version: number; challenge: Uint8Array };
  hello: {
    version: number;
    ed25519?: Uint8Array; // this and the following are a mailbox's, and absent for a sender without
    hpke?: Uint8Array;
    signature?: Uint8Array;
    reader?: Uint8Array; // random, the same over reconnections
    keep?: number; // seconds that the mailbox outlives its last reader
  };
  ready: { version: number };
  send: { n: number; id: Uint8Array; to: Uint8Array; token: Uint8Array; body: Uint8Array; class?: number };
  result: { n: number; code: number };
  deliver: { id: Uint8Array; token: Uint8Array; body: Uint8Array; class?: number };
  ack: { id: Uint8Array };
  admit: { n: number; hashes: Uint8Array; open?: boolean }; // n 0: no answer is awaited
  ask: { n: number };
  servers: { n: number; seconds: number; servers: ServerEntry[] };
}

/** The kinds of frames. */
export type Kind = keyof Frames;

/** A frame that was read. */
export type Frame = { [K in Kind]: { kind: K } & Frames[K] }[Kind];

const id = bytes(16);
const token = bytes(16);
const body = bytes(1, maxBody);
const n = uint();
const ver = constant(version);
const word = text(0, 256);

const server: Shape<ServerEntry> = record<ServerEntry>({
  urls: field(1, list(text(1, 256), 8, 1)), username: optional(2, word), credential: optional(3, word),
});

const shapes: { [K in Kind]: { code: number; shape: Shape<Frames[K]> } } = {
  challenge: {
    code: 0x01, shape: record<Frames['challenge']>({ version: field(1, ver), challenge: field(2, bytes(32)) }),
  },
  hello: {
    code: 0x02,
    shape: record<Frames['hello']>({
      version: field(1, ver), ed25519: optional(2, bytes(32)), hpke: optional(3, bytes(1, 2048)),
      signature: optional(4, bytes(64)), reader: optional(5, id), keep: optional(6, n),
    }),
  },
  ready: { code: 0x03, shape: record<Frames['ready']>({ version: field(1, ver) }) },
  send: {
    code: 0x10,
    shape: record<Frames['send']>({
      n: field(1, n), id: field(2, id), to: field(3, bytes(32)), token: field(4, token), body: field(5, body),
      class: optional(6, uint(1)),
    }),
  },
  result: { code: 0x11, shape: record<Frames['result']>({ n: field(1, n), code: field(2, uint(3)) }) },
  deliver: {
    code: 0x12,
    shape: record<Frames['deliver']>({
      id: field(1, id), token: field(2, token), body: field(3, body), class: optional(4, uint(1)),
    }),
  },
  ack: { code: 0x13, shape: record<Frames['ack']>({ id: field(1, id) }) },
  admit: {
    code: 0x20,
    shape: record<Frames['admit']>({
      n: field(1, n), hashes: field(2, bytes(0, 32 * maxTokens)), open: optional(3, bool),
    }),
  },
  ask: { code: 0x21, shape: record<Frames['ask']>({ n: field(1, n) }) },
  servers: {
    code: 0x22,
    shape: record<Frames['servers']>({
      n: field(1, n), seconds: field(2, uint(2 ** 31)), servers: field(3, list(server, 16)),
    }),
  },
};

const kinds = new Map((Object.keys(shapes) as Kind[]).map((k) => [shapes[k].code, k]));

/** Writes a frame. Throws Malformed if a field is out of its bounds. */
export function encodeFrame<K extends Kind>(kind: K, f: Frames[K]): Bytes {
  return concat(Uint8Array.of(shapes[kind].code), pack(shapes[kind].shape, f));
}

/** Reads a frame from bytes of any origin. Throws Malformed. */
export function decodeFrame(data: Uint8Array): Frame {
  const kind = data.length <= maxFrame ? kinds.get(data[0] ?? 0) : undefined;
  if (kind === undefined) throw new Malformed('no frame of a relay: is the URL that of one?');
  const f = { kind, ...unpack(shapes[kind].shape as Shape<object>, data.subarray(1), maxFrame) } as Frame;
  if (!consistent(f)) throw new Malformed('a frame whose fields contradict each other');
  return f;
}

/** What the CDDL says of fields together. */
function consistent(f: Frame): boolean {
  switch (f.kind) {
    case 'send':
    case 'deliver':
      return f.class !== 1 || f.body.length <= maxNotice;
    case 'admit':
      return f.hashes.length % 32 === 0;
    case 'servers':
      return f.servers.every((s) => s.urls.every((u) => /^(stun|stuns|turn|turns):/.test(u)));
    default:
      return true;
  }
}
