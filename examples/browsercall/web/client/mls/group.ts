/** The keys of a call: an MLS group (RFC 9420) under the profile of docs/PROTOCOL.md, section 5. */
import { createGroup, type ClientState } from 'ts-mls/clientState.js';
import { createCommit, type CreateCommitResult } from 'ts-mls/createCommit.js';
import { createApplicationMessage, createProposal } from 'ts-mls/createMessage.js';
import type { CiphersuiteImpl } from 'ts-mls/crypto/ciphersuite.js';
import { mlsExporter } from 'ts-mls/keySchedule.js';
import { encodeMlsMessage } from 'ts-mls/message.js';
import type { Proposal } from 'ts-mls/proposal.js';
import { equal } from '../bytes.ts';
import { sameID, type ID } from '../identity/id.ts';
import { parseBinding, type Binding } from './binding.ts';
import { GroupError, guarded } from './errors.ts';
import { KeyPackage, halvesOf } from './keypackage.ts';
import { readMessage } from './message.ts';
import { bounds, checkKeyPackage, checkOwn, configFor, idOf, type Own } from './profile.ts';
import { creator, freshLeaf, selected, type FreshLeaf } from './proposals.ts';
import { received, type Received } from './receive.ts';
import { noKey, suiteFor, type Signer } from './suite.ts';
import { checkTree, leafAt, leavesOf, ownKeys } from './tree.ts';
import { joined } from './welcome.ts';
import { wipe, wipeState } from './wipe.ts';

/** A member as its leaf says. */
export interface Member {
  readonly leaf: number;
  readonly id: ID;
  readonly binding: Binding;
}

/** What a message was. `removed`: the commit removed us, and the group is of no more use. */
export type Handled =
  | { kind: 'application'; leaf: number; data: Uint8Array }
  | { kind: 'proposal'; leaf: number }
  | { kind: 'commit'; epoch: number; removed?: true };

/** What a creator brings. */
export interface CreateOptions {
  /** The call's id, which is the group_id: 32 bytes. */
  readonly call: Uint8Array;
  readonly id: ID;
  readonly signer: Signer;
  readonly binding: Binding;
  /** Who else may be in it; anybody, if it is left out. */
  readonly peers?: ID[];
  /** The most members, 2 to 64. Two, the default, is a call for two: nobody comes or goes after epoch 1. */
  readonly limit?: number;
}

/** What a joiner was promised. */
export interface Expected {
  readonly call: Uint8Array;
  /** Who else may be in it. `'anybody'` is for those whose members are known by other means. */
  readonly peers: ID[] | 'anybody';
  readonly limit?: number;
}

/**
 * One member's state. Calls are handled one after the other. One that rejects, always with a GroupError, has changed
 * nothing. Nothing of it shows in text or JSON.
 */
export class Group {
  #state: ClientState | undefined;
  readonly #own: Own;
  readonly #cs: CiphersuiteImpl;
  readonly #limit: number;
  readonly #allowed: (id: ID) => boolean;
  #updates: FreshLeaf[] = []; // of ours, that wait for a commit of this epoch
  #queue: Promise<unknown> = Promise.resolve();

  private constructor(state: ClientState, own: Own, cs: CiphersuiteImpl, limit: number, allowed: (id: ID) => boolean) {
    this.#state = state;
    this.#own = own;
    this.#cs = cs;
    this.#limit = limit;
    this.#allowed = allowed;
  }

  /** Makes a group of one, at leaf 0 in epoch 0. The binding's invite must be zero. */
  static async create(o: CreateOptions): Promise<Group> {
    const [limit, allowed] = [limitOf(o), allowedOf(o.id, o.peers)];
    const own = { id: o.id.slice(), signer: o.signer, binding: o.binding };
    const cs = suiteFor(own.signer);
    const kp = await halvesOf(own);
    return guarded('making a group', async () => {
      const keys = { ...kp.privatePackage, signaturePrivateKey: noKey };
      const state = await createGroup(o.call.slice(), kp.publicPackage, keys, [], cs, configFor(allowed));
      checkTree(state.ratchetTree, limit, allowed);
      return new Group(state, own, cs, limit, allowed);
    });
  }

  /** Makes a KeyPackage, with which one is added to one group. */
  static keyPackage(o: Own): Promise<KeyPackage> {
    return KeyPackage.generate({ id: o.id.slice(), signer: o.signer, binding: o.binding });
  }

  /** Joins by a Welcome for this KeyPackage, which is then used up. Refuses any other group than the promised. */
  static async join(welcome: Uint8Array, kp: KeyPackage, expect: Expected): Promise<Group> {
    const halves = kp.halves();
    const peers = expect.peers === 'anybody' ? undefined : expect.peers;
    const [limit, allowed] = [limitOf(expect), allowedOf(halves.own.id, peers)];
    checkOwn(halves.own);
    const cs = suiteFor(halves.own.signer);
    const promised = { call: expect.call, limit, allowed };
    const state = await guarded('joining', () => joined(welcome, halves, promised, cs, configFor(allowed)));
    kp.destroy();
    return new Group(state, halves.own, cs, limit, allowed);
  }

  /** The number of the epoch. */
  get epoch(): number {
    return Number(this.#alive().groupContext.epoch);
  }

  /** This member's leaf index. */
  get ownLeaf(): number {
    return this.#alive().privatePath.leafIndex;
  }

  /** The members by leaf index. */
  members(): Member[] {
    return leavesOf(this.#alive().ratchetTree).map(({ leaf, node }) =>
      ({ leaf, id: idOf(node).slice(), binding: parseBinding(node.extensions[0]!.extensionData) }));
  }

  /** The epoch authenticator, 32 bytes: equal for all who are in the same state. */
  authenticator(): Uint8Array {
    return this.#alive().keySchedule.epochAuthenticator.slice();
  }

  /** Derives a secret of n bytes, 1 to 255·32, from the epoch (section 8.5). */
  export(label: string, context: Uint8Array, n: number): Promise<Uint8Array> {
    return this.#serial('exporting', (s) => mlsExporter(s.keySchedule.exporterSecret, label, context, n, this.#cs));
  }

  /**
   * Creator: adds the owner of a KeyPackage, and is in the new epoch. check may throw to refuse what its leaf says; the
   * error comes as the cause of a GroupError.
   */
  add(
    keyPackage: Uint8Array, check: (m: Member) => void = () => {},
  ): Promise<{ welcome: Uint8Array; commit: Uint8Array }> {
    return this.#serial('adding a member', async (s) => {
      const { keyPackage: kp } = readMessage(keyPackage, 'mls_key_package', bounds.keyPackage);
      if (this.#limit === 2 && s.groupContext.epoch > 0n) {
        throw new GroupError('policy', 'a call for two takes nobody else');
      }
      const binding = checkKeyPackage(kp, this.#allowed);
      let leaf = 0; // the first that is free is the one that it will have
      while (leafAt(s.ratchetTree, leaf)) leaf++;
      check({ leaf, id: idOf(kp.leafNode).slice(), binding });
      const c = await this.#commit(s, [{ proposalType: 'add', add: { keyPackage: kp } }]);
      if (!c.welcome) throw new GroupError('invalid', 'a commit without a Welcome');
      const welcome = encodeMlsMessage({ version: 'mls10', wireformat: 'mls_welcome', welcome: c.welcome });
      return { welcome, commit: encodeMlsMessage(c.commit) };
    });
  }

  /** Creator of a group of more than two: removes the member at a leaf, and is in the new epoch. */
  remove(leaf: number): Promise<Uint8Array> {
    return this.#serial('removing a member', async (s) => {
      if (this.#limit === 2) throw new GroupError('policy', 'nobody is removed from a call for two');
      if (leaf === creator || !leafAt(s.ratchetTree, leaf)) throw new GroupError('invalid', 'no such member to remove');
      const c = await this.#commit(s, [{ proposalType: 'remove', remove: { removed: leaf } }]);
      return encodeMlsMessage(c.commit);
    });
  }

  /** Creator: renews the keys, takes up the proposals that have come, and is in the new epoch. */
  commit(): Promise<Uint8Array> {
    return this.#serial('committing', async (s) => encodeMlsMessage((await this.#commit(s, [])).commit));
  }

  /** Everybody but the creator: asks for new keys of our leaf, with the next commit. */
  proposeUpdate(): Promise<Uint8Array> {
    return this.#serial('proposing an update', async (s) => {
      const leaf = s.privatePath.leafIndex;
      if (leaf === creator) throw new GroupError('policy', 'the creator commits instead');
      const fresh = await freshLeaf(this.#own, leaf, s.groupContext.groupId, this.#cs);
      return this.#propose(s, { proposalType: 'update', update: { leafNode: fresh.leafNode } }, fresh);
    });
  }

  /** In a group of more than two: asks that the member at a leaf be removed. */
  proposeRemove(leaf: number): Promise<Uint8Array> {
    return this.#serial('proposing a removal', async (s) => {
      if (this.#limit === 2) throw new GroupError('policy', 'nobody is removed from a call for two');
      if (leaf === creator || !leafAt(s.ratchetTree, leaf)) throw new GroupError('invalid', 'no such member to remove');
      return this.#propose(s, { proposalType: 'remove', remove: { removed: leaf } });
    });
  }

  /** Encrypts application data to the group, padded to the next of 256, 512 … 16384, 24064 bytes. */
  protect(data: Uint8Array): Promise<Uint8Array> {
    return this.#serial('protecting a message', async (s) => {
      // Who may not commit cannot wait for that of its Update: without the proposals, for the library refuses (12.4).
      const doubled = 2 ** Math.max(8, Math.ceil(Math.log2(data.length + 72)));
      const padUntilLength = Math.min(doubled, bounds.message - 512); // the last step is shorter: all that fits can be sent
      const clientConfig = { ...s.clientConfig, paddingConfig: { kind: 'padUntilLength' as const, padUntilLength } };
      const r = await createApplicationMessage({ ...s, unappliedProposals: {}, clientConfig }, data, this.#cs);
      const { privateMessage } = r;
      const message = encodeMlsMessage({ version: 'mls10', wireformat: 'mls_private_message', privateMessage });
      if (message.length > bounds.message) throw new GroupError('limit', `${data.length} bytes of application data`);
      this.#adopt({ ...s, secretTree: r.newState.secretTree }, r.consumed);
      return message;
    });
  }

  /** Takes a message of another member. After a removal of us, all that remains is destroy. */
  handle(message: Uint8Array): Promise<Handled> {
    return this.#serial('handling a message', async (s) => {
      const rules = { limit: this.#limit, allowed: this.#allowed, updates: this.#updates, cs: this.#cs };
      const r = await received(s, message, rules);
      if (r.kind !== 'commit') {
        this.#adopt(r.state, r.consumed);
        return r.kind === 'proposal' ? { kind: r.kind, leaf: r.leaf } : { kind: r.kind, leaf: r.leaf, data: r.data };
      }
      return this.#committed(s, r);
    });
  }

  /** Forgets everything, at once: what is under way rejects. */
  destroy(): void {
    if (this.#state) wipeState(this.#state);
    wipe(...this.#updates.map((u) => u.privateKey));
    this.#updates = [];
    this.#state = undefined;
  }

  async #committed(s: ClientState, r: Received & { kind: 'commit' }): Promise<Handled> {
    if (r.removed) {
      this.destroy();
      return { kind: 'commit', epoch: Number(s.groupContext.epoch) + 1, removed: true };
    }
    const next = await this.#checked(s, r.state, r.replaced);
    this.#adopt(next, r.consumed);
    return { kind: 'commit', epoch: Number(next.groupContext.epoch) };
  }

  async #commit(s: ClientState, proposals: Proposal[]): Promise<CreateCommitResult> {
    if (s.privatePath.leafIndex !== creator) throw new GroupError('policy', 'only the creator commits');
    const gone = proposals.flatMap((p) => (p.proposalType === 'remove' ? [p.remove.removed] : []));
    const unappliedProposals = selected(s.unappliedProposals, gone);
    const leaving = new Set(gone);
    for (const { proposal: p } of Object.values(unappliedProposals)) {
      if (p.proposalType === 'remove') leaving.add(p.remove.removed);
    }
    const paddingConfig = { kind: 'padUntilLength' as const, padUntilLength: 1024 };
    const clientConfig = { ...s.clientConfig, paddingConfig };
    const context = { state: { ...s, unappliedProposals, clientConfig }, cipherSuite: this.#cs };
    const c = await createCommit(context, { extraProposals: proposals, ratchetTreeExtension: true });
    const next = { ...c.newState, clientConfig: s.clientConfig };
    this.#adopt(await this.#checked(s, next, (leaf) => leaving.has(leaf)), c.consumed);
    return c;
  }

  async #propose(s: ClientState, p: Proposal, fresh?: FreshLeaf): Promise<Uint8Array> {
    if (Object.keys(s.unappliedProposals).length >= bounds.proposals) {
      throw new GroupError('limit', 'proposals of one epoch');
    }
    const r = await createProposal(s, false, p, this.#cs);
    if (fresh) this.#updates.push(fresh);
    this.#adopt(r.newState, r.consumed);
    return encodeMlsMessage(r.message);
  }

  /** Holds a new epoch to the profile, before it is ours. */
  async #checked(old: ClientState, next: ClientState, replaced: (leaf: number) => boolean): Promise<ClientState> {
    const [a, b] = [old.groupContext, next.groupContext];
    if (b.epoch !== a.epoch + 1n || !equal(a.groupId, b.groupId) || a.cipherSuite !== b.cipherSuite ||
      b.extensions.length > 0 || next.groupActiveState.kind !== 'active') {
      throw new GroupError('policy', 'a commit that makes another group');
    }
    checkTree(next.ratchetTree, this.#limit, this.#allowed, old.ratchetTree, replaced);
    return { ...next, privatePath: await ownKeys(next.ratchetTree, next.privatePath) };
  }

  #adopt(next: ClientState, consumed: readonly Uint8Array[]): void {
    const old = this.#alive(); // throws if destroy came between: then nothing of next may live
    this.#state = next;
    wipe(...consumed);
    wipeState(old, next);
    if (old.groupContext.epoch === next.groupContext.epoch) return;
    const kept = Object.values(next.privatePath.privateKeys);
    wipe(...this.#updates.map((u) => u.privateKey).filter((k) => !kept.includes(k)));
    this.#updates = [];
  }

  #alive(): ClientState {
    if (!this.#state) throw new GroupError('state', 'the group is gone');
    return this.#state;
  }

  /** One operation after the other: two that began from one state would use one key twice. */
  #serial<T>(what: string, work: (s: ClientState) => Promise<T>): Promise<T> {
    const result = this.#queue.then(() => guarded(what, async () => {
      const out = await work(this.#alive());
      if (!this.#state && !wasRemoved(out)) throw new GroupError('state', 'the group was destroyed meanwhile');
      return out;
    }));
    this.#queue = result.catch(() => {});
    return result;
  }
}

/** The one result after which there is no group: what came of a commit that removed us. */
function wasRemoved(out: unknown): boolean {
  return typeof out === 'object' && out !== null && 'removed' in out;
}

function limitOf(o: { limit?: number }): number {
  const limit = o.limit ?? 2;
  if (!Number.isInteger(limit) || limit < 2 || limit > bounds.members) {
    throw new GroupError('limit', 'members: 2 to 64');
  }
  return limit;
}

function allowedOf(own: ID, peers: ID[] | undefined): (id: ID) => boolean {
  const list = peers && [own.slice(), ...peers.map((p) => p.slice())];
  return (id) => !list || list.some((p) => sameID(p, id));
}

