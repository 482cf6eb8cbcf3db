/** Cards: what one hands to another to be reached. */
import { equal } from '../bytes.ts';
import { tokenSize, type ID } from '../identity/id.ts';
import { formatID, parseID } from '../identity/text.ts';
import { Malformed } from '../wire.ts';
import { formatURI, parseURI, type Profile } from './uri.ts';

const scheme = 'sotto:contact/';

/**
 * An ID, and what goes with it. Only the ID is what it says: name and relays are whatever the card's maker wrote, who
 * need not be the owner of the ID.
 */
export class Card implements Profile {
  readonly id: ID;
  readonly name: string;
  readonly relays: readonly string[];
  readonly #token: Uint8Array | undefined;

  /** A token of zeros is none. */
  constructor(id: ID, profile: Partial<Profile> = {}, token?: Uint8Array) {
    this.id = id;
    this.name = profile.name ?? '';
    this.relays = profile.relays ?? [];
    this.#token = token && !equal(token, new Uint8Array(tokenSize)) ? token : undefined;
  }

  /** Reads a text form or a URI. Throws Malformed or Refused 'weakKey', which hold nothing of what was read. */
  static parse(s: string): Card {
    const text = s.trim();
    if (!text.includes(':')) return new Card(parseID(text));
    const u = parseURI(scheme, text);
    if (u.secret.length !== 0 && u.secret.length !== tokenSize) throw new Malformed("a contact's URI: fragment");
    return new Card(u.id, u, u.secret.length > 0 ? u.secret : undefined);
  }

  /** Lets its holder write to the mailbox: a secret of 16 bytes; undefined: none. It is in no JSON or log. */
  get token(): Uint8Array | undefined {
    return this.#token;
  }

  /** The ID's text form alone. */
  get text(): string {
    return formatID(this.id);
  }

  /** The whole card, for a link or a QR code: sotto:contact/sotto1…?name=…&relay=…#secret. It holds the token. */
  uri(): string {
    return formatURI(scheme, { id: this.id, name: this.name, relays: this.relays,
      secret: this.#token ?? new Uint8Array(0) });
  }
}
