// What an application chooses: for all calls, and for one.

import type { Caller, Decision } from './admit.ts';
import type { KindsBody } from './message.ts';
import { Limits } from './message.ts';
import type { ID, KnownContacts, OwnIdentity, Parts, TrackInfo, Transport } from './ports.ts';
import type { CodecOrder } from '../media/sdp_codec.ts';
import { maxRingTime, ringTime } from './timer.ts';

/** Kinds of media. */
export type Kinds = KindsBody;

/** What one side of a call sends and takes. */
export interface MediaOptions {
  /** The tracks, at most two of a kind at first: the second video is a screen (more with Call.addTrack). They stay the
   * application's: a call that ends does not stop them. */
  send: MediaStreamTrack[];
  /** The kinds of these that begin muted: nothing of them leaves before Call.setMuted, and the other side is told. */
  muted?: Partial<Kinds>;
  /** The kinds that this side wants to receive. */
  receive: Kinds;
  /** Is asked before a track is received that the other side adds in the call. Without it none is taken. */
  consent?: (t: TrackInfo) => boolean | Promise<boolean>;
  /** What we call ourselves in the Invite instead of the client's name. */
  name?: string;
}

/** What a client needs. */
export interface ClientOptions {
  /** Who we are; the client does not forget it. */
  identity: OwnIdentity;
  /** Names callers, says what was verified, and holds what a relay must let through. */
  contacts: KnownContacts;
  /** Reads the identity's mailbox. The client closes it. */
  transport: Transport;
  /** Where the script of the frames' worker is; needed unless `parts` makes the frames. */
  workerURL?: string | URL;
  /** Decides who may ring. Without it: contacts that are not blocked, each 6 times in 10 minutes. */
  admit?: (c: Caller) => Decision;
  /** STUN and TURN servers beside those of our relay. */
  iceServers?: RTCIceServer[];
  /** false does not ask our relay for STUN and TURN servers. */
  relayServers?: boolean;
  /** Hides our address from everybody we call: needs a TURN server. */
  relayOnly?: boolean;
  /** Lets somebody who is not a contact learn our address once a call with them is accepted. */
  directToStrangers?: boolean;
  /** Both sides are in one network: host candidates as they are. */
  lan?: boolean;
  /** Codecs in the order in which they are wanted; without it, all that can be sealed. */
  codecs?: CodecOrder;
  /** What we call ourselves in an Invite, at most 128 bytes of UTF-8. */
  name?: string;
  /** How long a call rings on this side, in milliseconds: 60 000; at most 90 000. */
  ringFor?: number;
  /** How many calls may ring or run at once: 16. A further one is declined as busy. */
  maxCalls?: number;
  /** Hears what goes on below the events, with no secret, name or address in it. */
  log?: (message: string, error?: unknown) => void;
  /** Parts that stand in for the real ones. */
  parts?: Partial<Parts>;
}

/** Options with their defaults. */
export interface Settings extends ClientOptions {
  ringFor: number;
  maxCalls: number;
  log: (message: string, error?: unknown) => void;
}

/** Fills in the defaults. Throws TypeError or RangeError, naming every fault. */
export function settings(o: ClientOptions): Settings {
  const faults: string[] = [];
  if (!o.identity) faults.push('identity is missing: use Identity.load or Identity.generate');
  if (!o.contacts) faults.push('contacts is missing: use Contacts.open');
  if (!o.transport) faults.push('transport is missing: use Relay.dial');
  if (!o.workerURL && !o.parts?.frames) faults.push('workerURL is missing: where is the built worker?');
  if (new TextEncoder().encode(o.name ?? '').length > Limits.name) faults.push('name is longer than 128 bytes');
  const ringFor = o.ringFor ?? ringTime;
  if (!(ringFor > 0 && ringFor <= maxRingTime)) faults.push('ringFor is not between 0 and 90 000 ms');
  const maxCalls = o.maxCalls ?? 16;
  if (!(maxCalls > 0)) faults.push('maxCalls is not positive');
  if (faults.length > 0) throw new RangeError(`client options: ${faults.join('; ')}`);
  return { ...o, ringFor, maxCalls, log: o.log ?? (() => undefined) };
}

/** Throws for what cannot be a side of a call. */
export function checkMedia(m: MediaOptions): void {
  if (!Array.isArray(m.send) || !m.receive) {
    throw new TypeError('send and receive are needed: which tracks, which kinds?');
  }
  for (const kind of ['audio', 'video']) {
    if (m.send.filter((t) => t.kind === kind).length > 2) {
      throw new RangeError(`more than two ${kind} tracks at first: add the others with addTrack once connected`);
    }
  }
}

/** The Invite's summary of what one side sends and takes. */
export function wanted(m: MediaOptions): { send: Kinds; receive: Kinds } {
  const sends = (kind: string) => m.send.some((t) => t.kind === kind);
  return { send: { audio: sends('audio'), video: sends('video') }, receive: { ...m.receive } };
}

/** Says whether a call with this identity goes through a TURN server alone. */
export function throughRelay(s: Settings, peer: ID): boolean {
  if (s.relayOnly) return true;
  return !s.directToStrangers && !s.lan && s.contacts.get(peer) === undefined;
}
