/**
 * Byte strings: the few operations that everything here shares. Nothing in this file keeps or prints what it is given.
 */

/** Bytes in memory of their own kind: what WebCrypto takes. Every function here that makes bytes makes these. */
export type Bytes = Uint8Array<ArrayBuffer>;

/** Joins byte strings into one of fresh memory. */
export function concat(...parts: Uint8Array[]): Bytes {
  const out = new Uint8Array(parts.reduce((n, p) => n + p.length, 0));
  let at = 0;
  for (const p of parts) {
    out.set(p, at);
    at += p.length;
  }
  return out;
}

/** Compares without telling by its time where two byte strings of one length differ. The length is no secret. */
export function equal(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false;
  let diff = 0;
  for (let i = 0; i < a.length; i++) diff |= a[i]! ^ b[i]!;
  return diff === 0;
}

/** Orders byte strings as memcmp does, a prefix first: negative, 0 or positive. Not for secrets. */
export function compare(a: Uint8Array, b: Uint8Array): number {
  const n = Math.min(a.length, b.length);
  for (let i = 0; i < n; i++) if (a[i] !== b[i]) return a[i]! - b[i]!;
  return a.length - b.length;
}

/** The same bytes as WebCrypto wants them: without a copy, unless they lie in shared memory. */
export function source(b: Uint8Array): Bytes {
  return b.buffer instanceof ArrayBuffer ? (b as Bytes) : new Uint8Array(b);
}

/** Lower-case hexadecimal digits. */
export function hex(b: Uint8Array): string {
  let out = '';
  for (const x of b) out += x.toString(16).padStart(2, '0');
  return out;
}

/** Reads hexadecimal digits of either case. Throws SyntaxError, which quotes nothing. */
export function fromHex(s: string): Bytes {
  if (s.length % 2 !== 0 || !/^[0-9a-fA-F]*$/.test(s)) throw new SyntaxError('not pairs of hexadecimal digits');
  return Uint8Array.from({ length: s.length / 2 }, (_, i) => parseInt(s.slice(2 * i, 2 * i + 2), 16));
}

const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';

/** base64url (RFC 4648, section 5) without padding characters. */
export function base64url(b: Uint8Array): string {
  let out = '';
  let acc = 0;
  let bits = 0;
  for (const x of b) {
    acc = ((acc & 0x3f) << 8) | x;
    for (bits += 8; bits >= 6; ) out += alphabet[(acc >> (bits -= 6)) & 63];
  }
  return bits === 0 ? out : out + alphabet[(acc << (6 - bits)) & 63];
}

/**
 * Reads base64url strictly: the one text that base64url makes of some bytes, without padding, white space or stray
 * bits at the end. Throws SyntaxError, which quotes nothing.
 */
export function fromBase64url(s: string): Bytes {
  if (s.length % 4 === 1) throw new SyntaxError('not base64url: its length is impossible');
  const out = new Uint8Array(Math.floor((s.length * 6) / 8));
  let acc = 0;
  let bits = 0;
  let at = 0;
  for (let i = 0; i < s.length; i++) {
    const v = alphabet.indexOf(s.charAt(i));
    if (v < 0) throw new SyntaxError(`not base64url: character ${i + 1}`);
    acc = ((acc & 0xff) << 6) | v;
    if ((bits += 6) >= 8) out[at++] = (acc >> (bits -= 8)) & 0xff;
  }
  if ((acc & ((1 << bits) - 1)) !== 0) throw new SyntaxError('not base64url: bits are left over');
  return out;
}

const encoder = new TextEncoder();
const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** UTF-8 of a text. Throws RangeError for half a surrogate pair, which has none. */
export function utf8(s: string): Bytes {
  if (/\p{Surrogate}/u.test(s)) throw new RangeError('the text holds half a surrogate pair');
  return source(encoder.encode(s));
}

/** Reads UTF-8 strictly; a byte order mark is a character. Throws TypeError for anything else. */
export function fromUtf8(b: Uint8Array): string {
  return decoder.decode(b);
}

/** n random bytes of the browser's generator; n is at most 65536. */
export function random(n: number): Bytes {
  return crypto.getRandomValues(new Uint8Array(n));
}

/** Four bytes, big-endian. Throws RangeError outside 0..2^32-1. */
export function u32(n: number): Bytes {
  if (!Number.isInteger(n) || n < 0 || n > 0xffffffff) throw new RangeError('not an unsigned integer of 32 bits');
  const out = new Uint8Array(4);
  new DataView(out.buffer).setUint32(0, n);
  return out;
}

/** Eight bytes, big-endian. Throws RangeError outside 0..2^64-1, and for a number beyond 2^53-1. */
export function u64(n: number | bigint): Bytes {
  if (typeof n === 'number' && !Number.isSafeInteger(n)) throw new RangeError('not a safe integer');
  const big = BigInt(n);
  if (big < 0n || big > 0xffffffffffffffffn) throw new RangeError('not an unsigned integer of 64 bits');
  const out = new Uint8Array(8);
  new DataView(out.buffer).setBigUint64(0, big);
  return out;
}

/** Reads four bytes, big-endian, at an offset. Throws RangeError past the end. */
export function readU32(b: Uint8Array, at = 0): number {
  return new DataView(b.buffer, b.byteOffset, b.byteLength).getUint32(at);
}

/** Reads eight bytes, big-endian, at an offset. Throws RangeError past the end. */
export function readU64(b: Uint8Array, at = 0): bigint {
  return new DataView(b.buffer, b.byteOffset, b.byteLength).getBigUint64(at);
}
