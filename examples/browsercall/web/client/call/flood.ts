// A bound on what the other side can make us keep in a queue that is not bounded itself.

/** Counts what is kept, in any unit. */
export class Flood {
  readonly #limit: number;
  #held = 0;

  constructor(limit: number) {
    this.#limit = limit;
  }

  /** Takes n more, unless that would be more than the limit; what costs nothing is always taken. */
  in(n: number): boolean {
    if (n > 0 && this.#held + n > this.#limit) return false;
    this.#held += n;
    return true;
  }

  out(n: number): void {
    this.#held -= n;
  }
}
