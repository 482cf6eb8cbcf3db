import { spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chromium } from 'playwright-core';

const flags = [
  '--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run',
  '--disable-background-networking', '--disable-component-update', '--disable-sync',
  '--ignore-certificate-errors', // the program's own is signed by itself
  '--allow-loopback-in-peer-connection', '--autoplay-policy=no-user-gesture-required',
];

/**
 * Starts Chromium without a window, with a camera and a microphone that make up what they record, and that a page gets
 * without asking; with devices or permission false, without these. fps are the pictures of its camera in a second.
 *
 * @returns {Promise<{ page: () => Promise<import('./harness.mjs').Page>, stop: () => Promise<void> }>}
 */
export async function startChromium({ devices = true, permission = true, fps = 20 } = {}) {
  const profile = await mkdtemp(join(tmpdir(), 'chromium-'));
  const child = spawn('/usr/bin/chromium',
    [...flags, ...media(devices, permission, fps), `--user-data-dir=${profile}`, '--remote-debugging-port=0', 'about:blank'],
    { stdio: ['ignore', 'ignore', 'pipe'] });
  const ended = new Promise((done) => { child.on('exit', done).on('error', done); });
  const end = async () => {
    child.kill('SIGTERM');
    const patience = setTimeout(() => child.kill('SIGKILL'), 3000);
    await ended;
    clearTimeout(patience);
    await rm(profile, { recursive: true, force: true, maxRetries: 5 });
  };
  try {
    const browser = await chromium.connectOverCDP(await endpoint(child));
    return {
      page: async () => (await browser.newContext()).newPage(),
      async stop() {
        await browser.close().catch(() => undefined);
        await end();
      },
    };
  } catch (e) {
    await end().catch(() => undefined); // why it did not start is worth more
    throw e;
  }
}

function media(devices, permission, fps) {
  return [
    ...(devices ? [`--use-fake-device-for-media-stream=fps=${fps}`] : []),
    permission ? '--use-fake-ui-for-media-stream' : '--deny-permission-prompts',
  ];
}

/** Where DevTools listen, as the browser says when it is up. */
function endpoint(child) {
  let patience;
  return new Promise((resolve, reject) => {
    let log = '';
    const fail = (why) => reject(new Error(`chromium ${why}: ${log.slice(-2000)}`));
    patience = setTimeout(() => fail('names no endpoint within 30 s'), 30_000);
    child.on('error', reject);
    child.on('exit', (code) => fail(`ended with ${code}`));
    child.stderr.on('data', (chunk) => {
      log += chunk;
      const found = /DevTools listening on (ws:\S+)/.exec(log);
      if (found) resolve(found[1]);
    });
  }).finally(() => clearTimeout(patience));
}
