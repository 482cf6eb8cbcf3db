// Renegotiation: descriptions inside the group.

import { fromUtf8, utf8 } from '../bytes.ts';
import { restarted } from './control.ts';
import { maxJobs } from './jobs.ts';
import type { Loop } from './loop.ts';
import { Describe, DescribeKind, InCallType } from './message-incall.ts';
import type { DescribeBody } from './message-incall.ts';
import { mediaFault } from './media-fault.ts';
import { pause, unless } from './patience.ts';
import type { TrackInfo } from './ports.ts';
import { StateError } from './reason.ts';
import { signal, signalEveryWay } from './send.ts';
import { lent } from './setup.ts';

/** The pause between two repetitions of a description that is not answered, in milliseconds. */
const againTime = 2000;

/**
 * How long an offer waits for the application's consent, in milliseconds. Programs have decided by then. Who asks a person
 * has not: the offer is answered without the tracks in question, so that nothing waits behind it, least of all a restart of
 * ICE, and what the person then takes is asked of the other side by an offer of our own.
 */
const consentTime = 500;

/**
 * How long a late side that starts ICE anew lets its candidates go ahead of its description, in milliseconds. Firefox
 * answers checks at its candidates of before until the new ones are connected, and drops media there. A Chromium that
 * finds no new ones with the description tries its own on those, and stays with them.
 */
const gatherTime = 250;

/** Questions that wait at the application: the other side may invent tracks without end. */
const maxAsking = 16;

/** Tells the other side what changed in our connection; with restart ICE starts anew. */
export function negotiate(l: Loop, restart: boolean): void {
  const d = l.control.describe;
  if (d.busy || d.offer) {
    d.again = true;
    d.restart ||= restart;
    return;
  }
  if (!l.conn || !l.keys.group) return;
  const conn = l.conn;
  const n = ++d.n;
  d.busy = 1;
  d.restarts = restart;
  if (restart) restarts(l);
  l.jobs.do(async () => {
    try {
      const servers = restart && await lent(l); // what our relay lent at the start may have run out
      if (servers) conn.setIceServers(servers);
      const sdp = await conn.describe(restart);
      if (restart && l.machine.view.late) await pause(gatherTime, l.abort.signal);
      l.back((now) => describeMade(now, n, sdp, restart));
    } catch (e) {
      l.back((now) => withdraw(now, e));
    }
  });
}

/** Nothing is written into the channel of a late side from now on, and candidates of before are of no use. */
function restarts(l: Loop): void {
  if (l.machine.view.late) l.control.restarting = 2;
  l.candidates.found.length = l.candidates.sent = 0;
}

/** The two sides agree on a start of ICE, unless one of ours follows it. */
function agreed(l: Loop): void {
  const d = l.control.describe;
  l.control.restarting &&= d.busy && d.restarts ? 2 : 1;
}

async function describeMade(l: Loop, n: number, sdp: string, restart: boolean): Promise<void> {
  const d = l.control.describe;
  d.busy = 0;
  const streams = l.connection.streams();
  d.offer = Describe.encode({ kind: DescribeKind.Offer, n, sdp: utf8(sdp), streams, restart });
  await repeatDescribe(l);
}

/**
 * The path is there. Sends once more what was lost with it, or says what changed meanwhile; a caller also what the answer
 * made otherwise than its Welcome said, as where its first codec was not taken.
 */
export function resumeDescribe(l: Loop): Promise<void> {
  if (l.control.describe.again || l.machine.role === 'caller') settle(l);
  return repeatDescribe(l);
}

/** Sends the offer that waits, and sends it again until it is answered. */
async function repeatDescribe(l: Loop): Promise<void> {
  const d = l.control.describe;
  if (!d.offer || l.end) return;
  const mine = ++d.repetition;
  await sendDescribe(l, d.offer, d.restarts);
  l.after(againTime, (now) => {
    return now.control.describe.repetition === mine ? repeatDescribe(now) : undefined;
  });
}

/** Sends a description; one that starts ICE anew, and its answer, go every way. */
function sendDescribe(l: Loop, body: Uint8Array, restart: boolean): Promise<void> {
  return restart ? signalEveryWay(l, InCallType.Describe, body) : signal(l, InCallType.Describe, body);
}

/** Takes a description of the other side. */
export async function described(l: Loop, b: DescribeBody): Promise<void> {
  if (!l.conn) return;
  if (b.kind === DescribeKind.Offer) await offered(l, b);
  else await answered(l, b);
}

/** Applies an offer, asks for consent to what it adds, and answers. The same again gets the same answer. */
async function offered(l: Loop, b: DescribeBody): Promise<void> {
  const d = l.control.describe;
  if (b.n <= d.theirs) {
    if (b.n === d.theirs) await answerAgain(l, b.restart);
    return;
  }
  // Two that cross: the caller's stands. The other side makes its own again, or repeats it if it has answered ours.
  if (l.machine.role === 'caller' && (d.offer || d.busy === 1)) return;
  if (b.n <= d.applying || l.jobs.length >= maxJobs) return; // it is being worked on, or will be repeated
  d.applying = b.n;
  if (b.restart) {
    restarts(l);
    await l.step({ is: 'restarted' });
  }
  try {
    await l.keys.declare(b.streams);
  } catch (e) {
    return refused(l, b, e);
  }
  const conn = l.connection;
  const sdp = fromUtf8(b.sdp);
  l.jobs.do(async () => {
    try {
      let late: Promise<void> | undefined; // for all its tracks together
      const consent = (t: TrackInfo) => consents(l, t, late ??= pause(consentTime, l.abort.signal));
      const answer = await conn.apply(sdp, l.keys.dtlsTheirs, consent);
      if (b.restart && l.machine.view.late) {
        agreed(l);
        await pause(gatherTime, l.abort.signal);
      }
      l.back((now) => applied(now, b, answer));
    } catch (e) {
      l.back((now) => refused(now, b, e));
    }
  });
}

/** Repeats the answer, once in a pause at most, however often it is asked for. */
async function answerAgain(l: Loop, restart: boolean): Promise<void> {
  const d = l.control.describe;
  const wait = d.answered + againTime - performance.now();
  if (l.end || !d.answer || d.due) return l.drop();
  if (wait > 0) {
    d.due = true;
    return l.after(wait, (now) => {
      now.control.describe.due = false;
      return answerAgain(now, restart);
    });
  }
  d.answered = performance.now();
  await sendDescribe(l, d.answer, restart);
}

/** Asks the application about a track, and gives up when the call ends. Once it is late the answer is no for now. */
function consents(l: Loop, t: TrackInfo, late: Promise<void>): Promise<boolean> {
  const ask = l.media?.consent;
  const { asking } = l.control.describe;
  if (!ask || asking.has(t.mid) || asking.size >= maxAsking) return Promise.resolve(false);
  asking.add(t.mid);
  let waits = true;
  return new Promise((resolve) => {
    const said = (yes: boolean) => {
      asking.delete(t.mid);
      if (waits) resolve(yes);
      else if (yes) l.back((now) => consented(now, t.mid));
    };
    unless(l.abort.signal, Promise.resolve().then(() => ask(t))).then(said, () => said(false));
    void late.then(() => {
      waits = false;
      resolve(false);
    });
  });
}

/** Takes a decision that came when the offer had been answered: asks for the track by an offer of our own. */
function consented(l: Loop, mid: string): void {
  if (!l.end && l.connection.take(mid)) negotiate(l, false);
}

async function applied(l: Loop, offer: DescribeBody, answer: string): Promise<void> {
  const streams = l.connection.streams();
  await reply(l, { kind: DescribeKind.Answer, n: offer.n, sdp: utf8(answer), streams, restart: false }, offer.restart);
}

async function refused(l: Loop, { n, restart }: DescribeBody, e: unknown): Promise<void> {
  const fault = mediaFault(e);
  if (fault.forged) return l.step({ is: 'fault', reason: fault.reason, cause: e });
  l.drop();
  await reply(l, { kind: DescribeKind.Refusal, n, sdp: new Uint8Array(0), streams: [], restart: false }, restart);
  if (restart) await restarted(l);
}

async function reply(l: Loop, b: DescribeBody, restart: boolean): Promise<void> {
  const d = l.control.describe;
  if (b.n <= d.theirs) return; // a repetition that overtook its answer
  if (l.machine.role === 'callee' && d.offer) {
    // The polite side drops its own and makes it again: as a restart only if the other side's was none, since with that ICE
    // has started anew on both. What is being made comes after theirs, and stands.
    d.offer = undefined;
    d.again = true;
    d.restart ||= d.restarts && (!restart || b.kind !== DescribeKind.Answer);
    l.connection.forget();
  }
  if (restart) agreed(l);
  d.theirs = b.n;
  d.answer = Describe.encode(b);
  d.answered = performance.now();
  await sendDescribe(l, d.answer, restart);
  settle(l);
}

/** Takes what ends our description. */
async function answered(l: Loop, b: DescribeBody): Promise<void> {
  const d = l.control.describe;
  if (!d.offer || b.n !== d.n) return;
  if (b.kind === DescribeKind.Refusal) {
    return withdraw(l, new StateError('the other side could not use the description; the call goes on as it was'));
  }
  try {
    await l.keys.declare(b.streams);
  } catch (e) {
    l.drop();
    d.offer = undefined;
    l.connection.forget(); // not what it adds: the other side has taken that
    return settle(l, e);
  }
  const conn = l.connection;
  const sdp = fromUtf8(b.sdp);
  d.offer = undefined;
  d.busy = 2;
  l.jobs.do(async () => {
    await conn.described(sdp, l.keys.dtlsTheirs).catch((e: unknown) => {
      if (!mediaFault(e).late) throw e;
      d.again = true; // theirs, which was applied before, has dropped it
      d.restart ||= d.restarts;
    });
    l.back((now) => {
      d.busy = 0;
      if (d.restarts) agreed(now);
      settle(now);
    });
  });
}

/** Goes on without what our description would have added, since that was refused or could not be made. */
async function withdraw(l: Loop, error: unknown): Promise<void> {
  const d = l.control.describe;
  d.busy = 0;
  d.offer = undefined;
  const gone = await l.connection.refused();
  for (const { track, info } of gone) {
    const waiter = d.waiting.find((w) => w.track === track);
    d.waiting = d.waiting.filter((w) => w !== waiter);
    if (waiter) waiter.done(error);
    else l.emit({ type: 'trackEnded', info, sent: true, error });
  }
  const others = gone.length > 0 && (d.waiting.length > 0 || d.restarts); // what they want may be taken without those
  d.again ||= others;
  d.restart ||= others && d.restarts;
  settle(l, others ? undefined : error);
}

/** Tells those who wait, and starts what came up meanwhile. */
export function settle(l: Loop, error?: unknown): void {
  const d = l.control.describe;
  if (error !== undefined && d.restarts) {
    agreed(l);
    l.back(restarted);
  }
  if (d.busy || d.offer) return;
  if (d.again || error === undefined && l.connection.undescribed()) {
    const { restart } = d;
    d.again = false;
    d.restart = false;
    return negotiate(l, restart);
  }
  tellTaken(l);
  for (const w of d.waiting.splice(0)) w.done(error);
}

/** Tells of streams that the other side does not take, or takes after all. */
function tellTaken(l: Loop): void {
  const d = l.control.describe;
  const before = d.untaken;
  d.untaken = new Set();
  for (const { mid, kind, taken } of l.connection.streams()) {
    if (!taken) d.untaken.add(mid);
    if (taken === before.has(mid)) l.emit({ type: 'takenChanged', info: { mid, kind }, taken });
  }
}

/**
 * Changes the connection with f, perhaps by a track; done hears when the other side has answered to it, or why not. While
 * the path is away no track is added, and anything else is described when it is back.
 */
export async function renegotiate(
  l: Loop, f: () => void | Promise<void>, done: (error?: unknown) => void, track?: MediaStreamTrack,
): Promise<void> {
  const up = l.machine.state === 'connected';
  if (!l.conn || !up && (track || l.machine.state !== 'reconnecting')) {
    return done(new StateError('the call is not connected just now'));
  }
  try {
    for (const s of l.conn.streams()) l.control.describe.used.add(s.ctx);
    await f();
  } catch (e) {
    return done(e);
  }
  l.control.describe.waiting.push({ done, track });
  if (up) negotiate(l, false);
  else l.control.describe.again = true;
}
