import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { describe, it } from 'node:test';
import { failures } from './calls_person.mjs';
import { Stage } from './calls_stage.mjs';
import { pass } from './clock.mjs';
import { until } from './ends.mjs';
import { frames } from './recordings.mjs';

const stage = new Stage({ 'page.js': 'calls_page.ts', 'worker.js': '../client/frames/worker.ts' });

/** How long there may be no frame, in milliseconds: 100, and as exact as the times are. */
const limit = 102;

/** The longest pause in a list of times of the same unit. */
const longest = (times) => times.slice(1).reduce((max, t, i) => Math.max(max, t - times[i]), 0);

describe('new keys in a call', () => {
  // Who rang makes the Commit; who was rung asks for it.
  for (const [browser, role, ...args] of [
    ['chromium', 'dial'], ['firefox', 'dial'], ['chromium', 'answer', '-ring', 'Marchbanks'], ['firefox', 'answer', '-ring', 'Marchbanks'],
  ]) {
    const title = `${browser} ${role === 'dial' ? 'makes' : 'asks for'} them, and no frame is missed`;
    it(title, { timeout: 60_000 }, stage.run(title, async () => {
      const bot = await stage.bot('-mode', 'clip', '-out', await stage.recordings(), ...args);
      const me = await stage.guest(browser);
      await me.page.evaluate(([r, link]) => window.guest[r](link), [role, (await bot.want('invitation')).url]);
      await bot.want('connected');
      await me.hearsAndSees();
      await pass(2000);
      const before = await me.received('video');
      await me.page.evaluate(() => window.guest.call.renewKeys());
      assert.equal((await bot.want('keys', (e) => e.epoch > 1)).epoch, 2);
      await until('the page has new keys', () => me.page.evaluate(() => window.guest.events.includes('keys 2')));
      await pass(3000);
      const last = await me.lastLook(() => me.page.evaluate(() => window.guest.call.hangup()));
      const ended = await bot.want('ended');
      assert.equal(ended.reason, 'left');
      assert.deepEqual(failures(last.frames), {});
      assert.ok(last.video.keyFramesDecoded > before.keyFramesDecoded, 'a key frame of the program after the new keys');
      const sent = ended.sent.find((t) => t.kind === 'video').frames;
      const lost = sent - last.video.framesDecoded;
      assert.ok(lost <= limit * 30 / 1000, `${lost} frames of the program, 30 a second, were not decoded`);
      for (const t of ended.received) assert.ok(!t.failed && !t.missing, JSON.stringify(t));
      const recorded = frames(await readFile(ended.files.find((f) => f.endsWith('.ivf'))));
      const renewed = recorded.findIndex((f, i) => f.key && i > 20);
      assert.ok(renewed > 0, 'a key frame of the page after the new keys');
      const around = longest(recorded.slice(renewed - 15, renewed + 15).map((f) => f.time));
      assert.ok(around <= limit, `${around} ms without a frame in the recording`);
    }));
  }
});
