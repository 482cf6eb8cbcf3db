import type { FrameEpoch } from './epoch.ts';
import { FramesError } from './errors.ts';
import type { Answer, Ask, PayloadCodec, TransformOptions, WorkerEvent, WorkerStats } from './messages.ts';
import type { Stream } from './streams.ts';

/** How long the worker may take for an answer, in ms: it has nothing to wait for. */
const patience = 10_000;

/** Reports whether this browser can seal frames: RTCRtpScriptTransform, on senders and receivers, and workers. */
export function supported(): boolean {
  return typeof RTCRtpScriptTransform === 'function' && typeof Worker === 'function' &&
    typeof RTCRtpSender === 'function' && 'transform' in RTCRtpSender.prototype &&
      'transform' in RTCRtpReceiver.prototype;
}

interface Waiting {
  resolve: (a: Answer) => void;
  reject: (e: Error) => void;
  timer: ReturnType<typeof setTimeout>;
}

/**
 * The page's handle of a call's frame keys, which live in a Worker of their own. Events, all CustomEvents:
 *
 * - `first` {mid}: the first frame of this media section was opened.
 * - `refusedChanged` {info, refused, reason}: frames of this media section have come for seconds and none opens, the last
 *   for this reason (drops in errors.ts, or unknownCodec); or they open again. Single frames are counted, and not told.
 * - `keyFrameWanted` {ctx}: this stream's encoder should make a key frame, and the worker cannot ask it to.
 * - `died` {}: the worker has failed; no frame is sealed or opened any more, and every request is rejected.
 *
 * Requests are answered in order; they reject with FramesError for what the keys' rules refuse.
 */
export class FrameWorker extends EventTarget {
  #worker: Worker;
  #next = 1;
  #waiting = new Map<number, Waiting>();
  #dead: Error | undefined;

  /** url is the built worker.ts, of the page's own origin. */
  constructor(url: string | URL) {
    super();
    this.#worker = new Worker(url, { type: 'module', name: 'frames' });
    this.#worker.onmessage = (e: MessageEvent<Answer | WorkerEvent>) => this.#heard(e.data);
    this.#worker.onerror = (e) => {
      e.preventDefault();
      this.#die(new Error('the frame worker has failed: is its script there, and of this build?'));
    };
    this.#worker.onmessageerror = () => this.#die(new Error('the frame worker has sent what cannot be read'));
  }

  /** Lets frames of this epoch be opened. The base key is copied; the caller wipes its own. */
  async install(e: FrameEpoch): Promise<void> {
    const baseKey = e.baseKey.slice();
    const epoch: FrameEpoch = { ...e, baseKey, leaves: [...e.leaves] };
    await this.#ask({ op: 'install', epoch }, [baseKey.buffer]); // moved, so that none stays here
  }

  /** Seals with this epoch's keys from now on; there is no way back. */
  async switchSend(epoch: number): Promise<void> {
    await this.#ask({ op: 'switchSend', epoch });
  }

  /** Seals nothing more, for good; what arrives is still opened. */
  async stopSend(): Promise<void> {
    await this.#ask({ op: 'stopSend' });
  }

  /** Adds what the member at this leaf says that it sends: all of it, or nothing. */
  async declare(leaf: number, streams: Stream[]): Promise<void> {
    await this.#ask({ op: 'declare', leaf, streams });
  }

  /** The payload types of the whole connection, after each negotiation. */
  async codecs(map: PayloadCodec[]): Promise<void> {
    await this.#ask({ op: 'codecs', map });
  }

  /** The connection's path has come up: receivers that waited for it wait no longer. */
  async connected(): Promise<void> {
    await this.#ask({ op: 'connected' });
  }

  /** Counts of frames. */
  async stats(): Promise<WorkerStats> {
    const a = await this.#ask({ op: 'stats' });
    if ('stats' in a && a.stats !== undefined) return a.stats;
    throw new Error('the frame worker gave no statistics');
  }

  /** What seals a sender's frames. Set it before negotiation; without a key yet frames are dropped. */
  sender(ctx: number, kind: 'audio' | 'video'): RTCRtpScriptTransform {
    return this.#transform({ side: 'send', ctx, kind });
  }

  /** What opens a receiver's frames; the streams may be declared later. */
  receiver(leaf: number, mid: string, kind: 'audio' | 'video'): RTCRtpScriptTransform {
    return this.#transform({ side: 'receive', leaf, mid, kind });
  }

  /** Ends the worker, and with it every key. Requests under way are rejected. It may be called again. */
  destroy(): void {
    this.#end(new FramesError('destroyed', 'the frame keys of this call are destroyed'));
  }

  #transform(options: TransformOptions): RTCRtpScriptTransform {
    if (this.#dead !== undefined) throw this.#dead;
    return new RTCRtpScriptTransform(this.#worker, options);
  }

  #ask(ask: Ask, transfer: Transferable[] = []): Promise<Answer> {
    return new Promise((resolve, reject) => {
      if (this.#dead !== undefined) throw this.#dead;
      const id = this.#next++;
      this.#worker.postMessage({ ...ask, id }, transfer); // throws for what cannot be sent
      const silent = () => this.#die(new Error('the frame worker does not answer'));
      this.#waiting.set(id, { resolve, reject, timer: setTimeout(silent, patience) });
    });
  }

  #heard(m: Answer | WorkerEvent): void {
    if ('event' in m) {
      const { event, ...detail } = m;
      this.dispatchEvent(new CustomEvent(event, { detail }));
      return;
    }
    const waiting = this.#waiting.get(m.id);
    if (waiting === undefined) return;
    this.#waiting.delete(m.id);
    clearTimeout(waiting.timer);
    if ('error' in m) waiting.reject(errorOf(m.error, m.code));
    else waiting.resolve(m);
  }

  #die(why: Error): void {
    if (this.#dead !== undefined) return;
    this.#end(why);
    this.dispatchEvent(new CustomEvent('died', { detail: {} }));
  }

  #end(why: Error): void {
    if (this.#dead !== undefined) return;
    this.#dead = why;
    this.#worker.terminate();
    for (const w of this.#waiting.values()) {
      clearTimeout(w.timer);
      w.reject(why);
    }
    this.#waiting.clear();
  }
}

function errorOf(message: string, code: string | undefined): Error {
  if (code === 'epoch' || code === 'streams' || code === 'destroyed') return new FramesError(code, message);
  return new Error(message);
}
