/** The profile of MLS that calls use, docs/PROTOCOL.md section 5, as rules for what the library would let through. */
import type { Capabilities } from 'ts-mls/capabilities.js';
import type { ClientConfig } from 'ts-mls/clientConfig.js';
import type { Credential } from 'ts-mls/credential.js';
import type { KeyPackage } from 'ts-mls/keyPackage.js';
import type { LeafNode } from 'ts-mls/leafNode.js';
import type { Lifetime } from 'ts-mls/lifetime.js';
import { equal } from '../bytes.ts';
import { checkID, idSize, type ID } from '../identity/id.ts';
import { checkX25519 } from '../identity/strict.ts';
import { bindingType, encodeBinding, parseBinding, type Binding } from './binding.ts';
import { GroupError } from './errors.ts';
import { suiteName, type Signer } from './suite.ts';

/** Sizes in bytes, and counts. */
export const bounds = {
  keyPackage: 4 << 10,
  message: 24 << 10,
  /** Members where the caller asks for more than two; the tree's width is rounded up to a power of two. */
  members: 64,
  /** Proposals that an epoch keeps, and that a commit holds. */
  proposals: 64,
  /** Epochs whose late application messages are still read. */
  pastEpochs: 3,
  /** Generations that one message may skip, and skipped ones that are kept. */
  forward: 1024,
  skipped: 32,
} as const;

const day = 24 * 3600;
const slack = 3600; // seconds that two clocks and the way of a message may add

/** One member's own part of a group. */
export interface Own {
  /** The identity; its first 32 bytes are the signer's public key. */
  readonly id: ID;
  readonly signer: Signer;
  readonly binding: Binding;
}

/** Capabilities of every leaf, exactly. */
export function capabilities(): Capabilities {
  return {
    versions: ['mls10'], ciphersuites: [suiteName], extensions: [bindingType], proposals: [], credentials: ['basic'],
  };
}

/** The basic credential of an identity. */
export function credentialOf(id: ID): Credential {
  return { credentialType: 'basic', identity: id.slice() };
}

/** 24 hours to both sides of now, as the clocks of two members differ. */
export function lifetime(): Lifetime {
  const now = Math.floor(Date.now() / 1000);
  return { notBefore: BigInt(now - day), notAfter: BigInt(now + day) };
}

/** The leaf extensions of a member. */
export function extensionsOf(b: Binding): { extensionType: number; extensionData: Uint8Array }[] {
  return [{ extensionType: bindingType, extensionData: encodeBinding(b) }];
}

/** Refuses an identity with another's signer, or of no good keys. */
export function checkOwn(o: Own): void {
  checkID(o.id);
  if (!equal(o.id.subarray(0, 32), o.signer.publicKey)) {
    throw new GroupError('policy', "the signer is not the identity's");
  }
}

/**
 * What the library is told. Credentials are left to checkLeaf, which sees all of the leaf; that of the library only
 * keeps strangers from getting as far.
 */
export function configFor(allowed: (id: ID) => boolean): ClientConfig {
  const known = (c: Credential, key: Uint8Array) => c.credentialType === 'basic' && c.identity.length === idSize &&
    equal(c.identity.subarray(0, 32), key) && allowed(c.identity);
  return {
    keyRetentionConfig: {
      retainKeysForEpochs: bounds.pastEpochs, retainKeysForGenerations: bounds.skipped,
      maximumForwardRatchetSteps: bounds.forward,
    },
    lifetimeConfig: { maximumTotalLifetime: BigInt(2 * day + slack), validateLifetimeOnReceive: true },
    keyPackageEqualityConfig: {
      compareKeyPackages: (a, b) => sameMember(a.leafNode, b.leafNode),
      compareKeyPackageToLeafNode: (a, b) => sameMember(a.leafNode, b),
    },
    paddingConfig: { kind: 'padUntilLength', padUntilLength: 256 },
    authService: { validateCredential: async (c, key) => known(c, key) },
  };
}

function sameMember(a: LeafNode, b: LeafNode): boolean {
  return equal(a.signaturePublicKey, b.signaturePublicKey) || equal(idOf(a), idOf(b));
}

/** The identity that a leaf claims. */
export function idOf(l: LeafNode): ID {
  if (l.credential.credentialType !== 'basic') throw new GroupError('policy', 'a credential that is not basic');
  return l.credential.identity;
}

/** Holds a leaf to the profile, wherever it came from; its signature is not looked at. */
export function checkLeaf(l: LeafNode, allowed: (id: ID) => boolean): Binding {
  const id = idOf(l);
  if (id.length !== idSize || !equal(id.subarray(0, 32), l.signaturePublicKey) || !allowed(id)) {
    throw new GroupError('authentication', 'the credential of a leaf');
  }
  checkCapabilities(l.capabilities);
  checkKey(l.hpkePublicKey);
  const [e, ...more] = l.extensions;
  if (!e || e.extensionType !== bindingType || more.length > 0) {
    throw new GroupError('policy', 'a leaf with other extensions');
  }
  return parseBinding(e.extensionData);
}

/** Refuses a key to which nothing can be encrypted: its owner would keep all others from committing. */
export function checkKey(key: Uint8Array): void {
  try {
    checkX25519(key);
  } catch (e) {
    throw new GroupError('invalid', 'an encryption key', e);
  }
}

function checkCapabilities(c: Capabilities): void {
  const only = (list: readonly unknown[], one: unknown) => list.length === 1 && list[0] === one;
  if (!only(c.versions, 'mls10') || !only(c.ciphersuites, suiteName) || !only(c.extensions, bindingType) ||
    c.proposals.length > 0 || !only(c.credentials, 'basic')) {
    throw new GroupError('policy', 'a leaf with other capabilities');
  }
}

/** The lifetime of a leaf that is new here: now is in it, and neither end is more than 24 hours away. */
export function checkLifetime(l: LeafNode): void {
  if (l.leafNodeSource !== 'key_package') return;
  const now = BigInt(Math.floor(Date.now() / 1000));
  const { notBefore, notAfter } = l.lifetime;
  const most = BigInt(day + slack);
  if (notBefore > now || notAfter < now || now - notBefore > most || notAfter - now > most) {
    throw new GroupError('policy', 'the lifetime of a leaf: are both clocks right?');
  }
}

/** A leaf may renew its keys; what it says of its owner is constant for the call. */
export function checkSuccessor(old: LeafNode, next: LeafNode): void {
  const [a, b] = [old.extensions[0], next.extensions[0]];
  if (!equal(idOf(old), idOf(next)) || !equal(old.signaturePublicKey, next.signaturePublicKey) ||
    !a || !b || !equal(a.extensionData, b.extensionData)) {
    throw new GroupError('policy', 'a leaf that changes its identity or its binding');
  }
  if (equal(old.hpkePublicKey, next.hpkePublicKey)) throw new GroupError('invalid', 'an update without a new key');
}

/** Holds a KeyPackage to the profile; the library verifies its signatures when it is added. */
export function checkKeyPackage(kp: KeyPackage, allowed: (id: ID) => boolean): Binding {
  if (kp.version !== 'mls10' || kp.cipherSuite !== suiteName) {
    throw new GroupError('policy', 'a KeyPackage of another suite');
  }
  if (kp.extensions.length > 0) throw new GroupError('policy', 'a KeyPackage with extensions');
  if (kp.leafNode.leafNodeSource !== 'key_package') throw new GroupError('invalid', 'the source of a leaf');
  checkKey(kp.initKey);
  checkLifetime(kp.leafNode);
  return checkLeaf(kp.leafNode, allowed);
}
