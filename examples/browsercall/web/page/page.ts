/** The page once it may call: keys, contacts and relay, then calls, until the page goes. */
import { EndedError, EndReason, SignalError, StateError, type Contact, type Incoming } from '../client/index.ts';
import { reload, takeInvitation, type Choices } from './address.ts';
import { showFault } from './cards.ts';
import { close, open, type Devices } from './devices.ts';
import { announce, element, tell } from './dom.ts';
import { Home } from './home.ts';
import { watchRelay } from './relay-watch.ts';
import { Ringing } from './ringing.ts';
import { Session } from './session.ts';
import { Talk } from './talk.ts';
import { namesakeWords } from './trust.ts';
import { endWords, faultWords, linkWords, missedWords, unmadeWords, type Words } from './words.ts';

/** How long whoever made an invitation may take to confirm before the page says that they have not, in milliseconds. */
const patience = 8000;

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

  /** Uses an invitation of the page's address. Never rejects: what goes wrong is shown. */
  async join(invitation: string): Promise<void> {
    try {
      await this.#join(invitation);
    } catch (e) {
      // The network may be there later; what is wrong with a link, or with the relay that it names, stays wrong.
      const passing = e instanceof SignalError && ['unavailable', 'throttled', 'closed'].includes(e.fault);
      this.#fault(linkWords(e), () => (passing ? void this.join(invitation) : this.open()));
    }
  }

  /** Uses it, and waits for its maker to confirm. */
  async #join(invitation: string): Promise<void> {
    this.#home.waits(true);
    try {
      const c = await this.#session.join(invitation);
      this.#home.choose(c.id);
      this.#home.open();
      await this.#session.confirmed(c.id, patience);
    } finally {
      this.#home.waits(false);
    }
  }

  /** Takes an invitation that is put into the address of a page that is open. */
  invited(): void {
    const invitation = takeInvitation();
    if (invitation !== undefined) void this.join(invitation);
  }

  /** Shows the contacts. */
  open(): void {
    this.#home.open();
  }

  /** Rings a contact. */
  async call(c: Contact, camera: boolean): Promise<void> {
    if (this.#talk.busy) return;
    const stop = new AbortController();
    await this.#run(c, camera, 'dialing', stop, (d) => this.#session.dial(c.id, d.tracks, stop.signal));
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
    const decline = (): void => void i.decline().catch(() => undefined); // nothing waits for the relay to take it
    if (!c) return decline();
    this.#home.choose(c.id);
    const answer = await this.#ringing.ask(i, c, namesakeWords(this.#session.contacts, c));
    if (answer === 'declined') {
      decline();
      return this.open();
    }
    if (answer === 'ended') {
      const e = await i.ended;
      return this.#ended(c, missedWords(e.reason, e.remote, c.name, e.cause), true);
    }
    const stop = new AbortController();
    stop.signal.addEventListener('abort', decline, { once: true });
    void i.ended.then((e) => stop.abort(e)); // as when the caller gives up while the browser asks for the devices
    await this.#run(c, answer === 'video', 'connecting', stop, (d) => this.#session.answer(i, d.tracks));
  }

  /** Opens the devices, makes the call, and follows it to its end. */
  async #run(
    c: Contact, camera: boolean, first: 'dialing' | 'connecting', stop: AbortController,
    make: (d: Devices) => ReturnType<Session['dial']>,
  ): Promise<void> {
    let devices: Devices = { tracks: [] };
    let words: Words;
    this.#talk.open(c, devices, first, () => stop.abort());
    try {
      devices = await unlessStopped(open(camera), stop.signal);
      this.#talk.open(c, devices, first, () => stop.abort());
      words = await this.#talk.follow(await make(devices));
    } catch (e) {
      words = noCallWords(e, c, first, stop.signal);
      stop.abort();
    }
    close(devices.tracks);
    this.#talk.close();
    this.#ended(c, words, camera);
  }

  #ended(c: Contact, w: Words, camera: boolean): void {
    this.#home.ended(w, () => void this.call(this.#session.contacts.get(c.id) ?? c, camera));
    announce(`${w.title}. ${w.text}`);
  }

  #fault(w: Words, again = (): void => this.open()): void {
    showFault(w, again);
    announce(`${w.title}. ${w.text}`);
  }
}

/** Devices, unless the person hangs up before the browser gives them: what it gives after that is let go at once. */
function unlessStopped(opening: Promise<Devices>, stop: AbortSignal): Promise<Devices> {
  return new Promise((opened, gaveUp) => {
    stop.addEventListener('abort', () => gaveUp(stop.reason as Error), { once: true });
    opening.then((d) => (stop.aborted ? close(d.tracks) : opened(d)), gaveUp);
  });
}

/** Why no call came of a ringing: it ended, the person gave up, or something failed. */
function noCallWords(e: unknown, c: Contact, first: 'dialing' | 'connecting', stop: AbortSignal): Words {
  const why: unknown = stop.aborted ? stop.reason : e;
  const ended = first === 'dialing' ? endWords : missedWords;
  if (why instanceof EndedError) return ended(why.reason, why.remote, c.name, why.cause);
  if (!stop.aborted) {
    return e instanceof StateError && first === 'dialing' ?
      { kind: 'rings', title: 'Not now', text: `${c.name} just rang: take that, or try again.` } : faultWords(e, `call ${c.name}`);
  }
  return first === 'dialing' ? unmadeWords(c.name) : endWords(EndReason.Declined, false, c.name);
}

/**
 * Runs the page. invitation is what its address brought, wanted what the query says. Never rejects: what goes wrong at
 * the start is shown.
 */
export async function run(workerURL: string, wanted: Choices, invitation: string | undefined): Promise<void> {
  try {
    await begin(workerURL, wanted, invitation);
  } catch (e) {
    showFault(faultWords(e, 'start'), () => reload(invitation)); // which was not used yet
  }
}

async function begin(workerURL: string, wanted: Choices, invitation: string | undefined): Promise<void> {
  const session = await Session.open(workerURL, wanted);
  const page = new Page(session);
  document.body.dataset.relay = 'reached';
  watchRelay(session.relay, (reached) => {
    document.body.dataset.relay = reached ? 'reached' : 'lost';
    tell(element('banner'), reached ? undefined : 'The relay is not reached. Calls go on; new ones must wait.');
  });
  void page.answerAll();
  addEventListener('hashchange', () => page.invited());
  page.invited(); // it may have changed while the page started
  if (invitation) await page.join(invitation);
  else page.open();
}
