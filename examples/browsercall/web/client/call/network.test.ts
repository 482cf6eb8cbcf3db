import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { hex } from '../bytes.ts';
import { Mailbox } from '../identity/mailbox.ts';
import type { Fault } from '../signal/memory.ts';
import { begin, both, ended, over, passes, settle, Stage, until, type Person } from './testing-stage.ts';

beforeEach(begin);
afterEach(over);

/**
 * Numbers from 0 to 1, the same each run (xorshift32). Each way that something goes has its own: which side comes first to
 * send at one moment is chance, since keys are made on threads.
 */
function dice(seed: number): (way: string) => number {
  const all = new Map<string, number>();
  return (way) => {
    let x = all.get(way) ?? [...way].reduce((h, c) => Math.imul(h ^ c.charCodeAt(0), 0x01000193), 0x9e37 * seed);
    x ^= x << 13;
    x ^= x >>> 17;
    x ^= x << 5;
    all.set(way, x);
    return (x >>> 0) / 2 ** 32;
  };
}

/** Names the mailboxes of these people, by address: the identity's own, and those of their calls. Each has one who writes. */
function mailboxes(...people: Person[]): Map<string, string> {
  const names = new Map<string, string>();
  for (const p of people) {
    names.set(hex(p.identity.mailbox().address), p.name);
    p.parts = { ...p.parts, mailbox: async () => {
      const m = await Mailbox.create();
      names.set(hex(m.address), `a call of ${p.name}`);
      return m;
    } };
  }
  return names;
}

describe('a relay that loses, repeats, delays and reorders', () => {
  it.each([1, 2, 3, 4, 5, 6, 7, 8])('does not keep two people apart, run %i', async (seed) => {
    const stage = new Stage();
    const [ann, ben] = await stage.pair();
    const [roll, names] = [dice(seed), mailboxes(ann, ben)];
    stage.fault = ({ to }): Fault => {
      const draw = () => roll(names.get(hex(to))!);
      return { drop: draw() < 0.1, copies: draw() < 0.2 ? 1 : 0, delay: draw() < 0.5 ? draw() * 400 : 0 };
    };
    stage.world.loses = (_, callee) => roll(`the channel of the ${callee ? 'callee' : 'caller'}`) < 0.1;
    const at = ann.dial(ben);
    const b = await ben.answers();
    const a = await at;
    await until('both are connected or have ended', () =>
      ['connected', 'ended'].includes(a.state) && ['connected', 'ended'].includes(b.state), 40_000);
    expect([ann.events(a).at(-1), ben.events(b).at(-1)]).toEqual(['connected', 'connected']);
    expect(a.emoji()).toEqual(b.emoji());
    a.renewKeys();
    await until('both have the second epoch', () => stage.world.conns.every((c) => c.frames.sending === 2), 15_000);
    void b.hangup();
    await ended(b);
    await ended(a, 30_000);
    expect(ben.rings).toHaveLength(0);
    await stage.end();
  });
});

describe('a relay that goes away', () => {
  it('delays what was said, and the call goes on without it', async () => {
    const stage = new Stage();
    const [ann, ben] = await stage.pair();
    const at = ann.dial(ben);
    const incoming = await ben.rung();
    const a = await at;
    const back = [ann.transport.partition(), ben.transport.partition()]; // the identities' connections alone
    const b = ben.hears(await incoming.answer(both()));
    await until('connected', () => a.state === 'connected' && b.state === 'connected');
    await passes(2000);
    for (const f of back) f();
    await settle();
    expect([a.state, b.state]).toEqual(['connected', 'connected']);
    await stage.end();
  });
});

describe('introductions', () => {
  it('travel by the relay, and make two people contacts who can ring', async () => {
    const stage = new Stage();
    const ann = await stage.person('Ann');
    const ben = await stage.person('Ben');
    const invitation = await ann.contacts.invite(3_600_000, 'Ben');
    await settle(); // the relay hears of its token
    await ben.client.deliver(await ben.contacts.use(invitation, 'Ann'));
    await until('Ann has the request', () => ann.contacts.requests().length + ann.contacts.list().length === 1);
    await ann.client.deliver(await ann.contacts.confirm(ben.identity.id, 'Ben'));
    await until('Ben has the confirm', () => ben.contacts.get(ann.identity.id)?.state === 'confirmed');
    await settle();
    const call = await ben.dial(ann);
    expect((await ann.rung()).caller.name).toBe('Ben');
    void call.hangup();
    await ended(call);
    await stage.end();
  });
});

describe('a stranger', () => {
  it('rings where anybody may, with a name that nobody has checked and whom it resembles', async () => {
    const stage = new Stage();
    const [ann, ben] = await stage.pair({}, { admit: () => 'ring' });
    const mallory = await stage.person('Ann', { name: 'Ann' });
    await mallory.contacts.use(await ben.contacts.invite(3_600_000, 'x'), 'Ben'); // may write, and is no contact
    await settle();
    await mallory.dial(ben);
    const { caller } = await ben.rung();
    expect(caller).toMatchObject({ contact: false, name: '', claimed: 'Ann', keyChanged: 'Ann' });
    expect(caller).not.toHaveProperty('verified');
    expect(ann.rings).toHaveLength(0);
    await stage.end();
  });

  it('rings without a name that looks like another', async () => {
    const stage = new Stage();
    const [, ben] = await stage.pair({}, { admit: () => 'ring' });
    const mallory = await stage.person('Ann', { name: 'Ann\u3164' });
    await mallory.contacts.use(await ben.contacts.invite(3_600_000, 'x'), 'Ben');
    await settle();
    await mallory.dial(ben);
    expect((await ben.rung()).caller).not.toHaveProperty('claimed');
    await stage.end();
  });
});
