import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { failures, pairInUse } from './calls_person.mjs';
import { Stage } from './calls_stage.mjs';

/** What enters the other machine of the network that lan.sh makes. */
const { SOTTO_LAN: other, SOTTO_REQUIRE: required } = process.env;
const skip = !other && required !== '1' && 'needs a network of its own: sh browsers/lan.sh node --test browsers/lan.test.mjs';
const stage = new Stage({}, ['nsenter', `--net=/proc/${other}/ns/net`]);

/** The address of the other side, of the path in use. */
async function far(me) {
  const rows = await me.stats('transport', 'candidate-pair', 'remote-candidate');
  const pair = pairInUse(rows);
  return rows.find((r) => r.id === pair?.remoteCandidateId)?.address;
}

describe('the page on another machine of the local network', { skip }, () => {
  for (const browser of ['chromium', 'firefox']) {
    for (const [way, query, path] of [['straight', '', /^host (host|prflx)$/], ['by TURN alone', '&relay-only', /^host (relay|prflx)$/]]) {
      it(`${browser}, ${way}`, { timeout: 60_000 }, stage.run(`${browser} in a LAN, ${way}`, async () => {
        const bot = await stage.bot('-listen', ':8443', '-tls', 'self-signed');
        const link = (await bot.want('invitation')).url;
        assert.match(link, /^https:\/\/192\.168\.77\.1:8443\/#/);
        const me = await stage.person(browser, link.replace('/#', `/?name=Marchbanks${query}#`));
        await me.call();
        await me.state('connected');
        const connected = await bot.want('connected');
        assert.match(connected.path, path);
        assert.deepEqual(await me.emoji(), connected.emoji);
        await me.hearsAndSees();
        assert.equal(await far(me), '192.168.77.1');
        assert.deepEqual(failures(await me.frames()), {});
        await me.press('hangup');
        assert.equal((await bot.want('ended')).reason, 'left');
      }));
    }
  }
});
