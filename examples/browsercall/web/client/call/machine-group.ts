// Keys and path of a call: epochs and their Acks, ICE, and when both are enough.

import type { Effect } from './effect.ts';
import type { AckInput, Hash, Path } from './input.ts';
import { become, end, ending } from './machine-side.ts';
import type { Side } from './machine-side.ts';
import { AuthError, EndReason } from './reason.ts';
import { isAccepted } from './state.ts';
import { ackTime, lateProof, lostTime, politeTime, rekeyTime, renewPause, restartTime, switchTime } from './timer.ts';

/** A new epoch: the first one, or one by a Commit. Its receive keys are installed already. */
export function grouped(s: Side, now: number, epoch: number, auth: Hash): Effect[] {
  if (!isAccepted(s.state) || epoch <= s.epoch) return [];
  const first = s.epoch === 0;
  s.epoch = epoch;
  s.auth = auth;
  s.acked = false;
  s.clocks.set('ack', now + ackTime);
  s.clocks.set('ackLost', now + lostTime);
  s.clocks.set('rekey', now + rekeyTime);
  const fx: Effect[] = [];
  if (first && s.role === 'caller') fx.push({ do: 'send', type: 'Welcome' });
  fx.push(...ack(s, false));
  if (first && s.role === 'caller') {
    fx.push({ do: 'apply' }, { do: 'cancel', reason: EndReason.AnsweredElsewhere, winner: s.accept });
  }
  if (first || s.role === 'callee') {
    fx.push(...switchKeys(s)); // the committer installed its receive keys before it sent the Commit
  } else {
    s.clocks.set('switch', now + switchTime);
  }
  const ahead = s.ahead;
  s.ahead = undefined;
  if (ahead) fx.push(...acknowledged(s, now, ahead));
  return [...fx, ...connect(s, now)];
}

/**
 * Compares the other side's view of the epoch with ours. In a call for two there is one committer, so two
 * authenticators under one number mean that it equivocates.
 */
export function acknowledged(s: Side, now: number, theirs: AckInput): Effect[] {
  if (s.state === 'ended' || s.accept === '' || theirs.ref !== s.accept || theirs.epoch < s.epoch) return [];
  if (theirs.epoch > s.epoch) {
    if (theirs.epoch === s.epoch + 1) s.ahead ??= theirs;
    return [];
  }
  if (theirs.auth !== s.auth) {
    return end(s, ending(EndReason.AuthFailed, new AuthError()), { do: 'bye', reason: EndReason.AuthFailed });
  }
  s.acked = true;
  s.clocks.stop('ack', 'ackLost');
  const fx = theirs.got ? [] : ack(s, true);
  fx.push(...switchKeys(s), ...connect(s, now));
  if (s.renewal) fx.push(...renew(s, now));
  return fx;
}

/** Acknowledges the epoch; got: the other side's Ack of it is here. A late side says nothing while it has no path. */
export function ack(s: Side, got: boolean): Effect[] {
  if (s.late && s.state === 'connecting' && !s.up) return [];
  return [{ do: 'ack', epoch: s.epoch, auth: s.auth, got }];
}

/** Seals with the newest epoch from now on. */
export function switchKeys(s: Side): Effect[] {
  s.clocks.stop('switch');
  if (s.switched === s.epoch) return [];
  s.switched = s.epoch;
  return [{ do: 'switch', epoch: s.epoch }];
}

/** Starts a new epoch, or asks the committer for one. One at a time: not while the last is unacknowledged. */
export function renew(s: Side, now: number): Effect[] {
  if (s.state !== 'connected' || (s.role === 'caller' && !s.acked)) {
    s.renewal = true; // when the path is back, and the last epoch acknowledged
    return [];
  }
  const soonest = s.renewed + renewPause;
  if (now < soonest) {
    s.clocks.set('rekey', soonest); // the other side may ask as often as it likes
    return [];
  }
  s.renewal = false;
  s.renewed = now;
  s.clocks.set('rekey', now + rekeyTime);
  return [s.role === 'callee' ? { do: 'update' } : { do: 'commit' }];
}

/** What ICE and DTLS report. */
export function transport(s: Side, now: number, path: Path): Effect[] {
  if (!isAccepted(s.state)) return [];
  const waited = s.late && !s.up && s.epoch > 0;
  s.up = path === 'up';
  if (s.up) s.restarted = -Infinity;
  if (s.up && s.state === 'reconnecting') return reconnected(s, now);
  if (s.up) return [...(waited && s.state === 'connecting' ? ack(s, s.acked) : []), ...connect(s, now)];
  if (s.state === 'connected') return lost(s, now, path);
  if (s.state === 'connecting' && path === 'dead') {
    return end(s, ending(EndReason.IceFailed), { do: 'bye', reason: EndReason.IceFailed });
  }
  return [];
}

function reconnected(s: Side, now: number): Effect[] {
  s.clocks.stop('lost', 'restart');
  const fx = become(s, 'connected');
  fx.push({ do: 'switch', epoch: s.switched }); // key frames, for what was lost meanwhile
  return s.renewal ? [...fx, ...renew(s, now)] : fx;
}

/**
 * Looks for another path: the caller at once, the callee a little later. A start of ICE that goes on, by whichever side,
 * gets its time first: each one throws away what the last has found.
 */
function lost(s: Side, now: number, path: Path): Effect[] {
  s.clocks.set('lost', now + lostTime);
  const fx = become(s, 'reconnecting');
  const wait = Math.max(s.role === 'callee' ? politeTime : 0, s.restarted + restartTime - now);
  if (!wait && path !== 'sought') return [...fx, ...roam(s, now)];
  s.clocks.set('restart', now + (wait || restartTime));
  return fx;
}

/** A change of network that the application knows of: it does not wait for ICE to notice. */
export function roam(s: Side, now: number): Effect[] {
  if (s.state !== 'connected' && s.state !== 'reconnecting') return [];
  return [...underWay(s, now), { do: 'restart' }];
}

/** ICE starts anew, from either side. */
export function underWay(s: Side, now: number): Effect[] {
  s.restarted = now;
  if (s.state === 'reconnecting') s.clocks.set('restart', now + restartTime);
  return [];
}

/**
 * Starts the sources when the path and the group are there: whom the keys are for is proved by then, and frames need not
 * wait for the Ack, unless the other side is late. Goes to connected when the other side has proved that it has the same
 * keys.
 */
export function connect(s: Side, now: number): Effect[] {
  const proved = s.acked || s.opened;
  if (s.state !== 'connecting' || !s.up || s.epoch === 0 || (s.lateThere && !proved)) return [];
  const fx: Effect[] = s.startedAt === undefined ? [{ do: 'start' }] : [];
  s.startedAt ??= now;
  if (!proved) return fx;
  s.clocks.stop('setup', 'resend');
  fx.push(...become(s, 'connected'));
  const late = now - s.startedAt > lateProof; // what the other side could not open by then may be lost
  if (late) fx.push({ do: 'switch', epoch: s.switched });
  if (s.role === 'callee') fx.push({ do: 'offer' });
  return s.renewal ? [...fx, ...renew(s, now)] : fx;
}
