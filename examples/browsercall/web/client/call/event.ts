// What an application hears of a call.

import type { Emoji } from '../identity/emoji.ts';
import type { ID, TrackInfo } from './ports.ts';
import type { EndReason } from './reason.ts';

/** Somebody who holds the keys of the call. */
export interface Participant {
  id: ID;
  /** Index in the ratchet tree. */
  leaf: number;
  /** What we call them; empty for someone who is not a contact. */
  name: string;
  /** When their identity was checked. */
  verified?: Date;
  self: boolean;
}

/** Whether frames of a track of the other side are refused. */
export interface FrameRefusal {
  info: TrackInfo;
  refused: boolean;
  /** Why, for a log; empty when they open again. */
  reason: string;
}

/**
 * One thing that an application may want to know of a call. The events of a call are in one order, and `ended` is the
 * last. None is dropped but `message`, `muteChanged`, `holdChanged`, `refusedChanged` and `keysChanged` when more than
 * 16 MiB of them wait to be taken.
 *
 * - `ringing`: the other side is being asked (caller's side only)
 * - `accepted`: the callee said yes; keys and path are being set up
 * - `participantJoined`: the other side holds the keys from here on, and the emoji can be compared
 * - `connected`: the other side has proved that it holds the same keys, and media flows; again after each `reconnecting`, which lasts 20 s at most
 * - `trackEnded`: the other side sends it no more; with `sent`, a track of ours ended by itself, or, as `error` says, the
 *   other side cannot take it
 * - `takenChanged`: the other side does not take this stream of ours, so that it is not sent; or (taken true) takes it after all
 * - `muteChanged`: the other side stopped or restarted its stream ctx
 * - `refusedChanged`: frames of this track have come for seconds and none opens: they were changed on the way, repeated,
 *   or sealed with keys that are not ours, and never reach the track; or (refused false) they open again
 * - `message`: data of `Call.send` of the other side, whose identity is verified
 * - `keysChanged`: frames are sealed with the keys of this epoch from now on
 */
export type CallEvent =
  | { type: 'ringing' }
  | { type: 'accepted' }
  | { type: 'participantJoined'; participant: Participant; emoji: Emoji[] }
  | { type: 'connected' }
  | { type: 'reconnecting' }
  | { type: 'trackAdded'; track: MediaStreamTrack; info: TrackInfo }
  | { type: 'trackEnded'; info: TrackInfo; sent: boolean; error?: unknown }
  | { type: 'takenChanged'; info: TrackInfo; taken: boolean }
  | { type: 'muteChanged'; ctx: number; info: TrackInfo; muted: boolean }
  | { type: 'holdChanged'; held: boolean }
  | { type: 'refusedChanged' } & FrameRefusal
  | { type: 'message'; from: ID; data: Uint8Array }
  | { type: 'keysChanged'; epoch: number }
  | { type: 'ended'; reason: EndReason; remote: boolean; cause?: unknown };

/** Bytes of events by the other side's will that may wait for the application. */
export const maxKept = 16 << 20;

/** What an event that the other side can cause costs to keep, in bytes; 0 for all others. */
export function weight(e: CallEvent): number {
  const each = 256;
  switch (e.type) {
    case 'message':
      return each + e.data.length;
    case 'muteChanged':
    case 'holdChanged':
    case 'refusedChanged':
    case 'keysChanged':
      return each;
    default:
      return 0;
  }
}
