/**
 * A relay in memory with the interface of the real one, for tests of what calls do: no network, no time but that of
 * timers, and the faults that are asked for.
 */
import { hex, random, source } from '../bytes.ts';
import { addressOf, authMessage } from './mailbox.ts';
import { MemoryMailbox } from './memory-mailbox.ts';
import { MemoryTransport } from './memory-transport.ts';
import { retention, SignalError, type MailboxLike, type Packet } from './transport.ts';

/** What becomes of one packet. */
export interface Fault {
  drop?: boolean; // it is lost, though send returned
  copies?: number; // further ones
  delay?: number; // ms until it is stored; it does not hold back later ones, which may overtake it
  body?: Uint8Array; // instead of its own
}

/** How a network behaves. */
export interface MemoryOptions {
  /** Decides on each packet, in the order in which they were sent. */
  fault?: (p: Packet, relay: string) => Fault | undefined;
  /** What iceServers gives. */
  iceServers?: RTCIceServer[];
}

/** A set of relays that transports reach by name. */
export class MemoryNetwork {
  readonly options: MemoryOptions;
  readonly #relays = new Map<string, MemoryRelay>();

  constructor(options: MemoryOptions = {}) {
    this.options = options;
  }

  /** The relay of this name, made if there is none. */
  relay(name = 'memory'): MemoryRelay {
    let r = this.#relays.get(name);
    if (!r) this.#relays.set(name, (r = new MemoryRelay(this, name)));
    return r;
  }
}

/** Packets that nobody admits wait for an owner who might: so many, and as long as others. */
const maxUnclaimed = 256;

/** One relay of a network. */
export class MemoryRelay {
  readonly network: MemoryNetwork;
  readonly name: string;
  readonly #mailboxes = new Map<string, MemoryMailbox>();
  #unclaimed: { packet: Packet; at: number }[] = [];
  #stored = 0;

  /** Made by MemoryNetwork.relay. */
  constructor(network: MemoryNetwork, name: string) {
    this.network = network;
    this.name = name;
  }

  /** Opens the mailbox m, or without it a sender. Rejects with rejected if m does not prove that it is its own. */
  async dial(m?: MailboxLike): Promise<MemoryTransport> {
    if (m && !(await owns(m, `memory://${this.name}:1`))) throw new SignalError('rejected');
    return new MemoryTransport(this, m && this.#mailbox(addressOf(m)));
  }

  /** Packets stored so far. */
  get stored(): number {
    return this.#stored;
  }

  /** Sends a packet through the network's faults. */
  carry(p: Packet): void {
    const own = { ...p, to: p.to.slice(), token: p.token.slice(), body: p.body.slice() };
    const f = this.network.options.fault?.(own, this.name) ?? {};
    if (f.drop) return;
    if (f.body) own.body = f.body.slice();
    for (let i = 0; i <= (f.copies ?? 0); i++) {
      if (f.delay) setTimeout(() => this.inject(own), f.delay);
      else this.inject(own);
    }
  }

  /** Stores a packet as if it had just arrived: what a hostile relay can do, to replay or to invent. */
  inject(p: Packet): void {
    this.#stored++;
    if (this.#mailbox(p.to).put(p)) return;
    this.#unclaimed.push({ packet: p, at: Date.now() });
    if (this.#unclaimed.length > maxUnclaimed) this.#unclaimed.shift();
  }

  /** Gives the mailbox what came before it admitted its token. */
  claim(box: MemoryMailbox): void {
    const since = Date.now() - retention;
    this.#unclaimed = this.#unclaimed.filter(({ packet, at }) =>
      at > since && !(hex(packet.to) === box.address && box.put(packet)));
  }

  #mailbox(address: Uint8Array): MemoryMailbox {
    const key = hex(address);
    let box = this.#mailboxes.get(key);
    if (!box) this.#mailboxes.set(key, (box = new MemoryMailbox(key)));
    return box;
  }
}

/** Asks the mailbox for the same proof as a relay in the network does. */
async function owns(m: MailboxLike, origin: string): Promise<boolean> {
  const challenge = random(32);
  const signature = await m.answer(origin, challenge).catch(() => undefined);
  if (!signature) return false;
  const message = authMessage(origin, challenge, addressOf(m));
  const key = await crypto.subtle.importKey('raw', source(m.publicKeys().ed25519), 'Ed25519', false, ['verify']);
  return crypto.subtle.verify('Ed25519', key, source(signature), message);
}
