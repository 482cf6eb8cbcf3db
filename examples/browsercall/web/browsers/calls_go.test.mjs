import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { failures } from './calls_person.mjs';
import { Stage } from './calls_stage.mjs';
import { until } from './ends.mjs';
import { recording } from './recordings.mjs';
import { pass } from './clock.mjs';

const stage = new Stage();

describe('a page and the program', () => {
  for (const browser of ['chromium', 'firefox']) {
    it(`${browser} rings, and is recorded`, { timeout: 60_000 }, stage.run(`${browser} to go`, async () => {
      const bot = await stage.bot('-mode', 'record', '-out', await stage.recordings());
      const me = await stage.person(browser, (await bot.want('invitation')).url);
      await me.call();
      await me.state('connected');
      const connected = await bot.want('connected');
      assert.deepEqual(await me.emoji(), connected.emoji);
      assert.equal(connected.emoji.length, 7);
      const before = await until('frames are encoded', async () => {
        const row = await me.sent('video');
        return row?.framesEncoded > 0 && row;
      });
      await pass(8000);
      const now = await me.sent('video');
      assert.ok(now.framesEncoded >= before.framesEncoded + 60, `${before.framesEncoded} to ${now.framesEncoded} frames in 8 s`);
      await me.press('hangup');
      const ended = await bot.want('ended');
      assert.deepEqual([ended.reason, ended.remote], ['left', true]);
      assert.equal((await me.ended()).kind, 'end-1');
      const seen = ended.received.find((t) => t.kind === 'video');
      assert.equal(seen.failed ?? 0, 0);
      const [video, audio] = [await recording(ended.files, 'ivf'), await recording(ended.files, 'ogg')];
      assert.equal(video.codec, 'vp8');
      assert.ok(video.frames >= now.framesEncoded * 0.95, `${video.frames} frames recorded of ${now.framesEncoded}`);
      assert.ok(video.seconds > 7 && video.seconds < 12, `${video.seconds} s of pictures`);
      assert.equal(audio.codec, 'opus');
      assert.ok(audio.seconds > 7 && audio.seconds < 12, `${audio.seconds} s of sound`);
      assert.ok(audio.loudest > -60, `sound at most ${audio.loudest} dB`);
    }));

    it(`${browser} is shown the clip`, { timeout: 60_000 }, stage.run(`clip to ${browser}`, async () => {
      const bot = await stage.bot('-mode', 'clip');
      const me = await stage.person(browser, (await bot.want('invitation')).url);
      await me.call();
      await me.state('connected');
      await me.hearsAndSees();
      await pass(10_000);
      const last = await me.lastLook();
      const ended = await bot.want('ended');
      const sent = ended.sent.find((t) => t.kind === 'video').frames;
      const [picture] = last.presented;
      const freezes = browser === 'chromium' ? last.video.freezeCount : picture.freezes; // Firefox does not count them
      assert.equal(freezes, 0, `${freezes} freezes`);
      assert.ok(sent >= 300, `${sent} frames sent in more than 10 s`);
      assert.ok(last.video.framesDecoded >= 0.99 * sent, `${last.video.framesDecoded} frames decoded of ${sent}`);
      assert.ok(picture.frames >= 0.95 * sent, `${picture.frames} frames presented of ${sent}`);
      assert.ok(last.audio.totalAudioEnergy > 0);
      assert.deepEqual(failures(last.frames), {});
      assert.ok(last.frames.opened > sent);
    }));
  }
});
