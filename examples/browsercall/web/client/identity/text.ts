/** The text form of an ID, and the number by which people compare two of them. */
import { concat, utf8 } from '../bytes.ts';
import { Malformed } from '../wire.ts';
import { bech32Decode, bech32Encode } from './bech32.ts';
import { checkID, idSize, type ID } from './id.ts';

const prefix = 'sotto';
const version = 1;

/** "sotto1" and 110 characters: bech32m over version(1)=1 || id(64). It is public. */
export function formatID(id: ID): string {
  return bech32Encode(prefix, concat(Uint8Array.of(version), id));
}

/** Reads a text form. Throws Malformed if a character is wrong, Refused 'weakKey' for keys that nobody should have. */
export function parseID(s: string): ID {
  const b = bech32Decode(prefix, s, 1 + idSize);
  if (b[0] !== version) throw new Malformed('text form: another version');
  const id = b.slice(1);
  checkID(id);
  return id;
}

/**
 * The 60 digits that both of two identities compute alike, whoever is a and b (docs/PROTOCOL.md, section 1). People
 * compare them once, by another way than this call.
 */
export async function safetyNumber(a: ID, b: ID): Promise<string> {
  return (await Promise.all([half(a), half(b)])).sort().join('');
}

async function half(id: ID): Promise<string> {
  const h = new Uint8Array(await crypto.subtle.digest('SHA-512', concat(utf8('sotto/v1 safety'), id)));
  let out = '';
  for (let i = 0; i < 30; i += 5) {
    const n = h.subarray(i, i + 5).reduce((sum, x) => sum * 256 + x, 0);
    out += String(n % 100000).padStart(5, '0');
  }
  return out;
}

/** Breaks a safety number into 12 groups of 5 digits, 4 on a line. */
export function formatSafetyNumber(number: string): string {
  return number.replace(/(\d{5})(\d{5})(\d{5})(\d{5})/g, '$1 $2 $3 $4\n').trimEnd();
}
