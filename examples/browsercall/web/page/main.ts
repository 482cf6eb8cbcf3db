/** The page: keys, contacts and relay, then calls, until the page goes. */
import { EndedError, EndReason, type Contact, type Incoming } from '../client/index.ts';
import { choices, takeInvitation } from './address.ts';
import { close, open, type Devices } from './devices.ts';
import { announce, byId, element, tell } from './dom.ts';
import { missing, trustWorker } from './environment.ts';
import { Home, showFault } from './home.ts';
import { watchRelay } from './relay-watch.ts';
import { Ringing } from './ringing.ts';
import { Session } from './session.ts';
import { Talk } from './talk.ts';
import { endWords, faultWords, type Words } from './words.ts';

/** How long whoever made an invitation may take to confirm before the page says something, in milliseconds. */
const patience = 20_000;

/** What the page does with a session. */
class Page {
  readonly #session: Session;
  readonly #ringing = new Ringing();
  readonly #talk: Talk;
  readonly #home: Home;

  constructor(session: Session) {
    this.#session = session;
    this.#talk = new Talk(session);
    this.#home = new Home(session, {
      call: (c, camera) => void this.call(c, camera),
      compare: (c) => this.#talk.compare(c),
      failed: (e, doing) => this.#fault(faultWords(e, doing)),
    });
    addEventListener('pagehide', () => this.#talk.leave());
  }

  /** Uses the invitation of the page's address. */
  async join(invitation: string): Promise<Contact | undefined> {
    const c = await this.#session.join(invitation);
    this.#home.choose(c.id);
    this.#home.open();
    const confirmed = await this.#session.confirmed(c.id, patience);
    this.#home.note(confirmed ? undefined : `${c.name} has not confirmed yet. Is their page or program running? If ` +
      `it was closed, ask for a new link.`);
    return confirmed;
  }

  /** Shows the contacts. */
  open(): void {
    this.#home.open();
  }

  /** Whom the page is about. */
  get chosen(): Contact | undefined {
    return this.#home.chosen;
  }

  /** Rings a contact. */
  async call(c: Contact, camera: boolean): Promise<void> {
    if (this.#talk.busy) return;
    const stop = new AbortController();
    await this.#run(c, camera, stop, async (d) => this.#session.dial(c.id, d.tracks, stop.signal));
  }

  /** Lets calls ring, until the session ends. */
  async answerAll(): Promise<void> {
    for await (const i of this.#session.incoming()) {
      if (this.#talk.busy || this.#ringing.open) void i.decline(EndReason.Busy).catch(() => undefined);
      else void this.#answer(i);
    }
  }

  async #answer(i: Incoming): Promise<void> {
    const c = this.#session.contacts.get(i.caller.id);
    if (!c) return i.decline().catch(() => undefined);
    this.#home.choose(c.id);
    const answer = await this.#ringing.ask(i, c);
    if (answer === 'declined') return this.open();
    if (answer === 'ended') {
      const e = await i.ended;
      return this.#ended(c, endWords(e.reason, e.remote, c.name, e.cause), true);
    }
    const stop = new AbortController();
    stop.signal.addEventListener('abort', () => void i.decline().catch(() => undefined), { once: true });
    await this.#run(c, answer === 'video', stop, (d) => this.#session.answer(i, d.tracks));
  }

  /** Opens the devices, makes the call, and follows it to its end. */
  async #run(
    c: Contact, camera: boolean, stop: AbortController, make: (d: Devices) => ReturnType<Session['dial']>,
  ): Promise<void> {
    let devices: Devices = { tracks: [] };
    let words: Words;
    this.#talk.open(c, devices, () => stop.abort());
    try {
      devices = await open(camera);
      stop.signal.throwIfAborted();
      this.#talk.open(c, devices, () => stop.abort());
      words = await this.#talk.follow(await make(devices));
    } catch (e) {
      words = stop.signal.aborted ? endWords(EndReason.Cancelled, false, c.name) : wordsOf(e, c);
      if (!stop.signal.aborted) stop.abort();
    }
    close(devices.tracks);
    this.#talk.close();
    this.#ended(c, words, camera);
  }

  #ended(c: Contact, w: Words, camera: boolean): void {
    this.#home.ended(w, () => void this.call(this.#session.contacts.get(c.id) ?? c, camera));
    announce(`${w.title}. ${w.text}`);
  }

  #fault(w: Words): void {
    showFault(w, () => this.open());
    announce(`${w.title}. ${w.text}`);
  }
}

function wordsOf(e: unknown, c: Contact): Words {
  if (e instanceof EndedError) return endWords(e.reason, e.remote, c.name, e.cause);
  return faultWords(e, `call ${c.name}`);
}

async function start(): Promise<void> {
  const lacking = await missing();
  const invitation = takeInvitation();
  if (lacking) return showFault(lacking, () => location.reload());
  const workerURL = new URL(byId('worker', HTMLMetaElement).content, location.href).href;
  trustWorker(workerURL);
  const wanted = choices();
  const page = new Page(await Session.open(workerURL, wanted));
  watchRelay((reached) => {
    document.body.dataset.relay = reached ? 'reached' : 'lost';
    tell(element('banner'), reached ? undefined : 'The relay is not reached. A call that is up goes on; new ones ' +
      'must wait.');
  });
  document.body.dataset.relay = 'reached';
  void page.answerAll();
  if (!invitation) page.open();
  const c = invitation ? await page.join(invitation) : page.chosen;
  if (c && wanted.autostart) await page.call(c, wanted.autostart === 'video');
}

start().catch((e: unknown) => showFault(faultWords(e, 'start'), () => location.reload()));
