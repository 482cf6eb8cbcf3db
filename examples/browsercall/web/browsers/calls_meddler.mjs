import assert from 'node:assert/strict';
import { pass } from './clock.mjs';
import { until } from './ends.mjs';

/**
 * In the worker of a call: while it is on, no frame that came has its own bytes, as if whoever carries them had meddled.
 * One has those of a frame that came before; the next is as one of this side's before it is sealed, which a browser could
 * show.
 */
function meddle({ on, received }) {
  globalThis.meddler ??= begin();
  Object.assign(globalThis.meddler, { on, received });

  function begin() {
    const m = { last: {}, given: new WeakMap(), n: 0 };
    for (const kind of ['Video', 'Audio']) {
      const { prototype } = globalThis[`RTCEncoded${kind}Frame`];
      const data = Object.getOwnPropertyDescriptor(prototype, 'data');
      const bytes = (frame) => {
        const own = data.get.call(frame);
        const came = m.received.includes(frame.getMetadata().synchronizationSource);
        if (m.on && came) return m.last[`${kind} ${m.n++ % 2 ? 'came' : 'sent'}`].slice(0);
        m.last[`${kind} ${came ? 'came' : 'sent'}`] = own.slice(0);
        return own;
      };
      Object.defineProperty(prototype, 'data', {
        ...data,
        get() { // the same for a frame however often it is asked
          if (!m.given.has(this)) m.given.set(this, bytes(this));
          return m.given.get(this);
        },
        set(value) {
          m.given.set(this, value);
          data.set.call(this, value);
        },
      });
    }
    return m;
  }
}

/**
 * Prepares a page that opens no link yet. Firefox lets no test into a worker that runs: there the worker's script begins with
 * what meddles.
 */
export async function prepare({ page }) {
  if (!page.setRequestInterception) return;
  const hear = (f) => addEventListener('message', (e) => {
    if (!e.data.meddle) return;
    e.stopImmediatePropagation(); // the worker does not know of it
    f(e.data.meddle);
  });
  const answer = async (request) => {
    if (!/\/worker-\w+\.js$/.test(request.url())) return request.continue();
    const own = await fetch(request.url());
    const { 'content-length': _, ...headers } = Object.fromEntries(own.headers);
    await request.respond({ status: 200, headers, body: `(${hear})(${meddle});${await own.text()}` });
  };
  await page.setRequestInterception(true);
  page.on('request', (request) => answer(request).catch((e) => console.log(String(e))));
}

async function tell(me, on) {
  const received = (await me.stats('inbound-rtp')).map((r) => r.ssrc);
  const what = { on, received };
  if (me.page.setRequestInterception) await me.page.evaluate((m) => window.probe.tell({ meddle: m }), what);
  else await me.page.workers().at(-1).evaluate(meddle, what);
}

/** Whoever carries the frames replays and strips them for a while: nothing is shown or played, the page says so, and goes on. */
export async function withstands(me) {
  const decoded = async () => (await me.received('video')).framesDecoded;
  await tell(me, false); // so that there is something to replay
  await me.grows('pictures', decoded, 5);
  await tell(me, true);
  await pass(500); // what was opened before is decoded
  const counts = async () => {
    const { opened, replayed } = await me.frames();
    return { decoded: await decoded(), opened, replayed };
  };
  const before = await counts();
  await until('the page says so', async () => /^What arrives from .* cannot be opened/.test(await me.text('notice')));
  await until('no picture is shown', async () => (await me.data('#remote', 'pictures')) === '0');
  const { replayed, ...after } = await counts();
  assert.deepEqual([after.decoded, after.opened], [before.decoded, before.opened], 'decoded, and opened');
  assert.ok(replayed > before.replayed + 10, `${replayed} frames were replayed, ${before.replayed} before`);
  await tell(me, false);
  await until('that is over', async () => (await me.text('notice')) === '' && (await me.data('#remote', 'pictures')) === '1');
  await me.grows('pictures', decoded, 10);
}
