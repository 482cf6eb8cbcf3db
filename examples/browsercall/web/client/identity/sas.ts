/** The short authentication string of a call for two (docs/PROTOCOL.md, section 4, "The emoji"). */
import { hkdf } from '@noble/hashes/hkdf.js';
import { sha256 } from '@noble/hashes/sha2.js';
import { concat, source, utf8, type Bytes } from '../bytes.ts';
import { hash } from './id.ts';

/** What the caller's Invite holds: H("sotto/v1 sas commit" || call || nonceA). Both are 32 bytes. */
export function sasCommit(call: Uint8Array, nonceA: Uint8Array): Bytes {
  need32(call, nonceA);
  return hash(utf8('sotto/v1 sas commit'), call, nonceA);
}

/** The 6 bytes of which the emoji are made. The nonces and the hashes of both payloads are 32 bytes each. */
export function sas(nonceA: Uint8Array, nonceB: Uint8Array, inviteHash: Uint8Array, acceptHash: Uint8Array): Bytes {
  need32(nonceA, nonceB, inviteHash, acceptHash);
  return source(hkdf(sha256, concat(nonceA, nonceB), utf8('sotto/v1 sas'), concat(inviteHash, acceptHash), 6));
}

/** Lengths are fixed, so that what is joined can be taken apart in one way alone. */
function need32(...parts: Uint8Array[]): void {
  if (parts.some((p) => p.length !== 32)) throw new RangeError('call ids, nonces and hashes have 32 bytes');
}
