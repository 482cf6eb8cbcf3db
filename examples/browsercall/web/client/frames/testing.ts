/** What the tests of frames share: the two sides of a call under a clock that stands until it is moved. */
import { hex, utf8 } from '../bytes.ts';
import type { Drop } from './errors.ts';
import { Frames } from './frames.ts';
import type { Stream } from './streams.ts';

/** Stands for the MLS exporter: members of an epoch have the same. */
export function baseKeyOf(epoch: number): Uint8Array {
  return Uint8Array.from({ length: 32 }, (_, i) => (i % 2 === 0 ? epoch & 255 : 0xb5));
}

/** The streams of a usual call. */
export const mic: Stream = { ctx: 0, mid: '0', kind: 'audio', codec: 'opus' };
export const camera: Stream = { ctx: 1, mid: '1', kind: 'video', codec: 'VP8' };
export const screen: Stream = { ctx: 2, mid: '2', kind: 'video', codec: 'VP8' };

/** One member's end of a call. */
export class Side {
  now = 1_000;
  frames = new Frames(() => this.now);
  own: number;

  constructor(own: number) {
    this.own = own;
  }

  install(epoch: number, ...leaves: number[]): void {
    this.frames.install({ epoch, baseKey: baseKeyOf(epoch), ownLeaf: this.own, leaves });
  }

  use(epoch: number, ...leaves: number[]): void {
    this.install(epoch, ...leaves);
    this.frames.switchSend(epoch);
  }

  seal(ctx: number, frame: string, clear: Uint8Array = Uint8Array.of(1)): Uint8Array {
    const sealed = this.frames.sealer(ctx).seal(clear, utf8(frame));
    if (typeof sealed === 'string') throw new Error(`not sealed: ${sealed}`);
    return sealed;
  }

  /** The frame as text, or why it was dropped in brackets. */
  open(leaf: number, mid: string, sealed: Uint8Array, clear: Uint8Array = Uint8Array.of(1)): string {
    const frame = this.frames.opener(leaf, mid).open(clear, sealed);
    return typeof frame === 'string' ? `<${frame satisfies Drop}>` : new TextDecoder().decode(frame);
  }
}

/** A call for two in epoch 1: alice is leaf 0, bob leaf 1; both have declared microphone, camera and screen. */
export function pair(): { alice: Side; bob: Side } {
  const [alice, bob] = [new Side(0), new Side(1)];
  for (const s of [alice, bob]) {
    s.use(1, 0, 1);
    s.frames.declare(1 - s.own, [mic, camera, screen]);
  }
  return { alice, bob };
}

/** Numbers from 0 to below n, the same at every run. */
export function dice(seed: number): (n: number) => number {
  let state = seed;
  return (n) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * n);
  };
}

/** Whether some bytes stand in others. */
export function contains(b: Uint8Array, part: Uint8Array): boolean {
  return hex(b).includes(hex(part));
}
