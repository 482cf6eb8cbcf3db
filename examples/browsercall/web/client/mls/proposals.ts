/** Proposals and commits, as far as calls allow them: docs/PROTOCOL.md, section 5. */
import { validateLeafNodeUpdateOrCommit, type ClientState } from 'ts-mls/clientState.js';
import type { Commit } from 'ts-mls/commit.js';
import type { CiphersuiteImpl } from 'ts-mls/crypto/ciphersuite.js';
import { signWithLabel } from 'ts-mls/crypto/signature.js';
import { encodeLeafNodeTBS, type LeafNodeUpdate } from 'ts-mls/leafNode.js';
import type { Proposal } from 'ts-mls/proposal.js';
import type { ProposalWithSender, UnappliedProposals } from 'ts-mls/unappliedProposals.js';
import { bytesToBase64 } from 'ts-mls/util/byteArray.js';
import { equal } from '../bytes.ts';
import type { ID } from '../identity/id.ts';
import { GroupError } from './errors.ts';
import { bounds, capabilities, checkLeaf, checkSuccessor, credentialOf, extensionsOf, type Own } from './profile.ts';
import { noKey } from './suite.ts';
import { leafAt } from './tree.ts';

/** The leaf of the creator, the only one who commits. */
export const creator = 0;

/** An Update of ours: its leaf, and the private half of its new key. */
export interface FreshLeaf {
  readonly leafNode: LeafNodeUpdate;
  readonly privateKey: Uint8Array;
}

/**
 * Makes a leaf with a new key, otherwise as it was. The library cannot: it only makes leaves of KeyPackages and
 * commits.
 */
export async function freshLeaf(
  own: Own, leafIndex: number, groupId: Uint8Array, cs: CiphersuiteImpl,
): Promise<FreshLeaf> {
  const pair = await cs.hpke.generateKeyPair();
  const tbs = {
    leafNodeSource: 'update' as const, hpkePublicKey: await cs.hpke.exportPublicKey(pair.publicKey),
    signaturePublicKey: own.signer.publicKey, credential: credentialOf(own.id), capabilities: capabilities(),
    extensions: extensionsOf(own.binding), groupId, leafIndex,
  };
  const signature = await signWithLabel(noKey, 'LeafNodeTBS', encodeLeafNodeTBS(tbs), cs.signature);
  const { groupId: _, leafIndex: __, ...leaf } = tbs;
  return { leafNode: { ...leaf, signature }, privateKey: await cs.hpke.exportPrivateKey(pair.privateKey) };
}

/**
 * Says whether to keep a proposal of another member: an Update of its own leaf, and in a group of more than two a
 * Remove. One that no commit could hold is refused now, lest it keep all others from committing.
 */
export async function checkProposal(state: ClientState, p: Proposal, sender: number, limit: number,
  allowed: (id: ID) => boolean, cs: CiphersuiteImpl): Promise<void> {
  if (Object.keys(state.unappliedProposals).length >= bounds.proposals) {
    throw new GroupError('limit', 'proposals of one epoch');
  }
  if (p.proposalType === 'remove' && limit > 2) {
    const { removed } = p.remove;
    if (removed === creator || !leafAt(state.ratchetTree, removed)) throw new GroupError('invalid', 'whom to remove');
    return;
  }
  const old = leafAt(state.ratchetTree, sender);
  if (p.proposalType !== 'update' || sender === creator || !old) {
    throw new GroupError('policy', 'a proposal that is no Update');
  }
  const leaf = p.update.leafNode;
  checkLeaf(leaf, allowed);
  checkSuccessor(old, leaf);
  if (hasKey(state, leaf.hpkePublicKey)) throw new GroupError('invalid', 'an Update to a key that is there already');
  const { authService } = state.clientConfig;
  const wrong = await validateLeafNodeUpdateOrCommit(leaf, sender, state.groupContext, authService, cs.signature);
  if (wrong) throw wrong;
}

function hasKey(state: ClientState, key: Uint8Array): boolean {
  return state.ratchetTree.some((n) =>
    n && equal(n.nodeType === 'leaf' ? n.leaf.hpkePublicKey : n.parent.hpkePublicKey, key));
}

/** What a commit of the creator holds, resolved. Refuses what calls do not allow. */
export function checkCommit(state: ClientState, c: Commit, sender: number, limit: number): ProposalWithSender[] {
  if (sender !== creator) throw new GroupError('policy', 'a commit by another than the creator');
  if (c.proposals.length > bounds.proposals) throw new GroupError('limit', 'proposals of one commit');
  const seen = new Set<string>();
  return c.proposals.map((p) => {
    if (p.proposalOrRefType === 'proposal') {
      return allowedIn(p.proposal, limit, { proposal: p.proposal, senderLeafIndex: sender });
    }
    const name = bytesToBase64(p.reference);
    const known = Object.hasOwn(state.unappliedProposals, name) ? state.unappliedProposals[name] : undefined;
    if (!known || seen.has(name)) throw new GroupError('invalid', 'a commit of a proposal that is not here');
    seen.add(name);
    return allowedIn(known.proposal, limit, known);
  });
}

function allowedIn(p: Proposal, limit: number, out: ProposalWithSender): ProposalWithSender {
  if (p.proposalType === 'update' || (limit > 2 && (p.proposalType === 'add' || p.proposalType === 'remove'))) {
    return out;
  }
  throw new GroupError('policy', 'a commit of what calls do not change');
}

/**
 * The proposals that a commit of ours takes up: of each leaf the last Update, of those who are to go none, and no
 * Remove twice. More may not be in one commit (section 12.2).
 */
export function selected(pending: UnappliedProposals, gone: readonly number[]): UnappliedProposals {
  const removed = new Set(gone);
  const out: [string, ProposalWithSender][] = [];
  for (const [ref, p] of Object.entries(pending)) {
    if (p.proposal.proposalType !== 'remove' || removed.has(p.proposal.remove.removed)) continue;
    removed.add(p.proposal.remove.removed);
    out.push([ref, p]);
  }
  const updates = new Map<number, [string, ProposalWithSender]>();
  for (const [ref, p] of Object.entries(pending)) {
    const { senderLeafIndex: leaf, proposal } = p;
    if (proposal.proposalType === 'update' && leaf !== undefined && !removed.has(leaf)) updates.set(leaf, [ref, p]);
  }
  return Object.fromEntries([...out, ...updates.values()]);
}
