// What one side of a call knows, and the few ways in which it may change.

import type { Effect, EndEffect } from './effect.ts';
import type { AckInput, Hash, SetupMessage } from './input.ts';
import type { EndReason } from './reason.ts';
import { successors } from './state.ts';
import type { Role, State } from './state.ts';
import { Clocks, resendTime, ringTime } from './timer.ts';

/** What a Decline says. */
export interface Refusal {
  readonly hash: Hash;
  readonly reason: number;
}

/** The memory of a {@link Machine}: data only. */
export interface Side {
  readonly role: Role;
  readonly ringFor: number;
  readonly clocks: Clocks;
  /** This side loses media that comes before its Ack, which therefore waits until the path is up. */
  readonly late: boolean;
  /** The other side is late. */
  lateThere: boolean;
  state: State;
  /** The last pause before a repetition, and what is repeated. */
  resend: number;
  sending: SetupMessage | undefined;

  /** H of the Invite; of the Accept and of the Welcome that count, empty until there is one. */
  invite: Hash;
  accept: Hash;
  welcome: Hash;

  /** Caller: of a device that cannot take the call, before any rang. */
  unable: Refusal | undefined;

  /** Of the group; 0: none yet. */
  epoch: number;
  auth: Hash;
  /** The other side acknowledged this epoch. */
  acked: boolean;
  /** An Ack of the next epoch that came before its Commit. */
  ahead: AckInput | undefined;
  /** A new epoch is wanted, and has to wait. */
  renewal: boolean;
  /** When the last one was asked for. */
  renewed: number;
  /** The epoch that we send with. */
  switched: number;
  /** Callee: the Accept was sent. */
  sealed: boolean;
  /** The path carries. */
  up: boolean;
  /** When ICE last started anew, from either side; -Infinity once the path has been up since. */
  restarted: number;
  /** A frame was opened. */
  opened: boolean;
  /** Since when the sources run. */
  startedAt: number | undefined;
}

/** A side at the beginning. ringFor is in milliseconds; invite is empty for a caller. */
export function newSide(role: Role, invite: Hash, ringFor = ringTime, late = false): Side {
  return {
    role, ringFor, late, lateThere: false, clocks: new Clocks(), state: 'new', resend: 0, sending: undefined, invite,
    accept: '', welcome: '', unable: undefined, epoch: 0, auth: '', acked: false, ahead: undefined, renewal: false,
    renewed: -Infinity, switched: 0, sealed: false, up: false, restarted: -Infinity, opened: false, startedAt: undefined,
  };
}

/** The only place that changes the state. */
export function become(s: Side, state: State): Effect[] {
  if (!successors[s.state].includes(state)) throw new Error(`machine went from ${s.state} to ${state}`);
  s.state = state;
  return state === 'ended' ? [] : [{ do: 'state', state }];
}

/** Stops everything. The messages to the other side come before the end, which comes last and once. */
export function end(s: Side, e: EndEffect, ...last: Effect[]): Effect[] {
  become(s, 'ended');
  s.clocks.clear();
  return [...last, e];
}

/** An end by this side. */
export function ending(reason: EndReason, cause?: unknown): EndEffect {
  const e: EndEffect = { do: 'end', reason, remote: false, wait: false };
  return cause === undefined ? e : { ...e, cause };
}

/** An end by the other side. */
export function endingThere(reason: EndReason): EndEffect {
  return { do: 'end', reason, remote: true, wait: false };
}

/** Sets the timer for the next repetition of a message: after 1 s, then at doubled pauses. */
export function repeat(s: Side, now: number, type: SetupMessage): void {
  if (s.sending !== type) {
    s.sending = type;
    s.resend = resendTime / 2;
  }
  s.resend *= 2;
  s.clocks.set('resend', now + s.resend);
}
