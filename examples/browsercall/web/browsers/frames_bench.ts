// A worker that measures what sealing and opening one frame costs, and posts the medians in ms.
import { Frames } from '../client/frames/frames.ts';
import { layoutOf } from '../client/frames/layout.ts';

function side(ownLeaf: number): Frames {
  const f = new Frames();
  f.install({ epoch: 1, baseKey: new Uint8Array(32).fill(1), ownLeaf, leaves: [0, 1] });
  f.switchSend(1);
  f.declare(1 - ownLeaf, [{ ctx: 1, mid: '1', kind: 'video', codec: 'VP8' }]);
  return f;
}

/** Medians over rounds, each of as many frames as a clock of 1 ms can tell. */
function measure(codec: string, bytes: number): { seal: number; open: number } {
  const sealer = side(0).sealer(1);
  const opener = side(1).opener(0, '1');
  const layout = layoutOf(codec)!;
  const frame = crypto.getRandomValues(new Uint8Array(bytes));
  frame.set([0, 0, 0, 1, 0x41, 0x9a]); // H264 wants a slice
  const [seals, opens]: [number[], number[]] = [[], []];
  for (let round = 0; round < 60; round++) {
    const start = performance.now();
    const sealed = Array.from({ length: 25 }, () => layout.seal(frame, false, sealer));
    const between = performance.now();
    const opened = sealed.filter((s) => typeof s !== 'string' && typeof layout.open(s, opener) !== 'string');
    const end = performance.now();
    if (opened.length !== 25) throw new Error(`${codec}: frames were lost`);
    seals.push((between - start) / 25);
    opens.push((end - between) / 25);
  }
  const median = (a: number[]) => a.sort((x, y) => x - y)[a.length >> 1]!;
  return { seal: median(seals), open: median(opens) };
}

postMessage(Object.fromEntries(['VP8', 'H264'].map((codec) => [codec, measure(codec, 10_000)])));
