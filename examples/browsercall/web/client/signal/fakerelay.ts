/** For tests: a WebSocket whose other end is the test itself. */
import { afterEach, beforeEach, expect, vi } from 'vitest';
import type { Bytes } from '../bytes.ts';
import { decodeFrame, encodeFrame, subprotocol, type Frame, type Frames, type Kind } from './frame.ts';
import { Relay } from './relay.ts';
import type { Socket } from './session.ts';
import type { MailboxLike } from './transport.ts';

/** One connection, as the relay's side sees it. Events are dispatched at once. */
export class FakeSocket extends EventTarget implements Socket {
  binaryType = 'blob';
  protocol = '';
  closed: number | 'no code' | undefined;
  readonly url: string;
  readonly asked: string;
  readonly sent: Frame[] = [];

  constructor(url: string, asked: string) {
    super();
    this.url = url;
    this.asked = asked;
  }

  send(data: Bytes): void {
    if (this.closed !== undefined) throw new Error('sent on a closed socket');
    this.sent.push(decodeFrame(data));
  }

  close(code?: number): void {
    this.closed ??= code ?? 'no code';
  }

  open(protocol: string = subprotocol): void {
    this.protocol = protocol;
    this.dispatchEvent(new Event('open'));
  }

  /** Delivers a message as a browser does. */
  message(data: unknown): void {
    this.dispatchEvent(Object.assign(new Event('message'), { data }));
  }

  frame<K extends Kind>(kind: K, f: Frames[K]): void {
    this.message(encodeFrame(kind, f).buffer);
  }

  /** The network, or the relay, ends the connection. */
  end(code = 1006): void {
    this.closed ??= code;
    this.dispatchEvent(Object.assign(new Event('close'), { code }));
  }

  /** The frames of one kind that were written. */
  of<K extends Kind>(kind: K): Frames[K][] {
    return this.sent.filter((f) => f.kind === kind) as unknown as Frames[K][];
  }
}

/** A constructor for the options, which puts the sockets that it makes into made. */
export function recording(made: FakeSocket[] = []): new (url: string, protocol: string) => FakeSocket {
  return class extends FakeSocket {
    constructor(url: string, protocol: string) {
      super(url, protocol);
      made.push(this);
    }
  };
}

/** A mailbox whose signature is nothing but the right length, and which remembers what it signed for. */
export function fakeMailbox(): MailboxLike & { asked: { origin: string; challenge: Uint8Array }[] } {
  const asked: { origin: string; challenge: Uint8Array }[] = [];
  return {
    asked,
    publicKeys: () => ({ ed25519: new Uint8Array(32).fill(1), hpke: new Uint8Array(32).fill(2) }),
    answer: async (origin, challenge) => (asked.push({ origin, challenge }), new Uint8Array(64).fill(3)),
  };
}

/** Where a staged transport is dialled. */
export const url = 'wss://relay.example/v1';

/** Lets everything run that is due now. */
export const settle = () => vi.advanceTimersByTimeAsync(0);

/** A mailbox that remembers what it signed for. */
export type FakeMailbox = ReturnType<typeof fakeMailbox>;

/** Fake time for the tests of a file, and transports whose relay is the test. All are closed after each test. */
export function stage() {
  const made: FakeSocket[] = [];
  const dialled: Relay[] = [];
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => {
    for (const r of dialled.splice(0)) r.close();
    made.length = 0;
    expect(vi.getTimerCount()).toBe(0); // nothing stays behind a closed transport
    vi.useRealTimers();
  });

  /** Starts a dial; the socket is in made. */
  function begin(mailbox?: MailboxLike, abort?: AbortSignal): Promise<Relay> {
    const options = { WebSocket: recording(made), draw: () => 0.5, ...(abort && { abort }) };
    const dial = Relay.dial(url, mailbox, options);
    dial.then((r) => dialled.push(r), () => {});
    return dial;
  }

  /** The relay's side of a handshake. */
  async function greet(s: FakeSocket): Promise<void> {
    s.open();
    s.frame('challenge', { version: 1, challenge: new Uint8Array(32).fill(7) });
    await settle();
    s.frame('ready', { version: 1 });
    await settle();
  }

  async function staged(mailbox?: MailboxLike): Promise<{ relay: Relay; socket: FakeSocket }> {
    const dial = begin(mailbox);
    await settle();
    const socket = made.at(-1)!;
    await greet(socket);
    return { relay: await dial, socket };
  }

  /** Breaks the connection and gives the next one, greeted. */
  async function reconnected(): Promise<FakeSocket> {
    const n = made.length;
    made.at(-1)!.end();
    await vi.advanceTimersToNextTimerAsync();
    expect(made.length).toBe(n + 1);
    await greet(made[n]!);
    return made[n]!;
  }

  const connected = (mailbox: MailboxLike = fakeMailbox()) => staged(mailbox);
  const sender = () => staged();
  return { made, dialled, begin, greet, connected, sender, reconnected };
}
