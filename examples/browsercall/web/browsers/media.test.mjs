import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { End, connect, install, renegotiate, until } from './ends.mjs';
import { Harness } from './harness.mjs';

let harness;
before(async () => {
  harness = await Harness.start({ 'page.js': 'media_page.ts', 'worker.js': '../client/frames/worker.ts' });
});
after(() => harness.stop());

/** Two ends, in one page or in two. */
async function ends(a, b, same = false, options = {}) {
  const first = await harness.open(a);
  const second = same ? first : await harness.open(b);
  return [await End.make(first, 'caller', { callee: false, ...options }), await End.make(second, 'callee', { callee: true, ...options })];
}

const received = async (end, kind, index = 0) => (await end.call('stats')).received.filter((r) => r.kind === kind)[index];

/** Pictures and sound come, and go on coming. */
async function flows(end, index = 0) {
  const first = await until('frames are decoded', async () => {
    const video = await received(end, 'video', index);
    return video?.framesDecoded > 0 && video;
  });
  await until('ten more', async () => (await received(end, 'video', index)).framesDecoded >= first.framesDecoded + 10);
  await until('sound', async () => (await received(end, 'audio'))?.audioEnergy > 0);
}

/** Packets come, and nothing of them is decoded. */
async function silent(end) {
  const video = await received(end, 'video');
  const audio = await received(end, 'audio');
  assert.equal(video?.framesDecoded ?? 0, 0);
  assert.equal(audio?.audioEnergy ?? 0, 0);
}

const pairs = [['chromium', 'chromium'], ['firefox', 'firefox'], ['chromium', 'firefox'], ['firefox', 'chromium']];

describe('sealed media', () => {
  for (const [a, b] of pairs) {
    it(`flows between ${a} and ${b}, and only with the keys`, { timeout: 90_000 }, () => harness.run(`${a}-${b}`, async () => {
      const [caller, callee] = await ends(a, b);
      await connect(caller, callee);
      const [streams, theirs] = [await caller.call('conn.streams'), await callee.call('conn.streams')];
      assert.deepEqual(streams.map((s) => [s.ctx, s.kind, s.codec]), [[0, 'audio', 'opus'], [1, 'video', 'VP8']]);
      assert.deepEqual(theirs, streams);
      await callee.call('keys', 1, 7, streams); // the callee sends sealed frames; the caller has no key
      await until('sealed packets', async () => (await received(caller, 'video'))?.packets > 60);
      await silent(caller);
      await silent(callee); // the caller seals nothing, so it sends nothing
      assert.equal((await received(callee, 'video'))?.packets ?? 0, 0);
      await caller.call('keys', 1, 8, theirs); // a wrong key
      await until('packets under the wrong key', async () => (await received(callee, 'video'))?.packets > 30);
      await silent(caller);
      await silent(callee);
      await install(caller, callee, 2, 9);
      await flows(caller);
      await flows(callee);
    }));
  }

  it('flows between two connections of one page', { timeout: 60_000 }, () => harness.run('one page', async () => {
    const [caller, callee] = await ends('chromium', 'chromium', true);
    await connect(caller, callee);
    await install(caller, callee, 1, 7);
    await flows(caller);
    await flows(callee);
  }));
});
