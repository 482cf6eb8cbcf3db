import { sha256 } from '@noble/hashes/sha2.js';
import { hex } from '../bytes.ts';
import { retention, type Delivery, type Packet } from './transport.ts';

/** Who reads a mailbox: put is told of each packet, with what to call when it was received. */
export interface MemoryReader {
  put(d: Delivery, received: () => void): void;
}

interface Kept { delivery: Delivery; at: number; received: boolean }

/** One mailbox of a relay in memory. */
export class MemoryMailbox {
  readonly address: string; // hexadecimal
  #open = false;
  #admitted = new Set<string>();
  #kept: Kept[] = [];
  readonly #readers = new Set<MemoryReader>();

  constructor(address: string) {
    this.address = address;
  }

  /** Replaces the tokens that may write. */
  admit(hashes: Uint8Array[], open: boolean): void {
    this.#admitted = new Set(hashes.map(hex));
    this.#open = open;
  }

  /** Takes a packet, if its token is admitted. */
  put(p: Packet): boolean {
    if (!this.#open && !this.#admitted.has(hex(sha256(p.token)))) return false;
    const kept: Kept = { delivery: deliveryOf(p), at: Date.now(), received: false };
    this.#expire();
    this.#kept.push(kept);
    for (const r of this.#readers) this.#hand(r, kept);
    return true;
  }

  /** A reader comes, and gets what no reader has received. */
  attach(r: MemoryReader): void {
    this.#readers.add(r);
    this.#expire();
    for (const k of this.#kept) if (!k.received) this.#hand(r, k);
  }

  /** A reader goes. */
  leave(r: MemoryReader): void {
    this.#readers.delete(r);
  }

  #hand(r: MemoryReader, k: Kept): void {
    const { token, body } = k.delivery;
    r.put({ ...k.delivery, token: token.slice(), body: body.slice() }, () => (k.received = true));
  }

  #expire(): void {
    const since = Date.now() - retention;
    this.#kept = this.#kept.filter((k) => !k.received && (k.delivery.notice || k.at > since));
  }
}

function deliveryOf(p: Packet): Delivery {
  return { token: p.token, body: p.body, ...(p.notice && { notice: true }) };
}
