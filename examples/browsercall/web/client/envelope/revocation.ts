/** Revocations: an identity's own word that it is not to be trusted any more (docs/PROTOCOL.md, section 9). */
import { base64url, concat, fromBase64url, utf8 } from '../bytes.ts';
import { Refused } from '../identity/errors.ts';
import { checkID, sameID, type ID } from '../identity/id.ts';
import type { Identity } from '../identity/identity.ts';
import { verifyEd25519 } from '../identity/strict.ts';
import { Malformed, decode, encode, fields, record } from '../wire.ts';
import { maxTime } from './message.ts';

/**
 * Whoever has the old key can say both parts, a thief too: so act at once on the first, on the second when a user says
 * so.
 */
export interface Revocation {
  readonly id: ID;
  /** Milliseconds since 1970. */
  readonly time: number;
  /** Which identity takes its place; it has signed too. */
  readonly replacedBy?: ID;
}

const maxRevocation = 512;
const scheme = 'sotto:revocation/';
const revocationLabel = utf8('sotto/v1 revocation\0');
const replacementLabel = utf8('sotto/v1 replacement\0');

/** Makes the statement that id is not to be trusted any more and, if next is given, that next takes its place. */
export async function revoke(id: Identity, time: number, next?: Identity): Promise<Uint8Array> {
  const payload = encode(record({ 1: id.id, 2: time, 3: next?.id }));
  const sig = await id.signer.sign(concat(revocationLabel, payload));
  return encode(record({ 1: payload, 2: sig, 3: await next?.signer.sign(concat(replacementLabel, payload)) }));
}

/** Reads and verifies a statement. Rejects with Malformed, or Refused 'weakKey', 'signature'. */
export async function parseRevocation(statement: Uint8Array): Promise<Revocation> {
  const s = fields(decode(statement, maxRevocation), {
    payload: [1, 'bytes', 0, maxRevocation], sig: [2, 'bytes', 64], newSig: [3, 'bytes?', 64],
  });
  const r: Revocation = fields(decode(s.payload, maxRevocation), {
    id: [1, 'bytes', 64], time: [2, 'uint', maxTime], replacedBy: [3, 'bytes?', 64],
  });
  if ((r.replacedBy === undefined) !== (s.newSig === undefined)) throw new Malformed('a revocation');
  await verify(r.id, concat(revocationLabel, s.payload), s.sig);
  if (r.replacedBy && s.newSig) {
    if (sameID(r.id, r.replacedBy)) throw new Malformed('an identity replaced by itself');
    await verify(r.replacedBy, concat(replacementLabel, s.payload), s.newSig);
  }
  return r;
}

async function verify(id: ID, message: Uint8Array, sig: Uint8Array): Promise<void> {
  checkID(id);
  if (!(await verifyEd25519(id.subarray(0, 32), message, sig))) throw new Refused('signature');
}

/** A statement as text: sotto:revocation/ and base64url. */
export function formatRevocation(statement: Uint8Array): string {
  return scheme + base64url(statement);
}

/** Undoes formatRevocation, without looking at the statement. Throws Malformed. */
export function revocationText(s: string): Uint8Array {
  const text = s.trim();
  if (!text.startsWith(scheme) || text.length > scheme.length + 2 * maxRevocation) {
    throw new Malformed('text of a revocation');
  }
  try {
    return fromBase64url(text.slice(scheme.length));
  } catch {
    throw new Malformed('text of a revocation');
  }
}
