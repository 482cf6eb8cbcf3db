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

/**
 * The other side's pictures go on for so many milliseconds, and since the call began they froze at most twice and for less
 * than half a second: a busy machine may do that, a call may not.
 */
export async function flows(ms, ...people) {
  const before = await Promise.all(people.map(shown));
  await pass(ms);
  const after = await Promise.all(people.map(shown));
  for (const [i, { decoded, freezes, ms: frozen, by }] of after.entries()) {
    const more = decoded - before[i].decoded;
    assert.ok(more >= ms * 12 / 1000, `${more} frames in ${ms} ms`);
    assert.ok(freezes <= 2 && frozen < 500, `${freezes} freezes of ${frozen} ms, by ${by}`);
  }
}
