/** What a store of contacts says, and how it is changed; the changes are in contacts.ts. */
import { compare } from '../bytes.ts';
import { Card } from '../envelope/card.ts';
import type { Profile } from '../envelope/uri.ts';
import { Refused } from '../identity/errors.ts';
import { hash, sameID, type ID } from '../identity/id.ts';
import type { Identity } from '../identity/identity.ts';
import { Contact, type Notice } from './contact.ts';
import { fold, lookAlike, sameName } from './lookalike.ts';
import { State, noticeMemory, waits, type ContactRecord } from './state.ts';
import type { ContactStore } from './store.ts';

/**
 * The readable half of Contacts. A 'change' event follows each change, of another tab too: then the relay may have to
 * hear new tokens().
 */
export class Book extends EventTarget {
  /** Called with each 'change', as an event handler of the DOM is. */
  onchange: (() => void) | undefined;
  readonly #identity: Identity;
  readonly #store: ContactStore;
  readonly #now: () => number;
  readonly #unwatch: () => void;
  #state = new State();

  /** now is in milliseconds. Nothing is read before reload. */
  protected constructor(identity: Identity, store: ContactStore, now: () => number) {
    super();
    this.#identity = identity;
    this.#store = store;
    this.#now = now;
    this.addEventListener('change', () => this.onchange?.());
    this.#unwatch = store.watch(() => void this.reload().catch(() => undefined)); // the next change reads it again
  }

  /** Whose contacts these are. */
  get identity(): Identity {
    return this.#identity;
  }

  /** Reads what another tab has written; that happens by itself where tabs can talk to each other. */
  async reload(): Promise<void> {
    this.#set(State.decode(await this.#store.read()));
  }

  /** Stops watching the store. */
  close(): void {
    this.#unwatch();
  }

  /** Contacts by name, without those that are pending. */
  list(): Contact[] {
    return this.#list((r) => r.state !== 'pending');
  }

  /**
   * Those who used an invitation of ours and wait for confirm or refuse: who is pending, and contacts that ask again,
   * since our confirm has not reached them.
   */
  requests(): Contact[] {
    return this.#list(waits);
  }

  /** A contact that is not pending; it may be blocked. */
  get(id: ID): Contact | undefined {
    const r = this.#state.get(id);
    return r && r.state !== 'pending' ? new Contact(r) : undefined;
  }

  /** Whether an Invite of this identity is worth to be read. */
  mayRing(id: ID): 'ring' | 'ignore' {
    const c = this.get(id);
    return c && !c.blocked ? 'ring' : 'ignore';
  }

  /**
   * Other contacts whose label, or own name, is this name (same: their key seems to have changed, or somebody plays
   * them) or may be taken for it (alike). Nothing is ever replaced: both are there to be shown.
   */
  resembling(id: ID, name: string): { same: Contact[]; alike: Contact[] } {
    const others = this.list().filter((o) => !sameID(o.id, id));
    const same = others.filter((o) => sameName(name, o.name) || sameName(name, o.claimed));
    const alike = others.filter((o) => !same.includes(o) && (lookAlike(name, o.name) || lookAlike(name, o.claimed)));
    return { same, alike };
  }

  /** What we say of ourselves in invitations, cards and letters. */
  get profile(): Profile {
    return this.#state.profile;
  }

  /** Our own card without a token: who has it knows us, and can write only to an open mailbox. */
  card(): Card {
    return new Card(this.#identity.id, this.profile);
  }

  /**
   * Hashes of all tokens that let somebody write to our mailbox now: one for each contact that is not blocked, and for
   * each open invitation. The relay is told the whole set, and again after each change.
   */
  tokens(): Uint8Array[] {
    const s = this.#state;
    const now = this.#now();
    const issued = s.all().filter((r) => !r.blocked && r.state !== 'pending' && r.issued).map((r) => r.issued!);
    const open = s.invitations.filter((i) => {
      const user = i.usedBy && s.get(i.usedBy);
      return !i.closed && now < i.expires && (!i.usedBy || (user && !user.blocked));
    });
    return [...issued, ...open.map((i) => i.token)].map((t) => hash(t)).sort(compare);
  }

  /** Missed calls of the last 7 days, oldest first. */
  missedCalls(): Notice[] {
    const recent = this.#state.notices.filter((n) => !n.cleared && this.#now() - n.received < noticeMemory);
    return recent.map((n) => ({ from: n.from, time: new Date(n.time), video: n.video }));
  }

  #list(which: (r: ContactRecord) => boolean): Contact[] {
    const found = this.#state.all().filter(which).map((r) => new Contact(r));
    const order = (a: string, b: string): number => (a < b ? -1 : Number(a > b));
    return found.sort((a, b) => order(fold(a.name), fold(b.name)) || compare(a.id, b.id));
  }

  /** Changes one contact that is there. */
  protected async edit<T>(id: ID, f: (s: State, r: ContactRecord, now: number) => T): Promise<T> {
    return this.change((s, now) => {
      const r = s.get(id);
      if (!r) throw new Refused('noContact');
      return f(s, r, now);
    });
  }

  /** Runs f over the state as it is stored, stores that, and only then shows it. */
  protected async change<T>(f: (s: State, now: number) => T): Promise<T> {
    const done: { state: State; out: T }[] = [];
    await this.#store.update((rows) => {
      const now = this.#now();
      const state = State.decode(rows);
      state.expire(now);
      done.push({ state, out: f(state, now) });
      return state.encode();
    });
    const { state, out } = done.at(-1)!;
    this.#set(state);
    return out;
  }

  #set(state: State): void {
    this.#state = state;
    this.dispatchEvent(new Event('change'));
  }
}
