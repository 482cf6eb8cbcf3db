// One side of a call for two as a pure function of inputs and the time.

import type { Effect } from './effect.ts';
import type { Hash, Input, SetupMessage } from './input.ts';
import { ack, acknowledged, connect, grouped, renew, roam, switchKeys, transport, underWay } from './machine-group.ts';
import { refused, takeAsCallee, takeAsCaller } from './machine-setup.ts';
import { become, end, ending, endingThere, newSide, repeat } from './machine-side.ts';
import type { Side } from './machine-side.ts';
import { EndReason } from './reason.ts';
import type { Role, State } from './state.ts';
import { ackTime, reachTime } from './timer.ts';
import type { Timer } from './timer.ts';

/**
 * The state machine of one side: an input and the time go in, effects come out. It does no I/O, reads no clock, holds
 * no key and starts nothing; its loop owns it.
 *
 * It keeps these promises whatever the order of inputs: a callee does nothing but ring before `answer`; an Invite is
 * answered by one Accept and that by one Welcome; media starts only when the path is up and the group is joined, for a
 * late side not before its proof; a call is connected only when the other side has proved the same keys as well; `end`
 * comes once and nothing after it.
 */
export class Machine {
  readonly #side: Side;

  /**
   * invite is H(Invite payload), empty for a caller, who tells it by `sealed`; ringFor is in milliseconds; late is that
   * this side loses media that comes before its Ack.
   */
  constructor(role: Role, invite: Hash, ringFor?: number, late?: boolean) {
    this.#side = newSide(role, invite, ringFor, late);
  }

  get role(): Role {
    return this.#side.role;
  }

  get state(): State {
    return this.#side.state;
  }

  /** What the machine knows, for those who carry out its effects and for tests; only it changes it. */
  get view(): Readonly<Side> {
    return this.#side;
  }

  /** When step wants to be called without an input, on the clock of `now`; undefined: never. */
  deadline(): number | undefined {
    return this.#side.clocks.next();
  }

  /** Takes an input (undefined: only the time, in milliseconds of any one clock) and returns what to do. */
  step(now: number, input?: Input): Effect[] {
    const s = this.#side;
    if (s.state === 'ended') return [];
    const fx = input ? take(s, now, input) : [];
    // An input or a timer may have ended the call, which stops all timers.
    for (let t = s.clocks.due(now); t !== undefined; t = s.clocks.due(now)) fx.push(...fire(s, now, t));
    return fx;
  }
}

function take(s: Side, now: number, input: Input): Effect[] {
  switch (input.is) {
    case 'start':
      return start(s, now);
    case 'hangup':
      return hangup(s, input.reason);
    case 'fault':
      return fault(s, input.reason, input.cause);
    case 'sealed':
      return note(s, input.type, input.hash);
    case 'bye':
      if (s.accept === '' || input.ref !== s.accept) return [];
      return end(s, endingThere(input.reason), { do: 'bye', reason: input.reason });
    case 'group':
      return grouped(s, now, input.epoch, input.auth);
    case 'ack':
      return acknowledged(s, now, input);
    case 'transport':
      return transport(s, now, input.path);
    case 'frame':
      s.opened = true;
      return connect(s, now);
    case 'roam':
      return roam(s, now);
    case 'restarted':
      return underWay(s, now);
    case 'renew':
      return renew(s, now);
    default:
      return s.role === 'caller' ? takeAsCaller(s, now, input) : takeAsCallee(s, now, input);
  }
}

function start(s: Side, now: number): Effect[] {
  if (s.state !== 'new') return [];
  s.clocks.set('ring', now + s.ringFor);
  if (s.role === 'callee') return [...become(s, 'ringing'), { do: 'send', type: 'Ringing' }];
  s.clocks.set('reach', now + reachTime);
  repeat(s, now, 'Invite');
  return [...become(s, 'dialing'), { do: 'send', type: 'Invite' }];
}

/** Remembers the hash of a message of our own that later ones refer to. */
function note(s: Side, type: SetupMessage, hash: Hash): Effect[] {
  if (type === 'Invite') s.invite = hash;
  if (type === 'Accept') {
    s.accept = hash;
    s.sealed = true;
  }
  return [];
}

/** Ends the call by this side's wish, with the message that fits how far it has come. */
function hangup(s: Side, reason: EndReason): Effect[] {
  const by = (left: EndReason) => ending(reason === EndReason.Left ? left : reason);
  if (s.state === 'dialing' || (s.state === 'ringing' && s.role === 'caller')) {
    const e = by(EndReason.Cancelled);
    return end(s, e, { do: 'cancel', reason: e.reason, winner: '' });
  }
  if (s.state === 'ringing') {
    if (reason === EndReason.Closed) return end(s, ending(reason)); // this device goes; the person's others ring on
    return end(s, by(EndReason.Declined), { do: 'decline', reason: EndReason.Declined });
  }
  if (s.state === 'new' || (s.role === 'callee' && !s.sealed)) {
    return end(s, ending(reason), { do: 'decline', reason: EndReason.Declined });
  }
  const flows = s.state === 'connecting' && s.startedAt !== undefined && s.up;
  return end(s, { ...ending(reason), wait: s.state === 'connected' || flows }, { do: 'bye', reason });
}

/** Ends the call because this side cannot go on; the other side is told if it takes part already. */
function fault(s: Side, reason: EndReason, cause: unknown): Effect[] {
  const e = ending(reason, cause);
  if (s.state === 'dialing' && reason === EndReason.Unreachable) return end(s, e);
  if (s.role === 'caller' && s.epoch === 0) return end(s, e, { do: 'cancel', reason, winner: '' });
  if (s.role === 'callee' && !s.sealed) {
    const said = reason === EndReason.Unsupported ? EndReason.Unsupported : EndReason.Declined;
    return end(s, e, { do: 'decline', reason: said });
  }
  return end(s, e, { do: 'bye', reason });
}

/** A timer runs out. */
function fire(s: Side, now: number, t: Timer): Effect[] {
  switch (t) {
    case 'reach':
      if (s.unable) return refused(s, s.unable);
      return end(s, ending(EndReason.Unreachable), { do: 'cancel', reason: EndReason.Unreachable, winner: '' });
    case 'ring':
      if (s.role === 'callee') return end(s, ending(EndReason.TimedOut));
      return end(s, ending(EndReason.TimedOut), { do: 'cancel', reason: EndReason.TimedOut, winner: '' });
    case 'setup':
      return setupFailed(s);
    case 'lost':
    case 'ackLost':
      return end(s, ending(EndReason.PeerLost), { do: 'bye', reason: EndReason.PeerLost });
    case 'ack':
      return ackAgain(s, now);
    case 'switch':
      return switchKeys(s);
    case 'restart':
      return roam(s, now);
    case 'rekey':
      return renew(s, now);
    case 'resend':
      return resend(s, now);
  }
}

/** A late side says nothing while it has no path, and nothing is sent to it: silence does not mean that it is lost. */
function setupFailed(s: Side): Effect[] {
  const heard = s.epoch > 0 && (s.acked || s.opened || s.late || s.lateThere);
  const reason = heard ? EndReason.IceTimeout : EndReason.PeerLost;
  return end(s, ending(reason), { do: 'bye', reason });
}

function ackAgain(s: Side, now: number): Effect[] {
  s.clocks.set('ack', now + ackTime);
  const said = ack(s, s.acked);
  return s.role === 'caller' && s.epoch > 1 ? [{ do: 'recommit' }, ...said] : said;
}

function resend(s: Side, now: number): Effect[] {
  const type = s.sending;
  if (!type) return [];
  repeat(s, now, type);
  return [{ do: 'send', type }];
}
