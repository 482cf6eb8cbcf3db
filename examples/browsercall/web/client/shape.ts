/**
 * Typed shapes over strict CBOR: a message is declared once, and is written, read and bounded by that declaration. The
 * bounds are those of the protocol's CDDL. What is out of them is neither read nor written: the first comes from
 * somebody else, the second is a mistake that the other side would not forgive.
 */
import { equal } from './bytes.ts';
import { decode, encode, Malformed, type Value } from './wire.ts';

/** A shape turns values of T into CBOR and back. Both throw Malformed for what is out of its bounds. */
export interface Shape<T> {
  write(v: T): Value;
  read(v: Value): T;
}

/** Text, byte strings and numbers are refused with one error, which repeats nothing of what was refused. */
function refuse(what: string): never {
  throw new Malformed(`a field is not ${what}: the message is dropped; is the other side of this version?`);
}

function checked<T extends Value>(what: string, ok: (v: Value) => v is T): Shape<T> {
  const check = (v: Value): T => (ok(v) ? v : refuse(what));
  return { write: check, read: check };
}

/** An unsigned integer from min to max. */
export function uint(max: number = Number.MAX_SAFE_INTEGER, min = 0): Shape<number> {
  return checked('a number in range', (v): v is number =>
    typeof v === 'number' && Number.isSafeInteger(v) && within(v, min, max));
}

/** One number and no other. */
export function constant(n: number): Shape<number> {
  return uint(n, n);
}

/** A boolean. */
export const bool: Shape<boolean> = checked('a boolean', (v): v is boolean => typeof v === 'boolean');

/** A byte string of min to max bytes. */
export function bytes(min: number, max: number = min): Shape<Uint8Array> {
  return checked('a byte string of the right length', (v): v is Uint8Array =>
    v instanceof Uint8Array && within(v.length, min, max));
}

/** A text of min to max bytes of UTF-8. */
export function text(min: number, max: number): Shape<string> {
  return checked('a text of the right length', (v): v is string =>
    typeof v === 'string' && within(new TextEncoder().encode(v).length, min, max));
}

function within(n: number, min: number, max: number): boolean {
  return n >= min && n <= max;
}

/** A list of min to max elements. */
export function list<T>(of: Shape<T>, max: number, min = 0): Shape<T[]> {
  const fits = (n: number) => within(n, min, max) || refuse('a list of the right length');
  return {
    write: (v) => (fits(v.length), v.map((e) => of.write(e))),
    read: (v) => (Array.isArray(v) ? (fits(v.length), v.map((e) => of.read(e))) : refuse('a list')),
  };
}

/** A shape whose values are named otherwise in programs than on the wire: a number that is a kind, say. */
export function mapped<T, W>(of: Shape<W>, out: (v: T) => W, into: (w: W) => T): Shape<T> {
  return { write: (v) => of.write(out(v)), read: (v) => into(of.read(v)) };
}

/** A field of a record: its key on the wire, its shape, and whether and as what it may be absent. */
interface Field<T> {
  key: number;
  shape: Shape<T>;
  absent?: { value: T | undefined };
}

/** A field that must be there. */
export function field<T>(key: number, shape: Shape<T>): Field<T> {
  return { key, shape };
}

/** A field that is absent, or has the value undefined, in programs as on the wire. */
export function optional<T>(key: number, shape: Shape<T>): Field<T> {
  return { key, shape, absent: { value: undefined } };
}

/** A list, or a boolean, that is absent on the wire when it is empty, or false: the only encoding of that. */
export function omitted<T extends unknown[] | boolean>(key: number, shape: Shape<T>, empty: T): Field<T> {
  return { key, shape, absent: { value: empty } };
}

type Fields<T> = { [K in keyof T]-?: Field<Exclude<T[K], undefined>> };

/** A map with integer keys, in which every key is known. */
export function record<T extends object>(fields: Fields<T>): Shape<T> {
  const names = Object.keys(fields) as (keyof T)[];
  const known = new Set(names.map((n) => fields[n].key));
  return {
    write(v) {
      const m = new Map<number, Value>();
      for (const n of names) put(m, fields[n] as Field<unknown>, v[n]);
      return m;
    },
    read(v) {
      if (!(v instanceof Map)) return refuse('a map');
      for (const k of v.keys()) if (!known.has(k)) refuse('known');
      const out: Partial<T> = {};
      for (const n of names) {
        const got = take(v, fields[n] as Field<unknown>);
        if (got !== undefined) out[n] = got as T[typeof n];
      }
      return out as T;
    },
  };
}

function put(m: Map<number, Value>, f: Field<unknown>, v: unknown): void {
  if (f.absent !== undefined && (v === undefined || isEmpty(f, v))) return;
  m.set(f.key, f.shape.write(v));
}

function take(m: Map<number, Value>, f: Field<unknown>): unknown {
  const v = m.get(f.key);
  if (v !== undefined) return f.shape.read(v);
  if (f.absent === undefined) return refuse('there');
  return Array.isArray(f.absent.value) ? [] : f.absent.value;
}

function isEmpty(f: Field<unknown>, v: unknown): boolean {
  return f.absent?.value !== undefined && (v === false || (Array.isArray(v) && v.length === 0));
}

/** Encodes v in the one encoding that it has. Throws Malformed if a field is out of its bounds. */
export function pack<T>(shape: Shape<T>, v: T): Uint8Array {
  return encode(shape.write(v));
}

/**
 * Reads at most limit bytes strictly: known fields in their bounds, none missing, in the one encoding that they have.
 * Throws Malformed.
 */
export function unpack<T>(shape: Shape<T>, data: Uint8Array, limit: number): T {
  const v = shape.read(decode(data, limit));
  if (!equal(encode(shape.write(v)), data)) refuse('in its only encoding');
  return v;
}
