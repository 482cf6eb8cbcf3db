/**
 * How two identities become contacts, as functions of a store's state and the letters' bodies:
 *
 *     inviter (invite)                                   guest
 *       invitation{token, secret}  — by a way of theirs →  use: requested
 *       pending  ← request{secret, token, name, relays} ——
 *       confirm: confirmed —— confirm{token, name, relays}, ref = H(request) →  confirmed
 *
 * Each side has its user confirm: the guest by using, the inviter by confirm. Each gives the other a token of its own;
 * the invitation's is good until it expires, so that the guest can write before the confirm has arrived. Who was
 * confirmed before keeps its token and relays until then: the confirm is signed, and the invitation is not.
 */
import { equal } from '../bytes.ts';
import { encodeIntroduction, parseIntroduction } from '../envelope/introduction.ts';
import type { Invitation } from '../envelope/invitation.ts';
import { messageTypes, type Draft, type Message, type Opened } from '../envelope/message.ts';
import { Refused } from '../identity/errors.ts';
import { sameID, type ID } from '../identity/id.ts';
import { decode, fields } from '../wire.ts';
import { maxNotices, noticeMemory, type ContactRecord, type InvitationRecord, type NoticeRecord,
  type State } from './state.ts';

/** Random values of one step: the exchange's call, and a token for who has none of ours yet. */
export interface Fresh {
  readonly call: Uint8Array;
  readonly token: Uint8Array;
}

const maxNoticesPerContact = 8; // so that one contact's do not push out all others
const noticeClockSkew = 5 * 60_000; // ms

function without<K extends keyof ContactRecord>(r: ContactRecord, ...keys: K[]): Omit<ContactRecord, K> {
  const out = { ...r };
  for (const k of keys) delete out[k];
  return out;
}

/** The guest's first step. It gives the request; noteRequest must follow with its hash. */
export function useInvitation(s: State, inv: Invitation, label: string, fresh: Fresh, now: number): Draft {
  if (now >= inv.expires) throw new Refused('invitation');
  const known = s.get(inv.from);
  if (known?.blocked) throw new Refused('noContact', 'it is blocked');
  const start: ContactRecord = known ?? {
    id: inv.from, name: label || inv.name || 'unnamed', claimed: '', relays: [], state: 'requested', known: now,
    blocked: false,
  };
  const issued = start.issued ?? fresh.token;
  const said = { claimed: inv.name || start.claimed, relays: inv.relays, token: inv.secret.token };
  s.put({
    ...without(start, 'request', 'asked'),
    // Both invited each other: using theirs is our confirmation.
    state: start.state === 'pending' ? 'requested' : start.state,
    // Nobody has signed it: where a contact is found changes by what it confirms itself.
    ...(start.state !== 'confirmed' && said), issued, exchange: fresh.call,
  });
  const body = encodeIntroduction({ token: issued, secret: inv.secret.secret, ...s.profile });
  return { to: inv.from, call: fresh.call, seq: 0, time: now, type: messageTypes.request, body };
}

/** Remembers H of the request's payload, to which the confirm will refer. */
export function noteRequest(s: State, id: ID, request: Uint8Array): void {
  s.put({ ...s.get(id)!, request });
}

/** The inviter's side of it. The same identity may ask again, with a later request. */
export function takeRequest(s: State, { message: m, hash }: Opened, now: number): void {
  const intro = parseIntroduction(m.body, 'request');
  const inv = findInvitation(s, intro.secret!);
  if (!inv || inv.closed || (inv.usedBy && !sameID(inv.usedBy, m.from))) throw new Refused('invitation');
  const known = s.get(m.from);
  if (known?.blocked) throw new Refused('noContact', 'it is blocked');
  if (known?.request && equal(known.request, hash)) { // the same again: what it says may have changed since, by a card
    s.put({ ...known, asked: true });
    return;
  }
  const last = known?.requestTime; // if it is still to come, a clock was wrong then
  if (last && (m.time === last || (m.time < last && last <= now))) throw new Refused('unexpected'); // delivered late
  const start: ContactRecord = known ?? {
    id: m.from, name: inv.label || intro.name || 'unnamed', claimed: '', relays: [], state: 'pending', known: now,
    blocked: false,
  };
  s.put({
    ...start, claimed: intro.name, token: intro.token, relays: intro.relays, exchange: m.call, request: hash,
    requestTime: m.time, asked: true,
  });
  s.invitations = s.invitations.map((i) => (i === inv ? { ...i, usedBy: m.from } : i));
}

/** Finds by secret, in constant time for each. What has expired is not there any more. */
function findInvitation(s: State, secret: Uint8Array): InvitationRecord | undefined {
  let found: InvitationRecord | undefined;
  for (const i of s.invitations) if (equal(i.secret, secret)) found = i;
  return found;
}

/** The inviter's second step. It gives the confirm; confirming again gives it again. */
export function confirmRequest(s: State, id: ID, label: string, fresh: Fresh, now: number): Draft {
  const r = s.get(id);
  if (!r?.exchange || !r.request || r.blocked) throw new Refused('noContact', 'it has not asked');
  const issued = r.issued ?? fresh.token;
  const known = r.state === 'pending' ? now : r.known;
  s.put({ ...without(r, 'asked'), name: label || r.name, issued, known, state: 'confirmed' });
  const body = encodeIntroduction({ token: issued, ...s.profile });
  return { to: id, call: r.exchange, seq: 0, time: now, type: messageTypes.confirm, body, ref: r.request };
}

/** The guest's side of it, done once: what comes again is Refused 'unexpected'. */
export function takeConfirm(s: State, m: Message): void {
  const r = s.get(m.from);
  const due = r && !r.blocked && r.exchange && r.request && r.state !== 'pending'; // pending: it is ours to confirm
  if (!due || !m.ref || !equal(r.exchange!, m.call) || !equal(r.request!, m.ref)) throw new Refused('unexpected');
  const intro = parseIntroduction(m.body, 'confirm');
  const relays = intro.relays.length > 0 ? intro.relays : r.relays;
  s.put({ ...without(r, 'exchange', 'request'), state: 'confirmed', claimed: intro.name, token: intro.token, relays });
}

/** Spends the invitations that this identity used. */
export function closeInvitationsOf(s: State, id: ID): void {
  s.invitations = s.invitations.map((i) => (i.usedBy && sameID(i.usedBy, id) ? { ...i, closed: true } : i));
}

/** Keeps a contact's notice that it called, once for each call. */
export function takeMissedCall(s: State, m: Message, now: number): void {
  const r = s.get(m.from);
  if (!r || r.blocked || r.state === 'pending') throw new Refused('noContact');
  const body = fields(decode(m.body, 16), { video: [1, 'bool?'] });
  const age = now - m.time;
  // What was received earlier than it says is forgotten earlier, too: by then it must not be taken again.
  if (age >= noticeMemory - noticeClockSkew || age < -noticeClockSkew) throw new Refused('unexpected');
  const same = (n: NoticeRecord): boolean => sameID(n.from, m.from);
  if (s.notices.some((n) => same(n) && equal(n.call, m.call))) throw new Refused('unexpected'); // delivered twice
  const n = { from: m.from, call: m.call, time: m.time, received: now, video: body.video ?? false };
  s.notices = [n, ...s.notices].sort((a, b) => a.time - b.time);
  dropOldest(s, maxNoticesPerContact, same);
  dropOldest(s, maxNotices, () => true);
  // No later than those that were dropped, of which it may be one.
  if (!s.notices.includes(n)) throw new Refused('unexpected');
}

/** Leaves at most limit notices of which is true, of the latest calls. */
function dropOldest(s: State, limit: number, which: (n: NoticeRecord) => boolean): void {
  let over = s.notices.filter(which).length - limit;
  s.notices = s.notices.filter((n) => !which(n) || over-- <= 0);
}
