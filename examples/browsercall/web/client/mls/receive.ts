/** Reading a message of the group: what it is, and the state after it. Nothing here changes the state it is given. */
import { processProposal, type ClientState } from 'ts-mls/clientState.js';
import type { CiphersuiteImpl } from 'ts-mls/crypto/ciphersuite.js';
import { unprotectPrivateMessage } from 'ts-mls/messageProtection.js';
import type { PrivateMessage } from 'ts-mls/privateMessage.js';
import { processPrivateMessage } from 'ts-mls/processMessages.js';
import { emptyPskIndex } from 'ts-mls/pskIndex.js';
import type { ProposalWithSender } from 'ts-mls/unappliedProposals.js';
import { equal } from '../bytes.ts';
import type { ID } from '../identity/id.ts';
import { GroupError } from './errors.ts';
import { readMessage } from './message.ts';
import { bounds } from './profile.ts';
import { checkCommit, checkProposal, type FreshLeaf } from './proposals.ts';

/** By what a message is judged. */
export interface Rules {
  readonly limit: number;
  readonly allowed: (id: ID) => boolean;
  readonly updates: readonly FreshLeaf[];
  readonly cs: CiphersuiteImpl;
}

/** What a message was, the state that follows, and secrets that are used up once that state is ours. */
export type Received = { readonly state: ClientState; readonly consumed: readonly Uint8Array[] } & (
  | { readonly kind: 'application'; readonly leaf: number; readonly data: Uint8Array }
  | { readonly kind: 'proposal'; readonly leaf: number }
  | { readonly kind: 'commit'; readonly removed: boolean; readonly replaced: (leaf: number) => boolean });

type Unprotected = Awaited<ReturnType<typeof unprotectPrivateMessage>>;

/** Reads a PrivateMessage; all else is refused. */
export async function received(s: ClientState, message: Uint8Array, rules: Rules): Promise<Received> {
  const { privateMessage: m } = readMessage(message, 'mls_private_message', bounds.message);
  if (!equal(m.groupId, s.groupContext.groupId)) throw new GroupError('policy', "another group's message");
  if (m.epoch !== s.groupContext.epoch) return late(s, m, rules);
  const r = await unprotectPrivateMessage(s.keySchedule.senderDataSecret, m, s.secretTree, s.ratchetTree,
    s.groupContext, s.clientConfig.keyRetentionConfig, rules.cs);
  const sender = senderOf(r, s);
  const content = r.content.content;
  const after = { ...s, secretTree: r.tree };
  switch (content.contentType) {
    case 'application':
      return {
        kind: 'application', leaf: sender, data: content.applicationData.slice(), state: after, consumed: r.consumed,
      };
    case 'proposal': {
      await checkProposal(s, content.proposal, sender, rules.limit, rules.allowed, rules.cs);
      const state = await processProposal(after, r.content, content.proposal, rules.cs.hash);
      return { kind: 'proposal', leaf: sender, state, consumed: r.consumed };
    }
    case 'commit':
      return applied(s, m, checkCommit(s, content.commit, sender, rules.limit), rules);
  }
}

/** Of epochs that are over only application messages are read, and of few. */
async function late(s: ClientState, m: PrivateMessage, rules: Rules): Promise<Received> {
  const past = s.historicalReceiverData.get(m.epoch);
  if (!past || m.contentType !== 'application') throw new GroupError('epoch');
  const r = await unprotectPrivateMessage(past.senderDataSecret, m, past.secretTree, past.ratchetTree,
    past.groupContext, s.clientConfig.keyRetentionConfig, rules.cs);
  const content = r.content.content;
  if (content.contentType !== 'application') throw new GroupError('epoch');
  const historicalReceiverData = new Map(s.historicalReceiverData).set(m.epoch, { ...past, secretTree: r.tree });
  const state = { ...s, historicalReceiverData };
  const data = content.applicationData.slice();
  return { kind: 'application', leaf: senderOf(r, s), data, state, consumed: r.consumed };
}

function senderOf(r: Unprotected, s: ClientState): number {
  const { sender } = r.content.content;
  if (sender.senderType !== 'member') throw new GroupError('policy', 'a sender from outside the group');
  if (sender.leafIndex === s.privatePath.leafIndex) throw new GroupError('policy', 'a message of our own');
  return sender.leafIndex;
}

/**
 * Applies a commit that has been authenticated and allowed. The library knows nothing of a new key of our leaf: where
 * the commit takes up our Update, that key is put in place first.
 */
async function applied(
  s: ClientState, m: PrivateMessage, proposals: ProposalWithSender[], rules: Rules,
): Promise<Received> {
  const leaf = s.privatePath.leafIndex;
  const privateKeys = { ...s.privatePath.privateKeys };
  for (const { proposal: p, senderLeafIndex } of proposals) {
    if (p.proposalType !== 'update' || senderLeafIndex !== leaf) continue;
    const ours = rules.updates.find((u) => equal(u.leafNode.hpkePublicKey, p.update.leafNode.hpkePublicKey));
    if (!ours) throw new GroupError('invalid', 'an Update of ours that we did not make');
    privateKeys[2 * leaf] = ours.privateKey;
  }
  const state = { ...s, privatePath: { leafIndex: leaf, privateKeys } };
  const r = await processPrivateMessage(state, m, emptyPskIndex, rules.cs);
  if (r.kind !== 'newState') throw new GroupError('invalid', 'a commit that is none');
  const gone = new Set(proposals.flatMap(({ proposal: p }) => (p.proposalType === 'remove' ? [p.remove.removed] : [])));
  return {
    kind: 'commit', state: r.newState, consumed: r.consumed, replaced: (l) => gone.has(l),
    removed: r.newState.groupActiveState.kind === 'removedFromGroup',
  };
}
