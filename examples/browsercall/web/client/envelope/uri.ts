/** What cards and invitations have in common as text (docs/PROTOCOL.md, section 9, "URIs"). */
import { base64url, concat, equal, fromBase64url, utf8 } from '../bytes.ts';
import { hash, type ID } from '../identity/id.ts';
import { formatID, parseID } from '../identity/text.ts';
import { Malformed } from '../wire.ts';

/** What an identity says of itself: nobody has checked it. */
export interface Profile {
  /** At most 64 bytes of printable UTF-8; may be empty. */
  readonly name: string;
  /** Where its mailbox is, best first: at most 4, each at most 200 printable ASCII characters without spaces. */
  readonly relays: readonly string[];
}

/** The parts of a URI. secret is what its fragment holds, which browsers send to nobody. */
export interface URIParts extends Profile {
  readonly id: ID;
  readonly secret: Uint8Array;
}

/** Limits: bytes of a name and of a relay, relays, characters of a URI. */
export const maxName = 64;
export const maxRelayName = 200;
export const maxRelays = 4;
export const maxURI = 2048;

const checkSize = 4;

/** scheme || text form || query || "#" || base64url(secret || check). */
export function formatURI(scheme: string, parts: URIParts): string {
  const query = [...(parts.name ? [['name', parts.name]] : []), ...parts.relays.map((r) => ['relay', r])];
  const tail = query.map(([k, v]) => `${k}=${escape(v!)}`).join('&');
  const head = scheme + formatID(parts.id) + (tail && `?${tail}`);
  return `${head}#${base64url(concat(parts.secret, check(head, parts.secret)))}`;
}

/** As forms are encoded: letters, digits and -._~ stand for themselves, a space is a plus. */
function escape(s: string): string {
  const hexadecimal = (c: string): string => `%${c.charCodeAt(0).toString(16).toUpperCase()}`;
  return encodeURIComponent(s).replace(/[!'()*]/g, hexadecimal).replace(/%20/g, '+');
}

/** A link that was cut or mistyped is found before anything is done with it. */
function check(head: string, secret: Uint8Array): Uint8Array {
  return hash(utf8('sotto/v1 uri'), utf8(head), secret).subarray(0, checkSize);
}

/** Reads a URI of this scheme. Throws Malformed or Refused 'weakKey'; neither quotes it, as it holds secrets. */
export function parseURI(scheme: string, s: string): URIParts {
  const at = s.indexOf('#');
  if (s.length > maxURI || at < 0) throw new Malformed('URI: too long, or without its fragment');
  const head = s.slice(0, at);
  const fragment = readFragment(head, s.slice(at + 1));
  if (!head.startsWith(scheme)) throw new Malformed(`URI: it does not start with ${scheme}`);
  const [text, query] = cut(head.slice(scheme.length), '?');
  return { id: parseID(text), ...parseQuery(query), secret: fragment };
}

function readFragment(head: string, fragment: string): Uint8Array {
  try {
    const b = fromBase64url(fragment);
    const secret = b.slice(0, -checkSize);
    if (b.length >= checkSize && equal(check(head, secret), b.subarray(-checkSize))) return secret;
  } catch {
    // said below
  }
  throw new Malformed('URI: it is cut or mistyped (checksum)');
}

function cut(s: string, at: string): [string, string] {
  const i = s.indexOf(at);
  return i < 0 ? [s, ''] : [s.slice(0, i), s.slice(i + 1)];
}

/** What is not name or relay is ignored, so that later versions may say more. */
function parseQuery(query: string): Profile {
  if (query.includes(';')) throw new Malformed('URI: query');
  const pairs = query.split('&').filter(Boolean).map((piece) => cut(piece, '=').map(unescape));
  const of = (key: string): string[] => pairs.filter(([k]) => k === key).map(([, v]) => v!);
  const names = of('name');
  if (names.length > 1) throw new Malformed('URI: more than one name');
  const profile = { name: names[0] ?? '', relays: of('relay') };
  checkProfile(profile);
  return profile;
}

function unescape(s: string): string {
  try {
    return decodeURIComponent(s.replace(/\+/g, ' '));
  } catch {
    throw new Malformed('URI: query');
  }
}

/**
 * Says whether a name can be shown: without control characters, what turns the direction of writing, and what draws
 * nothing, which would make two names of one look. Variation selectors may stand in it, since emoji and Japanese names need
 * them: sameName does not see them.
 */
export function visible(name: string): boolean {
  return /^[\p{L}\p{M}\p{N}\p{P}\p{S} ]*$/u.test(name) && !/[^\P{DI}\p{VS}]|\u2800/u.test(name);
}

/** Holds what an identity says of itself to what can be shown. Throws Malformed. */
export function checkProfile(p: Profile): void {
  if (!visible(p.name) || utf8(p.name).length > maxName) throw new Malformed('a name');
  if (p.relays.length > maxRelays) throw new Malformed(`more than ${maxRelays} relays`);
  if (p.relays.some((r) => r.length > maxRelayName || !/^[!-~]+$/.test(r))) throw new Malformed('a relay');
}
