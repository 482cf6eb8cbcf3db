/** What the page and its frame worker say to each other. Both are of one build, so nothing here has a version. */
import type { FrameEpoch } from './epoch.ts';
import type { FrameStats } from './stats.ts';
import type { Stream } from './streams.ts';
import type { TransformCounts } from './transform.ts';

/** The options of an RTCRtpScriptTransform. */
export type TransformOptions =
  | { side: 'send'; ctx: number; kind: 'audio' | 'video' }
  | { side: 'receive'; leaf: number; mid: string; kind: 'audio' | 'video' };

/** One payload type of the connection. */
export interface PayloadCodec {
  payloadType: number;
  codec: string;
}

/** What the page asks. */
export type Ask =
  | { op: 'install'; epoch: FrameEpoch }
  | { op: 'switchSend'; epoch: number }
  | { op: 'stopSend' }
  | { op: 'declare'; leaf: number; streams: Stream[] }
  | { op: 'codecs'; map: PayloadCodec[] }
  | { op: 'connected' }
  | { op: 'stats' };

/** A request, which is answered once and in order. */
export type Request = Ask & { id: number };

/** What the worker counts: no number in it tells a secret. */
export type WorkerStats = FrameStats & TransformCounts;

/** The answer to a request. */
export type Answer = { id: number; stats?: WorkerStats } | { id: number; error: string; code?: string };

/** What the worker says by itself; see FrameWorker's events. */
export type WorkerEvent =
  | { event: 'first'; mid: string }
  | { event: 'refusedChanged'; info: { mid: string; kind: 'audio' | 'video' }; refused: boolean; reason: string }
  | { event: 'keyFrameWanted'; ctx: number };

/** Whether a value is what control.ts gives an RTCRtpScriptTransform. */
export function isOptions(o: unknown): o is TransformOptions {
  if (typeof o !== 'object' || o === null) return false;
  const { side, ctx, leaf, mid, kind } = o as Record<string, unknown>;
  if (kind !== 'audio' && kind !== 'video') return false;
  if (side === 'send') return Number.isInteger(ctx);
  return side === 'receive' && Number.isInteger(leaf) && typeof mid === 'string';
}
