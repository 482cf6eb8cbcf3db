/**
 * The private half of a mailbox: a key that signs and a key that opens, which WebCrypto keeps and does not give out.
 */
import { source, type Bytes } from '../bytes.ts';
import { Refused } from './errors.ts';
import { checkEd25519, checkX25519 } from './strict.ts';

/** Ed25519 and X25519, both non-extractable. This is what IndexedDB stores of an identity. */
export interface KeyHandles {
  readonly sign: CryptoKeyPair;
  readonly open: CryptoKeyPair;
}

/** Signs messages with an Ed25519 key that may be out of reach otherwise. */
export interface Signer {
  /** 32 bytes. */
  readonly publicKey: Uint8Array;
  /** 64 bytes. */
  sign(message: Uint8Array): Promise<Uint8Array>;
}

/** A pair of handles with their public keys. After destroy, what needs the handles throws Refused 'destroyed'. */
export class KeyPair implements Signer {
  /** Ed25519, 32 bytes. */
  readonly publicKey: Bytes;
  /** X25519, 32 bytes. */
  readonly hpke: Bytes;
  #handles: KeyHandles | undefined;

  private constructor(handles: KeyHandles, publicKey: Bytes, hpke: Bytes) {
    this.#handles = handles;
    this.publicKey = publicKey;
    this.hpke = hpke;
  }

  /** Makes a random pair. Rejects where WebCrypto has no Ed25519 or X25519. */
  static async generate(): Promise<KeyPair> {
    const sign = await crypto.subtle.generateKey('Ed25519', false, ['sign', 'verify']);
    const open = (await crypto.subtle.generateKey('X25519', false, ['deriveBits'])) as CryptoKeyPair;
    return KeyPair.of({ sign, open });
  }

  /** Takes handles that were made before. Refused 'storage' if they are not what generate makes. */
  static async of(handles: KeyHandles): Promise<KeyPair> {
    checkHandle(handles?.sign, 'Ed25519', 'sign');
    checkHandle(handles.open, 'X25519', 'deriveBits');
    const publicKey = new Uint8Array(await crypto.subtle.exportKey('raw', handles.sign.publicKey));
    const hpke = new Uint8Array(await crypto.subtle.exportKey('raw', handles.open.publicKey));
    checkEd25519(publicKey);
    checkX25519(hpke);
    return new KeyPair(handles, publicKey, hpke);
  }

  /** The handles themselves, to store or to open with. */
  get handles(): KeyHandles {
    if (!this.#handles) throw new Refused('destroyed');
    return this.#handles;
  }

  async sign(message: Uint8Array): Promise<Bytes> {
    return new Uint8Array(await crypto.subtle.sign('Ed25519', this.handles.sign.privateKey, source(message)));
  }

  /** Lets go of the handles; the browser ends the keys. It may be called again. */
  destroy(): void {
    this.#handles = undefined;
  }
}

function checkHandle(pair: CryptoKeyPair | undefined, algorithm: string, usage: KeyUsage): void {
  const keys = [pair?.privateKey, pair?.publicKey];
  if (!keys.every((k) => k instanceof CryptoKey && k.algorithm.name === algorithm)) throw new Refused('storage');
  if (!keys[0]!.usages.includes(usage) || keys[0]!.extractable) throw new Refused('storage');
}
