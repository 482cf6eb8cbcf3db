import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { concat, hex, random } from '../bytes.ts';
import { encodeBinding, Group } from '../mls/index.ts';
import { generateBinding, generateOwn } from '../mls/testing.ts';
import { bytesOf, noGo, Peer, type Fields } from './peer.ts';

const call = random(32);
const good = { creates: false, loose: true };
const bindingType = 0xf5a1;

/** By which word a rejection refuses; 'nothing' if it does not. */
async function refusal(p: Promise<unknown>): Promise<string> {
  try {
    await p;
  } catch (e) {
    return (e as { refusal?: string }).refusal ?? String(e);
  }
  return 'nothing';
}

describe.skipIf(noGo() !== undefined)('against a Go member that breaks the profile', () => {
  let peer: Peer;
  let names = 0;
  beforeAll(async () => { peer = await Peer.start(); }, 120_000);
  afterAll(() => peer.close());

  /** A Go member, whose own program does not hold it to the profile. */
  async function rogue(fields: Fields) {
    const name = `rogue ${names++}`;
    const made = await peer.request('mls.new', { ...good, ...fields, name });
    const ask = (op: string, more: Fields = {}) => peer.request(op, { ...more, name });
    return { name, ask, id: bytesOf(made, 'identity'), binding: bytesOf(made, 'binding') };
  }

  /** A TypeScript creator in epoch 1 with a Go member. */
  async function creatorAnd(fields: Fields = {}) {
    const bob = await rogue(fields);
    const alice = await Group.create({ call, ...(await generateOwn(true)), peers: [bob.id] });
    const { welcome } = await alice.add(bytesOf(await bob.ask('mls.keyPackage'), 'message'));
    await bob.ask('mls.join', { welcome });
    return { alice, bob };
  }

  /** A Go creator, and a TypeScript member that it adds as commit says. */
  async function memberOf(fields: Fields, group: Fields = {}, commit: Fields = {}, more: Fields[] = []) {
    const alice = await rogue({ creates: true, ...fields });
    const own = await generateOwn(false);
    const kp = await Group.keyPackage(own);
    await alice.ask('mls.create', { call, ...group });
    for (const c of more) await alice.ask('mls.commit', c);
    const proposals = [{ type: 'add', keyPackage: kp.message }, ...((commit['proposals'] as Fields[] | undefined) ?? [])];
    const c = await alice.ask('mls.commit', { ...commit, proposals });
    return { alice, own, join: () => Group.join(bytesOf(c, 'welcome'), kp, { call, peers: [alice.id] }) };
  }

  it('takes the good ones', async () => {
    const { alice, bob } = await creatorAnd();
    await alice.handle(bytesOf(await bob.ask('mls.propose', { type: 'update' }), 'message'));
    await bob.ask('mls.handle', { message: await alice.commit() });
    expect(hex(alice.authenticator())).toBe(hex(bytesOf(await bob.ask('mls.state'), 'authenticator')));
    for (const path of [false, true]) {
      const m = await memberOf({}, {}, { path });
      const group = await m.join();
      expect(hex(group.authenticator())).toBe(hex(bytesOf(await m.alice.ask('mls.state'), 'authenticator')));
      expect(hex(encodeBinding(group.members()[0]!.binding))).toBe(hex(m.alice.binding));
      expect(hex(encodeBinding(group.members()[1]!.binding))).toBe(hex(encodeBinding(m.own.binding)));
    }
  });

  it('refuses KeyPackages outside the profile', async () => {
    const b = encodeBinding(await generateBinding(false));
    const leaf = (data: Uint8Array) => ({ leaf: [{ type: bindingType, data }] });
    const weak = b.slice().fill(0, 98, 130); // the mailbox's X25519 key
    const cases: [string, Fields, string, Fields?][] = [
      ['another suite', { suite: 1 }, 'policy'],
      ['an extension in the capabilities', { extensions: [0xf5a2] }, 'policy'],
      ['a proposal in the capabilities', { proposals: [0xf0f0] }, 'policy'],
      ['no binding', { noLeaf: true }, 'policy'],
      ['an application_id', { leaf: [{ type: bindingType, data: b }, { type: 1, data: random(4) }] }, 'policy'],
      ['a binding that is short', leaf(b.subarray(1)), 'policy'],
      ['a binding that is long', leaf(concat(b, random(1))), 'policy'],
      ['a binding of another version', leaf(concat(Uint8Array.of(2), b.subarray(1))), 'policy'],
      ['a mailbox of low order', leaf(weak), 'policy'],
      ['a lifetime of four days', { hours: 48 }, 'policy'],
      ['a lifetime that is over', { ahead: -25 }, 'policy'],
      ['a lifetime that has not begun', { ahead: 25 }, 'policy'],
      ['a lifetime that ends too late', { ahead: 3 }, 'policy'],
      ['a credential of 63 bytes', { credential: random(63) }, 'authentication'],
      ["another's identity", { credential: random(64) }, 'authentication'],
      ['a KeyPackage extension', {}, 'policy', { extensions: [{ type: bindingType, data: random(3) }] }],
    ];
    for (const [what, fields, want, kp] of cases) {
      const bob = await rogue(fields);
      const alice = await Group.create({ call, ...(await generateOwn(true)) });
      expect(await refusal(alice.add(bytesOf(await bob.ask('mls.keyPackage', kp), 'message'))), what).toBe(want);
      expect(alice.epoch, what).toBe(0);
    }
    const stranger = await rogue({});
    const alice = await Group.create({ call, ...(await generateOwn(true)), peers: [random(64)] });
    expect(await refusal(alice.add(bytesOf(await stranger.ask('mls.keyPackage'), 'message')))).toBe('authentication');
  });

  it('refuses Welcomes outside the profile', async () => {
    const third = bytesOf(await (await rogue({})).ask('mls.keyPackage'), 'message');
    const cases: [string, Fields, Fields, Fields, string, Fields[]?][] = [
      ['a GroupContext extension', {}, { extensions: [{ type: bindingType, data: random(2) }] }, {}, 'policy'],
      ['an external_pub', {}, {}, { externalPub: true }, 'policy'],
      ['no tree', {}, {}, { omitTree: true }, 'policy'],
      ['a pre-shared key', {}, {}, { proposals: [{ type: 'psk' }] }, 'policy'],
      ['another group_id', {}, { call: random(32) }, {}, 'policy'],
      ['a later epoch', {}, {}, {}, 'policy', [{}]],
      ['a third member', {}, {}, { proposals: [{ type: 'add', keyPackage: third }] }, 'limit'],
      ['a creator who answers an Invite', { creates: false }, {}, {}, 'policy'],
      ['a creator without a binding', { noLeaf: true }, {}, {}, 'policy'],
      ["a creator's capabilities", { extensions: [0xf5a2] }, {}, {}, 'policy'],
      ["a creator's lifetime", { hours: 48 }, {}, {}, 'policy'],
      ["a creator's credential", { credential: random(64) }, {}, {}, 'authentication'],
    ];
    for (const [what, fields, group, commit, want, more] of cases) {
      const { join } = await memberOf(fields, group, commit, more);
      expect(await refusal(join()), what).toBe(want);
    }
  });

  it('refuses commits outside the profile, and goes on as before', async () => {
    const { alice, join } = await memberOf({});
    const bob = await join();
    const third = bytesOf(await (await rogue({})).ask('mls.keyPackage'), 'message');
    const other = encodeBinding(await generateBinding(true));
    const cases: [string, Fields, string][] = [
      ['a PublicMessage', { public: true }, 'policy'],
      ['GroupContext extensions', { proposals: [{ type: 'extensions', extensions: [{ type: bindingType, data: random(1) }] }] }, 'policy'],
      ['a pre-shared key', { proposals: [{ type: 'psk' }] }, 'policy'],
      ['a ReInit', { proposals: [{ type: 'reinit' }] }, 'policy'],
      ['a third member', { proposals: [{ type: 'add', keyPackage: third }] }, 'policy'],
      ['a removal', { proposals: [{ type: 'remove', removed: 1 }] }, 'policy'],
      ['another binding', { leaf: [{ type: bindingType, data: other }] }, 'policy'],
      ['another identity', { identity: random(64), leaf: [{ type: bindingType, data: alice.binding }] }, 'invalid'],
    ];
    for (const [what, fields, want] of cases) {
      const c = await alice.ask('mls.commit', { ...fields, stay: true });
      expect(await refusal(bob.handle(bytesOf(c, 'commit'))), what).toBe(want);
      expect(bob.epoch, what).toBe(1);
    }
    await bob.handle(bytesOf(await alice.ask('mls.commit'), 'commit'));
    expect(hex(bob.authenticator())).toBe(hex(bytesOf(await alice.ask('mls.state'), 'authenticator')));
  });

  it('refuses what another than the creator may not do, and still renews the keys', async () => {
    const { alice, bob } = await creatorAnd();
    const third = bytesOf(await (await rogue({})).ask('mls.keyPackage'), 'message');
    const other = encodeBinding(await generateBinding(false));
    const cases: [string, Fields, string][] = [
      ['an Add', { type: 'add', keyPackage: third }, 'policy'],
      ['a Remove', { type: 'remove', removed: 0 }, 'policy'],
      ['a pre-shared key', { type: 'psk' }, 'policy'],
      ['a ReInit', { type: 'reinit' }, 'policy'],
      ['GroupContext extensions', { type: 'extensions' }, 'policy'],
      ['a PublicMessage', { type: 'update', public: true }, 'policy'],
      ['an Update to another binding', { type: 'update', leaf: [{ type: bindingType, data: other }] }, 'policy'],
      ['an Update to another identity',
        { type: 'update', identity: random(64), leaf: [{ type: bindingType, data: bob.binding }] }, 'authentication'],
    ];
    for (const [what, fields, want] of cases) {
      expect(await refusal(alice.handle(bytesOf(await bob.ask('mls.propose', fields), 'message'))), what).toBe(want);
    }
    await bob.ask('mls.drop');
    expect(await refusal(alice.handle(bytesOf(await bob.ask('mls.commit', { stay: true }), 'commit'))), 'a commit').toBe('policy');
    const entering = await rogue({});
    const external = await entering.ask('mls.external', { of: bob.name });
    expect(await refusal(alice.handle(bytesOf(external, 'message'))), 'an external commit').toBe('policy');
    await bob.ask('mls.handle', { message: await alice.commit() });
    expect(hex(alice.authenticator())).toBe(hex(bytesOf(await bob.ask('mls.state'), 'authenticator')));
  });

  it('bounds the proposals of an epoch', async () => {
    const { alice, bob } = await creatorAnd();
    const propose = async () => alice.handle(bytesOf(await bob.ask('mls.propose', { type: 'update' }), 'message'));
    for (let i = 0; i < 64; i++) await propose();
    expect(await refusal(propose())).toBe('limit');
    await bob.ask('mls.handle', { message: await alice.commit() });
    expect(hex(alice.authenticator())).toBe(hex(bytesOf(await bob.ask('mls.state'), 'authenticator')));
  });

  it('bounds the generations that a message may skip', async () => {
    const { alice, bob } = await creatorAnd();
    const say = async (count: number) => bytesOf(await bob.ask('mls.protect', { message: random(1), count }), 'message');
    const first = await say(1);
    const near = await say(20);
    expect((await alice.handle(near)).kind).toBe('application');
    expect((await alice.handle(first)).kind).toBe('application');
    const kept = await say(1);
    expect((await alice.handle(await say(1000))).kind).toBe('application');
    expect(await refusal(alice.handle(kept)), 'its key is gone').toBe('replay');
    expect(await refusal(alice.handle(await say(1100)))).toBe('limit');
    await bob.ask('mls.handle', { message: await alice.commit() });
    expect((await alice.handle(await say(1))).kind).toBe('application');
  });
});
