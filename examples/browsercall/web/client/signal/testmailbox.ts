/** For tests: a mailbox that proves itself and opens nothing, and tokens. */
import { sha256 } from '@noble/hashes/sha2.js';
import { random, source } from '../bytes.ts';
import { addressOf, authMessage } from './mailbox.ts';
import type { MailboxLike } from './transport.ts';

/** A mailbox of fresh keys with its address. */
export interface TestMailbox extends MailboxLike { address: Uint8Array }

/** Makes a mailbox. Its HPKE key is random bytes. */
export async function testMailbox(): Promise<TestMailbox> {
  const key = (await crypto.subtle.generateKey('Ed25519', true, ['sign', 'verify'])) as CryptoKeyPair;
  const keys = { ed25519: new Uint8Array(await crypto.subtle.exportKey('raw', key.publicKey)), hpke: random(32) };
  const address = addressOf({ publicKeys: () => keys });
  return {
    address,
    publicKeys: () => keys,
    answer: async (origin, challenge) => {
      const message = authMessage(origin, challenge, address);
      return new Uint8Array(await crypto.subtle.sign('Ed25519', key.privateKey, source(message)));
    },
  };
}

/** A random token and its hash. */
export function testToken(): { token: Uint8Array; hash: Uint8Array } {
  const token = random(16);
  return { token, hash: sha256(token) };
}
