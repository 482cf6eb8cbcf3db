/**
 * The one place where CBOR is written and read: core deterministic (RFC 8949, section 4.2.1), of the few shapes that
 * docs/PROTOCOL.md has. What is read comes from someone else, so exactly the bytes are accepted that encode makes.
 */
import { concat, fromUtf8, utf8, type Bytes } from './bytes.ts';

/** What travels: unsigned integers up to 2^53-1, booleans, texts, byte strings, arrays, and maps of unsigned keys. */
export type Value = number | boolean | string | Uint8Array | Value[] | ValueMap;

/** A CBOR map. */
export type ValueMap = Map<number, Value>;

/** Nested arrays and maps that are read and written; as many elements of one array, or pairs of one map. */
export const maxDepth = 4;
export const maxElements = 256;

/** Bytes or a value that are not of the protocol. The message holds nothing of what was read. */
export class Malformed extends Error {
  override readonly name = 'Malformed';
}

const majorUint = 0;
const majorBytes = 2;
const majorText = 3;
const majorArray = 4;
const majorMap = 5;
const majorSimple = 7;

/** The one encoding of v. Throws Malformed for what decode would refuse. */
export function encode(v: Value): Bytes {
  const parts: Uint8Array[] = [];
  write(parts, v, 0);
  return concat(...parts);
}

function write(out: Uint8Array[], v: Value, depth: number): void {
  if (typeof v === 'number') out.push(head(majorUint, v));
  else if (typeof v === 'boolean') out.push(Uint8Array.of((majorSimple << 5) | (v ? 21 : 20)));
  else if (typeof v === 'string') writeString(out, majorText, textBytes(v));
  else if (v instanceof Uint8Array) writeString(out, majorBytes, v);
  else writeContainer(out, v, depth + 1);
}

function textBytes(s: string): Bytes {
  try {
    return utf8(s);
  } catch {
    throw new Malformed('text that has no UTF-8');
  }
}

function writeString(out: Uint8Array[], major: number, b: Uint8Array): void {
  out.push(head(major, b.length), b);
}

function writeContainer(out: Uint8Array[], v: Value[] | ValueMap, depth: number): void {
  checkContainer(depth, Array.isArray(v) ? v.length : v.size);
  if (Array.isArray(v)) {
    out.push(head(majorArray, v.length));
    for (const e of v) write(out, e, depth);
    return;
  }
  out.push(head(majorMap, v.size));
  // The order of unsigned integers is the order of their encodings.
  for (const [k, e] of [...v].sort((a, b) => a[0] - b[0])) {
    out.push(head(majorUint, k));
    write(out, e, depth);
  }
}

function checkContainer(depth: number, n: number): void {
  if (depth > maxDepth) throw new Malformed(`nested deeper than ${maxDepth}`);
  if (n > maxElements) throw new Malformed(`more than ${maxElements} elements`);
}

/** The initial byte and the argument, in the shortest form. */
function head(major: number, n: number): Bytes {
  if (!Number.isSafeInteger(n) || n < 0 || Object.is(n,
    -0)) throw new Malformed('not an unsigned integer up to 2^53-1');
  const top = major << 5;
  if (n < 24) return Uint8Array.of(top | n);
  if (n < 0x100) return Uint8Array.of(top | 24, n);
  if (n < 0x10000) return Uint8Array.of(top | 25, n >> 8, n & 0xff);
  const out = new Uint8Array(n < 0x100000000 ? 5 : 9);
  const view = new DataView(out.buffer);
  out[0] = top | (out.length === 5 ? 26 : 27);
  if (out.length === 5) view.setUint32(1, n);
  else view.setBigUint64(1, BigInt(n));
  return out;
}

/** Reads the one item in b, of at most limit bytes. Byte strings are copies. Throws Malformed. */
export function decode(b: Uint8Array, limit: number): Value {
  if (b.length > limit) throw new Malformed(`${b.length} bytes, the limit is ${limit}`);
  const r = new Reader(b);
  const v = r.item(0);
  if (!r.done()) throw new Malformed('bytes after the end');
  return v;
}

class Reader {
  private readonly b: Uint8Array;
  private at = 0;

  constructor(b: Uint8Array) {
    this.b = b;
  }

  done(): boolean {
    return this.at === this.b.length;
  }

  item(depth: number): Value {
    const initial = this.byte();
    const major = initial >> 5;
    const low = initial & 31;
    if (major === majorSimple) return readBoolean(low);
    const n = this.argument(low);
    switch (major) {
      case majorUint:
        return n;
      case majorBytes:
        return this.take(n).slice();
      case majorText:
        return readText(this.take(n));
      case majorArray:
        return this.array(n, depth + 1);
      case majorMap:
        return this.map(n, depth + 1);
    }
    throw new Malformed('a negative integer or a tag');
  }

  private array(n: number, depth: number): Value[] {
    checkContainer(depth, n);
    const out: Value[] = [];
    for (let i = 0; i < n; i++) out.push(this.item(depth));
    return out;
  }

  private map(n: number, depth: number): ValueMap {
    checkContainer(depth, n);
    const out: ValueMap = new Map();
    let last = -1;
    for (let i = 0; i < n; i++) {
      const initial = this.byte();
      if (initial >> 5 !== majorUint) throw new Malformed('a key that is no unsigned integer');
      const key = this.argument(initial & 31);
      if (key <= last) throw new Malformed('keys out of order');
      last = key;
      out.set(key, this.item(depth));
    }
    return out;
  }

  private argument(low: number): number {
    if (low < 24) return low;
    if (low > 27) throw new Malformed('an indefinite length or a reserved form');
    const size = 1 << (low - 24);
    let n = 0;
    for (const x of this.take(size)) n = n * 256 + x;
    const least = size === 1 ? 24 : 2 ** (4 * size);
    if (n < least) throw new Malformed('an integer that is not in its shortest form');
    if (n > Number.MAX_SAFE_INTEGER) throw new Malformed('an integer beyond 2^53-1');
    return n;
  }

  private byte(): number {
    return this.take(1)[0]!;
  }

  private take(n: number): Uint8Array {
    if (n > this.b.length - this.at) throw new Malformed('it is cut off');
    this.at += n;
    return this.b.subarray(this.at - n, this.at);
  }
}

function readBoolean(low: number): boolean {
  if (low !== 20 && low !== 21) throw new Malformed('a float, null or other simple value');
  return low === 21;
}

function readText(b: Uint8Array): string {
  try {
    return fromUtf8(b);
  } catch {
    throw new Malformed('text that is not UTF-8');
  }
}

interface Kinds {
  uint: number;
  bool: boolean;
  text: string;
  bytes: Uint8Array;
  list: Value[];
  map: ValueMap;
}

type Kind = keyof Kinds;

/**
 * What a map may hold: for each name its key, its kind, and bounds. A kind with `?` may be missing, and is missing when
 * it is empty, 0 or false. Bounds: `bytes` one number for an exact length; everything else, and `bytes` with two, a
 * greatest, or a least and a greatest: of the integer, of the bytes of UTF-8, of the elements.
 */
export type Shape = Readonly<Record<string, readonly [key: number, kind: Kind | `${Kind}?`, ...bounds: number[]]>>;

type Required<S extends Shape> = { [N in keyof S]: S[N][1] extends `${string}?` ? never : N }[keyof S];

type Held<K> = K extends Kind ? Kinds[K] : K extends `${infer B extends Kind}?` ? Kinds[B] : never;

/** The fields of a map of shape S by their names; a missing optional one is not there. */
export type Fields<S extends Shape> = { [N in Required<S>]: Held<S[N][1]> } & {
  [N in Exclude<keyof S, Required<S>>]?: Held<S[N][1]>;
};

/**
 * Reads a map of known keys: every required one is there, no unknown one is, each is of its kind and within bounds.
 * Throws Malformed, which names the field and not what it held.
 *
 *     const ack = fields(decode(body, 256), { epoch: [1, 'uint'], authenticator: [2, 'bytes', 32], got: [3, 'bool'] });
 */
export function fields<const S extends Shape>(v: Value | undefined, shape: S): Fields<S> {
  if (!(v instanceof Map)) throw new Malformed('no map where one is due');
  const out: Record<string, Value> = {};
  let found = 0;
  for (const [name, [key, marked, ...bounds]] of Object.entries(shape)) {
    const optional = marked.endsWith('?');
    const kind = (optional ? marked.slice(0, -1) : marked) as Kind;
    const held = v.get(key);
    if (held === undefined && optional) continue;
    const size = measure(kind, held);
    if (size === undefined || !within(kind, size, bounds)) throw new Malformed(`${name}: missing or out of range`);
    if (optional && size === 0) throw new Malformed(`${name}: there though empty`);
    out[name] = held!;
    found++;
  }
  if (found !== v.size) throw new Malformed('an unknown key');
  return out as Fields<S>;
}

/** The magnitude that bounds speak of; undefined if v is not of this kind. */
function measure(kind: Kind, v: Value | undefined): number | undefined {
  if (kind === 'uint') return typeof v === 'number' ? v : undefined;
  if (kind === 'bool') return typeof v === 'boolean' ? Number(v) : undefined;
  if (kind === 'text') return typeof v === 'string' ? textBytes(v).length : undefined;
  if (kind === 'bytes') return v instanceof Uint8Array ? v.length : undefined;
  if (kind === 'list') return Array.isArray(v) ? v.length : undefined;
  return v instanceof Map ? v.size : undefined;
}

function within(kind: Kind, size: number, bounds: readonly number[]): boolean {
  const [first, second] = bounds;
  if (first === undefined) return true;
  if (second !== undefined) return size >= first && size <= second;
  return kind === 'bytes' ? size === first : size <= first;
}

/** A map of these entries, less those that are undefined. */
export function record(entries: Readonly<Record<number, Value | undefined>>): ValueMap {
  const out: ValueMap = new Map();
  for (const [k, v] of Object.entries(entries)) if (v !== undefined) out.set(Number(k), v);
  return out;
}

/** v, or undefined if it is empty, 0 or false: an optional field of a record is left out then. */
export function unlessEmpty<V extends Value>(v: V | undefined): V | undefined {
  if (!v || ((typeof v === 'string' || v instanceof Uint8Array || Array.isArray(v)) &&
    v.length === 0)) return undefined;
  return v instanceof Map && v.size === 0 ? undefined : v;
}
