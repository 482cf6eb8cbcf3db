/** A KeyPackage of ours: what travels, and its private half. */
import {
  generateKeyPackageWithKey, type KeyPackage as PublicKeyPackage, type PrivateKeyPackage,
} from 'ts-mls/keyPackage.js';
import { encodeMlsMessage } from 'ts-mls/message.js';
import { GroupError, guarded } from './errors.ts';
import { capabilities, checkOwn, credentialOf, extensionsOf, lifetime, type Own } from './profile.ts';
import { noKey, suiteFor } from './suite.ts';

/** The halves of a KeyPackage, for this package alone. */
export interface Halves {
  readonly own: Own;
  readonly publicPackage: PublicKeyPackage;
  readonly privatePackage: PrivateKeyPackage;
}

/** A KeyPackage that one can be added with, once. Its private half shows in no text and in no JSON. */
export class KeyPackage {
  /** The encoded MLSMessage, to be sent. */
  readonly message: Uint8Array;
  #halves: Halves | undefined;

  private constructor(halves: Halves) {
    this.#halves = halves;
    const keyPackage = halves.publicPackage;
    this.message = encodeMlsMessage({ version: 'mls10', wireformat: 'mls_key_package', keyPackage });
  }

  /** Makes one with fresh keys, valid from 24 hours ago for 48 hours. */
  static async generate(own: Own): Promise<KeyPackage> {
    return new KeyPackage(await halvesOf(own));
  }

  /** Both halves; throws if they are used up. */
  halves(): Halves {
    if (!this.#halves) throw new GroupError('state', 'the KeyPackage was used');
    return this.#halves;
  }

  /** Forgets the private half. */
  destroy(): void {
    this.#halves?.privatePackage.initPrivateKey.fill(0);
    this.#halves = undefined;
  }
}

/** Fresh keys and the signed leaf of a member. */
export function halvesOf(own: Own): Promise<Halves> {
  checkOwn(own);
  return guarded('making a KeyPackage', async () => {
    const keys = { signKey: noKey, publicKey: own.signer.publicKey };
    const pair = await generateKeyPackageWithKey(credentialOf(own.id), capabilities(), lifetime(), [], keys,
      suiteFor(own.signer), extensionsOf(own.binding));
    return { own, ...pair };
  });
}
