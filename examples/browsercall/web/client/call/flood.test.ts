import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { random } from '../bytes.ts';
import { MediaError } from '../media/errors.ts';
import { Group } from '../mls/index.ts';
import { newControl } from './control.ts';
import { Courier } from './courier.ts';
import { maxKept } from './event.ts';
import type { Loop } from './loop.ts';
import { Ack, MessageType } from './message.ts';
import { Describe, DescribeKind, InCall, InCallType } from './message-incall.ts';
import type { GroupLike, Groups, Packet, Transport } from './ports.ts';
import { EndReason } from './reason.ts';
import { sendAck, sendBye, signal } from './send.ts';
import { fakeTrack, type FakeConn } from './testing-conn.ts';
import { begin, connected, ended, over, passes, settle, Stage, until } from './testing-stage.ts';
import type { Person } from './testing-stage.ts';

beforeEach(begin);
afterEach(over);

/** Whatever somebody's client makes a group with, so that a test can speak in it. */
function tapped(p: Person): GroupLike[] {
  const made: GroupLike[] = [];
  p.parts.groups = async () => ({ ...(groups as object), create: async (o) => {
    const g = await Group.create(o) as GroupLike;
    made.push(g);
    return g;
  } }) as Groups;
  const groups = { keyPackage: Group.keyPackage.bind(Group), join: Group.join.bind(Group) };
  return made;
}

/** Counts packets from now on. */
function counting(stage: Stage): Packet[] {
  const seen: Packet[] = [];
  stage.fault = (p) => void seen.push(p);
  return seen;
}

describe('a peer that asks over and over', () => {
  it('gets a description answered once in 2 s at most', async () => {
    const stage = new Stage();
    const [ann, ben] = await stage.pair();
    const made = tapped(ann);
    const [a, b] = await connected(ann, ben);
    a.restart();
    await until('ICE starts anew', () => stage.world.conns[0]?.restarts === 1);
    await passes(2000);
    const seen = counting(stage);
    const again = Describe.encode({ kind: DescribeKind.Offer, n: 1, sdp: random(1), streams: [], restart: true });
    for (let i = 0; i < 100; i++) {
      const message = await made[0]!.protect(InCall.encode({ type: InCallType.Describe, seq: 1000 + i, body: again }));
      stage.world.conns[0]!.sendMessage(message);
    }
    await settle();
    expect(seen).toHaveLength(1);
    await passes(1900);
    expect(seen).toHaveLength(1);
    await passes(200);
    expect([seen.length, b.state]).toEqual([2, 'connected']); // one that was not lost is not left without an answer
    await passes(5000);
    expect(seen).toHaveLength(2);
    await stage.end();
  });

  it('gets our Ack twice a second at most', async () => {
    const stage = new Stage();
    const [ann, ben] = await stage.pair();
    const seal = ann.identity.seal.bind(ann.identity);
    let last: Parameters<typeof seal> | undefined;
    ann.identity.seal = (to, m) => {
      if (m.type === MessageType.Ack) last = [to, m];
      return seal(to, m);
    };
    const [, b] = await connected(ann, ben);
    await passes(1000);
    stage.world.conns[1]!.sendMessage = () => {
      throw new MediaError('backlog', 'full');
    };
    const seen = counting(stage);
    const [to, m] = last!;
    const body = Ack.encode({ ...Ack.parse(m.body), got: false });
    for (let i = 0; i < 100; i++) {
      stage.world.conns[0]!.sendMessage((await seal(to, { ...m, body, seq: 100 + i })).box);
    }
    await settle();
    expect([seen.length, b.dropped]).toEqual([1, 99]);
    await passes(1000);
    stage.world.conns[0]!.sendMessage((await seal(to, { ...m, body, seq: 300 })).box);
    await settle();
    expect(seen).toHaveLength(2);
    await stage.end();
  });

  it('does not fill what waits for a relay that is away, and the Bye goes all the same', async () => {
    const sent: number[] = [];
    let open = () => {};
    const away = new Promise<void>((resolve) => {
      open = resolve;
    });
    const transport = { send: (p: Packet) => away.then(() => void sent.push(p.body[0]!)) } as Transport;
    const courier = new Courier(transport, new AbortController().signal);
    let dropped = 0;
    const packet = (type: number) => ({ packet: { to: random(32), token: random(16), body: Uint8Array.of(type) } });
    const l = {
      control: newControl(), line: { courier }, drop: () => dropped++,
      machine: { state: 'connecting', view: { up: false } },
      keys: { theirs: {}, hAccept: random(32), seal: async (_: unknown, type: number) => packet(type),
        protect: async () => random(8) },
    } as unknown as Loop;
    for (let i = 0; i < 100; i++) await sendAck(l, 1, '00'.repeat(32), false);
    for (let i = 0; i < 100; i++) await signal(l, InCallType.Candidate, random(8));
    await signal(l, InCallType.Hold, random(8)); // of our user, and said once
    expect(dropped).toBe(200 - 65); // one is under way, and 64 wait
    await sendBye(l, EndReason.Left);
    courier.finish();
    open();
    await courier.done;
    expect(sent).toEqual([MessageType.Ack, MessageType.InCall, MessageType.Bye]); // which waits for none of those
  });

  it('has 8 Commits taken at once, and then one in 250 ms', async () => {
    const stage = new Stage();
    const [ann, ben] = await stage.pair();
    const made = tapped(ann);
    const [, b] = await connected(ann, ben);
    await passes(2000);
    const { keys } = stage.world.conns[1]!.frames;
    const commits = async (n: number) => {
      for (let i = 0; i < n; i++) stage.world.conns[0]!.sendMessage(await made[0]!.commit());
      await settle();
    };
    await commits(8);
    expect([Math.max(...keys.keys()), b.dropped]).toEqual([9, 0]);
    const more = await made[0]!.commit();
    for (let i = 0; i < 100; i++) stage.world.conns[0]!.sendMessage(more);
    stage.world.conns[0]!.sendMessage(random(46).fill(3)); // says that it is one
    await settle();
    expect([Math.max(...keys.keys()), b.dropped]).toEqual([9, 101]);
    await passes(250);
    stage.world.conns[0]!.sendMessage(more);
    await settle();
    expect([Math.max(...keys.keys()), b.dropped, b.state]).toEqual([10, 101, 'connected']);
    stage.world.conns[0]!.sendMessage(await made[0]!.protect(InCall.encode(
      { type: InCallType.Chat, seq: 1000, body: random(1) })));
    await until('what is no Commit is taken', () => ben.events(b).at(-1) === 'message');
    await stage.end();
  });

  it('does not stop our clocks', async () => {
    const stage = new Stage();
    const [ann, ben] = await stage.pair();
    const [a] = await connected(ann, ben);
    stage.world.setPath(false);
    await settle();
    expect(a.state).toBe('reconnecting');
    const conn = stage.world.conns[0]!;
    const now = performance.now.bind(performance);
    vi.spyOn(performance, 'now').mockImplementation(() => now() + 21_000); // no timer has had its turn meanwhile
    conn.tell({ type: 'message', data: random(8) });
    await settle();
    expect(isSilent(conn)).toBe(true); // the call has begun to end
    await ended(a);
    expect(ann.events(a).at(-1)).toBe('ended: peer lost');
    await stage.end();
  });

  it('does not fill the events with new keys that nobody looks at', async () => {
    const stage = new Stage();
    const [ann, ben] = await stage.pair();
    const [a, b] = await connected(ann, ben);
    await passes(1000);
    b.kept.in(maxKept);
    a.renewKeys();
    await until('both send with epoch 2', () => stage.world.conns.every((c) => c.frames.sending === 2));
    expect([ann.events(a).at(-1), ben.events(b).at(-1), b.epoch]).toEqual(['keysChanged', 'connected', 2]);
    b.kept.out(maxKept);
    await stage.end();
  });
});

/** Whether nothing that a connection has to send is sealed any more, for good. */
const isSilent = ({ frames }: FakeConn): boolean => frames.stopped && frames.seal() === 'noKey';

describe('the end', () => {
  /** Notes whether media was silent when somebody's Bye was to be sealed, which takes for ever. */
  function atBye(p: Person, conn: FakeConn): boolean[] {
    const silent: boolean[] = [];
    const seal = p.identity.seal.bind(p.identity);
    p.identity.seal = (to, m) => {
      if (m.type !== MessageType.Bye) return seal(to, m);
      silent.push(isSilent(conn));
      return new Promise(() => undefined);
    };
    return silent;
  }

  it.each([
    ['a hang-up while it reconnects', 'reconnecting', (stage: Stage) => stage.world.setPath(false)],
    ['a hang-up that waits for its confirmation', 'connected', () => undefined],
    ['somebody else at the other end', 'ended', (stage: Stage) => stage.world.conns[0]!.tell(
      { type: 'state', state: 'failed', error: new MediaError('fingerprint', 'DTLS failed') })],
  ])('is silent before it is told: %s', async (_, state, first) => {
    const stage = new Stage();
    const [ann, ben] = await stage.pair();
    const [a] = await connected(ann, ben);
    const silent = atBye(ann, stage.world.conns[0]!);
    first(stage);
    await settle();
    if (state !== 'ended') {
      expect(a.state).toBe(state);
      void a.hangup();
      await settle();
    }
    expect(silent).toEqual([true]);
  });

  it('is silent before it is told: set-up that takes too long', async () => {
    const stage = new Stage();
    const [ann, ben] = await stage.pair();
    stage.world.path = false;
    const at = ann.dial(ben);
    await ben.answers();
    await at;
    const silent = atBye(ann, stage.world.conns[0]!);
    await until('the time is over', () => silent.length > 0, 16_000);
    expect(silent).toEqual([true]);
  });

  it('destroys the keys if sealing cannot be stopped', async () => {
    const stage = new Stage();
    const [ann, ben] = await stage.pair();
    const [a] = await connected(ann, ben);
    const conn = stage.world.conns[0]!;
    conn.frames.stopSend = () => Promise.reject(new Error('the frame worker does not answer'));
    stage.world.loses = () => true;
    void a.hangup();
    await settle();
    expect([conn.frames.destroyed, conn.closed]).toEqual([true, false]);
    await ended(a);
    expect(ann.events(a).at(-1)).toBe('ended: left');
    await stage.end();
  });
});

describe('streams that cannot be declared', () => {
  const tooMany = () => Promise.reject(new Error('more than 64 streams are declared'));

  it.each([['by one who is offered them', 1], ['by one whose offer is answered', 0]])('%s', async (_, which) => {
    const stage = new Stage();
    const [ann, ben] = await stage.pair();
    const [a, b] = await connected(ann, ben, {}, { consent: () => true });
    const { frames } = stage.world.conns[which]!;
    const declare = frames.declare.bind(frames);
    frames.declare = tooMany;
    let said = '';
    a.addTrack(fakeTrack('video'), 'screen').catch((e: Error) => {
      said = e.message;
    });
    await until('it is refused', () => said !== '', 3000);
    expect(said).toMatch(which === 1 ? 'could not use the description' : 'more than 64');
    frames.declare = declare;
    let done = false;
    void a.hold(true).then(() => {
      done = true;
    });
    await until('the next is taken', () => done, 3000);
    expect([a.state, b.state, b.dropped + a.dropped]).toEqual(['connected', 'connected', 1]);
    await stage.end();
  });

  it('are not begun: the 65th', async () => {
    const stage = new Stage();
    const [ann, ben] = await stage.pair();
    const [a] = await connected(ann, ben);
    const conn = stage.world.conns[0]!;
    const one = conn.streams()[0]!;
    stage.world.conns[1]!.frames.declare = async () => undefined;
    for (let first = 0; first < 64; first += 8) {
      conn.streams = () => Array.from({ length: 8 }, (_, i) => ({ ...one, ctx: first + i, mid: String(i) }));
      if (first === 56) break;
      let done = false;
      void a.removeTrack(first).then(() => {
        done = true;
      });
      await until('it is removed', () => done);
    }
    const before = Date.now();
    await expect(a.addTrack(fakeTrack('video'), 'screen')).rejects.toThrow('replaceTrack');
    expect(Date.now()).toBe(before);
    await stage.end();
  });
});
