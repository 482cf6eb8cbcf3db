/**
 * Messages inside the group, encrypted with MLS, over the data channel or in an InCall envelope: docs/PROTOCOL.md
 * section 6.
 */
import { bool, bytes, field, omitted, record, uint } from '../shape.ts';
import type { Shape } from '../shape.ts';
import { body, candidateShape, Limits, streamsShape } from './message.ts';
import type { Body, CandidateBody, StreamBody } from './message.ts';

/** The type of a message inside the group. Unknown ones are ignored. */
export const InCallType = { Chat: 1, Mute: 2, Hold: 3, Describe: 4, Candidate: 5 } as const;
export type InCallType = (typeof InCallType)[keyof typeof InCallType];

/** What every message inside the group is. seq counts all messages of the sender from 1; the latest state wins. */
export interface InCallBody { type: number; seq: number; body: Uint8Array }

/** The stream ctx (< 4096) is muted, or no more. */
export interface MuteBody { ctx: number; muted: boolean }

/** Everything is held, or no more. */
export interface HoldBody { held: boolean }

/** What a Describe is. A refusal leaves the session as it was. */
export const DescribeKind = { Offer: 1, Answer: 2, Refusal: 3 } as const;
export type DescribeKind = (typeof DescribeKind)[keyof typeof DescribeKind];

/** Renegotiates. n counts the sender's offers from 1; an answer has the number of its offer. */
export interface DescribeBody {
  kind: DescribeKind;
  n: number;
  sdp: Uint8Array; // UTF-8; empty in a refusal
  streams: StreamBody[]; // all that the sender of this description sends from now on
  restart: boolean; // of ICE
}

/** The bodies of section 6, by their names. That of a Chat is the application's, of at most Limits.chat bytes. */
export const InCall: Body<InCallBody> = body(record<InCallBody>({
  type: field(1, uint()), seq: field(2, uint()), body: field(3, bytes(0, Limits.mls)),
}), Limits.mls);
export const Mute: Body<MuteBody> = body(record<MuteBody>({ ctx: field(1, uint(4095)), muted: field(2, bool) }));
export const Hold: Body<HoldBody> = body(record<HoldBody>({ held: field(1, bool) }));
export const Candidate: Body<CandidateBody> = body(candidateShape);
export const Describe: Body<DescribeBody> = body(record<DescribeBody>({
  kind: field(1, kindShape()), n: field(2, uint(Number.MAX_SAFE_INTEGER, 1)), sdp: field(3, bytes(0, Limits.sdp)),
  streams: omitted(4, streamsShape, []), restart: omitted(5, bool, false),
}));

function kindShape() {
  return uint(DescribeKind.Refusal, DescribeKind.Offer) as Shape<DescribeKind>;
}
