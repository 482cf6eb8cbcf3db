/**
 * Bech32m (BIP 350): letters and digits that are hard to mistake for one another, and a checksum of 30 bits.
 */
import { utf8, type Bytes } from '../bytes.ts';
import { Malformed } from '../wire.ts';

const alphabet = 'qpzry9x8gf2tvdw0s3jn54khce6mua7l';
const constant = 0x2bc830a3;
const checksumChars = 6;

/** prefix, "1", the data and the checksum, in lower case. */
export function bech32Encode(prefix: string, data: Uint8Array): string {
  const values = regroup(data, 8, 5);
  const sum = polymod(prefix, [...values, 0, 0, 0, 0, 0, 0]) ^ constant;
  for (let i = checksumChars - 1; i >= 0; i--) values.push((sum >>> (5 * i)) & 31);
  return `${prefix}1${values.map((v) => alphabet[v]).join('')}`;
}

/** Wants exactly size bytes, in lower or upper case but not both. Throws Malformed. */
export function bech32Decode(prefix: string, s: string, size: number): Bytes {
  if (s.length !== prefix.length + 1 + Math.ceil((size * 8) / 5) + checksumChars) {
    throw new Malformed('text form: its length is wrong');
  }
  if (/^[0-9A-Z]*$/.test(s)) s = s.toLowerCase();
  if (!s.startsWith(`${prefix}1`)) throw new Malformed(`text form: it does not start with ${prefix}1`);
  const values = [...s.slice(prefix.length + 1)].map((c) => alphabet.indexOf(c));
  if (values.includes(-1)) throw new Malformed('text form: a character that it cannot have');
  if (polymod(prefix, values) !== constant) throw new Malformed('text form: a character is wrong (checksum)');
  const payload = values.slice(0, -checksumChars);
  const data = Uint8Array.from(regroup(payload, 5, 8).slice(0, size));
  const again = regroup(data, 8, 5);
  if (again.some((v, i) => v !== payload[i])) throw new Malformed('text form: padding bits');
  return data;
}

const generator = [0x3b6a57b2, 0x26508e6d, 0x1ea119fa, 0x3d4233dd, 0x2a1462b3];

/** The checksum of BIP 173 over the expanded prefix and values. */
function polymod(prefix: string, values: number[]): number {
  const p = [...utf8(prefix)];
  let sum = 1;
  for (const v of [...p.map((c) => c >> 5), 0, ...p.map((c) => c & 31), ...values]) {
    const top = sum >>> 25;
    sum = ((sum & 0x1ffffff) << 5) ^ v;
    generator.forEach((g, i) => {
      if ((top >> i) & 1) sum ^= g;
    });
  }
  return sum;
}

/** Turns groups of from bits into groups of to bits, padded with zero bits at the end. */
function regroup(values: Iterable<number>, from: number, to: number): number[] {
  const out: number[] = [];
  let acc = 0;
  let bits = 0;
  for (const v of values) {
    acc = (acc << from) | v;
    for (bits += from; bits >= to; ) out.push((acc >> (bits -= to)) & ((1 << to) - 1));
    acc &= (1 << bits) - 1;
  }
  if (bits > 0) out.push((acc << (to - bits)) & ((1 << to) - 1));
  return out;
}
