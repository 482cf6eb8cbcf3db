// What a call's loop knows of its client.

import type { Call } from './call.ts';
import type { Invitation, Loop } from './loop.ts';
import type { Settings } from './options.ts';
import type { Parts, Transport } from './ports.ts';

/** A client, as its calls see it. */
export interface CallContext {
  readonly settings: Settings;
  readonly parts: Parts;
  readonly ringFor: number;
  /** Aborts when the client closes. */
  readonly signal: AbortSignal;
  /** Forgets a call that has ended. */
  leave(call: Call): void;
  /** Makes an outgoing call the incoming one of this id. Throws if that cannot be. */
  renamed(call: Call, id: Uint8Array): void;
  /** Both rang at once, and the other side's call goes on. */
  yielded(l: Loop, transport: Transport, invitation: Invitation): void | Promise<void>;
}
