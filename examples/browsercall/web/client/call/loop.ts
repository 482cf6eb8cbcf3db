// The one owner of a call.

import type { Call } from './call.ts';
import type { CandidateBody, AcceptBody, InviteBody, WelcomeBody } from './message.ts';
import { newControl } from './control.ts';
import type { Control } from './control.ts';
import type { CallContext } from './context.ts';
import { Courier } from './courier.ts';
import type { EndEffect } from './effect.ts';
import { weight } from './event.ts';
import type { CallEvent, FrameRefusal } from './event.ts';
import { finish } from './finish.ts';
import type { Hash, Input } from './input.ts';
import { Jobs } from './jobs.ts';
import type { CallKeys, Received } from './keys.ts';
import type { Line } from './line.ts';
import { Machine } from './machine.ts';
import { mediaFault } from './media-fault.ts';
import type { MediaOptions } from './options.ts';
import { perform, observe } from './perform.ts';
import type { Box, ConnEvent, ConnLike, Opened, Transport } from './ports.ts';
import { read } from './receive.ts';
import { EndReason, StateError } from './reason.ts';
import type { Role } from './state.ts';

/** An Invite whose body has been read. */
export interface Invitation extends Opened {
  body: InviteBody;
}

/** What is posted to a call's inbox. A task is an outcome of something that ran elsewhere, or a wish. */
export type Posted =
  | { post: 'input'; input: Input }
  | { post: 'letter'; letter: Opened }
  | { post: 'again'; hash: Hash } // an Invite that was seen before
  | { post: 'answered'; media: MediaOptions }
  | { post: 'yield'; transport: Transport; invitation: Invitation; gone: () => boolean }
  | { post: 'task'; of: Loop | undefined; run: (l: Loop) => void | Promise<void> };

/** The caller's way to the callee's identity mailbox: a connection of its own, so that the relay does not see on one
 * connection whom an Invite is for and which mailbox awaits the answer. */
export interface Outbound {
  to: Box;
  transport: Transport;
  courier: Courier;
}

/** How the callee's Accept waits for candidates, and what was sent of them. */
export interface Gathering {
  /** Made; the Accept is not sealed yet. */
  answer: string;
  /** It is made while candidates come. */
  keyPackage: Promise<Uint8Array> | undefined;
  /** There are servers to gather from. */
  servers: boolean;
  found: CandidateBody[];
  sent: number;
  /** No more will come. */
  done: boolean;
  /** The Accept waits no longer. */
  late: boolean;
  sealed: boolean;
  /** A repetition is due. */
  repeating: boolean;
}

/** The longest pause without a look at how worn the keys are, in milliseconds. */
const wearTime = 60_000;

/** After how many frames of one stream the keys are renewed. */
const maxEpochFrames = 2 ** 24;

/**
 * One side of a call at work: it takes what was posted, one after another, gives the machine its inputs and carries out
 * the effects in order. It waits for nothing that takes the network: that is for couriers and jobs, which report back.
 */
export class Loop {
  readonly call: Call;
  readonly context: CallContext;
  readonly keys: CallKeys;
  readonly machine: Machine;
  readonly jobs: Jobs;
  readonly abort = new AbortController();
  readonly candidates: Gathering = {
    answer: '', keyPackage: undefined, servers: false, found: [], sent: 0, done: false, late: false, sealed: false, repeating: false,
  };
  readonly control: Control = newControl();
  /** Tracks of the other side that are told once our Accept is on its way. */
  untold: CallEvent[] = [];
  /** MLS messages that came before the Welcome. */
  early: Uint8Array[] = [];
  media: MediaOptions | undefined;
  conn: ConnLike | undefined;
  line: Line | undefined;
  invites: Outbound | undefined;
  invitation: Invitation | undefined;
  /** Callee: ICE servers that were asked for while it rings. */
  lending: Promise<RTCIceServer[] | undefined> | undefined;
  /** Callee: made while it rings. */
  certificate: Promise<RTCCertificate | undefined> | undefined;
  accept: Received<AcceptBody> | undefined;
  welcome: Received<WelcomeBody> | undefined;
  /** Caller: hears once whether the Invite was stored. */
  stored: ((error: unknown) => void) | undefined;
  /** The other side said Bye. */
  byed = false;
  /** Another loop has taken over the call (glare). */
  replaced = false;
  /** The sources run. */
  flowing = false;
  /** Something failed here: the call is about to end. */
  failed = false;
  end: EndEffect | undefined;

  readonly #inputs: Input[] = [];
  #timer: ReturnType<typeof setTimeout> | undefined;
  readonly #timers = new Set<ReturnType<typeof setTimeout>>();
  #worn = 0;

  constructor(call: Call, context: CallContext, keys: CallKeys, role: Role, invite: Hash) {
    this.call = call;
    this.context = context;
    this.keys = keys;
    this.machine = new Machine(role, invite, context.ringFor, context.parts.late);
    this.jobs = new Jobs((cause) => this.back((l) => l.step({ is: 'fault', reason: mediaFault(cause).reason, cause })));
    this.abort.signal.addEventListener('abort', () => this.#timers.forEach((t) => clearTimeout(t)), { once: true });
    keys.frames.addEventListener('first', () => this.back((l) => l.step({ is: 'frame' })));
    keys.frames.addEventListener('died', () => this.back((l) => {
      const cause = new Error('the worker that seals frames has failed: call again, and reload the page if that fails');
      return l.step({ is: 'fault', reason: EndReason.MediaFailed, cause });
    }));
    keys.frames.addEventListener('refusedChanged', (e) => {
      this.back((l) => l.tell({ type: 'refusedChanged', ...(e as CustomEvent<FrameRefusal>).detail }));
    });
    keys.frames.addEventListener('keyFrameWanted', () => {
      this.conn?.forceKeyFrames().catch(() => undefined); // a later key frame does as well
    });
  }

  /** Says little when it is logged or turned into JSON. */
  toJSON(): string {
    return 'loop of a call';
  }

  /** The connection; throws before there is one. */
  get connection(): ConnLike {
    if (!this.conn) throw new StateError('there is no connection yet: wait until the call is accepted');
    return this.conn;
  }

  /** Runs the loop with its first inputs, until the end. Never rejects. */
  async run(...first: Posted[]): Promise<void> {
    for (const p of first) await this.#guarded(() => this.#take(p));
    while (!this.end && !this.replaced) {
      this.#arm();
      await this.call.inbox.ready();
      const p = this.call.inbox.take();
      if (p) await this.#guarded(() => this.#take(p));
      // Time passes, too, when there is always one more message, which is dropped.
      if ((this.machine.deadline() ?? Infinity) <= performance.now()) await this.#guarded(() => this.#tick());
    }
    clearTimeout(this.#timer);
    if (this.end) await finish(this, this.end);
  }

  /** Takes the next that is posted while the call ends; false if there was none. */
  async takeNext(): Promise<boolean> {
    const p = this.call.inbox.take();
    if (p) await this.#guarded(() => this.#take(p));
    return p !== undefined;
  }

  /** Posts a task for this loop: it is dropped if another has taken over the call. */
  back(run: (l: Loop) => void | Promise<void>): void {
    this.call.post({ post: 'task', of: this, run });
  }

  /** What the connection tells. It returns at once. */
  notify(e: ConnEvent): void {
    if (e.type === 'message' && !this.control.unread.in(1)) {
      this.drop();
      return;
    }
    this.back(async (l) => {
      if (e.type === 'message') l.control.unread.out(1);
      if (!l.end || e.type === 'message') await observe(l, e); // while it ends: the confirmation of a Bye
    });
  }

  /** Gives the machine an input (none: the time) and carries out what follows, and what follows from that. */
  async step(input?: Input): Promise<void> {
    await perform(this, this.machine.step(performance.now(), input));
    for (let next = this.#inputs.shift(); next; next = this.#inputs.shift()) {
      await perform(this, this.machine.step(performance.now(), next));
    }
  }

  /** Queues an input that an effect brought about. */
  feed(input: Input): void {
    this.#inputs.push(input);
  }

  /** Ends the call for a reason of ours, after the effect that is being carried out. */
  fail(reason: EndReason, cause: unknown): void {
    this.failed = true;
    this.feed({ is: 'fault', reason, cause });
  }

  /** Counts a message that was malformed, repeated, or came when it could not. */
  drop(): void {
    this.call.dropped++;
  }

  emit(e: CallEvent): void {
    this.call.emit(e);
  }

  /** Emits an event by the other side's will, unless too many of them wait already. */
  tell(e: CallEvent): void {
    if (this.call.kept.in(weight(e))) this.emit(e);
    else this.drop();
  }

  /** A timer that posts a task, and does not outlive the call. */
  after(ms: number, run: (l: Loop) => void | Promise<void>): void {
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      this.back(run);
    }, ms);
    this.#timers.add(timer);
  }

  #arm(): void {
    clearTimeout(this.#timer);
    const now = performance.now();
    const wait = Math.max(0, Math.min(wearTime, (this.machine.deadline() ?? Infinity) - now));
    this.#timer = setTimeout(() => this.back(() => this.#tick()), wait);
  }

  async #tick(): Promise<void> {
    await this.step();
    const now = performance.now();
    if (this.end || this.machine.state !== 'connected' || now - this.#worn < wearTime) return;
    this.#worn = now;
    this.#lookAtWear();
  }

  /** Asks for new keys when those in use have sealed enough. */
  #lookAtWear(): void {
    this.keys.frames.stats().then((s) => {
      if (Number(s.epochFrames ?? 0) >= maxEpochFrames) this.back((l) => l.step({ is: 'renew' }));
    }, () => this.drop());
  }

  async #take(p: Posted): Promise<void> {
    switch (p.post) {
      case 'input':
        return this.step(p.input);
      case 'letter':
        return read(this, p.letter);
      case 'again':
        return this.machine.view.invite === p.hash ? this.step({ is: 'invite' }) : undefined;
      case 'answered':
        if (this.machine.state !== 'ringing') return undefined; // too late
        this.media = p.media;
        return this.step({ is: 'answer', late: this.keys.invite?.late ?? false });
      case 'yield':
        return p.gone() ? undefined : this.context.yielded(this, p.transport, p.invitation);
      case 'task':
        return p.of === undefined || p.of === this ? p.run(this) : undefined;
    }
  }

  /** What goes wrong here unexpectedly ends the call; nothing is left half done. */
  async #guarded(f: () => void | Promise<void>): Promise<void> {
    try {
      await f();
    } catch (cause) {
      try {
        await this.step({ is: 'fault', reason: EndReason.MediaFailed, cause });
      } catch {
        this.end ??= { do: 'end', reason: EndReason.MediaFailed, remote: false, wait: false, cause };
      }
    }
  }
}
