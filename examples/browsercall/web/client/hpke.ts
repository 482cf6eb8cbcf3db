/**
 * HPKE (RFC 9180) as this package needs it: base mode, one message a context, DHKEM(X25519, HKDF-SHA256), HKDF-SHA256,
 * ChaCha20-Poly1305. X25519 is WebCrypto's, so that a private key may be out of reach; the rest is noble's.
 */
import { chacha20poly1305 } from '@noble/ciphers/chacha.js';
import { expand, extract } from '@noble/hashes/hkdf.js';
import { sha256 } from '@noble/hashes/sha2.js';
import { concat, source, utf8, type Bytes } from './bytes.ts';

/** Sizes in bytes: a key of X25519, which is also that of the encapsulated key, and the tag of a ciphertext. */
export const keySize = 32;
export const tagSize = 16;

/** KEM 0x0020, KDF 0x0001, AEAD 0x0003 (section 7). */
const kemID = concat(utf8('KEM'), Uint8Array.of(0, 0x20));
const hpkeID = concat(utf8('HPKE'), Uint8Array.of(0, 0x20, 0, 1, 0, 3));

/** A recipient: the private key as a handle that derives bits, the public one as 32 bytes. */
export interface HPKEKeys {
  readonly privateKey: CryptoKey;
  readonly publicKey: Uint8Array;
}

/** enc (32 bytes) and ct, of plain and 16 bytes more, for whoever has the private key of to. Rejects a key of low order. */
export async function seal(to: Uint8Array, info: Uint8Array, aad: Uint8Array, plain: Uint8Array): Promise<{ enc: Bytes; ct: Bytes }> {
  const ephemeral = (await crypto.subtle.generateKey('X25519', false, ['deriveBits'])) as CryptoKeyPair;
  const enc = new Uint8Array(await crypto.subtle.exportKey('raw', ephemeral.publicKey));
  const { key, nonce } = schedule(decap(await agree(ephemeral.privateKey, to), enc, to), info);
  return { enc, ct: source(chacha20poly1305(key, nonce, aad).encrypt(plain)) };
}

/** The plaintext of ct. Rejects what was not sealed to these keys with this info and aad. */
export async function open(
  keys: HPKEKeys, enc: Uint8Array, info: Uint8Array, aad: Uint8Array, ct: Uint8Array,
): Promise<Bytes> {
  const { key, nonce } = schedule(decap(await agree(keys.privateKey, enc), enc, keys.publicKey), info);
  return source(chacha20poly1305(key, nonce, aad).decrypt(ct));
}

/** DeriveKeyPair (section 7.1.3): 32 bytes, the raw private key. */
export function derivePrivateKey(ikm: Uint8Array): Bytes {
  const prk = labeledExtract(kemID, empty, 'dkp_prk', ikm);
  return labeledExpand(kemID, prk, 'sk', empty, keySize);
}

/** A raw private key of 32 bytes as a handle. */
export function importPrivateKey(raw: Uint8Array, extractable = false): Promise<CryptoKey> {
  if (raw.length !== keySize) return Promise.reject(new RangeError(`an X25519 key of ${raw.length} bytes`));
  return crypto.subtle.importKey('pkcs8', concat(pkcs8, raw), 'X25519', extractable, ['deriveBits']);
}

/** The raw private key of a handle that may be extracted. */
export async function exportPrivateKey(key: CryptoKey): Promise<Bytes> {
  return new Uint8Array(await crypto.subtle.exportKey('pkcs8', key)).slice(-keySize);
}

/** The public key of a private one: what it agrees on with the base point. */
export async function publicKeyOf(key: CryptoKey): Promise<Bytes> {
  return new Uint8Array(await crypto.subtle.deriveBits({ name: 'X25519', public: await publicHandle(basePoint) }, key, 256));
}

/** A public key of 32 bytes as a handle. */
export function publicHandle(raw: Uint8Array): Promise<CryptoKey> {
  return crypto.subtle.importKey('raw', source(raw), 'X25519', true, []);
}

/** X25519 (RFC 7748 section 6.1). An output of zeros is refused (RFC 9180 section 7.1.4), by engines that let it pass too. */
async function agree(own: CryptoKey, other: Uint8Array): Promise<Bytes> {
  const shared = await crypto.subtle.deriveBits({ name: 'X25519', public: await publicHandle(other) }, own, 256);
  const dh = new Uint8Array(shared);
  if (dh.every((b) => b === 0)) throw new RangeError('an X25519 key of low order');
  return dh;
}

/** ExtractAndExpand (section 4.1): the KEM's shared secret. */
function decap(dh: Uint8Array, enc: Uint8Array, recipient: Uint8Array): Bytes {
  return labeledExpand(kemID, labeledExtract(kemID, empty, 'eae_prk', dh), 'shared_secret', concat(enc, recipient), 32);
}

/** KeySchedule (section 5.1) of mode_base, whose psk and psk_id are empty: the key and the nonce of the first message. */
function schedule(sharedSecret: Uint8Array, info: Uint8Array): { key: Bytes; nonce: Bytes } {
  const context = concat(
    Uint8Array.of(0), labeledExtract(hpkeID, empty, 'psk_id_hash', empty), labeledExtract(hpkeID, empty, 'info_hash', info));
  const secret = labeledExtract(hpkeID, sharedSecret, 'secret', empty);
  return { key: labeledExpand(hpkeID, secret, 'key', context, 32), nonce: labeledExpand(hpkeID, secret, 'base_nonce', context, 12) };
}

function labeledExtract(suite: Uint8Array, salt: Uint8Array, label: string, ikm: Uint8Array): Uint8Array {
  return extract(sha256, concat(version, suite, utf8(label), ikm), salt);
}

function labeledExpand(suite: Uint8Array, prk: Uint8Array, label: string, info: Uint8Array, length: number): Bytes {
  return source(expand(sha256, prk, concat(Uint8Array.of(0, length), version, suite, utf8(label), info), length));
}

const version = utf8('HPKE-v1');
const empty = new Uint8Array(0);

/** u = 9, RFC 7748 section 4.1. */
const basePoint = Uint8Array.from({ length: keySize }, (_, i) => (i === 0 ? 9 : 0));

/** RFC 8410, section 7: version 0, algorithm X25519, and before the key two OCTET STRINGs. */
const pkcs8 = Uint8Array.of(0x30, 46, 2, 1, 0, 0x30, 5, 6, 3, 43, 101, 110, 4, 34, 4, 32);
