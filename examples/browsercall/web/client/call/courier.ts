// Takes packets to a relay.

import { pause, unless } from './patience.ts';
import type { Packet, Transport } from './ports.ts';
import { Queue } from './queue.ts';
import { SignalError } from '../signal/transport.ts';

/** Pauses between two tries of one packet, in milliseconds; doubled from the first to the last. */
const firstPause = 200;
const lastPause = 3000;

/** With so many packets under way what will be said again is left out. */
const maxPending = 64;

/** One packet; stored, if it is set, hears that the relay has it (undefined), or why it never will. */
interface Errand {
  packet: Packet;
  stored?: ((error: unknown) => void) | undefined;
}

/** Takes packets to a relay, in order, and tries again while the relay is away. It ends with abort, or after finish. */
export class Courier {
  /** Settles when nothing more will be sent. Never rejects. */
  readonly done: Promise<void>;
  readonly #transport: Transport;
  readonly #pending = new Queue<Errand>();
  readonly #abort: AbortSignal;

  constructor(transport: Transport, abort: AbortSignal) {
    this.#transport = transport;
    this.#abort = abort;
    abort.addEventListener('abort', () => this.#pending.end(), { once: true });
    this.done = this.#run();
  }

  /** Too much waits for the relay to add what will be said again. */
  get full(): boolean {
    return this.#pending.length >= maxPending;
  }

  send(packet: Packet, stored?: (error: unknown) => void): void {
    const errand = { packet, stored };
    if (!this.#pending.put(errand)) stored?.(new Error('the call has ended'));
  }

  /** Lets the courier end after what it has been given. */
  finish(): void {
    this.#pending.end();
  }

  async #run(): Promise<void> {
    for await (const { packet, stored } of this.#pending) {
      const error = await this.#deliver(packet);
      stored?.(error);
    }
  }

  async #deliver(packet: Packet): Promise<unknown> {
    for (let wait = firstPause; ; wait = Math.min(2 * wait, lastPause)) {
      try {
        await unless(this.#abort, this.#transport.send(packet, this.#abort));
        return undefined;
      } catch (e) {
        if (this.#abort.aborted || !isPassing(e)) return e;
      }
      await pause(wait, this.#abort);
      if (this.#abort.aborted) return this.#abort.reason;
    }
  }
}

/** Says whether a relay may take the same packet later: it cannot be reached just now, or asks to send less. */
export function isPassing(e: unknown): boolean {
  return e instanceof SignalError && (e.fault === 'unavailable' || e.fault === 'throttled');
}
