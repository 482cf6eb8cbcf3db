import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import puppeteer from 'puppeteer-core';

const preferences = {
  'media.navigator.permission.disabled': true,
  'media.navigator.streams.fake': true,
  'media.autoplay.default': 0,
  'media.peerconnection.ice.loopback': true,
  'media.peerconnection.ice.obfuscate_host_addresses': false,
  'media.gmp-manager.updateEnabled': false,
  'app.update.enabled': false,
  'toolkit.telemetry.enabled': false,
  'network.captive-portal-service.enabled': false,
  'network.connectivity-service.enabled': false,
};

/**
 * Starts Firefox without a window, with a camera and a microphone that make up what they record.
 *
 * @returns {Promise<{ page: () => Promise<import('./harness.mjs').Page>, stop: () => Promise<void> }>}
 */
export async function startFirefox() {
  const profile = await mkdtemp(join(tmpdir(), 'firefox-'));
  const gone = () => rm(profile, { recursive: true, force: true, maxRetries: 5 });
  try {
    const browser = await puppeteer.launch({
      browser: 'firefox', executablePath: '/usr/bin/firefox-esr', headless: true, userDataDir: profile,
      extraPrefsFirefox: preferences, acceptInsecureCerts: true, // the program's own certificate is signed by itself
    });
    return {
      page: () => browser.newPage(),
      async stop() {
        await browser.close().catch(() => undefined);
        await gone();
      },
    };
  } catch (e) {
    await gone().catch(() => undefined); // why it did not start is worth more
    throw e;
  }
}
