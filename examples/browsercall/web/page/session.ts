/** Who we are, whom we know, and the connection to the relay: everything that a call begins with. */
import {
  Client, Contacts, Identity, Invitation, Refused, Relay, sameID, type Call, type Contact, type ID, type Incoming,
  type MediaOptions,
} from '../client/index.ts';
import type { Choices } from './address.ts';
import { isLocal, isLoopback, linkTo, relayURL } from './address.ts';
import { browserName } from './environment.ts';
import { freeName, OwnInvitation } from './words.ts';

/** What the browser keeps it under. */
const storeName = 'sotto';

/** How long an invitation of ours is good, in milliseconds. */
const invitationLife = 3_600_000;

/** An identity that is online at the relay beside this page. */
export class Session {
  readonly contacts: Contacts;
  readonly identity: Identity;
  /** The connection by which this page is reached. */
  readonly relay: Relay;
  readonly #client: Client;

  private constructor(identity: Identity, contacts: Contacts, relay: Relay, client: Client) {
    this.identity = identity;
    this.relay = relay;
    this.contacts = contacts;
    this.#client = client;
    contacts.addEventListener('change', () => void this.#welcome());
    void this.#welcome(); // whoever asked just before the page was loaded
  }

  /** Takes the keys of this browser, or makes them, and connects. Rejects with what faultWords can explain. */
  static async open(workerURL: string, choices: Choices): Promise<Session> {
    const identity = await ownIdentity();
    const contacts = await Contacts.open(identity, storeName);
    const name = contacts.profile.name || choices.name || browserName();
    await contacts.setProfile({ name, relays: [relayURL()] });
    const transport = await Relay.dial(relayURL(), identity.mailbox());
    const { relayOnly, ringFor } = choices;
    const lan = relayOnly ? isLoopback() : isLocal(); // TURN on loopback relays from there, and to there
    const client = new Client({
      identity, contacts, transport, workerURL, name, relayOnly, lan, ...(ringFor && { ringFor }),
    });
    return new Session(identity, contacts, transport, client);
  }

  /** What we call ourselves. */
  get name(): string {
    return this.contacts.profile.name;
  }

  /**
   * Uses an invitation, and gives its maker, who must confirm yet. A contact's is used in passing, for they may have lost
   * what lets us ring: one that is no good any more leaves them what they were. Rejects with what linkWords can explain.
   */
  async join(uri: string): Promise<Contact> {
    const inv = Invitation.parse(uri);
    if (sameID(inv.from, this.identity.id)) throw new OwnInvitation();
    const known = this.contacts.get(inv.from);
    const used = this.contacts.use(inv, this.#label(inv.from, inv.name)).then((letter) => this.#client.deliver(letter));
    if (known?.state === 'confirmed' && !known.blocked) used.catch(() => undefined);
    else await used;
    return this.#get(inv.from);
  }

  /** Settles when a contact has confirmed, with undefined after patience in milliseconds. */
  confirmed(id: ID, patience: number): Promise<Contact | undefined> {
    return new Promise((resolve) => {
      const done = (c: Contact | undefined): void => {
        this.contacts.removeEventListener('change', look);
        clearTimeout(timer);
        resolve(c);
      };
      const look = (): void => {
        const c = this.contacts.get(id);
        if (c?.state === 'confirmed') done(c);
      };
      const timer = setTimeout(() => done(undefined), patience);
      this.contacts.addEventListener('change', look);
      look();
    });
  }

  /** A link for one person. Whoever uses it becomes a contact: it was handed to them. */
  async invite(): Promise<string> {
    return linkTo((await this.contacts.invite(invitationLife)).uri());
  }

  /** Rings somebody; abort gives up before the ringing is on its way. */
  dial(to: ID, send: MediaStreamTrack[], abort: AbortSignal): Promise<Call> {
    return this.#client.dial(to, options(send), abort);
  }

  /** Takes a call that rings. */
  answer(i: Incoming, send: MediaStreamTrack[]): Promise<Call> {
    return i.answer(options(send));
  }

  /** Calls that ring. */
  incoming(): AsyncIterable<Incoming> {
    return this.#client.incoming();
  }

  /** Ends everything; calls are told. */
  async close(): Promise<void> {
    await this.#client.close();
    this.contacts.close();
  }

  /** Confirms those who used an invitation of ours. What does not reach them is confirmed again when they ask again. */
  async #welcome(): Promise<void> {
    for (const guest of this.contacts.requests()) {
      const label = guest.state === 'pending' ? this.#label(guest.id, guest.name) : guest.name;
      try {
        await this.#client.deliver(await this.contacts.confirm(guest.id, label));
      } catch {
        continue; // the guest sees that nobody has confirmed, and asks again
      }
    }
  }

  /** Our name for somebody new, which cannot be taken for another contact's. */
  #label(id: ID, name: string): string {
    return freeName(name || 'unnamed', (label) => {
      const { same, alike } = this.contacts.resembling(id, label);
      return same.length + alike.length > 0;
    });
  }

  #get(id: ID): Contact {
    const c = this.contacts.list().find((other) => sameID(other.id, id));
    if (!c) throw new Refused('noContact');
    return c;
  }
}

/** We take whatever the other side shows; what we show ourselves is another decision. */
function options(send: MediaStreamTrack[]): MediaOptions {
  return { send, receive: { audio: true, video: true }, consent: () => true };
}

async function ownIdentity(): Promise<Identity> {
  const kept = await Identity.load(storeName);
  if (kept) return kept;
  const made = await Identity.generate();
  try {
    await made.save(storeName);
  } catch (e) {
    const other = await Identity.load(storeName); // of another window that was quicker
    if (!other) throw e;
    return other;
  }
  return made;
}
