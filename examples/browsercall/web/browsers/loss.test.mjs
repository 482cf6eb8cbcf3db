import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { pass } from './clock.mjs';
import { bareCall, scripts, sealedCall } from './compare_calls.mjs';
import { GoProgram, long, median } from './compare_go.mjs';
import { Harness } from './harness.mjs';

const pairs = long ? 5 : 3;
const seconds = long ? 30 : 5;
const loss = 0.05;

let harness, bare, sealed, url, relay;
before(async () => {
  const args = ['-loss', String(loss), '-seed', '11'];
  [harness, bare, sealed] = await Promise.all(
    [Harness.start(scripts), GoProgram.start('bare', args), GoProgram.start('sealed', args)]);
  ({ url } = await bare.want('address', (e) => e.url));
  ({ relay } = await sealed.want('relay', (e) => e.event === 'ready'));
});
after(() => Promise.all([harness.stop(), bare.stop(), sealed.stop()]));

/**
 * What stood still at the page, in milliseconds: by the browser's own count if it has one. That leaves out a freeze that
 * goes on, which is open.
 */
async function frozen(page) {
  const [row] = await page.evaluate(() => window.bench.rows('inbound-rtp', 'video'));
  const seen = await page.evaluate(() => window.bench.seen());
  const own = typeof row.totalFreezesDuration === 'number';
  return {
    ms: own ? row.totalFreezesDuration * 1000 : seen.frozen, open: seen.open,
    decoded: row.framesDecoded, nacks: row.nackCount, plis: row.pliCount,
    by: own ? 'getStats' : 'requestVideoFrameCallback',
  };
}

/** What both pages and both programs have got up to now: of the plain call, and of the sealed one. */
async function look(plain, safe) {
  sealed.say({ do: 'ask' });
  const [heard, theirs, ...pages] = await Promise.all([sealed.want('freezes', (e) => e.event === 'freeze'),
    plain.page.evaluate(() => window.bare.ask()), frozen(plain.page), frozen(safe.page)]);
  return { pages, programs: [theirs, heard.freeze], received: heard.received };
}

/** Both calls of a pair run at the same time, on the same machine's load. */
async function pair(browser) {
  const plain = await bareCall(harness, browser, bare, url);
  const safe = await sealedCall(harness, browser, sealed, relay);
  const start = await look(plain, safe);
  await pass(seconds * 1000);
  const end = await look(plain, safe);
  sealed.say({ do: 'hangup' });
  await sealed.want('end', (e) => e.event === 'ended');
  await Promise.all([plain.page.close(), safe.page.close()]);
  const shown = end.pages.map((e, i) => ({ ...e, ms: e.ms + e.open - start.pages[i].ms, decoded: e.decoded - start.pages[i].decoded }));
  const got = end.programs.map((e, i) => ({ ms: e.frozen - start.programs[i].frozen, decoded: e.frames - start.programs[i].frames }));
  return { bare: shown[0], sealed: shown[1], toGo: { bare: got[0], sealed: got[1] }, received: end.received };
}

const within = (ours, theirs) => ours <= Math.max(1.1 * theirs, theirs + 200);

describe('5 % of all packets of media are lost', () => {
  for (const browser of ['chromium', 'firefox']) {
    it(`and ${browser} shows no more freezes than without the SDK`, { timeout: 10 * 60_000 }, () => harness.run(`loss ${browser}`, async () => {
      const all = [];
      for (let i = 0; i < pairs; i++) {
        all.push(await pair(browser));
      }
      const report = (what, read) => `${what} ${median(all.map(read)).toFixed(0)} ms (${all.map(read).map((n) => Math.round(n)).join(' ')})`;
      const shown = (side) => (p) => p[side].ms;
      const toGo = (side) => (p) => p.toGo[side].ms;
      console.log(`frozen of ${seconds} s at 5 % loss, Go to ${browser}, by ${all[0].bare.by}: ${report('sealed', shown('sealed'))}, ${report('bare', shown('bare'))}`);
      console.log(`frozen of ${seconds} s at 5 % loss, ${browser} to Go: ${report('sealed', toGo('sealed'))}, ${report('bare', toGo('bare'))}`);
      for (const p of all) {
        console.log(`  decoded ${p.sealed.decoded} / ${p.bare.decoded}, nacks ${p.sealed.nacks} / ${p.bare.nacks}, plis ${p.sealed.plis} / ${p.bare.plis}, Go got ${p.toGo.sealed.decoded} / ${p.toGo.bare.decoded} ${JSON.stringify(p.received)}`);
        assert.ok(p.sealed.nacks > 0 && p.bare.nacks > 0, 'nothing was lost');
        for (const t of p.received) {
          assert.equal(t.failed, 0, `${t.kind}: frames did not open`);
        }
        for (const [what, calls] of [['the page', p], ['Go', p.toGo]]) {
          assert.ok(calls.sealed.decoded >= 0.5 * calls.bare.decoded, `${what} got too few in one call`);
        }
      }
      for (const [what, of] of [['the page', (p) => p], ['Go', (p) => p.toGo]]) {
        const [ours, theirs] = ['sealed', 'bare'].map((side) => all.reduce((sum, p) => sum + of(p)[side].decoded, 0));
        assert.ok(ours >= 0.8 * theirs, `${what} got ${ours} frames, without the SDK ${theirs}`);
      }
      for (const read of [shown, toGo]) {
        const [ours, theirs] = ['sealed', 'bare'].map((side) => median(all.map(read(side))));
        assert.ok(within(ours, theirs), `frozen for ${ours} ms, without the SDK for ${theirs} ms`);
      }
    }));
  }
});
