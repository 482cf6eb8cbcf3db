/**
 * SFrame (RFC 9605) with the one suite of docs/PROTOCOL.md section 7: 0xF001, ChaCha20-Poly1305 and SHA-256 with a tag
 * of 16 bytes. Keys are held in private fields, which nothing prints.
 */
import { chacha20poly1305 } from '@noble/ciphers/chacha.js';
import { expand, extract } from '@noble/hashes/hkdf.js';
import { sha256 } from '@noble/hashes/sha2.js';
import { concat, u64, utf8 } from '../bytes.ts';
import type { Bytes } from '../bytes.ts';
import { encodeHeader } from './header.ts';
import type { Header } from './header.ts';
import { ReplayWindow } from './window.ts';

/** Length of a base key in bytes (AEAD.Nk). */
export const keySize = 32;
/** Length of the tag at the end of a sealed frame, in bytes (AEAD.Nt). */
export const tagSize = 16;
/** The highest counter: after it a key seals no more. */
export const lastCounter = 0xffffffffffffffffn;

const nonceSize = 12;
const suite = Uint8Array.of(0xf0, 0x01);

/** Why an OpenKey did not open a frame. */
export type KeyRefusal = 'malformed' | 'replayed' | 'tooOld' | 'forged';

/** Key and salt of one KID (section 4.4.2). */
class Material {
  #key: Uint8Array;
  #salt: Uint8Array;

  constructor(base: Uint8Array, kid: bigint) {
    if (base.length !== keySize) throw new RangeError(`an SFrame base key has ${keySize} bytes`);
    const secret = extract(sha256, base, new Uint8Array(0));
    const id = concat(u64(kid), suite);
    this.#key = expand(sha256, secret, concat(utf8('SFrame 1.0 Secret key '), id), keySize);
    this.#salt = expand(sha256, secret, concat(utf8('SFrame 1.0 Secret salt '), id), nonceSize);
    secret.fill(0);
  }

  /** The AEAD of one frame; its nonce is the salt XOR the counter (section 4.4.3). */
  aead(counter: bigint, header: Uint8Array, clear: Uint8Array) {
    const nonce = this.#salt.slice();
    const ctr = u64(counter);
    for (let i = 0; i < ctr.length; i++) nonce[nonceSize - ctr.length + i]! ^= ctr[i]!;
    return chacha20poly1305(this.#key, nonce, concat(header, clear));
  }

  wipe(): void {
    this.#key.fill(0);
    this.#salt.fill(0);
  }
}

/**
 * Seals the frames of one KID with counters from 0 up. There must be one for a base key and KID, ever: a second one
 * would use the same nonces (section 9.1).
 */
export class SealKey {
  readonly kid: bigint;
  #material: Material;
  #next: bigint;

  /** base has keySize bytes and is not kept. next is the first counter. */
  constructor(base: Uint8Array, kid: bigint, next = 0n) {
    this.kid = kid;
    this.#material = new Material(base, kid);
    this.#next = next;
  }

  /**
   * Header, ciphertext and tag of a frame; clear is authenticated with it and not part of it. The counter is used up
   * whatever becomes of the result. Undefined once the last counter was used.
   */
  seal(clear: Uint8Array, frame: Uint8Array): Bytes | undefined {
    if (this.#next > lastCounter) return undefined;
    const ctr = this.#next++; // before the key is used: no path leads back
    const header = encodeHeader({ kid: this.kid, ctr });
    return concat(header, this.#material.aead(ctr, header, clear).encrypt(frame));
  }

  /** Wipes the key, as far as JavaScript allows. It seals nothing afterwards. */
  destroy(): void {
    this.#next = lastCounter + 1n;
    this.#material.wipe();
  }
}

/** Opens the frames of one KID, each of them once. */
export class OpenKey {
  readonly kid: bigint;
  #material: Material;
  #window = new ReplayWindow();
  #gone = false;

  /** base has keySize bytes and is not kept. */
  constructor(base: Uint8Array, kid: bigint) {
    this.kid = kid;
    this.#material = new Material(base, kid);
  }

  /** Opens a sealed frame, whose header was read already and takes size bytes. The window moves if it is authentic. */
  open(clear: Uint8Array, sealed: Uint8Array, header: Header, size: number): Uint8Array | KeyRefusal {
    if (this.#gone || header.kid !== this.kid || sealed.length < size + tagSize) return 'malformed';
    const stale = this.#window.check(header.ctr);
    if (stale !== undefined) return stale;
    let frame: Uint8Array;
    try {
      frame = this.#material.aead(header.ctr, sealed.subarray(0, size), clear).decrypt(sealed.subarray(size));
    } catch {
      return 'forged';
    }
    this.#window.mark(header.ctr);
    return frame;
  }

  /** Wipes the key, as far as JavaScript allows. It opens nothing afterwards. */
  destroy(): void {
    this.#gone = true;
    this.#material.wipe();
  }
}
