/**
 * What happens to the frames of one sender or receiver in the worker. A frame goes on sealed, or opened, or not at all:
 * whatever goes wrong, no frame passes as it came.
 */
import { KeyRequest } from './ask.ts';
import type { Frames } from './frames.ts';
import { Gate } from './gate.ts';
import { type Layout, layoutOf } from './layout.ts';
import type { FrameOpener } from './opener.ts';
import { Refusals } from './refusals.ts';
import type { FrameSealer } from './sealer.ts';
import type { TransformOptions, WorkerEvent } from './messages.ts';

/** An RTCEncodedVideoFrame or RTCEncodedAudioFrame, as far as it is used. */
export interface EncodedFrame {
  data: ArrayBuffer;
  /** Of video; 'empty' is nothing to send. */
  readonly type?: 'key' | 'delta' | 'empty';
  getMetadata(): { payloadType?: number; mimeType?: string };
}

/** An RTCRtpScriptTransformer, as far as it is used. Not every browser has both requests. */
export interface Transformer {
  readonly readable: ReadableStream<EncodedFrame>;
  readonly writable: WritableStream<EncodedFrame>;
  sendKeyFrameRequest?(): Promise<unknown>;
  generateKeyFrame?(): Promise<unknown>;
}

/** What the transforms of a worker share. */
export interface Shared {
  frames: Frames;
  /** Codec by payload type, of the whole connection. */
  codecs: Map<number, string>;
  post: (e: WorkerEvent) => void;
  clock: () => number;
  counts: TransformCounts;
}

/** What is counted beside FrameStats. */
export interface TransformCounts {
  /** Frames of a codec that is unknown or has no layout, dropped. */
  unknownCodec: number;
  /** Frames that the codec's layout cannot hold, dropped before sealing. */
  unsealable: number;
  /** Empty payloads, which are padding and no frames, dropped. */
  empty: number;
  /** Frames dropped because something failed that should not. */
  faults: number;
  /** Key frames asked of the peer. */
  keyFrameRequests: number;
}

/** All zero. */
export function noCounts(): TransformCounts {
  return { unknownCodec: 0, unsealable: 0, empty: 0, faults: 0, keyFrameRequests: 0 };
}

/** One sender's or receiver's side of the worker. */
export interface Running {
  readonly side: 'send' | 'receive';
  /** New keys or streams are there: a key frame is worth asking for. */
  keysChanged(): void;
  /** The connection's path has come up. */
  settle(): void;
  /** Ends when the browser ends the streams. Never rejects. */
  done: Promise<void>;
}

/** Starts sealing or opening what comes from a transformer. */
export function run(t: Transformer, options: TransformOptions, shared: Shared): Running {
  // Firefox is the browser with generateKeyFrame.
  const gate = new Gate(options, t.generateKeyFrame !== undefined, shared.frames.keyed);
  const side = options.side === 'send' ? new Sending(t, options, shared) : new Receiving(t, options, shared);
  const give = (frame: EncodedFrame, to: TransformStreamDefaultController<EncodedFrame>) => {
    try {
      if (frame.data.byteLength === 0 || frame.type === 'empty') shared.counts.empty++;
      else if (side.handle(frame)) to.enqueue(frame);
    } catch {
      shared.counts.faults++; // the frame is dropped
    }
  };
  const transform = new TransformStream<EncodedFrame, EncodedFrame>({
    transform: (frame, to) => {
      if (gate.due === undefined) return give(frame, to);
      gate.keep();
      return gate.due.then(() => give(frame, to));
    },
  });
  const done = t.readable.pipeThrough(transform).pipeTo(t.writable).catch(() => undefined);
  const keysChanged = () => {
    if (shared.frames.keyed) gate.keyed();
    side.keysChanged();
  };
  return { side: options.side, keysChanged, settle: () => gate.settle(), done };
}

/** The layout of a frame's codec; undefined if that is unknown, of the other kind, or told in two ways. */
function layoutFor(frame: EncodedFrame, kind: 'audio' | 'video', codecs: Map<number, string>): Layout | undefined {
  const { payloadType, mimeType } = frame.getMetadata();
  const mapped = payloadType === undefined ? undefined : codecs.get(payloadType);
  const named = mimeType?.split('/')[1]?.split(';')[0];
  const layout = layoutOf(mapped ?? named ?? '');
  if (layout?.kind !== kind) return undefined;
  const contradicted = mapped !== undefined && named !== undefined && !alike(mapped, named);
  return contradicted ? undefined : layout;
}

/** Redundant audio is named by either of its two formats. */
function alike(a: string, b: string): boolean {
  const [x, y] = [layoutOf(a), layoutOf(b)];
  return a.toLowerCase() === b.toLowerCase() || (x?.kind === 'audio' && y?.kind === 'audio');
}

/** Puts bytes into a frame; they may be a view of something larger. */
function put(frame: EncodedFrame, b: Uint8Array): void {
  const whole = b.buffer instanceof ArrayBuffer && b.byteLength === b.buffer.byteLength;
  frame.data = whole ? (b.buffer as ArrayBuffer) : b.slice().buffer;
}

class Sending {
  #t: Transformer;
  #options: TransformOptions & { side: 'send' };
  #shared: Shared;
  #sealer: FrameSealer;

  constructor(t: Transformer, options: TransformOptions & { side: 'send' }, shared: Shared) {
    this.#t = t;
    this.#options = options;
    this.#shared = shared;
    this.#sealer = shared.frames.sealer(options.ctx);
  }

  handle(frame: EncodedFrame): boolean {
    const layout = layoutFor(frame, this.#options.kind, this.#shared.codecs);
    if (layout === undefined) {
      this.#shared.counts.unknownCodec++;
      return false;
    }
    const sealed = layout.seal(new Uint8Array(frame.data), frame.type === 'key', this.#sealer);
    if (typeof sealed === 'string') {
      if (sealed === 'unsealable') this.#shared.counts.unsealable++;
      return false;
    }
    put(frame, sealed);
    return true;
  }

  /** A receiver who lost frames around the switch need not ask. */
  keysChanged(): void {
    if (this.#options.kind !== 'video') return;
    const wanted = () => this.#shared.post({ event: 'keyFrameWanted', ctx: this.#options.ctx });
    if (this.#t.generateKeyFrame === undefined) wanted();
    else this.#t.generateKeyFrame().catch(wanted);
  }
}

class Receiving {
  #t: Transformer;
  #options: TransformOptions & { side: 'receive' };
  #shared: Shared;
  #opener: FrameOpener;
  #ask = new KeyRequest();
  #opened = false;
  #refusals = new Refusals();

  constructor(t: Transformer, options: TransformOptions & { side: 'receive' }, shared: Shared) {
    this.#t = t;
    this.#options = options;
    this.#shared = shared;
    this.#opener = shared.frames.opener(options.leaf, options.mid);
  }

  handle(frame: EncodedFrame): boolean {
    const layout = layoutFor(frame, this.#options.kind, this.#shared.codecs);
    if (layout === undefined) {
      this.#shared.counts.unknownCodec++;
      this.#refused('unknownCodec');
      return false;
    }
    const opened = layout.open(new Uint8Array(frame.data), this.#opener);
    if (typeof opened === 'string') {
      this.#refused(opened);
      this.#ask.need = true;
      this.#askIfDue();
      return false;
    }
    put(frame, opened);
    if (this.#refusals.opened()) this.#tell(false);
    this.#arrived(frame.type === 'key');
    return true;
  }

  keysChanged(): void {
    this.#ask.anew();
    this.#askIfDue();
  }

  #arrived(key: boolean): void {
    if (key) this.#ask.need = false;
    else if (!this.#opened) this.#ask.need = true;
    if (!this.#opened) this.#ask.anew(); // what was asked before was in vain
    this.#askIfDue();
    if (this.#opened) return;
    this.#opened = true;
    this.#shared.post({ event: 'first', mid: this.#options.mid });
  }

  /** Before the first keys of the call nothing can open, and nobody expects it. */
  #refused(reason: string): void {
    if (this.#shared.frames.keyed && this.#refusals.refused(this.#shared.clock())) this.#tell(true, reason);
  }

  #tell(refused: boolean, reason = ''): void {
    const { mid, kind } = this.#options;
    this.#shared.post({ event: 'refusedChanged', info: { mid, kind }, refused, reason });
  }

  #askIfDue(): void {
    if (this.#options.kind !== 'video' || this.#t.sendKeyFrameRequest === undefined) return;
    if (!this.#ask.due(this.#shared.clock())) return;
    this.#shared.counts.keyFrameRequests++;
    this.#t.sendKeyFrameRequest().catch(() => undefined); // the receiver is stopped
  }
}
