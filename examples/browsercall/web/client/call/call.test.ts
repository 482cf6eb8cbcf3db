import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { begin, connected, ended, over, settle, Stage } from './testing-stage.ts';

beforeEach(begin);
afterEach(over);

describe('a call', () => {
  it('connects, with the same emoji and keys on both sides, and ends politely', async () => {
    const stage = new Stage();
    const [ann, ben] = await stage.pair();
    const [a, b] = await connected(ann, ben);
    expect(a.emoji()).toHaveLength(7);
    expect(a.emoji()).toEqual(b.emoji());
    expect(a.id).toEqual(b.id);
    const [ca, cb] = stage.world.conns;
    expect(ca?.frames.keys.get(1)).toMatch(/^[0-9a-f]{64}$/);
    expect(ca?.frames.keys).toEqual(cb?.frames.keys);
    expect([ca?.frames.sending, cb?.frames.sending]).toEqual([1, 1]);
    expect([ca?.started, cb?.started]).toEqual([true, true]);
    expect(a.roster().map((p) => [p.leaf, p.self, p.name])).toEqual([[0, true, ''], [1, false, 'Ben']]);
    const gone = a.hangup();
    await ended(a);
    await ended(b);
    await gone;
    expect(ann.events(a)).toEqual(['ringing', 'accepted', 'participantJoined', 'connected', 'ended: left']);
    expect(ben.events(b)).toEqual(['accepted', 'participantJoined', 'connected', 'ended: left there']);
    await stage.end();
    await settle();
    expect(stage.logged).toEqual([]);
  });
});
