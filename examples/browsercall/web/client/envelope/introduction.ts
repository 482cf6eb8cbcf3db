/** The body of the two letters by which identities become contacts (docs/PROTOCOL.md, section 9). */
import { tokenSize } from '../identity/id.ts';
import { Malformed, decode, encode, fields, record, unlessEmpty } from '../wire.ts';
import { invitationSecretSize } from './invitation.ts';
import { checkProfile, maxName, maxRelayName, maxRelays, type Profile } from './uri.ts';

/** A request has the invitation's secret, a confirm has none. */
export interface Introduction extends Profile {
  /** Lets the receiver write to the sender, 16 bytes. */
  readonly token: Uint8Array;
  readonly secret?: Uint8Array;
}

/** No introduction is longer, in bytes. */
export const maxIntroduction = 64 + maxName + maxRelays * (maxRelayName + 8);

/** The body of a request or a confirm. */
export function encodeIntroduction(i: Introduction): Uint8Array {
  return encode(record({ 1: i.token, 2: unlessEmpty(i.secret), 3: unlessEmpty(i.name),
    4: unlessEmpty([...i.relays]) }));
}

/** Reads the body of a request, which has a secret, or of a confirm, which has none. Throws Malformed. */
export function parseIntroduction(body: Uint8Array, kind: 'request' | 'confirm'): Introduction {
  const f = fields(decode(body, maxIntroduction), {
    token: [1, 'bytes', tokenSize],
    secret: [2, 'bytes?', invitationSecretSize],
    name: [3, 'text?', maxName],
    relays: [4, 'list?', maxRelays],
  });
  const relays = (f.relays ?? []).filter((r) => typeof r === 'string');
  if (relays.length !== (f.relays?.length ?? 0) || (f.secret !== undefined) !== (kind === 'request')) {
    throw new Malformed('an introduction');
  }
  const profile = { name: f.name ?? '', relays };
  checkProfile(profile);
  return { token: f.token, ...profile, ...(f.secret && { secret: f.secret }) };
}
