import assert from 'node:assert/strict';
import { pass } from './clock.mjs';

/** What somebody was shown up to now: decoded frames, and freezes by the browser's own count if it has one. */
async function shown(me) {
  const row = await me.received('video');
  const [own] = await me.presented();
  const counts = typeof row.freezeCount === 'number';
  return {
    decoded: row.framesDecoded, by: counts ? 'getStats' : 'requestVideoFrameCallback',
    freezes: counts ? row.freezeCount : own.freezes, ms: counts ? row.totalFreezesDuration * 1000 : own.frozen,
  };
}

/** How many freezes there may be, and for how many milliseconds in all: with SOTTO_SPEED=1 on a machine that does nothing
 * else, and beside other work, which takes a picture half a second here and there. */
const [most, longest] = process.env.SOTTO_SPEED === '1' ? [2, 500] : [12, 4000];

/** The other side's pictures go on for so many milliseconds, and have hardly frozen since the call began. */
export async function flows(ms, ...people) {
  const before = await Promise.all(people.map(shown));
  await pass(ms);
  const after = await Promise.all(people.map(shown));
  for (const [i, { decoded, freezes, ms: frozen, by }] of after.entries()) {
    const more = decoded - before[i].decoded;
    assert.ok(more >= ms * 12 / 1000, `${more} frames in ${ms} ms`);
    assert.ok(freezes <= most && frozen < longest, `${freezes} freezes of ${frozen} ms, by ${by}`);
  }
}
