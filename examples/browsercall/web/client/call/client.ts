// One identity that can ring and be rung.

import { random, equal } from '../bytes.ts';
import type { Letter } from '../contacts/letter.ts';
import { checkID } from '../identity/id.ts';
import { contactsOnly } from './admit.ts';
import type { Caller, Decision } from './admit.ts';
import { Call } from './call.ts';
import { Dispatcher } from './dispatch.ts';
import type { ClientStats, Doorkeeper } from './dispatch.ts';
import { giveWay } from './glare.ts';
import { Incoming } from './incoming.ts';
import { packetTo } from './keys.ts';
import { openTransport, relayOf } from './line.ts';
import type { Invitation, Loop } from './loop.ts';
import { checkMedia, settings } from './options.ts';
import type { ClientOptions, MediaOptions, Settings } from './options.ts';
import { defaultParts } from './parts.ts';
import { pause, unless } from './patience.ts';
import type { ID, Parts, Transport } from './ports.ts';
import { Queue } from './queue.ts';
import { EndReason, StateError } from './reason.ts';
import { Registry } from './registry.ts';
import { rehearse } from './rehearse.ts';
import { answering, dialling } from './setup.ts';
import { reachTime } from './timer.ts';

/** Pauses between two tries to tell the relay whom it lets through, in milliseconds; doubled from first to last. */
const firstPause = 200;
const lastPause = 3000;

/** One identity that can ring and be rung. Close it: that ends its calls and closes its transport. */
export class Client {
  readonly #settings: Settings;
  readonly #parts: Parts;
  readonly #abort = new AbortController();
  readonly #ringing = new Queue<Incoming>();
  readonly #calls = new Registry();
  readonly #dispatcher: Dispatcher;
  readonly #reading: Promise<void>;
  readonly #context: Doorkeeper;
  #registered: Promise<void> = Promise.resolve();
  #registering = 0;

  /** Starts to read the identity's mailbox. Throws RangeError for options that are missing or out of range. */
  constructor(o: ClientOptions) {
    const s = settings(o);
    this.#settings = s;
    this.#parts = { ...defaultParts(s.workerURL), ...s.parts };
    this.#context = this.#makeContext(s.admit ?? contactsOnly(s.contacts));
    this.#dispatcher = new Dispatcher(this.#context, s.transport);
    this.#reading = this.#dispatcher.run();
    s.contacts.addEventListener('change', () => this.#register(), { signal: this.#abort.signal });
    this.#register();
    if (!s.parts) void rehearse(this.#parts);
  }

  /**
   * Rings a contact. It settles when the contact's relay has stored the Invite; what follows are events of the call.
   * Throws StateError for who is no contact or rings us already, EndedError if the call ended before, and what the
   * relay or the connection threw.
   */
  async dial(to: ID, media: MediaOptions, abort?: AbortSignal): Promise<Call> {
    checkMedia(media);
    checkID(to);
    const contact = this.#settings.contacts.get(to);
    if (!contact?.token) {
      throw new StateError('not a contact that we may ring: add the person first, and wait for the confirm');
    }
    if (equal(to, this.#settings.identity.id)) throw new StateError('the contact is this client itself');
    const call = new Call(this.#context, 'caller', to.slice(), random(32));
    this.#calls.enter(call);
    const limit = AbortSignal.any([this.#abort.signal, call.hung, ...(abort ? [abort] : [])]);
    let loop: Loop;
    try {
      loop = await dialling(this.#context, call, contact, media, limit);
    } catch (e) {
      call.finished(EndReason.Unreachable, false, e);
      throw e;
    }
    return this.#started(call, loop, limit);
  }

  async #started(call: Call, loop: Loop, limit: AbortSignal): Promise<Call> {
    const stored = new Promise<void>((resolve, reject) => {
      loop.stored = (e) => (e === undefined ? resolve() : reject(e));
    });
    const over = call.done.then((e) => {
      throw e;
    });
    call.workedBy(loop);
    void loop.run({ post: 'input', input: { is: 'start' } });
    try {
      await unless(limit, Promise.race([stored, over]));
      return call;
    } catch (e) {
      void call.hangup(); // the callee may have heard of it
      throw e;
    }
  }

  /**
   * Sends a letter of an introduction by the relay of whom it is for. It settles when the relay has it: for a minute,
   * so if the other side does not read its mailbox now, deliver it again later or hand it over as text.
   */
  async deliver(letter: Pick<Letter, 'to' | 'relays' | 'sealed'>, abort?: AbortSignal): Promise<void> {
    const limit = AbortSignal.any([this.#abort.signal, ...(abort ? [abort] : [])]);
    const { transport } = this.#settings;
    const t = await openTransport(transport, limit, undefined, relayOf(letter.relays, transport));
    try {
      await t.send(packetTo(letter.to, letter.sealed), limit);
    } finally {
      t.close();
    }
  }

  /** Yields the calls that ring, until the client is closed. One that does not ring any more is left out. */
  async *incoming(): AsyncGenerator<Incoming, void, undefined> {
    for await (const i of this.#ringing) if (i.ringing) yield i;
  }

  /** A snapshot of the counters. */
  stats(): ClientStats {
    return { ...this.#dispatcher.stats };
  }

  /** Ends every call, stops reading the mailbox and closes the transport. It settles when all is done, in seconds. */
  async close(): Promise<void> {
    this.#calls.close();
    const calls = [...this.#calls];
    const closing = calls.map((c) => c.close());
    this.#abort.abort(new StateError('the client is closed'));
    await Promise.all(closing);
    this.#settings.transport.close();
    this.#ringing.end();
    await Promise.all([this.#reading, this.#registered]);
  }

  /** Says little when it is logged or turned into JSON. */
  toJSON(): string {
    return 'client';
  }

  #makeContext(admit: (c: Caller) => Decision): Doorkeeper {
    return {
      settings: this.#settings, parts: this.#parts, ringFor: this.#settings.ringFor, signal: this.#abort.signal,
      calls: this.#calls, admit,
      leave: (c) => this.#calls.leave(c),
      renamed: (c, id) => this.#calls.rename(c, id),
      yielded: (l, t, i) => giveWay(l, t, i),
      receive: (call, t, i, caller, reason) => this.#receive(call, t, i, caller, reason),
    };
  }

  /** Opens the call's mailbox, which takes the network, and lets it ring. Rejects if that fails. */
  async #receive(call: Call, t: Transport, i: Invitation, caller: Caller, reason?: EndReason): Promise<void> {
    const limit = AbortSignal.any([this.#abort.signal, call.hung, AbortSignal.timeout(reachTime)]);
    let loop: Loop;
    try {
      loop = await answering(this.#context, call, t, i, limit);
    } catch (e) {
      if (!this.#abort.signal.aborted) this.#settings.log('an incoming call could not be taken', e);
      call.finished(EndReason.Unreachable, false, e);
      throw e;
    }
    call.workedBy(loop);
    if (reason !== undefined) return loop.run({ post: 'input', input: { is: 'refuse', reason } });
    this.#ringing.put(new Incoming(call, caller, i.body.media));
    return loop.run({ post: 'input', input: { is: 'start' } });
  }

  /** Keeps the relay's list of tokens that may write to the identity's mailbox as the contacts are. */
  #register(): void {
    const mine = ++this.#registering;
    this.#registered = this.#registered.then(() => this.#admit(mine));
  }

  async #admit(mine: number): Promise<void> {
    const { contacts, transport, log } = this.#settings;
    const { signal } = this.#abort;
    for (let wait = firstPause; !signal.aborted && mine === this.#registering; wait = Math.min(2 * wait, lastPause)) {
      try {
        return await unless(signal, transport.admit(contacts.tokens()));
      } catch (e) {
        if (!signal.aborted) log("the relay did not take the list of contacts' tokens", e);
      }
      await pause(wait, signal);
    }
  }
}
