import { until } from './ends.mjs';
import { probe } from './calls_probe.mjs';

/** Somebody at the page of the Go program: presses what a person presses, and reads what a person reads. */
export class Person {
  page;
  #picture;

  constructor(page, picture = async () => undefined) {
    this.page = page;
    this.#picture = picture;
  }

  /** Opens a link in a browser. rest are further functions that run in the page before its own scripts. */
  static async open(harness, browser, link, ...rest) {
    const init = `${[probe, ...rest].map((f) => `(${f})();`).join('\n')}`;
    return Person.#at(harness, await harness.open(browser, { url: link, init }));
  }

  /** The same person's further window of the same browser: the same keys and contacts. */
  async window(harness, browser, link) {
    return Person.#at(harness, await harness.open(browser, { url: link, init: `(${probe})();`, beside: this.page }));
  }

  static #at(harness, page) {
    return new Person(page, (state) => harness.picture(page, state));
  }

  /** Waits until somebody rings, and gives how the page says it. */
  async rings() {
    await until('it rings', () => this.page.evaluate(() => document.getElementById('ringing').open));
    await this.#picture('rung');
    return this.text('ringing-title');
  }

  /** Makes an invitation at the page: a link for one person. */
  async invites() {
    await this.press('invite-make');
    return until('a link', () => this.page.evaluate(() => document.getElementById('invite-link').value));
  }

  /** Presses a button, once it may be pressed. */
  async press(id) {
    await until(`#${id} may be pressed`, () => this.page.evaluate((i) => {
      const b = document.getElementById(i);
      return b.checkVisibility() && !b.disabled;
    }, id));
    await this.page.click(`#${id}`);
  }

  /** Rings the contact of the page. */
  call() {
    return this.press('call-video');
  }

  /** The visible text of an element. */
  text(id) {
    return this.page.evaluate((i) => document.getElementById(i).innerText, id);
  }

  data(id, name) {
    return this.page.evaluate(([i, n]) => document.querySelector(i).dataset[n], [id, name]);
  }

  /** Waits until the page shows this state of the call. */
  async state(want, patience) {
    await until(`call is ${want}`, async () => (await this.data('body', 'callState')) === want, patience);
    await this.#picture(want);
  }

  /** Waits until the page shows a card: contact, ended, fault … */
  async view(want, patience) {
    await until(`page shows ${want}`, async () => (await this.data('body', 'view')) === want, patience);
    await this.#picture(want);
  }

  /** The emoji as they are shown. */
  emoji() {
    return this.page.evaluate(() => [...document.querySelectorAll('#emoji span[role=img]')].map((e) => e.textContent));
  }

  /** Why the call ended, as the page knows and shows it. */
  async ended() {
    await this.view('ended');
    return { kind: await this.data('#ended', 'kind'), title: await this.text('ended-title') };
  }

  /** Writes into the chat, which is open. */
  async write(text) {
    await this.page.type('#chat-text', text);
    await this.page.click('#chat-form button');
  }

  /** The messages of the chat: who wrote, and what. */
  chat() {
    return this.page.evaluate(() => [...document.querySelectorAll('#messages li')].map((li) => [li.dataset.from, li.lastChild.textContent]));
  }

  stats(...types) {
    return this.page.evaluate((t) => window.probe.stats(...t), types);
  }

  async sent(kind) {
    return (await this.stats('outbound-rtp')).find((r) => r.kind === kind);
  }

  async received(kind, index = 0) {
    return (await this.stats('inbound-rtp')).filter((r) => r.kind === kind)[index];
  }

  frames() {
    return this.page.evaluate(() => window.probe.frames());
  }

  presented() {
    return this.page.evaluate(() => window.probe.presented());
  }

  /** Waits until a count of a row that ask gives has grown by so much. */
  async grows(what, ask, by, patience) {
    const first = await ask();
    await until(`${what} beyond ${first}`, async () => (await ask()) >= first + by, patience);
  }

  /** Waits until pictures and sound of the other side are decoded, and go on being. */
  async hearsAndSees() {
    const first = await until('pictures', async () => {
      const video = await this.received('video');
      return video?.framesDecoded > 0 && video;
    });
    await until('more pictures', async () => (await this.received('video')).framesDecoded >= first.framesDecoded + 10);
    await until('sound', async () => (await this.received('audio'))?.totalAudioEnergy > 0);
  }

  /** Hangs up, and gives what was received, shown and opened up to the end of the connection. */
  async lastLook(hangUp = async () => {
    await this.press('hangup');
    await this.view('ended');
  }) {
    await this.page.evaluate(() => window.probe.follow());
    await hangUp();
    const { rows, frames } = await this.page.evaluate(() => window.probe.followed);
    const [video, audio] = ['video', 'audio'].map((kind) => rows.find((r) => r.kind === kind));
    return { video, audio, frames, presented: await this.presented() };
  }
}

/** The pair of candidates in use, of rows of getStats with transports and candidate pairs. */
export function pairInUse(rows) {
  const chosen = rows.find((r) => r.type === 'transport')?.selectedCandidatePairId;
  return rows.find((r) => r.type === 'candidate-pair' && (chosen ? r.id === chosen : r.selected && r.nominated));
}

/**
 * What the worker counts that must not happen: by name, the counts above 0. Frames without a key are none of them before
 * the first one opens; early says how many those were. Nor is a frame that comes twice: browsers probe the path, at first
 * most of all, with packets that they sent before and nobody asked for (some 40 of retransmittedPacketsReceived while
 * nackCount is 0), and then put the same frame together again.
 */
export function failures(frames) {
  const fine = new Set(['sealed', 'opened', 'refused', 'epochFrames', 'empty', 'keyFrameRequests', 'early']);
  if (!frames.opened || frames.noEpoch <= frames.early) fine.add('noEpoch');
  if (frames.replayed <= 40 + frames.opened / 100) fine.add('replayed');
  return Object.fromEntries(Object.entries(frames).filter(([name, n]) => n > 0 && !fine.has(name)));
}
