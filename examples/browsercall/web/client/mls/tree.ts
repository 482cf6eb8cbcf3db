/** The ratchet tree of a state that is to become ours: what the library does not verify, or not as RFC 9420 says. */
import type { CiphersuiteImpl } from 'ts-mls/crypto/ciphersuite.js';
import {
  verifyLeafNodeSignature, verifyLeafNodeSignatureKeyPackage, type LeafNode, type LeafNodeKeyPackage,
} from 'ts-mls/leafNode.js';
import type { ParentNode } from 'ts-mls/parentNode.js';
import { verifyParentHashes } from 'ts-mls/parentHash.js';
import type { PrivateKeyPath } from 'ts-mls/privateKeyPath.js';
import type { RatchetTree } from 'ts-mls/ratchetTree.js';
import { treeHashRoot } from 'ts-mls/treeHash.js';
import { directPath, leafToNodeIndex, leafWidth, toLeafIndex } from 'ts-mls/treemath.js';
import { equal, hex } from '../bytes.ts';
import { hashSize, type ID } from '../identity/id.ts';
import { GroupError } from './errors.ts';
import { checkKey, checkLeaf, checkLifetime, checkSuccessor } from './profile.ts';
import { publicOf } from './suite.ts';

/** The leaf at an index, if a member is there. */
export function leafAt(tree: RatchetTree, leaf: number): LeafNode | undefined {
  const node = tree[2 * leaf];
  return node?.nodeType === 'leaf' ? node.leaf : undefined;
}

/** The leaves that have members, in order. */
export function leavesOf(tree: RatchetTree): { leaf: number; node: LeafNode }[] {
  return tree.flatMap((n, i) => (n?.nodeType === 'leaf' ? [{ leaf: i / 2, node: n.leaf }] : []));
}

/**
 * Holds a tree to form and profile: at most so many leaves, no key twice, each leaf of the profile, leaf 0 that of the
 * creator. A leaf that was there before may only have renewed its keys, unless it was replaced; a new one is in its
 * lifetime. Signatures and hashes are for checkJoined, or for the library.
 */
export function checkTree(tree: RatchetTree, limit: number, allowed: (id: ID) => boolean, before: RatchetTree = [],
  replaced: (leaf: number) => boolean = () => true): void {
  if (leafWidth(tree.length) > powerOfTwo(limit)) {
    throw new GroupError('limit', 'a tree of more leaves than members may be');
  }
  const seen = new Set<string>();
  const once = (kind: string, key: Uint8Array) => {
    const name = kind + hex(key);
    if (seen.has(name)) throw new GroupError('invalid', 'one key at two places of the tree');
    seen.add(name);
  };
  for (const [i, n] of tree.entries()) {
    if (n === undefined) continue;
    if ((n.nodeType === 'leaf') !== (i % 2 === 0)) throw new GroupError('invalid', 'the form of the tree');
    if (n.nodeType === 'parent') {
      checkKey(n.parent.hpkePublicKey);
      once('e', n.parent.hpkePublicKey);
      continue;
    }
    once('e', n.leaf.hpkePublicKey);
    once('s', n.leaf.signaturePublicKey);
    const old = leafAt(before, i / 2);
    if (old === n.leaf) continue; // the very object that was checked when it came
    const b = checkLeaf(n.leaf, allowed);
    if (i === 0 && !equal(b.invite, new Uint8Array(hashSize))) {
      throw new GroupError('policy', 'a creator who answers an Invite');
    }
    if (!old || replaced(i / 2)) checkLifetime(n.leaf);
    else checkSuccessor(old, n.leaf);
  }
  if (seen.size === 0 || !leafAt(tree, 0)) throw new GroupError('policy', 'a group without its creator');
  if (leavesOf(tree).length > limit) throw new GroupError('limit', 'more members than may be');
}

function powerOfTwo(n: number): number {
  return n <= 1 ? 1 : 2 ** Math.ceil(Math.log2(n));
}

/** What a joiner verifies of the tree it is given (RFC 9420, section 12.4.3.1): signatures, unmerged leaves, hashes. */
export async function checkJoined(
  tree: RatchetTree, groupId: Uint8Array, treeHash: Uint8Array, cs: CiphersuiteImpl,
): Promise<void> {
  for (const { leaf, node } of leavesOf(tree)) {
    const good = node.leafNodeSource === 'key_package'
      ? await verifyLeafNodeSignatureKeyPackage(node as LeafNodeKeyPackage, cs.signature)
      : await verifyLeafNodeSignature(node, groupId, leaf, cs.signature);
    if (!good) throw new GroupError('authentication', 'the signature of a leaf');
  }
  for (const [i, n] of tree.entries()) if (n?.nodeType === 'parent') checkUnmerged(tree, i, n.parent);
  if (!(await verifyParentHashes(tree, cs.hash))) throw new GroupError('invalid', 'parent hashes');
  if (!equal(await treeHashRoot(tree, cs.hash), treeHash)) throw new GroupError('invalid', 'the tree hash');
}

/**
 * Unmerged leaves are in order, below their node, not blank, and known to all nodes between (section 7.9). The library
 * wants equal lists on all of a leaf's path, and so refuses lawful trees of five members and more.
 */
function checkUnmerged(tree: RatchetTree, index: number, parent: ParentNode): void {
  let last = -1;
  for (const leaf of parent.unmergedLeaves) {
    if (leaf <= last || !leafAt(tree, leaf)) throw new GroupError('invalid', 'unmerged leaves');
    last = leaf;
    const path = pathOf(tree, leaf);
    const at = path.indexOf(index);
    if (at < 0) throw new GroupError('invalid', 'unmerged leaves');
    for (const between of path.slice(0, at)) {
      const n = tree[between];
      if (n?.nodeType === 'parent' && !n.parent.unmergedLeaves.includes(leaf)) {
        throw new GroupError('invalid', 'unmerged leaves');
      }
    }
  }
}

function pathOf(tree: RatchetTree, leaf: number): number[] {
  return directPath(leafToNodeIndex(toLeafIndex(leaf)), leafWidth(tree.length));
}

/**
 * The private keys that belong to the tree, and no others: the library keeps those of nodes that were blanked. Each
 * must be that of its node's public key, which the library does not verify (sections 7.5 and 12.4.3.1). Throws GroupError.
 */
export async function ownKeys(tree: RatchetTree, path: PrivateKeyPath): Promise<PrivateKeyPath> {
  const privateKeys: Record<number, Uint8Array> = {};
  for (const index of [2 * path.leafIndex, ...pathOf(tree, path.leafIndex)]) {
    const node = tree[index];
    if (!node || (node.nodeType === 'parent' && node.parent.unmergedLeaves.includes(path.leafIndex))) continue;
    const key = path.privateKeys[index];
    const want = node.nodeType === 'leaf' ? node.leaf.hpkePublicKey : node.parent.hpkePublicKey;
    if (!key || !equal(await publicOf(key), want)) {
      throw new GroupError('invalid', 'a path secret that is not that of its key');
    }
    privateKeys[index] = key;
  }
  return { leafIndex: path.leafIndex, privateKeys };
}
