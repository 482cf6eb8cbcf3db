// What the two sides tell each other inside the group.

import { describing } from './describe-state.ts';
import type { Describing } from './describe-state.ts';
import { addAll } from './candidates.ts';
import { described } from './describe.ts';
import { Flood } from './flood.ts';
import { maxJobs } from './jobs.ts';
import type { Loop } from './loop.ts';
import { Candidate, Describe, Hold, InCall, InCallType, Mute } from './message-incall.ts';
import { Limits } from './message.ts';
import type { StreamBody } from './message.ts';
import type { InCallBody } from './message-incall.ts';
import { StateError } from './reason.ts';
import { signal } from './send.ts';

/** A message of the application that waits for the data channel. */
interface Chat {
  data: Uint8Array;
  sent: (error?: unknown) => void;
}

/** How many of them may wait. */
const maxChats = 256;

/** Messages of the data channel that the loop has not taken. */
const maxWaiting = 512;

/** The state of what is told inside the group. */
export interface Control {
  /** The data channel. */
  open: boolean;
  /** ICE looks for a path: what the channel takes now may not arrive before it has found one. */
  unsure: boolean;
  /**
   * A late side starts ICE anew: 2 while the two sides agree on that, 1 from then on until something has come over the
   * channel or the path is up, else 0. Firefox gives DTLS up for good if anything is written meanwhile, so that all goes
   * by the relay.
   */
  restarting: 0 | 1 | 2;
  unread: Flood;
  chats: Chat[];
  /** The highest seq of a mute, by the other side's ctx; and of a hold. */
  lastMute: Map<number, number>;
  lastHold: number;
  /** Our last Ack that says that we have theirs: of which epoch, and when. */
  acked: { epoch: number; at: number };
  /** When the next Commit of the other side is due, if none had been saved up. */
  commits: number;
  describe: Describing;
}

/** Nothing was told yet. */
export function newControl(): Control {
  return {
    open: false, unsure: false, restarting: 0, unread: new Flood(maxWaiting), chats: [], lastMute: new Map(),
    lastHold: 0, acked: { epoch: 0, at: 0 }, commits: -Infinity, describe: describing(),
  };
}

/** Sends data to the other side, or keeps it until the path carries. Throws StateError if too much waits already. */
export async function chat(l: Loop, data: Uint8Array, sent: (error?: unknown) => void): Promise<void> {
  if (l.control.chats.length >= maxChats) {
    sent(new StateError(`${maxChats} messages wait already: send less until the call is connected`));
    return;
  }
  l.control.chats.push({ data, sent });
  await flushChats(l);
}

/** Sends what waits, if the path carries. */
export async function flushChats(l: Loop): Promise<void> {
  while (l.control.open && !l.control.restarting && l.machine.state === 'connected') {
    const next = l.control.chats.shift();
    if (!next) return;
    try {
      l.connection.sendMessage(await l.keys.protect(InCallType.Chat, next.data));
      next.sent();
    } catch (e) {
      next.sent(e);
    }
  }
}

/** Stops streams of ours, or goes on with them, and tells the other side. */
export async function mute(l: Loop, streams: readonly StreamBody[], on: boolean): Promise<void> {
  for (const { ctx } of streams) {
    await l.connection.setMuted(ctx, on);
    await tellMute(l, ctx, on);
  }
}

/** Tells the other side that a stream of ours has stopped, or goes on. */
export function tellMute(l: Loop, ctx: number, muted: boolean): Promise<void> {
  return signal(l, InCallType.Mute, Mute.encode({ ctx, muted }));
}

/** The path carries again after ICE has started anew, or ICE was not started. */
export async function restarted(l: Loop): Promise<void> {
  if (l.control.restarting !== 1) return;
  l.control.restarting = 0;
  await flushChats(l);
}

/** Takes the plaintext of a message of the other side's leaf. Throws Malformed. */
export async function inCall(l: Loop, plain: Uint8Array): Promise<void> {
  const b = InCall.parse(plain);
  switch (b.type) {
    case InCallType.Chat:
      if (b.body.length > Limits.chat) return l.drop();
      return l.tell({ type: 'message', from: l.keys.peer, data: b.body });
    case InCallType.Mute:
      return muted(l, b);
    case InCallType.Hold:
      return held(l, b);
    case InCallType.Describe:
      return described(l, Describe.parse(b.body));
    case InCallType.Candidate: {
      const k = Candidate.parse(b.body);
      if (l.jobs.length >= maxJobs) return l.drop();
      return addAll(l, [k]);
    }
    default:
      return undefined; // of a later version: ignored
  }
}

/** Of two that crossed the later one counts. */
function muted(l: Loop, b: InCallBody): void {
  const m = Mute.parse(b.body);
  const stream = l.keys.streams.find((s) => s.ctx === m.ctx);
  if (!stream || b.seq <= (l.control.lastMute.get(m.ctx) ?? 0)) return;
  l.control.lastMute.set(m.ctx, b.seq);
  const info = { mid: stream.mid, kind: stream.kind };
  l.tell({ type: 'muteChanged', ctx: m.ctx, info, muted: m.muted });
}

function held(l: Loop, b: InCallBody): void {
  const h = Hold.parse(b.body);
  if (b.seq <= l.control.lastHold) return;
  l.control.lastHold = b.seq;
  l.tell({ type: 'holdChanged', held: h.held });
}
