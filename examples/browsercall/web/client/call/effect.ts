// What a call's machine wants done.

import type { Hash, SetupMessage } from './input.ts';
import type { EndReason } from './reason.ts';
import type { State } from './state.ts';

/** The end of a call: tear down. With `wait` the other side may confirm the Bye first. */
export interface EndEffect {
  do: 'end';
  reason: EndReason;
  remote: boolean;
  wait: boolean;
  cause?: unknown;
}

/**
 * One thing to do. Effects are carried out in the order given.
 *
 * - `send`: a message of set-up, sealed once, repeated byte for byte
 * - `state`: tell the application
 * - `prepare`: callee: parse the offer, make KeyPackage, answer and tracks, then seal and send the Accept
 * - `group`: caller: check this Accept, make the group, install its keys
 * - `apply`: caller: hand the answer to the transport, which gathers and connects
 * - `join`: callee: check this Welcome, join the group, install its keys
 * - `switch`: seal with the keys of this epoch from now on; ask for and force key frames
 * - `start`: the sources begin
 * - `offer`: callee: ask the caller to take what its offer had no place for
 * - `commit`, `recommit`: caller: an empty Commit; the last one once more, for it may have been lost
 * - `update`: callee: ask the caller for new keys
 * - `restart`: new ICE credentials and candidates
 */
export type Effect =
  | { do: 'send'; type: SetupMessage }
  | { do: 'cancel'; reason: EndReason; winner: Hash }
  | { do: 'decline'; reason: number }
  | { do: 'ack'; epoch: number; auth: Hash; got: boolean }
  | { do: 'bye'; reason: EndReason }
  | { do: 'state'; state: State }
  | { do: 'prepare' }
  | { do: 'group'; accept: Hash }
  | { do: 'apply' }
  | { do: 'join'; welcome: Hash }
  | { do: 'switch'; epoch: number }
  | { do: 'start' }
  | { do: 'offer' }
  | { do: 'commit' }
  | { do: 'recommit' }
  | { do: 'update' }
  | { do: 'restart' }
  | EndEffect;
