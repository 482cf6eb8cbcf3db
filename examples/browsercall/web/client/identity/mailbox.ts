/** Mailboxes: what their owner needs to read one. */
import { concat, hex, random, utf8, type Bytes } from '../bytes.ts';
import { openDelivered } from '../envelope/format.ts';
import type { Opened } from '../envelope/message.ts';
import { addressOf, tokenSize, type Box, type ID } from './id.ts';
import { KeyPair } from './keys.ts';

/**
 * The key that answers the relay's challenge and the key that opens what arrives. An identity has one for its whole
 * life; each side of a call makes a fresh one and destroys it when the call ends.
 */
export class Mailbox {
  /** H("sotto/v1 mailbox" || both public keys), 32 bytes. */
  readonly address: Bytes;
  #keys: KeyPair;
  #token: Uint8Array;

  /** Of these keys; the token of an identity's own mailbox is 16 zeros, as each contact has another one. */
  constructor(keys: KeyPair, token: Uint8Array) {
    this.#keys = keys;
    this.#token = token;
    this.address = addressOf({ ed25519: keys.publicKey, hpke: keys.hpke });
  }

  /** A mailbox of fresh random keys with a random token, for one call. */
  static async create(): Promise<Mailbox> {
    return new Mailbox(await KeyPair.generate(), random(tokenSize));
  }

  /** Lets the peer of this call write here; a secret, 16 bytes. */
  get token(): Uint8Array {
    return this.#token;
  }

  /** The public half, as it travels to the peer of the call. */
  get box(): Box {
    return { ...this.publicKeys(), token: this.#token };
  }

  /** The two keys that make the address, 32 bytes each. */
  publicKeys(): { ed25519: Uint8Array; hpke: Uint8Array } {
    return { ed25519: this.#keys.publicKey, hpke: this.#keys.hpke };
  }

  /**
   * Signs a relay's challenge of 32 bytes; origin is scheme://host:port as dialled, lower case. It is inside because a
   * hostile relay could else pass on the challenge of an honest one. Refused 'destroyed'; RangeError for other lengths.
   */
  async answer(origin: string, challenge: Uint8Array): Promise<Uint8Array> {
    const o = utf8(origin);
    if (o.length > 0xffff || challenge.length !== 32) {
      throw new RangeError('an origin too long, or a challenge not of 32 bytes');
    }
    const length = Uint8Array.of(o.length >> 8, o.length & 0xff);
    return this.#keys.sign(concat(utf8('sotto/v1 relay auth\0'), length, o, challenge, this.address));
  }

  /**
   * Opens an envelope or a missed-call notice that arrived here for me, and verifies who sent it: size, HPKE, padding,
   * CBOR shape, recipient, signature. It does not look at the time, at what came before, at the state of a call or at
   * who may ring: the caller does, in this order, and reads the body last. Rejects with Malformed or Refused.
   */
  async open(box: Uint8Array, me: ID): Promise<Opened> {
    return openDelivered(this.#keys, box, me);
  }

  /** Lets go of the keys: open and answer are Refused 'destroyed' from now on. It may be called again. */
  destroy(): void {
    this.#keys.destroy();
  }

  /** Names the mailbox by the start of its address. */
  toJSON(): string {
    return this.toString();
  }

  toString(): string {
    return `Mailbox(${hex(this.address.subarray(0, 6))})`;
  }
}
