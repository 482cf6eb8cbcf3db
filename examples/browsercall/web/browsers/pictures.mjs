import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';

/** Where pictures of pages go whose test has failed. */
export const folder = fileURLToPath(new URL('../../../../out/browsers/', import.meta.url));

/** Pictures of the pages of one test, each of a state that was reached. They are kept in memory until it fails. */
export class Pictures {
  #taken = [];

  /** Takes one. A page that is closed gives none. */
  async take(page, what) {
    const image = await page.screenshot({ type: 'png' }).catch(() => undefined);
    if (image) this.#taken.push({ what, image });
  }

  /** Writes all that were taken, beside those of earlier tries of the same test. */
  async write(title) {
    await mkdir(folder, { recursive: true });
    const start = `${dashed(title)}-try-`;
    const tries = (await readdir(folder)).filter((f) => f.startsWith(start)).map((f) => parseInt(f.slice(start.length)));
    const name = start + (1 + Math.max(0, ...tries));
    await Promise.all(this.#taken.map(({ what, image }, i) => (
      writeFile(`${folder}${name}-${String(i).padStart(2, '0')}-${dashed(what)}.png`, image))));
  }
}

const dashed = (text) => text.replace(/\W+/g, '-');
