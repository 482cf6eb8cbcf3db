import { concat, random, type Bytes } from '../bytes.ts';
import { Malformed } from '../wire.ts';
import { abortable } from './abort.ts';
import { Backoff } from './backoff.ts';
import { parseEndpoint, type Endpoint } from './endpoint.ts';
import { encodeFrame, ResultCode, type Frame } from './frame.ts';
import { IceCache } from './ice.ts';
import { Inbox } from './inbox.ts';
import { Outbox, type Answer } from './outbox.ts';
import { Session, type SocketConstructor } from './session.ts';
import {
  checkHashes, checkPacket, SignalError, type Delivery, type MailboxLike, type Packet, type Transport,
} from './transport.ts';
import { Turnstile } from './turnstile.ts';

/** How a Relay connects. All is optional. */
export interface RelayOptions {
  /** The WebSocket to use; the environment's own if absent. */
  WebSocket?: SocketConstructor;
  /** Permits ws:// to hosts other than loopback, for test networks: who is on the way sees who calls whom. */
  insecurePlaintext?: boolean;
  /** Numbers in [0, 1) for the waits between attempts; Math.random if absent. */
  draw?: () => number;
  /** Ends the first attempt, not the transport. */
  abort?: AbortSignal;
}

/** Whether the relay is reached now. reconnecting: it is not, and is tried again and again. */
export type RelayState = 'connected' | 'reconnecting';

/** Sends of one transport that may wait for the relay's answer; further ones wait for their turn. */
export const maxInFlight = 64;

/** How long a connection must last to count as a good one, in ms, after which the next wait is short again. */
const held = 10_000;

/** Seconds that the relay keeps a mailbox after its last reader: an identity's, and a call's. */
const keepIdentity = 7 * 24 * 3600;
const keepCall = 60;

/**
 * A mailbox's connection to a relay over WebSocket, or a sender's without one. It connects anew, for as long as it
 * takes, until close: what waits for an answer is then written again, and the relay drops what it has had. Whenever
 * `state` changes, a `statechange` event is dispatched.
 */
export class Relay extends EventTarget implements Transport {
  readonly #endpoint: Endpoint;
  readonly #options: RelayOptions;
  readonly #mailbox: MailboxLike | undefined;
  readonly #keep: number;
  readonly #reader = random(16);
  readonly #out = new Outbox();
  readonly #in = new Inbox((id) => this.#session?.write(encodeFrame('ack', { id })));
  readonly #turns = new Turnstile(maxInFlight);
  readonly #ice = new IceCache();
  readonly #backoff: Backoff;
  readonly #online = () => this.#hurry();
  #session: Session | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined; // of the next attempt
  #admission: Bytes | undefined; // written first on each connection
  #since = 0; // when the connection was ready, ms since 1970; 0: it is not
  #closed = false;
  #state: RelayState = 'connected';

  private constructor(url: string, m: MailboxLike | undefined, keep: number, options: RelayOptions) {
    super();
    this.#endpoint = parseEndpoint(url);
    if (this.#endpoint.plain && !options.insecurePlaintext) throw new SignalError('insecure');
    this.#mailbox = m;
    this.#keep = keep;
    this.#options = options;
    this.#backoff = new Backoff(options.draw);
  }

  /**
   * Connects the mailbox m to the relay at url: wss://host[:port][/path], or ws:// on loopback. Without m it only
   * sends. It returns when the relay has accepted the proof of ownership, and fails at the first attempt that does not
   * work: rejected, unavailable, insecure, invalid. Later it connects by itself. The relay keeps the mailbox for seven
   * days after its last reader.
   */
  static async dial(url: string, m?: MailboxLike, options: RelayOptions = {}): Promise<Relay> {
    return Relay.#dial(new Relay(url, m, keepIdentity, options), options.abort);
  }

  static async #dial(r: Relay, abort?: AbortSignal): Promise<Relay> {
    await abortable<void>(abort, (s) => {
      r.#connect((why) => (why ? s.reject(why) : s.resolve()));
      return () => r.close();
    });
    globalThis.addEventListener?.('online', r.#online);
    return r;
  }

  /** The relay's URL, normalised: lower case, with a path. */
  get relay(): string {
    return this.#endpoint.url;
  }

  /** Whether the relay is reached, as far as is known: a path that dies without a word is noticed within 40 s. */
  get state(): RelayState {
    return this.#state;
  }

  async send(p: Packet, abort?: AbortSignal): Promise<void> {
    this.#usable();
    checkPacket(p);
    const f = {
      id: random(16), to: p.to.slice(), token: p.token.slice(), body: p.body.slice(), ...(p.notice && { class: 1 }),
    };
    await this.#turns.enter(abort);
    try {
      taken(await this.#ask((n) => encodeFrame('send', { n, ...f }), abort));
    } finally {
      this.#turns.leave();
    }
  }

  async receive(abort?: AbortSignal): Promise<Delivery> {
    this.#usable();
    return this.#in.get(abort);
  }

  async admit(hashes: Uint8Array[], open = false, abort?: AbortSignal): Promise<void> {
    checkHashes(hashes);
    this.#usable();
    if (!this.#mailbox) throw new SignalError('noMailbox');
    const f = { hashes: concat(...hashes), ...(open && { open }) };
    this.#admission = encodeFrame('admit', { n: 0, ...f });
    taken(await this.#ask((n) => encodeFrame('admit', { n, ...f }), abort));
  }

  async iceServers(abort?: AbortSignal): Promise<RTCIceServer[]> {
    if (!this.#mailbox) throw new SignalError('noMailbox');
    this.#usable();
    const kept = this.#ice.fresh();
    if (kept) return kept;
    const asked = Date.now();
    const a = await this.#ask((n) => encodeFrame('ask', { n }), abort);
    if (a.kind !== 'servers') throw new SignalError('rejected');
    return this.#ice.keep(asked, a);
  }

  async open(m?: MailboxLike, relay: string = this.relay, abort?: AbortSignal): Promise<Relay> {
    this.#usable();
    return Relay.#dial(new Relay(relay, m, keepCall, this.#options), abort);
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    clearTimeout(this.#timer);
    globalThis.removeEventListener?.('online', this.#online);
    const e = new SignalError('closed');
    this.#turns.close(e);
    this.#out.close(e);
    this.#in.close(e);
    this.#session?.leave(); // the acknowledgements that were due are written: each is, when receive returns
  }

  #usable(): void {
    if (this.#closed) throw new SignalError('closed');
  }

  /** Writes a request, on as many connections as it takes, and returns the relay's answer. */
  #ask(numbered: (n: number) => Bytes, abort?: AbortSignal): Promise<Answer> {
    return abortable(abort, (s) => {
      if (this.#closed) {
        s.reject(new SignalError('closed')); // while it waited for its turn
        return () => {};
      }
      const first = !this.#out.waits;
      const { n, frame } = this.#out.ask(numbered, s);
      this.#session?.write(frame);
      if (first) this.#session?.await();
      return () => this.#out.drop(n);
    });
  }

  /** Makes one connection. first hears of its success, or of its failure, after which nothing is tried again. */
  #connect(first?: (why?: SignalError) => void): void {
    const session = new Session(this.#options.WebSocket ?? ownWebSocket(), this.#endpoint.url, {
      hello: (challenge) => this.#hello(challenge),
      ready: () => {
        this.#since = Date.now();
        if (this.#admission) session.write(this.#admission);
        for (const f of this.#out.frames()) session.write(f);
        session.await();
        first?.();
        first = undefined;
        this.#become('connected');
      },
      take: (f) => this.#take(f),
      waits: () => this.#out.waits,
      probe: () => void this.#ask((n) => encodeFrame('ask', { n })).catch(() => {}), // an end that others hear of
      ended: (why) => {
        this.#session = undefined;
        if (first) first(why);
        else this.#again();
      },
    });
    this.#session = session;
  }

  async #hello(challenge: Uint8Array): Promise<Bytes> {
    const m = this.#mailbox;
    if (!m) return encodeFrame('hello', { version: 1 });
    const { ed25519, hpke } = m.publicKeys();
    const signature = await m.answer(this.#endpoint.origin, challenge);
    return encodeFrame('hello', { version: 1, ed25519, hpke, signature, reader: this.#reader, keep: this.#keep });
  }

  #again(): void {
    if (this.#since !== 0 && Date.now() - this.#since >= held) this.#backoff.reset();
    this.#since = 0;
    if (this.#closed) return;
    this.#timer = setTimeout(() => this.#retry(), this.#backoff.next());
    this.#become('reconnecting');
  }

  #become(state: RelayState): void {
    if (state === this.#state) return;
    this.#state = state;
    this.dispatchEvent(new Event('statechange'));
  }

  #retry(): void {
    this.#timer = undefined;
    this.#connect();
  }

  /** The device is on a network again: there is nothing to wait for. */
  #hurry(): void {
    if (this.#closed || this.#timer === undefined) return;
    clearTimeout(this.#timer);
    this.#retry();
  }

  #take(f: Frame): void {
    switch (f.kind) {
      case 'result':
      case 'servers':
        return this.#out.answered(f);
      case 'deliver':
        if (!this.#mailbox) throw new Malformed('a packet for a sender without a mailbox');
        return this.#in.put(f);
      default:
        throw new Malformed('a frame out of turn');
    }
  }
}

function taken(a: Answer): void {
  if (a.kind !== 'result') throw new SignalError('unavailable', 'the relay answers something else');
  switch (a.code) {
    case ResultCode.Taken:
      return;
    case ResultCode.Throttled:
      throw new SignalError('throttled');
    case ResultCode.Refused:
      throw new SignalError('rejected');
    default:
      throw new SignalError('unavailable', 'the relay has no room: try again later');
  }
}

function ownWebSocket(): SocketConstructor {
  const own: unknown = globalThis.WebSocket;
  if (typeof own !== 'function') throw new SignalError('unavailable', 'no WebSocket here: give one in the options');
  return own as SocketConstructor;
}
