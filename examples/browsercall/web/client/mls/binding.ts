/** The one extension of every leaf: docs/PROTOCOL.md, section 5. */
import { concat, equal } from '../bytes.ts';
import { checkBox, hashSize, tokenSize, type Box } from '../identity/id.ts';
import { GroupError } from './errors.ts';

/** The type of the extension: private use, RFC 9420 section 17.3. */
export const bindingType = 0xf5a1;

/** What ties transport, Invite and mailbox of a call to a member, and so to every secret of the group. */
export interface Binding {
  /** SHA-256 of the one DTLS certificate: 32 bytes. */
  readonly dtls: Uint8Array;
  /** The hash of the Invite that this member answers: 32 bytes, zero for the creator. */
  readonly invite: Uint8Array;
  /** The mailbox of the call. */
  readonly box: Box;
}

const version = 1;
const keySize = 32; // of X25519, so that its length prefix (RFC 9420, section 2.1.2) is one byte
const size = 1 + 2 * hashSize + 32 + 1 + keySize + tokenSize;

/** The extension's content: 146 bytes. Throws for parts of other sizes. */
export function encodeBinding(b: Binding): Uint8Array {
  const parts = [b.dtls, b.invite, b.box.ed25519, b.box.hpke];
  if (parts.some((p) => p.length !== 32) || b.box.token.length !== tokenSize) {
    throw new GroupError('malformed', 'the parts of a binding are of 32, 32, 32, 32 and 16 bytes');
  }
  const [head, length] = [Uint8Array.of(version), Uint8Array.of(keySize)];
  return concat(head, b.dtls, b.invite, b.box.ed25519, length, b.box.hpke, b.box.token);
}

/** Reads the extension: of this version, this size, with keys that one can use. Throws GroupError. */
export function parseBinding(d: Uint8Array): Binding {
  if (d.length !== size || d[0] !== version || d[97] !== keySize) throw new GroupError('policy', "the leaf's binding");
  const box = { ed25519: d.slice(65, 97), hpke: d.slice(98, 130), token: d.slice(130) };
  try {
    checkBox(box);
  } catch (e) {
    throw new GroupError('policy', "the mailbox of the leaf's binding", e);
  }
  return { dtls: d.slice(1, 33), invite: d.slice(33, 65), box };
}

/** Says whether two bindings are one. */
export function sameBinding(a: Binding, b: Binding): boolean {
  return equal(encodeBinding(a), encodeBinding(b));
}
