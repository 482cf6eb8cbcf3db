import { describe, expect, test, vi } from 'vitest';
import { fromUtf8, hex, utf8 } from '../bytes.ts';
import { conformance } from './conformance.ts';
import { addressOf, authMessage } from './mailbox.ts';
import { MemoryNetwork, type Fault } from './memory.ts';
import { testMailbox, testToken } from './testmailbox.ts';
import type { Packet } from './transport.ts';

const fill = (n: number, b: number) => new Uint8Array(n).fill(b);

describe('a relay in memory', () => {
  const network = new MemoryNetwork();
  conformance((m) => network.relay().dial(m));
});

test('the address and what is signed are those of the Go side', () => {
  const keys = { ed25519: fill(32, 1), hpke: fill(32, 2) };
  expect(hex(addressOf({ publicKeys: () => keys }))).toBe(
    'dcf7a0cd8c8cf1b7132e1f3d93ab2dc84d0b11adf860115e85e35a91d325f97e');
  const message = authMessage('wss://relay.example:443', fill(32, 3), fill(32, 4));
  expect(fromUtf8(message)).toBe(
    'sotto/v1 relay auth\0\0\x17wss://relay.example:443' + '\x03'.repeat(32) + '\x04'.repeat(32));
});

/** Sends these bodies through faults, and gives what had arrived when nothing moves any more. */
async function through(bodies: string[], fault: (p: Packet) => Fault | undefined): Promise<string[]> {
  const network = new MemoryNetwork({ fault });
  const mailbox = await testMailbox();
  const reader = await network.relay().dial(mailbox);
  const { token, hash } = testToken();
  await reader.admit([hash]);
  const got: string[] = [];
  const reading = (async () => {
    for (;;) got.push(fromUtf8((await reader.receive()).body));
  })().catch(() => {});
  const sender = await network.relay().dial();
  for (const b of bodies) await sender.send({ to: mailbox.address, token, body: utf8(b) });
  await vi.advanceTimersByTimeAsync(1000);
  reader.close();
  await reading;
  return got;
}

test('faults: drop, copies, delay and another body', async () => {
  vi.useFakeTimers();
  const faults: Record<string, Fault> = {
    a: { drop: true }, b: { copies: 1 }, c: { delay: 50 }, e: { body: utf8('E') },
  };
  expect(await through(['a', 'b', 'c', 'd', 'e'], (p) => faults[fromUtf8(p.body)])).toEqual(['b', 'b', 'd', 'E', 'c']);
  vi.useRealTimers();
});

test('a partition holds back both directions until it ends', async () => {
  const network = new MemoryNetwork();
  const mailbox = await testMailbox();
  const reader = await network.relay().dial(mailbox);
  await reader.admit([], true);
  const sender = await network.relay().dial();
  const packet = (b: string) => ({ to: mailbox.address, token: fill(16, 1), body: utf8(b) });
  const heal = reader.partition();
  await sender.send(packet('held'));
  let got: string | undefined;
  const wait = reader.receive().then((d) => (got = fromUtf8(d.body)));
  const sent = reader.send(packet('own'));
  await new Promise(setImmediate);
  expect([got, network.relay().stored]).toEqual([undefined, 1]);
  heal();
  await wait;
  await sent;
  expect([got, network.relay().stored]).toEqual(['held', 2]);
});
