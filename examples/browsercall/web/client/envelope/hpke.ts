/** HPKE (RFC 9180), base mode, single shot: DHKEM(X25519, HKDF-SHA256), HKDF-SHA256, ChaCha20-Poly1305. */
import { CipherSuite, DhkemX25519HkdfSha256, HkdfSha256 } from '@hpke/core';
import { concat, source, utf8, type Bytes } from '../bytes.ts';
import { Refused } from '../identity/errors.ts';
import { checkX25519 } from '../identity/strict.ts';
import { Malformed } from '../wire.ts';
import { chacha } from './aead.ts';

/** Sizes in bytes: the encapsulated key before a ciphertext, and the tag at its end. */
export const encSize = 32;
export const tagSize = 16;

const suite = new CipherSuite({ kem: new DhkemX25519HkdfSha256(), kdf: new HkdfSha256(), aead: chacha });

/** enc || ct for the owner of an X25519 key. Refused 'weakKey' for a key that gives everybody the same secret. */
export async function hpkeSeal(to: Uint8Array, info: string, aad: Uint8Array, plain: Uint8Array): Promise<Bytes> {
  checkX25519(to);
  const recipientPublicKey = await suite.kem.deserializePublicKey(source(to));
  const sender = await suite.createSenderContext({ recipientPublicKey, info: utf8(info) });
  const ct = await sender.seal(source(plain), source(aad));
  return concat(new Uint8Array(sender.enc), new Uint8Array(ct));
}

/**
 * Opens enc || ct with a pair whose private key may be non-extractable. Refused 'notSealedToUs'; Malformed if short.
 */
export async function hpkeOpen(keys: CryptoKeyPair, info: string, aad: Uint8Array, box: Uint8Array): Promise<Bytes> {
  if (box.length < encSize + tagSize) throw new Malformed(`a box of ${box.length} bytes`);
  const enc = source(box.slice(0, encSize));
  try {
    checkX25519(enc);
    const recipient = await suite.createRecipientContext({ recipientKey: keys, enc, info: utf8(info) });
    return new Uint8Array(await recipient.open(source(box.slice(encSize)), source(aad)));
  } catch {
    throw new Refused('notSealedToUs');
  }
}
