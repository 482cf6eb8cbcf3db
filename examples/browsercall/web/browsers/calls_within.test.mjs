import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { failures } from './calls_person.mjs';
import { withstands } from './calls_meddler.mjs';
import { keptKeys, screen } from './calls_probe.mjs';
import { Stage } from './calls_stage.mjs';
import { pass } from './clock.mjs';
import { until } from './ends.mjs';

const stage = new Stage();

/** A call of the page with the echo. */
async function talking(browser, ...args) {
  const bot = await stage.bot('-mode', 'echo', ...args);
  const me = await stage.person(browser, (await bot.want('invitation')).url);
  await me.call();
  await me.state('connected');
  await bot.want('connected');
  await me.hearsAndSees();
  return [bot, me];
}

/** The person's packets of a kind do not come any more, and then come again. */
async function stopsAndGoes(bot, me, button, kind) {
  const packets = async () => (await me.sent(kind))?.packetsSent ?? 0;
  await me.press(button);
  assert.deepEqual(await bot.want('mute').then((e) => [e.kind, e.muted]), [kind, true]);
  await pass(300); // what was encoded before
  const before = await packets();
  await pass(1000);
  assert.equal(await packets(), before, `packets of ${kind} while it is off`);
  await me.press(button);
  assert.deepEqual(await bot.want('mute').then((e) => [e.kind, e.muted]), [kind, false]);
  await me.grows(`packets of ${kind}`, packets, 10);
}

/** The program dies in a call, and says goodbye to nobody. */
async function isLost(bot, me) {
  bot.kill();
  await me.state('reconnecting');
  await me.view('ended', 40_000);
  assert.deepEqual(await me.ended(), { kind: 'end-11', title: 'Connection lost' });
  assert.match(await me.text('ended-text'), /Nothing came from Echo bot for 20 seconds/);
}

describe('within a call', () => {
  for (const browser of ['chromium', 'firefox']) {
    it(`${browser} turns microphone and camera off and on, and writes`, { timeout: 60_000 },
      stage.run(`${browser} within a call`, async () => {
        const [bot, me] = await talking(browser);
        await stopsAndGoes(bot, me, 'mute', 'audio');
        await stopsAndGoes(bot, me, 'camera', 'video');
        await me.grows('echoed pictures', async () => (await me.received('video')).framesDecoded, 10);
        await me.press('chat-toggle');
        await me.write('is anybody there? ☎');
        assert.equal((await bot.want('message')).text, 'is anybody there? ☎');
        await until('it comes back', async () => (await me.chat()).length === 2);
        assert.deepEqual(await me.chat(), [['us', 'is anybody there? ☎'], ['them', 'is anybody there? ☎']]);
        assert.deepEqual(failures(await me.frames()), {});
        const keys = (await me.page.evaluate(keptKeys)).sort(); // name, extractable, taken out
        assert.deepEqual(keys, [['Ed25519', false, false], ['X25519', false, false]]);
        if (browser === 'chromium') await withstands(me);
      }));

    it(`${browser} loses its microphone and camera, and finds others`, { timeout: 60_000 }, stage.run(`${browser} devices`, async () => {
      const [bot, me] = await talking(browser);
      for (const [button, kind] of [['mute', 'audio'], ['camera', 'video']]) {
        await me.page.evaluate((k) => window.probe.unplug(k), kind);
        assert.deepEqual(await bot.want('mute').then((e) => [e.kind, e.muted]), [kind, true]);
        await until('the page says so', async () => (await me.text('notice')).includes('is gone'));
        await me.press(button);
        assert.deepEqual(await bot.want('mute').then((e) => [e.kind, e.muted]), [kind, false]);
        await me.grows(`packets of ${kind}`, async () => (await me.sent(kind))?.packetsSent ?? 0, 10);
      }
      await me.press('hangup');
      assert.equal((await bot.want('ended')).reason, 'left');
    }));

    it(`${browser} loses the relay, and another network path`, { timeout: 90_000 }, stage.run(`${browser} cut`, async () => {
      const [bot, me] = await talking(browser);
      const decoded = async () => (await me.received('video'))?.framesDecoded ?? 0;
      assert.ok(await me.page.evaluate(() => window.probe.cut()) >= 1);
      await me.grows('pictures', decoded, 5);
      await until('the relay is reached again', () => me.page.evaluate(() => window.probe.sockets() >= 1));
      assert.equal(await me.data('body', 'callState'), 'connected');
      const session = await me.page.evaluate(() => window.probe.ice());
      await me.page.evaluate(() => void dispatchEvent(new Event('online')));
      await until('ICE starts anew', async () => (await me.page.evaluate(() => window.probe.ice())) !== session);
      await me.grows('pictures', decoded, 30);
      assert.equal(await me.data('body', 'callState'), 'connected');
      await me.press('hangup');
      assert.equal((await bot.want('ended')).reason, 'left');
      await me.press('ended-again');
      await bot.want('connected');
      await me.hearsAndSees();
      if (browser === 'chromium') await isLost(bot, me);
    }));

    it(`${browser} adds a camera, and shares a screen`, { timeout: 60_000 }, stage.run(`${browser} adds`, async () => {
      const bot = await stage.bot('-mode', 'record');
      const me = await stage.person(browser, (await bot.want('invitation')).url, screen);
      await me.press('call-audio');
      await me.state('connected');
      await bot.want('track', (e) => e.kind === 'audio');
      await me.press('camera');
      await bot.want('track', (e) => e.kind === 'video');
      await me.grows('frames', async () => (await me.sent('video'))?.framesEncoded ?? 0, 20);
      await me.press('screen');
      await bot.want('track', (e) => e.kind === 'video');
      const shared = async () => (await me.stats('outbound-rtp')).filter((r) => r.kind === 'video')[1]?.framesEncoded ?? 0;
      await me.grows('frames of the screen', shared, 3);
      await me.press('screen');
      await until('the screen is not shared', async () => (await me.data('#self', 'shows')) === 'camera');
      await me.grows('frames', async () => (await me.sent('video'))?.framesEncoded ?? 0, 20);
      await me.press('hangup');
      const ended = await bot.want('ended');
      assert.equal(ended.files.filter((f) => f.endsWith('.ivf')).length, 2);
      for (const t of ended.received) assert.ok(t.opened > 2 && !t.failed, JSON.stringify(t));
    }));
  }
});
