/** How a signed message is sealed to a mailbox: box = version || enc || ct (docs/PROTOCOL.md, sections 2 and 9). */
import { concat, readU32, u32, type Bytes } from '../bytes.ts';
import { Refused } from '../identity/errors.ts';
import { addressOf, checkBox, type Box, type ID } from '../identity/id.ts';
import type { KeyPair } from '../identity/keys.ts';
import { Malformed } from '../wire.ts';
import { encSize, hpkeOpen, hpkeSeal, tagSize } from './hpke.ts';
import { messageTypes, parseSigned, type Opened } from './message.ts';

/** One way: another version byte is another info, so none is ever opened as another. */
export interface Format {
  readonly version: number;
  readonly info: string;
  /** What plaintexts are padded to, in bytes, ascending. */
  readonly sizes: readonly number[];
}

/** The length of every missed-call notice, as a relay stores it. */
export const noticeSize = 1024;

/** Envelopes; missed-call notices; letters as text. */
export const envelopeFormat: Format = { version: 1, info: 'sotto/v1 envelope', sizes: [4096, 16384, 61440] };
export const noticeFormat: Format = { version: 2, info: 'sotto/v1 notice',
  sizes: [noticeSize - 1 - encSize - tagSize] };
export const textFormat: Format = { version: 3, info: 'sotto/v1 text', sizes: [512, 1024, 2048] };

const lengthSize = 4;

/** Seals signed bytes. Refused 'weakKey' or Malformed: no good mailbox; 'tooLarge'. */
export async function sealTo(format: Format, to: Box, signed: Uint8Array): Promise<Bytes> {
  checkBox(to);
  const box = await hpkeSeal(to.hpke, format.info, addressOf(to), pad(format, signed));
  return concat(Uint8Array.of(format.version), box);
}

/**
 * Opens a box in this mailbox for me: size, HPKE, padding, CBOR shape, recipient, signature, in this order. Throws
 * Malformed or Refused and tells nothing of what was in it.
 */
export async function openBox(format: Format, keys: KeyPair, box: Uint8Array, me: ID): Promise<Opened> {
  const size = box.length - 1 - encSize - tagSize;
  if (box[0] !== format.version || !format.sizes.includes(size)) throw new Malformed(`a box of ${box.length} bytes`);
  const address = addressOf({ ed25519: keys.publicKey, hpke: keys.hpke });
  const padded = await hpkeOpen(keys.handles.open, format.info, address, box.subarray(1));
  return parseSigned(unpad(format, padded), me);
}

/** openBox for what a relay delivers: an envelope, or a notice, which alone holds missed calls, and nothing else. */
export async function openDelivered(keys: KeyPair, box: Uint8Array, me: ID): Promise<Opened> {
  const format = isNotice(box) ? noticeFormat : envelopeFormat;
  const opened = await openBox(format, keys, box, me);
  if ((format === noticeFormat) !== (opened.message.type === messageTypes.missedCall)) {
    throw new Malformed('a type of message that this kind of box does not hold');
  }
  return opened;
}

/** Says whether a box is a missed-call notice by its looks: all that a relay sees. */
export function isNotice(box: Uint8Array): boolean {
  return box.length === noticeSize && box[0] === noticeFormat.version;
}

function pad(format: Format, signed: Uint8Array): Bytes {
  const size = smallest(format, lengthSize + signed.length);
  if (size === undefined) throw new Refused('tooLarge', `a signed message of ${signed.length} bytes`);
  return concat(u32(signed.length), signed, new Uint8Array(size - lengthSize - signed.length));
}

/** Refuses every padding but the one that pad makes. */
function unpad(format: Format, padded: Uint8Array): Uint8Array {
  const end = lengthSize + readU32(padded);
  const zeros = padded.subarray(end).every((b) => b === 0);
  if (smallest(format, end) !== padded.length || !zeros) throw new Malformed('padding');
  return padded.subarray(lengthSize, end);
}

function smallest(format: Format, n: number): number | undefined {
  return format.sizes.find((size) => n <= size);
}
