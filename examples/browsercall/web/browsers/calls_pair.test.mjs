import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { flows } from './calls_freezes.mjs';
import { failures } from './calls_person.mjs';
import { Stage } from './calls_stage.mjs';
import { screen } from './calls_probe.mjs';
import { until } from './ends.mjs';

const stage = new Stage();

/** Two pages that an invitation of the first has connected; the program is no more than their relay. init runs in both. */
async function couple(first, second, ...init) {
  const bot = await stage.bot();
  const host = await stage.person(first, `${bot.page}?name=Quillfeather`, ...init);
  await host.view('nobody');
  await host.press('invite-make');
  const link = await until('a link', () => host.page.evaluate(() => document.getElementById('invite-link').value));
  const guest = await stage.person(second, link.replace('/#', '/?name=Marchbanks#'), ...init);
  await until('they are connected', async () => (await guest.data('#contact', 'contact')) === 'confirmed');
  assert.equal(await guest.text('contact-name'), 'Quillfeather');
  return [host, guest];
}

/** ICE starts anew at one side, and both go on being seen. */
async function startsAnew(me, other) {
  const pictures = (who) => who.presented().then(([remote]) => remote.frames);
  const session = () => me.page.evaluate(() => window.probe.ice());
  const before = await session();
  await me.page.evaluate(() => void dispatchEvent(new Event('online')));
  await until('ICE starts anew', async () => (await session()) !== before);
  for (const who of [me, other]) await who.grows('pictures', () => pictures(who), 30, 10_000);
}

describe('two pages', () => {
  for (const [from, to] of [['chromium', 'firefox'], ['firefox', 'chromium']]) {
    it(`${from} rings ${to}`, { timeout: 120_000 }, stage.run(`${from} to ${to}`, async () => {
      const [callee, caller] = await couple(to, from);
      await caller.call();
      await callee.press('accept');
      await Promise.all([caller.state('connected'), callee.state('connected')]);
      const emoji = await caller.emoji();
      assert.equal(emoji.length, 7);
      assert.deepEqual(await callee.emoji(), emoji);
      await Promise.all([caller.hearsAndSees(), callee.hearsAndSees()]);
      await flows(3000, caller, callee);
      for (const side of [caller, callee]) assert.deepEqual(failures(await side.frames()), {});
      await startsAnew(caller, callee);
      await startsAnew(callee, caller);
      await caller.press('hangup');
      assert.deepEqual(await caller.ended(), { kind: 'end-1', title: 'You hung up' });
      assert.deepEqual(await callee.ended(), { kind: 'end-1', title: 'Marchbanks hung up' });
    }));
  }

  for (const [from, to] of [['chromium', 'firefox'], ['firefox', 'chromium']]) {
    it(`${from} shows ${to} a screen beside its camera`, { timeout: 60_000 }, stage.run(`${from} shows ${to}`, async () => {
      const [callee, caller] = await couple(to, from, screen);
      await caller.call();
      await callee.press('accept');
      await callee.hearsAndSees();
      const roles = () => callee.page.evaluate(() => (
        [...document.querySelectorAll('#remote-videos video')].filter((v) => v.checkVisibility()).map((v) => v.dataset.role)));
      const decoded = async () => (await callee.stats('inbound-rtp')).filter((r) => r.kind === 'video').map((r) => r.framesDecoded ?? 0);
      await caller.press('screen');
      await until('two pictures', async () => (await roles()).join() === 'aside,main');
      const before = await until('two streams', async () => (await decoded()).length === 2 && decoded());
      await until('both go on', async () => (await decoded()).every((n, i) => n >= before[i] + 5));
      assert.deepEqual(failures(await callee.frames()), {});
      await caller.press('screen');
      await until('one picture', async () => (await roles()).join() === 'main');
      await callee.grows('pictures', async () => Math.max(...await decoded()), 10);
      await caller.press('hangup');
      await callee.view('ended');
    }));
  }

  it('one declines, and one gives up', { timeout: 60_000 }, stage.run('pages decline', async () => {
    const [callee, caller] = await couple('chromium', 'chromium');
    await caller.call();
    await callee.press('decline');
    assert.equal((await caller.ended()).title, 'Quillfeather declined');
    await caller.press('ended-again');
    await until('it rings', () => callee.page.evaluate(() => document.getElementById('ringing').open));
    await caller.press('hangup');
    assert.equal((await caller.ended()).kind, 'end-5');
    assert.equal((await callee.ended()).title, 'Missed');
  }));

  it('both ring at once, and are in one call', { timeout: 60_000 }, stage.run('glare', async () => {
    const [a, b] = await couple('chromium', 'chromium');
    await until('both know', async () => (await a.data('#contact', 'contact')) === 'confirmed');
    // Within the pages: a press that is a moment late would fall on the other's ringing.
    await Promise.all([a, b].map((me) => me.page.evaluate(() => document.getElementById('call-video').click())));
    await Promise.all([a.state('connected'), b.state('connected')]);
    assert.deepEqual(await a.emoji(), await b.emoji());
    await Promise.all([a.hearsAndSees(), b.hearsAndSees()]);
  }));
});
