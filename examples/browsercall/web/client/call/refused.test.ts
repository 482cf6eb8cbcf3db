import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { MediaError } from '../media/errors.ts';
import type { Call } from './call.ts';
import type { CallEvent } from './event.ts';
import { begin, both, connected, over, settle, Stage, until } from './testing-stage.ts';
import type { Person } from './testing-stage.ts';
import { fakeTrack } from './testing-conn.ts';
import type { FakeConn } from './testing-conn.ts';

beforeEach(begin);
afterEach(over);

/** The events of one type. */
function all<T extends CallEvent['type']>(p: Person, c: Call, type: T): Extract<CallEvent, { type: T }>[] {
  return (p.heard.get(c) ?? []).filter((e): e is Extract<CallEvent, { type: T }> => e.type === type);
}

/** This side has no codec for pictures that are added. */
function blind(conn: FakeConn) {
  const apply = conn.apply.bind(conn);
  return vi.spyOn(conn, 'apply').mockImplementation((offer, want, accept) => {
    const { adds = [] } = JSON.parse(offer) as { adds?: string[] };
    if (adds.includes('video')) return Promise.reject(new MediaError('codec', 'none is shared'));
    return apply(offer, want, accept);
  });
}

const sound = { send: [fakeTrack('audio')] };
const refusal = 'could not use the description';

/** Notes how something ends. */
function outcome(p: Promise<unknown>): { is: unknown } {
  const o: { is: unknown } = { is: 'open' };
  p.then(() => (o.is = 'done'), (e: Error) => (o.is = e.message));
  return o;
}

describe('a track that the other side cannot take', () => {
  // Fails if it stays in the connection: all that comes later would be refused with it.
  it('is not sent, and everything else goes on', async () => {
    const stage = new Stage();
    const [ann, ben] = await stage.pair();
    const [a, b] = await connected(ann, ben, sound, { ...sound, consent: () => true });
    const [ca, cb] = stage.world.conns;
    blind(cb!);
    const refused = outcome(a.addTrack(fakeTrack('video'), 'camera'));
    await until('it is refused', () => refused.is !== 'open', 3000);
    expect([refused.is, a.streams().length]).toEqual([expect.stringContaining(refusal), 1]);
    const steps = [() => a.hold(true), () => a.hold(false), () => a.addTrack(fakeTrack('audio'), 'screen')];
    for (const step of steps) {
      const done = outcome(step());
      await until('it is done', () => done.is === 'done', 3000);
    }
    expect([a.streams().length, all(ben, b, 'trackAdded').length, all(ben, b, 'holdChanged').length]).toEqual([2, 1, 2]);
    a.restart();
    await until('ICE starts anew', () => ca!.restarts === 1, 1000);
    await settle();
    expect(all(ann, a, 'trackEnded')).toEqual([]);
    await stage.end();
  });

  it('takes nothing with it that was asked for at once', async () => {
    const stage = new Stage();
    const [ann, ben] = await stage.pair();
    const [a] = await connected(ann, ben, sound, sound);
    const [ca, cb] = stage.world.conns;
    const apply = blind(cb!);
    const first = outcome(a.hold(true)); // its description is under way while the others come
    const [added, held] = [outcome(a.addTrack(fakeTrack('video'), 'camera')), outcome(a.hold(false))];
    a.restart();
    await until('all is said', () => first.is === 'done' && added.is !== 'open' && held.is === 'done', 5000);
    expect([added.is, apply.mock.calls.length, ca!.restarts]).toEqual([expect.stringContaining(refusal), 3, 2]);
    await stage.end();
  });

  it('fails alone if no description can be made with it', async () => {
    const stage = new Stage();
    const [ann, ben] = await stage.pair();
    const [a] = await connected(ann, ben, sound, sound);
    const [ca] = stage.world.conns;
    const long = new MediaError('description', 'too long');
    vi.spyOn(ca!, 'describe').mockImplementationOnce(() => Promise.reject(long));
    const added = outcome(a.addTrack(fakeTrack('video'), 'camera'));
    await until('it fails', () => added.is !== 'open', 1000);
    expect([added.is, a.streams().length]).toEqual([long.message, 1]);
    const held = outcome(a.hold(true));
    await until('the call goes on', () => held.is === 'done', 1000);
    await stage.end();
  });

  it('is told of by an event where nobody waits for it', async () => {
    const stage = new Stage();
    const [ann, ben] = await stage.pair();
    const make = stage.world.make.bind(stage.world);
    stage.world.make = (o) => {
      const conn = Object.assign(make(o), { unplaced: o.callee ? 'video' : '' });
      if (!o.callee) blind(conn);
      return conn;
    };
    const [, b] = await connected(ann, ben, both(), both());
    await until('he knows', () => all(ben, b, 'trackEnded').length === 1, 3000);
    expect(all(ben, b, 'trackEnded')[0]).toMatchObject({ sent: true, info: { kind: 'video' },
      error: { message: expect.stringContaining(refusal) } });
    expect(b.streams().map((s) => s.kind)).toEqual(['audio']);
    await stage.end();
  });
});

describe('a track that is declared otherwise by the answer', () => {
  // Fails if nobody describes again: the track would be added, and never sent.
  it('is described again before it counts as added', async () => {
    const stage = new Stage();
    const [ann, ben] = await stage.pair();
    const [a] = await connected(ann, ben, sound, sound);
    const [ca, cb] = stage.world.conns;
    const described = ca!.described.bind(ca);
    let answers = 0;
    ca!.described = async (...answer) => {
      await described(...answer);
      ca!.unsaid = ++answers === 1;
      if (ca!.unsaid) Object.assign(ca!.streams().at(-1)!, { ctx: 4, codec: 'H264' });
    };
    let ctx = -1;
    void a.addTrack(fakeTrack('video'), 'camera').then((s) => {
      ctx = s.ctx;
    });
    await until('it is added', () => ctx >= 0, 3000);
    expect([ctx, answers]).toEqual([4, 2]);
    expect(cb!.frames.declared.get(0)?.map((s) => `${s.ctx} ${s.codec}`)).toEqual(['0 opus', '4 H264']);
    await stage.end();
  });
});
