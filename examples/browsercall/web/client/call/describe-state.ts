// Where a renegotiation stands.

/** Somebody who waits for the other side's answer, perhaps for that to a track. */
export interface Waiter {
  done: (error?: unknown) => void;
  track: MediaStreamTrack | undefined;
}

/** One description of ours is under way at a time, and is repeated until it is answered. */
export interface Describing {
  /** Of our last offer. */
  n: number;
  /** Encoded, while it waits for its answer. */
  offer: Uint8Array | undefined;
  /** The connection works on it: 1 while it makes the offer, 2 while it takes the answer. */
  busy: 0 | 1 | 2;
  /** Something changed meanwhile; and wants new ICE credentials. */
  again: boolean;
  restart: boolean;
  /** The offer under way starts ICE anew. */
  restarts: boolean;
  /** Of the last offer of the other side that is or was worked on; and of the last that was answered. */
  applying: number;
  theirs: number;
  /** Encoded, to repeat. */
  answer: Uint8Array | undefined;
  /** When it was sent; and it will be sent once more. */
  answered: number;
  due: boolean;
  /** The streams that we have sent in this call. */
  used: Set<number>;
  /** Of these the application knows that the other side does not take what we send there. */
  untaken: Set<string>;
  /** Media sections about which the application is asked. */
  asking: Set<string>;
  /** Those who wait for the other side's answer. */
  waiting: Waiter[];
  /** Counts the repetitions, so that a late timer does nothing. */
  repetition: number;
}

/** Nothing is under way. */
export function describing(): Describing {
  return {
    n: 0, offer: undefined, busy: 0, again: false, restart: false, restarts: false, applying: 0, theirs: 0,
    answer: undefined, answered: 0, due: false, used: new Set(), untaken: new Set(),
    asking: new Set(), waiting: [], repetition: 0,
  };
}
