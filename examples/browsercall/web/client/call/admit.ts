// Who may ring.

import { hex } from '../bytes.ts';
import type { ID, KnownContacts } from './ports.ts';

/**
 * Who rings, as far as we know them. For a decision it holds only what the sealed and signed envelope and our own
 * contacts say; what a stranger says of itself is filled in when the call rings.
 */
export interface Caller {
  readonly id: ID;
  /** They are a contact. */
  readonly contact: boolean;
  /** Our own name for them; empty if they are not a contact. */
  readonly name: string;
  /** When their identity was verified. */
  readonly verified?: Date;
  readonly blocked: boolean;
  /** The relay that the Invite came by. */
  readonly relay: string;
  /** What a stranger calls itself: nobody has checked it, never show it in place of a name. */
  readonly claimed?: string;
  /** The name of a contact of the same name that has another key. */
  readonly keyChanged?: string | undefined;
  /** The name of a contact whose name is easily taken for this one. */
  readonly lookAlike?: string | undefined;
}

/** What becomes of an Invite. `ignore` says nothing, not even that it arrived; `refuse` declines at once. */
export type Decision = 'ring' | 'refuse' | 'ignore';

/** How often one caller may ring. Times are in milliseconds. */
export interface RingLimits {
  /** Rings within the window; 6. */
  rings?: number;
  /** 10 minutes. */
  window?: number;
  /** How long a caller who rang too often is ignored; 10 minutes. */
  coolDown?: number;
}

const minutes = 60_000;

/** Lets contacts ring that are not blocked, each within limits, and ignores everybody else. */
export function contactsOnly(contacts: KnownContacts, limits?: RingLimits): (c: Caller) => Decision {
  const quota = new Quota(limits);
  return (c) => (contacts.mayRing(c.id) === 'ring' && quota.take(c.id, Date.now()) ? 'ring' : 'ignore');
}

/** How many callers' rings are counted; past it the counting starts anew. */
const maxQuotas = 4096;

/** Counts the rings of each caller. */
export class Quota {
  readonly #limits: Required<RingLimits>;
  readonly #seen = new Map<string, { at: number[]; ignored: number }>();

  constructor(limits: RingLimits = {}) {
    this.#limits = { rings: 6, window: 10 * minutes, coolDown: 10 * minutes, ...limits };
  }

  /** Counts a ring, and says whether it is within the limits. now is in milliseconds. */
  take(id: ID, now: number): boolean {
    const key = hex(id);
    let r = this.#seen.get(key);
    if (!r) {
      if (this.#seen.size >= maxQuotas) this.#seen.clear();
      this.#seen.set(key, r = { at: [], ignored: 0 });
    }
    if (now < r.ignored) return false;
    r.at = [...r.at.filter((t) => now - t < this.#limits.window), now];
    if (r.at.length <= this.#limits.rings) return true;
    r.at = [];
    r.ignored = now + this.#limits.coolDown;
    return false;
  }
}
