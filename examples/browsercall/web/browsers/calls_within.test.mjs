import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import { failures } from './calls_person.mjs';
import { prepare, withstands } from './calls_meddler.mjs';
import { keptKeys, screen } from './calls_probe.mjs';
import { Stage } from './calls_stage.mjs';
import { pass } from './clock.mjs';
import { until } from './ends.mjs';

const stage = new Stage();
const patient = new Stage(); // of its own, for what takes half a minute beside the others

/** A call of the page with the echo. */
async function talking(browser, prepare = async () => undefined, on = stage) {
  const bot = await on.bot('-mode', 'echo');
  const me = await on.person(browser, 'about:blank');
  await prepare(me);
  await me.page.goto((await bot.want('invitation')).url);
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

/** The page is closed in a call. Firefox lets a page say nothing more by then. */
async function isClosed(bot, me) {
  await me.page.close();
  const { reason, remote } = await bot.want('ended');
  assert.deepEqual([reason, remote], ['left', true]);
}

/** The program dies in a call, and says goodbye to nobody. */
async function isLost() {
  const [bot, me] = await talking('chromium', undefined, patient);
  bot.kill();
  await me.state('reconnecting');
  await me.view('ended', 40_000);
  assert.deepEqual(await me.ended(), { kind: 'end-11', title: 'Connection lost' });
  assert.match(await me.text('ended-text'), /nothing came that Echo bot.s keys open/);
}

let lost;

describe('within a call', () => {
  before(() => {
    lost = patient.run('a program dies', isLost)();
    lost.catch(() => undefined); // the last test tells
  });

  for (const browser of ['chromium', 'firefox']) {
    it(`${browser} turns microphone and camera off and on, and writes`, { timeout: 90_000 },
      stage.run(`${browser} within a call`, async () => {
        const [bot, me] = await talking(browser, prepare);
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
        await withstands(me);
        if (browser === 'chromium') await isClosed(bot, me);
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

    it(`${browser} loses the relay, and is told of another network`, { timeout: 60_000 }, stage.run(`${browser} cut`, async () => {
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

describe('what cannot be sealed or opened', () => {
  for (const browser of ['chromium', 'firefox']) {
    it(`${browser} sends nothing if it cannot seal, and says why`, { timeout: 60_000 }, stage.run(`${browser} without transform`, async () => {
      const bot = await stage.bot();
      const withoutTransform = () => {
        delete globalThis.RTCRtpScriptTransform;
      };
      const me = await stage.person(browser, (await bot.want('invitation')).url, withoutTransform);
      await me.view('fault');
      assert.equal(await me.data('#fault', 'kind'), 'no-transform');
      assert.match(await me.text('fault-text'), /RTCRtpScriptTransform/);
      assert.equal(await me.page.evaluate(() => window.probe.connections()), 0);
      assert.deepEqual(bot.untaken('contact'), []);
      assert.deepEqual(bot.untaken('ringing'), []);
    }));

    it(`${browser} with other keys shows nothing, and says so`, { timeout: 60_000 }, stage.run(`${browser} with other keys`, async () => {
      const bot = await stage.bot();
      const otherKeys = () => {
        const post = Worker.prototype.postMessage;
        Worker.prototype.postMessage = function (message, ...rest) {
          if (message.op === 'install') message.epoch.baseKey[0] ^= 1;
          return post.call(this, message, ...rest);
        };
      };
      const me = await stage.person(browser, (await bot.want('invitation')).url, otherKeys);
      await me.call();
      await me.state('connected');
      await until('it says so', async () => /^What arrives from .* cannot be opened/.test(await me.text('notice')));
      await until('no picture is shown', async () => (await me.data('#remote', 'pictures')) === '0');
      assert.equal((await me.frames()).opened, 0);
      assert.equal((await me.received('video'))?.framesDecoded ?? 0, 0);
      assert.equal((await me.received('audio'))?.totalAudioEnergy ?? 0, 0);
      await me.press('hangup');
      for (const t of (await bot.want('ended')).received) assert.ok(t.failed > 0 && !t.opened, JSON.stringify(t));
    }));
  }
});

it('a program that dies in a call is told as a connection that was lost', { timeout: 60_000 }, () => lost);
