// Candidates of the path: ours on their way, theirs into the connection.

import type { CallEvent } from './event.ts';
import { Accept, MessageType } from './message.ts';
import type { CandidateBody } from './message.ts';
import { Candidate, InCallType } from './message-incall.ts';
import { Limits } from './message.ts';
import type { Loop } from './loop.ts';
import { throughRelay } from './options.ts';
import { utf8 } from '../bytes.ts';
import { EndReason } from './reason.ts';
import { sealSetup, signal } from './send.ts';

/** How long an Accept waits for candidates, in milliseconds: host candidates are there at once, those of servers need
 * the network. What comes later follows in messages of its own, one round trip after the Welcome at the earliest. */
const gatherTime = 50;
/** The same after the first candidate where there are no servers: all host candidates come together. Chromium says
 * only 100 ms later that it is done. */
const gatherHostTime = 3;
/** The same where relay candidates are all there is. */
const gatherRelayTime = 500;
/** By how much sound is told of after pictures, in milliseconds: to make its player takes time that a Welcome may need. */
const soundTime = 20;
/** The pause after which candidates are repeated that a relay may have lost. */
const againTime = 2000;

/** A new candidate of ours. */
export async function found(l: Loop, c: CandidateBody): Promise<void> {
  if (l.candidates.found.length >= Limits.candidates) return;
  if (l.candidates.found.push(c) === 1 && !l.candidates.servers) waitNoLonger(l, gatherHostTime);
  await trickle(l);
}

/** Starts the callee's wait, once its answer is made. */
export async function gather(l: Loop, answer: string): Promise<void> {
  l.candidates.answer = answer;
  l.candidates.keyPackage = l.keys.keyPackage();
  l.candidates.keyPackage.catch(() => undefined); // sealAccept hears of it
  const relayed = throughRelay(l.context.settings, l.keys.peer);
  waitNoLonger(l, relayed ? gatherRelayTime : gatherTime);
  await sealAccept(l);
}

function waitNoLonger(l: Loop, time: number): void {
  l.after(time, (now) => {
    now.candidates.late = true;
    return sealAccept(now);
  });
}

/** Sends the callee's Accept when its candidates are there or will wait no longer. */
export async function sealAccept(l: Loop): Promise<void> {
  const g = l.candidates;
  if (g.answer === '' || g.sealed || (!g.done && !g.late) || l.machine.state !== 'connecting') return;
  g.sealed = true;
  try {
    const candidates = [...g.found];
    const body = Accept.encode({
      box: l.keys.own.box, keyPackage: await (g.keyPackage ?? l.keys.keyPackage()), nonce: l.keys.nonce,
      answer: utf8(g.answer), streams: l.connection.streams(), candidates,
      late: l.machine.view.late,
    });
    g.sent = candidates.length;
    const p = await sealSetup(l, 'Accept', MessageType.Accept, body);
    l.line?.courier.send(p);
  } catch (e) {
    l.fail(EndReason.MediaFailed, e);
  }
  await l.step(); // takes what was fed
  tellTracks(l);
}

/** Tells of the tracks of the other side that came with the offer. */
function tellTracks(l: Loop): void {
  const told = l.untold.splice(0);
  const isSound = (e: CallEvent) => e.type === 'trackAdded' && e.track.kind === 'audio';
  l.after(0, (now) => told.forEach((e) => isSound(e) || now.emit(e)));
  l.after(soundTime, (now) => told.forEach((e) => isSound(e) && now.emit(e)));
}

/** Sends what was found since, once the group is there to seal it. */
export async function trickle(l: Loop): Promise<void> {
  const g = l.candidates;
  while (l.keys.group && g.sent < g.found.length) {
    const next = g.found[g.sent++];
    if (next) await signal(l, InCallType.Candidate, Candidate.encode(next));
    repeatCandidates(l);
  }
}

/** Sends all candidates again as long as there is no path. The same one twice does no harm. */
function repeatCandidates(l: Loop): void {
  if (l.candidates.repeating) return;
  l.candidates.repeating = true;
  l.after(againTime, async (now) => {
    const g = now.candidates;
    g.repeating = false;
    if (now.end || (now.machine.state === 'connected' && !now.control.unsure)) return;
    g.sent = 0;
    await trickle(now);
  });
}

/** Gives the connection the candidates of the other side. Those that it refuses are counted. */
export function addAll(l: Loop, list: CandidateBody[]): void {
  const conn = l.connection;
  l.jobs.do(async () => {
    for (const c of list) await conn.addCandidate(c).catch(() => l.drop());
  });
}
