// What a call needs of the rest of the client, as narrow as it uses it: a test puts its own in.

import type { Certificate } from '../media/certificate.ts';
import type { Message, Opened } from '../envelope/message.ts';
import type { Box, ID } from '../identity/id.ts';
import type { Signer } from '../identity/keys.ts';
import type { ConnEvent, Sealing, SentStream, TrackInfo, TrackRole, Withdrawn } from '../media/events.ts';
import type { CodecOrder } from '../media/sdp_codec.ts';
import type { Binding, Handled, Member } from '../mls/index.ts';
import type { MailboxLike, Packet, Transport } from '../signal/transport.ts';
import type { CandidateBody, KindsBody, StreamBody } from './message.ts';

export type {
  Binding, Box, ConnEvent, Handled, ID, MailboxLike, Member, Message, Opened, Packet, SentStream, Signer, TrackInfo,
  TrackRole, Transport, Withdrawn,
};

/** A mailbox of ours. open checks size, HPKE, padding, shape, recipient and signature; not the time, nor repetition. */
export interface OwnMailbox extends MailboxLike {
  readonly box: Box;
  open(box: Uint8Array, me: ID): Promise<Opened>;
  destroy(): void;
}

/** Who we are. */
export interface OwnIdentity {
  readonly id: ID;
  readonly signer: Signer;
  mailbox(): Pick<OwnMailbox, 'open'>;
  seal(to: Box, message: Omit<Message, 'from'>): Promise<{ box: Uint8Array; hash: Uint8Array }>;
  sealNotice(to: Box, missed: { peer: ID; call: Uint8Array; time: number; video: boolean }): Promise<Uint8Array>;
}

/** Somebody we know. Without a token we cannot write to them. */
export interface KnownContact {
  readonly id: ID;
  readonly name: string;
  readonly token: Uint8Array | undefined;
  readonly relays: readonly string[];
  readonly verified: Date | undefined;
  readonly blocked: boolean;
}

/** Whom we know. tokens are hashes, as a relay takes them; an event `change` says that they may be others. */
export interface KnownContacts extends EventTarget {
  get(id: ID): KnownContact | undefined;
  mayRing(id: ID): 'ring' | 'ignore';
  tokens(): Uint8Array[];
  handle(opened: Opened): Promise<unknown>;
  resembling(id: ID, name: string): { same: { name: string }[]; alike: { name: string }[] };
}

/** A KeyPackage as it travels, with its private half kept behind it. */
export interface OwnKeyPackage {
  readonly message: Uint8Array;
  destroy(): void;
}

/** The keys of a call. */
export interface GroupLike {
  readonly epoch: number;
  readonly ownLeaf: number;
  members(): Member[];
  authenticator(): Uint8Array;
  export(label: string, context: Uint8Array, n: number): Promise<Uint8Array>;
  add(keyPackage: Uint8Array, check?: (m: Member) => void): Promise<{ welcome: Uint8Array; commit: Uint8Array }>;
  commit(): Promise<Uint8Array>;
  proposeUpdate(): Promise<Uint8Array>;
  protect(data: Uint8Array): Promise<Uint8Array>;
  handle(message: Uint8Array): Promise<Handled>;
  destroy(): void;
}

/** The static side of the group; K is its KeyPackage. */
export interface Groups<K extends OwnKeyPackage = OwnKeyPackage> {
  create(o: { call: Uint8Array; id: ID; signer: Signer; binding: Binding; peers?: ID[] }): Promise<GroupLike>;
  keyPackage(o: { id: ID; signer: Signer; binding: Binding }): Promise<K>;
  join(welcome: Uint8Array, kp: K, expect: { call: Uint8Array; peers: ID[] }): Promise<GroupLike>;
}

/**
 * Seals and opens frames, in a thread of its own. Its event `first` says that a frame of the other side was opened,
 * `keyFrameWanted` that its thread cannot ask an encoder for a key frame itself, `refusedChanged` that those of a track do
 * not open any more or open again, `died` that it seals no more.
 */
export interface FramesLike extends EventTarget, Sealing {
  install(e: { epoch: number; baseKey: Uint8Array; ownLeaf: number; leaves: number[] }): Promise<void>;
  switchSend(epoch: number): Promise<void>;
  /** Nothing more is sealed, for good. */
  stopSend(): Promise<void>;
  declare(leaf: number, streams: StreamBody[]): Promise<void>;
  stats(): Promise<{ epochFrames?: number | bigint }>;
  destroy(): void;
}

/** The one owner of an RTCPeerConnection. */
export interface ConnLike {
  offer(send: MediaStreamTrack[], receive: KindsBody): Promise<string>;
  fingerprint(): Uint8Array;
  answer(offer: string, want: Uint8Array, send: MediaStreamTrack[], receive: KindsBody): Promise<string>;
  accept(answer: string, want: Uint8Array): Promise<void>;
  addCandidate(c: CandidateBody): Promise<void>;
  streams(): SentStream[];
  describe(restart: boolean): Promise<string>;
  apply(offer: string, want: Uint8Array, accept: (t: TrackInfo) => boolean | Promise<boolean>): Promise<string>;
  /** Agrees to a track that apply refused because nobody had decided by then; the next describe asks for it. False: it is
   * not offered any more, or taken. */
  take(mid: string): boolean;
  described(answer: string, want: Uint8Array): Promise<void>;
  /** Gives the stream as it is declared at any time: that may change until the other side has answered. */
  addTrack(track: MediaStreamTrack, role: TrackRole): SentStream | Promise<SentStream>;
  removeTrack(ctx: number): void | Promise<void>;
  replaceTrack(ctx: number, track: MediaStreamTrack): void | Promise<void>;
  setMuted(ctx: number, on: boolean): void | Promise<void>;
  hold(on: boolean): void | Promise<void>;
  /** Drops a description of ours that was not answered. */
  forget(): void;
  /** The other side refused our description, or none could be made: takes back what is in it for the first time. Gives
   * the tracks that are not sent. */
  refused(): Promise<Withdrawn[]>;
  /** Says whether something that we send is not what both sides know. */
  undescribed(): boolean;
  /** Says whether we would send what the other side's first offer had no place for. */
  untaken(): boolean;
  /** Lets media flow, but for the kinds that begin muted. */
  start(muted?: Partial<KindsBody>): void | Promise<void>;
  /** Asks our encoders for key frames, as after a change of keys. */
  forceKeyFrames(): Promise<void>;
  /** Renews what an ICE restart uses. */
  setIceServers(servers: RTCIceServer[]): void;
  sendMessage(b: Uint8Array): void;
  stats(): Promise<unknown>;
  close(): void | Promise<void>;
}

/** How a connection finds its way. */
export interface ConnOptions {
  frames: FramesLike;
  callee: boolean;
  iceServers: RTCIceServer[];
  relayOnly: boolean;
  lan: boolean;
  notify: (e: ConnEvent) => void;
  certificate: RTCCertificate | undefined;
  codecs: CodecOrder | undefined;
}

/** Makes what a call owns. `groups` is asked for before a call rings or is rung: it may have to be loaded. */
export interface Parts {
  mailbox(): Promise<OwnMailbox>;
  groups(): Promise<Groups>;
  frames(): FramesLike;
  conn(o: ConnOptions): ConnLike | Promise<ConnLike>;
  /** Makes a connection's certificate beforehand; without it the connection makes its own. Never rejects. */
  certificate?(): Promise<Certificate | undefined>;
  /** Media that comes before our Ack is lost here. */
  readonly late?: boolean;
}
