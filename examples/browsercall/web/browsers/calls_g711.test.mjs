import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { failures } from './calls_person.mjs';
import { received, rung } from './calls_rung.mjs';
import { scripts } from './compare_calls.mjs';
import { until } from './ends.mjs';
import { Harness } from './harness.mjs';

let harness;
before(async () => {
  harness = await Harness.start(scripts);
});
after(() => harness.stop());

const codec = 'PCMU';

describe('a program that has no Opus', () => {
  for (const browser of ['chromium', 'firefox']) {
    it(`is heard by ${browser} in ${codec}`, { timeout: 60_000 }, () => harness.run(`${codec} to ${browser}`, async () => {
      await rung(harness, browser, ['-audio', codec], async (program, me) => {
        await me.page.evaluate(() => window.sealed.accept());
        const first = await until('sound', async () => {
          const row = await received(me, 'audio');
          return row.totalAudioEnergy > 0 && row;
        });
        assert.equal(first.codec, `audio/${codec}`);
        const later = await until('3 s more of it', async () => {
          const row = await received(me, 'audio');
          return row.totalSamplesDuration >= first.totalSamplesDuration + 3 && row;
        });
        const rise = later.totalAudioEnergy - first.totalAudioEnergy;
        // A sine of a quarter of full scale has a mean square of 0.03: 0.09 in 3 s.
        assert.ok(rise > 0.05 && rise < 0.2, `energy rose by ${rise} in ${later.totalSamplesDuration - first.totalSamplesDuration} s`);
        const packets = later.packetsReceived - first.packetsReceived;
        assert.ok(packets > 120 && packets < 250, `${packets} packets of 20 ms in 3 s`);
        assert.deepEqual(failures(await me.frames()), {});
        program.say({ do: 'hangup' });
        const { reason, received: tracks } = await program.want('end', (e) => e.event === 'ended');
        assert.equal(reason, 'left');
        for (const t of tracks) assert.ok(t.opened > 20 && t.failed === 0, JSON.stringify(t));
      });
    }));
  }
});
