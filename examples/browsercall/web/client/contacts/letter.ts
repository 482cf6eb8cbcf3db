/** Letters: the sealed messages of an introduction. */
import { base64url, fromBase64url } from '../bytes.ts';
import type { Box } from '../identity/id.ts';
import { Malformed } from '../wire.ts';

const scheme = 'sotto:letter/';
const maxText = 4096; // characters of base64url

/**
 * It goes through a relay (sealed, to the mailbox to, on one of relays), or as text by any way that users have; which
 * of them does not matter, and both do no harm.
 */
export class Letter {
  readonly relays: readonly string[];
  /** The envelope, for a relay. */
  readonly sealed: Uint8Array;
  readonly #to: Box;
  readonly #text: Uint8Array;

  constructor(to: Box, relays: readonly string[], sealed: { box: Uint8Array; text: Uint8Array }) {
    this.#to = to;
    this.relays = relays;
    this.sealed = sealed.box;
    this.#text = sealed.text;
  }

  /** Whose mailbox it is for, with the token for it. */
  get to(): Box {
    return this.#to;
  }

  /** The letter as text, of some 700 characters. It is sealed: only its receiver can read it. */
  text(): string {
    return scheme + base64url(this.#text);
  }

  /** Says whether a text seems to be a letter. */
  static is(s: string): boolean {
    return s.trimStart().startsWith(scheme);
  }

  /** The box that a text holds. Throws Malformed. */
  static boxOf(s: string): Uint8Array {
    const text = s.trim();
    if (!Letter.is(text) || text.length > scheme.length + maxText) throw new Malformed('a letter');
    try {
      return fromBase64url(text.slice(scheme.length));
    } catch {
      throw new Malformed('a letter');
    }
  }
}
