import { hex } from '../bytes.ts';
import { Malformed } from '../wire.ts';
import { abortable, type Settle } from './abort.ts';
import type { Frames } from './frame.ts';
import { retention, type Delivery } from './transport.ts';

/** Bounds of what a relay can make a client hold. */
export const maxWaiting = 256; // packets that nobody has received; an honest relay's window is 64
export const maxSeen = 4096; // ids remembered to drop repetitions; more than a mailbox takes in a minute

interface Arrival { key: string; id: Uint8Array; packet: Delivery; at: number }

/** Packets that were delivered and not yet received. What was delivered before is dropped. */
export class Inbox {
  readonly #ack: (id: Uint8Array) => void;
  readonly #seen = new Map<string, boolean>(); // whether it was received; the oldest first
  readonly #waiting = new Set<Arrival>();
  readonly #readers = new Set<Settle<Delivery>>();

  /** ack tells the relay that a packet was received. */
  constructor(ack: (id: Uint8Array) => void) {
    this.#ack = ack;
  }

  /**
   * Takes a delivery. A repetition of what was received is acknowledged again: the relay missed it the first time.
   * Throws Malformed when the relay delivers more than an honest one does.
   */
  put(f: Frames['deliver']): void {
    this.#expire();
    if (this.#waiting.size >= maxWaiting) throw new Malformed(`over ${maxWaiting} packets without an acknowledgement`);
    const key = hex(f.id);
    const received = this.#seen.get(key);
    if (received !== undefined) {
      if (received) this.#ack(f.id);
      return;
    }
    this.#remember(key);
    const packet: Delivery = { token: f.token, body: f.body, ...(f.class === 1 && { notice: true }) };
    this.#waiting.add({ key, id: f.id, packet, at: Date.now() });
    this.#hand();
  }

  /** The next packet, which is acknowledged when somebody gets it. */
  get(abort?: AbortSignal): Promise<Delivery> {
    return abortable(abort, (s) => {
      this.#readers.add(s);
      this.#expire();
      this.#hand();
      return () => this.#readers.delete(s);
    });
  }

  /** Ends everything that waits, and forgets what was not received. */
  close(e: Error): void {
    for (const r of this.#readers) r.reject(e);
    this.#readers.clear();
    this.#waiting.clear();
  }

  #remember(key: string): void {
    for (const oldest of this.#seen.keys()) {
      if (this.#seen.size < maxSeen) break;
      this.#seen.delete(oldest);
    }
    this.#seen.set(key, false);
  }

  /** Drops what waited so long that the relay, too, has given it up. */
  #expire(): void {
    const now = Date.now();
    for (const a of this.#waiting) {
      if (!a.packet.notice && now - a.at >= retention) this.#waiting.delete(a);
    }
  }

  #hand(): void {
    const [reader] = this.#readers;
    const [next] = this.#waiting;
    if (!reader || !next) return;
    this.#readers.delete(reader);
    this.#waiting.delete(next);
    if (this.#seen.has(next.key)) this.#seen.set(next.key, true);
    this.#ack(next.id);
    reader.resolve(next.packet);
  }
}
