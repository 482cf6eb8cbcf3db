/** Signed messages (docs/PROTOCOL.md, section 2): what one identity says to another, before it is sealed. */
import { concat, utf8, type Bytes } from '../bytes.ts';
import { Refused } from '../identity/errors.ts';
import { checkID, hash, sameID, type ID } from '../identity/id.ts';
import type { Signer } from '../identity/keys.ts';
import { verifyEd25519 } from '../identity/strict.ts';
import { Malformed, decode, encode, fields, record, unlessEmpty } from '../wire.ts';

/** What one identity says to another. Nothing here looks into body. */
export interface Message {
  /** Who signed it. */
  readonly from: ID;
  /** Whom it is for. */
  readonly to: ID;
  /** 32 random bytes: the call or other exchange that it belongs to. */
  readonly call: Uint8Array;
  /** Counts the sender's messages of this call, from 0. */
  readonly seq: number;
  /** The sender's clock, in milliseconds since 1970. */
  readonly time: number;
  /** Below 64: a call's; from 64: one of messageTypes. */
  readonly type: number;
  /** Opaque; at most maxBody bytes. */
  readonly body: Uint8Array;
  /** 32 bytes: the hash of the message that this one answers; missing if none. */
  readonly ref?: Uint8Array;
}

/** A message less its sender, who is whoever seals it. */
export type Draft = Omit<Message, 'from'>;

/** A message that was opened, and H of its payload as received: what an answer has as its ref. */
export interface Opened {
  readonly message: Message;
  readonly hash: Uint8Array;
}

/** Types of messages that belong to no call (docs/PROTOCOL.md, section 9). */
export const messageTypes = { request: 64, confirm: 65, revocation: 66, missedCall: 67 } as const;

/** The longest signed message that an envelope holds, and the longest body that always fits, in bytes. */
export const maxSigned = 61440 - 4;
export const maxBody = maxSigned - 512;

/** The end of the year 9999 in milliseconds: no time is later. */
export const maxTime = 253402300799999;

/** Keeps signatures of messages apart from all others by the same key. */
const label = utf8('sotto/v1 message\0');

const shape = {
  from: [1, 'bytes', 64], to: [2, 'bytes', 64], call: [3, 'bytes', 32], seq: [4, 'uint'], time: [5, 'uint', maxTime],
  type: [6, 'uint'],
  body: [7, 'bytes', 0, maxSigned], ref: [8, 'bytes?', 32],
} as const;

/**
 * The payload, which is hashed and signed. Throws Malformed, or Refused 'tooLarge', for what a receiver would refuse.
 */
export function encodePayload(from: ID, m: Draft): Bytes {
  checkID(m.to);
  if (m.body.length > maxBody) throw new Refused('tooLarge',
    `a body of ${m.body.length} bytes, the limit is ${maxBody}`);
  const entries = {
    1: from, 2: m.to, 3: m.call, 4: m.seq, 5: m.time, 6: m.type, 7: m.body, 8: unlessEmpty(m.ref),
  };
  const payload = record(entries);
  fields(payload, shape);
  return encode(payload);
}

/** signed = [payload, signature]. */
export async function signPayload(signer: Signer, payload: Uint8Array): Promise<Bytes> {
  return encode([payload, await signer.sign(concat(label, payload))]);
}

/**
 * Reads a signed message for me and verifies it: CBOR shape, recipient, signature, in this order. What is hashed and
 * verified are the bytes received. Throws Malformed, or Refused 'wrongRecipient', 'weakKey', 'signature'.
 */
export async function parseSigned(signed: Uint8Array, me: ID): Promise<Opened> {
  const parts = decode(signed, maxSigned);
  if (!Array.isArray(parts) || parts.length !== 2) throw new Malformed('a signed message has two parts');
  const [payload, sig] = parts;
  if (!(payload instanceof Uint8Array) || !(sig instanceof Uint8Array)) {
    throw new Malformed('a signed message is of bytes');
  }
  const message: Message = fields(decode(payload, maxSigned), shape);
  if (!sameID(message.to, me)) throw new Refused('wrongRecipient');
  checkID(message.from);
  if (!(await verifyEd25519(message.from.subarray(0, 32), concat(label, payload), sig))) throw new Refused('signature');
  return { message, hash: hash(payload) };
}
