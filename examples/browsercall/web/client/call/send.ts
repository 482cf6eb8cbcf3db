// What a call says to the other side.

import { fromHex } from '../bytes.ts';
import type { EndReason } from './reason.ts';
import { EndReason as Reasons } from './reason.ts';
import type { Hash, SetupMessage } from './input.ts';
import { hex } from '../bytes.ts';
import { ackBody, byeBody } from './keys.ts';
import type { Loop } from './loop.ts';
import { Cancel, Decline, Invite, MessageType, mlsSuite, Ringing, sframeSuite, Welcome } from './message.ts';
import { InCallType } from './message-incall.ts';
import type { Packet } from './ports.ts';
import { StateError } from './reason.ts';
import { ackTime } from './timer.ts';

/** Sends a message of set-up. It is sealed once: a repetition is the same bytes. */
export async function send(l: Loop, type: SetupMessage): Promise<void> {
  let p = l.keys.sealed.get(type);
  if (!p) {
    if (type === 'Accept') return; // not made yet: sealAccept sends it
    p = await sealSetup(l, type, MessageType[type], setupBody(l, type));
  }
  if (type === 'Invite') l.invites?.courier.send(p, (e) => inviteStored(l, e));
  else relayed(l, p);
}

/** Gives a packet to the relay. One that will be said again is left out, and counted, while too much waits already: the
 * other side may make us say it over and over. */
function relayed(l: Loop, p: Packet, once = false): void {
  if (once) l.line?.courier.send(p);
  else if (!l.line?.courier.sendSpare(p)) l.drop();
}

function setupBody(l: Loop, type: 'Invite' | 'Ringing' | 'Welcome'): Uint8Array {
  if (type === 'Ringing') return Ringing.encode({ box: l.keys.own.box });
  if (type === 'Invite' && l.keys.invite) return Invite.encode(l.keys.invite);
  if (type === 'Welcome' && l.keys.welcome) {
    return Welcome.encode({
      welcome: l.keys.welcome, nonce: l.keys.nonce, streams: l.connection.streams(), candidates: [],
    });
  }
  throw new StateError(`${type} is not due`);
}

/** Makes the packet of a set-up message and keeps it for repetitions. */
export async function sealSetup(l: Loop, type: SetupMessage, number: MessageType, body: Uint8Array): Promise<Packet> {
  const to = type === 'Invite' ? l.invites?.to : l.keys.theirs;
  if (!to) throw new StateError(`${type} has nowhere to go`);
  const { packet, hash } = await l.keys.seal(to, number, body);
  l.keys.sealed.set(type, packet);
  if (type === 'Invite') l.keys.hInvite = hash;
  if (type === 'Accept') l.keys.hAccept = hash;
  l.feed({ is: 'sealed', type, hash: hex(hash) });
  return packet;
}

function inviteStored(l: Loop, error: unknown): void {
  l.back((now) => {
    now.stored?.(error);
    now.stored = undefined;
    // Later than dialing, the Invite has arrived, whatever became of a repetition.
    const failed = error !== undefined && now.machine.state === 'dialing';
    return failed ? now.step({ is: 'fault', reason: Reasons.Unreachable, cause: error }) : undefined;
  });
}

/** Tells all readers of the callee's mailbox that it is over, and who has decided it. */
export async function sendCancel(l: Loop, reason: EndReason, winner: Hash): Promise<void> {
  if (!l.invites) return;
  const body = Cancel.encode(winner === '' ? { reason } : { reason, winner: fromHex(winner) });
  const { packet } = await l.keys.seal(l.invites.to, MessageType.Cancel, body);
  l.invites.courier.send(packet);
}

/** Says no to the Invite. */
export async function sendDecline(l: Loop, reason: number): Promise<void> {
  if (!l.keys.theirs) return;
  const known = reason === Reasons.Unsupported ? { mlsSuites: [mlsSuite], sframeSuites: [sframeSuite] } :
    { mlsSuites: [], sframeSuites: [] };
  const { packet } = await l.keys.seal(l.keys.theirs, MessageType.Decline, Decline.encode({ reason, ...known }));
  l.line?.courier.send(packet);
}

/** Acknowledges an epoch. One who goes on asking for ours, each second, does not get it more often than that. */
export async function sendAck(l: Loop, epoch: number, auth: Hash, got: boolean): Promise<void> {
  const now = performance.now();
  const last = l.control.acked;
  if (got && last.epoch === epoch && now < last.at + ackTime / 2) return l.drop();
  if (got) l.control.acked = { epoch, at: now };
  await direct(l, MessageType.Ack, ackBody(epoch, fromHex(auth), got));
}

/** Ends the call on the other side too. After Closed nobody waits to see whether that arrives: it goes by both ways. */
export async function sendBye(l: Loop, reason: EndReason): Promise<void> {
  await direct(l, MessageType.Bye, byeBody(reason));
  if (reason === Reasons.Closed) await byeByRelay(l, reason);
}

/** Repeats the Bye where it may get through. */
export async function byeByRelay(l: Loop, reason: EndReason): Promise<void> {
  if (!l.keys.theirs || !l.keys.hAccept) return;
  const { packet } = await l.keys.seal(l.keys.theirs, MessageType.Bye, byeBody(reason));
  l.line?.courier.send(packet);
}

/** An envelope to the other side's call mailbox: over the data channel while the path carries, so that a relay that is
 * away does not matter, else by the relay. */
async function direct(l: Loop, type: MessageType, body: Uint8Array): Promise<void> {
  if (!l.keys.theirs) return;
  const { packet } = await l.keys.seal(l.keys.theirs, type, body);
  if (!channel(l, packet.body)) relayed(l, packet, type === MessageType.Bye);
}

/** Sends over the data channel, if that is open and the path carries. */
function channel(l: Loop, b: Uint8Array): boolean {
  const { state, view } = l.machine;
  const sure = l.control.open && !l.control.unsure && !l.control.restarting;
  const carries = sure && view.up && (state === 'connected' || state === 'ended');
  if (!l.conn || !carries) return false;
  try {
    l.conn.sendMessage(b);
    return true;
  } catch {
    return false; // it closed meanwhile, or is full: the relay takes it
  }
}

/** Sends an in-call message that the protocol itself needs, by whatever way there is. */
export async function signal(l: Loop, type: InCallType, body: Uint8Array): Promise<void> {
  const once = type === InCallType.Mute || type === InCallType.Hold;
  await handshake(l, await l.keys.protect(type, body), once);
}

/** Sends an MLS message; `once`: it will not be said again. */
export async function handshake(l: Loop, message: Uint8Array, once = false): Promise<void> {
  if (!channel(l, message)) await boxed(l, message, once);
}

/** Sends an MLS message by the relay. */
async function boxed(l: Loop, message: Uint8Array, once: boolean): Promise<void> {
  if (!l.keys.theirs) return;
  const { packet } = await l.keys.seal(l.keys.theirs, MessageType.InCall, message);
  relayed(l, packet, once);
}

/**
 * Sends an in-call message over the data channel and by the relay. Where ICE starts anew, one side may have left the path
 * that still looks good to the other. What comes second is dropped.
 */
export async function signalEveryWay(l: Loop, type: InCallType, body: Uint8Array): Promise<void> {
  const message = await l.keys.protect(type, body);
  channel(l, message);
  await boxed(l, message, false);
}
