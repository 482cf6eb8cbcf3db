/** ChaCha20-Poly1305 (RFC 8439) as HPKE's library asks for it: WebCrypto has none. */
import { AeadId, type AeadEncryptionContext, type AeadInterface } from '@hpke/core';
import { chacha20poly1305 } from '@noble/ciphers/chacha.js';
import { source } from '../bytes.ts';

type Buffered = ArrayBufferLike | ArrayBufferView;

/** The AEAD 0x0003 of RFC 9180, for a CipherSuite of @hpke/core. */
export const chacha: AeadInterface = {
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

/** The bytes that the library hands on, without a copy. */
export function bytesOf(b: Buffered): Uint8Array {
  return ArrayBuffer.isView(b) ? new Uint8Array(b.buffer, b.byteOffset, b.byteLength) : new Uint8Array(b);
}

/** Bytes as a buffer of their own length, which the library wants: copied only if they are a part of a longer one. */
export function bufferOf(b: Uint8Array): ArrayBuffer {
  const own = source(b);
  return own.byteLength === own.buffer.byteLength ? own.buffer : own.slice().buffer;
}
