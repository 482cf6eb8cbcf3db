import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, it } from 'node:test';
import { Stage } from './calls_stage.mjs';
import { until } from './ends.mjs';
import { looksFine, presses, walks } from './page_look.mjs';

const stage = new Stage();
const test = (title, f) => it(title, { timeout: 40_000 }, stage.run(title, f));
const dist = fileURLToPath(new URL('../dist/', import.meta.url));
const types = { html: 'text/html', js: 'text/javascript', css: 'text/css', svg: 'image/svg+xml' };

/** Somebody at the page as it was built, under any address, without the program. Files that lacking names are away. */
async function alone(origin, lacking) {
  const me = await stage.person('chromium', 'about:blank', () => { window.brought = location.hash; });
  await me.page.route(`${origin}/**`, async (route) => {
    const name = basename(new URL(route.request().url()).pathname) || 'index.html';
    const body = lacking?.test(name) ? undefined : await readFile(dist + name).catch(() => undefined);
    return body ? route.fulfill({ body, contentType: types[name.split('.').at(-1)] }) : route.fulfill({ status: 404 });
  });
  await me.page.goto(`${origin}/#an-invitation`);
  return me;
}

/** The page says what is wrong: title, and words that must be in the text. Who listens or types is led there. */
async function says(me, card, kind, title, ...texts) {
  await me.view(card);
  assert.equal(await me.data(`#${card}`, 'kind'), kind);
  assert.equal(await me.text(`${card}-title`), title);
  for (const text of texts) assert.match(await me.text(`${card}-text`), text);
  assert.equal(await me.page.evaluate(() => document.activeElement.id), `${card}-title`);
  await looksFine(me.page, kind);
  await walks(me.page, kind);
}

/** Somebody who opens the page in a browser that init has taken something from. */
async function lacks(init) {
  const bot = await stage.bot();
  return stage.person('chromium', (await bot.want('invitation')).url, init);
}

describe('the page says what it lacks', () => {
  test('no RTCRtpScriptTransform', async () => {
    const me = await lacks(() => { delete globalThis.RTCRtpScriptTransform; });
    await says(me, 'fault', 'no-transform', 'This browser cannot encrypt calls', /RTCRtpScriptTransform/,
      /there is none/);
    assert.equal(await me.page.evaluate(() => window.probe.sockets()), 0); // it did not even go online
  });

  for (const name of ['Ed25519', 'X25519']) {
    test(`no ${name} in WebCrypto`, async () => {
      const me = await lacks(`() => {
        const own = SubtleCrypto.prototype.generateKey;
        SubtleCrypto.prototype.generateKey = function (a, ...rest) {
          if ((a.name ?? a) === '${name}') return Promise.reject(new DOMException('', 'NotSupportedError'));
          return own.call(this, a, ...rest);
        };
      }`);
      await says(me, 'fault', 'no-keys', 'This browser is too old', /Ed25519 and X25519/, /Update it/);
    });
  }

  test('no WebRTC', async () => {
    const me = await lacks(() => { delete globalThis.RTCPeerConnection; });
    await says(me, 'fault', 'no-webrtc', 'This browser cannot call', /WebRTC/);
  });

  test('an address that is not secure', async () => {
    const me = await alone('http://sotto.test');
    assert.equal(await me.page.evaluate(() => isSecureContext), false);
    await says(me, 'fault', 'insecure-origin', 'This address is not secure', /https:\/\//, /-tls self-signed/);
  });

  test('a part of the page is missing', async () => {
    const me = await alone('http://localhost:65535', /^page-/);
    await says(me, 'fault', 'incomplete', 'The page did not load', /part of it is missing/);
  });

  test('no relay', async () => {
    const me = await alone('http://localhost:65535');
    await says(me, 'fault', 'relay-lost', 'The relay is not reached', /may have ended/);
    const brought = () => me.page.evaluate(() => [window.brought, location.hash]);
    assert.deepEqual(await brought(), ['#an-invitation', '']); // nothing secret stays in the address bar
    await me.page.evaluate(() => { window.brought = 'before'; });
    await me.press('fault-again');
    await me.page.waitForFunction(() => window.brought !== 'before' && document.body.dataset.view === 'fault');
    assert.deepEqual(await brought(), ['#an-invitation', '']);
  });
});

describe('the page says what a call lacks', () => {
  for (const [browser, kind, title, ...texts] of [
    ['deviceless', 'no-device', 'No microphone or camera', /Plug one in/],
    ['forbidden', 'permission', 'No permission', /Allow them for this page/],
  ]) {
    test(title, async () => {
      const bot = await stage.bot();
      const me = await stage.person(browser, (await bot.want('invitation')).url);
      await me.call();
      await says(me, 'ended', kind, title, ...texts);
      assert.equal(await me.page.evaluate(() => document.getElementById('status').textContent.startsWith(document
        .getElementById('ended-title').textContent)), true); // is read aloud
      assert.equal(bot.untaken('ringing').length, 0);
    });
  }
});

describe('invitations', () => {
  test('one that has expired', async () => {
    const bot = await stage.bot();
    const me = await stage.person('chromium', (await bot.want('invitation')).url, () => {
      const now = Date.now;
      Date.now = () => now() + 2 * 3_600_000;
    });
    await says(me, 'fault', 'invitation', 'This invitation is used up', /expired, or was used/, /ask for a new one/);
    await me.press('fault-again');
    await me.view('nobody');
  });

  test('one that somebody else has used', async () => {
    const bot = await stage.bot();
    const { url } = await bot.want('invitation');
    const first = await stage.person('chromium', url);
    await until('the first is connected', async () => (await first.data('#contact', 'contact')) === 'confirmed');
    const me = await stage.person('chromium', 'about:blank');
    await me.page.clock.install();
    await me.page.goto(url);
    await until('it waits', async () => (await me.data('#contact', 'contact')) && (await me.data('body', 'relay')));
    assert.match(await me.text('contact-note'), /Waiting for Clip bot/);
    await me.page.clock.fastForward(10_000);
    await until('words', async () => /somebody else has used this link/.test(await me.text('contact-note')));
    assert.match(await me.text('contact-note'), /has not confirmed/);
    assert.deepEqual(await me.page.evaluate(() => ['call-video', 'call-audio'].map((i) => document.getElementById(i)
      .disabled)), [true, true]);
    await looksFine(me.page, 'not confirmed');
  });
});

describe('the relay', () => {
  test('goes, and comes back', async () => {
    const bot = await stage.bot();
    const me = await stage.person('chromium', (await bot.want('invitation')).url);
    await until('connected', async () => (await me.data('#contact', 'contact')) === 'confirmed');
    await bot.stop();
    await until('the page knows', async () => (await me.data('body', 'relay')) === 'lost');
    assert.match(await me.text('banner'), /The relay is not reached.*new ones must wait/);
    await looksFine(me.page, 'relay lost');
    await stage.bot('-listen', new URL(bot.page).host);
    await until('it is back', async () => (await me.data('body', 'relay')) === 'reached');
    assert.equal(await me.text('banner'), '');
  });
});

describe('a call', () => {
  /** Keeps what getUserMedia gives. */
  const cameras = () => {
    window.opened = [];
    const own = MediaDevices.prototype.getUserMedia;
    MediaDevices.prototype.getUserMedia = async function (c) {
      const s = await own.call(this, c);
      window.opened.push(...s.getVideoTracks());
      return s;
    };
  };
  const lights = (me) => me.page.evaluate(() => window.opened.map((t) => t.readyState));
  const picture = (me) => me.page.evaluate(() => document.getElementById('self-video').srcObject !== null);

  test('camera off is off, and the other side knows', async () => {
    const bot = await stage.bot('-mode', 'echo');
    const me = await stage.person('chromium', (await bot.want('invitation')).url, cameras);
    await me.call();
    await me.state('connected');
    await me.hearsAndSees();
    await me.press('camera');
    assert.equal((await bot.want('mute')).muted, true);
    assert.deepEqual([await lights(me), await picture(me)], [['ended'], false]);
    assert.equal(await me.text('self-note'), 'Your camera is off');
    await me.press('camera');
    assert.equal((await bot.want('mute')).muted, false);
    assert.deepEqual([await lights(me), await picture(me)], [['ended', 'live'], true]);
    await me.grows('echoed pictures', async () => (await me.received('video')).framesDecoded, 10);
    await me.press('hangup');
    await me.view('ended');
    assert.deepEqual(await lights(me), ['ended', 'ended']);
  });

  test('camera off while it rings is off from the first picture on', async () => {
    const { page } = await stage.bot();
    const me = await stage.person('chromium', `${page}?name=Marchbanks`, cameras);
    await me.press('invite-make');
    const link = await until('a link', () => me.page.evaluate(() => document.getElementById('invite-link').value));
    const they = await stage.person('chromium', link.replace('/#', '/?name=Pargeter#'));
    await they.view('contact');
    await until('connected', async () => (await me.data('#contact', 'contact')) === 'confirmed');
    await me.call();
    await they.press('decline').then(() => me.view('ended'));
    await me.press('ended-again');
    await me.state('ringing');
    await me.press('camera');
    await me.press('mute');
    assert.deepEqual(await lights(me), ['ended', 'ended']);
    await they.press('accept');
    await they.state('connected');
    await until('they know', async () => (await they.data('#remote', 'pictures')) === '0');
    assert.match(await they.text('remote-note'), /Marchbanks shows no picture/);
    await me.press('camera');
    await until('they see', async () => (await they.data('#remote', 'pictures')) === '1');
    assert.deepEqual(await lights(me), ['ended', 'ended', 'live']);
    await they.grows('pictures', async () => (await they.received('video'))?.framesDecoded ?? 0, 10);
    const energy = async () => (await they.received('audio'))?.totalAudioEnergy ?? 0;
    assert.ok(await energy() < 1e-6, `${await energy()} of a microphone that was never on`);
    await me.press('mute');
    await until('they hear', async () => (await energy()) > 1e-4);
  });

  test('by the keyboard alone', async () => {
    const bot = await stage.bot('-mode', 'echo');
    const me = await stage.person('chromium', (await bot.want('invitation')).url);
    const { page } = me;
    await until('connected', async () => (await me.data('#contact', 'contact')) === 'confirmed');
    await looksFine(page, 'contact');
    await walks(page, 'contact');
    await presses(page, 'invite-make');
    await until('a link', () => page.evaluate(() => document.getElementById('invite-link').value !== ''));
    await looksFine(page, 'invitation');
    await walks(page, 'invitation');
    await presses(page, 'contact-compare', 'Space');
    await looksFine(page, 'safety number');
    await walks(page, 'safety number');
    await page.keyboard.press('Escape');
    assert.equal(await page.evaluate(() => document.activeElement.id), 'contact-compare');

    await presses(page, 'call-video');
    await me.state('connected');
    await until('emoji', async () => (await me.emoji()).length === 7);
    await looksFine(page, 'call');
    await walks(page, 'call');
    await presses(page, 'mute');
    assert.equal((await bot.want('mute')).kind, 'audio');
    assert.equal(await page.evaluate(() => document.getElementById('mute').ariaPressed), 'true');
    await presses(page, 'chat-toggle');
    await page.keyboard.type('by keys');
    await page.keyboard.press('Enter');
    await until('the echo', async () => (await me.chat()).length === 2);
    await looksFine(page, 'chat');
    await walks(page, 'chat');
    await presses(page, 'chat-text', 'Escape');
    assert.equal(await page.evaluate(() => document.activeElement.id), 'chat-toggle');
    await presses(page, 'emoji');
    await looksFine(page, 'emoji');
    await walks(page, 'emoji');
    await presses(page, 'verify-match');
    await until('verified', async () => (await me.data('#call-trust', 'trust')) === 'verified');
    await looksFine(page, 'verified');
    await presses(page, 'hangup');
    await says(me, 'ended', 'end-1', 'You hung up', /keys are gone/);
    await presses(page, 'ended-back');
    await me.view('contact');
  });
});

describe('it rings', () => {
  /** Counts what would be heard. */
  const sounds = () => {
    window.notes = 0;
    window.contexts = [];
    globalThis.AudioContext = class extends AudioContext {
      constructor() {
        super();
        window.contexts.push(this);
      }
    };
    const own = OscillatorNode.prototype.start;
    OscillatorNode.prototype.start = function (at) {
      window.notes++;
      own.call(this, at);
    };
  };
  const rings = (me) => until('it rings', () => me.page.evaluate(() => document.getElementById('ringing').open));
  const pulse = (me) => me.page.evaluate(() => {
    const { animationName, outlineStyle } = getComputedStyle(document.getElementById('ringing-portrait'));
    return [animationName, outlineStyle];
  });

  test('silently before the person has touched the page, and without motion if they want none', async () => {
    const bot = await stage.bot('-ring', 'Marchbanks');
    const { url } = await bot.want('invitation');
    const me = await stage.person('chromium', url.replace('/#', '/?name=Marchbanks#'), sounds);
    const cdp = await me.page.context().newCDPSession(me.page);
    const expression = 'document.getElementById("ringing").open';
    await until('it rings', async () => { // asked so that it does not count as a touch
      return (await cdp.send('Runtime.evaluate', { expression, userGesture: false })).result.value;
    });
    assert.deepEqual([await me.data('#ringing', 'sound'), await me.page.evaluate(() => window.notes)], ['none', 0]);
    assert.match(await me.page.title(), /Clip bot rings/);
    assert.deepEqual(await pulse(me), ['pulse', 'solid']);
    await me.page.emulateMedia({ reducedMotion: 'reduce' });
    assert.deepEqual(await pulse(me), ['none', 'solid']);
    for (const key of ['Enter', 'Space']) await me.page.keyboard.press(key); // meant for something else
    assert.deepEqual([await me.page.evaluate(() => document.getElementById('ringing').open), bot.untaken('connected')], [true, []]);
    await looksFine(me.page, 'ringing');
    await walks(me.page, 'ringing');
    await presses(me.page, 'decline');
    await me.view('contact');
  });

  test('with two soft notes after that, until it is answered, by another page', async () => {
    const { page } = await stage.bot();
    const me = await stage.person('chromium', `${page}?name=Marchbanks`, sounds);
    await me.press('invite-make');
    const link = await until('a link', () => me.page.evaluate(() => document.getElementById('invite-link').value));
    const other = await stage.person('chromium', link.replace('/#', '/?name=Pargeter#'));
    await until('connected', async () => (await other.data('#contact', 'contact')) === 'confirmed');
    await other.press('call-audio');
    await rings(me);
    assert.equal(await me.data('#ringing', 'sound'), 'tone');
    await until('a second time', async () => (await me.page.evaluate(() => window.notes)) >= 4);
    assert.match(await me.page.title(), /Pargeter rings/);
    await presses(me.page, 'accept-audio');
    await Promise.all([me.state('connected'), other.state('connected')]);
    assert.equal(await me.page.title(), 'Sotto');
    assert.deepEqual(await me.emoji(), await other.emoji());
    assert.equal(await me.page.evaluate(() => window.contexts.at(-1).state), 'closed');
  });
});
