import { describe, expect, test } from 'vitest';
import { random } from '../bytes.ts';
import { InviteCache, ReplayWindow, inviteMemory, invitesInAll, invitesPerSender } from './replay.ts';

describe('replay window', () => {
  test('agrees with a set of all that was seen, over 20000 numbers', () => {
    const w = new ReplayWindow();
    const seen = new Set<number>();
    let highest = -1;
    let refused = 0;
    for (let i = 0; i < 20000; i++) {
      const far = Math.random() < 0.01 ? 500 : 0;
      const seq = Math.max(0, Math.floor(i / 3 + Math.random() * 100 - 50 + far));
      const want = !seen.has(seq) && seq > highest - 64;
      expect(w.accept(seq)).toBe(want);
      if (!want) refused++;
      seen.add(seq);
      highest = Math.max(highest, seq);
    }
    expect(refused).toBeGreaterThan(1000);
  });

  test('its edges', () => {
    const w = new ReplayWindow();
    expect([w.accept(100), w.accept(100), w.accept(37), w.accept(36), w.accept(37), w.accept(99)]).toEqual([true,
      false, true, false, false, true]);
    for (const n of [-1, 0.5, NaN, Infinity, Number.MAX_SAFE_INTEGER,
      Number.MAX_SAFE_INTEGER + 1]) expect(w.accept(n)).toBe(false);
    expect([w.accept(Number.MAX_SAFE_INTEGER - 1), w.accept(101)]).toEqual([true, false]);
  });
});

describe('invite cache', () => {
  const id = (n: number): Uint8Array => new Uint8Array(64).fill(n);

  test('an Invite is new once in 180 s', () => {
    const c = new InviteCache();
    const call = random(32);
    expect([c.accept(id(1), call, 0), c.accept(id(1), call, inviteMemory - 1)]).toEqual([true, false]);
    expect([c.accept(id(2), call, 1), c.accept(id(1), call, inviteMemory)]).toEqual([true, true]);
    expect(c.size).toBe(2);
    expect([c.accept(id(9), random(32), 10 * inviteMemory), c.size]).toEqual([true, 1]);
  });

  test('an Invite that is forgotten is new again, and makes room', () => {
    const c = new InviteCache();
    const calls = Array.from({ length: invitesPerSender + 1 }, () => random(32));
    expect(calls.filter((call) => c.accept(id(1), call, 0)).length).toBe(invitesPerSender);
    c.forget(id(2), calls[0]!);
    expect(c.accept(id(1), calls[0]!, 1)).toBe(false);
    c.forget(id(1), calls[0]!);
    expect([c.size, c.accept(id(1), calls[0]!, 1), c.size]).toEqual([invitesPerSender - 1, true, invitesPerSender]);
  });

  test('one sender fills its own part alone, and a full cache forgets nothing', () => {
    const c = new InviteCache();
    const first = random(32);
    expect(c.accept(id(1), first, 0)).toBe(true);
    for (let i = 1; i < invitesPerSender; i++) expect(c.accept(id(1), random(32), i)).toBe(true);
    expect([c.accept(id(1), random(32), 99), c.accept(id(2), random(32), 99)]).toEqual([false, true]);
    while (c.size < invitesInAll) c.accept(random(64), random(32), 100);
    expect([c.accept(random(64), random(32), 100), c.accept(id(1), first, 100)]).toEqual([false, false]);
    expect([c.accept(id(1), random(32), inviteMemory), c.size]).toEqual([true, invitesInAll]);
  });
});
