/** The two strings of bytes on which the owner of a mailbox and a relay must agree. */
import { sha256 } from '@noble/hashes/sha2.js';
import { concat, u32, utf8, type Bytes } from '../bytes.ts';
import type { MailboxLike } from './transport.ts';

/** The address of a mailbox, 32 bytes: H("sotto/v1 mailbox" || ed25519_pk || hpke_pk). */
export function addressOf(m: Pick<MailboxLike, 'publicKeys'>): Uint8Array {
  const { ed25519, hpke } = m.publicKeys();
  return sha256(concat(utf8('sotto/v1 mailbox'), ed25519, hpke));
}

/**
 * What the owner of a mailbox signs to read it at a relay: "sotto/v1 relay auth\0" || u16 length || origin || challenge
 * || address. The origin is that of the relay as dialled, so that a hostile relay cannot pass on another's challenge.
 */
export function authMessage(origin: string, challenge: Uint8Array, address: Uint8Array): Bytes {
  const o = utf8(origin);
  return concat(utf8('sotto/v1 relay auth\0'), u32(o.length).subarray(2), o, challenge, address);
}
