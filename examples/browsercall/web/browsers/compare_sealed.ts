// The sealed side of a comparison: a client of the SDK, as the page of browsercall has one.
import { MemoryStore } from '../client/contacts/store.ts';
import { Client, Contacts, Identity, Relay, type Call, type CodecOrder, type Incoming } from '../client/index.ts';

/** A client with one contact, who rings. */
class Side {
  readonly #client: Client;
  readonly #ringing: AsyncIterator<Incoming>;
  #tracks: MediaStreamTrack[] = [];
  #call: Call | undefined;

  constructor(client: Client) {
    this.#client = client;
    this.#ringing = client.incoming()[Symbol.asyncIterator]();
  }

  async prepare(): Promise<void> {
    this.#tracks = await window.bench.camera();
  }

  /** Takes the next call, and tells after how many milliseconds a frame was shown. */
  async accept(): Promise<number> {
    const { value: rings, done } = await this.#ringing.next();
    if (done === true || rings === undefined) {
      throw new Error('the client was closed');
    }
    const start = performance.now();
    this.#call = await rings.answer({ send: this.#tracks, receive: { audio: true, video: true }, consent: () => true });
    return await this.#shown(this.#call) - start;
  }

  async #shown(call: Call): Promise<number> {
    const steps: string[] = [];
    const start = performance.now();
    return new Promise((shown, fail) => {
      void (async () => {
        for await (const e of call.events()) {
          steps.push(`${e.type} ${Math.round(performance.now() - start)}`);
          if (e.type === 'trackAdded' && e.track.kind === 'video') {
            void window.bench.watch(e.track).first.then((at) => {
              console.log('steps', steps.join(', '), 'shown', Math.round(at - start));
              shown(at);
            });
          } else if (e.type === 'trackAdded') {
            window.bench.hear(e.track);
          } else if (e.type === 'ended') {
            fail(new Error(`the call ended: ${String(e.reason)} ${String(e.cause)}`));
          }
        }
      })();
    });
  }

  stats() {
    return this.#call?.stats();
  }

  async close(): Promise<void> {
    await this.#client.close();
  }
}

let side: Side | undefined;

/** What tests call. */
const sealed = {
  /** Becomes the contact of whoever made the invitation, and tells under which name. */
  async open(relay: string, invitation: string, codecs?: CodecOrder): Promise<string> {
    const identity = await Identity.generate();
    const contacts = await Contacts.open(identity, new MemoryStore());
    const name = crypto.randomUUID();
    await contacts.setProfile({ name, relays: [relay] });
    const transport = await Relay.dial(relay, identity.mailbox());
    const client = new Client({
      identity, contacts, transport, workerURL: '/worker.js', name, lan: true, ...(codecs && { codecs }),
      log: (m, e) => console.log(m, String(e)),
    });
    const confirmed = new Promise<void>((yes) => {
      contacts.addEventListener('change', () => contacts.list()[0]?.state === 'confirmed' && yes());
    });
    await client.deliver(await contacts.use(invitation));
    await confirmed;
    side = new Side(client);
    await side.prepare();
    return name;
  },
  accept: () => side?.accept(),
  stats: () => side?.stats(),
  close: () => side?.close(),
};

declare global {
  interface Window {
    sealed: typeof sealed;
  }
}

window.sealed = sealed;
