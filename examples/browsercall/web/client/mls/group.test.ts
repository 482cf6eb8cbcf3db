import { describe, expect, it } from 'vitest';
import { equal, hex } from '../bytes.ts';
import { Group } from './group.ts';
import { generateOwn } from './testing.ts';

const call = new Uint8Array(32).fill(7);

async function pair() {
  const [a, b] = [await generateOwn(true), await generateOwn(false)];
  const alice = await Group.create({ call, ...a, peers: [b.id] });
  const kp = await Group.keyPackage(b);
  const { welcome } = await alice.add(kp.message);
  const bob = await Group.join(welcome, kp, { call, peers: [a.id] });
  return { a, b, alice, bob, welcome, kp };
}

/** By which word a rejection refuses. */
async function refusal(p: Promise<unknown>): Promise<string> {
  try {
    await p;
  } catch (e) {
    return (e as { refusal?: string }).refusal ?? String(e);
  }
  return 'nothing';
}

describe('a group of more', () => {
  it('is joined where unmerged leaves differ from height to height, which the library refuses', async () => {
    const alice = await Group.create({ call, ...(await generateOwn(true)), limit: 8 });
    const others: Group[] = [];
    const enter = async () => {
      const kp = await Group.keyPackage(await generateOwn(false));
      const { welcome, commit } = await alice.add(kp.message);
      for (const g of others) await g.handle(commit);
      others.push(await Group.join(welcome, kp, { call, peers: 'anybody', limit: 8 }));
    };
    for (let i = 0; i < 5; i++) await enter();
    const removal = await alice.remove(2); // the path renews the keys of nodes 1, 3 and 7
    for (const g of others.splice(1, 1)) expect(await g.handle(removal)).toEqual({ kind: 'commit', epoch: 6, removed: true });
    for (const g of others) await g.handle(removal);
    await enter(); // leaf 2 is unmerged at nodes 3 and 7
    await enter(); // leaf 6 is at node 7 alone
    expect(others.map((g) => g.ownLeaf)).toEqual([1, 3, 4, 5, 2, 6]);
    expect(new Set(others.map((g) => hex(g.authenticator())))).toEqual(new Set([hex(alice.authenticator())]));
    const commit = await alice.commit();
    for (const g of others) expect(await g.handle(commit)).toEqual({ kind: 'commit', epoch: 9 });
    expect(new Set(others.map((g) => hex(g.authenticator())))).toEqual(new Set([hex(alice.authenticator())]));
  });
});

describe('a call for two', () => {
  it('agrees on keys, members and bindings in every epoch', async () => {
    const { a, b, alice, bob } = await pair();
    for (let epoch = 1; epoch <= 5; epoch++) {
      expect([alice.epoch, bob.epoch]).toEqual([epoch, epoch]);
      expect(hex(alice.authenticator())).toBe(hex(bob.authenticator()));
      const [x, y] = await Promise.all([alice, bob].map((g) => g.export('SFrame 1.0 Base Key', new Uint8Array(), 32)));
      expect(hex(x!)).toBe(hex(y!));
      expect(await bob.handle(await alice.protect(Uint8Array.of(epoch)))).toEqual(
        { kind: 'application', leaf: 0, data: Uint8Array.of(epoch) });
      expect(await alice.handle(await bob.protect(Uint8Array.of(1, epoch)))).toEqual(
        { kind: 'application', leaf: 1, data: Uint8Array.of(1, epoch) });
      if (epoch % 2 === 0) expect(await alice.handle(await bob.proposeUpdate())).toEqual({ kind: 'proposal', leaf: 1 });
      expect(await bob.handle(await alice.commit())).toEqual({ kind: 'commit', epoch: epoch + 1 });
    }
    expect(alice.members().map((m) => [m.leaf, equal(m.id, m.leaf === 0 ? a.id : b.id)])).toEqual([[0, true], [1, true]]);
    expect(alice.members()[1]!.binding).toEqual(b.binding);
    expect([alice.ownLeaf, bob.ownLeaf]).toEqual([0, 1]);
  });

  it('reads each message once, late ones of three epochs, and none of the future', async () => {
    const { alice, bob } = await pair();
    const first = await alice.protect(Uint8Array.of(1));
    const second = await alice.protect(Uint8Array.of(2));
    await bob.handle(second);
    await bob.handle(first);
    expect(await refusal(bob.handle(first))).toBe('replay');
    expect(await refusal(bob.handle(second))).toBe('replay');
    const late = [await alice.protect(Uint8Array.of(3)), await alice.protect(Uint8Array.of(4))];
    const commits = [];
    for (let i = 0; i < 4; i++) commits.push(await alice.commit());
    const future = await alice.protect(Uint8Array.of(5));
    expect(await refusal(bob.handle(future))).toBe('epoch');
    expect(await refusal(bob.handle(commits[1]!))).toBe('epoch');
    for (const c of commits.slice(0, 3)) await bob.handle(c);
    expect(await refusal(bob.handle(commits[2]!))).toBe('epoch');
    expect(await bob.handle(late[0]!)).toMatchObject({ kind: 'application', data: Uint8Array.of(3) });
    expect(await refusal(bob.handle(late[0]!))).toBe('replay');
    await bob.handle(commits[3]!);
    expect(await refusal(bob.handle(late[1]!))).toBe('epoch');
  });

  it('lets nobody commit, add or remove who may not', async () => {
    const { alice, bob, a } = await pair();
    const third = await Group.keyPackage(await generateOwn(false));
    expect(await refusal(alice.add(third.message))).toBe('policy');
    expect(await refusal(bob.commit())).toBe('policy');
    expect(await refusal(alice.remove(1))).toBe('policy');
    expect(await refusal(bob.proposeRemove(0))).toBe('policy');
    expect(await refusal(alice.proposeUpdate())).toBe('policy');
    const stranger = await Group.create({ call, ...a, peers: [] });
    expect(await refusal(stranger.add(third.message))).toBe('authentication');
  });

  it('refuses a KeyPackage that check refuses, and goes on', async () => {
    const [a, b] = [await generateOwn(true), await generateOwn(false)];
    const alice = await Group.create({ call, ...a, peers: [b.id] });
    const kp = await Group.keyPackage(b);
    const no = alice.add(kp.message, (m) => { throw new Error(`not the Invite of ${m.leaf}`); });
    await expect(no).rejects.toMatchObject({ name: 'GroupError', cause: { message: 'not the Invite of 1' } });
    expect(alice.epoch).toBe(0);
    await alice.add(kp.message);
    expect(alice.epoch).toBe(1);
  });

  it('joins the promised group alone, once', async () => {
    const { a, b, welcome, kp } = await pair();
    expect(await refusal(Group.join(welcome, kp, { call, peers: [a.id] }))).toBe('state');
    const again = await Group.keyPackage(b);
    expect(await refusal(Group.join(welcome, again, { call, peers: [a.id] }))).toBe('invalid');
    const fresh = async () => {
      const other = await Group.create({ call, ...a });
      return (await other.add(again.message)).welcome;
    };
    expect(await refusal(Group.join(await fresh(), again, { call: new Uint8Array(32), peers: [a.id] }))).toBe('policy');
    expect(await refusal(Group.join(await fresh(), again, { call, peers: [b.id] }))).toBe('authentication');
    expect((await Group.join(await fresh(), again, { call, peers: [a.id] })).epoch).toBe(1);
  });

  it('keeps one order for calls that overlap, and never one key twice', async () => {
    const { alice, bob } = await pair();
    const said = await Promise.all(Array.from({ length: 20 }, (_, i) => alice.protect(Uint8Array.of(i))));
    const heard = await Promise.all(said.map((m) => bob.handle(m)));
    expect(heard.map((h) => (h.kind === 'application' ? h.data[0] : -1))).toEqual([...Array(20).keys()]);
  });

  it('pads, and bounds what it makes and reads', async () => {
    const { alice, bob } = await pair();
    const sizes = await Promise.all([0, 1, 100, 180].map(async (n) => (await alice.protect(new Uint8Array(n))).length));
    expect(new Set(sizes).size).toBe(1);
    expect(await refusal(alice.protect(new Uint8Array(24 << 10)))).toBe('limit');
    expect((await bob.handle(await alice.protect(new Uint8Array(16_000)))).kind).toBe('application');
    expect(await refusal(bob.handle(new Uint8Array((24 << 10) + 1)))).toBe('malformed');
    expect(await refusal(bob.handle(new Uint8Array(0)))).toBe('malformed');
  });

  it('rejects everything after destroy, and shows no secret', async () => {
    const { alice, bob, kp } = await pair();
    const running = alice.protect(Uint8Array.of(1));
    alice.destroy();
    expect(await refusal(running)).toBe('state');
    expect(await refusal(alice.commit())).toBe('state');
    expect(() => alice.members()).toThrow('gone');
    expect(JSON.stringify(bob)).toBe('{}');
    expect(Object.keys(JSON.parse(JSON.stringify(kp)) as object)).toEqual(['message']);
  });
});
