import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { failures, Person } from './calls_person.mjs';
import { scripts } from './compare_calls.mjs';
import { GoProgram } from './compare_go.mjs';
import { until } from './ends.mjs';
import { Harness } from './harness.mjs';

let harness;
before(async () => {
  harness = await Harness.start(scripts);
});
after(() => harness.stop());

/** The program rings a page, and sends a tone in this codec. */
async function rung(browser, program, relay) {
  const me = await Person.open(harness, browser);
  await me.page.evaluate(() => window.bench.load('/sealed.js'));
  program.say({ do: 'invite' });
  const { uri } = await program.want('invitation', (e) => e.event === 'invitation');
  const name = await me.page.evaluate(([at, inv]) => window.sealed.open(at, inv), [relay, uri]);
  program.say({ do: 'ring', name });
  await program.want('ringing', (e) => e.event === 'ringing');
  await me.page.evaluate(() => window.sealed.accept());
  return me;
}

/** What the page receives as sound: the row of it, and its codec. */
async function heard(me) {
  const rows = await me.stats('inbound-rtp', 'codec');
  const sound = rows.find((r) => r.type === 'inbound-rtp' && r.kind === 'audio');
  return { ...sound, codec: rows.find((r) => r.id === sound?.codecId)?.mimeType };
}

const codec = 'PCMU';

describe('a program that has no Opus', () => {
  for (const browser of ['chromium', 'firefox']) {
    it(`is heard by ${browser} in ${codec}`, { timeout: 60_000 }, () => harness.run(`${codec} to ${browser}`, async () => {
      const program = await GoProgram.start('sealed', ['-audio', codec]);
      try {
        const { relay } = await program.want('relay', (e) => e.event === 'ready');
        const me = await rung(browser, program, relay);
        const first = await until('sound', async () => {
          const row = await heard(me);
          return row.totalAudioEnergy > 0 && row;
        });
        assert.equal(first.codec, `audio/${codec}`);
        const later = await until('3 s more of it', async () => {
          const row = await heard(me);
          return row.totalSamplesDuration >= first.totalSamplesDuration + 3 && row;
        });
        const rise = later.totalAudioEnergy - first.totalAudioEnergy;
        // A sine of a quarter of full scale has a mean square of 0.03: 0.09 in 3 s.
        assert.ok(rise > 0.05 && rise < 0.2, `energy rose by ${rise} in ${later.totalSamplesDuration - first.totalSamplesDuration} s`);
        const packets = later.packetsReceived - first.packetsReceived;
        assert.ok(packets > 120 && packets < 250, `${packets} packets of 20 ms in 3 s`);
        assert.deepEqual(failures(await me.frames()), {});
        program.say({ do: 'hangup' });
        const { reason, received } = await program.want('end', (e) => e.event === 'ended');
        assert.equal(reason, 'left');
        for (const t of received) assert.ok(t.opened > 20 && t.failed === 0, JSON.stringify(t));
      } finally {
        await program.stop();
      }
    }));
  }
});
