import { FramesError } from './errors.ts';

/** The highest ctx of a stream, so that a KID stays short. */
export const maxContext = 4095;
/** How many streams one member may declare, and we may send, in a call. It bounds the keys derived in one epoch. */
export const maxStreams = 64;

/** One encoder's output as its sender declares it, in Accept, Welcome or Describe. */
export interface Stream {
  /** Context of its keys: 0 audio, 1 camera, 2 screen, 3 screen audio, then in order; at most maxContext. */
  ctx: number;
  /** Media section, 1 to 32 bytes. */
  mid: string;
  /** Simulcast layer, at most 32 bytes. */
  rid?: string;
  kind: 'audio' | 'video';
  /** 1 to 32 bytes. */
  codec: string;
}

/** What each member has declared, well-formed as every message is. A ctx keeps its stream for the member's life. */
export class Streams {
  #of = new Map<number, Stream[]>();

  /** Adds a declaration: all of it, or nothing and a FramesError `streams`. The same again changes nothing. */
  declare(leaf: number, streams: readonly Stream[]): void {
    const all = [...(this.#of.get(leaf) ?? [])];
    for (const s of streams) {
      const known = all.find((d) => d.ctx === s.ctx);
      if (known !== undefined) {
        if (!same(known, s)) throw new FramesError('streams', `ctx ${s.ctx} was declared otherwise`);
        continue;
      }
      if (all.length === maxStreams) throw new FramesError('streams', `more than ${maxStreams} streams are declared`);
      all.push({ ctx: s.ctx, mid: s.mid, rid: s.rid ?? '', kind: s.kind, codec: s.codec });
    }
    this.#of.set(leaf, all);
  }

  get(leaf: number, ctx: number): Stream | undefined {
    return this.#of.get(leaf)?.find((s) => s.ctx === ctx);
  }

  forget(leaf: number): void {
    this.#of.delete(leaf);
  }

  clear(): void {
    this.#of.clear();
  }
}

function same(a: Stream, b: Stream): boolean {
  return a.mid === b.mid && (a.rid ?? '') === (b.rid ?? '') && a.kind === b.kind && a.codec === b.codec;
}
