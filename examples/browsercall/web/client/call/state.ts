// Where a call stands.

/**
 * The states of a call; `new` alone is never shown.
 *
 * - `dialing`: the Invite is on its way. Caller only. Timers: 20 s to the first sign of the other side, 60 s in all.
 * - `ringing`: a person is being asked. Timer: 60 s, on each side its own.
 * - `connecting`: accepted; keys and transport are being set up, and at its end media may flow. Timer: 15 s.
 * - `connected`: ICE, DTLS and the group are up and the other side has proved that it holds the same keys.
 * - `reconnecting`: the path is lost and is being sought anew. Timer: 20 s.
 * - `ended`: over; the keys are destroyed. Nothing follows.
 */
export type State = 'new' | 'dialing' | 'ringing' | 'connecting' | 'connected' | 'reconnecting' | 'ended';

/** Which end of the Invite a side is. */
export type Role = 'caller' | 'callee';

/** The legal changes of state. A machine throws on any other, which no input may bring about. */
export const successors: Record<State, readonly State[]> = {
  new: ['dialing', 'ringing', 'ended'],
  dialing: ['ringing', 'connecting', 'ended'],
  ringing: ['connecting', 'ended'],
  connecting: ['connected', 'ended'],
  connected: ['reconnecting', 'ended'],
  reconnecting: ['connected', 'ended'],
  ended: [],
};

/** Says whether the two sides of a call in this state have agreed to it. */
export function isAccepted(s: State): boolean {
  return s === 'connecting' || s === 'connected' || s === 'reconnecting';
}
