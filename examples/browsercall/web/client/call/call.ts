// One side of a call for two, as an application sees it.

import { hex } from '../bytes.ts';
import { maxStreams } from '../frames/streams.ts';
import type { Emoji } from '../identity/emoji.ts';
import type { CallContext } from './context.ts';
import { chat, mute } from './control.ts';
import { renegotiate } from './describe.ts';
import { maxKept, weight } from './event.ts';
import type { CallEvent, Participant } from './event.ts';
import { Flood } from './flood.ts';
import type { Loop, Posted } from './loop.ts';
import { Hold, InCallType } from './message-incall.ts';
import { Limits } from './message.ts';
import type { StreamBody } from './message.ts';
import type { ID, SentStream, TrackRole } from './ports.ts';
import { Queue } from './queue.ts';
import { EndedError, EndReason, knownReason, StateError } from './reason.ts';
import { signal } from './send.ts';
import type { Role, State } from './state.ts';

/** What the counters of a call hold: no address and no key. */
export interface CallStats {
  epoch: number;
  /** Messages that were malformed, repeated, or came when they could not, or of ours, left out for a slow relay. */
  dropped: number;
  frames: unknown;
  media: unknown;
}

/**
 * One side of a call for two. `Client.dial` and `Incoming.answer` return it. What is marked internal is for the loops
 * that do its work.
 */
export class Call {
  /** Who is at the other end: every message of the call is signed by this identity. */
  readonly peer: ID;
  /** Where the call stands now. */
  state: State = 'new';
  /** Of the group; 0 before there is one. */
  epoch = 0;
  /** Messages that were malformed, repeated, or came when they could not. */
  dropped = 0;
  /** Settles when the call has ended and its keys are gone. Never rejects. */
  readonly done: Promise<EndedError>;

  /** Internal: what the loop takes. */
  readonly inbox = new Queue<Posted>();
  /** Internal: events by the other side's will that the application has not taken, in bytes. */
  readonly kept = new Flood(maxKept);
  /** Internal. */
  role: Role;
  /** Internal: an incoming call that is declined, even if the relay has yet to take that. */
  unwanted = false;
  #id: Uint8Array;
  readonly #context: CallContext;
  readonly #events = new Queue<CallEvent>();
  readonly #hung = new AbortController();
  #hungReason: EndReason = EndReason.Closed;
  #emoji: Emoji[] | undefined;
  #roster: Participant[] = [];
  #loop: Loop | undefined;
  #ended: EndedError | undefined;
  #settle: (e: EndedError) => void = () => undefined;

  /** Internal: a call is made by `Client`. */
  constructor(context: CallContext, role: Role, peer: ID, id: Uint8Array) {
    this.#context = context;
    this.role = role;
    this.peer = peer;
    this.#id = id;
    this.done = new Promise((resolve) => {
      this.#settle = resolve;
    });
  }

  /** Names the call on both sides: 32 bytes. When both rang at once it changes before `accepted`. */
  get id(): Uint8Array {
    return this.#id;
  }

  /** Why it ended; undefined before. */
  get ended(): EndedError | undefined {
    return this.#ended;
  }

  /** Yields the events in order, `ended` last. It has one consumer. */
  async *events(): AsyncGenerator<CallEvent, void, undefined> {
    for await (const e of this.#events) {
      this.kept.out(weight(e));
      yield e;
    }
  }

  /**
   * The 7 pictures that both sides see if nobody is in between; undefined until the keys are there. Compare them by
   * voice, and then verify the contact: later calls with that identity need no new comparison.
   */
  emoji(): Emoji[] | undefined {
    return this.#emoji;
  }

  /** Who holds the keys of the call, this side included; empty until the keys are there. */
  roster(): Participant[] {
    return [...this.#roster];
  }

  /** The tracks that we send, and which of them the other side takes. */
  streams(): SentStream[] {
    return this.#loop?.conn?.streams() ?? [];
  }

  /** Ends the call politely: the other side is told, and confirms. It settles when the call has ended, in seconds. */
  async hangup(reason: EndReason = EndReason.Left): Promise<void> {
    this.#hang(knownReason(reason) ? reason : EndReason.Left);
    await this.done;
  }

  /** Ends the call now. It settles when everything of it has ended, in seconds. Idempotent. */
  async close(): Promise<void> {
    this.#hang(EndReason.Closed);
    await this.done;
  }

  /**
   * Sends data, at most 16 KiB, encrypted and signed in the group, in order. It settles when the message is on its way:
   * before the call is connected, and while it reconnects, it waits. Throws RangeError, StateError or EndedError.
   */
  async send(message: Uint8Array | string): Promise<void> {
    const data = typeof message === 'string' ? new TextEncoder().encode(message) : message.slice();
    if (data.length > Limits.chat) {
      throw new RangeError(`a message of ${data.length} bytes, the limit is ${Limits.chat}`);
    }
    await this.#ask((l, done) => chat(l, data, done));
  }

  /** Stops our tracks of a kind, or the stream of a ctx, or goes on with them, and tells the other side. */
  async setMuted(what: 'audio' | 'video' | number, on: boolean): Promise<void> {
    await this.#change(async (l) => {
      const isMeant = (s: StreamBody) => (typeof what === 'number' ? s.ctx === what : s.kind === what);
      const streams = l.connection.streams().filter(isMeant);
      if (streams.length === 0) throw new StateError('nothing of that kind is sent: add a track first');
      await mute(l, streams, on);
    });
  }

  /** Sends a further track. The other side's consent decides whether it is taken, at once or later; until then it is not
   * sent. */
  async addTrack(track: MediaStreamTrack, role: TrackRole): Promise<SentStream> {
    let added: SentStream | undefined;
    await this.#renegotiate(async (l) => {
      if (l.control.describe.used.size >= maxStreams) {
        throw new StateError(`a call has room for ${maxStreams} streams, and as many were sent in this one: put the ` +
          'track in the place of another with replaceTrack, or call again');
      }
      added = await l.connection.addTrack(track, role);
    }, track);
    return { ...added! }; // as it was declared in the end
  }

  /** Stops sending a stream, at once. While the call reconnects the other side hears of it when the path is back. */
  async removeTrack(ctx: number): Promise<void> {
    await this.#renegotiate((l) => l.connection.removeTrack(ctx));
  }

  /** Goes on with another track of the same kind, without asking anybody. */
  async replaceTrack(ctx: number, track: MediaStreamTrack): Promise<void> {
    await this.#change((l) => l.connection.replaceTrack(ctx, track));
  }

  /** Stops media in both directions, or goes on with it, and tells the other side. */
  async hold(on: boolean): Promise<void> {
    await this.#renegotiate(async (l) => {
      await l.connection.hold(on);
      await signal(l, InCallType.Hold, Hold.encode({ held: on }));
    });
  }

  /** Looks for a new path at once, instead of waiting until the old one is found dead: for a change of network. */
  restart(): void {
    this.post({ post: 'input', input: { is: 'roam' } });
  }

  /** Starts a new epoch of the group, as happens by itself every 60 minutes and 2^24 frames. */
  renewKeys(): void {
    this.post({ post: 'input', input: { is: 'renew' } });
  }

  /** A snapshot of the counters. */
  async stats(): Promise<CallStats> {
    const l = this.#loop;
    const [frames, media] = await Promise.all([
      l?.end ? undefined : l?.keys.frames.stats().catch(() => undefined),
      l?.end ? undefined : l?.conn?.stats().catch(() => undefined),
    ]);
    return { epoch: this.epoch, dropped: this.dropped, frames, media };
  }

  /** Says little when it is logged or turned into JSON. */
  toJSON(): string {
    return `call ${hex(this.#id.subarray(0, 4))}, ${this.state}`;
  }

  /** Internal: brings something to the loop; false after the end. */
  post(p: Posted): boolean {
    return this.inbox.put(p);
  }

  /** Internal. */
  emit(e: CallEvent): void {
    this.#events.put(e);
  }

  /** Internal: the keys are there. */
  keyed(emoji: Emoji[], roster: Participant[], epoch: number): void {
    this.#emoji = emoji;
    this.#roster = roster;
    this.epoch = epoch;
  }

  /** Internal: aborts when hangup or close was called, and with which reason. */
  get hung(): AbortSignal {
    return this.#hung.signal;
  }

  /** Internal. */
  get hungReason(): EndReason {
    return this.#hungReason;
  }

  /** Internal: this loop does the work from now on. */
  workedBy(l: Loop): void {
    this.#loop = l;
  }

  /** Internal: both rang at once, and the other side's call goes on. */
  renamed(id: Uint8Array): void {
    this.#id = id;
    this.role = 'callee';
  }

  /** Internal: publishes the end. */
  finished(reason: EndReason, remote: boolean, cause: unknown): void {
    if (this.#ended) return;
    this.#context.leave(this);
    this.state = 'ended';
    this.#ended = new EndedError(reason, remote, cause);
    this.#events.put({ type: 'ended', reason, remote, cause });
    this.#events.end();
    this.inbox.end();
    this.#settle(this.#ended);
  }

  #hang(reason: EndReason): void {
    this.post({ post: 'input', input: { is: 'hangup', reason } });
    if (!this.#hung.signal.aborted) this.#hungReason = reason;
    this.#hung.abort(new StateError('the call was hung up'));
  }

  /** Runs f on the loop; it settles with what done gets, or with EndedError. */
  async #ask(f: (l: Loop, done: (error?: unknown) => void) => void | Promise<void>): Promise<void> {
    const outcome = new Promise<void>((resolve, reject) => {
      const done = (error?: unknown) => (error === undefined ? resolve() : reject(error));
      const run = async (l: Loop) => {
        try {
          await f(l, done);
        } catch (e) {
          done(e);
        }
      };
      if (!this.post({ post: 'task', of: undefined, run })) reject(this.#ended);
    });
    const end = this.done.then((e) => {
      throw e;
    });
    await Promise.race([outcome, end]);
  }

  #change(f: (l: Loop) => void | Promise<void>): Promise<void> {
    return this.#ask(async (l, done) => {
      if (!l.keys.group) throw new StateError('the call is not accepted yet');
      await f(l);
      done();
    });
  }

  #renegotiate(f: (l: Loop) => void | Promise<void>, track?: MediaStreamTrack): Promise<void> {
    return this.#ask((l, done) => renegotiate(l, () => f(l), done, track));
  }
}
