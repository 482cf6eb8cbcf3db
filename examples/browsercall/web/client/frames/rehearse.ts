import { random } from '../bytes.ts';
import { Frames } from './frames.ts';
import { layoutOf } from './layout.ts';

/** Frames and their size: about as much as it takes until a browser has made fast code of what seals and opens. */
const rounds = 20;
const size = 8_000;

/** Seals and opens frames under a key that nobody has, so that the first frames of a call do not wait for the compiler. */
export function rehearseFrames(): void {
  const baseKey = random(32);
  const [from, to] = [0, 1].map((ownLeaf) => {
    const f = new Frames();
    f.install({ epoch: 1, baseKey, ownLeaf, leaves: [0, 1] });
    f.switchSend(1);
    f.declare(1 - ownLeaf, [{ ctx: 1, mid: '1', kind: 'video', codec: 'VP8' }]);
    return f;
  }) as [Frames, Frames];
  const layout = layoutOf('VP8');
  for (let i = 0; i < rounds; i++) {
    const sealed = layout?.seal(random(size), false, from.sealer(1));
    if (sealed instanceof Uint8Array) layout?.open(sealed, to.opener(0, '1'));
  }
  from.destroy();
  to.destroy();
}
