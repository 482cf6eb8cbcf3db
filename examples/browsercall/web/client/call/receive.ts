// What the other side says to a call.

import { equal, hex } from '../bytes.ts';
import { ReplayWindow } from '../envelope/replay.ts';
import { ackInput } from './keys.ts';
import type { Input } from './input.ts';
import type { Loop } from './loop.ts';
import { openLetter } from './line.ts';
import { Accept, Bye, Cancel, Decline, MessageType, Ringing, Welcome } from './message.ts';
import type { Opened } from './ports.ts';
import { groupMessage } from './rekey.ts';

/** The first byte of an envelope; an MLS message begins with another (RFC 9420 section 6: mls10 is 0x0001). */
const boxVersion = 0x01;

/** How many MLS messages may wait for the Welcome. */
const maxEarly = 32;

const windows = new WeakMap<Loop, ReplayWindow>();

/**
 * Takes a message that is authentic and of this call. What is malformed, repeated or out of place is dropped and
 * counted, and not answered.
 *
 * Sequence numbers are checked for what follows the Accept. What comes before it is decided by state and hash alone:
 * several devices of the callee count apart.
 */
export async function read(l: Loop, { message, hash }: Opened): Promise<void> {
  const ref = message.ref ?? new Uint8Array(0);
  const follows = l.keys.hAccept !== undefined && equal(ref, l.keys.hAccept);
  if (follows && !window(l).accept(message.seq)) return l.drop();
  if (message.type === MessageType.InCall) return follows ? mlsMessage(l, message.body) : l.drop();
  let input: Input;
  try {
    input = decode(l, message.type, hex(ref), hash, message.body);
  } catch {
    return l.drop();
  }
  if (input.is === 'bye' && follows) l.byed = true;
  await l.step(input);
}

function window(l: Loop): ReplayWindow {
  let w = windows.get(l);
  if (!w) windows.set(l, w = new ReplayWindow());
  return w;
}

/** Reads the body into the machine's input, and keeps what effects will need of it. Throws Malformed. */
function decode(l: Loop, type: number, ref: string, hash: Uint8Array, body: Uint8Array): Input {
  switch (type) {
    case MessageType.Ringing:
      Ringing.parse(body);
      return { is: 'ringing', ref };
    case MessageType.Accept: {
      const b = Accept.parse(body);
      if (!l.keys.group) l.accept = { hash, body: b };
      return { is: 'accept', ref, hash: hex(hash), late: b.late };
    }
    case MessageType.Decline:
      return { is: 'decline', ref, hash: hex(hash), reason: Decline.parse(body).reason };
    case MessageType.Cancel: {
      const b = Cancel.parse(body);
      return { is: 'cancel', ref, reason: b.reason, winner: b.winner ? hex(b.winner) : '' };
    }
    case MessageType.Welcome: {
      const b = Welcome.parse(body);
      if (!l.keys.group) l.welcome = { hash, body: b };
      return { is: 'welcome', ref, hash: hex(hash) };
    }
    case MessageType.Ack:
      return ackInput(ref, body);
    case MessageType.Bye:
      return { is: 'bye', ref, reason: Bye.parse(body).reason };
    default:
      throw new RangeError('a message of another version');
  }
}

/** Takes a message of the data channel: an envelope or an MLS message. */
export async function arrived(l: Loop, b: Uint8Array): Promise<void> {
  if (b[0] !== boxVersion) return mlsMessage(l, b);
  const letter = await openLetter(l, b);
  if (letter) await read(l, letter);
}

/** Takes a message of the group, or keeps it until there is one. */
async function mlsMessage(l: Loop, b: Uint8Array): Promise<void> {
  if (l.keys.group) return groupMessage(l, b);
  if (l.early.length >= maxEarly) return l.drop();
  l.early.push(b);
}
