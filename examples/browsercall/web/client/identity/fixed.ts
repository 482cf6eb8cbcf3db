/** Identities and mailboxes of known secrets: for vectors and tests. Nothing that ships imports this file. */
import { concat, fromHex, source } from '../bytes.ts';
import { Identity } from './identity.ts';
import { KeyPair, type KeyHandles } from './keys.ts';

// PrivateKeyInfo (RFC 8410, section 7) of 32 bytes that follow.
const ed25519Prefix = fromHex('302e020100300506032b657004220420');
const x25519Prefix = fromHex('302e020100300506032b656e04220420');

async function handle(name: string, prefix: Uint8Array, secret: Uint8Array, use: KeyUsage,
  publicUse: KeyUsage[]): Promise<CryptoKeyPair> {
  const pkcs8 = source(concat(prefix, secret));
  const open = await crypto.subtle.importKey('pkcs8', pkcs8, name, true, [use]);
  const { kty, crv, x } = await crypto.subtle.exportKey('jwk', open);
  return {
    privateKey: await crypto.subtle.importKey('pkcs8', pkcs8, name, false, [use]),
    publicKey: await crypto.subtle.importKey('jwk', { kty: kty!, crv: crv!, x: x! }, name, true, publicUse),
  };
}

/** Handles of an Ed25519 seed and an X25519 private key, 32 bytes each. */
export async function fixedHandles(seed: Uint8Array, x25519: Uint8Array): Promise<KeyHandles> {
  return {
    sign: await handle('Ed25519', ed25519Prefix, seed, 'sign', ['verify']),
    open: await handle('X25519', x25519Prefix, x25519, 'deriveBits', []),
  };
}

/** The identity of these secrets. */
export async function fixedIdentity(seed: Uint8Array, x25519: Uint8Array): Promise<Identity> {
  return Identity.of(await fixedHandles(seed, x25519));
}

/** The keys of these secrets, as of a call's mailbox. */
export async function fixedKeys(seed: Uint8Array, x25519: Uint8Array): Promise<KeyPair> {
  return KeyPair.of(await fixedHandles(seed, x25519));
}
