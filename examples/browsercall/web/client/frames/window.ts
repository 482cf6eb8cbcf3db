/** How far behind the highest counter seen a frame may be and still be opened, in frames. */
export const windowSize = 1024;

const size = BigInt(windowSize);

/** Remembers which of the last windowSize counters have been seen. The bit of CTR mod windowSize stands for CTR. */
export class ReplayWindow {
  #highest = -1n;
  #seen = new Uint32Array(windowSize / 32);

  /** Why a frame with this counter may not be opened, if so. Changes nothing: the frame is not authenticated yet. */
  check(ctr: bigint): 'replayed' | 'tooOld' | undefined {
    if (ctr > this.#highest) return undefined;
    if (this.#highest - ctr >= size) return 'tooOld';
    const bit = Number(ctr % size);
    return (this.#seen[bit >>> 5]! & (1 << (bit & 31))) !== 0 ? 'replayed' : undefined;
  }

  /** Records an authentic frame that check has passed. */
  mark(ctr: bigint): void {
    if (ctr > this.#highest) this.#slide(ctr);
    const bit = Number(ctr % size);
    this.#seen[bit >>> 5]! |= 1 << (bit & 31);
  }

  /** Moves up to ctr: the bits of the counters between stood for older ones. */
  #slide(ctr: bigint): void {
    if (ctr - this.#highest >= size) this.#seen.fill(0);
    else {
      for (let c = this.#highest + 1n; c <= ctr; c++) {
        const bit = Number(c % size);
        this.#seen[bit >>> 5]! &= ~(1 << (bit & 31));
      }
    }
    this.#highest = ctr;
  }
}
