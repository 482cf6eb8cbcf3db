import type { Bytes } from '../bytes.ts';
import type { Settle } from './abort.ts';
import type { Frames } from './frame.ts';

/** What a relay answers to a request. */
export type Answer = ({ kind: 'result' } & Frames['result']) | ({ kind: 'servers' } & Frames['servers']);

/**
 * The requests that wait for the relay's answer. They are written again on each new connection, in the same order and
 * in the same bytes, so that the relay knows what it has had.
 */
export class Outbox {
  #n = 0;
  readonly #pending = new Map<number, { frame: Bytes; settle: Settle<Answer> }>(); // in the order of their numbers

  /** Queues a request under the next number, which it returns with its bytes. */
  ask(numbered: (n: number) => Bytes, settle: Settle<Answer>): { n: number; frame: Bytes } {
    const n = this.#n + 1;
    const frame = numbered(n);
    this.#n = n;
    this.#pending.set(n, { frame, settle });
    return { n, frame };
  }

  /** Hands an answer to its request. Numbers that nobody waits for are ignored: the caller gave up. */
  answered(a: Answer): void {
    const r = this.#pending.get(a.n);
    this.#pending.delete(a.n);
    r?.settle.resolve(a);
  }

  /** Forgets a request: it is not written again. */
  drop(n: number): void {
    this.#pending.delete(n);
  }

  /** What is to be written on a new connection. */
  frames(): Bytes[] {
    return [...this.#pending.values()].map((r) => r.frame);
  }

  /** Whether an answer is due. */
  get waits(): boolean {
    return this.#pending.size > 0;
  }

  /** Ends everything that waits. */
  close(e: Error): void {
    for (const r of this.#pending.values()) r.settle.reject(e);
    this.#pending.clear();
  }
}
