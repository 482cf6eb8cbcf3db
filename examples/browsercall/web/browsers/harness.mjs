import { mkdir, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { startChromium } from './chromium.mjs';
import { startFirefox } from './firefox.mjs';
import { serve } from './server.mjs';

/**
 * What both drivers' pages have in common.
 *
 * @typedef {{ goto(url: string): Promise<unknown>, evaluate(f: Function | string, arg?: unknown): Promise<any>,
 *   screenshot(o: object): Promise<Uint8Array>, on(event: string, f: Function): unknown,
 *   close(): Promise<unknown> }} Page
 */

/** Browsers by name; the last two are Chromium without devices, and with none that the page may use. */
const starters = {
  chromium: startChromium, firefox: startFirefox,
  deviceless: () => startChromium({ devices: false }), forbidden: () => startChromium({ permission: false }),
};

/** Where pictures of pages go whose test has failed. */
export const pictures = fileURLToPath(new URL('../../../../out/browsers/', import.meta.url));

/** Browsers and a server for the tests of one file. Browsers start when first asked for. */
export class Harness {
  #server;
  #browsers = new Map();
  #pages = [];

  /** @param {Record<string, string>} scripts See serve. */
  static async start(scripts) {
    const h = new Harness();
    h.#server = await serve(scripts);
    return h;
  }

  /**
   * Opens a page that runs `page.js`, in a browser called chromium or firefox; or the page at url, after a function
   * init has run in it. beside makes it a further window of that page's browser, with the same storage.
   *
   * @returns {Promise<Page & { log: string[] }>}
   */
  async open(name, { url = this.#server.url, init, beside } = {}) {
    if (!this.#browsers.has(name)) {
      this.#browsers.set(name, starters[name]());
    }
    const page = await (beside ? (beside.browserContext ?? beside.context).call(beside).newPage() :
      (await this.#browsers.get(name)).page());
    const log = [];
    page.on('console', (m) => log.push(m.text()));
    page.on('pageerror', (e) => log.push(String(e)));
    this.#pages.push({ name, page, log });
    if (init) await (page.addInitScript ?? page.evaluateOnNewDocument).call(page, init);
    await page.goto(url);
    return page;
  }

  /** Runs a test; if it fails, says what its pages logged and takes their pictures. Closes the pages. */
  async run(title, f) {
    try {
      await f();
    } catch (e) {
      await this.#picture(title);
      e.message += this.#pages.map(({ name, log }) => `\n${name}: ${log.slice(-20).join('\n  ')}`).join('');
      throw e;
    } finally {
      await Promise.all(this.#pages.splice(0).map(({ page }) => page.close().catch(() => undefined)));
    }
  }

  async #picture(title) {
    await mkdir(pictures, { recursive: true });
    for (const [i, { name, page }] of this.#pages.entries()) {
      const image = await page.screenshot({ type: 'png' }).catch(() => undefined);
      if (image) {
        await writeFile(`${pictures}${title.replace(/\W+/g, '-')}-${i}-${name}.png`, image);
      }
    }
  }

  /** Ends everything that was started here, and nothing else. */
  async stop() {
    await Promise.all([...this.#browsers.values()].map(async (b) => (await b).stop()));
    await this.#server.stop();
  }
}
