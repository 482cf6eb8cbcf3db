/**
 * The one cipher suite of calls, MLS_128_DHKEMX25519_CHACHA20POLY1305_SHA256_Ed25519 (3), for the library: X25519 and
 * Ed25519 are WebCrypto's, ChaCha20-Poly1305 and SHA-256 those of noble.
 */
import {
  AeadId, CipherSuite, DhkemX25519HkdfSha256, HkdfSha256, type AeadEncryptionContext, type AeadInterface,
} from '@hpke/core';
import { chacha20poly1305 } from '@noble/ciphers/chacha.js';
import { expand, extract } from '@noble/hashes/hkdf.js';
import { hmac } from '@noble/hashes/hmac.js';
import { sha256 } from '@noble/hashes/sha2.js';
import type { CiphersuiteImpl } from 'ts-mls/crypto/ciphersuite.js';
import type { Hpke, PrivateKey, PublicKey } from 'ts-mls/crypto/hpke.js';
import { equal, random, source } from '../bytes.ts';
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

const aead: AeadInterface = {
  id: AeadId.Chacha20Poly1305, keySize: 32, nonceSize: 12, tagSize: 16,
  createEncryptionContext: (key) => new Context(bytesOf(key).slice()),
};

class Context implements AeadEncryptionContext {
  readonly #key: Uint8Array;

  constructor(key: Uint8Array) {
    this.#key = key;
  }

  async seal(iv: Buffered, data: Buffered, aad: Buffered): Promise<ArrayBuffer> {
    return bufferOf(chacha20poly1305(this.#key, bytesOf(iv), bytesOf(aad)).encrypt(bytesOf(data)));
  }

  async open(iv: Buffered, data: Buffered, aad: Buffered): Promise<ArrayBuffer> {
    return bufferOf(chacha20poly1305(this.#key, bytesOf(iv), bytesOf(aad)).decrypt(bytesOf(data)));
  }
}

type Buffered = ArrayBufferLike | ArrayBufferView;

function bytesOf(b: Buffered): Uint8Array {
  return ArrayBuffer.isView(b) ? new Uint8Array(b.buffer, b.byteOffset, b.byteLength) : new Uint8Array(b);
}

function bufferOf(b: Uint8Array): ArrayBuffer {
  const own = source(b);
  return own.byteLength === own.buffer.byteLength ? own.buffer : own.slice().buffer;
}

const kem = new DhkemX25519HkdfSha256();
const rfc9180 = new CipherSuite({ kem, kdf: new HkdfSha256(), aead });

const hpke: Hpke = {
  keyLength: 32,
  nonceLength: 12,
  seal: async (recipientPublicKey, plaintext, info, aad = noKey) => {
    const r = await rfc9180.seal({ recipientPublicKey, info: bufferOf(info) }, bufferOf(plaintext), bufferOf(aad));
    return { ct: new Uint8Array(r.ct), enc: new Uint8Array(r.enc) };
  },
  open: async (recipientKey, enc, ciphertext, info, aad = noKey) =>
    new Uint8Array(await opened(() =>
      rfc9180.open({ recipientKey, enc: bufferOf(enc), info: bufferOf(info) }, bufferOf(ciphertext), bufferOf(aad)))),
  importPrivateKey: async (k) => (await kem.deserializePrivateKey(bufferOf(k))) as PrivateKey,
  importPublicKey: async (k) => (await opened(() => kem.deserializePublicKey(bufferOf(k)))) as PublicKey,
  exportPublicKey: async (k) => new Uint8Array(await kem.serializePublicKey(k)),
  exportPrivateKey: async (k) => new Uint8Array(await kem.serializePrivateKey(k)),
  encryptAead: async (key, nonce, aad, plaintext) => chacha20poly1305(key, nonce, aad ?? noKey).encrypt(plaintext),
  decryptAead: (key, nonce, aad, ciphertext) =>
    opened(async () => chacha20poly1305(key, nonce, aad ?? noKey).decrypt(ciphertext)),
  deriveKeyPair: async (ikm) => (await kem.deriveKeyPair(bufferOf(ikm))) as KeyPair,
  generateKeyPair: async () => (await kem.generateKeyPair()) as KeyPair,
  exportSecret: () => Promise.reject(new GroupError('policy', 'an external commit')),
  importSecret: () => Promise.reject(new GroupError('policy', 'an external commit')),
};

interface KeyPair {
  privateKey: PrivateKey;
  publicKey: PublicKey;
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
  const shared = await crypto.subtle.deriveBits(
    { name: 'X25519', public: await crypto.subtle.importKey('raw', basePoint, 'X25519', true, []) },
    await crypto.subtle.importKey('pkcs8', source(concatPKCS8(privateKey)), 'X25519', false, ['deriveBits']), 256);
  return new Uint8Array(shared);
}

/** u = 9, RFC 7748 section 4.1: the shared secret with it is the public key. */
const basePoint = Uint8Array.from({ length: 32 }, (_, i) => (i === 0 ? 9 : 0));

/** RFC 8410, section 7: version 0, algorithm X25519, the key as OCTET STRING in an OCTET STRING. */
const pkcs8 = Uint8Array.of(0x30, 46, 2, 1, 0, 0x30, 5, 6, 3, 43, 101, 110, 4, 34, 4, 32);

function concatPKCS8(privateKey: Uint8Array): Uint8Array {
  const out = new Uint8Array(pkcs8.length + 32);
  out.set(pkcs8);
  out.set(privateKey.subarray(0, 32), pkcs8.length);
  return out;
}
