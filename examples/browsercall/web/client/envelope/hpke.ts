/** HPKE for envelopes: what comes and goes as one box, enc || ct, and what a reader says of boxes that do not open. */
import { concat, utf8, type Bytes } from '../bytes.ts';
import { keySize as encSize, open, seal, tagSize } from '../hpke.ts';
import { Refused } from '../identity/errors.ts';
import { checkX25519 } from '../identity/strict.ts';
import { Malformed } from '../wire.ts';

export { encSize, tagSize };

/** enc || ct for the owner of an X25519 key. Refused 'weakKey' for a key that gives everybody the same secret. */
export async function hpkeSeal(to: Uint8Array, info: string, aad: Uint8Array, plain: Uint8Array): Promise<Bytes> {
  checkX25519(to);
  const { enc, ct } = await seal(to, utf8(info), aad, plain);
  return concat(enc, ct);
}

/** Opens enc || ct with a private key that may be non-extractable. Refused 'notSealedToUs'; Malformed if short. */
export async function hpkeOpen(
  keys: CryptoKeyPair, info: string, aad: Uint8Array, box: Uint8Array,
): Promise<Bytes> {
  if (box.length < encSize + tagSize) throw new Malformed(`a box of ${box.length} bytes`);
  const enc = box.subarray(0, encSize);
  try {
    checkX25519(enc);
    const publicKey = new Uint8Array(await crypto.subtle.exportKey('raw', keys.publicKey));
    return await open({ privateKey: keys.privateKey, publicKey }, enc, utf8(info), aad, box.subarray(encSize));
  } catch {
    throw new Refused('notSealedToUs');
  }
}
