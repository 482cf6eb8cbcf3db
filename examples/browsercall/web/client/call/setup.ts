// How the two sides of a call are set up.

import { hex } from '../bytes.ts';
import type { Call } from './call.ts';
import type { CallContext } from './context.ts';
import { Courier } from './courier.ts';
import { takeDown } from './finish.ts';
import { CallKeys } from './keys.ts';
import { Line, openLine, openTransport, relayOf } from './line.ts';
import { Loop } from './loop.ts';
import type { Invitation } from './loop.ts';
import { mlsSuite, protocolVersion, sframeSuite } from './message.ts';
import { throughRelay, wanted } from './options.ts';
import type { MediaOptions } from './options.ts';
import { unless, within } from './patience.ts';
import type { ConnLike, KnownContact, Transport } from './ports.ts';
import { boxOf } from '../identity/id.ts';
import { utf8 } from '../bytes.ts';
import type { Role } from './state.ts';

/** How long a call waits for its relay's ICE servers, in milliseconds. */
const lendTime = 2000;

/** Makes a call's loop without its mailbox. */
async function newLoop(
  context: CallContext, call: Call, role: Role, invite: string, abort: AbortSignal,
): Promise<Loop> {
  const { parts, settings } = context;
  const groups = await unless(abort, parts.groups());
  const own = await parts.mailbox();
  const { identity } = settings;
  const keys = new CallKeys({ identity, peer: call.peer, call: call.id, role, own, groups, frames: parts.frames() });
  return new Loop(call, context, keys, role, invite);
}

/**
 * Sets up the caller's side: keys, connection and offer, of which nothing leaves but inside of the Invite, and the two
 * connections to the callee's relay. Throws, with everything closed, if that fails or abort says so.
 */
export async function dialling(
  context: CallContext, call: Call, to: KnownContact, media: MediaOptions, abort: AbortSignal,
): Promise<Loop> {
  const l = await newLoop(context, call, 'caller', '', abort);
  try {
    l.media = media;
    const conn = await makeConn(l);
    const offer = await conn.offer(media.send, media.receive);
    l.keys.dtlsOwn = conn.fingerprint();
    l.keys.invite = {
      version: protocolVersion, mlsSuite, sframeSuite, box: l.keys.own.box, commitment: l.keys.commitment(),
      dtls: l.keys.dtlsOwn, media: wanted(media), offer: utf8(offer), ...named(media.name ?? context.settings.name),
      late: l.machine.view.late,
    };
    const relay = relayOf(to.relays, context.settings.transport);
    const out = await openTransport(context.settings.transport, abort, undefined, relay);
    l.invites = { to: boxOf(to.id, to.token), transport: out, courier: new Courier(out, l.abort.signal) };
    l.line = new Line(l, await openLine(context.settings.transport, abort, l.keys.own, relay));
    return l;
  } catch (e) {
    await takeDown(l);
    throw e;
  }
}

function named(name: string | undefined): { name?: string } {
  return name ? { name } : {};
}

/** Sets up the callee's side as far as it may go before the local accept: a mailbox at the relay of the Invite. */
export async function answering(
  context: CallContext, call: Call, transport: Transport, invitation: Invitation, abort: AbortSignal,
): Promise<Loop> {
  const l = await newLoop(context, call, 'callee', hex(invitation.hash), abort);
  try {
    l.keys.invited(invitation.body, invitation.hash);
    l.invitation = invitation;
    l.line = new Line(l, await openLine(transport, abort, l.keys.own));
    l.lending = lent(l); // our own relay; so that it does not take time after the accept
    l.certificate = certified(l);
    return l;
  } catch (e) {
    await takeDown(l);
    throw e;
  }
}

/** Makes what the Accept needs and nobody has to allow: the certificate, and the KeyPackage that names it. */
async function certified(l: Loop): Promise<RTCCertificate | undefined> {
  const made = await l.context.parts.certificate?.();
  if (made && !l.abort.signal.aborted) l.keys.prepare(made.fingerprint);
  return made?.certificate;
}

/** Makes the call's connection. It touches no network but our own relay, for its ICE servers. */
export async function makeConn(l: Loop): Promise<ConnLike> {
  const { settings, parts } = l.context;
  const iceServers = await (l.lending ?? lent(l)) ?? settings.iceServers ?? [];
  l.candidates.servers = iceServers.length > 0;
  const conn = await parts.conn({
    frames: l.keys.frames, callee: l.machine.role === 'callee', iceServers, lan: settings.lan ?? false,
    relayOnly: throughRelay(settings, l.keys.peer), notify: (e) => l.notify(e),
    certificate: await l.certificate, codecs: settings.codecs,
  });
  if (l.abort.signal.aborted) {
    await conn.close();
    throw new Error('the call has ended');
  }
  l.conn = conn;
  return conn;
}

/** Our own ICE servers and those that our relay lends, if they are wanted; undefined if it could not be asked. */
export async function lent(l: Loop): Promise<RTCIceServer[] | undefined> {
  const { iceServers = [], relayServers = true, transport, log } = l.context.settings;
  if (!relayServers) return iceServers;
  try {
    return [...iceServers, ...(await within(lendTime, 'asking for ICE servers', transport.iceServers()))];
  } catch (e) {
    log('the relay lends no ICE servers', e);
    return undefined;
  }
}
