import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Stage } from './calls_stage.mjs';
import { until } from './ends.mjs';

const stage = new Stage();

/** The safety number that the page shows, as it is open. */
async function number(me) {
  await until('a number', async () => /^[\d\s]{60,}$/.test(await me.text('verify-number')));
  return (await me.text('verify-number')).replace(/\s/g, '');
}

const trust = (me, where) => me.data(`#${where}-trust`, 'trust');
const open = (me) => me.page.evaluate(() => document.getElementById('verify').open);

/** Calls, waits until the page says that of the contact, and hangs up. */
async function calls(me, bot, button, trusted) {
  await me.press(button);
  await me.state('connected');
  const { safetyNumber } = await bot.want('connected');
  assert.equal(await trust(me, 'call'), trusted);
  await me.press('verify-open');
  assert.equal(await number(me), safetyNumber.replace(/\s/g, ''));
  await me.press('verify-close');
  await me.press('hangup');
  await me.view('ended');
  await bot.want('ended');
}

describe('a safety number', () => {
  for (const browser of ['chromium', 'firefox']) {
    it(`of ${browser} is that of the program, and what was compared is remembered`, { timeout: 60_000 },
      stage.run(`${browser} verifies`, async () => {
        const bot = await stage.bot();
        const me = await stage.person(browser, (await bot.want('invitation')).url);
        const { safetyNumber } = await bot.want('contact');
        await until('connected', async () => (await me.data('#contact', 'contact')) === 'confirmed');
        assert.equal(await trust(me, 'contact'), 'new');
        await calls(me, bot, 'call-video', 'new');
        await me.press('ended-back');

        await me.press('contact-compare');
        assert.equal(await number(me), safetyNumber.replace(/\s/g, ''));
        await me.press('verify-match');
        await until('it is verified', async () => (await trust(me, 'contact')) === 'verified' && !(await open(me)));
        await calls(me, bot, 'call-video', 'verified'); // the second call knows

        await me.page.goto(bot.page); // what is kept of it outlives the page
        await me.view('contact');
        assert.equal(await trust(me, 'contact'), 'verified');
        await me.press('contact-compare');
        await me.press('verify-differ');
        await until('the page warns', async () => (await me.data('#verify-state', 'state')) === 'differ');
        assert.match(await me.text('verify-state'), /do not trust/);
        assert.ok(await open(me));
        await until('nothing is verified', async () => (await trust(me, 'contact')) === 'new');
        await me.press('verify-close');
        await calls(me, bot, 'call-video', 'new');
      }));
  }
});
