/** What a store of contacts holds, and how it is written: rows of CBOR, the profile first. */
import { compare, hex } from '../bytes.ts';
import { maxTime } from '../envelope/message.ts';
import { checkProfile, maxName, maxRelays, type Profile } from '../envelope/uri.ts';
import { Refused } from '../identity/errors.ts';
import { checkID, tokenSize, type ID } from '../identity/id.ts';
import { Malformed, decode, encode, fields, record, unlessEmpty, type Value } from '../wire.ts';

/**
 * How far two identities are in becoming contacts. requested: we used their invitation, they have not confirmed; they
 * may ring. pending: they used ours, we have not confirmed; they may not. confirmed: both, or we alone by a card.
 */
export type ContactState = 'requested' | 'pending' | 'confirmed';

/** How a user compared: the emoji of a call, or the safety number. */
export type VerifiedBy = 'emoji' | 'safety number';

/** A contact as the store keeps it. Times are milliseconds since 1970. */
export interface ContactRecord {
  readonly id: ID;
  readonly name: string;
  readonly claimed: string;
  readonly token?: Uint8Array;
  readonly relays: readonly string[];
  readonly state: ContactState;
  readonly known: number;
  readonly verified?: { readonly time: number; readonly by: VerifiedBy };
  readonly blocked: boolean;
  readonly revoked?: number;
  readonly replacedBy?: ID;
  /** Lets them write to us. */
  readonly issued?: Uint8Array;
  /** The introduction that is under way: its call, and the hash and time of its request. */
  readonly exchange?: Uint8Array;
  readonly request?: Uint8Array;
  readonly requestTime?: number;
  /** By a request that we have not answered yet. */
  readonly asked?: boolean;
}

/** Whether it is for us to confirm or refuse. Who is blocked cannot be confirmed, so nobody is asked about them. */
export function waits(r: ContactRecord): boolean {
  return !r.blocked && (r.state === 'pending' || r.asked === true);
}

/** An invitation of ours until it expires. */
export interface InvitationRecord {
  readonly token: Uint8Array;
  readonly secret: Uint8Array;
  readonly expires: number;
  /** Whom we meant it for. */
  readonly label: string;
  readonly usedBy?: ID;
  /** Not even for who used it. */
  readonly closed: boolean;
}

/** A missed call as the store keeps it: when they rang by their clock, and when we heard of it by ours. */
export interface NoticeRecord {
  readonly from: ID;
  readonly call: Uint8Array;
  readonly time: number;
  readonly received: number;
  readonly video: boolean;
  /** Not shown any more, and kept so that it is not taken again. */
  readonly cleared?: boolean;
}

/** Bounds of a store. */
export const maxContacts = 1000;
export const maxInvitations = 256;
export const maxNotices = 32;

/** How long a missed call is shown, and a relay may keep its notice, in milliseconds. */
export const noticeMemory = 7 * 24 * 3_600_000;

const rowKinds = { profile: 1, contact: 2, invitation: 3, notice: 4 } as const;
const states: readonly ContactState[] = ['requested', 'pending', 'confirmed']; // 1, 2, 3 in a row
const verifiedBy: readonly VerifiedBy[] = ['emoji', 'safety number']; // 1, 2
const maxRow = 4096;

/** The whole of a store. Records are replaced, never changed in place. */
export class State {
  profile: Profile = { name: '', relays: [] };
  private contacts = new Map<string, ContactRecord>();
  invitations: InvitationRecord[] = [];
  notices: NoticeRecord[] = [];

  /** Reads rows; none is an empty store. Throws Refused 'storage'. */
  static decode(rows: readonly Uint8Array[] | undefined): State {
    const s = new State();
    try {
      for (const row of rows ?? []) s.take(decode(row, maxRow));
    } catch {
      throw new Refused('storage', 'the contacts are damaged');
    }
    return s;
  }

  get(id: ID): ContactRecord | undefined {
    return this.contacts.get(hex(id));
  }

  all(): ContactRecord[] {
    return [...this.contacts.values()];
  }

  /** Puts a contact in place of the one with its ID. Throws Malformed, or Refused 'tooLarge'. */
  put(r: ContactRecord): ContactRecord {
    checkContact(r);
    return this.set(r);
  }

  private set(r: ContactRecord): ContactRecord {
    if (!this.get(r.id) && this.contacts.size >= maxContacts) throw new Refused('tooLarge', `${maxContacts} contacts`);
    this.contacts.set(hex(r.id), r);
    return r;
  }

  delete(id: ID): void {
    this.contacts.delete(hex(id));
  }

  /** Forgets invitations and notices whose time is over. */
  expire(now: number): void {
    this.invitations = this.invitations.filter((i) => now < i.expires);
    this.notices = this.notices.filter((n) => now - n.received < noticeMemory);
  }

  encode(): Uint8Array[] {
    const { name, relays } = this.profile;
    const contacts = this.all().sort((a, b) => compare(a.id, b.id));
    return [
      encode([rowKinds.profile, record({ 1: unlessEmpty(name), 2: unlessEmpty([...relays]) })]),
      ...contacts.map((r) => encode([rowKinds.contact, contactRow(r)])),
      ...this.invitations.map((i) => encode([rowKinds.invitation, invitationRow(i)])),
      ...this.notices.map((n) => encode([rowKinds.notice, noticeRow(n)])),
    ];
  }

  private take(row: Value): void {
    if (!Array.isArray(row) || row.length !== 2) throw new Malformed('a row');
    const [kind, v] = row;
    if (kind === rowKinds.profile) this.profile = readProfile(v);
    else if (kind === rowKinds.contact) this.set(readContact(v)); // its keys were checked before they were written;
    else if (kind === rowKinds.invitation) this.invitations.push(readInvitation(v));
    else if (kind === rowKinds.notice) this.notices.push(readNotice(v));
    else throw new Malformed('a row');
  }
}

function checkContact(r: ContactRecord): void {
  checkID(r.id);
  if (r.name === '') throw new Malformed('a contact needs a name');
  checkProfile({ name: r.name, relays: r.relays });
  checkProfile({ name: r.claimed, relays: [] });
}

function contactRow(r: ContactRecord): Value {
  return record({
    1: r.id, 2: r.name, 3: unlessEmpty(r.claimed), 4: r.token, 5: unlessEmpty([...r.relays]),
    6: states.indexOf(r.state) + 1, 7: r.known,
    8: r.verified && [r.verified.time, verifiedBy.indexOf(r.verified.by) + 1], 9: unlessEmpty(r.blocked),
    10: unlessEmpty(r.revoked),
    11: r.replacedBy, 12: r.issued, 13: r.exchange, 14: r.request, 15: unlessEmpty(r.requestTime),
    16: unlessEmpty(r.asked),
  });
}

function readContact(v: Value | undefined): ContactRecord {
  const { state, verified, blocked, claimed, relays, ...f } = fields(v, {
    id: [1, 'bytes', 64], name: [2, 'text', maxName], claimed: [3, 'text?', maxName], token: [4, 'bytes?', tokenSize],
    relays: [5, 'list?', maxRelays], state: [6, 'uint', 1, 3], known: [7, 'uint', maxTime],
    verified: [8, 'list?', 2, 2], blocked: [9, 'bool?'],
    revoked: [10, 'uint?', maxTime], replacedBy: [11, 'bytes?', 64], issued: [12, 'bytes?', tokenSize],
    exchange: [13, 'bytes?', 32],
    request: [14, 'bytes?', 32], requestTime: [15, 'uint?', maxTime], asked: [16, 'bool?'],
  });
  const rest = { claimed: claimed ?? '', relays: texts(relays), state: states[state - 1]!, blocked: blocked ?? false };
  return { ...f, ...rest, ...(verified && { verified: readVerified(verified) }) };
}

function readVerified([time, by]: Value[]): { time: number; by: VerifiedBy } {
  const how = typeof by === 'number' ? verifiedBy[by - 1] : undefined;
  if (typeof time !== 'number' || time > maxTime || !how) throw new Malformed('a row');
  return { time, by: how };
}

function texts(list: Value[] | undefined): string[] {
  return (list ?? []).map((t) => {
    if (typeof t !== 'string') throw new Malformed('a row');
    return t;
  });
}

function readProfile(v: Value | undefined): Profile {
  const f = fields(v, { name: [1, 'text?', maxName], relays: [2, 'list?', maxRelays] });
  const profile = { name: f.name ?? '', relays: texts(f.relays) };
  checkProfile(profile);
  return profile;
}

function invitationRow(i: InvitationRecord): Value {
  return record({ 1: i.token, 2: i.secret, 3: i.expires, 4: unlessEmpty(i.label), 5: i.usedBy,
    6: unlessEmpty(i.closed) });
}

function readInvitation(v: Value | undefined): InvitationRecord {
  const { label, closed, ...f } = fields(v, {
    token: [1, 'bytes', tokenSize], secret: [2, 'bytes', 16], expires: [3, 'uint', maxTime],
    label: [4, 'text?', maxName],
    usedBy: [5, 'bytes?', 64], closed: [6, 'bool?'],
  });
  return { ...f, label: label ?? '', closed: closed ?? false };
}

function noticeRow(n: NoticeRecord): Value {
  return record({ 1: n.from, 2: n.call, 3: n.time, 4: n.received, 5: unlessEmpty(n.video),
    6: unlessEmpty(n.cleared) });
}

function readNotice(v: Value | undefined): NoticeRecord {
  const { video, ...f } = fields(v, {
    from: [1, 'bytes', 64], call: [2, 'bytes', 32], time: [3, 'uint', maxTime], received: [4, 'uint', maxTime],
    video: [5, 'bool?'], cleared: [6, 'bool?'],
  });
  return { ...f, video: video ?? false };
}
