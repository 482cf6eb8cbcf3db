// Our mailbox of one call.

import { equal } from '../bytes.ts';
import { hash } from '../identity/id.ts';
import { Courier } from './courier.ts';
import type { Loop } from './loop.ts';
import { pause, unless } from './patience.ts';
import { MessageType } from './message.ts';
import type { MailboxLike, Opened, OwnMailbox, Transport } from './ports.ts';
import { read } from './receive.ts';

/**
 * How long the letter behind a Welcome waits, in milliseconds. It brings a candidate of a path that is mostly there by then,
 * and the page's thread has a first picture to show.
 */
const welcomeTime = 40;

/** Opens a transport and gives it up again if the abort comes first. */
export async function openTransport(
  by: Transport, abort: AbortSignal, m?: MailboxLike, relay?: string,
): Promise<Transport> {
  const opening = by.open(m, relay);
  try {
    return await unless(abort, opening);
  } catch (e) {
    opening.then((t) => t.close(), () => undefined);
    throw e;
  }
}

/** The relay to dial for one who reads at these: undefined for our own. */
export function relayOf(relays: readonly string[], own: Transport): string | undefined {
  return relays.includes(own.relay) ? undefined : relays[0];
}

/** Opens the mailbox at a relay and lets its one token in. */
export async function openLine(by: Transport, abort: AbortSignal, box: OwnMailbox, relay?: string): Promise<Transport> {
  const t = await openTransport(by, abort, box, relay);
  try {
    await unless(abort, t.admit([hash(box.box.token)]));
    return t;
  } catch (e) {
    t.close();
    throw e;
  }
}

/**
 * Reads and serves the mailbox of a call: what comes is opened and brought to the loop, what goes leaves by its courier. No
 * letter is opened before the loop is done with the one before: it would take time from what that one brings.
 */
export class Line {
  readonly transport: Transport;
  readonly courier: Courier;
  readonly #loop: Loop;

  constructor(loop: Loop, transport: Transport) {
    this.#loop = loop;
    this.transport = transport;
    this.courier = new Courier(transport, loop.abort.signal);
    void this.#read();
  }

  /** Never rejects. */
  async #read(): Promise<void> {
    const { signal } = this.#loop.abort;
    try {
      while (!signal.aborted) {
        const { body } = await unless(signal, this.transport.receive(signal));
        const letter = await openLetter(this.#loop, body);
        if (!letter) continue;
        await unless(signal, this.#brought(letter));
        if (letter.message.type === MessageType.Welcome) await pause(welcomeTime, signal);
      }
    } catch (e) {
      if (!signal.aborted) this.#loop.context.settings.log('a mailbox is not read any more', e);
    }
  }

  /** Settles when the loop is done with a letter, or will not read it. */
  #brought(letter: Opened): Promise<void> {
    return new Promise((done) => {
      const run = async (l: Loop) => {
        try {
          if (l === this.#loop) await read(l, letter);
        } finally {
          done();
        }
      };
      if (!this.#loop.call.post({ post: 'task', of: undefined, run })) done();
    });
  }
}

/** Opens a box that came for this call; undefined, and counted, if it is not of it. */
export async function openLetter(l: Loop, body: Uint8Array): Promise<Opened | undefined> {
  try {
    const opened = await l.keys.own.open(body, l.context.settings.identity.id);
    if (equal(opened.message.from, l.keys.peer) && equal(opened.message.call, l.keys.call)) return opened;
  } catch {
    // Whatever it was, it was not a message of this call.
  }
  l.drop();
  return undefined;
}
