// The end of a call: the last messages leave, the connection closes, every key is destroyed. Each wait is bounded.

import type { EndEffect } from './effect.ts';
import type { Loop } from './loop.ts';
import { leaveNotice } from './notice.ts';
import { settled } from './patience.ts';
import { EndReason, missed } from './reason.ts';
import { byeByRelay } from './send.ts';

/** A Bye is confirmed, in milliseconds. */
const echoTime = 1000;
/** The last messages reach the relay. */
const partTime = 2000;
/** The same, after Closed. */
export const closeTime = 500;
/** A job of the connection, or the connection itself, has ended. */
const stopTime = 3000;

/**
 * Stops all that we send at once, before the end is told to anybody: nobody is heard or seen meanwhile. Frames are
 * what is stopped, not tracks: nothing of the connection changes, and nothing that may fail stands before the end.
 */
export function silence(l: Loop): void {
  l.keys.frames.stopSend().catch(() => l.keys.frames.destroy());
}

/** Takes a call down, and tells of its end. Never rejects. */
export async function finish(l: Loop, end: EndEffect): Promise<void> {
  try {
    await part(l, end);
  } catch (e) {
    l.context.settings.log('the other side may not have heard of the end of a call', e);
  }
  await takeDown(l);
  l.call.finished(end.reason, end.remote, end.cause);
}

async function part(l: Loop, end: EndEffect): Promise<void> {
  if (end.wait && end.reason !== EndReason.Closed && !(await awaitBye(l))) await byeByRelay(l, end.reason);
  if (l.machine.role === 'caller' && !end.remote && missed(end.reason)) await leaveNotice(l);
  await lastMessages(l, end.reason === EndReason.Closed ? closeTime : partTime);
}

/** Waits for the other side to confirm the end; then nothing that we sent is lost by closing. */
async function awaitBye(l: Loop): Promise<boolean> {
  const until = performance.now() + echoTime;
  while (!l.byed) {
    const left = until - performance.now();
    if (left <= 0 || !(await settled(left, l.call.inbox.ready())) || l.call.inbox.ended) return false;
    await l.takeNext();
  }
  return true;
}

/** Waits until what was sent is at the relay, or for the limit, in milliseconds. */
export async function lastMessages(l: Loop, limit: number): Promise<void> {
  const couriers = [l.line?.courier, l.invites?.courier].filter((c) => c !== undefined);
  for (const c of couriers) c.finish();
  await settled(limit, Promise.all(couriers.map((c) => c.done)));
}

/** Closes everything that a loop holds, and destroys its keys. Never rejects; idempotent. */
export async function takeDown(l: Loop): Promise<void> {
  l.jobs.end();
  l.abort.abort(new Error('the call has ended'));
  l.line?.transport.close();
  l.invites?.transport.close();
  const { conn } = l;
  const closed = new Promise<void>((resolve) => {
    resolve(conn?.close());
  });
  l.keys.destroy(); // after the connection has begun to close, whatever becomes of that
  if (!(await settled(stopTime, Promise.all([l.jobs.done, closed])))) {
    l.context.settings.log('a connection did not close in time');
  }
}
