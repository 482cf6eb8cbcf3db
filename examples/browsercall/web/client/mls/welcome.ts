/** Joining by a Welcome (RFC 9420, section 12.4.3.1), held to the profile. */
import type { ClientConfig } from 'ts-mls/clientConfig.js';
import type { ClientState } from 'ts-mls/clientState.js';
import type { CiphersuiteImpl } from 'ts-mls/crypto/ciphersuite.js';
import { verifyGroupInfoConfirmationTag, verifyGroupInfoSignature, type GroupInfo } from 'ts-mls/groupInfo.js';
import type { GroupSecrets } from 'ts-mls/groupSecrets.js';
import { makeKeyPackageRef } from 'ts-mls/keyPackage.js';
import { deriveKeySchedule } from 'ts-mls/keySchedule.js';
import { pathToRoot } from 'ts-mls/pathSecrets.js';
import { toPrivateKeyPath, type PrivateKeyPath } from 'ts-mls/privateKeyPath.js';
import { decodeRatchetTree, findLeafIndex, type RatchetTree } from 'ts-mls/ratchetTree.js';
import { createSecretTree } from 'ts-mls/secretTree.js';
import { leafToNodeIndex, leafWidth, toLeafIndex } from 'ts-mls/treemath.js';
import { firstCommonAncestor } from 'ts-mls/updatePath.js';
import { decryptGroupInfo, decryptGroupSecrets, type Welcome } from 'ts-mls/welcome.js';
import { equal } from '../bytes.ts';
import type { ID } from '../identity/id.ts';
import { GroupError } from './errors.ts';
import type { Halves } from './keypackage.ts';
import { readMessage } from './message.ts';
import { bounds } from './profile.ts';
import { noKey, suiteName } from './suite.ts';
import { checkJoined, checkTree, leafAt, ownKeys } from './tree.ts';

/** What the joiner was promised. */
export interface Promised {
  readonly call: Uint8Array;
  /** The most members that the group may have. */
  readonly limit: number;
  readonly allowed: (id: ID) => boolean;
}

const noPSK = new Uint8Array(32); // the secret of no pre-shared keys (section 8.4)

/**
 * The state of the group that a Welcome leads into. Throws GroupError, and whatever the library throws at bad input.
 */
export async function joined(message: Uint8Array, kp: Halves, promised: Promised, cs: CiphersuiteImpl,
  clientConfig: ClientConfig): Promise<ClientState> {
  const { welcome } = readMessage(message, 'mls_welcome', bounds.message);
  const secrets = await secretsOf(welcome, kp, cs);
  const info = await decryptGroupInfo(welcome, secrets.joinerSecret, noPSK, cs);
  if (!info) throw new GroupError('malformed', 'the GroupInfo');
  const tree = treeOf(info, promised);
  await checkInfo(info, tree, promised, cs);
  const privatePath = await ownKeys(tree, await pathFrom(info, tree, kp, secrets, cs));
  if (!(await verifyGroupInfoConfirmationTag(info, secrets.joinerSecret, noPSK, cs))) {
    throw new GroupError('authentication', 'the confirmation tag');
  }
  const c = info.groupContext;
  const [keySchedule, encryptionSecret] = await deriveKeySchedule(secrets.joinerSecret, noPSK, c, cs.kdf);
  const secretTree = await createSecretTree(leafWidth(tree.length), encryptionSecret, cs.kdf);
  encryptionSecret.fill(0);
  secrets.joinerSecret.fill(0);
  return {
    groupContext: info.groupContext, ratchetTree: tree, privatePath, keySchedule, secretTree, clientConfig,
    signaturePrivateKey: noKey, confirmationTag: info.confirmationTag, unappliedProposals: {},
    historicalReceiverData: new Map(), groupActiveState: { kind: 'active' },
  };
}

async function secretsOf(w: Welcome, kp: Halves, cs: CiphersuiteImpl): Promise<GroupSecrets> {
  if (w.cipherSuite !== suiteName) throw new GroupError('policy', 'a Welcome of another suite');
  const ref = await makeKeyPackageRef(kp.publicPackage, cs.hash);
  if (!w.secrets.some((s) => equal(s.newMember, ref))) {
    throw new GroupError('invalid', 'a Welcome for another KeyPackage');
  }
  const key = await cs.hpke.importPrivateKey(kp.privatePackage.initPrivateKey);
  const secrets = await decryptGroupSecrets(key, ref, w, cs.hpke);
  if (!secrets) throw new GroupError('malformed', 'the group secrets');
  if (secrets.psks.length > 0) throw new GroupError('policy', 'a pre-shared key');
  return { ...secrets, joinerSecret: secrets.joinerSecret.slice() };
}

function treeOf(info: GroupInfo, promised: Promised): RatchetTree {
  const [e, ...more] = info.extensions;
  if (!e || e.extensionType !== 'ratchet_tree' || more.length > 0) {
    throw new GroupError('policy', 'a GroupInfo with anything but the ratchet tree');
  }
  const decoded = decodeRatchetTree(e.extensionData, 0);
  if (!decoded || decoded[1] !== e.extensionData.length) throw new GroupError('malformed', 'the ratchet tree');
  checkTree(decoded[0], promised.limit, promised.allowed);
  return decoded[0];
}

async function checkInfo(info: GroupInfo, tree: RatchetTree, promised: Promised, cs: CiphersuiteImpl): Promise<void> {
  const c = info.groupContext;
  if (c.version !== 'mls10' || c.cipherSuite !== suiteName || c.extensions.length > 0 ||
    !equal(c.groupId, promised.call)) {
    throw new GroupError('policy', 'not the group that was promised');
  }
  if (c.epoch < 1n || c.epoch > BigInt(Number.MAX_SAFE_INTEGER) || (promised.limit === 2 && c.epoch !== 1n)) {
    throw new GroupError('policy', 'a Welcome into another epoch than the first');
  }
  const signer = leafAt(tree, info.signer);
  if (info.signer !== 0 || !signer) throw new GroupError('policy', 'a Welcome by another than the creator');
  if (!(await verifyGroupInfoSignature(info, signer.signaturePublicKey, cs.signature))) {
    throw new GroupError('authentication', 'the signature of the GroupInfo');
  }
  await checkJoined(tree, c.groupId, c.treeHash, cs);
}

async function pathFrom(info: GroupInfo, tree: RatchetTree, kp: Halves, secrets: GroupSecrets,
  cs: CiphersuiteImpl): Promise<PrivateKeyPath> {
  const leaf = findLeafIndex(tree, kp.publicPackage.leafNode);
  if (leaf === undefined || leaf === info.signer) throw new GroupError('invalid', 'a group that we are not in');
  const own = { [leafToNodeIndex(leaf)]: kp.privatePackage.hpkePrivateKey };
  if (!secrets.pathSecret) return { leafIndex: leaf, privateKeys: own };
  const from = firstCommonAncestor(tree, leaf, toLeafIndex(info.signer));
  const path = await toPrivateKeyPath(await pathToRoot(tree, from, secrets.pathSecret, cs.kdf), leaf, cs);
  return { leafIndex: leaf, privateKeys: { ...path.privateKeys, ...own } };
}
