import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { failures, pairInUse } from './calls_person.mjs';
import { Stage } from './calls_stage.mjs';

const stage = new Stage();

/** The types of candidates that a page's connection has of its own, and of the pair in use. */
async function candidates(me) {
  const rows = await me.stats('transport', 'candidate-pair', 'local-candidate', 'remote-candidate');
  const pair = pairInUse(rows);
  const sum = (name) => rows.reduce((n, r) => n + (r.type === 'candidate-pair' ? r[name] ?? 0 : 0), 0); // one may send by another
  const typeOf = (id) => rows.find((r) => r.id === id)?.candidateType;
  return {
    all: [...new Set(rows.filter((r) => r.type === 'local-candidate').map((r) => r.candidateType))],
    local: typeOf(pair?.localCandidateId), sent: sum('bytesSent'), received: sum('bytesReceived'),
  };
}

/** All that the page's connection tells its script of candidates: nothing else can reach the signalling. */
const gathered = () => {
  window.gathered = [];
  const Own = globalThis.RTCPeerConnection;
  globalThis.RTCPeerConnection = class extends Own {
    constructor(...args) {
      super(...args);
      window.policy = args[0]?.iceTransportPolicy;
      this.addEventListener('icecandidate', (e) => e.candidate?.candidate && window.gathered.push(e.candidate.candidate));
    }
  };
};

/** The call goes through TURN, as both sides know, and media both ways. */
async function relayed(me, bot) {
  await me.state('connected');
  const connected = await bot.want('connected');
  assert.match(connected.path, /^host (relay|prflx)$/); // prflx: a check came through TURN before its address was named
  await me.hearsAndSees();
  const path = await candidates(me);
  assert.deepEqual([path.local, path.all], ['relay', ['relay']]);
  const lines = await me.page.evaluate(() => window.gathered);
  assert.ok(lines.length > 0);
  for (const line of lines) assert.match(line, / typ relay /);
  assert.equal(await me.page.evaluate(() => window.policy), 'relay');
  assert.deepEqual(await me.emoji(), connected.emoji);
  await me.grows('echoed pictures', async () => (await me.received('video')).framesDecoded, 60);
  const later = await candidates(me);
  assert.ok(later.sent > path.sent + 10_000 && later.received > path.received + 10_000, JSON.stringify([path, later]));
  assert.equal(later.local, 'relay');
  assert.deepEqual(failures(await me.frames()), {});
  await me.press('mute');
  assert.equal((await bot.want('mute')).path, 'host relay'); // by now it was named
  await me.press('hangup');
  const ended = await bot.want('ended');
  assert.equal(ended.reason, 'left');
  for (const t of ended.received) assert.ok(t.opened > 50 && !t.failed, JSON.stringify(t));
}

describe('by TURN alone', () => {
  for (const browser of ['chromium', 'firefox']) {
    it(`${browser} rings the program`, { timeout: 60_000 }, stage.run(`${browser} relayed`, async () => {
      const bot = await stage.bot('-mode', 'echo');
      const link = (await bot.want('invitation')).url.replace('/#', '/?relay-only#');
      const me = await stage.person(browser, link, gathered);
      await me.call();
      await relayed(me, bot);
    }));

    it(`${browser} is rung by the program`, { timeout: 60_000 }, stage.run(`${browser} relayed, rung`, async () => {
      const bot = await stage.bot('-mode', 'echo', '-ring', 'Marchbanks');
      const link = (await bot.want('invitation')).url.replace('/#', '/?name=Marchbanks&relay-only#');
      const me = await stage.person(browser, link, gathered);
      await me.rings();
      await me.press('accept');
      await relayed(me, bot);
    }));
  }
});
