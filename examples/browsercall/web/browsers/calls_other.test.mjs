import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { failures } from './calls_person.mjs';
import { Stage } from './calls_stage.mjs';
import { pass } from './clock.mjs';
import { until } from './ends.mjs';

const stage = new Stage();

/** A page that is a contact of a Go program, called Go, which does what it is told. */
async function acquainted(browser, query = '') {
  const bot = await stage.bot();
  const { go, link } = await stage.other(bot);
  const me = await stage.person(browser, link.replace('?', `?${query}&`));
  await until('connected', async () => (await me.data('#contact', 'contact')) === 'confirmed');
  const tells = (name) => go.want(name, (e) => e.event === name);
  return { go, me, tells };
}

/** The end of another call than the last: its card is there when the present one is over. */
async function endedAs(me, title) {
  await until(`the card says ${title}`, async () => (await me.data('body', 'view')) === 'ended' && (await me.text('ended-title')) === title);
  return me.data('#ended', 'kind');
}

describe('what a program may do while it rings', () => {
  for (const browser of ['chromium', 'firefox']) {
    it(`with ${browser}`, { timeout: 60_000 }, stage.run(`rings of ${browser}`, async () => {
      const { go, me, tells } = await acquainted(browser, 'ring-for=4');
      await me.call();
      await tells('incoming');
      go.say({ do: 'decline' });
      assert.equal(await endedAs(me, 'Go declined'), 'end-2');
      await me.press('ended-again');
      await tells('incoming');
      assert.equal(await endedAs(me, 'No answer'), 'end-4');
      await tells('over');
      await me.press('ended-again');
      await tells('incoming');
      await me.state('ringing');
      await me.press('hangup');
      assert.equal(await endedAs(me, 'Cancelled'), 'end-5');
      await tells('over');
      go.say({ do: 'ring', name: 'Marchbanks' });
      assert.equal(await me.rings(), 'Go rings');
      go.say({ do: 'hangup' });
      assert.equal((await tells('ended')).reason, 'cancelled');
      assert.equal(await endedAs(me, 'Missed'), 'end-5');
      assert.equal(await me.page.evaluate(() => document.getElementById('ringing').open), false);
    }));
  }
});

/** What the page has decoded of a kind, in all: frames or energy of every track. */
async function got(me, kind) {
  const rows = (await me.stats('inbound-rtp')).filter((r) => r.kind === kind);
  return rows.reduce((sum, r) => sum + (r.framesDecoded ?? 0) + (kind === 'audio' ? r.packetsReceived : 0), 0);
}

/** Nothing of a kind comes any more, and then it does. */
async function pauses(go, me, kind) {
  go.say({ do: 'mute', kind, mute: true });
  if (kind === 'video') await until('no picture is shown', async () => (await me.data('#remote', 'pictures')) === '0');
  await until(`no ${kind} comes`, async () => {
    const before = await got(me, kind);
    await pass(700);
    return (await got(me, kind)) === before;
  });
  go.say({ do: 'mute', kind, mute: false });
  await me.grows(kind, () => got(me, kind), 15);
  if (kind === 'video') assert.equal(await me.data('#remote', 'pictures'), '1');
}

describe('what a program may do in a call', () => {
  for (const browser of ['chromium', 'firefox']) {
    it(`with ${browser}`, { timeout: 90_000 }, stage.run(`acts with ${browser}`, async () => {
      const { go, me, tells } = await acquainted(browser);
      await me.call();
      await tells('incoming');
      go.say({ do: 'answer', send: 'audio' });
      await me.state('connected');
      assert.deepEqual(await me.emoji(), (await tells('connected')).emoji);
      await until('sound', async () => (await me.received('audio'))?.totalAudioEnergy > 0);
      assert.equal(await me.data('#remote', 'pictures'), '0');

      go.say({ do: 'add', kind: 'video' });
      await me.hearsAndSees();
      assert.equal(await me.data('#remote', 'pictures'), '1');
      await pauses(go, me, 'audio');
      await pauses(go, me, 'video');
      go.say({ do: 'remove', kind: 'video' });
      await until('the picture is gone', async () => (await me.data('#remote', 'pictures')) === '0');
      go.say({ do: 'add', kind: 'video' });
      await until('it is shown again', async () => (await me.data('#remote', 'pictures')) === '1');
      await me.grows('pictures', () => got(me, 'video'), 15);

      const session = await me.page.evaluate(() => window.probe.ice());
      go.say({ do: 'network' });
      await until('ICE starts anew', async () => (await me.page.evaluate(() => window.probe.ice())) !== session);
      await me.grows('pictures', () => got(me, 'video'), 30);
      assert.equal(await me.data('body', 'callState'), 'connected');
      assert.deepEqual(failures(await me.frames()), {});
      await me.press('hangup');
      const { reason, received } = await tells('ended');
      assert.equal(reason, 'left');
      for (const t of received) assert.ok(t.opened > 20 && t.failed === 0, JSON.stringify(t));
    }));

    it(`the path to ${browser} is lost, and found again`, { timeout: 90_000 }, stage.run(`path to ${browser}`, async () => {
      const { go, me, tells } = await acquainted(browser);
      go.say({ do: 'ring', name: 'Marchbanks' });
      await me.rings();
      await me.press('accept');
      await me.state('connected');
      await me.hearsAndSees();
      go.say({ do: 'cut' });
      await tells('reconnecting');
      await me.state('reconnecting');
      if (browser === 'firefox') await pass(5000); // in which ICE starts anew more than once
      go.say({ do: 'mend' });
      await tells('connected');
      await me.state('connected');
      await me.grows('pictures', () => got(me, 'video'), 30);
      assert.deepEqual(failures(await me.frames()), {});
      await me.press('hangup');
      assert.equal((await tells('ended')).reason, 'left');
    }));
  }
});

describe('a program that serves its page by TLS', () => {
  for (const browser of ['chromium', 'firefox']) {
    it(`is rung by ${browser}`, { timeout: 60_000 }, stage.run(`TLS and ${browser}`, async () => {
      const bot = await stage.bot('-tls', 'self-signed');
      const link = (await bot.want('invitation')).url;
      assert.match(link, /^https:/);
      const me = await stage.person(browser, link.replace('/#', '/?name=Marchbanks#'));
      await me.call();
      await me.state('connected');
      assert.deepEqual(await me.emoji(), (await bot.want('connected')).emoji);
      await me.hearsAndSees();
      await me.press('hangup');
      assert.equal((await bot.want('ended')).reason, 'left');
    }));
  }
});
