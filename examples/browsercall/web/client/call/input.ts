// What happens to a call, as its machine hears of it.

import type { EndReason } from './reason.ts';

/** A hash or an authenticator of 32 bytes in lower-case hex; the empty string is none. */
export type Hash = string;

/**
 * What the transport reports of itself: ICE and DTLS are done; nothing comes through just now; nor while ICE, which has
 * started anew, looks for a path; ICE gave up.
 */
export type Path = 'up' | 'down' | 'sought' | 'dead';

/** The messages of set-up that are sealed once and repeated byte for byte. */
export type SetupMessage = 'Invite' | 'Ringing' | 'Accept' | 'Welcome';

/** An acknowledgement of an epoch, as the machine compares it. */
export interface AckInput {
  is: 'ack';
  ref: Hash;
  epoch: number;
  auth: Hash;
  got: boolean;
}

/**
 * One thing that happened to a call. Inputs from the other side have been opened, verified and decoded: they are signed
 * by the peer's identity and belong to this call. Whether they are expected now, the machine decides.
 */
export type Input =
  // From the application: the call begins; the callee accepts or declines; either side ends it; the network changed;
  // new keys are wanted.
  | { is: 'start' }
  | { is: 'answer'; late: boolean }
  | { is: 'refuse'; reason: EndReason }
  | { is: 'hangup'; reason: EndReason }
  | { is: 'roam' }
  | { is: 'renew' }
  // From the other side, which is `late` if it loses media that comes before its Ack. `invite` is a byte-identical
  // repetition.
  | { is: 'invite' }
  | { is: 'ringing'; ref: Hash }
  | { is: 'accept'; ref: Hash; hash: Hash; late: boolean }
  | { is: 'decline'; ref: Hash; hash: Hash; reason: number }
  | { is: 'cancel'; ref: Hash; reason: EndReason; winner: Hash }
  | { is: 'welcome'; ref: Hash; hash: Hash }
  | AckInput
  | { is: 'bye'; ref: Hash; reason: EndReason }
  // From those who carry out effects: a message that later ones refer to was sealed; the group is at this epoch and its
  // receive keys are installed; the path; the other side starts ICE anew; a frame of it was opened; an effect could not be
  // carried out.
  | { is: 'sealed'; type: SetupMessage; hash: Hash }
  | { is: 'group'; epoch: number; auth: Hash }
  | { is: 'transport'; path: Path }
  | { is: 'restarted' }
  | { is: 'frame' }
  | { is: 'fault'; reason: EndReason; cause: unknown };
