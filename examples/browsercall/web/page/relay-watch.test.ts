import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { grace, watchRelay } from './relay-watch.ts';

/** A relay's connection that the test makes and breaks. */
class Fake extends EventTarget {
  state: 'connected' | 'reconnecting' = 'connected';

  become(state: Fake['state']): void {
    this.state = state;
    this.dispatchEvent(new Event('statechange'));
  }
}

const network = new EventTarget();
const listen = network.addEventListener.bind(network);

beforeEach(() => {
  vi.useFakeTimers();
  vi.stubGlobal('addEventListener', listen);
});
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

function watched(): { relay: Fake; told: boolean[] } {
  const relay = new Fake();
  const told: boolean[] = [];
  watchRelay(relay, (reached) => told.push(reached));
  return { relay, told };
}

test('what comes back soon is not told, what stays away is told once', () => {
  const { relay, told } = watched();
  relay.become('reconnecting');
  vi.advanceTimersByTime(grace - 1);
  relay.become('connected');
  vi.advanceTimersByTime(10 * grace);
  expect(told).toEqual([]);
  relay.become('reconnecting');
  vi.advanceTimersByTime(grace);
  expect(told).toEqual([false]);
  vi.advanceTimersByTime(10 * grace);
  relay.become('connected');
  expect(told).toEqual([false, true]);
});

test('a device without a network is told at once, and asks its connection afterwards', () => {
  const { relay, told } = watched();
  network.dispatchEvent(new Event('offline'));
  expect(told).toEqual([false]);
  relay.become('reconnecting');
  network.dispatchEvent(new Event('online'));
  vi.advanceTimersByTime(10 * grace);
  expect(told).toEqual([false]);
  relay.become('connected');
  expect(told).toEqual([false, true]);
  network.dispatchEvent(new Event('offline'));
  network.dispatchEvent(new Event('online')); // the connection has lived through it
  expect(told).toEqual([false, true, false, true]);
});
