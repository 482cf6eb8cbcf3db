/**
 * The one cipher suite of calls, MLS_128_DHKEMX25519_CHACHA20POLY1305_SHA256_Ed25519 (3), for the library: X25519 and
 * Ed25519 are WebCrypto's, ChaCha20-Poly1305 and SHA-256 those of noble.
 */
import { chacha20poly1305 } from '@noble/ciphers/chacha.js';
import { expand, extract } from '@noble/hashes/hkdf.js';
import { hmac } from '@noble/hashes/hmac.js';
import { sha256 } from '@noble/hashes/sha2.js';
import type { CiphersuiteImpl } from 'ts-mls/crypto/ciphersuite.js';
import type { Hpke, PrivateKey, PublicKey } from 'ts-mls/crypto/hpke.js';
import { equal, random } from '../bytes.ts';
import * as rfc9180 from '../hpke.ts';
import { verifyEd25519 } from '../identity/strict.ts';
import { GroupError } from './errors.ts';

/** The suite's name in the library, and with that on the wire. */
export const suiteName = 'MLS_128_DHKEMX25519_CHACHA20POLY1305_SHA256_Ed25519';

/** What signs for a member: Ed25519 over bytes, perhaps with a CryptoKey that never leaves the browser. */
export interface Signer {
  readonly publicKey: Uint8Array;
  sign(message: Uint8Array): Promise<Uint8Array>;
}

/**
 * Stands where the library carries a private signature key. It holds nothing: the suite of a member signs with that
 * member's Signer, whatever it is handed.
 */
export const noKey = new Uint8Array(0);

/** The suite, signing as this member. */
export function suiteFor(signer: Signer): CiphersuiteImpl {
  return {
    name: suiteName,
    hash: {
      digest: async (data) => sha256(data),
      mac: async (key, data) => hmac(sha256, key, data),
      verifyMac: async (key, mac, data) => equal(hmac(sha256, key, data), mac),
    },
    kdf: {
      size: 32,
      extract: async (salt, ikm) => extract(sha256, ikm, salt),
      expand: async (prk, info, length) => expand(sha256, prk, info, length),
    },
    signature: {
      sign: (_, message) => signer.sign(message),
      verify: (key, message, sig) => verifyEd25519(key, message, sig),
      keygen: () => Promise.reject(new GroupError('state', 'identities are made elsewhere')),
    },
    rng: { randomBytes: (n) => random(n) },
    hpke,
  };
}

const hpke: Hpke = {
  keyLength: 32,
  nonceLength: 12,
  seal: async (to, plaintext, info, aad = noKey) => rfc9180.seal(await exported(to), info, aad, plaintext),
  open: (privateKey, enc, ciphertext, info, aad = noKey) =>
    opened(async () =>
      rfc9180.open({ privateKey, publicKey: await rfc9180.publicKeyOf(privateKey) }, enc, info, aad, ciphertext)),
  importPrivateKey: async (k) => (await rfc9180.importPrivateKey(k, true)) as PrivateKey,
  importPublicKey: async (k) => (await opened(() => rfc9180.publicHandle(k))) as PublicKey,
  exportPublicKey: exported,
  exportPrivateKey: rfc9180.exportPrivateKey,
  encryptAead: async (key, nonce, aad, plaintext) => chacha20poly1305(key, nonce, aad ?? noKey).encrypt(plaintext),
  decryptAead: (key, nonce, aad, ciphertext) =>
    opened(async () => chacha20poly1305(key, nonce, aad ?? noKey).decrypt(ciphertext)),
  deriveKeyPair: (ikm) => pairOf(rfc9180.derivePrivateKey(ikm)),
  generateKeyPair: () => pairOf(random(rfc9180.keySize)),
  exportSecret: () => Promise.reject(new GroupError('policy', 'an external commit')),
  importSecret: () => Promise.reject(new GroupError('policy', 'an external commit')),
};

async function pairOf(raw: Uint8Array): Promise<{ privateKey: PrivateKey; publicKey: PublicKey }> {
  const privateKey = (await rfc9180.importPrivateKey(raw, true)) as PrivateKey;
  const publicKey = (await rfc9180.publicHandle(await rfc9180.publicKeyOf(privateKey))) as PublicKey;
  return { privateKey, publicKey };
}

async function exported(key: PublicKey): Promise<Uint8Array> {
  return new Uint8Array(await crypto.subtle.exportKey('raw', key));
}

/** What does not open is not authentic, whatever the libraries call it. */
async function opened<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (e) {
    throw new GroupError('authentication', 'what was encrypted does not open', e);
  }
}

/** The X25519 public key of a raw private one. */
export async function publicOf(privateKey: Uint8Array): Promise<Uint8Array> {
  return rfc9180.publicKeyOf(await rfc9180.importPrivateKey(privateKey));
}
