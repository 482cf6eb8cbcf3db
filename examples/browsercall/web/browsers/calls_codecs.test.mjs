import assert from 'node:assert/strict';
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { promisify } from 'node:util';
import { failures } from './calls_person.mjs';
import { received, rung } from './calls_rung.mjs';
import { scripts } from './compare_calls.mjs';
import { Harness } from './harness.mjs';

/** How ffmpeg makes a clip of a codec as a call has it, frame by frame and none hidden. */
const encoders = {
  VP9: ['ivf', 'libvpx-vp9', '-deadline', 'realtime', '-cpu-used', '8', '-lag-in-frames', '0', '-auto-alt-ref', '0', '-b:v', '400k'],
  AV1: ['ivf', 'libaom-av1', '-usage', 'realtime', '-cpu-used', '8', '-lag-in-frames', '0', '-b:v', '400k'],
  H264: ['h264', 'libx264', '-preset', 'ultrafast', '-tune', 'zerolatency', '-profile:v', 'baseline', '-b:v', '400k'],
};
const decodes = { chromium: ['VP9', 'AV1', 'H264'], firefox: ['VP9', 'AV1'] };

let harness, folder;
before(async () => {
  harness = await Harness.start(scripts);
  folder = await mkdtemp(join(tmpdir(), 'clips-'));
  await Promise.all(Object.entries(encoders).map(([codec, [format, encoder, ...rest]]) => promisify(execFile)('ffmpeg',
    ['-v', 'error', '-f', 'lavfi', '-i', 'testsrc2=s=640x360:r=30:d=3', '-pix_fmt', 'yuv420p', '-c:v', encoder, '-g', '30', ...rest,
      '-f', format, join(folder, `${codec}.${format}`)])));
});
after(async () => {
  await harness.stop();
  await rm(folder, { recursive: true, force: true });
});

/** A program rings the page, which accepts and sees what is sent, in a codec and a size. */
async function seen(harness, browser, codec, args, size = [640, 360]) {
  await rung(harness, browser, args, async (program, me) => {
    await me.page.evaluate(() => window.sealed.accept());
    await me.hearsAndSees();
    const first = await received(me, 'video');
    assert.equal(first.codec, `video/${codec}`);
    await me.grows('frames', async () => (await received(me, 'video')).framesDecoded, 60);
    const last = await received(me, 'video');
    assert.deepEqual([last.frameWidth, last.frameHeight], size);
    assert.ok(last.framesReceived - last.framesDecoded <= 5, `${last.framesDecoded} frames decoded of ${last.framesReceived}`);
    const { opened, ...counts } = await me.frames();
    assert.ok(opened >= last.framesDecoded, `${opened} frames opened, ${last.framesDecoded} decoded`);
    assert.deepEqual(failures({ opened, ...counts }), {});
    program.say({ do: 'hangup' });
    assert.equal((await program.want('end', (e) => e.event === 'ended')).reason, 'left');
  });
}

describe('a program that plays a file', () => {
  for (const [browser, list] of Object.entries(decodes)) {
    for (const codec of list) {
      it(`is seen by ${browser} in ${codec}`, { timeout: 60_000 }, () => harness.run(`${codec} to ${browser}`, async () => {
        const file = join(folder, `${codec}.${encoders[codec][0]}`);
        await seen(harness, browser, codec, ['-video', file, '-codecs', `${codec},VP8`]);
      }));
    }
  }

  it('is heard by chromium in redundant packets', { timeout: 60_000 }, () => harness.run('red to chromium', async () => {
    await rung(harness, 'chromium', ['-red'], async (program, me) => {
      await me.page.evaluate(() => window.sealed.accept());
      await me.hearsAndSees();
      const [first, before] = [await received(me, 'audio'), await me.frames()];
      await me.grows('packets', async () => (await received(me, 'audio')).packetsReceived, 100);
      const [last, now] = [await received(me, 'audio'), await me.frames()];
      const size = (last.bytesReceived - first.bytesReceived) / (last.packetsReceived - first.packetsReceived);
      assert.ok(size > 150, `${size} bytes a packet are one frame of the clip, not two`);
      assert.ok(last.totalAudioEnergy > first.totalAudioEnergy);
      assert.ok(now.opened >= before.opened + 100, `${now.opened - before.opened} frames opened`);
      assert.deepEqual(failures(now), {});
    });
  }));
});

/** An X server with an empty screen of some size; f is called with its display. */
async function onScreen(width, height, f) {
  const server = spawn('Xvfb', ['-displayfd', '1', '-screen', '0', `${width}x${height}x24`, '-nolisten', 'tcp', '-ac', '-noreset'], { stdio: ['ignore', 'pipe', 'ignore'] });
  const ended = once(server, 'exit').then(() => { throw new Error('the X server has ended'); });
  try {
    const [number] = await Promise.race([once(server.stdout, 'data'), ended]);
    await f(`:${String(number).trim()}`);
  } finally {
    server.kill();
  }
}

describe('a program that shows its screen', () => {
  // 1920x1080 is above the level that is offered (RFC 6184 8.1, profile-level-id).
  for (const [width, height] of [[640, 360], [1920, 1080]]) {
    it(`is seen by chromium as OpenH264 encodes ${width}x${height}`, { timeout: 60_000 }, () => harness.run(`screen of ${height} lines to chromium`, () =>
      onScreen(width, height, (display) => seen(harness, 'chromium', 'H264',
        ['-screen', display, '-width', `${width}`, '-height', `${height}`, '-codecs', 'H264,VP8'], [width, height]))));
  }
});

describe('without a codec in common', () => {
  const [program, page] = [['-codecs', 'AV1'], { codecs: { audio: ['opus'], video: ['VP8'] }, send: 'audio' }];
  for (const browser of ['chromium', 'firefox']) {
    it(`${browser} refuses a call, and both say why`, { timeout: 60_000 }, () => harness.run(`no codec ${browser}`, async () => {
      await rung(harness, browser, program, async (go, me) => {
        const why = await me.page.evaluate(() => window.sealed.accept().catch((e) => String(e)));
        assert.match(why, /the call ended: 8 .*no video codec that can be sealed: both sides need one of VP8/);
        const { reason, remote } = await go.want('end', (e) => e.event === 'ended');
        assert.deepEqual([reason, remote], ['unsupported', true]);
        assert.equal(await me.sent('video'), undefined);
      }, page);
    }));
  }
});
