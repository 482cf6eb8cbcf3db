/** The store of an identity's contacts, invitations and missed calls. */
import { hex, random } from '../bytes.ts';
import { Card } from '../envelope/card.ts';
import { Invitation, invitationSecretSize, maxInvitationTTL, minInvitationTTL } from '../envelope/invitation.ts';
import { encodePayload, messageTypes, type Draft, type Opened } from '../envelope/message.ts';
import { parseRevocation, revocationText } from '../envelope/revocation.ts';
import { checkProfile, type Profile } from '../envelope/uri.ts';
import { Refused } from '../identity/errors.ts';
import { boxOf, checkID, hash, sameID, tokenSize, type ID } from '../identity/id.ts';
import type { Identity } from '../identity/identity.ts';
import { Book } from './book.ts';
import { Contact } from './contact.ts';
import {
  closeInvitationsOf, confirmRequest, noteRequest, takeConfirm, takeMissedCall, takeRequest, useInvitation, type Fresh,
} from './introduce.ts';
import { Letter } from './letter.ts';
import { maxInvitations, maxNotices, waits, type ContactRecord, type State, type VerifiedBy } from './state.ts';
import { BrowserStore, type ContactStore } from './store.ts';

const noticeEvery = 60_000; // ms

/**
 * Who may ring us, and whom we can ring. Each change reads what is stored again and replaces it whole, so that several
 * tabs may use one store; an error means that nothing was changed.
 */
export class Contacts extends Book {
  /** When the last notice of a contact would have come, of one a minute. */
  readonly #due = new Map<string, number>();

  /**
   * Opens the store of this name in this browser, or another store; now is in milliseconds. Rejects with Refused
   * 'storage'.
   */
  static async open(identity: Identity, at: string | ContactStore, now: () => number = Date.now): Promise<Contacts> {
    const c = new Contacts(identity, typeof at === 'string' ? new BrowserStore(at) : at, now);
    await c.reload();
    return c;
  }

  /** Changes what we say of ourselves from now on. Malformed: a name or a relay that cannot be shown. */
  async setProfile(profile: Profile): Promise<void> {
    checkProfile(profile);
    await this.change((s) => void (s.profile = { name: profile.name, relays: [...profile.relays] }));
  }

  /**
   * Makes the owner of a card a contact under a label of ours; without one it takes the card's name. It asks nobody:
   * who it is may ring from now on. A contact of the same ID keeps its label and gets the card's token and relays. Look
   * at resembling before. An invitation is no card: see use.
   */
  async add(card: Card | string, label = ''): Promise<Contact> {
    const c = typeof card === 'string' ? Card.parse(card) : card;
    checkID(c.id);
    if (sameID(c.id, this.identity.id)) throw new Refused('noContact', 'this card is our own');
    return this.change((s, now) => new Contact(addCard(s, c, label, now)));
  }

  /**
   * Uses an invitation: its maker becomes a contact that is requested, under this label, the name that they give
   * themselves or "unnamed", and may ring us. The letter asks them to confirm. A contact that is confirmed stays as it is
   * until then: its confirm, which is signed, brings the new token and relays. Look at resembling before. Refused
   * 'invitation': it has expired, or is our own.
   */
  async use(invitation: Invitation | string, label = ''): Promise<Letter> {
    const inv = typeof invitation === 'string' ? Invitation.parse(invitation) : invitation;
    if (sameID(inv.from, this.identity.id)) throw new Refused('invitation', 'it is our own');
    const draft = await this.change((s, now) => {
      const request = useInvitation(s, inv, label, fresh(), now);
      noteRequest(s, inv.from, hash(encodePayload(this.identity.id, request)));
      return request;
    });
    return this.#letter(inv.secret.token, inv.relays, draft);
  }

  /**
   * Makes an invitation for one identity, good for ttl milliseconds; label becomes the contact's name, if it is given.
   */
  async invite(ttl: number, label = ''): Promise<Invitation> {
    if (!(ttl >= minInvitationTTL && ttl <= maxInvitationTTL)) {
      throw new RangeError('an invitation lasts 1 minute to 30 days');
    }
    checkProfile({ name: label, relays: [] });
    const secret = { token: random(tokenSize), secret: random(invitationSecretSize) };
    return this.change((s, now) => {
      if (s.invitations.length >= maxInvitations) throw new Refused('tooLarge', `${maxInvitations} open invitations`);
      const expires = Math.floor((now + ttl) / 1000) * 1000; // as the URI has it
      s.invitations = [...s.invitations, { ...secret, expires, label, closed: false }];
      return new Invitation(this.identity.id, s.profile, expires, secret);
    });
  }

  /**
   * Takes who used our invitation as a contact, under this label, the invitation's, or the name that they give
   * themselves. The letter tells them, and brings a token of their own. Confirming again gives the letter again.
   */
  async confirm(id: ID, label = ''): Promise<Letter> {
    const { draft, record } = await this.change((s, now) => {
      const draft = confirmRequest(s, id, label, fresh(), now);
      return { draft, record: s.get(id)! };
    });
    return this.#letter(record.token!, record.relays, draft);
  }

  /** Forgets who used our invitation, and closes the invitation. Nobody is told. Who was a contact before stays one. */
  async refuse(id: ID): Promise<void> {
    await this.change((s) => {
      const r = s.get(id);
      if (!r || !waits(r)) throw new Refused('noContact');
      if (r.state === 'pending') s.delete(id);
      else s.put({ ...r, asked: false });
      closeInvitationsOf(s, id);
    });
  }

  /**
   * Takes a message of type 64 to 67 that was opened in our own mailbox, and gives the contact that it is about: a
   * pending one for a request (ask the user, then confirm or refuse), a confirmed one for a confirm, a blocked one for
   * a revocation, who called for a missed call. A rejection means that it concerns nothing here: drop it, answer
   * nothing.
   */
  async handle(opened: Opened): Promise<Contact> {
    const { message: m } = opened;
    if (!sameID(m.to, this.identity.id) || sameID(m.from, this.identity.id)) throw new Refused('unexpected');
    if (m.type === messageTypes.revocation) return this.#revoked(m.body);
    return this.change((s, now) => {
      if (m.type === messageTypes.request) takeRequest(s, opened, now);
      else if (m.type === messageTypes.confirm) takeConfirm(s, m);
      else if (m.type === messageTypes.missedCall) {
        takeMissedCall(s, m, now);
        this.#pace(hex(m.from), now);
      } else throw new Refused('unexpected');
      return new Contact(s.get(m.from)!);
    });
  }

  /** Bounds how often a contact has us write the store: as many notices as a relay keeps, and then one a minute. */
  #pace(from: string, now: number): void {
    const at = Math.max(this.#due.get(from) ?? 0, now);
    if (at - now >= maxNotices * noticeEvery) throw new Refused('unexpected');
    this.#due.set(from, at + noticeEvery);
  }

  /** Takes a letter or a revocation that came as text, as handle does. Its errors hold nothing of it. */
  async handleText(s: string): Promise<Contact> {
    if (!Letter.is(s)) return this.#revoked(revocationText(s));
    const opened = await this.identity.openLetter(Letter.boxOf(s));
    const { type } = opened.message;
    if (type !== messageTypes.request && type !== messageTypes.confirm) throw new Refused('unexpected');
    return this.handle(opened);
  }

  /**
   * Makes the identity that a revoked contact named a contact, unverified: a thief can name one too. The old one stays. If
   * the new one used an invitation of ours it has given its own relays, and goes on waiting to be confirmed.
   */
  async acceptReplacement(id: ID): Promise<Contact> {
    return this.edit(id, (s, r, now) => {
      if (r.revoked === undefined || !r.replacedBy) throw new Refused('noContact', 'nothing replaces it');
      const known = s.get(r.replacedBy);
      if (known && known.state !== 'pending') return new Contact(known);
      const { token, issued, name, claimed, relays, ...rest } = r;
      s.put({ ...rest, name, claimed, relays });
      const tokens = { ...(token && { token }), ...(issued && { issued }) };
      const next = { id: r.replacedBy, claimed, relays, blocked: false, ...tokens, ...known, name, state: 'confirmed',
        known: now } as const;
      return new Contact(s.put(next));
    });
  }

  /** Remembers that our user compared emoji or safety number with this contact, now. */
  async verify(id: ID, by: VerifiedBy): Promise<void> {
    await this.edit(id, (s, r, now) => {
      if (r.revoked !== undefined) throw new Refused('noContact', 'it was revoked by its owner');
      s.put({ ...r, verified: { time: now, by } });
    });
  }

  /** Forgets it. */
  async unverify(id: ID): Promise<void> {
    await this.edit(id, (s, { verified: _, ...rest }) => void s.put(rest));
  }

  /** Says whether the contact may ring and write. A contact that its owner revoked stays blocked. */
  async block(id: ID, blocked = true): Promise<void> {
    await this.edit(id, (s, r) => {
      if (r.revoked !== undefined && !blocked) throw new Refused('noContact', 'it was revoked by its owner');
      s.put({ ...r, blocked });
    });
  }

  /** Changes our label. */
  async rename(id: ID, name: string): Promise<void> {
    await this.edit(id, (s, r) => void s.put({ ...r, name }));
  }

  /** Forgets the contact with its tokens. An invitation that it used is spent. */
  async remove(id: ID): Promise<void> {
    await this.edit(id, (s) => {
      s.delete(id);
      closeInvitationsOf(s, id);
    });
  }

  /** Our own card with a token for this contact alone, to hand to them; the token is made at the first time. */
  async cardFor(id: ID): Promise<Card> {
    return this.edit(id, (s, r) => {
      const issued = r.issued ?? random(tokenSize);
      s.put({ ...r, issued });
      return new Card(this.identity.id, s.profile, issued);
    });
  }

  /** Shows them no more, also if a relay delivers them again. */
  async clearMissedCalls(): Promise<void> {
    await this.change((s) => void (s.notices = s.notices.map((n) => ({ ...n, cleared: true }))));
  }

  async #revoked(statement: Uint8Array): Promise<Contact> {
    const rev = await parseRevocation(statement);
    return this.edit(rev.id, (s, r) => {
      // The first word of who takes its place stands: a thief's would come later.
      if (r.revoked !== undefined && (r.replacedBy || !rev.replacedBy)) return new Contact(r);
      const replaced = rev.replacedBy && { replacedBy: rev.replacedBy };
      return new Contact(s.put({ ...r, blocked: true, revoked: Math.max(rev.time, 1), ...replaced }));
    });
  }

  async #letter(token: Uint8Array, relays: readonly string[], draft: Draft): Promise<Letter> {
    const to = boxOf(draft.to, token);
    return new Letter(to, relays, await this.identity.sealLetter(to, draft));
  }

}

function fresh(): Fresh {
  return { call: random(32), token: random(tokenSize) };
}

function addCard(s: State, card: Card, label: string, now: number): ContactRecord {
  const known = s.get(card.id);
  if (known?.state === 'pending') throw new Refused('noContact', 'it waits to be confirmed or refused');
  const start: ContactRecord = known ?? {
    id: card.id, name: label || card.name, claimed: '', relays: [], state: 'confirmed', known: now, blocked: false,
  };
  const relays = card.relays.length > 0 ? card.relays : start.relays;
  return s.put({ ...start, claimed: card.name || start.claimed, relays, ...(card.token && { token: card.token }) });
}
