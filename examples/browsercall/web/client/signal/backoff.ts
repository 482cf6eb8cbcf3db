/**
 * The wait between attempts to connect: a random time between nothing and a limit that doubles ("full jitter"), so that
 * the clients of a relay that was restarted do not come back all at once.
 */
export class Backoff {
  readonly #first: number;
  readonly #limit: number;
  readonly #draw: () => number;
  #tries = 0;

  /** first is the limit before the second attempt, limit that of all, both in ms; draw gives a number in [0, 1). */
  constructor(draw: () => number = Math.random, first = 500, limit = 30_000) {
    this.#draw = draw;
    this.#first = first;
    this.#limit = limit;
  }

  /** How long to wait now, in ms. */
  next(): number {
    return this.#draw() * Math.min(this.#first * 2 ** this.#tries++, this.#limit);
  }

  /** Begins anew, after a connection that held. */
  reset(): void {
    this.#tries = 0;
  }
}
