import type { Codec, Kind } from './sdp_codec.ts';

/** Which kinds of media are wanted from the peer. */
export interface Kinds {
  audio: boolean;
  video: boolean;
}

/** What a track that we send shows. */
export type TrackRole = 'microphone' | 'camera' | 'screen';

/** One stream that we send, as the peer must know it before it opens the first frame. */
export interface Stream {
  /**
   * 0 audio, 1 camera, 2 screen, 3 screen audio, then in order; it belongs to one mid and codec for the connection's
   * life.
   */
  ctx: number;
  mid: string;
  rid?: string;
  kind: Kind;
  codec: string;
}

/** One stream that we send, as our own side knows it. */
export interface SentStream extends Stream {
  role: TrackRole;
  /** The peer takes it, by its last description; on hold, by that before. What it does not take is not sent. */
  taken: boolean;
}

/** A track of the peer, or of ours where an event says so. */
export interface TrackInfo {
  mid: string;
  kind: Kind;
  codec?: Codec | undefined;
}

/** A track of ours that the peer could not take. */
export interface Withdrawn {
  track: MediaStreamTrack;
  info: TrackInfo;
}

/**
 * Where a connection stands: ICE and DTLS taken together. `disconnected` may heal by itself or by an ICE restart,
 * `failed` by an ICE restart unless DTLS failed. `closed` is entered by close alone, and is not reported.
 */
export type ConnState = 'new' | 'connecting' | 'connected' | 'disconnected' | 'failed' | 'closed';

/**
 * What a Conn tells its owner, in order.
 *
 * - `candidate`: a candidate of ours to send to the peer, rewritten so that it tells no more than it must.
 * - `gathered`: no further one comes until an ICE restart.
 * - `state`: the connection is in another state; `error` says why it failed. Unless that is a `state` error, for which
 *   another path may be found, it does not come up again.
 * - `channelOpen`: sendMessage works from now on.
 * - `message`: one message of the peer, opaque, at most 32 KiB.
 * - `muted`: a stream of ours that began muted is one that the peer knows from now on: it can be told.
 * - `trackAdded`: frames of a track of the peer may come; what cannot be opened never reaches the track.
 * - `trackEnded`: the peer sends it no more; with `sent`, a track of ours ended by itself, as when sharing was stopped.
 */
export type ConnEvent =
  | { type: 'candidate'; mid: string; line: string }
  | { type: 'gathered' }
  | { type: 'state'; state: ConnState; error?: unknown }
  | { type: 'channelOpen' }
  | { type: 'muted'; ctx: number; muted: boolean }
  | { type: 'message'; data: Uint8Array }
  | { type: 'trackAdded'; track: MediaStreamTrack; info: TrackInfo }
  | { type: 'trackEnded'; info: TrackInfo; sent: boolean };

/** What seals and opens frames, as far as a connection uses it; frames' FrameWorker is one. */
export interface Sealing {
  /** A transform for a sender; what has no key yet is dropped. */
  sender(ctx: number, kind: Kind): RTCRtpScriptTransform;
  /** A transform for a receiver; what cannot be opened is dropped. */
  receiver(leaf: number, mid: string, kind: Kind): RTCRtpScriptTransform;
  /** The payload types of the whole connection; resolves when the worker knows them. */
  codecs(map: { payloadType: number; codec: string }[]): Promise<void>;
  /** The path has come up; never needed for keys, but what waits for the browser to settle goes on. */
  connected(): Promise<void>;
}
