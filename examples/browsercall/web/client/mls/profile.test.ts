import type { ClientState } from 'ts-mls/clientState.js';
import type { LeafNode } from 'ts-mls/leafNode.js';
import type { RatchetTree } from 'ts-mls/ratchetTree.js';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { concat, fromHex, random } from '../bytes.ts';
import { encodeBinding, parseBinding } from './binding.ts';
import { GroupError } from './errors.ts';
import { Group } from './group.ts';
import { halvesOf, KeyPackage } from './keypackage.ts';
import { readMessage } from './message.ts';
import { bounds, capabilities, checkLeaf, checkLifetime, checkSuccessor, configFor } from './profile.ts';
import { checkCommit, checkProposal, freshLeaf, selected } from './proposals.ts';
import { suiteFor } from './suite.ts';
import { generateBinding, generateOwn } from './testing.ts';
import { checkTree, ownKeys } from './tree.ts';

const anybody = () => true;

function refused(work: () => unknown): string {
  try {
    work();
  } catch (e) {
    return e instanceof GroupError ? e.refusal : String(e);
  }
  return 'nothing';
}

async function refusedLater(work: Promise<unknown>): Promise<string> {
  return work.then(() => 'nothing', (e: unknown) => (e instanceof GroupError ? e.refusal : String(e)));
}

const leafOf = async (creates = false) => (await halvesOf(await generateOwn(creates))).publicPackage.leafNode;

/** u-coordinates of low order, and 0 and 1 unreduced: RFC 7748 maps all to a shared secret of zero. */
const lowOrder = [
  '00'.repeat(32), `01${'00'.repeat(31)}`,
  'e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800',
  '5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157',
  `ec${'ff'.repeat(30)}7f`, `ed${'ff'.repeat(30)}7f`, `ee${'ff'.repeat(30)}7f`, `${'00'.repeat(31)}80`,
];

describe('a leaf', () => {
  it('says exactly what the profile says', async () => {
    const good = await leafOf();
    expect(refused(() => checkLeaf(good, anybody))).toBe('nothing');
    const c = capabilities();
    const cases: [Partial<LeafNode>, string][] = [
      [{ capabilities: { ...c, ciphersuites: [] } }, 'policy'],
      [{ capabilities: { ...c, ciphersuites: [...c.ciphersuites, 'MLS_128_DHKEMX25519_AES128GCM_SHA256_Ed25519'] } }, 'policy'],
      [{ capabilities: { ...c, versions: [] } }, 'policy'],
      [{ capabilities: { ...c, credentials: ['basic', 'x509'] } }, 'policy'],
      [{ capabilities: { ...c, extensions: [] } }, 'policy'],
      [{ capabilities: { ...c, proposals: [8] } }, 'policy'],
      [{ extensions: [] }, 'policy'],
      [{ extensions: [...good.extensions, ...good.extensions] }, 'policy'],
      [{ extensions: [{ extensionType: 0xf5a2, extensionData: good.extensions[0]!.extensionData }] }, 'policy'],
      [{ credential: { credentialType: 'x509', certificates: [] } }, 'policy'],
      [{ credential: { credentialType: 'basic', identity: random(64) } }, 'authentication'],
      [{ signaturePublicKey: random(32) }, 'authentication'],
      ...lowOrder.map((u): [Partial<LeafNode>, string] => [{ hpkePublicKey: fromHex(u) }, 'invalid']),
      [{ hpkePublicKey: random(31) }, 'invalid'],
    ];
    for (const [change, want] of cases) {
      expect(refused(() => checkLeaf({ ...good, ...change } as LeafNode, anybody)), JSON.stringify(Object.keys(change))).toBe(want);
    }
    expect(refused(() => checkLeaf(good, () => false))).toBe('authentication');
  });

  it('has a binding of one form', async () => {
    const b = await generateBinding(false);
    const d = encodeBinding(b);
    expect(d.length).toBe(146);
    expect(parseBinding(d)).toEqual(b);
    const bad = [d.subarray(1), concat(d, random(1)), concat(Uint8Array.of(2), d.subarray(1)), d.with(97, 31), d.slice().fill(0, 65, 97)];
    for (const x of bad) expect(refused(() => parseBinding(x))).toBe('policy');
    expect(refused(() => encodeBinding({ ...b, dtls: random(31) }))).toBe('malformed');
  });

  afterEach(() => { vi.useRealTimers(); });

  it('lives 24 hours to both sides, and an hour more for the clocks', async () => {
    vi.useFakeTimers({ toFake: ['Date'], now: 1_800_000_000_000 });
    const leaf = await leafOf();
    const at = (hours: number) => {
      vi.setSystemTime(1_800_000_000_000 + hours * 3_600_000);
      return refused(() => checkLifetime(leaf));
    };
    expect([-24.1, -1.1, -0.9, 0, 0.9, 1.1, 24.1].map(at)).toEqual(
      ['policy', 'policy', 'nothing', 'nothing', 'nothing', 'policy', 'policy']);
  });

  it('keeps identity and binding, and changes its key', async () => {
    const [a, b] = [await leafOf(), await leafOf()];
    const next = { ...a, hpkePublicKey: b.hpkePublicKey };
    expect(refused(() => checkSuccessor(a, next))).toBe('nothing');
    expect(refused(() => checkSuccessor(a, a))).toBe('invalid');
    expect(refused(() => checkSuccessor(a, { ...next, extensions: b.extensions }))).toBe('policy');
    expect(refused(() => checkSuccessor(a, { ...next, credential: b.credential }))).toBe('policy');
    expect(refused(() => checkSuccessor(a, { ...next, signaturePublicKey: b.signaturePublicKey }))).toBe('policy');
  });
});

describe('a tree', () => {
  it('has no key twice, the right form, and a creator', async () => {
    const [a, b] = [await leafOf(true), await leafOf()];
    const node = (leaf: LeafNode) => ({ nodeType: 'leaf' as const, leaf });
    const parent = (hpkePublicKey: Uint8Array) =>
      ({ nodeType: 'parent' as const, parent: { hpkePublicKey, parentHash: new Uint8Array(0), unmergedLeaves: [] } });
    const check = (t: RatchetTree, limit = 2) => refused(() => checkTree(t, limit, anybody));
    expect(check([node(a), undefined, node(b)])).toBe('nothing');
    expect(check([node(a), parent((await leafOf()).hpkePublicKey), node(b)])).toBe('nothing');
    expect(check([node(a), undefined, node({ ...b, hpkePublicKey: a.hpkePublicKey })])).toBe('invalid');
    expect(check([node(a), parent(b.hpkePublicKey), node(b)])).toBe('invalid');
    expect(check([node(a), parent(fromHex(lowOrder[2]!)), node(b)])).toBe('invalid');
    expect(check([node(a), undefined, node(a)])).toBe('invalid');
    expect(check([node(a), node(b), undefined])).toBe('invalid');
    expect(check([undefined, undefined, node(b)])).toBe('policy');
    expect(check([node(b), undefined, node(a)])).toBe('policy');
    expect(check([node(a), undefined, node(b), undefined, node(await leafOf()), undefined, undefined])).toBe('limit');
    expect(check([node(a), undefined, node(b), undefined, node(await leafOf()), undefined, undefined], 3)).toBe('nothing');
  });

  it('is one whose private keys are ours', async () => {
    const h = await halvesOf(await generateOwn(true));
    const tree: RatchetTree = [{ nodeType: 'leaf', leaf: h.publicPackage.leafNode }];
    const path = (key: Uint8Array) => ({ leafIndex: 0, privateKeys: { 0: key, 5: random(32) } });
    expect(Object.keys((await ownKeys(tree, path(h.privatePackage.hpkePrivateKey))).privateKeys)).toEqual(['0']);
    expect(await refusedLater(ownKeys(tree, path(random(32))))).toBe('invalid');
  });
});

describe('proposals and commits', () => {
  async function stateOfTwo() {
    const [a, b] = [await generateOwn(true), await generateOwn(false)];
    const cs = suiteFor(b.signer);
    const [x, y] = [await halvesOf(a), await halvesOf(b)];
    const groupId = random(32);
    const state = {
      ratchetTree: [{ nodeType: 'leaf', leaf: x.publicPackage.leafNode }, undefined, { nodeType: 'leaf', leaf: y.publicPackage.leafNode }],
      unappliedProposals: {}, clientConfig: configFor(anybody),
      groupContext: { groupId, epoch: 1n, extensions: [] as never[] },
    } as unknown as ClientState;
    const check = (leafNode: LeafNode, sender = 1) => refusedLater(checkProposal(
      state, { proposalType: 'update', update: { leafNode: leafNode as never } }, sender, 2, anybody, cs));
    return { state, check, b, cs, groupId, a };
  }

  it('an Update is good when it comes, or it is refused then', async () => {
    const { check, b, cs, groupId, state, a } = await stateOfTwo();
    const { leafNode } = await freshLeaf(b, 1, groupId, cs);
    expect(await check(leafNode)).toBe('nothing');
    expect(await check(leafNode, 0)).toBe('policy');
    expect(await check((await freshLeaf(b, 2, groupId, cs)).leafNode)).toContain('signature');
    expect(await check((await freshLeaf(b, 1, random(32), cs)).leafNode)).toContain('signature');
    expect(await check({ ...leafNode, hpkePublicKey: fromHex(lowOrder[3]!) })).toBe('invalid');
    const taken = state.ratchetTree[0]!;
    expect(await check({ ...leafNode, hpkePublicKey: taken.nodeType === 'leaf' ? taken.leaf.hpkePublicKey : random(32) })).toBe('invalid');
    expect(await check((await freshLeaf({ ...b, binding: a.binding }, 1, groupId, cs)).leafNode)).toBe('policy');
  });

  it('a commit is the creator\'s, of proposals that are here, once', async () => {
    const { state } = await stateOfTwo();
    const remove = { proposalType: 'remove' as const, remove: { removed: 1 } };
    const commit = (...proposals: object[]) => ({ proposals, path: undefined }) as Parameters<typeof checkCommit>[1];
    const byValue = { proposalOrRefType: 'proposal', proposal: remove };
    const byRef = { proposalOrRefType: 'reference', reference: random(32) };
    expect(refused(() => checkCommit(state, commit(), 0, 2))).toBe('nothing');
    expect(refused(() => checkCommit(state, commit(), 1, 2))).toBe('policy');
    expect(refused(() => checkCommit(state, commit(byValue), 0, 2))).toBe('policy');
    expect(refused(() => checkCommit(state, commit(byValue), 0, 3))).toBe('nothing');
    expect(refused(() => checkCommit(state, commit(byRef), 0, 3))).toBe('invalid');
    expect(refused(() => checkCommit(state, commit(...Array(65).fill(byValue) as object[]), 0, 3))).toBe('limit');
    const known = { ...state, unappliedProposals: { AQ: { proposal: remove, senderLeafIndex: 1 }, 'AQ==': { proposal: remove, senderLeafIndex: 1 } } };
    const ref = { proposalOrRefType: 'reference', reference: Uint8Array.of(1) };
    expect(refused(() => checkCommit(known, commit(ref), 0, 3))).toBe('nothing');
    expect(refused(() => checkCommit(known, commit(ref, ref), 0, 3))).toBe('invalid');
  });

  it('a commit of ours takes of each leaf the last Update, and no Remove twice', () => {
    const update = (leaf: number) => ({ proposal: { proposalType: 'update' } as never, senderLeafIndex: leaf });
    const remove = (removed: number) => ({ proposal: { proposalType: 'remove' as const, remove: { removed } }, senderLeafIndex: 3 });
    const pending = { a: update(1), b: update(2), c: update(1), d: remove(2), e: remove(2), f: remove(4), g: update(5) };
    expect(Object.keys(selected(pending, [4]))).toEqual(['d', 'c', 'g']);
    expect(Object.keys(selected({}, [1]))).toEqual([]);
  });
});

describe('a message', () => {
  it('has one encoding, one kind and a bound', async () => {
    const { message } = await KeyPackage.generate(await generateOwn(false));
    expect(message.length).toBeLessThan(bounds.keyPackage);
    const read = (b: Uint8Array, limit = 4096) => refused(() => readMessage(b, 'mls_key_package', limit));
    expect(read(message)).toBe('nothing');
    expect(read(concat(message, Uint8Array.of(0)))).toBe('malformed');
    expect(read(message, message.length - 1)).toBe('malformed');
    expect(refused(() => readMessage(message, 'mls_welcome', 4096))).toBe('policy');
    expect(message[8]).toBe(0x20); // the length of init_key, which two bytes could say too
    expect(read(concat(message.subarray(0, 8), Uint8Array.of(0x40, 0x20), message.subarray(9)))).toBe('malformed');
    for (let n = 0; n < message.length; n++) expect(read(message.subarray(0, n)), `cut at ${n}`).toMatch(/malformed|policy/);
  });

  it('that is damaged anywhere is refused, and changes nothing', async () => {
    const call = random(32);
    const [a, b] = [await generateOwn(true), await generateOwn(false)];
    const alice = await Group.create({ call, ...a });
    const kp = await Group.keyPackage(b);
    const { welcome } = await alice.add(kp.message);
    const damaged = (m: Uint8Array, i: number) => m.with(i, m[i]! ^ (1 << (i % 8)));
    for (let i = 0; i < welcome.length; i += 7) {
      expect(await refusedLater(Group.join(damaged(welcome, i), kp, { call, peers: [a.id] })), `byte ${i}`).not.toBe('nothing');
    }
    const bob = await Group.join(welcome, kp, { call, peers: [a.id] });
    const commit = await alice.commit();
    for (let i = 0; i < commit.length; i += 7) {
      expect(await refusedLater(bob.handle(damaged(commit, i))), `byte ${i}`).toMatch(/^(malformed|invalid|authentication|policy|epoch|replay|limit)$/);
    }
    expect(await bob.handle(commit)).toEqual({ kind: 'commit', epoch: 2 });
    expect(bob.authenticator()).toEqual(alice.authenticator());
  });
});
