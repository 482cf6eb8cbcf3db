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
  return [
    await End.make(first, 'caller', { callee: false, ...options }),
    await End.make(second, 'callee', { callee: true, ...options }),
  ];
}

const received = async (end, kind, index = 0) => (await end.call('stats')).received.filter((r) => r.kind === kind)[index];

/** Pictures and sound come, and go on coming. */
async function flows(end, index = 0) {
  const decoded = async () => (await received(end, 'video', index))?.framesDecoded ?? 0;
  let first = await until('frames are decoded', decoded);
  await until('ten more', async () => {
    const now = await decoded();
    first = Math.min(first, now); // Firefox counts anew when it makes its stream anew, which may be just now
    return now >= first + 10;
  });
  await until('sound', async () => (await received(end, 'audio'))?.audioEnergy > 0);
}

/** Packets come, and nothing of them is decoded. */
async function silent(end) {
  const video = await received(end, 'video');
  const audio = await received(end, 'audio');
  assert.equal(video?.framesDecoded ?? 0, 0);
  assert.equal(audio?.audioEnergy ?? 0, 0);
}

/** Lets the other side open what was added. */
async function declareAnew(from, to) {
  const leaf = (await from.call('leaf'));
  await to.call('frames.declare', leaf, await from.call('conn.streams'));
}

/** Nothing at all comes any more, not even silence. */
async function stopped(end) {
  const packets = async () => (await end.call('stats')).received.reduce((sum, r) => sum + r.packets, 0);
  let last = -1;
  await until('no packet within half a second', async () => {
    const before = last;
    last = await packets();
    await new Promise((next) => { setTimeout(next, 500); });
    return before >= 0 && before === await packets();
  }, 10_000);
}

/** Starts ICE anew. The answering side lets its candidates go ahead of its answer, as calls do where it is Firefox. */
async function restart(from, to) {
  const gathered = (end) => until('gathered again', async () => (await end.get('events')).filter((e) => e === 'gathered').length > 1);
  const offer = await from.call('conn.describe', true);
  assert.match(offer, /a=ice-ufrag/);
  const answer = await to.call('apply', offer, from.fingerprint, true);
  await gathered(to);
  await from.call('take', await to.get('candidates'));
  await from.call('described', answer, to.fingerprint);
  await gathered(from);
  await to.call('take', await from.get('candidates'));
}

const pairs = [['chromium', 'chromium'], ['firefox', 'firefox'], ['chromium', 'firefox'], ['firefox', 'chromium']];

describe('sealed media', () => {
  for (const [a, b] of pairs) {
    it(`flows between ${a} and ${b}, and only with the keys`, { timeout: 90_000 }, () => harness.run(`${a}-${b}`,
      async () => {
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

  for (const [a, b] of pairs) {
    it(`changes within a call between ${a} and ${b}`, { timeout: 120_000 }, () => harness.run(`changes-${a}-${b}`,
      async () => {
      const [caller, callee] = await ends(a, b);
      await connect(caller, callee);
      await install(caller, callee, 1, 7);
      await flows(callee);

      await caller.call('tell', [1, 2, 3]);
      await until('a message', async () => JSON.stringify(await callee.get('messages')) === '[[1,2,3]]');

      const screen = await callee.call('share', 'screen');
      assert.equal(screen.ctx, 2);
      await renegotiate(callee, caller);
      await declareAnew(callee, caller);
      await flows(caller, 1);

      await caller.call('conn.setMuted', 0, true);
      await caller.call('conn.setMuted', 1, true);
      await stopped(callee);
      await caller.call('conn.setMuted', 0, false);
      await caller.call('conn.setMuted', 1, false);
      await flows(callee);

      await caller.call('conn.hold', true);
      await renegotiate(caller, callee);
      await stopped(callee);
      await stopped(caller);
      await caller.call('conn.hold', false);
      await renegotiate(caller, callee);
      await flows(callee);
      await flows(caller, 1);

      await restart(caller, callee);
      await flows(callee);

      await callee.call('conn.removeTrack', 2);
      await renegotiate(callee, caller);
      assert.ok((await caller.get('events')).includes('trackEnded'));
      await flows(caller);
      await caller.call('close');
      await caller.call('close');
      await callee.call('close');
    }));
  }

  it('a second description is named anew when the first was dropped', { timeout: 60_000 }, () => harness.run('glare',
    async () => {
    const [caller, callee] = await ends('chromium', 'firefox');
    await connect(caller, callee);
    await install(caller, callee, 1, 7);
    await callee.call('share', 'screen');
    await caller.call('share', 'screen');
    const crossed = await callee.call('conn.describe', false);
    const declared = await callee.call('conn.streams');
    const offer = await caller.call('conn.describe', false);
    await assert.rejects(caller.call('apply', crossed, callee.fingerprint, true), /crossed/);
    const answer = await callee.call('apply', offer, caller.fingerprint, true);
    await caller.call('described', answer, callee.fingerprint);
    await declareAnew(caller, callee);
    await caller.call('frames.declare', 1, declared);
    await renegotiate(callee, caller);
    await declareAnew(callee, caller); // the same ctx under another mid would be refused
    await flows(caller, 1);
    await flows(callee, 1);
  }));
});
