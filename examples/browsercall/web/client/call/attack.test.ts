import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { FramesError } from '../frames/errors.ts';
import { Identity } from '../identity/identity.ts';
import { Group } from '../mls/index.ts';
import type { Binding, GroupLike, Groups, OwnKeyPackage } from './ports.ts';
import { Mailbox } from '../identity/mailbox.ts';
import { Accept, Ack, Cancel, MessageType, Welcome } from './message.ts';
import type { WelcomeBody } from './message.ts';
import { EndReason } from './reason.ts';
import { begin, both, connected, ended, over, passes, Stage, until } from './testing-stage.ts';
import type { Person } from './testing-stage.ts';
import { FakeFrames } from './testing-conn.ts';
import { random } from '../bytes.ts';

beforeEach(begin);
afterEach(over);

type Draft = Parameters<Identity['seal']>[1];

/** Makes somebody lie: what they sign and seal of one type is changed first. */
function lies(p: Person, type: number, change: (body: Uint8Array) => Uint8Array): void {
  const seal = p.identity.seal.bind(p.identity);
  p.identity.seal = (to, m: Draft) => seal(to, m.type === type ? { ...m, body: change(m.body) } : m);
}

/**
 * Dials and answers, and waits for both ends; the reasons. Media of the victims never starts, by the numbers of their
 * connections: the caller's is 0, the callee's 1.
 */
async function attempt(stage: Stage, ann: Person, ben: Person, victims = [0, 1]): Promise<[string, string]> {
  const at = ann.dial(ben);
  const b = await ben.answers();
  const a = await at;
  await ended(a, 25_000);
  await ended(b, 25_000);
  expect(victims.map((v) => stage.world.conns[v]?.started)).not.toContain(true);
  return [ann.events(a).at(-1) ?? '', ben.events(b).at(-1) ?? ''];
}

const failedHere = 'ended: authentication failed';
const brokenHere = 'ended: media failed';

describe('an Accept that was tampered with', () => {
  it('names another mailbox than its leaf', async () => {
    const stage = new Stage();
    const [ann, ben] = await stage.pair();
    lies(ben, MessageType.Accept, (body) => {
      const b = Accept.parse(body);
      return Accept.encode({ ...b, box: { ...b.box, token: random(16) } });
    });
    const [a, b] = await attempt(stage, ann, ben);
    expect(a).toBe(failedHere);
    expect(b).toMatch(/^ended: (authentication failed|peer lost)/);
    await stage.end();
  });

  it('has a KeyPackage of somebody else', async () => {
    const stage = new Stage();
    const [ann, ben] = await stage.pair();
    const mallory = await Identity.generate();
    const box = (await Mailbox.create()).box;
    const binding = { dtls: random(32), invite: random(32), box };
    const kp = await Group.keyPackage({ id: mallory.id, signer: mallory.signer, binding });
    lies(ben, MessageType.Accept, (body) => Accept.encode({ ...Accept.parse(body), keyPackage: kp.message }));
    expect((await attempt(stage, ann, ben))[0]).toBe(failedHere);
    await stage.end();
  });

  it('has an answer with another fingerprint than its leaf', async () => {
    const stage = new Stage();
    const [ann, ben] = await stage.pair();
    lies(ben, MessageType.Accept, (body) => {
      const b = Accept.parse(body);
      const sdp = JSON.parse(new TextDecoder().decode(b.answer)) as Record<string, unknown>;
      const forged = JSON.stringify({ ...sdp, fingerprint: '00'.repeat(32) });
      return Accept.encode({ ...b, answer: new TextEncoder().encode(forged) });
    });
    const [a, b] = await attempt(stage, ann, ben);
    expect([a, b]).toEqual([failedHere, `${failedHere} there`]);
    await stage.end();
  });

  it('answers another Invite', async () => {
    const stage = new Stage();
    const [ann, ben] = await stage.pair();
    const seal = ben.identity.seal.bind(ben.identity);
    ben.identity.seal = (to, m: Draft) => seal(to, m.type === MessageType.Accept ? { ...m, ref: random(32) } : m);
    const at = ann.dial(ben);
    const b = await ben.answers();
    const a = await at;
    await ended(b, 20_000);
    expect([a.state, ben.events(b).at(-1)]).toEqual(['ringing', 'ended: peer lost']);
    void a.close();
    await stage.end();
  });
});

describe('an offer that was tampered with', () => {
  it('has another fingerprint than the Invite says: the callee ends it, and no group is made', async () => {
    const stage = new Stage();
    const [ann, ben] = await stage.pair();
    const make = stage.world.make.bind(stage.world);
    stage.world.make = (o) => Object.assign(make(o), o.callee ? {} : { forged: random(32) });
    const [a, b] = await attempt(stage, ann, ben);
    expect([a, b]).toEqual(['ended: declined there', failedHere]);
    await stage.end();
  });
});

describe('a Welcome that was tampered with', () => {
  it.each([
    ['opens another nonce than was committed to', (w: WelcomeBody) => ({ ...w, nonce: random(32) })],
    ['is not of this group', (w: WelcomeBody) => {
      const welcome = w.welcome.slice();
      welcome[welcome.length - 1]! ^= 1;
      return { ...w, welcome };
    }],
  ])('%s', async (_, change) => {
    const stage = new Stage();
    const [ann, ben] = await stage.pair();
    lies(ann, MessageType.Welcome, (body) => Welcome.encode(change(Welcome.parse(body))));
    const [a, b] = await attempt(stage, ann, ben, [1]);
    expect([a, b]).toEqual([`${failedHere} there`, failedHere]);
    await stage.end();
  });
});

describe('a leaf whose binding is wrong', () => {
  /** Groups in which the creator's or the new member's binding is changed. */
  function bound(change: (b: Binding) => object): Groups {
    return {
      create: (o) => Group.create({ ...o, binding: { ...o.binding, ...change(o.binding) } }) as Promise<GroupLike>,
      keyPackage: (o) => Group.keyPackage({ ...o, binding: { ...o.binding, ...change(o.binding) } }),
      join: (w, kp: OwnKeyPackage, expect) => Group.join(w, kp as Parameters<typeof Group.join>[1], expect),
    };
  }

  it.each([
    ['caller', 'dtls', () => ({ dtls: random(32) })],
    ['caller', 'box', (b: { box: object }) => ({ box: { ...b.box, token: random(16) } })],
    ['callee', 'invite', () => ({ invite: random(32) })],
    ['callee', 'dtls', () => ({ dtls: random(32) })],
    ['callee', 'box', (b: { box: object }) => ({ box: { ...b.box, token: random(16) } })],
  ] as const)('of the %s, its %s', async (who, _, change) => {
    const stage = new Stage();
    const [ann, ben] = await stage.pair();
    const cheat = who === 'caller' ? ann : ben;
    cheat.parts.groups = async () => bound(change);
    const [a, b] = await attempt(stage, ann, ben, [who === 'caller' ? 1 : 0]);
    expect(who === 'caller' ? b : a).toBe(failedHere);
    await stage.end();
  });
});

describe('a caller that equivocates', () => {
  it('is found out by the authenticator of the epoch, though media has begun', async () => {
    const stage = new Stage();
    const [ann, ben] = await stage.pair();
    lies(ann, MessageType.Ack, (body) => Ack.encode({ ...Ack.parse(body), authenticator: random(32) }));
    const [, b] = await attempt(stage, ann, ben, []);
    expect(b).toBe(failedHere);
    await stage.end();
  });
});

describe('a hostile relay', () => {
  it('cannot cancel a call that is connected, nor replay what was said', async () => {
    const stage = new Stage();
    const [ann, ben] = await stage.pair();
    const seen: { to: Uint8Array; token: Uint8Array; body: Uint8Array }[] = [];
    stage.fault = (p) => {
      seen.push({ to: p.to, token: p.token, body: p.body.slice() });
      return undefined;
    };
    const [a, b] = await connected(ann, ben);
    const cancel = Cancel.encode({ reason: EndReason.Cancelled });
    const { box } = await ann.identity.seal(
      { ...ben.identity.mailbox().box, token: ann.contacts.get(ben.identity.id)!.token! },
      {
        to: ben.identity.id, call: a.id, seq: 99, time: Date.now(), type: MessageType.Cancel, body: cancel,
        ref: random(32),
      });
    stage.relay.inject({ ...seen[0]!, body: box });
    for (const p of seen.slice()) stage.relay.inject(p);
    for (const p of seen.slice().reverse()) stage.relay.inject(p);
    await passes(3000);
    expect([a.state, b.state]).toEqual(['connected', 'connected']);
    expect([ann.events(a).filter((e) => e === 'connected'), ben.rings.length]).toEqual([['connected'], 0]);
    await stage.end();
  });

  it('cannot make a callee do anything before the local accept', async () => {
    const stage = new Stage();
    const [ann, ben] = await stage.pair();
    const at = ann.dial(ben);
    const incoming = await ben.rung();
    await at;
    await passes(20_000);
    expect(stage.world.conns).toHaveLength(1);
    expect(incoming.ringing).toBe(true);
    await stage.end();
  });
});

describe('what goes wrong here', () => {
  // Fails if whatever goes wrong with keys is told as somebody who interferes.
  it.each([
    ['install', new Error('the worker is gone'), brokenHere], ['switchSend', new Error('the worker is gone'), brokenHere],
    ['declare', new Error('the worker is gone'), brokenHere], ['declare', new FramesError('streams', 'twice'), failedHere],
  ] as const)('ends the call when the frames fail to %s: %s', async (step, why, end) => {
    const stage = new Stage();
    const [ann, ben] = await stage.pair();
    ben.parts.frames = () => {
      const f = new FakeFrames();
      f[step] = () => Promise.reject(why);
      return f;
    };
    const [, b] = await attempt(stage, ann, ben, [1]);
    expect(b).toBe(end);
    await stage.end();
  });

  it('ends the call when the worker of the frames dies', async () => {
    const stage = new Stage();
    const [ann, ben] = await stage.pair();
    const [a, b] = await connected(ann, ben);
    stage.world.conns[0]?.frames.dispatchEvent(new Event('died'));
    await ended(a);
    await ended(b);
    expect([ann.events(a).at(-1), ben.events(b).at(-1)]).toEqual(['ended: media failed', 'ended: media failed there']);
    await stage.end();
  });

  it('ends the call when the connection throws', async () => {
    const stage = new Stage();
    const [ann, ben] = await stage.pair();
    const make = stage.world.make.bind(stage.world);
    stage.world.make = (o) => {
      const c = make(o);
      if (o.callee) c.answer = () => Promise.reject(new Error('no media'));
      return c;
    };
    const [a, b] = await attempt(stage, ann, ben);
    expect([a, b]).toEqual(['ended: declined there', 'ended: media failed']);
    await stage.end();
  });

  it('ends the call when the frames never answer', async () => {
    const stage = new Stage();
    const [ann, ben] = await stage.pair();
    ben.parts.frames = () => {
      const f = new FakeFrames();
      f.install = () => new Promise<void>(() => undefined);
      return f;
    };
    const [, b] = await attempt(stage, ann, ben, [1]);
    expect(b).toBe(brokenHere);
    await stage.end();
  });

  it('does not dial when the relay refuses, and leaves nothing behind', async () => {
    const stage = new Stage();
    const [ann, ben] = await stage.pair();
    const open = ann.transport.open.bind(ann.transport);
    let n = 0;
    ann.transport.open = (m, r) => (n++ === 0 ? open(m, r) : Promise.reject(new Error('full')));
    await expect(ann.client.dial(ben.identity.id, both())).rejects.toThrow('full');
    await until('all is closed', () => stage.world.conns.every((c) => c.closed && c.frames.destroyed));
    await stage.end();
  });
});
