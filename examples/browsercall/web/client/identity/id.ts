/** IDs: who somebody is. */
import { sha256 } from '@noble/hashes/sha2.js';
import { concat, equal, hex, source, utf8, type Bytes } from '../bytes.ts';
import { Malformed } from '../wire.ts';
import { checkEd25519, checkX25519 } from './strict.ts';

/**
 * The public half of an identity: ed25519_pk(32) || x25519_pk(32). It is never split: what names somebody covers both.
 * One that came from elsewhere is only as good as checkID, which every parser here calls.
 */
export type ID = Uint8Array;

/** Sizes in bytes. */
export const idSize = 64;
export const tokenSize = 16;
export const hashSize = 32;

/** The public half of a mailbox and the token that lets one write to it, which is a secret: 32, 32 and 16 bytes. */
export interface Box {
  readonly ed25519: Uint8Array;
  readonly hpke: Uint8Array;
  readonly token: Uint8Array;
}

/** Refuses keys of small order or in a non-canonical encoding. Throws Refused 'weakKey', or Malformed. */
export function checkID(id: ID): void {
  if (id.length !== idSize) throw new Malformed(`an identity of another length than ${idSize}`);
  checkEd25519(id.subarray(0, 32));
  checkX25519(id.subarray(32));
}

/** Refuses a box that one cannot safely seal to, as checkID does; post-quantum ones are not known here. */
export function checkBox(box: Box): void {
  if (box.token.length !== tokenSize) throw new Malformed('a token of another length than 16');
  checkEd25519(box.ed25519);
  checkX25519(box.hpke);
}

/** Says whether two IDs are one. */
export function sameID(a: ID, b: ID): boolean {
  return a.length === idSize && equal(a, b);
}

/** The identity's own mailbox, written to with this token (none: zeros, which no relay admits). */
export function boxOf(id: ID, token: Uint8Array = new Uint8Array(tokenSize)): Box {
  return { ed25519: id.subarray(0, 32), hpke: id.subarray(32), token };
}

/** A mailbox's address: H("sotto/v1 mailbox" || ed25519_pk || hpke_pk), 32 bytes. */
export function addressOf(box: Pick<Box, 'ed25519' | 'hpke'>): Bytes {
  return hash(utf8('sotto/v1 mailbox'), box.ed25519, box.hpke);
}

/** SHA-256 of the parts in a row. */
export function hash(...parts: Uint8Array[]): Bytes {
  return source(sha256(concat(...parts)));
}

/** Short, for logs: 12 hexadecimal digits that somebody with a computer can imitate. People compare safety numbers. */
export function shortID(id: ID): string {
  return `sotto:${hex(id.subarray(0, 6))}`;
}
