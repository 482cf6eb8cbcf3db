import assert from 'node:assert/strict';
import { startChromium } from './chromium.mjs';
import { startFirefox } from './firefox.mjs';
import { keepsToItself, policyTold } from './origin.mjs';
import { Pictures } from './pictures.mjs';
import { serve } from './server.mjs';

/**
 * What both drivers' pages have in common.
 *
 * @typedef {{ goto(url: string): Promise<unknown>, evaluate(f: Function | string, arg?: unknown): Promise<any>,
 *   screenshot(o: object): Promise<Uint8Array>, on(event: string, f: Function): unknown,
 *   close(): Promise<unknown> }} Page
 */

/** Browsers by name; the last three are Chromium with a quick camera, without devices, and with none that the page may use. */
const starters = {
  chromium: startChromium, firefox: startFirefox,
  quick: () => startChromium({ fps: 30 }),
  deviceless: () => startChromium({ devices: false }), forbidden: () => startChromium({ permission: false }),
};

/** Browsers and a server for the tests of one file. Browsers start when first asked for. */
export class Harness {
  #server;
  #starters;
  #browsers = new Map();
  #pages = [];
  #pictures = new Pictures();

  /** @param {Record<string, string>} scripts See serve. */
  static async start(scripts, browsers = starters) {
    const h = new Harness();
    h.#starters = browsers;
    h.#server = await serve(scripts);
    return h;
  }

  /**
   * Opens a page that runs `page.js`, in a browser called chromium or firefox; or the page at url, after a function
   * init has run in it: that one must ask nothing of other origins, and keep to its policy, or the test fails. beside makes
   * it a further window of that page's browser, with the same storage.
   *
   * @returns {Promise<Page & { log: string[] }>}
   */
  async open(name, { url = this.#server.url, init, beside } = {}) {
    const page = await (beside ? (beside.browserContext ?? beside.context).call(beside).newPage() :
      (await this.#browser(name)).page());
    const log = [];
    const broken = url === this.#server.url ? [] : keepsToItself(page);
    page.on('console', (m) => log.push(m.text()));
    page.on('pageerror', (e) => log.push(String(e)));
    this.#pages.push({ name, page, log, broken });
    await (page.addInitScript ?? page.evaluateOnNewDocument).call(page, `(${policyTold})();\n${init ?? ''}`);
    await page.goto(url);
    return page;
  }

  /** The browser of this name. One that did not start is started anew for whoever asks next. */
  #browser(name) {
    if (!this.#browsers.has(name)) {
      const browser = this.#starters[name]();
      this.#browsers.set(name, browser);
      browser.catch(() => this.#browsers.delete(name));
    }
    return this.#browsers.get(name);
  }

  /** Takes a picture of a page that has come to a state, to be seen if the test fails. */
  picture(page, state) {
    return this.#pictures.take(page, `${this.#pages.find((p) => p.page === page)?.name} ${state}`);
  }

  /**
   * Runs a test. If it fails, keeps pictures of its pages, and says what these and others have told. Then closes the
   * pages, and ends the others.
   *
   * @param {{ log(): string[], quiet(): Promise<void> }} [others] What else takes part.
   */
  async run(title, f, others) {
    try {
      await f();
      assert.deepEqual(this.#pages.flatMap((p) => p.broken), [], 'what the pages must not do');
    } catch (e) {
      for (const { page } of this.#pages) await this.picture(page, 'in the end');
      await this.#pictures.write(title);
      e.message += this.#pages.map(({ name, log }) => `\n${name}: ${log.slice(-20).join('\n  ')}`).join('');
      e.message += others?.log().map((l) => `\nprogram: ${l}`).join('') ?? '';
      throw e;
    } finally {
      this.#pictures = new Pictures();
      await others?.quiet();
      await Promise.all(this.#pages.splice(0).map(({ page }) => page.close().catch(() => undefined)));
    }
  }

  /** Ends everything that was started here, and nothing else. What does not end well keeps nothing else from it. */
  async stop() {
    const ends = await Promise.allSettled([...this.#browsers.values()].map(async (b) => (await b).stop()));
    await this.#server.stop();
    const failed = ends.find((e) => e.status === 'rejected');
    if (failed) throw failed.reason;
  }
}
