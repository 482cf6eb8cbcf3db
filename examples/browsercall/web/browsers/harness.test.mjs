import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { failures } from './calls_person.mjs';
import { Harness } from './harness.mjs';

/** A browser of one page, which notes where it is led. */
function browser(visited, stop = async () => undefined) {
  const page = { on() {}, addInitScript() {}, goto: async (url) => visited.push(url), close: async () => undefined };
  return { page: async () => page, stop };
}

describe('the harness', () => {
  // Fails if one that is left keeps the process alive: nothing tells then what went wrong.
  it('stops its server and each browser, though one of them does not end well', async () => {
    const [visited, stopped] = [[], []];
    const harness = await Harness.start({}, {
      stuck: async () => browser(visited, () => Promise.reject(new Error('its profile stays'))),
      fine: async () => browser(visited, async () => { stopped.push('fine'); }),
    });
    await harness.open('stuck');
    await harness.open('fine');
    assert.equal((await fetch(visited[0])).status, 200);
    await assert.rejects(harness.stop(), /its profile stays/);
    assert.deepEqual(stopped, ['fine']);
    await assert.rejects(fetch(visited[0]), 'the server is gone');
  });

  // Fails if the first test's bad luck is that of all after it.
  it('starts a browser anew that did not start', async () => {
    const visited = [];
    let tries = 0;
    const late = async () => {
      if (++tries === 1) throw new Error('names no endpoint');
      return browser(visited);
    };
    const harness = await Harness.start({}, { late });
    await assert.rejects(harness.open('late'), /names no endpoint/);
    await harness.open('late');
    await harness.open('late');
    await harness.stop();
    assert.deepEqual([tries, visited.length], [2, 2]);
  });
});

describe('frames without a key', () => {
  it('are fine before the first that is opened, and not after it', () => {
    assert.deepEqual(failures({ noEpoch: 3, opened: 0 }), {});
    assert.deepEqual(failures({ noEpoch: 3, opened: 90, early: 3 }), {});
    assert.deepEqual(failures({ noEpoch: 4, opened: 90, early: 3 }), { noEpoch: 4 });
  });
});
