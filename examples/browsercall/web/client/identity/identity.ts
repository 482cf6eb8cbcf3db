/** Identities: who we are. */
import { concat } from '../bytes.ts';
import { envelopeFormat, noticeFormat, openBox, sealTo, textFormat } from '../envelope/format.ts';
import { encodePayload, messageTypes, signPayload, type Draft, type Opened } from '../envelope/message.ts';
import { encode, record, unlessEmpty } from '../wire.ts';
import { database, identityStore } from './database.ts';
import { Refused } from './errors.ts';
import { hash, sameID, shortID, tokenSize, type Box, type ID } from './id.ts';
import { KeyPair, type KeyHandles, type Signer } from './keys.ts';
import { Mailbox } from './mailbox.ts';

/** A call that was missed. */
export interface MissedCall {
  /** Who missed it. */
  readonly peer: ID;
  /** The call's id, 32 bytes. */
  readonly call: Uint8Array;
  /** When, in milliseconds since 1970. */
  readonly time: number;
  /** It would have had video. */
  readonly video: boolean;
}

/**
 * An Ed25519 key that signs and an X25519 key that opens envelopes, together, always. There is no rotation: another key
 * is another identity, which contacts have not verified. The browser keeps both keys and gives them to nobody, this
 * program included: an identity cannot be copied out of the browser that made it.
 */
export class Identity {
  /** The public half that others know us by, 64 bytes. */
  readonly id: ID;
  /** Signs with the identity's Ed25519 key, for MLS: what that signs never starts as messages here do. */
  readonly signer: Signer;
  #keys: KeyPair;
  #mailbox: Mailbox;

  private constructor(keys: KeyPair) {
    this.#keys = keys;
    this.#mailbox = new Mailbox(keys, new Uint8Array(tokenSize));
    this.id = concat(keys.publicKey, keys.hpke);
    this.signer = { publicKey: keys.publicKey, sign: (message) => keys.sign(message) };
  }

  /** Makes a new random identity; save keeps it. Rejects where WebCrypto has no Ed25519 or X25519. */
  static async generate(): Promise<Identity> {
    return new Identity(await KeyPair.generate());
  }

  /** The identity of these handles. Refused 'storage' for others than generate makes. */
  static async of(handles: KeyHandles): Promise<Identity> {
    return new Identity(await KeyPair.of(handles));
  }

  /**
   * Loads what save kept under this name in this browser; undefined: nothing, so that a program decides whether to make
   * an identity. Refused 'storage' if it cannot be read.
   */
  static async load(name: string): Promise<Identity | undefined> {
    const db = await database();
    const handles = await db.get(identityStore, name);
    return handles === undefined ? undefined : Identity.of(handles as KeyHandles);
  }

  /** Keeps the identity in this browser. It does not replace another one of this name: Refused 'storage'. */
  async save(name: string): Promise<void> {
    const { handles } = this.#keys;
    const db = await database();
    try {
      await db.insert(identityStore, name, handles);
    } catch (e) {
      const kept = await Identity.load(name);
      if (!kept) throw e; // there is no room, say
      if (!sameID(kept.id, this.id)) throw new Refused('storage', 'another identity has this name');
    }
  }

  /** The identity's own mailbox, where Invites and what belongs to contacts arrive. It shares the identity's keys. */
  mailbox(): Mailbox {
    return this.#mailbox;
  }

  /**
   * Signs a message and seals it to a mailbox: box is what a relay carries, hash = H(payload) what answers have as ref.
   * A message is sealed once: who must send it again sends the same box. Rejects with Refused or Malformed.
   */
  async seal(to: Box, m: Draft): Promise<{ box: Uint8Array; hash: Uint8Array }> {
    const payload = encodePayload(this.id, m);
    return { box: await sealTo(envelopeFormat, to, await signPayload(this.#keys, payload)), hash: hash(payload) };
  }

  /** Signs a message once and seals it both ways: as an envelope, and for text (docs/PROTOCOL.md, section 9). */
  async sealLetter(to: Box, m: Draft): Promise<{ box: Uint8Array; text: Uint8Array }> {
    const signed = await signPayload(this.#keys, encodePayload(this.id, m));
    return { box: await sealTo(envelopeFormat, to, signed), text: await sealTo(textFormat, to, signed) };
  }

  /** Opens a letter that came as text; see Mailbox.open. */
  async openLetter(box: Uint8Array): Promise<Opened> {
    return openBox(textFormat, this.#keys, box, this.id);
  }

  /**
   * Seals the notice that a call was missed for the callee's own mailbox: 1024 bytes, which a relay may keep for a
   * week.
   */
  async sealNotice(to: Box, missed: MissedCall): Promise<Uint8Array> {
    const body = encode(record({ 1: unlessEmpty(missed.video) }));
    const draft = { to: missed.peer, call: missed.call, seq: 0, time: missed.time, type: messageTypes.missedCall,
      body };
    return sealTo(noticeFormat, to, await signPayload(this.#keys, encodePayload(this.id, draft)));
  }

  /** Lets go of the keys; what was saved stays. It may be called again. */
  destroy(): void {
    this.#keys.destroy();
  }

  toJSON(): string {
    return this.toString();
  }

  /** Names the identity by its short public ID. */
  toString(): string {
    return `Identity(${shortID(this.id)})`;
  }
}
