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

/** How many freezes there may be since the call began, and for how many milliseconds in all, on a machine that does nothing else. */
const [most, longest] = [2, 500];

/**
 * The other side's pictures go on for so many milliseconds. With SOTTO_SPEED=1 they have hardly frozen since the call began;
 * beside other work, which takes a picture half a second here and there, they stand still for less than half of the time.
 */
export async function flows(ms, ...people) {
  const before = await Promise.all(people.map(shown));
  await pass(ms);
  const after = await Promise.all(people.map(shown));
  for (const [i, { decoded, freezes, ms: frozen, by }] of after.entries()) {
    const more = decoded - before[i].decoded;
    assert.ok(more >= ms * 12 / 1000, `${more} frames in ${ms} ms`);
    const told = `${freezes - before[i].freezes} freezes of ${frozen - before[i].ms} ms, and ${before[i].freezes} of ${before[i].ms} ms before, by ${by}`;
    if (process.env.SOTTO_SPEED === '1') assert.ok(freezes <= most && frozen < longest, told);
    assert.ok(frozen - before[i].ms < ms / 2, told);
  }
}
