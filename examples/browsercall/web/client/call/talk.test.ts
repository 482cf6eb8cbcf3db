import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { MediaError } from '../media/errors.ts';
import type { CallEvent } from './event.ts';
import { begin, both, connected, ended, over, passes, settle, Stage, until } from './testing-stage.ts';
import type { Person } from './testing-stage.ts';
import type { Call } from './call.ts';
import { fakeTrack } from './testing-conn.ts';

beforeEach(begin);
afterEach(over);

/** The events of one type. */
function all<T extends CallEvent['type']>(p: Person, c: Call, type: T): Extract<CallEvent, { type: T }>[] {
  return (p.heard.get(c) ?? []).filter((e): e is Extract<CallEvent, { type: T }> => e.type === type);
}

const text = (b: Uint8Array | undefined) => new TextDecoder().decode(b);

describe('in a call', () => {
  it('messages arrive in order, also those of before it was connected', async () => {
    const stage = new Stage();
    const [ann, ben] = await stage.pair();
    const at = ann.dial(ben);
    await ben.rung().then(async (i) => ben.hears(await i.answer(both())));
    const a = await at;
    const sent = [a.send('first'), a.send('second')];
    await until('connected', () => a.state === 'connected');
    await Promise.all([...sent, a.send(new Uint8Array(16 << 10))]);
    const b = [...ben.heard.keys()][0]!;
    await until('they arrive', () => all(ben, b, 'message').length === 3);
    const messages = all(ben, b, 'message');
    expect(messages.slice(0, 2).map((m) => text(m.data))).toEqual(['first', 'second']);
    expect(messages[2]?.data).toHaveLength(16 << 10);
    expect(messages[0]?.from).toEqual(ann.identity.id);
    await expect(a.send(new Uint8Array((16 << 10) + 1))).rejects.toThrow('the limit is 16384');
    await stage.end();
    await expect(a.send('late')).rejects.toThrow('ended here: closed');
  });

  it('mute and hold are told', async () => {
    const stage = new Stage();
    const [ann, ben] = await stage.pair();
    const [a, b] = await connected(ann, ben);
    const done = a.setMuted('video', true);
    await until('Ben knows', () => all(ben, b, 'muteChanged').length === 1);
    await done;
    expect(all(ben, b, 'muteChanged')[0]).toMatchObject({ ctx: 1, muted: true, info: { kind: 'video', mid: '1' } });
    expect(stage.world.conns[0]?.muted.get(1)).toBe(true);
    const held = b.hold(true);
    await until('Ann knows', () => all(ann, a, 'holdChanged').length === 1);
    await held;
    expect(all(ann, a, 'holdChanged')[0]?.held).toBe(true);
    expect(stage.world.conns[1]?.held).toBe(true);
    await expect(a.setMuted(9, true)).rejects.toThrow('nothing of that kind');
    await stage.end();
  });

  it('a track is added if the other side consents, and not otherwise', async () => {
    const stage = new Stage();
    const [ann, ben] = await stage.pair();
    const audio = { send: [fakeTrack('audio')] };
    const [a, b] = await connected(ann, ben, audio, { ...audio, consent: async (t) => t.kind === 'video' });
    const added = a.addTrack(fakeTrack('video'), 'camera');
    await until('it is there', () => all(ben, b, 'trackAdded').length === 1);
    expect(await added).toMatchObject({ ctx: 1, kind: 'video' });
    expect(stage.world.conns[1]?.frames.declared.get(0)).toHaveLength(2);
    const refused = b.addTrack(fakeTrack('video'), 'screen'); // Ann consents to nothing
    await until('Ann was asked', () => (stage.world.conns[0]?.asked.length ?? 0) === 1);
    await settle();
    await refused;
    expect(all(ann, a, 'trackAdded')).toEqual([]);
    await stage.end();
  });

  it('a person who thinks about a track holds nothing up, and may take it later', async () => {
    const stage = new Stage();
    const [ann, ben] = await stage.pair();
    let asked = 0;
    let decide: (yes: boolean) => void = () => undefined;
    const consent = () => {
      asked++;
      return new Promise<boolean>((resolve) => {
        decide = resolve;
      });
    };
    const [a, b] = await connected(ann, ben, {}, { consent });
    const [ca, cb] = stage.world.conns;
    let added = 0;
    const add = () => void a.addTrack(fakeTrack('video'), 'screen').then(() => added++);
    add();
    await until('it goes on without', () => added === 1, 600);
    add(); // of a section of the same name
    await until('so does the next', () => added === 2, 100);
    expect([asked, all(ben, b, 'trackAdded').length]).toEqual([1, 0]);

    const described = ca!.described.bind(ca);
    ca!.described = async (...answer) => {
      await described(...answer);
      if (ca!.restarts > 0) stage.world.setPath(true); // ICE starts anew, and finds a path
    };
    stage.world.setPath(false);
    await until('there is a path again', () => a.state === 'connected' && b.state === 'connected', 5000);

    let described2 = 0;
    cb!.described = async () => void described2++;
    decide(true);
    await until('Ben asks for it', () => described2 === 1, 1000);
    expect([cb!.taken, asked]).toEqual([['x'], 1]);
    await passes(3000);
    expect([described2, a.state, b.state]).toEqual([1, 'connected', 'connected']);
    await stage.end();
  });

  it('a callee offers once more what the first offer had no place for', async () => {
    const stage = new Stage();
    const [ann, ben] = await stage.pair();
    const make = stage.world.make.bind(stage.world);
    const offers: string[] = [];
    stage.world.make = (o) => {
      const c = Object.assign(make(o), { untakenKind: o.callee });
      const describe = c.describe.bind(c);
      c.describe = (restart) => {
        offers.push(o.callee ? 'callee' : 'caller');
        return describe(restart);
      };
      return c;
    };
    const [a, b] = await connected(ann, ben);
    await passes(3000);
    expect(offers).toEqual(['callee']);
    expect([a.state, b.state, a.dropped, b.dropped]).toEqual(['connected', 'connected', 0, 0]);
    await stage.end();
  });

  it('two descriptions that cross are both carried out', async () => {
    const stage = new Stage();
    const [ann, ben] = await stage.pair();
    const [a, b] = await connected(ann, ben, { consent: () => true }, { consent: () => true });
    const adding = Promise.all([a.addTrack(fakeTrack('video'), 'screen'), b.addTrack(fakeTrack('video'), 'screen')]);
    let done = false;
    void adding.then(() => {
      done = true;
    });
    await until('both are done', () => done);
    expect([all(ann, a, 'trackAdded').length, all(ben, b, 'trackAdded').length]).toEqual([1, 1]);
    await stage.end();
  });

  // Fails if the caller remembers an offer that it has ignored as one that it works on.
  it('an offer that overtakes the answer to the other side is taken when it comes again', async () => {
    const stage = new Stage();
    const [ann, ben] = await stage.pair();
    const [a, b] = await connected(ann, ben, { consent: () => true }, { consent: () => true });
    await passes(1000);
    const told = vi.spyOn(stage.world.conns[1]!, 'sendMessage').mockImplementationOnce(() => undefined); // the answer
    const done: string[] = [];
    void a.addTrack(fakeTrack('video'), 'screen').then(() => done.push('Ann'));
    await until('Ben has answered', () => told.mock.calls.length === 1);
    void b.addTrack(fakeTrack('video'), 'screen').then(() => done.push('Ben'));
    await until('both are done', () => done.length === 2);
    expect(done).toEqual(['Ann', 'Ben']);
    await stage.end();
  });

  it('a description that is lost is repeated after 2 s', async () => {
    const stage = new Stage();
    const [ann, ben] = await stage.pair();
    const [a, b] = await connected(ann, ben, {}, { consent: () => true });
    let lost = 0;
    stage.world.loses = () => lost++ < 2;
    void a.addTrack(fakeTrack('video'), 'screen');
    await passes(1500);
    expect([lost, all(ben, b, 'trackAdded').length]).toEqual([1, 0]);
    await until('it is there', () => all(ben, b, 'trackAdded').length === 1, 4000);
    expect(lost).toBeGreaterThanOrEqual(2);
    await stage.end();
  });
});

describe('frames that do not open', () => {
  // Fails if the loop does not listen: the call would say that it is connected, and show nothing.
  it('are told, and that they open again', async () => {
    const stage = new Stage();
    const [ann, ben] = await stage.pair();
    const [a, b] = await connected(ann, ben);
    const info = { mid: '1', kind: 'video' as const };
    const told = [{ info, refused: true, reason: 'forged' }, { info, refused: false, reason: '' }];
    for (const detail of told) stage.world.conns[0]!.frames.dispatchEvent(new CustomEvent('refusedChanged', { detail }));
    await settle();
    expect(all(ann, a, 'refusedChanged')).toEqual(told.map((t) => ({ type: 'refusedChanged', ...t })));
    expect([all(ben, b, 'refusedChanged'), a.state]).toEqual([[], 'connected']);
    await stage.end();
  });
});

describe('keys', () => {
  it.each(['caller', 'callee'])('are renewed when the %s asks, and after an hour', async (who) => {
    const stage = new Stage();
    const [ann, ben] = await stage.pair();
    const [a, b] = await connected(ann, ben);
    await passes(1000);
    (who === 'caller' ? a : b).renewKeys();
    await until('both send with epoch 2', () => stage.world.conns.every((c) => c.frames.sending === 2));
    const [ca, cb] = stage.world.conns;
    expect(ca?.frames.keys.get(2)).toBe(cb?.frames.keys.get(2));
    expect(ca?.frames.keys.get(2)).not.toBe(ca?.frames.keys.get(1));
    expect(stage.world.conns.map((c) => c.forced)).toEqual([1, 1]);
    expect([ca?.frames.receive(cb!.frames), cb?.frames.receive(ca!.frames)]).toEqual([true, true]);
    const told = [all(ann, a, 'keysChanged'), all(ben, b, 'keysChanged')];
    expect(told.map((l) => l.map((e) => e.epoch))).toEqual([[2], [2]]);
    await until('an hour later', () => stage.world.conns.every((c) => c.frames.sending === 3), 3_610_000, 10_000);
    expect(ca?.frames.keys.get(3)).toBe(cb?.frames.keys.get(3));
    await stage.end();
  }, 60_000);

  it('are renewed when 2^24 frames were sealed', async () => {
    const stage = new Stage();
    const [ann, ben] = await stage.pair();
    await connected(ann, ben);
    stage.world.conns[0]!.frames.epochFrames = 2 ** 24;
    await until('both send with epoch 2', () => stage.world.conns.every((c) => c.frames.sending === 2), 130_000, 1000);
    await stage.end();
  });

  it('a Commit that is lost is repeated, and the old keys are sent with meanwhile, for 1 s at most', async () => {
    const stage = new Stage();
    const [ann, ben] = await stage.pair();
    const [a, b] = await connected(ann, ben);
    await passes(1000);
    let lost = 0;
    stage.world.loses = () => lost++ < 4; // Commit and Ack, twice
    a.renewKeys();
    await passes(500);
    const [ca, cb] = stage.world.conns;
    expect([ca?.frames.keys.has(2), ca?.frames.sending, cb?.frames.keys.has(2)]).toEqual([true, 1, false]);
    await until('both send with epoch 2', () => stage.world.conns.every((c) => c.frames.sending === 2), 4000);
    expect([a.state, b.state]).toEqual(['connected', 'connected']);
    expect(lost).toBeGreaterThanOrEqual(5);
    await stage.end();
  });

  it('end the call if no Ack of an epoch comes for 20 s', async () => {
    const stage = new Stage();
    const [ann, ben] = await stage.pair();
    const [a] = await connected(ann, ben);
    await passes(1000);
    stage.world.loses = () => true;
    stage.fault = () => ({ drop: true });
    a.renewKeys();
    await ended(a, 25_000);
    expect(ann.events(a).at(-1)).toBe('ended: peer lost');
    await stage.end();
  });
});

describe('a path that is lost', () => {
  it('is sought, found, and what was said meanwhile arrives', async () => {
    const stage = new Stage();
    const [ann, ben] = await stage.pair();
    const [a, b] = await connected(ann, ben);
    stage.world.setPath(false);
    await until('both look', () => a.state === 'reconnecting' && b.state === 'reconnecting');
    let said = false;
    void a.send('still there?').then(() => {
      said = true;
    });
    await passes(5000);
    expect([said, stage.world.conns[0]!.restarts > 0]).toEqual([false, true]);
    stage.world.setPath(true);
    await until('it arrives', () => all(ben, b, 'message').length === 1);
    expect(ann.events(a).slice(2)).toEqual(['participantJoined', 'connected', 'reconnecting', 'connected']);
    await stage.end();
  });

  it('ends the call after 20 s', async () => {
    const stage = new Stage();
    const [ann, ben] = await stage.pair();
    const [a, b] = await connected(ann, ben);
    stage.world.setPath(false);
    stage.fault = () => ({ drop: true });
    await passes(19_000);
    expect([a.state, b.state]).toEqual(['reconnecting', 'reconnecting']);
    await ended(a, 5000);
    await ended(b, 5000);
    expect([ann.events(a).at(-1), ben.events(b).at(-1)]).toEqual(['ended: peer lost', 'ended: peer lost']);
    await stage.end();
  });

  it('is sought at once when the application knows of another network', async () => {
    const stage = new Stage();
    const [ann, ben] = await stage.pair();
    const [a, b] = await connected(ann, ben);
    a.restart();
    await until('ICE starts anew', () => stage.world.conns[0]?.restarts === 1);
    await passes(1000);
    expect([a.state, b.state]).toEqual(['connected', 'connected']);
    await stage.end();
  });
});

describe('a certificate that is not the promised one', () => {
  it('ends the call, though ICE works', async () => {
    const stage = new Stage();
    const [ann, ben] = await stage.pair();
    const [a] = await connected(ann, ben);
    stage.world.conns[0]!.tell({ type: 'state', state: 'failed', error: new MediaError('fingerprint', 'DTLS failed') });
    await ended(a);
    expect(ann.events(a).at(-1)).toBe('ended: authentication failed');
    await stage.end();
  });
});

describe('a connection that closes by itself', () => {
  it('ends the call', async () => {
    const stage = new Stage();
    const [ann, ben] = await stage.pair();
    const [a] = await connected(ann, ben);
    stage.world.conns[0]!.tell({ type: 'state', state: 'failed', error: new Error('the browser refuses') });
    await ended(a);
    expect(ann.events(a).at(-1)).toBe('ended: media failed');
    await stage.end();
  });
});

describe('the end', () => {
  it('reaches the other side by the relay when the data channel loses it', async () => {
    const stage = new Stage();
    const [ann, ben] = await stage.pair();
    const [a, b] = await connected(ann, ben);
    stage.world.loses = () => true;
    void a.hangup();
    await ended(b, 5000);
    await ended(a, 5000);
    expect(ben.events(b).at(-1)).toBe('ended: left there');
    await stage.end();
  });

  it('comes within seconds though relay and path are gone and the connection does not close', async () => {
    const stage = new Stage();
    const [ann, ben] = await stage.pair();
    const [a] = await connected(ann, ben);
    const away = ann.transport.partition();
    stage.world.loses = () => true;
    stage.fault = () => ({ drop: true });
    const conn = stage.world.conns[0]!;
    const close = conn.close.bind(conn);
    conn.close = () => close().then(() => new Promise<void>(() => undefined));
    void a.hangup();
    await ended(a, 6500);
    expect(conn.frames.destroyed).toBe(true);
    away();
    await stage.end();
  });

  it('says why when somebody asks for it twice', async () => {
    const stage = new Stage();
    const [ann, ben] = await stage.pair();
    const [a] = await connected(ann, ben);
    const twice = Promise.all([a.hangup(), a.close(), a.hangup()]);
    await ended(a);
    await twice;
    expect(ann.events(a).filter((e) => e.startsWith('ended'))).toHaveLength(1);
    const shown = JSON.stringify({ call: a, client: ann.client });
    expect(shown).toMatch(/^\{"call":"call [0-9a-f]{8}, ended","client":"client"\}$/);
    await stage.end();
  });
});
