import { expect, test } from 'vitest';
import { Backoff } from './backoff.ts';
import { parseEndpoint } from './endpoint.ts';
import { SignalError } from './transport.ts';

test.each([
  ['wss://Relay.Example/v1', 'wss://relay.example/v1', 'wss://relay.example:443', false],
  ['wss://relay.example', 'wss://relay.example/v1', 'wss://relay.example:443', false],
  ['WSS://relay.example:8443/x/Y', 'wss://relay.example:8443/x/Y', 'wss://relay.example:8443', false],
  ['ws://127.0.0.1:80/', 'ws://127.0.0.1/v1', 'ws://127.0.0.1:80', false],
  ['ws://localhost', 'ws://localhost/v1', 'ws://localhost:80', false],
  ['ws://[::1]:90', 'ws://[::1]:90/v1', 'ws://[::1]:90', false],
  ['wss://[2001:DB8::1]', 'wss://[2001:db8::1]/v1', 'wss://[2001:db8::1]:443', false],
  ['ws://10.0.0.1', 'ws://10.0.0.1/v1', 'ws://10.0.0.1:80', true],
  ['WS://localhost.example', 'ws://localhost.example/v1', 'ws://localhost.example:80', true],
  ['ws://127.0.0.1.example', 'ws://127.0.0.1.example/v1', 'ws://127.0.0.1.example:80', true],
])('%s is an endpoint', (raw, url, origin, plain) => {
  expect(parseEndpoint(raw)).toEqual({ url, origin, plain });
});

test.each([
  '', 'relay.example', 'http://a', 'wss://', 'wss:a', 'wss://user:secret@a', 'wss://a?q', 'wss://a#f',
  'wss://ä.example', 'wss://:443', '%', 'wss://a b', 'wss://a\n', 'wss://a\\b',
  'wss://a:99999', 'wss://' + 'a'.repeat(2048),
])('%s is none, and is not repeated', (raw) => {
  const e = (() => { try { return parseEndpoint(raw); } catch (e) { return e; } })();
  expect(e).toBeInstanceOf(SignalError);
  expect((e as SignalError).fault).toBe('invalid');
  if (raw.includes('secret')) expect(String(e)).not.toContain('secret');
});

test('the wait is drawn from a range that doubles, up to 30 s, until reset', () => {
  const b = new Backoff(() => 0.5);
  const waits = Array.from({ length: 9 }, () => b.next());
  expect(waits).toEqual([250, 500, 1000, 2000, 4000, 8000, 15000, 15000, 15000]);
  b.reset();
  expect(b.next()).toBe(250);
});
