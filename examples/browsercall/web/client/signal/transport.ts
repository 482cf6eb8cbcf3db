/** What a call needs of whatever carries its sealed envelopes: the counterpart of Go's package signal. */

/** Limits that every transport keeps, in bytes where they are not counts or milliseconds. */
export const maxBody = 64 << 10; // of Packet.body
export const maxNotice = 1 << 10; // of a notice's
export const maxTokens = 1024; // hashes that one mailbox admits
export const retention = 60_000; // ms that a relay keeps a packet

/** One message to one mailbox. */
export interface Packet {
  to: Uint8Array; // the mailbox's address, 32 bytes
  token: Uint8Array; // one that its owner admits, 16 bytes: a secret of two
  body: Uint8Array; // opaque and sealed, 1 to maxBody bytes
  notice?: boolean; // kept for seven days, at most maxNotice bytes: "you missed a call"
}

/** What arrived: the token that was used, the body, and whether it is a notice. */
export interface Delivery {
  token: Uint8Array;
  body: Uint8Array;
  notice?: boolean;
}

/** Proves to a relay that a mailbox is one's own. The identity's Mailbox is one. */
export interface MailboxLike {
  /** The two keys that the address is the hash of. */
  publicKeys(): { ed25519: Uint8Array; hpke: Uint8Array };
  /** Signs the relay's challenge (32 bytes). origin is the relay's as it was dialled: scheme://host:port. */
  answer(origin: string, challenge: Uint8Array): Promise<Uint8Array>;
}

/**
 * One mailbox's connection to one relay, or a sender's that has no mailbox. Each method that waits takes an abort
 * signal: it then rejects with the signal's reason. All else that goes wrong is a SignalError.
 *
 * Packets of one sender whose sends followed each other arrive in order; between senders there is none. A packet may
 * arrive twice if a program is restarted.
 */
export interface Transport {
  /** Gives the packet to the relay, which says that it stored it: tooLarge, invalid, throttled, unavailable, closed. */
  send(p: Packet, abort?: AbortSignal): Promise<void>;
  /** The next packet of the own mailbox, which is so acknowledged. Without a mailbox it waits for the end. */
  receive(abort?: AbortSignal): Promise<Delivery>;
  /**
   * Replaces the tokens that may write to the own mailbox: SHA-256 of each, at most maxTokens; with open anybody may
   * write. It is repeated by itself after each reconnection. Until the first admit nobody may write.
   */
  admit(hashes: Uint8Array[], open?: boolean, abort?: AbortSignal): Promise<void>;
  /** STUN and TURN servers whose credentials stay valid for a call that is set up now. Ask again for each call. */
  iceServers(abort?: AbortSignal): Promise<RTCIceServer[]>;
  /**
   * Connects a mailbox of a call, or without one a sender, to the same relay or to another that a contact's card names.
   * The relay forgets the mailbox soon after its last reader has left.
   */
  open(m?: MailboxLike, relay?: string, abort?: AbortSignal): Promise<Transport>;
  /** The relay, as cards carry it. */
  readonly relay: string;
  /** Ends the connection, and everything that waits with closed. Further calls do nothing. */
  close(): void;
}

/** Why a transport could not do what was asked of it. */
export type SignalFault =
  | 'closed' // by its own side
  | 'tooLarge' // a body or a set of tokens over its limit; nothing was sent
  | 'invalid' // a packet that no relay would take; nothing was sent
  | 'throttled' // the relay asks to send less; not stored
  | 'unavailable' // the relay is not reached, or has no room; whether it was stored is not known
  | 'rejected' // the relay refused the proof of ownership or the protocol
  | 'noMailbox' // what needs a mailbox, on a transport without
  | 'insecure'; // ws:// to another machine

const advice: Record<SignalFault, string> = {
  closed: 'the transport is closed: dial again',
  tooLarge: 'it is too large',
  invalid: 'it is no packet: an address has 32 bytes, a token 16, and the body is not empty',
  throttled: 'the relay asks to send less: try again in some seconds',
  unavailable: 'the relay cannot be reached or has no room: check the network and try again',
  rejected: 'the relay refuses: check that its URL is as the relay knows itself, and the version of both',
  noMailbox: 'this needs a mailbox, and the transport was dialled without one',
  insecure: 'ws:// is for loopback only: use wss://',
};

/** The error of every transport. fault is for programs, the message for people; neither repeats what was sent. */
export class SignalError extends Error {
  override readonly name = 'SignalError';
  readonly fault: SignalFault;

  constructor(fault: SignalFault, detail: string = advice[fault]) {
    super(detail);
    this.fault = fault;
  }
}

/** Throws invalid or tooLarge for a packet that no relay would take. */
export function checkPacket(p: Packet): void {
  if (p.to.length !== 32 || p.token.length !== 16 || p.body.length === 0) throw new SignalError('invalid');
  const limit = p.notice ? maxNotice : maxBody;
  if (p.body.length > limit) {
    throw new SignalError('tooLarge', `a body of ${p.body.length} bytes, the limit is ${limit}`);
  }
}

/** Throws tooLarge or invalid for a set of token hashes that no relay would take. */
export function checkHashes(hashes: Uint8Array[]): void {
  if (hashes.length > maxTokens) {
    throw new SignalError('tooLarge', `${hashes.length} tokens, the limit is ${maxTokens}: admit fewer contacts`);
  }
  if (hashes.some((h) => h.length !== 32)) throw new SignalError('invalid', 'the hash of a token has 32 bytes');
}
