import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Stage } from './calls_stage.mjs';
import { until } from './ends.mjs';

const stage = new Stage();

/** Somebody with two windows of one browser, so with one identity, and their contact in another browser. */
async function twoWindows(browser, other) {
  const bot = await stage.bot();
  const [first, they] = await stage.couple(bot, [browser, ''], [other, '']);
  const second = await stage.window(first, browser, bot.page);
  await until('the second window is online', async () => (await second.data('body', 'relay')) === 'reached');
  assert.equal(await second.text('contact-name'), 'Marchbanks'); // the same contacts
  return [first, second, they];
}

/** What a window says whose person has answered, or declined, in the other one. */
async function takenElsewhere(me, connections = 0) {
  assert.deepEqual(await me.ended(), { kind: 'end-6', title: 'Taken elsewhere' });
  assert.match(await me.text('ended-text'), /Another window or device of yours/);
  assert.equal(await me.page.evaluate(() => document.getElementById('ringing').open), false);
  assert.equal(await me.page.evaluate(() => window.probe.connections()), connections);
}

describe('two windows of one person', () => {
  for (const [browser, other] of [['chromium', 'firefox'], ['firefox', 'chromium']]) {
    it(`${browser}: both ring, one takes the call`, { timeout: 60_000 }, stage.run(`windows of ${browser}`, async () => {
      const [first, second, they] = await twoWindows(browser, other);
      await they.call();
      assert.deepEqual(await Promise.all([first.rings(), second.rings()]), ['Marchbanks rings', 'Marchbanks rings']);
      await second.press('accept');
      await Promise.all([second.state('connected'), they.state('connected')]);
      await takenElsewhere(first);
      assert.deepEqual(await second.emoji(), await they.emoji());
      await Promise.all([second.hearsAndSees(), they.hearsAndSees()]);
      await second.press('hangup');
      assert.equal((await they.ended()).title, 'Quillfeather hung up');
      await they.press('ended-again'); // and the other way round, after that
      await Promise.all([first.rings(), second.rings()]);
      await first.press('accept');
      await Promise.all([first.state('connected'), they.state('connected')]);
      await takenElsewhere(second, 1); // of the call before
    }));

    it(`${browser}: both answer at once, one is in the call`, { timeout: 60_000 }, stage.run(`windows of ${browser} race`, async () => {
      const [first, second, they] = await twoWindows(browser, other);
      await they.call();
      await Promise.all([first.rings(), second.rings()]);
      // In the same moment, in the pages themselves: a pointer would come to the second when the button is gone.
      await Promise.all([first, second].map((w) => w.page.evaluate(() => document.getElementById('accept').click())));
      await they.state('connected');
      const views = () => Promise.all([first, second].map((w) => w.data('body', 'callState')));
      await until('one has it', async () => (await views()).sort().join() === 'connected,ended');
      const [mine, idle] = (await views())[0] === 'connected' ? [first, second] : [second, first];
      await takenElsewhere(idle, 1); // opened for its answer
      await Promise.all([mine.hearsAndSees(), they.hearsAndSees()]);
    }));

    it(`${browser}: one says no, or they give up, and both know`, { timeout: 60_000 },
      stage.run(`windows of ${browser} decline`, async () => {
        const [first, second, they] = await twoWindows(browser, other);
        await they.call();
        await Promise.all([first.rings(), second.rings()]);
        await first.press('decline');
        assert.equal((await they.ended()).title, 'Quillfeather declined');
        await takenElsewhere(second);
        await they.press('ended-again');
        await Promise.all([first.rings(), second.rings()]);
        await they.state('ringing');
        await they.press('hangup');
        assert.deepEqual((await Promise.all([first.ended(), second.ended()])).map((e) => e.title), ['Missed', 'Missed']);
      }));
  }
});
