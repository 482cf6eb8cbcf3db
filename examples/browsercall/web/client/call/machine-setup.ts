// Set-up, as each of the two sides sees it.

import type { Effect } from './effect.ts';
import type { Hash, Input } from './input.ts';
import { become, end, ending, endingThere, repeat } from './machine-side.ts';
import type { Refusal, Side } from './machine-side.ts';
import { declineEnd, EndReason } from './reason.ts';
import { deviceTime, setupTime } from './timer.ts';

/** Set-up seen by the side that dialled. */
export function takeAsCaller(s: Side, now: number, input: Input): Effect[] {
  const waits = s.state === 'dialing' || s.state === 'ringing';
  switch (input.is) {
    case 'ringing':
      if (s.state !== 'dialing' || input.ref !== s.invite) return [];
      s.clocks.stop('reach', 'resend');
      return become(s, 'ringing');
    case 'accept':
      return input.ref === s.invite ? accepted(s, now, input.hash, input.late) : [];
    case 'decline':
      return waits && input.ref === s.invite ? declined(s, now, input) : [];
    default:
      return [];
  }
}

/**
 * Takes the first Accept and makes the group for it. The same one again means that the Welcome was lost; any other is
 * another device that was too late, which the Cancel has told or will tell.
 */
function accepted(s: Side, now: number, hash: Hash, late: boolean): Effect[] {
  if (s.state === 'dialing' || s.state === 'ringing') {
    s.accept = hash;
    s.lateThere = late;
    s.clocks.stop('reach', 'ring', 'resend');
    s.clocks.set('setup', now + setupTime);
    return [...become(s, 'connecting'), { do: 'group', accept: hash }];
  }
  return s.accept !== '' && hash === s.accept && s.epoch === 1 ? [{ do: 'send', type: 'Welcome' }] : [];
}

/**
 * Ends the call on all devices of the other side. That one of them cannot take it, for its clock or its version, is
 * nobody's answer: another may ring, now or within a moment. A device that rings has the right time; it may find after
 * the accept that no codec fits.
 */
function declined(s: Side, now: number, input: Refusal): Effect[] {
  const skew = input.reason === EndReason.ClockSkew;
  if (s.state === 'ringing' && skew) return [];
  if (s.state !== 'dialing' || (!skew && input.reason !== EndReason.Unsupported)) return refused(s, input);
  if (!s.unable) {
    s.unable = input;
    s.clocks.set('reach', now + deviceTime);
  }
  return [];
}

/** The end of a call that a device has declined. */
export function refused(s: Side, { hash, reason: said }: Refusal): Effect[] {
  const reason = declineEnd(said);
  return end(s, endingThere(reason), { do: 'cancel', reason, winner: hash });
}

/** Set-up seen by the side that was rung. */
export function takeAsCallee(s: Side, now: number, input: Input): Effect[] {
  switch (input.is) {
    case 'invite':
      return s.state === 'ringing' ? [{ do: 'send', type: 'Ringing' }] : [];
    case 'answer':
      if (s.state !== 'ringing') return [];
      s.lateThere = input.late;
      s.clocks.stop('ring');
      s.clocks.set('setup', now + setupTime);
      repeat(s, now, 'Accept');
      return [...become(s, 'connecting'), { do: 'prepare' }];
    case 'refuse':
      if (s.state !== 'ringing' && s.state !== 'new') return [];
      return end(s, ending(input.reason), { do: 'decline', reason: input.reason });
    case 'cancel':
      return cancelled(s, input.ref, input.reason, input.winner);
    case 'welcome':
      if (s.state !== 'connecting' || !s.sealed || s.welcome !== '' || input.ref !== s.accept) return [];
      s.welcome = input.hash;
      s.clocks.stop('resend');
      return [{ do: 'join', welcome: input.hash }];
    default:
      return [];
  }
}

/** Ends a call that this side has not won. Once the group is joined only a Bye ends it. */
function cancelled(s: Side, ref: Hash, reason: EndReason, winner: Hash): Effect[] {
  if (ref !== s.invite || s.epoch > 0 || (winner !== '' && winner === s.accept)) return [];
  return end(s, endingThere(winner === '' ? reason : EndReason.AnsweredElsewhere));
}
