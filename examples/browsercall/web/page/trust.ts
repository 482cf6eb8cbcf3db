/** How well somebody is known. */
import type { Contact, Contacts } from '../client/index.ts';

/** revoked: by its owner; verified: emoji or safety number were compared; known: since before today; new: since today. */
export type Trust = 'revoked' | 'verified' | 'known' | 'new';

/** What that depends on. */
type Known = Pick<Contact, 'verified' | 'since' | 'revoked'>;

const day = 24 * 3_600_000;

/** How well, now in milliseconds since 1970. */
export function trustOf(c: Known, now = Date.now()): Trust {
  if (c.revoked) return 'revoked';
  if (c.verified) return 'verified';
  return now - c.since.getTime() < day ? 'new' : 'known';
}

const date = new Intl.DateTimeFormat(undefined, { dateStyle: 'long' });

/** The same in words. */
export function trustWords(c: Known, now = Date.now()): string {
  switch (trustOf(c, now)) {
    case 'revoked':
      return 'Revoked by its owner: this may be somebody else';
    case 'verified':
      return `Verified on ${date.format(c.verified)}`;
    case 'known':
      return `Known since ${date.format(c.since)}, not verified`;
    case 'new':
      return 'New contact, not verified yet';
  }
}

/** Shows it. */
export function showTrust(e: HTMLElement, c: Known): void {
  e.dataset.trust = trustOf(c);
  e.textContent = trustWords(c);
}

/**
 * A warning about somebody whose name, ours or their own, is that of a contact we had before or have verified, or is
 * easily taken for it: a new key, or somebody who plays them. Who was verified needs none.
 */
export function namesakeWords(
  book: Pick<Contacts, 'resembling'>, c: Pick<Contact, 'id' | 'name' | 'claimed' | 'verified' | 'since'>,
): string | undefined {
  if (c.verified) return undefined;
  const { same, alike } = book.resembling(c.id, c.claimed);
  const named = book.resembling(c.id, c.name);
  const other = [...same, ...named.same, ...alike, ...named.alike].find((o) => o.verified || o.since < c.since);
  return other && `You already know another “${other.name}”, with another key. Compare the safety number before ` +
    'you trust this one.';
}

/** Draws the first letter of a name on a colour of the identity's own. */
export function showPortrait(e: HTMLElement, c: Pick<Contact, 'id' | 'name'>): void {
  e.textContent = [...c.name.trim()][0]?.toLocaleUpperCase() ?? '?';
  e.style.setProperty('--hue', String(Math.round(((c.id[0] ?? 0) * 256 + (c.id[1] ?? 0)) % 360)));
}
