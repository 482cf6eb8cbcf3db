/** Invitations: what lets one other identity ask to become a contact. */
import { concat, readU64, u64 } from '../bytes.ts';
import { tokenSize, type ID } from '../identity/id.ts';
import { Malformed } from '../wire.ts';
import { maxTime } from './message.ts';
import { formatURI, parseURI, type Profile } from './uri.ts';

const scheme = 'sotto:invite/';

/** The length of what proves that one holds an invitation, in bytes. */
export const invitationSecretSize = 16;

/** How long an invitation may last, in milliseconds. */
export const minInvitationTTL = 60_000;
export const maxInvitationTTL = 30 * 24 * 3_600_000;

/** What an invitation has in its fragment: a token that lets one write to the inviter, and the proof; 16 bytes each. */
export interface InvitationSecret {
  readonly token: Uint8Array;
  readonly secret: Uint8Array;
}

/**
 * It is a secret until it is used: the first identity that uses it is the only one, and whoever saw it on the way could
 * be that one. So hand it over in private, and compare safety numbers after.
 */
export class Invitation implements Profile {
  /** Who made it. */
  readonly from: ID;
  readonly name: string;
  readonly relays: readonly string[];
  /** When it ends, in milliseconds since 1970: whole seconds. */
  readonly expires: number;
  readonly #secret: InvitationSecret;

  constructor(from: ID, profile: Profile, expires: number, secret: InvitationSecret) {
    this.from = from;
    this.name = profile.name;
    this.relays = profile.relays;
    this.expires = expires;
    this.#secret = secret;
  }

  /**
   * Reads a URI. Throws Malformed or Refused 'weakKey', which hold nothing of it. Whether it has expired is not asked.
   */
  static parse(s: string): Invitation {
    const u = parseURI(scheme, s.trim());
    const secretEnd = tokenSize + invitationSecretSize;
    if (u.secret.length !== secretEnd + 8) throw new Malformed('an invitation: fragment');
    const expires = readU64(u.secret, secretEnd);
    if (expires > BigInt(Math.floor(maxTime / 1000))) throw new Malformed('an invitation: time');
    const secret = { token: u.secret.slice(0, tokenSize), secret: u.secret.slice(tokenSize, secretEnd) };
    return new Invitation(u.id, u, Number(expires) * 1000, secret);
  }

  /** Says whether a text seems to be an invitation's URI. */
  static is(s: string): boolean {
    return s.trimStart().startsWith(scheme);
  }

  /** It is in no JSON or log. */
  get secret(): InvitationSecret {
    return this.#secret;
  }

  /** The invitation as text: sotto:invite/sotto1…?name=…&relay=…#secret. */
  uri(): string {
    const { token, secret } = this.#secret;
    const fragment = concat(token, secret, u64(Math.floor(this.expires / 1000)));
    return formatURI(scheme, { id: this.from, name: this.name, relays: this.relays, secret: fragment });
  }
}
