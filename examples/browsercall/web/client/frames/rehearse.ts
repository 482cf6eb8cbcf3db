import { random } from '../bytes.ts';
import { Frames } from './frames.ts';
import { layoutOf } from './layout.ts';

/** Calls, frames in each and their size: about as much as it takes until a browser has made fast code of all of it. */
const calls = 8;
const frames = 10;
const size = 16_000;

/** Seals and opens frames under keys that nobody has, so that a call's first frames do not wait for the compiler. */
export function rehearseFrames(): void {
  detach();
  for (let i = 0; i < calls; i++) rehearse();
}

/**
 * Takes memory away under more than one view, as a real frame does when it goes on its way. Chromium throws away all
 * fast code that counts on this never happening when it happens first: a call's first picture took 10 to 25 ms to open.
 */
function detach(): void {
  const gone = new Uint8Array(64);
  const views = [gone, gone.subarray(1), new Uint8Array(gone.buffer)];
  structuredClone(gone, { transfer: [gone.buffer] });
  if (views.some((v) => v.length > 0)) throw new Error('a buffer was copied where it had to be moved');
}

function rehearse(): void {
  const baseKey = random(32);
  const [from, to] = [0, 1].map((ownLeaf) => {
    const f = new Frames();
    f.install({ epoch: 1, baseKey, ownLeaf, leaves: [0, 1] });
    f.switchSend(1);
    f.declare(1 - ownLeaf, [{ ctx: 1, mid: '1', kind: 'video', codec: 'VP8' }]);
    return f;
  }) as [Frames, Frames];
  const layout = layoutOf('VP8');
  for (let i = 0; i < frames; i++) {
    const sealed = layout?.seal(random(size), false, from.sealer(1));
    if (sealed instanceof Uint8Array) layout?.open(sealed, to.opener(0, '1'));
  }
  from.destroy();
  to.destroy();
}
