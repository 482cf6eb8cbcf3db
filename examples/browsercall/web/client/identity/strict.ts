/**
 * Strict keys and signatures (docs/PROTOCOL.md, section 1): one encoding of each key, none of small order. WebCrypto
 * alone takes more. Only public values are computed with here, so time may depend on them.
 */
import { fromHex, hex, source } from '../bytes.ts';
import { Malformed } from '../wire.ts';
import { Refused } from './errors.ts';

// Both curves share the field of p; d is edwards25519's constant, order that of its base point (RFC 8032, section 5.1).
const p = (1n << 255n) - 19n;
const d = 37095705934669439343138083508754565189542113879843219016388785533085940283555n;
const order = (1n << 252n) + 27742317777372353535851937790883648493n;

/** The y coordinates of the eight points of edwards25519 whose order divides 8; a point and its negative share y. */
const smallOrderY = [
  0n, 1n, p - 1n,
  littleEndian(fromHex('26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05')),
  littleEndian(fromHex('c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a')),
];

/** The u coordinates of Curve25519 and its twist whose order divides 8, as far as they are canonical. */
const lowOrderU = [
  0n, 1n, p - 1n,
  littleEndian(fromHex('e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800')),
  littleEndian(fromHex('5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157')),
];

function littleEndian(b: Uint8Array): bigint {
  return BigInt(`0x${hex(b.slice().reverse())}`);
}

/** Refuses what is not the canonical encoding of a point of edwards25519 of large order. Throws Malformed, Refused. */
export function checkEd25519(key: Uint8Array): void {
  if (key.length !== 32) throw new Malformed('an Ed25519 key of another length than 32');
  const y = ordinate(key);
  if (y >= p) throw new Refused('weakKey', 'Ed25519, not canonical');
  if (smallOrderY.includes(y)) throw new Refused('weakKey', 'Ed25519, small order');
  if (!onCurve(y)) throw new Refused('weakKey', 'Ed25519, no point of the curve');
}

/** y of an encoded point, without the sign of x. */
function ordinate(b: Uint8Array): bigint {
  return littleEndian(b) & ((1n << 255n) - 1n);
}

/** Says whether x² = (y²-1)/(dy²+1) has a solution: exactly if the product of both parts is a square. */
function onCurve(y: bigint): boolean {
  const y2 = (y * y) % p;
  return power(((y2 - 1n + p) * (d * y2 + 1n)) % p, (p - 1n) / 2n) <= 1n;
}

function power(base: bigint, exponent: bigint): bigint {
  let out = 1n;
  for (let e = exponent; e > 0n; e >>= 1n) {
    if (e & 1n) out = (out * base) % p;
    base = (base * base) % p;
  }
  return out;
}

/** Refuses an X25519 key that is not canonical or of low order. Throws Malformed, Refused. */
export function checkX25519(key: Uint8Array): void {
  if (key.length !== 32) throw new Malformed('an X25519 key of another length than 32');
  const u = littleEndian(key);
  if (u >= p) throw new Refused('weakKey', 'X25519, not canonical');
  if (lowOrderU.includes(u)) throw new Refused('weakKey', 'X25519, low order');
}

/**
 * Verifies strictly: a good key, S below the group's order, R canonical, and the equation without cofactor, which is
 * WebCrypto's part. False for everything else; it does not throw.
 */
export async function verifyEd25519(key: Uint8Array, message: Uint8Array, sig: Uint8Array): Promise<boolean> {
  try {
    checkEd25519(key);
    if (sig.length !== 64 || littleEndian(sig.subarray(32)) >= order || !canonical(sig.subarray(0, 32))) return false;
    const k = await crypto.subtle.importKey('raw', source(key), 'Ed25519', false, ['verify']);
    return await crypto.subtle.verify('Ed25519', k, source(sig), source(message));
  } catch {
    return false;
  }
}

/** Says whether an encoded point has y below p, and no sign where x is 0. */
function canonical(point: Uint8Array): boolean {
  const y = ordinate(point);
  return y < p && !((y === 1n || y === p - 1n) && point[31]! >= 0x80);
}
