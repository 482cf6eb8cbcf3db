import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { MediaError } from '../media/errors.ts';
import type { Call } from './call.ts';
import type { CallEvent } from './event.ts';
import { begin, both, connected, over, passes, settle, Stage, until } from './testing-stage.ts';
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

describe('a track whose codec the answer changed', () => {
  // Fails if nobody describes it: the Welcome, which was sealed before, names another, and nothing is ever sent.
  it('is described once the call is connected, and once only', async () => {
    const stage = new Stage();
    const [ann, ben] = await stage.pair();
    const make = stage.world.make.bind(stage.world);
    const describes: boolean[] = [];
    stage.world.make = (o) => {
      const conn = make(o);
      if (o.callee) return conn;
      const [accept, describe, described] = [conn.accept.bind(conn), conn.describe.bind(conn), conn.described.bind(conn)];
      conn.accept = async (...answer) => {
        await accept(...answer);
        Object.assign(conn.streams().at(-1)!, { ctx: 4, codec: 'H264' });
        conn.unsaid = true;
      };
      conn.describe = (restart) => {
        describes.push(restart);
        return describe(restart);
      };
      conn.described = async (...answer) => {
        await described(...answer);
        conn.unsaid = false;
      };
      return conn;
    };
    await connected(ann, ben);
    await passes(5000);
    const declared = stage.world.conns[1]!.frames.declared.get(0);
    expect(declared?.map((s) => `${s.ctx} ${s.codec}`)).toEqual(['0 opus', '4 H264']);
    expect(describes).toEqual([false]);
    await stage.end();
  });
});

describe('a track that the other side does not want', () => {
  const take = (conn: FakeConn, taken: boolean) => Object.assign(conn.streams().find((s) => s.kind === 'video')!, { taken });

  it('is told, also when it is wanted after all', async () => {
    const stage = new Stage();
    const [ann, ben] = await stage.pair();
    const make = stage.world.make.bind(stage.world);
    stage.world.make = (o) => {
      const conn = make(o);
      const accept = conn.accept.bind(conn);
      conn.accept = async (...answer) => {
        await accept(...answer);
        take(conn, false);
      };
      return conn;
    };
    const [a, b] = await connected(ann, ben);
    const told = () => all(ann, a, 'takenChanged').map((e) => `${e.info.kind} ${e.taken}`);
    expect([told(), all(ben, b, 'takenChanged')]).toEqual([['video false'], []]);
    for (const taken of [false, true, true]) {
      take(stage.world.conns[0]!, taken);
      const held = outcome(b.hold(true)); // any description of the other side
      await until('it is answered', () => held.is === 'done', 3000);
    }
    expect(told()).toEqual(['video false', 'video true']);
    expect(a.streams().map((s) => `${s.role} ${s.taken}`)).toEqual(['microphone true', 'camera true']);
    await stage.end();
  });
});

describe('a track that is removed while the path is away', () => {
  // Fails if the call wants to be connected for that: the other side would keep its last picture for good.
  it('is gone at once, and the other side hears of it when the path is back', async () => {
    const stage = new Stage();
    const [ann, ben] = await stage.pair();
    const [a, b] = await connected(ann, ben);
    stage.fault = () => ({ drop: true }); // no restart of ICE says it before
    stage.world.setPath(false);
    await until('both look', () => a.state === 'reconnecting' && b.state === 'reconnecting');
    const removed = outcome(a.removeTrack(1));
    await passes(1000);
    expect([a.streams().length, removed.is]).toEqual([1, 'open']);
    stage.fault = () => undefined;
    stage.world.setPath(true);
    await until('it is told', () => removed.is === 'done', 5000);
    expect(stage.world.conns[1]!.frames.declared.get(0)?.map((s) => s.ctx)).toEqual([0]);
    await stage.end();
  });
});
