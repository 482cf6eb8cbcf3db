import { abortable, type Settle } from './abort.ts';
import type { MemoryMailbox, MemoryReader } from './memory-mailbox.ts';
import type { MemoryRelay } from './memory.ts';
import {
  checkHashes, checkPacket, SignalError, type Delivery, type MailboxLike, type Packet, type Transport,
} from './transport.ts';

/** A transport of a relay in memory. */
export class MemoryTransport implements Transport {
  readonly #relay: MemoryRelay;
  readonly #mailbox: MemoryMailbox | undefined;
  readonly #waiting: { delivery: Delivery; received: () => void }[] = [];
  readonly #pending = new Set<Settle<void>>(); // whoever waits for a packet, or for the end of a partition
  readonly #reader: MemoryReader;
  #partitioned = false;
  #closed = false;

  /** Made by MemoryRelay.dial, which has asked for the proof. */
  constructor(relay: MemoryRelay, mailbox: MemoryMailbox | undefined) {
    this.#relay = relay;
    this.#mailbox = mailbox;
    this.#reader = {
      put: (delivery, received) => {
        this.#waiting.push({ delivery, received });
        this.#wake();
      },
    };
    mailbox?.attach(this.#reader);
  }

  get relay(): string {
    return this.#relay.name;
  }

  async send(p: Packet, abort?: AbortSignal): Promise<void> {
    this.#usable(abort);
    checkPacket(p);
    const own = { ...p, to: p.to.slice(), token: p.token.slice(), body: p.body.slice() };
    await this.#connected(abort);
    this.#relay.carry(own);
  }

  async receive(abort?: AbortSignal): Promise<Delivery> {
    for (;;) {
      this.#usable(abort);
      const next = this.#partitioned ? undefined : this.#waiting.shift();
      if (next) {
        next.received();
        return next.delivery;
      }
      await this.#woken(abort);
    }
  }

  async admit(hashes: Uint8Array[], open = false, abort?: AbortSignal): Promise<void> {
    checkHashes(hashes);
    if (!this.#mailbox) throw new SignalError('noMailbox');
    await this.#connected(abort);
    this.#mailbox.admit(hashes, open);
    this.#relay.claim(this.#mailbox);
  }

  async iceServers(abort?: AbortSignal): Promise<RTCIceServer[]> {
    if (!this.#mailbox) throw new SignalError('noMailbox');
    await this.#connected(abort);
    return structuredClone(this.#relay.network.options.iceServers ?? []);
  }

  async open(m?: MailboxLike, relay: string = this.relay, abort?: AbortSignal): Promise<MemoryTransport> {
    await this.#connected(abort);
    return this.#relay.network.relay(relay).dial(m);
  }

  /** Cuts this transport off: what it is asked for waits, and what is sent to it. The result ends that. */
  partition(): () => void {
    this.#partitioned = true;
    return () => {
      this.#partitioned = false;
      this.#wake();
    };
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#mailbox?.leave(this.#reader);
    for (const s of this.#pending) s.reject(new SignalError('closed'));
    this.#pending.clear();
  }

  async #connected(abort?: AbortSignal): Promise<void> {
    this.#usable(abort);
    while (this.#partitioned) await this.#woken(abort);
    this.#usable(abort);
  }

  #usable(abort?: AbortSignal): void {
    if (this.#closed) throw new SignalError('closed');
    abort?.throwIfAborted();
  }

  #woken(abort?: AbortSignal): Promise<void> {
    return abortable<void>(abort, (s) => {
      this.#pending.add(s);
      return () => this.#pending.delete(s);
    });
  }

  #wake(): void {
    for (const s of this.#pending) s.resolve();
    this.#pending.clear();
  }
}
