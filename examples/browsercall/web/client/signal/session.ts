import { source, type Bytes } from '../bytes.ts';
import { Malformed } from '../wire.ts';
import { decodeFrame, maxFrame, subprotocol, type Frame } from './frame.ts';
import { SignalError } from './transport.ts';

/** What is used of a WebSocket: the browser's own, or one of its kind elsewhere. */
export interface Socket {
  binaryType: string;
  readonly protocol: string;
  send(data: Bytes): void;
  close(code?: number): void;
  addEventListener(type: string, listener: (e: Event) => void): void;
}

/** Makes a WebSocket that connects at once. */
export type SocketConstructor = new (url: string, protocol: string) => Socket;

/** Times of a connection, in ms. */
export const connectTimeout = 10_000; // from the start to ready
export const quietTimeout = 30_000; // without a frame, after which the relay is asked for one
export const answerTimeout = 10_000; // without a frame while an answer is due: the path is dead

/** Who a connection belongs to. None of these is called after the end. */
export interface Owner {
  /** The hello that answers a challenge. */
  hello(challenge: Uint8Array): Promise<Bytes>;
  /** The relay has accepted it: what is written from now on is read. */
  ready(): void;
  /** A frame of the relay. Throws Malformed for what ends the connection. */
  take(f: Frame): void;
  /** Whether an answer of the relay is due. */
  waits(): boolean;
  /** Asks the relay for anything: it was quiet. A browser cannot send a ping. */
  probe(): void;
  /** It has ended, though not by leave; only once. */
  ended(why: SignalError): void;
}

type Stage = 'challenge' | 'hello' | 'ready' | 'live' | 'over';

/** One connection to a relay, from the handshake to the end. */
export class Session {
  readonly #owner: Owner;
  #socket: Socket | undefined;
  #stage: Stage = 'challenge';
  #timer: ReturnType<typeof setTimeout>;

  constructor(make: SocketConstructor, url: string, owner: Owner) {
    this.#owner = owner;
    this.#timer = setTimeout(() => this.#drop(unavailable('the relay does not answer: try again')), connectTimeout);
    try {
      this.#socket = this.#connect(make, url);
    } catch {
      // Later, as every other failure: the constructor's caller does not have the session yet.
      queueMicrotask(() => this.#drop(unavailable('this page may not connect to the relay: see its policy')));
    }
  }

  #connect(make: SocketConstructor, url: string): Socket {
    const s = new make(url, subprotocol);
    s.binaryType = 'arraybuffer';
    s.addEventListener('open', () => {
      if (s.protocol !== subprotocol) this.#drop(rejected(`the server does not speak ${subprotocol}`));
    });
    s.addEventListener('message', (e) => this.#message((e as MessageEvent).data));
    s.addEventListener('error', () => this.#drop(unavailable()));
    s.addEventListener('close', (e) => this.#drop(closeError((e as CloseEvent).code)));
    return s;
  }

  /** Writes a frame. Before the relay is ready, and after the end, it is lost: the owner writes again when ready. */
  write(frame: Bytes): void {
    if (this.#stage !== 'live') return;
    this.#put(frame);
  }

  /** Tells that an answer is due from now on. */
  await(): void {
    if (this.#stage === 'live') this.#watch();
  }

  /** Ends the connection for good: the relay forgets this reader. What was written before arrives. */
  leave(): void {
    this.#end(1000);
  }

  #put(frame: Bytes): void {
    try {
      this.#socket?.send(frame);
    } catch {
      this.#drop(unavailable());
    }
  }

  #message(data: unknown): void {
    if (this.#stage === 'over') return;
    try {
      this.#frame(decodeFrame(binary(data)));
    } catch (e) {
      // Whatever it is: nothing that a relay sends may become an error of the page.
      const why = `the relay breaks the protocol: ${e instanceof Malformed ? e.message : 'unexpected'}`;
      this.#drop(this.#stage === 'live' ? unavailable(why) : rejected(why));
    }
  }

  #frame(f: Frame): void {
    switch (this.#stage) {
      case 'challenge':
        if (f.kind !== 'challenge') throw new Malformed('no challenge');
        this.#stage = 'hello';
        void this.#answer(f.challenge);
        return;
      case 'ready':
        if (f.kind !== 'ready') throw new Malformed('not ready');
        this.#stage = 'live';
        this.#watch();
        this.#owner.ready();
        return;
      case 'live':
        this.#owner.take(f);
        if (this.#stage === 'live') this.#watch();
        return;
      default:
        throw new Malformed('a frame out of turn');
    }
  }

  async #answer(challenge: Uint8Array): Promise<void> {
    try {
      const hello = await this.#owner.hello(challenge);
      if (this.#stage !== 'hello') return;
      this.#stage = 'ready';
      this.#put(hello);
    } catch {
      this.#drop(rejected('the mailbox does not sign: was it destroyed?'));
    }
  }

  /** Notices a path that is dead without a word. */
  #watch(): void {
    clearTimeout(this.#timer);
    const due = this.#owner.waits();
    this.#timer = setTimeout(() => {
      if (due) this.#drop(unavailable('the relay does not answer any more'));
      else this.#owner.probe();
    }, due ? answerTimeout : quietTimeout);
  }

  #drop(why: SignalError): void {
    if (this.#end()) this.#owner.ended(why);
  }

  /** Whether it was not over before. Scripts may close with 1000 and codes of their own only: errors have no code. */
  #end(code?: number): boolean {
    if (this.#stage === 'over') return false;
    this.#stage = 'over';
    clearTimeout(this.#timer);
    try {
      this.#socket?.close(code);
    } catch {
      // It was closed already, or never opened.
    }
    return true;
  }
}

const unavailable = (why?: string) => new SignalError('unavailable', why);
const rejected = (why?: string) => new SignalError('rejected', why);

function binary(data: unknown): Uint8Array {
  if (!(data instanceof ArrayBuffer)) throw new Malformed('a text message');
  if (data.byteLength > maxFrame) throw new Malformed('a message over the limit');
  return source(new Uint8Array(data));
}

/** The relay's close codes are in docs/design/03-relay.md. */
function closeError(code: number): SignalError {
  if (code === 3000) {
    return rejected("proof of ownership refused: is the relay's origin configured as it is dialled?");
  }
  if (code === 1002) return rejected('the relay found a frame of ours malformed: is it of this version?');
  return unavailable(`the connection to the relay ended (${code}): try again`);
}
