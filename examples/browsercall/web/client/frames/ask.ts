/** Between two requests for a key frame, in ms: at first, and when none ever comes. */
const first = 400;
const last = 3_000;

/** Limits how often a key frame is asked for. */
export class KeyRequest {
  /** A key frame is wanted; cleared by its arrival. */
  need = false;
  #next = 0; // not before
  #gap = 0;

  /** Whether to ask now, in ms of a clock that never goes back. Counts on being obeyed. */
  due(now: number): boolean {
    if (!this.need || now < this.#next) return false;
    if (now - this.#next > last) this.#gap = 0; // long ago
    this.#gap = Math.min(Math.max(2 * this.#gap, first), last);
    this.#next = now + this.#gap;
    return true;
  }

  /** There is a reason to expect more of the next request: new keys, or a first frame that opens. */
  anew(): void {
    this.#gap = 0;
    this.#next = 0;
  }
}
