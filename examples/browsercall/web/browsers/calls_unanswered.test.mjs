import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Stage } from './calls_stage.mjs';
import { until } from './ends.mjs';

const stage = new Stage();
const short = 'ring-for=4';

/** No connection was made, no device is open any more. */
async function nothingIsLeft(me) {
  assert.equal(await me.page.evaluate(() => document.getElementById('self-video').srcObject), null);
  assert.equal(await me.data('body', 'callState'), 'ended');
}

describe('nobody answers', () => {
  for (const [from, to] of [['chromium', 'firefox'], ['firefox', 'chromium']]) {
    it(`${from} rings ${to} until it rings out`, { timeout: 60_000 }, stage.run(`${from} rings out`, async () => {
      const [callee, caller] = await stage.couple(await stage.bot(), [to, ''], [from, short]);
      await caller.call();
      const [title] = await Promise.all([callee.rings(), caller.state('ringing')]); // each for 4 s
      assert.equal(title, 'Marchbanks rings');
      assert.deepEqual(await caller.ended(), { kind: 'end-4', title: 'No answer' });
      assert.match(await caller.text('ended-text'), /Quillfeather's side, and nobody answered/);
      await nothingIsLeft(caller);
      assert.deepEqual(await callee.ended(), { kind: 'end-4', title: 'Missed' });
      assert.match(await callee.text('ended-text'), /Marchbanks rang, and nobody answered/);
      assert.equal(await callee.page.evaluate(() => document.getElementById('ringing').open), false);
      assert.equal(await callee.page.evaluate(() => window.probe.connections()), 0);
    }));

    it(`${from} gives up while ${to} rings`, { timeout: 60_000 }, stage.run(`${from} gives up`, async () => {
      const [callee, caller] = await stage.couple(await stage.bot(), [to, ''], [from, '']);
      await caller.call();
      await callee.rings();
      await caller.state('ringing');
      await caller.press('hangup');
      assert.deepEqual(await caller.ended(), { kind: 'end-5', title: 'Cancelled' });
      assert.match(await caller.text('ended-text'), /Quillfeather was told that you gave up/);
      await nothingIsLeft(caller);
      assert.deepEqual(await callee.ended(), { kind: 'end-5', title: 'Missed' });
      assert.match(await callee.text('ended-text'), /Marchbanks gave up before you answered/);
      assert.equal(await callee.page.evaluate(() => document.getElementById('ringing').open), false);
      await callee.press('ended-again'); // the way back
      assert.equal(await caller.rings(), 'Quillfeather rings');
      await callee.press('hangup');
      await until('the end of that', async () => (await caller.ended()).title === 'Missed'); // not the card of the first
    }));
  }

  for (const browser of ['chromium', 'firefox']) {
    it(`the program rings ${browser} until it rings out`, { timeout: 60_000 }, stage.run(`go to ${browser} rings out`, async () => {
      const bot = await stage.bot('-ring', 'Marchbanks', '-ring-for', '4s');
      const me = await stage.person(browser, (await bot.want('invitation')).url.replace('/#', '/?name=Marchbanks#'));
      assert.equal(await me.rings(), 'Clip bot rings');
      const ended = await bot.want('ended');
      assert.deepEqual([ended.reason, ended.remote], ['timed out', false]);
      assert.deepEqual(await me.ended(), { kind: 'end-4', title: 'Missed' });
      assert.match(await me.text('ended-text'), /Clip bot rang, and nobody answered/);
    }));
  }

  it('a page stops to ring by itself', { timeout: 60_000 }, stage.run('page rings out', async () => {
    const [callee, caller] = await stage.couple(await stage.bot(), ['chromium', 'ring-for=3'], ['chromium', '']);
    await caller.call();
    await callee.rings();
    assert.deepEqual(await callee.ended(), { kind: 'end-4', title: 'Missed' });
    assert.equal(await caller.data('body', 'callState'), 'ringing'); // another device may answer yet
    await caller.press('hangup');
    await until('it ends', async () => (await caller.data('body', 'view')) === 'ended');
    assert.equal((await callee.ended()).title, 'Missed');
  }));
});
