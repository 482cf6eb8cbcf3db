/** When a receiver's frames may go to its transform: what comes too early is kept, in order, for a moment. */
import type { TransformOptions } from './messages.ts';

/**
 * For how long after its birth a video receiver of Firefox is given nothing, in ms, unless the connection comes up
 * before: after a negotiation, and just before it says that it is connected, it makes its stream to the decoder anew,
 * and the key frame that was given to the one before is gone.
 */
const unsettled = 100;

/** For how long frames wait for the first keys of the call, in ms: a caller's may be here before its Welcome is. */
const keyless = 500;

/** The gate of one transform. A sender's is always open. */
export class Gate {
  /** Until when frames are kept; undefined: they may go. */
  due: Promise<void> | undefined;
  #keys = new Latch();
  #path = new Latch();

  /** firefox and keyed: whether this is that browser, and whether there were keys before. */
  constructor({ side, kind }: TransformOptions, firefox: boolean, keyed: boolean) {
    if (side === 'send') return;
    if (keyed) this.#keys.open();
    if (!firefox || kind === 'audio') this.#path.open();
    else setTimeout(this.#path.open, unsettled);
    this.due = this.#keys.opened.then(() => this.#path.opened).then(() => {
      this.due = undefined;
    });
  }

  /** A frame is kept: the first one begins the wait for keys. */
  keep(): void {
    this.#keys.openIn(keyless);
  }

  /** There are keys. */
  keyed(): void {
    this.#keys.open();
  }

  /** The connection is up. */
  settle(): void {
    this.#path.open();
  }
}

/** A promise that somebody opens, or time. */
class Latch {
  open: () => void = () => undefined;
  readonly opened = new Promise<void>((resolve) => {
    this.open = resolve;
  });
  #timer: ReturnType<typeof setTimeout> | undefined;

  openIn(ms: number): void {
    this.#timer ??= setTimeout(this.open, ms);
  }
}
