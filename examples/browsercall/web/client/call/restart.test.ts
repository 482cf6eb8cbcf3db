import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { MediaError } from '../media/errors.ts';
import type { Call } from './call.ts';
import type { CallEvent } from './event.ts';
import { begin, connected, over, passes, settle, Stage, until } from './testing-stage.ts';
import type { Person } from './testing-stage.ts';

beforeEach(begin);
afterEach(over);

/** The events of one type. */
function all<T extends CallEvent['type']>(p: Person, c: Call, type: T): Extract<CallEvent, { type: T }>[] {
  return (p.heard.get(c) ?? []).filter((e): e is Extract<CallEvent, { type: T }> => e.type === type);
}

describe('a new start of ICE', () => {
  it('uses the servers that our relay lends now, and keeps those of before if it does not say', async () => {
    const stage = new Stage();
    const [ann, ben] = await stage.pair();
    const [a] = await connected(ann, ben);
    const conn = stage.world.conns[0]!;
    const set = vi.spyOn(conn, 'setIceServers');
    ann.transport.iceServers = () => new Promise(() => undefined);
    a.restart();
    await until('it is offered all the same', () => conn.restarts === 1, 3000);
    expect(set).not.toHaveBeenCalled();
    await passes(1000);
    const servers = [{ urls: 'turn:relay.example', username: 'a', credential: 'b' }];
    ann.transport.iceServers = async () => servers;
    a.restart();
    await until('it is offered', () => conn.restarts === 2);
    expect(set.mock.calls).toEqual([[servers]]);
    await stage.end();
  });

  it('sends candidates also of the fifth time that the other side wants it', async () => {
    const stage = new Stage();
    const [ann, ben] = await stage.pair();
    const [a] = await connected(ann, ben);
    const [ca, cb] = stage.world.conns;
    const apply = cb!.apply.bind(cb);
    cb!.apply = (...offer) => {
      for (let i = 0; i < 10; i++) cb!.tell({ type: 'candidate', mid: '0', line: `${ca!.restarts} ${i}` });
      return apply(...offer);
    };
    for (let n = 1; n <= 5; n++) {
      a.restart();
      await until('Ann has them all', () => ca!.candidates.includes(`${n} 9`), 2000);
    }
    await stage.end();
  });

  it('gives the other side\'s restart 4 s too', async () => {
    const stage = new Stage();
    const [ann, ben] = await stage.pair();
    const [a] = await connected(ann, ben);
    const [, cb] = stage.world.conns;
    cb!.tell({ type: 'state', state: 'disconnected' }); // Ben, who was rung, would start in 2 s
    await passes(1800);
    a.restart();
    await passes(3500);
    expect(cb!.restarts).toBe(0);
    await until('there is one', () => cb!.restarts === 1, 1000);
    await stage.end();
  });

  it('does not start ICE again once a restart of the other side has crossed its own', async () => {
    const stage = new Stage();
    const [ann, ben] = await stage.pair();
    const [a, b] = await connected(ann, ben);
    const [ca, cb] = stage.world.conns;
    a.restart();
    b.restart();
    await passes(3000);
    expect([ca!.restarts, cb!.restarts]).toEqual([1, 1]);
    await stage.end();
  });
});

describe('a new start of ICE by the callee, while it applies one of the caller', () => {
  // Fails if an offer that is made after theirs counts as crossed: ICE would start a third time.
  it('is one', async () => {
    const stage = new Stage();
    const [ann, ben] = await stage.pair();
    const [a, b] = await connected(ann, ben);
    const [ca, cb] = stage.world.conns;
    const apply = cb!.apply.bind(cb);
    cb!.apply = async (...offer) => {
      b.restart();
      await settle();
      return apply(...offer);
    };
    a.restart();
    await passes(3000);
    expect([ca!.restarts, cb!.restarts]).toEqual([1, 1]);
    await stage.end();
  });

  it('lets a late side write nothing until both are agreed on', async () => {
    const stage = new Stage();
    stage.late.add('Ben');
    const [ann, ben] = await stage.pair();
    const [a, b] = await connected(ann, ben);
    const conn = stage.world.conns[1]!;
    const said = vi.spyOn(conn, 'sendMessage');
    const apply = conn.apply.bind(conn);
    conn.apply = async (...offer) => {
      b.restart();
      await settle();
      return apply(...offer);
    };
    const described = vi.spyOn(conn, 'described');
    const written: number[] = [];
    const describe = conn.describe.bind(conn);
    conn.describe = async (restart) => {
      void a.send('through the channel');
      void b.send('waits');
      await settle();
      written.push(all(ben, b, 'message').length, said.mock.calls.length);
      return describe(restart);
    };
    a.restart();
    await until('his own is agreed on', () => described.mock.calls.length === 1);
    expect(written).toEqual([1, 0]);
    await passes(100);
    conn.tell({ type: 'state', state: 'connected' });
    await until('the path is up', () => all(ann, a, 'message').length === 1, 1000);
    await stage.end();
  });

  it('comes again if one that crossed it was applied first', async () => {
    const stage = new Stage();
    const [ann, ben] = await stage.pair();
    const [, b] = await connected(ann, ben);
    const conn = stage.world.conns[1]!;
    const dropped = vi.spyOn(conn, 'described').mockRejectedValueOnce(new MediaError('state', 'none of ours waits'));
    b.restart();
    await passes(3000);
    expect([dropped.mock.calls.length, conn.restarts]).toEqual([2, 2]);
    await stage.end();
  });
});

describe('a late side that starts ICE anew', () => {
  it('lets its candidates go ahead of its offer', async () => {
    const stage = new Stage();
    stage.late.add('Ann');
    const [ann, ben] = await stage.pair();
    const [a] = await connected(ann, ben);
    const [ca, cb] = stage.world.conns;
    const describe = ca!.describe.bind(ca);
    ca!.describe = async (restart) => {
      const offer = await describe(restart);
      setTimeout(() => ca!.tell({ type: 'candidate', mid: '0', line: 'new' }), 200);
      return offer;
    };
    const apply = cb!.apply.bind(cb);
    const known: boolean[] = [];
    cb!.apply = (...offer) => {
      known.push(cb!.candidates.includes('new'));
      return apply(...offer);
    };
    a.restart();
    await until('it is offered', () => known.length > 0, 3000);
    expect(known).toEqual([true]);
    await stage.end();
  });

  it('lets its candidates go ahead of its answer', async () => {
    const stage = new Stage();
    stage.late.add('Ben');
    const [ann, ben] = await stage.pair();
    const [a] = await connected(ann, ben);
    const [ca, cb] = stage.world.conns;
    const apply = cb!.apply.bind(cb);
    cb!.apply = async (...offer) => {
      const answer = await apply(...offer);
      setTimeout(() => cb!.tell({ type: 'candidate', mid: '0', line: 'new' }), 200);
      return answer;
    };
    const described = ca!.described.bind(ca);
    const known: boolean[] = [];
    ca!.described = (...answer) => {
      known.push(ca!.candidates.includes('new'));
      return described(...answer);
    };
    a.restart();
    await until('it is answered', () => known.length === 1, 3000);
    expect(known).toEqual([true]);
    await stage.end();
  });

  it('writes nothing into the channel until something has come through it', async () => {
    const stage = new Stage();
    stage.late.add('Ben');
    const [ann, ben] = await stage.pair();
    const [a, b] = await connected(ann, ben);
    const said = vi.spyOn(stage.world.conns[1]!, 'sendMessage');
    a.restart();
    stage.world.loses = () => true;
    await until('the restart is answered', () => stage.world.conns[0]!.restarts === 1, 3000);
    void b.setMuted('audio', true);
    void b.send('waits');
    await until('Ann hears of it by the relay', () => all(ann, a, 'muteChanged').length === 1, 3000);
    expect([said.mock.calls.length, all(ann, a, 'message').length]).toEqual([0, 0]);
    stage.world.loses = () => false;
    void a.send('here I am');
    await until('both hear each other', () => all(ben, b, 'message').length + all(ann, a, 'message').length === 2, 3000);
    await stage.end();
  });

  it('writes nothing while its restart is agreed on, though the answer comes through the channel', async () => {
    const stage = new Stage();
    stage.late.add('Ann');
    const [ann, ben] = await stage.pair();
    const [a, b] = await connected(ann, ben);
    const conn = stage.world.conns[0]!;
    const said = vi.spyOn(conn, 'sendMessage');
    const described = conn.described.bind(conn);
    conn.described = async (...answer) => {
      void a.send('waits');
      conn.tell({ type: 'state', state: 'connected' }); // of the start before
      conn.tell({ type: 'candidate', mid: '0', line: 'new' });
      await settle();
      await described(...answer);
    };
    a.restart();
    await until('Ben has the candidate', () => stage.world.conns[1]!.candidates.includes('new'));
    await passes(100);
    expect(said).not.toHaveBeenCalled();
    void b.send('here I am');
    await until('both hear each other', () => all(ben, b, 'message').length + all(ann, a, 'message').length === 2, 3000);
    await stage.end();
  });

  it('writes nothing while it applies an offer, though something else comes through the channel', async () => {
    const stage = new Stage();
    stage.late.add('Ben');
    const [ann, ben] = await stage.pair();
    const [a, b] = await connected(ann, ben);
    const conn = stage.world.conns[1]!;
    const said = vi.spyOn(conn, 'sendMessage');
    const apply = conn.apply.bind(conn);
    conn.apply = async (...offer) => {
      void a.send('after the offer');
      await settle();
      void b.send('waits');
      conn.tell({ type: 'candidate', mid: '0', line: 'new' });
      await settle();
      return apply(...offer);
    };
    a.restart();
    await until('Ann has the candidate', () => stage.world.conns[0]!.candidates.includes('new'));
    expect([said.mock.calls.length, all(ben, b, 'message').length]).toEqual([0, 1]);
    conn.tell({ type: 'state', state: 'connected' });
    await until('the path is up', () => all(ann, a, 'message').length === 1);
    await stage.end();
  });

  it('ignores one of the other side that crosses an offer of its own', async () => {
    const stage = new Stage();
    stage.late.add('Ann');
    const [ann, ben] = await stage.pair();
    const [a, b] = await connected(ann, ben);
    await passes(1000);
    const told = vi.spyOn(stage.world.conns[1]!, 'sendMessage').mockImplementationOnce(() => undefined); // the answer
    const done: string[] = [];
    void a.hold(true).then(() => done.push('held'));
    await until('Ben has answered', () => told.mock.calls.length === 1);
    b.restart();
    await passes(100);
    void a.send('goes on').then(() => done.push('said'));
    await until('both are done', () => done.length === 2);
    expect(done).toEqual(['said', 'held']);
    await stage.end();
  });

  it.each(['the offer cannot be made', 'the offer is refused', 'an offer is refused'])('goes on if %s', async (what) => {
    const stage = new Stage();
    const late = what.startsWith('an') ? 'Ben' : 'Ann';
    stage.late.add(late);
    const [ann, ben] = await stage.pair();
    const [a, b] = await connected(ann, ben);
    const [ca, cb] = stage.world.conns;
    stage.world.loses = () => true; // the refusal, too, comes by the relay
    const fails = () => Promise.reject(new MediaError('description', 'no'));
    const failing = what.endsWith('made') ? vi.spyOn(ca!, 'describe').mockImplementationOnce(fails) :
      vi.spyOn(cb!, 'apply').mockImplementationOnce(fails);
    a.restart();
    await until('it has failed', () => failing.mock.calls.length === 1);
    stage.world.loses = () => false;
    await passes(100);
    let said = false;
    void (late === 'Ann' ? a : b).send('goes on').then(() => {
      said = true;
    });
    await until('it is said', () => said, 1000);
    await stage.end();
  });

  it('does not answer its own restart by another, unless that takes 4 s', async () => {
    const stage = new Stage();
    stage.late.add('Ann');
    const [ann, ben] = await stage.pair();
    const [a] = await connected(ann, ben);
    const conn = stage.world.conns[0]!;
    const described = conn.described.bind(conn);
    let takes = 300;
    conn.described = async (...answer) => {
      await described(...answer);
      conn.tell({ type: 'state', state: 'connecting' });
      setTimeout(() => conn.tell({ type: 'state', state: 'connected' }), takes);
    };
    a.restart();
    await passes(6000);
    expect([conn.restarts, a.state]).toEqual([1, 'connected']);
    takes = 4500;
    a.restart();
    await passes(3500);
    expect([conn.restarts, a.state]).toEqual([2, 'reconnecting']);
    await until('there is one more', () => conn.restarts === 3, 1000);
    await stage.end();
  });

  it('says that it looks for a path', async () => {
    const stage = new Stage();
    stage.late.add('Ben');
    const [ann, ben] = await stage.pair();
    const [, b] = await connected(ann, ben);
    const conn = stage.world.conns[1]!;
    conn.tell({ type: 'state', state: 'connecting' });
    await until('it knows', () => b.state === 'reconnecting');
    conn.tell({ type: 'state', state: 'connected' });
    await until('it is found', () => b.state === 'connected');
    await stage.end();
  });
});
