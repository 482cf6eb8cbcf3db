// What comes to the identity's mailbox: calls, their cancellations, and letters between contacts.

import { hex } from '../bytes.ts';
import { InviteCache } from '../envelope/replay.ts';
import { visible } from '../envelope/uri.ts';
import type { Caller, Decision } from './admit.ts';
import { Call } from './call.ts';
import type { CallContext } from './context.ts';
import { isSupported } from './keys.ts';
import type { Invitation } from './loop.ts';
import { Invite, MessageType } from './message.ts';
import type { ID, Opened, Transport } from './ports.ts';
import { EndReason } from './reason.ts';
import { BusyError, keyOf } from './registry.ts';
import type { Registry } from './registry.ts';
import { reachTime } from './timer.ts';

/** How far the time of an Invite or Cancel may be from ours, in milliseconds. */
const freshness = 60_000;

/** Cancellations that are remembered because they overtook their Invite. */
const maxCancelled = 256;

/** What became of the packets that came to the identity's mailbox. Nothing in it names anyone. */
export interface ClientStats {
  /** In all. */
  packets: number;
  /** Did not open, verify or fit. */
  refused: number;
  /** Seen before. */
  replayed: number;
  /** Of another time. */
  stale: number;
  /** Whoever decides who may ring said so. */
  ignored: number;
  declined: number;
  rang: number;
  /** Of an admitted caller. */
  malformed: number;
}

/** What the dispatcher needs of its client. */
export interface Doorkeeper extends CallContext {
  readonly calls: Registry;
  admit(c: Caller): Decision;
  /** Takes a call's mailbox and lets it ring; with a reason it declines. Rejects if there is no mailbox to be had. */
  receive(
    call: Call, transport: Transport, invitation: Invitation, caller: Caller, reason?: EndReason,
  ): Promise<void>;
}

/** Reads the identity's mailbox: whatever is in a packet, it goes on. A packet is dropped, counted, and never answered
 * unless its sender may ring. */
export class Dispatcher {
  readonly stats: ClientStats = {
    packets: 0, refused: 0, replayed: 0, stale: 0, ignored: 0, declined: 0, rang: 0, malformed: 0,
  };
  readonly #door: Doorkeeper;
  readonly #transport: Transport;
  readonly #invites = new InviteCache();
  readonly #cancelled = new Map<string, { ref: string; at: number }>();

  constructor(door: Doorkeeper, transport: Transport) {
    this.#door = door;
    this.#transport = transport;
  }

  /** Takes packets until the client closes. Never rejects. */
  async run(): Promise<void> {
    const { signal, settings } = this.#door;
    while (!signal.aborted) {
      try {
        const { body } = await this.#transport.receive(signal);
        await this.#dispatch(body);
      } catch (e) {
        const advice = "the identity's mailbox is not read any more: close this client and make another";
        if (!signal.aborted) settings.log(advice, e);
        return;
      }
    }
  }

  async #dispatch(box: Uint8Array): Promise<void> {
    const { identity, contacts } = this.#door.settings;
    this.stats.packets++;
    try {
      const opened = await identity.mailbox().open(box, identity.id);
      const now = Date.now();
      const stale = Math.abs(now - opened.message.time) > freshness;
      if (opened.message.type === MessageType.Invite) this.#invited(opened, now, stale);
      else if (opened.message.type !== MessageType.Cancel) await contacts.handle(opened);
      else if (stale) this.stats.stale++;
      else this.#cancel(opened, now);
    } catch {
      this.stats.refused++;
    }
  }

  /** An authentic Invite. Its body is not read before it may ring. */
  #invited(o: Opened, now: number, stale: boolean): void {
    const { message: m, hash } = o;
    if (m.ref || m.seq !== 0) throw new Error('an Invite that is none');
    const known = this.#door.calls.get(m.from, m.call);
    if (!this.#invites.accept(m.from, m.call, now) || known) {
      this.stats.replayed++;
      if (known?.role === 'callee') known.post({ post: 'again', hash: hex(hash) });
      return;
    }
    this.#decide(o, stale);
  }

  /** Whether an Invite was withdrawn before it came, or before it was taken. */
  #gone({ message: m, hash }: Opened): boolean {
    return this.#cancelled.get(keyOf(m.from, m.call))?.ref === hex(hash);
  }

  #decide(o: Opened, stale: boolean): void {
    if (this.#gone(o)) return;
    const m = o.message;
    const mine = this.#door.calls.outgoingTo(m.from);
    if (mine && !stale) return this.#glare(mine, o);
    const caller = this.#who(m.from);
    const decision = this.#door.admit(caller);
    if (decision === 'ring') return this.#ring(o, caller, stale ? EndReason.ClockSkew : undefined);
    if (decision === 'refuse') return this.#ring(o, caller, EndReason.Declined);
    this.stats.ignored++;
  }

  /**
   * An Invite from somebody whom we are ringing. Both have consented to their own call's media, so the call with the
   * higher id goes on, and the lower one becomes its other end. Should ours come to nothing, theirs rings, unless its caller
   * has given up: they may not have had ours.
   */
  #glare(mine: Call, o: Opened): void {
    if (hex(mine.id) < hex(o.message.call)) { // else the other side yields
      const invitation = this.#parse(o);
      if (!invitation) return;
      if (!isSupported(invitation.body)) return this.#ring(o, this.#who(o.message.from), EndReason.Unsupported);
      mine.post({ post: 'yield', transport: this.#transport, invitation, gone: () => this.#gone(o) });
    }
    const at = Date.now();
    void mine.done.then(() => {
      if (mine.role !== 'caller' || mine.epoch || this.#door.signal.aborted) return;
      if (Date.now() - at < reachTime) this.#decide(o, false);
      else this.stats.stale++;
    }).catch(() => this.stats.refused++);
  }

  /** Ends a call that rings, or is remembered for an Invite that it has overtaken. */
  #cancel(o: Opened, now: number): void {
    const { from, call, ref } = o.message;
    const known = this.#door.calls.get(from, call);
    if (known) {
      known.post({ post: 'letter', letter: o });
      return;
    }
    if (!ref) return;
    for (const [key, c] of this.#cancelled) {
      if (now - c.at > 2 * freshness || this.#cancelled.size >= maxCancelled) this.#cancelled.delete(key);
    }
    this.#cancelled.set(keyOf(from, call), { ref: hex(ref), at: now });
  }

  /** What we know of a caller before reading what it says. */
  #who(id: ID): Caller {
    const known = this.#door.settings.contacts.get(id);
    const base = {
      id, contact: known !== undefined, name: known?.name ?? '', blocked: known?.blocked ?? false,
      relay: this.#transport.relay,
    };
    return known?.verified ? { ...base, verified: known.verified } : base;
  }

  #parse(o: Opened): Invitation | undefined {
    try {
      return { ...o, body: Invite.parse(o.message.body) };
    } catch {
      this.stats.malformed++;
      return undefined;
    }
  }

  /** Reads the Invite's body and starts the callee's side, or declines at once with a reason. */
  #ring(o: Opened, caller: Caller, refusal: EndReason | undefined): void {
    const invitation = this.#parse(o);
    if (!invitation) return;
    let reason = refusal ?? (isSupported(invitation.body) ? undefined : EndReason.Unsupported);
    const call = new Call(this.#door, 'callee', o.message.from, o.message.call);
    call.unwanted = reason !== undefined;
    const lines = this.#door.settings.maxCalls;
    // A few more lines to say no on; beyond them nothing is said.
    if (!this.#enter(call, reason === undefined ? lines : 2 * lines)) {
      if (reason !== undefined || !this.#enter(call, 2 * lines)) return;
      reason = EndReason.Busy;
      call.unwanted = true;
    }
    if (reason === EndReason.ClockSkew) this.stats.stale++;
    else if (reason !== undefined) this.stats.declined++;
    else this.stats.rang++;
    this.#door.receive(call, this.#transport, invitation, introduce(this.#door, caller, invitation), reason)
      .catch(() => this.#forget(o));
  }

  /** Lets the next repetition of an Invite that came to nothing here be taken as if it were the first. */
  #forget({ message: { from, call } }: Opened): void {
    this.#invites.forget(from, call);
  }

  #enter(call: Call, limit: number): boolean {
    try {
      this.#door.calls.enter(call, limit);
      return true;
    } catch (e) {
      if (e instanceof BusyError) return false;
      throw e;
    }
  }
}

/** Adds what a stranger says of itself, if it can be shown, and whom it resembles. */
function introduce(door: Doorkeeper, caller: Caller, invitation: Invitation): Caller {
  const claimed = invitation.body.name;
  if (caller.contact || !claimed || !visible(claimed)) return caller;
  const { same, alike } = door.settings.contacts.resembling(caller.id, claimed);
  return { ...caller, claimed, keyChanged: same[0]?.name, lookAlike: alike[0]?.name };
}
