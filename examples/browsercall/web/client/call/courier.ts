// Takes packets to a relay.

import { pause, unless } from './patience.ts';
import type { Packet, Transport } from './ports.ts';
import { Queue } from './queue.ts';
import { SignalError } from '../signal/transport.ts';

/** Pauses between two tries of one packet, in milliseconds; doubled from the first to the last. */
const firstPause = 200;
const lastPause = 3000;

/** With so many packets waiting spare ones are left out. */
const maxPending = 64;

/** One packet; stored, if it is set, hears that the relay has it (undefined), or why it never will. A spare one may be
 * left out: it is said again, or asked for again. */
interface Errand {
  packet: Packet;
  spare: boolean;
  stored?: ((error: unknown) => void) | undefined;
}

/** Takes packets to a relay, in order, and tries again while the relay is away. It ends with abort, or after finish. */
export class Courier {
  /** Settles when nothing more will be sent. Never rejects. */
  readonly done: Promise<void>;
  readonly #transport: Transport;
  readonly #pending = new Queue<Errand>();
  readonly #abort: AbortSignal;
  readonly #hurry = new AbortController();
  readonly #spare: AbortSignal;

  constructor(transport: Transport, abort: AbortSignal) {
    this.#transport = transport;
    this.#abort = abort;
    this.#spare = AbortSignal.any([abort, this.#hurry.signal]);
    abort.addEventListener('abort', () => this.#pending.end(), { once: true });
    this.done = this.#run();
  }

  /** Sends what may be left out; false if it is, since too much waits already. */
  sendSpare(packet: Packet): boolean {
    return this.#pending.length < maxPending && this.#pending.put({ packet, spare: true });
  }

  send(packet: Packet, stored?: (error: unknown) => void): void {
    const errand = { packet, spare: false, stored };
    if (!this.#pending.put(errand)) stored?.(new Error('the call has ended'));
  }

  /** Lets the courier end after what it has been given and may not leave out. */
  finish(): void {
    this.#hurry.abort(new Error('the call ends'));
    this.#pending.end();
  }

  async #run(): Promise<void> {
    for await (const errand of this.#pending) {
      const error = await this.#deliver(errand);
      errand.stored?.(error);
    }
  }

  async #deliver({ packet, spare }: Errand): Promise<unknown> {
    const abort = spare ? this.#spare : this.#abort;
    for (let wait = firstPause; !abort.aborted; wait = Math.min(2 * wait, lastPause)) {
      try {
        await unless(abort, this.#transport.send(packet, abort));
        return undefined;
      } catch (e) {
        if (!isPassing(e)) return e;
      }
      await pause(wait, abort);
    }
    return abort.reason;
  }
}

/** Says whether a relay may take the same packet later: it cannot be reached just now, or asks to send less. */
export function isPassing(e: unknown): boolean {
  return e instanceof SignalError && (e.fault === 'unavailable' || e.fault === 'throttled');
}
