// Effects carried out, and what the connection tells.

import { fromUtf8 } from '../bytes.ts';
import { addAll, found, gather, sealAccept } from './candidates.ts';
import { flushChats, restarted, tellMute } from './control.ts';
import { negotiate, resumeDescribe, settle } from './describe.ts';
import type { Effect } from './effect.ts';
import type { CallEvent } from './event.ts';
import { silence } from './finish.ts';
import type { Path } from './input.ts';
import type { Loop } from './loop.ts';
import { mediaFault } from './media-fault.ts';
import type { ConnEvent } from './ports.ts';
import { EndReason } from './reason.ts';
import { arrived } from './receive.ts';
import { commit, join, makeGroup, recommit, switchTo, update } from './rekey.ts';
import { makeConn } from './setup.ts';
import { send, sendAck, sendBye, sendCancel, sendDecline } from './send.ts';
import type { State } from './state.ts';

/** Carries out effects, in order. One that fails ends the call; the end is always carried out. */
export async function perform(l: Loop, fx: Effect[]): Promise<void> {
  if (l.machine.state === 'ended' && fx.length > 0) silence(l);
  for (const f of fx) {
    if (f.do === 'end') {
      l.end = f;
      return;
    }
    try {
      await carryOut(l, f);
    } catch (e) {
      if (l.machine.state === 'ended') l.drop();
      else l.fail(EndReason.MediaFailed, e);
    }
  }
}

async function carryOut(l: Loop, f: Exclude<Effect, { do: 'end' }>): Promise<void> {
  switch (f.do) {
    case 'state': return entered(l, f.state);
    case 'send': return send(l, f.type);
    case 'cancel': return sendCancel(l, f.reason, f.winner);
    case 'decline': return sendDecline(l, f.reason);
    case 'ack': return sendAck(l, f.epoch, f.auth, f.got);
    case 'bye': return sendBye(l, f.reason);
    case 'prepare': return prepare(l);
    case 'group': return makeGroup(l, f.accept);
    case 'apply': return apply(l);
    case 'join': return join(l, f.welcome);
    case 'switch': return switchTo(l, f.epoch);
    case 'start': return start(l);
    case 'offer': return offerUntaken(l);
    case 'commit': return commit(l);
    case 'recommit': return recommit(l);
    case 'update': return update(l);
    case 'restart': return negotiate(l, true);
  }
}

/** Publishes a change of state. */
async function entered(l: Loop, s: State): Promise<void> {
  l.call.state = s;
  switch (s) {
    case 'ringing':
      if (l.machine.role === 'caller') l.emit({ type: 'ringing' });
      return;
    case 'connecting':
      return l.emit({ type: 'accepted' });
    case 'reconnecting':
      return l.emit({ type: 'reconnecting' });
    case 'connected':
      l.emit({ type: 'connected' });
      await flushChats(l);
      return resumeDescribe(l); // what was lost with the path is sent once more
    default:
      return;
  }
}

/** The callee's local accept: only now is the offer parsed, and are candidates gathered. */
function prepare(l: Loop): void {
  const { invitation, media } = l;
  if (!invitation || !media) throw new Error('a call is answered without an Invite');
  l.jobs.do(async () => {
    const conn = await makeConn(l);
    const offer = fromUtf8(invitation.body.offer);
    const answer = await conn.answer(offer, invitation.body.dtls, media.send, media.receive);
    l.keys.dtlsOwn = conn.fingerprint();
    l.back((now) => gather(now, answer));
  });
}

/** The caller's reaction to an Accept that was found authentic. */
function apply(l: Loop): void {
  const { accept } = l;
  const conn = l.connection;
  const want = l.keys.dtlsTheirs;
  if (!accept) throw new Error('there is no Accept to apply');
  l.jobs.do(() => conn.accept(fromUtf8(accept.body.answer), want));
  addAll(l, accept.body.candidates);
}

/** Lets media flow, unless the keys to seal it with have failed just before. */
async function start(l: Loop): Promise<void> {
  if (l.failed) return;
  l.flowing = true;
  await l.connection.start(l.media?.muted);
}

/** A callee asks the caller to take what its offer had no place for: it did not know what would be sent. A caller does
 * not ask again, since the callee has seen what was offered and has decided. */
function offerUntaken(l: Loop): void {
  if (l.connection.untaken()) negotiate(l, false);
  else settle(l);
}

const paths: Partial<Record<string, Path>> = { connected: 'up', disconnected: 'down', failed: 'dead' };

/** Firefox says of a path that is lost only that it looks for one, if ICE has started anew before it noticed. */
function pathOf(l: Loop, state: string): Path | undefined {
  const lost = state === 'connecting' && l.machine.view.late && l.machine.state === 'connected';
  return lost ? 'sought' : paths[state];
}

/** What the connection tells. */
export async function observe(l: Loop, e: ConnEvent): Promise<void> {
  switch (e.type) {
    case 'candidate':
      return found(l, e);
    case 'gathered':
      l.candidates.done = true;
      return sealAccept(l);
    case 'state': {
      l.control.unsure = e.state !== 'connected';
      const cause = e.error;
      if (cause && !mediaFault(cause).late) return l.step({ is: 'fault', reason: mediaFault(cause).reason, cause });
      if (e.state === 'connected') await restarted(l);
      const path = pathOf(l, e.state);
      return path ? l.step({ is: 'transport', path }) : undefined;
    }
    case 'channelOpen':
      l.control.open = true;
      return flushChats(l);
    case 'message':
      await restarted(l);
      return arrived(l, e.data);
    case 'muted':
      return tellMute(l, e.ctx, e.muted);
    case 'trackAdded':
      return added(l, e);
    case 'trackEnded':
      return l.emit(e);
  }
}

/**
 * Tells of a track of the other side; a callee when its Accept is on its way: to show a track, as applications do, keeps
 * the page from all else for 10 to 20 ms.
 */
function added(l: Loop, e: CallEvent): void {
  if (l.machine.role === 'callee' && !l.candidates.sealed) l.untold.push(e);
  else l.emit(e);
}
