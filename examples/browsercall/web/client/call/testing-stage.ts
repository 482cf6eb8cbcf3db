// For tests: people with clients on relays in memory, under a clock that the test moves.

import { hex } from '../bytes.ts';
import { Contacts } from '../contacts/contacts.ts';
import { MemoryStore } from '../contacts/store.ts';
import { Identity } from '../identity/identity.ts';
import { Mailbox } from '../identity/mailbox.ts';
import { Group } from '../mls/index.ts';
import { MemoryNetwork } from '../signal/memory.ts';
import type { Fault } from '../signal/memory.ts';
import type { Packet } from '../signal/transport.ts';
import { expect, vi } from 'vitest';
import type { Call } from './call.ts';
import { Client } from './client.ts';
import type { CallEvent } from './event.ts';
import type { Incoming } from './incoming.ts';
import type { ClientOptions, MediaOptions } from './options.ts';
import type { Parts } from './ports.ts';
import { reasonName } from './reason.ts';
import { FakeFrames, fakeTrack, World } from './testing-conn.ts';

const realImmediate = setImmediate;
let inFlight = 0;

/** Counts what WebCrypto has not finished, which runs beside the clock of a test. */
function watchCrypto(): void {
  const subtle = crypto.subtle as unknown as Record<string, (...args: unknown[]) => Promise<unknown>>;
  const methods = ['sign', 'verify', 'generateKey', 'importKey', 'exportKey', 'deriveBits', 'deriveKey', 'encrypt',
    'decrypt', 'digest'];
  for (const name of methods) {
    const original = subtle[name]!.bind(crypto.subtle);
    vi.spyOn(subtle, name as 'sign').mockImplementation((...args: unknown[]) => {
      inFlight++;
      return original(...args).finally(() => inFlight--);
    });
  }
}

/** Lets everything happen that needs no time. */
export async function settle(): Promise<void> {
  for (let quiet = 0; quiet < 6; quiet++) {
    await new Promise((resolve) => realImmediate(resolve));
    if (inFlight > 0) quiet = 0;
  }
}

/** Lets ms milliseconds pass, step by step. */
export async function passes(ms: number, step = 50): Promise<void> {
  await settle();
  for (let left = ms; left > 0; left -= step) {
    await vi.advanceTimersByTimeAsync(Math.min(step, left));
    await settle();
  }
}

/** Lets time pass until something holds; fails after limit milliseconds. */
export async function until(what: string, holds: () => boolean, limit = 10_000, step = 50): Promise<void> {
  await settle();
  for (let at = 0; !holds(); at += step) {
    if (at > limit) expect.fail(`not within ${limit} ms: ${what}`);
    await passes(step, step);
  }
}

/** Starts the clock of a test. */
export function begin(): void {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'Date', 'performance'] });
  inFlight = 0;
  watchCrypto();
}

/** Gives the real clock back. */
export function over(): void {
  vi.useRealTimers();
  vi.restoreAllMocks();
}

/** Packets and connections of a test. */
export class Stage {
  readonly world = new World();
  /** Decides what becomes of a packet. */
  fault: (p: Packet) => Fault | undefined = () => undefined;
  readonly network = new MemoryNetwork({ fault: (p) => this.fault(p) });
  readonly relay = this.network.relay('home');
  readonly logged: string[] = [];
  /** Names of people whose side loses media that comes before its Ack. */
  readonly late = new Set<string>();
  readonly #people: Person[] = [];

  /** Somebody with a client, and contacts of their own. */
  async person(
    name: string, options: Partial<ClientOptions> = {}, identity?: Identity, contacts?: Contacts,
  ): Promise<Person> {
    const id = identity ?? await Identity.generate();
    const book = contacts ?? await Contacts.open(id, new MemoryStore());
    if (!contacts) await book.setProfile({ name, relays: ['home'] });
    const p = new Person(name, id, book, await this.relay.dial(id.mailbox()));
    p.start(this, options);
    this.#people.push(p);
    return p;
  }

  /** Two people who know each other. */
  async pair(a: Partial<ClientOptions> = {}, b: Partial<ClientOptions> = {}): Promise<[Person, Person]> {
    const people: [Person, Person] = [await this.person('Ann', a), await this.person('Ben', b)];
    await befriend(...people);
    return people;
  }

  /** Closes all clients, and checks that no connection and no key is left. */
  async end(): Promise<void> {
    const closing = this.#people.map((p) => p.client.close());
    let closed = false;
    void Promise.all(closing).then(() => {
      closed = true;
    });
    await until('all clients are closed', () => closed, 15_000);
    for (const c of this.world.conns) expect([c.closed, c.frames.destroyed]).toEqual([true, true]);
  }
}

/** Makes two people each other's contacts. */
export async function befriend(a: Person, b: Person): Promise<void> {
  const letter = await b.contacts.use(await a.contacts.invite(3_600_000, b.name), a.name);
  await a.contacts.handle(await a.identity.mailbox().open(letter.sealed, a.identity.id));
  if (!a.contacts.get(b.identity.id)) {
    const confirm = await a.contacts.confirm(b.identity.id, b.name);
    await b.contacts.handle(await b.identity.mailbox().open(confirm.sealed, b.identity.id));
  }
  await settle();
}

/** Somebody. */
export class Person {
  readonly name: string;
  readonly identity: Identity;
  readonly contacts: Contacts;
  readonly transport: Awaited<ReturnType<ReturnType<MemoryNetwork['relay']>['dial']>>;
  readonly rings: Incoming[] = [];
  readonly heard = new Map<Call, CallEvent[]>();
  #client: Client | undefined;
  /** What the client's calls are made of; a test may put others in. */
  parts: Parts;

  constructor(name: string, identity: Identity, contacts: Contacts, transport: Person['transport']) {
    this.name = name;
    this.identity = identity;
    this.contacts = contacts;
    this.transport = transport;
    this.parts = {} as Parts;
  }

  get client(): Client {
    if (!this.#client) throw new Error('not started');
    return this.#client;
  }

  start(stage: Stage, options: Partial<ClientOptions>): void {
    const real: Parts = {
      mailbox: () => Mailbox.create(), groups: async () => Group, frames: () => new FakeFrames(),
      conn: (o) => stage.world.make(o),
    };
    this.parts = real;
    const parts: Parts = {
      mailbox: () => this.parts.mailbox(), groups: () => this.parts.groups(), frames: () => this.parts.frames(),
      conn: (o) => this.parts.conn(o), late: stage.late.has(this.name),
    };
    this.#client = new Client({
      identity: this.identity, contacts: this.contacts, transport: this.transport, parts,
      log: (m, e) => stage.logged.push(`${this.name}: ${m}: ${e instanceof Error ? e.message : ''}`), ...options,
    });
    void this.#listen();
  }

  async #listen(): Promise<void> {
    for await (const i of this.client.incoming()) this.rings.push(i);
  }

  /** Rings somebody. */
  async dial(to: Person, media: Partial<MediaOptions> = {}): Promise<Call> {
    return this.hears(await this.client.dial(to.identity.id, both(media)));
  }

  /** Waits until it rings here. */
  async rung(): Promise<Incoming> {
    await until(`it rings at ${this.name}`, () => this.rings.length > 0);
    return this.rings.shift()!;
  }

  /** Answers the next call that rings here. */
  async answers(media: Partial<MediaOptions> = {}): Promise<Call> {
    return this.hears(await (await this.rung()).answer(both(media)));
  }

  /** Notes the events of a call. */
  hears(c: Call): Call {
    const list: CallEvent[] = [];
    this.heard.set(c, list);
    void (async () => {
      for await (const e of c.events()) list.push(e);
    })();
    return c;
  }

  /** The events of a call so far, each as its type; the end with its reason. */
  events(c: Call): string[] {
    return (this.heard.get(c) ?? []).map((e) =>
      (e.type === 'ended' ? `ended: ${reasonName(e.reason)}${e.remote ? ' there' : ''}` : e.type));
  }
}

/** A side that sends and takes both kinds. */
export function both(media: Partial<MediaOptions> = {}): MediaOptions {
  return { send: [fakeTrack('audio'), fakeTrack('video')], receive: { audio: true, video: true }, ...media };
}

/** A call between two that is connected: the caller's side and the callee's. */
export async function connected(
  a: Person, b: Person, ma: Partial<MediaOptions> = {}, mb: Partial<MediaOptions> = {},
): Promise<[Call, Call]> {
  const at = a.dial(b, ma);
  const there = await b.answers(mb);
  const here = await at;
  await until('both are connected', () => here.state === 'connected' && there.state === 'connected');
  await passes(100); // what came behind the Welcome is read
  return [here, there];
}

/** Waits for the end of a call. */
export async function ended(c: Call, limit = 20_000): Promise<void> {
  await until(`the end of ${hex(c.id).slice(0, 6)}`, () => c.state === 'ended', limit);
}
