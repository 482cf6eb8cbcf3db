/** How long nothing may open of what arrives before somebody should know, in ms. */
export const lasting = 3_000;

/** How many frames that takes. */
export const many = 10;

/** After a pause of this length it begins anew, in ms: longer than between two requests for a key frame (ask.ts). */
const pause = 5_000;

/**
 * Knows when the refused frames of a media section are worth a word: when none opens any more. Single ones are not,
 * since networks repeat packets, and keys come a little later than media.
 */
export class Refusals {
  #count = 0;
  #since = 0;
  #last = 0;
  #told = false;

  /** A frame was refused, in ms of a clock that never goes back. Whether to tell that nothing opens any more. */
  refused(now: number): boolean {
    if (this.#count === 0 || now - this.#last > pause) {
      this.#count = 0;
      this.#since = now;
    }
    this.#count++;
    this.#last = now;
    if (this.#told || this.#count < many || now - this.#since < lasting) return false;
    this.#told = true;
    return true;
  }

  /** A frame was opened. Whether to tell that frames open again. */
  opened(): boolean {
    const told = this.#told;
    this.#told = false;
    this.#count = 0;
    return told;
  }
}
