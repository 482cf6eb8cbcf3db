// A call that rings.

import type { Caller } from './admit.ts';
import type { Call } from './call.ts';
import type { MediaBody } from './message.ts';
import { checkMedia } from './options.ts';
import type { Kinds, MediaOptions } from './options.ts';
import { EndReason, StateError } from './reason.ts';
import type { DeclineReason, EndedError } from './reason.ts';

/** A call that rings. Answer or decline it; left alone, it rings out. */
export class Incoming {
  /** Who rings, and how well they are known. */
  readonly caller: Caller;
  /** The kinds of media that the caller would send, and would take. */
  readonly sends: Kinds;
  readonly wants: Kinds;
  /** Settles when the call has ended, also because the caller gave up. Never rejects. */
  readonly ended: Promise<EndedError>;
  readonly #call: Call;
  #settled = false;

  /** Internal: a call that rings is made by `Client`. */
  constructor(call: Call, caller: Caller, media: MediaBody) {
    this.#call = call;
    this.caller = caller;
    this.sends = media.send;
    this.wants = media.receive;
    this.ended = call.done;
  }

  /** Names the call on both sides. */
  get id(): Uint8Array {
    return this.#call.id;
  }

  /** Says whether it rings still. */
  get ringing(): boolean {
    return this.#call.state === 'ringing' && !this.#settled;
  }

  /**
   * Accepts the call. Only from here on is the caller's session description read, and do candidates leave this device.
   * Throws EndedError if the call has ended, and StateError after answer or decline.
   */
  async answer(media: MediaOptions): Promise<Call> {
    checkMedia(media);
    this.#settle();
    if (!this.#call.post({ post: 'answered', media })) throw this.#call.ended ?? new StateError('the call has ended');
    return this.#call;
  }

  /** Says no, and settles when the call has ended here. Throws StateError after answer or decline. */
  async decline(reason: DeclineReason = EndReason.Declined): Promise<void> {
    this.#settle();
    this.#call.unwanted = true;
    const said = reason === EndReason.Busy ? EndReason.Busy : EndReason.Declined;
    this.#call.post({ post: 'input', input: { is: 'refuse', reason: said } });
    await this.#call.done;
  }

  #settle(): void {
    if (this.#settled) throw new StateError('the call was answered or declined already');
    this.#settled = true;
  }
}
