// The calls of a client.

import { equal, hex } from '../bytes.ts';
import type { Call } from './call.ts';
import type { ID } from './ports.ts';
import { StateError } from './reason.ts';

/** All lines are busy. */
export class BusyError extends Error {}

/** An id alone can be chosen by anyone: a call is named by its other side and its id. */
export function keyOf(peer: ID, id: Uint8Array): string {
  return `${hex(peer)} ${hex(id)}`;
}

/** The calls that ring or run. */
export class Registry implements Iterable<Call> {
  readonly #calls = new Map<string, Call>();
  #closed = false;

  [Symbol.iterator](): IterableIterator<Call> {
    return [...this.#calls.values()].values();
  }

  get(peer: ID, id: Uint8Array): Call | undefined {
    return this.#calls.get(keyOf(peer, id));
  }

  /** Registers a call. Throws BusyError, or StateError when the client is closed or the call is there. */
  enter(call: Call, limit = Infinity): void {
    if (this.#closed) throw new StateError('the client is closed');
    if (this.#calls.size >= limit) throw new BusyError('all lines are busy');
    if (this.get(call.peer, call.id)) throw new StateError('a call of this name is under way');
    if (call.role === 'caller' && this.#ringsUs(call.peer)) throw new StateError('they ring already: answer that call');
    this.#calls.set(keyOf(call.peer, call.id), call);
  }

  /** Forgets a call that has ended. */
  leave(call: Call): void {
    const key = keyOf(call.peer, call.id);
    if (this.#calls.get(key) === call) this.#calls.delete(key);
  }

  /** Makes an outgoing call the incoming one of this id. */
  rename(call: Call, id: Uint8Array): void {
    if (this.#closed) throw new StateError('the client is closed');
    if (this.get(call.peer, id)) throw new StateError('a call of this name is under way');
    this.leave(call);
    call.renamed(id);
    this.#calls.set(keyOf(call.peer, id), call);
  }

  /** A call of ours to this identity that is not answered yet. */
  outgoingTo(peer: ID): Call | undefined {
    const waits = ['new', 'dialing', 'ringing'];
    return [...this].find((c) => equal(c.peer, peer) && c.role === 'caller' && waits.includes(c.state));
  }

  /** Lets no further call in. */
  close(): void {
    this.#closed = true;
  }

  #ringsUs(peer: ID): boolean {
    const soon = ['new', 'ringing'];
    return [...this].some((c) => equal(c.peer, peer) && c.role === 'callee' && !c.unwanted && soon.includes(c.state));
  }
}
