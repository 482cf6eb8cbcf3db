// The times of a call, in milliseconds; the same numbers as the Go side's.

/** To the first sign of the callee. */
export const reachTime = 20_000;
/** From a device that cannot take the call to one that can. */
export const deviceTime = 2000;
/** How long it rings, on each side. */
export const ringTime = 60_000;
/** The longest that a configuration may ask for. */
export const maxRingTime = 90_000;
/** Accept to connected. */
export const setupTime = 15_000;
/** Without a path, or without the Ack of an epoch. */
export const lostTime = 20_000;
/** Between two Acks of one epoch. */
export const ackTime = 1000;
/** A committer waits that long for the Ack before it switches. */
export const switchTime = 1000;
/** The callee leaves ICE restarts to the caller for that long. */
export const politeTime = 2000;
/** Between two ICE restarts. */
export const restartTime = 4000;
/** After the start of the sources: when the other side proves its keys later than that, key frames are sent again. */
export const lateProof = 1000;
/** Between two epochs, if nobody asks. */
export const rekeyTime = 3_600_000;
/** Between two epochs at the least. */
export const renewPause = 1000;
/** First repetition of Invite and Accept; then doubled. */
export const resendTime = 1000;

/** The kinds of timers; at most one of each is set. Of two that run out at once the earlier in this list is first. */
export const timers = [
  'reach', 'ring', 'setup', 'lost', 'ack', 'ackLost', 'switch', 'restart', 'rekey', 'resend',
] as const;

/** A point in time at which a machine wants to be called. */
export type Timer = (typeof timers)[number];

/** The timers that are set, in milliseconds of the clock that is given to the machine. */
export class Clocks {
  readonly #at = new Map<Timer, number>();

  set(t: Timer, at: number): void {
    this.#at.set(t, at);
  }

  stop(...list: Timer[]): void {
    for (const t of list) this.#at.delete(t);
  }

  clear(): void {
    this.#at.clear();
  }

  /** When the first timer runs out; undefined if none is set. */
  next(): number | undefined {
    const first = this.#first();
    return first && this.#at.get(first);
  }

  /** Takes out the first timer that has run out at now. */
  due(now: number): Timer | undefined {
    const first = this.#first();
    if (first === undefined || (this.#at.get(first) ?? 0) > now) return undefined;
    this.#at.delete(first);
    return first;
  }

  #first(): Timer | undefined {
    let best: Timer | undefined;
    for (const t of timers) {
      const at = this.#at.get(t);
      if (at !== undefined && (best === undefined || at < (this.#at.get(best) ?? 0))) best = t;
    }
    return best;
  }
}
