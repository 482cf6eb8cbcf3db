/** The worker without its global scope: it answers the page and runs the transforms. */
import type { FrameEpoch } from './epoch.ts';
import { FramesError } from './errors.ts';
import { Frames } from './frames.ts';
import { type Answer, type Ask, isOptions, type Request, type WorkerEvent, type WorkerStats } from './messages.ts';
import { noCounts, run, type Running, type Shared, type Transformer } from './transform.ts';

/** All of one call's frames. */
export class Desk {
  #post: (m: Answer | WorkerEvent) => void;
  #shared: Shared;
  #running = new Set<Running>();
  #timer: ReturnType<typeof setTimeout> | undefined;

  /** post brings a message to the page. clock tells milliseconds that never go back. */
  constructor(post: (m: Answer | WorkerEvent) => void, clock: () => number = () => performance.now()) {
    this.#post = post;
    this.#shared = { frames: new Frames(clock), codecs: new Map(), post, clock, counts: noCounts() };
  }

  /** Answers one request. */
  handle(r: Request): void {
    try {
      const stats = this.#do(r);
      this.#post(stats === undefined ? { id: r.id } : { id: r.id, stats });
    } catch (e) {
      const known = e instanceof FramesError;
      const answer = { id: r.id, error: known ? e.message : `the frame worker could not do ${r.op}` };
      this.#post(known ? { ...answer, code: e.code } : answer);
    }
  }

  /** Takes a transformer over. With options that are none of ours its frames go nowhere. */
  transform(t: Transformer, options: unknown): void {
    if (!isOptions(options)) {
      this.#shared.counts.faults++;
      return;
    }
    const running = run(t, options, this.#shared);
    this.#running.add(running);
    void running.done.then(() => this.#running.delete(running));
  }

  #do(r: Ask): WorkerStats | undefined {
    const { frames, codecs } = this.#shared;
    switch (r.op) {
      case 'install':
        this.#install(r.epoch);
        break;
      case 'switchSend':
        if (frames.switchSend(r.epoch)) this.#keysChanged('send');
        break;
      case 'stopSend':
        frames.stopSend();
        break;
      case 'declare':
        frames.declare(r.leaf, r.streams);
        this.#keysChanged('receive');
        break;
      case 'codecs': // what is on its way still has payload types of before
        for (const c of r.map) codecs.set(c.payloadType, c.codec);
        break;
      case 'connected':
        for (const r of this.#running) r.settle();
        break;
      case 'stats':
        return { ...frames.stats(), ...this.#shared.counts };
    }
    return undefined;
  }

  #install(e: FrameEpoch): void {
    try {
      this.#shared.frames.install(e);
    } finally {
      if (e.baseKey instanceof Uint8Array) e.baseKey.fill(0); // this was the worker's own copy
    }
    this.#schedule();
    this.#keysChanged('receive');
  }

  #keysChanged(side: 'send' | 'receive'): void {
    for (const r of this.#running) if (r.side === side) r.keysChanged();
  }

  /** Wakes when the next old keys have to go. */
  #schedule(): void {
    clearTimeout(this.#timer);
    const at = this.#shared.frames.nextExpiry();
    if (at === undefined) return;
    this.#timer = setTimeout(() => {
      this.#shared.frames.expire(this.#shared.clock());
      this.#schedule();
    }, Math.max(0, Math.ceil(at - this.#shared.clock())));
  }
}
