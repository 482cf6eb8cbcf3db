import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { flows } from './calls_freezes.mjs';
import { Stage } from './calls_stage.mjs';
import { until } from './ends.mjs';

const stage = new Stage();

/** The program rings the page as soon as it is a contact. */
async function rung(browser, name) {
  const bot = await stage.bot('-ring', name, '-mode', 'clip');
  const link = (await bot.want('invitation')).url.replace('/#', `/?name=${name}#`);
  const me = await stage.person(browser, link);
  await until('it rings', () => me.page.evaluate(() => document.getElementById('ringing').open));
  assert.match(await me.text('ringing-title'), /Clip bot/);
  return [bot, me];
}

describe('the program rings a page', () => {
  for (const browser of ['chromium', 'firefox']) {
    it(`${browser} accepts`, { timeout: 60_000 }, stage.run(`go to ${browser}`, async () => {
      const [bot, me] = await rung(browser, 'Marchbanks');
      await me.press('accept');
      await me.state('connected');
      const connected = await bot.want('connected');
      assert.deepEqual([connected.by, connected.name], ['us', 'Marchbanks']);
      assert.deepEqual(await me.emoji(), connected.emoji);
      await me.hearsAndSees();
      await flows(3000, me);
      await until('the program is sent frames', async () => (await me.sent('video'))?.framesEncoded > 10);
      bot.interrupt();
      assert.deepEqual(await me.ended(), { kind: 'end-1', title: 'Clip bot hung up' });
      const ended = await bot.want('ended');
      assert.deepEqual([ended.reason, ended.remote], ['left', false]);
      for (const t of ended.received) assert.ok(t.opened > 5 && !t.failed, JSON.stringify(t));
    }));

    it(`${browser} declines`, { timeout: 60_000 }, stage.run(`${browser} declines`, async () => {
      const [bot, me] = await rung(browser, 'Marchbanks');
      await me.press('decline');
      const ended = await bot.want('ended');
      assert.deepEqual([ended.reason, ended.remote], ['declined', true]);
      await me.view('contact');
      assert.equal(await me.page.evaluate(() => window.probe.connections()), 0); // none before the accept
    }));
  }

  it('a ringing that stops is told as a missed call', { timeout: 60_000 },
    stage.run('cancelled', async () => {
      const [bot, me] = await rung('chromium', 'Marchbanks');
      bot.interrupt();
      assert.equal((await me.ended()).title, 'Missed');
      const ended = await bot.want('ended');
      assert.deepEqual([ended.reason, ended.remote], ['cancelled', false]);
    }));
});

describe('a link', () => {
  it('that comes into an open page is used, opens no device, and rings nobody', { timeout: 60_000 }, stage.run('link', async () => {
    const bot = await stage.bot();
    const { hash } = new URL((await bot.want('invitation')).url);
    const me = await stage.person('chromium', `${bot.page}?name=Marchbanks&autostart=video`);
    await me.view('nobody');
    await me.page.evaluate((h) => { location.hash = h; }, hash);
    await until('they are connected', async () => (await me.data('#contact', 'contact')) === 'confirmed');
    assert.equal(await me.page.evaluate(() => location.hash), '', 'the secret stays in the address');
    await me.view('contact');
    assert.equal(await me.page.evaluate(() => window.probe.connections()), 0);
  }));
});
