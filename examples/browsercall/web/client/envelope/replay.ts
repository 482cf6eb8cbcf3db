/**
 * What refuses messages that come a second time. Ask only about messages that were opened: whoever can write could else
 * move it.
 */
import { hex } from '../bytes.ts';
import type { ID } from '../identity/id.ts';

const windowSize = 64;
const windowMask = (1n << BigInt(windowSize)) - 1n;

/**
 * Refuses sequence numbers that were seen, or that lie 64 or more behind the highest seen. One belongs to one call and
 * sender.
 */
export class ReplayWindow {
  private next = 0; // highest seen plus one
  private seen = 0n; // bit i: next-1-i was seen

  /** Says whether seq is new, and remembers it. 2^53-1 is refused: no call counts so far. */
  accept(seq: number): boolean {
    if (!Number.isSafeInteger(seq) || seq < 0 || seq === Number.MAX_SAFE_INTEGER) return false;
    if (seq >= this.next) {
      const shift = seq + 1 - this.next;
      this.seen = shift >= windowSize ? 1n : ((this.seen << BigInt(shift)) | 1n) & windowMask;
      this.next = seq + 1;
      return true;
    }
    const behind = this.next - 1 - seq;
    if (behind >= windowSize || (this.seen >> BigInt(behind)) & 1n) return false;
    this.seen |= 1n << BigInt(behind);
    return true;
  }
}

/** An Invite is accepted within 60 s of its time by either clock, so for 120 s at the most; it is remembered longer. */
export const inviteMemory = 180_000; // ms

/**
 * Bounds of the cache. What is beyond is refused: forgetting an older one instead would let a flood bring back a stale
 * ring.
 */
export const invitesPerSender = 64;
export const invitesInAll = 8192;

/** Remembers which Invites were seen: a relay that delivers one again does not ring twice. */
export class InviteCache {
  readonly #seen = new Map<string, number>(); // when, by sender and call

  /** How many are remembered. */
  get size(): number {
    return this.#seen.size;
  }

  /** Says whether this Invite is new, and remembers it. now is in milliseconds. */
  accept(from: ID, call: Uint8Array, now: number): boolean {
    const sender = hex(from);
    const key = sender + hex(call);
    let count = 0;
    for (const [other, at] of this.#seen) {
      if (now - at >= inviteMemory) this.#seen.delete(other);
      else if (other.startsWith(sender)) count++;
    }
    if (this.#seen.has(key) || this.size >= invitesInAll || count >= invitesPerSender) return false;
    this.#seen.set(key, now);
    return true;
  }

  /** Forgets an Invite, so that it is new when it comes again. */
  forget(from: ID, call: Uint8Array): void {
    this.#seen.delete(hex(from) + hex(call));
  }
}
