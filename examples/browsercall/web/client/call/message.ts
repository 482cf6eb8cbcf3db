/**
 * The messages of a call's setup, sealed in envelopes: docs/PROTOCOL.md section 3. Each is declared once, with every
 * bound of the CDDL. Messages inside the group are in message-incall.ts.
 */
import {
  bool, bytes, field, list, mapped, omitted, optional, pack, record, text, uint, unpack, type Shape,
} from '../shape.ts';

/** The type of a signed payload. Rejoin is reserved; the body of an InCall is an MLS message. */
export const MessageType = {
  Invite: 1, Ringing: 2, Accept: 3, Decline: 4, Cancel: 5, Welcome: 6, Ack: 7, Rejoin: 8, InCall: 9, Bye: 10,
} as const;
export type MessageType = (typeof MessageType)[keyof typeof MessageType];

/** Limits on what a message holds, in bytes where they are not counts. */
export const Limits = {
  sdp: 16 << 10, // an offer or an answer
  name: 128, // a self-asserted name, UTF-8
  keyPackage: 4 << 10,
  mls: 24 << 10, // an MLS Welcome or message
  candidates: 32, // of one side, in all
  candidate: 512, // one candidate line
  streams: 16, // of one side
  body: 60 << 10, // any body; the envelope's own limit is near
  chat: 16 << 10, // the application's message
} as const;

/** Invite's version, and the cipher suites of this profile: MLS (RFC 9420 section 17.1) and SFrame. */
export const protocolVersion = 1;
export const mlsSuite = 3;
export const sframeSuite = 0xf001;

/** A mailbox as it travels: its two public keys, of 32 bytes each, and a token that may write to it, of 16. */
export interface BoxBody { ed25519: Uint8Array; hpke: Uint8Array; token: Uint8Array }

/** Kinds of media. */
export interface KindsBody { audio: boolean; video: boolean }

/** What the caller would send and take. */
export interface MediaBody { send: KindsBody; receive: KindsBody }

/** Rings. offer stays opaque until the local accept. The suites and the version are what the caller proposes. */
export interface InviteBody {
  version: number; // 1, or a later one, which is declined as Unsupported
  mlsSuite: number;
  sframeSuite: number;
  box: BoxBody; // where answers go
  commitment: Uint8Array; // to nonceA, 32 bytes
  dtls: Uint8Array; // SHA-256 of the caller's certificate
  media: MediaBody;
  name?: string; // self-asserted: never a proof
  offer: Uint8Array; // SDP, UTF-8
  late: boolean; // this side loses media that comes before its Ack
}

/** The callee's device rings; box is where it hears of the call. */
export interface RingingBody { box: BoxBody }

/** One encoder output: its SFrame context, where it travels, what it is. The same as a Stream of the frames. */
export interface StreamBody {
  ctx: number; // < 4096
  mid: string; // 1 to 16 bytes
  rid?: string; // 1 to 16 bytes
  kind: 'audio' | 'video';
  codec: string; // as in rtpmap; at most 16 bytes
}

/** An ICE candidate: line is as after "a=". */
export interface CandidateBody { mid: string; line: string }

/** Takes the call. */
export interface AcceptBody {
  box: BoxBody;
  keyPackage: Uint8Array; // an MLSMessage
  nonce: Uint8Array; // nonceB, 32 bytes
  answer: Uint8Array; // SDP, UTF-8
  streams: StreamBody[];
  candidates: CandidateBody[];
  late: boolean; // as in the Invite
}

/** Does not take the call. With Unsupported it says which suites are known. */
export interface DeclineBody { reason: number; mlsSuites: number[]; sframeSuites: number[] }

/** Ends the ringing. winner is H(payload) of the Accept or Decline that decided. */
export interface CancelBody { reason: number; winner?: Uint8Array }

/** Lets the callee into the group. nonce is nonceA, which opens the caller's commitment. */
export interface WelcomeBody {
  welcome: Uint8Array; // an MLSMessage, with ratchet_tree
  nonce: Uint8Array; // 32 bytes
  streams: StreamBody[];
  candidates: CandidateBody[];
}

/** Acknowledges an epoch. got: the sender holds the other's Ack of it. An Ack without it is answered at once. */
export interface AckBody { epoch: number; authenticator: Uint8Array; got: boolean }

/** Ends the call, for one of the reasons of reason.ts. */
export interface ByeBody { reason: number }

const H = bytes(32);
const reason = uint(255, 1);
const mid = text(1, 16);

const kinds: Shape<KindsBody> = mapped(uint(3),
  (v: KindsBody) => (v.audio ? 1 : 0) | (v.video ? 2 : 0), (n) => ({ audio: (n & 1) !== 0, video: (n & 2) !== 0 }));

const box: Shape<BoxBody> = record<BoxBody>({ ed25519: field(1, H), hpke: field(2, H), token: field(3, bytes(16)) });

const kind: Shape<'audio' | 'video'> =
  mapped(uint(2, 1), (k: 'audio' | 'video') => (k === 'audio' ? 1 : 2), (n) => (n === 1 ? 'audio' : 'video'));

const stream: Shape<StreamBody> = record<StreamBody>({
  ctx: field(1, uint(4095)), mid: field(2, mid), rid: optional(3, mid),
  kind: field(4, kind), codec: field(5, text(0, 16)),
});

/** The shape of a candidate, here and inside the group. */
export const candidateShape: Shape<CandidateBody> =
  record<CandidateBody>({ mid: field(1, text(0, 16)), line: field(2, text(0, Limits.candidate)) });

/** The shape of a side's streams. */
export const streamsShape: Shape<StreamBody[]> = list(stream, Limits.streams);

const candidates = list(candidateShape, Limits.candidates);
const suites = list(uint(0xffff), 16);

const invite: Shape<InviteBody> = record<InviteBody>({
  version: field(1, uint()), mlsSuite: field(2, uint(0xffff)), sframeSuite: field(3, uint(0xffff)),
  box: field(4, box), commitment: field(5, H), dtls: field(6, H),
  media: field(7, record<MediaBody>({ send: field(1, kinds), receive: field(2, kinds) })),
  name: optional(8, text(1, Limits.name)), offer: field(9, bytes(1, Limits.sdp)),
  late: omitted(10, bool, false),
});

const accept: Shape<AcceptBody> = record<AcceptBody>({
  box: field(1, box), keyPackage: field(2, bytes(1, Limits.keyPackage)), nonce: field(3, H),
  answer: field(4, bytes(1, Limits.sdp)), streams: omitted(5, streamsShape, []), candidates: omitted(6, candidates, []),
  late: omitted(7, bool, false),
});

const welcome: Shape<WelcomeBody> = record<WelcomeBody>({
  welcome: field(1, bytes(1, Limits.mls)), nonce: field(2, H), streams: omitted(3, streamsShape, []),
  candidates: omitted(4, candidates, []),
});

/** A body that can be written, and read from bytes of anybody. Both throw Malformed. */
export interface Body<T> {
  encode(v: T): Uint8Array;
  parse(data: Uint8Array): T;
}

/** The body of a shape. limit is of the whole, in bytes. */
export function body<T>(shape: Shape<T>, limit: number = Limits.body): Body<T> {
  return { encode: (v) => pack(shape, v), parse: (data) => unpack(shape, data, limit) };
}

/** The bodies of section 3, by their names. InCall has none: it is an MLS message as it is. */
export const Invite: Body<InviteBody> = body(invite);
export const Ringing: Body<RingingBody> = body(record<RingingBody>({ box: field(1, box) }));
export const Accept: Body<AcceptBody> = body(accept);
export const Decline: Body<DeclineBody> = body(record<DeclineBody>({
  reason: field(1, reason), mlsSuites: omitted(2, suites, []), sframeSuites: omitted(3, suites, []),
}));
export const Cancel: Body<CancelBody> =
  body(record<CancelBody>({ reason: field(1, reason), winner: optional(2, H) }));
export const Welcome: Body<WelcomeBody> = body(welcome);
export const Ack: Body<AckBody> =
  body(record<AckBody>({ epoch: field(1, uint()), authenticator: field(2, H), got: field(3, bool) }));
export const Bye: Body<ByeBody> = body(record<ByeBody>({ reason: field(1, reason) }));
