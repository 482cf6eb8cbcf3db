import { abortable, type Settle } from './abort.ts';

/** Lets so many through at a time; the others wait in the order in which they came. */
export class Turnstile {
  #free: number;
  readonly #waiting = new Set<Settle<void>>();

  constructor(places: number) {
    this.#free = places;
  }

  /** Takes a place, now or when one is given back. */
  enter(abort?: AbortSignal): Promise<void> {
    return abortable(abort, (s) => {
      if (this.#free > 0) {
        this.#free--;
        s.resolve();
        return () => {};
      }
      this.#waiting.add(s);
      return () => this.#waiting.delete(s);
    });
  }

  /** Gives a place to the next in line, so that nobody who comes now overtakes them. */
  leave(): void {
    for (const next of this.#waiting) {
      this.#waiting.delete(next);
      next.resolve();
      return;
    }
    this.#free++;
  }

  /** Ends the waiting of all. */
  close(e: Error): void {
    for (const s of this.#waiting) s.reject(e);
    this.#waiting.clear();
  }
}
