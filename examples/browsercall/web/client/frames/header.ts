/** The header of a sealed frame (RFC 9605, section 4.3): a config byte X KKK Y CCC, then KID and CTR if long. */
import type { Bytes } from '../bytes.ts';

/** Which key, and the how-manieth frame under it; both are unsigned and of at most 64 bits. */
export interface Header {
  kid: bigint;
  ctr: bigint;
}

const extended = 0x08;

/** Writes a header in its one encoding, 1 to 17 bytes. */
export function encodeHeader(h: Header): Bytes {
  const kid = fieldBytes(h.kid);
  const ctr = fieldBytes(h.ctr);
  return Uint8Array.from([(config(h.kid, kid) << 4) | config(h.ctr, ctr), ...kid, ...ctr]);
}

/** Reads the header at the start of b and says its size in bytes. Undefined for one cut short or not minimal. */
export function parseHeader(b: Uint8Array): (Header & { size: number }) | undefined {
  if (b.length === 0) return undefined;
  const kid = readField(b[0]! >> 4, b, 1);
  if (kid === undefined) return undefined;
  const ctr = readField(b[0]! & 0x0f, b, kid.end);
  if (ctr === undefined) return undefined;
  return { kid: kid.value, ctr: ctr.value, size: ctr.end };
}

/** None for 0 to 7, which the config byte holds; else as few bytes as hold the value. */
function fieldBytes(v: bigint): number[] {
  if (v < 0n || v > 0xffffffffffffffffn) throw new RangeError('an SFrame header holds 64 bits');
  const out: number[] = [];
  for (let rest = v; v > 7n && rest > 0n; rest >>= 8n) out.unshift(Number(rest & 0xffn));
  return out;
}

function config(v: bigint, field: number[]): number {
  return field.length === 0 ? Number(v) : extended | (field.length - 1);
}

function readField(bits: number, b: Uint8Array, at: number): { value: bigint; end: number } | undefined {
  if ((bits & extended) === 0) return { value: BigInt(bits), end: at };
  const end = at + (bits & 7) + 1;
  if (b.length < end || b[at] === 0) return undefined;
  let value = 0n;
  for (let i = at; i < end; i++) value = (value << 8n) | BigInt(b[i]!);
  return value > 7n ? { value, end } : undefined;
}
