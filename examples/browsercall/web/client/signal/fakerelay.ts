/** For tests: a WebSocket whose other end is the test itself. */
import type { Bytes } from '../bytes.ts';
import { decodeFrame, encodeFrame, subprotocol, type Frame, type Frames, type Kind } from './frame.ts';
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

/** A constructor for the options, and the sockets that it has made. */
export function fakes(): { WebSocket: new (url: string, protocol: string) => FakeSocket; made: FakeSocket[] } {
  const made: FakeSocket[] = [];
  class Recorded extends FakeSocket {
    constructor(url: string, protocol: string) {
      super(url, protocol);
      made.push(this);
    }
  }
  return { WebSocket: Recorded, made };
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
