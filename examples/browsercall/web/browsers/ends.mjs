/** One end of a call in a page: the methods of Side in media_page.ts, called from here. */
export class End {
  #page;
  #name;
  #own = []; // fingerprint

  constructor(page, name) {
    this.#page = page;
    this.#name = name;
  }

  static async make(page, name, options) {
    await page.evaluate(([n, o]) => window.side(n, o), [name, options]);
    return new End(page, name);
  }

  get fingerprint() {
    return this.#own;
  }

  /** Calls a method of Side, or of its `part`, and waits for what it returns. */
  call(method, ...args) {
    return this.#page.evaluate(([name, path, list]) => {
      const names = path.split('.');
      const last = names.pop();
      const target = names.reduce((o, key) => o[key], window.sides.get(name));
      return target[last](...list);
    }, [this.#name, method, args]);
  }

  get(property) {
    return this.#page.evaluate(([name, key]) => window.sides.get(name)[key], [this.#name, property]);
  }

  async describe(method, ...args) {
    const { text, fingerprint } = await this.call(method, ...args);
    this.#own = fingerprint;
    return text;
  }
}

/** Connects a caller and a callee, and lets them send; no key is installed. */
export async function connect(caller, callee) {
  const offer = await caller.describe('offer');
  const answer = await callee.describe('answer', offer, caller.fingerprint);
  await caller.call('accept', answer, callee.fingerprint);
  await callee.call('take', await caller.call('found'));
  await caller.call('take', await callee.call('found'));
  await until('connected', async () => (await Promise.all([caller.get('conn'), callee.get('conn')])) &&
    (await caller.get('events')).includes('connected') && (await callee.get('events')).includes('connected'));
  await caller.call('conn.start');
  await callee.call('conn.start');
  return { offer, answer };
}

/** Tells the other side what changed. */
export async function renegotiate(from, to, { restart = false, yes = true } = {}) {
  const offer = await from.call('conn.describe', restart);
  const answer = await to.call('apply', offer, from.fingerprint, yes);
  await from.call('described', answer, to.fingerprint);
  return { offer, answer };
}

/** Gives both sides the key of an epoch, and each the streams of the other. */
export async function install(caller, callee, epoch, key) {
  const [a, b] = await Promise.all([caller.call('conn.streams'), callee.call('conn.streams')]);
  await caller.call('keys', epoch, key, b);
  await callee.call('keys', epoch, key, a);
}

/** Asks again until something is so, 20 s at most, and gives it. */
export async function until(what, ask, patience = 20_000) {
  const end = Date.now() + patience;
  for (;;) {
    const answer = await ask();
    if (answer) {
      return answer;
    }
    if (Date.now() > end) {
      throw new Error(`not within ${patience} ms: ${what}`);
    }
    await new Promise((next) => { setTimeout(next, 100); });
  }
}
