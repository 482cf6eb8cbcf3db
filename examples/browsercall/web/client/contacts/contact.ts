/** Contacts as programs see them. */
import { boxOf, shortID, type Box, type ID } from '../identity/id.ts';
import type { ContactRecord, ContactState, VerifiedBy } from './state.ts';

/** Another identity as we know it: a copy, which changes nothing in the store. */
export class Contact {
  readonly id: ID;
  /** Our own label; what users are shown. */
  readonly name: string;
  /** What they call themselves: nobody checked it, never show it in place of name. */
  readonly claimed: string;
  readonly relays: readonly string[];
  readonly state: ContactState;
  /** When they became a contact. */
  readonly since: Date;
  /** When our user compared safety number or emoji, and which; undefined: never. */
  readonly verified: Date | undefined;
  readonly verifiedBy: VerifiedBy | undefined;
  /** May neither ring nor write. */
  readonly blocked: boolean;
  /** When their owner said not to trust them any more; then blocked is true too. undefined: never. */
  readonly revoked: Date | undefined;
  /** What their owner named in their place: see Contacts.acceptReplacement. */
  readonly replacedBy: ID | undefined;
  readonly #token: Uint8Array | undefined;

  constructor(r: ContactRecord) {
    this.id = r.id.slice();
    this.name = r.name;
    this.claimed = r.claimed;
    this.relays = r.relays;
    this.state = r.state;
    this.since = new Date(r.known);
    this.verified = r.verified && new Date(r.verified.time);
    this.verifiedBy = r.verified?.by;
    this.blocked = r.blocked;
    this.revoked = r.revoked === undefined ? undefined : new Date(r.revoked);
    this.replacedBy = r.replacedBy;
    this.#token = r.token;
  }

  /** Lets us write to them: a secret of 16 bytes; undefined: we cannot. It is in no JSON or log. */
  get token(): Uint8Array | undefined {
    return this.#token;
  }

  /** Where an Invite to the contact goes. */
  get box(): Box {
    return boxOf(this.id, this.#token);
  }

  toString(): string {
    return `Contact(${shortID(this.id)})`;
  }
}

/** A call of theirs that was not taken. */
export interface Notice {
  readonly from: ID;
  /** When they rang, by their clock. */
  readonly time: Date;
  readonly video: boolean;
}
