import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { failures } from './calls_person.mjs';
import { Stage } from './calls_stage.mjs';
import { until } from './ends.mjs';

const stage = new Stage();

/** A call of the page with the echo; the link is an invitation that the page made before. */
async function talking(browser) {
  const bot = await stage.bot('-mode', 'echo', '-max-calls', '1');
  const me = await stage.person(browser, (await bot.want('invitation')).url.replace('/#', '/?name=Quillfeather#'));
  await until('connected', async () => (await me.data('#contact', 'contact')) === 'confirmed');
  const link = await me.invites();
  await me.call();
  await me.state('connected');
  await bot.want('connected');
  await me.hearsAndSees();
  return { bot, me, link };
}

/** Nothing of the ringing is to be seen in the call, which goes on. */
async function undisturbed(bot, me) {
  assert.deepEqual(await me.page.evaluate(() => [document.getElementById('ringing').open, document.title]), [false, 'Sotto']);
  assert.equal(await me.data('body', 'view'), 'call');
  assert.equal(await me.data('body', 'callState'), 'connected');
  assert.deepEqual(bot.untaken('reconnecting'), []);
  await me.grows('pictures', async () => (await me.received('video')).framesDecoded, 15);
  assert.deepEqual(failures(await me.frames()), {});
}

describe('a busy line', () => {
  for (const browser of ['chromium', 'firefox']) {
    const other = browser === 'chromium' ? 'firefox' : 'chromium';

    it(`${browser} in a call answers a second program: busy`, { timeout: 60_000 },
      stage.run(`${browser} busy to go`, async () => {
        const { bot, me, link } = await talking(browser);
        const before = (await me.received('video')).framesDecoded;
        const { failed, said } = await stage.ringer(link);
        assert.equal(failed, 1);
        assert.match(said, /busy/i);
        assert.doesNotMatch(said, /no answer|declined/i);
        await undisturbed(bot, me);
        assert.ok((await me.received('video')).framesDecoded > before);
        await me.press('hangup');
        assert.equal((await bot.want('ended')).reason, 'left');
      }));

    it(`${browser} in a call answers a page: busy, and rings again when it is free`, { timeout: 60_000 },
      stage.run(`${browser} busy to ${other}`, async () => {
        const { bot, me, link } = await talking(browser);
        const they = await stage.person(other, link.replace('/#', '/?name=Marchbanks#'));
        await they.call();
        assert.deepEqual(await they.ended(), { kind: 'end-3', title: 'Quillfeather is busy' });
        assert.match(await they.text('ended-text'), /another call/);
        await undisturbed(bot, me);
        await me.press('hangup');
        await me.view('ended');
        await they.press('ended-again');
        assert.equal(await me.rings(), 'Marchbanks rings');
        await me.press('decline');
        assert.equal((await they.ended()).title, 'Quillfeather declined');
      }));

    it(`${browser} rings a program that is busy, and says so`, { timeout: 60_000 },
      stage.run(`${browser} hears busy`, async () => {
        const { bot, me } = await talking(other);
        const they = await stage.person(browser, (await bot.want('invitation')).url.replace('/#', '/?name=Marchbanks#'));
        await they.call();
        assert.deepEqual(await they.ended(), { kind: 'end-3', title: 'Echo bot is busy' });
        await undisturbed(bot, me);
      }));
  }
});
