// Whatever a relay sends: nothing of it becomes an error that nobody handles, and the client comes back.
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { encode, type Value } from '../wire.ts';
import { fakeMailbox, recording, settle, type FakeSocket } from './fakerelay.ts';
import { encodeFrame, type Frames, type Kind } from './frame.ts';
import { Relay } from './relay.ts';
import { testToken } from './testmailbox.ts';
import { SignalError } from './transport.ts';

/** A small generator (mulberry32), so that a failure can be repeated: its seed is in the test's name. */
function generator(seed: number): () => number {
  return () => {
    seed = (seed + 0x6d2b79f5) | 0;
    let t = Math.imul(seed ^ (seed >>> 15), 1 | seed);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

const fill = (n: number, b = 1) => new Uint8Array(n).fill(b);
const kinds = [0x01, 0x02, 0x03, 0x10, 0x11, 0x12, 0x13, 0x20, 0x21, 0x22];

class Hostile {
  readonly #draw: () => number;

  constructor(seed: number) {
    this.#draw = generator(seed);
  }

  below(n: number): number {
    return Math.floor(this.#draw() * n);
  }

  bytes(max: number): Uint8Array<ArrayBuffer> {
    return Uint8Array.from({ length: this.below(max) }, () => this.below(256));
  }

  value(depth = 0): Value {
    switch (this.below(depth > 2 ? 4 : 6)) {
      case 0: return this.below(2) ? this.below(5) : this.below(2 ** 52);
      case 1: return this.below(2) === 0;
      case 2: return ['', 'turn:a', 'stun:a:1', 'x'.repeat(this.below(300))][this.below(4)]!;
      case 3: return fill([0, 3, 16, 32, 64, 1025][this.below(6)]!, this.below(256));
      case 4: return Array.from({ length: this.below(4) }, () => this.value(depth + 1));
      default: return new Map(Array.from({ length: this.below(5) }, (_, i) => [i + 1, this.value(depth + 1)]));
    }
  }

  /** A frame that is in order, and says what it likes. */
  honest(): Uint8Array<ArrayBuffer> {
    const n = this.below(12);
    const id = fill(16, this.below(40));
    const all: { [K in Kind]?: Frames[K] } = {
      result: { n, code: this.below(4) },
      servers: { n, seconds: this.below(100), servers: [{ urls: ['turn:a'], username: 'u', credential: 'c' }] },
      deliver: { id, token: fill(16), body: fill(1 + this.below(100)) },
      challenge: { version: 1, challenge: fill(32) },
      ready: { version: 1 },
      ack: { id },
    };
    const kind = (Object.keys(all) as Kind[])[this.below(this.below(4) ? 3 : 6)]!;
    return encodeFrame(kind, all[kind] as Frames[Kind]);
  }

  message(): unknown {
    switch (this.below(8)) {
      case 0: return this.bytes(200).buffer;
      case 1: return Uint8Array.of(kinds[this.below(kinds.length)]!, ...encode(this.value())).buffer;
      case 2: {
        const b = this.honest();
        if (b.length > 0) b[this.below(b.length)]! ^= 1 << this.below(8);
        return b.buffer;
      }
      case 3: return ['text', null, undefined, 7, {}, new ArrayBuffer(70_000)][this.below(6)];
      default: return this.honest().buffer;
    }
  }
}

const unhandled: unknown[] = [];
const note = (e: unknown) => void unhandled.push(e);
beforeEach(() => {
  vi.useFakeTimers();
  process.on('unhandledRejection', note).on('uncaughtException', note);
});
afterEach(() => {
  vi.useRealTimers();
  process.off('unhandledRejection', note).off('uncaughtException', note);
});

/** Answers what the client says honestly enough to come past the handshake, mostly. */
async function meet(h: Hostile, s: FakeSocket): Promise<void> {
  s.open();
  for (const [kind, f] of [['challenge', { version: 1, challenge: fill(32) }], ['ready', { version: 1 }]] as const) {
    if (h.below(20) === 0) s.message(h.message());
    else s.message(encodeFrame(kind as Kind, f as Frames[Kind]).buffer);
    await settle();
  }
}

test.each(Array.from({ length: 40 }, (_, i) => i))('hostile frames, seed %i', async (seed) => {
  const h = new Hostile(seed);
  const made: FakeSocket[] = [];
  const dialling = Relay.dial('wss://relay.example', fakeMailbox(), { WebSocket: recording(made), draw: () => 0.5 })
    .catch((e: unknown) => e);
  await meet(h, made[0]!);
  const relay = await dialling;
  if (relay instanceof SignalError) return;
  expect(relay).toBeInstanceOf(Relay);
  const t = relay as Relay;
  const faults: unknown[] = [];
  const ask = (p: Promise<unknown>) => void p.catch((e: unknown) => faults.push(e));
  for (let i = 0; i < 300; i++) {
    const s = made.at(-1)!;
    if (s.closed !== undefined || h.below(60) === 0) {
      if (s.closed === undefined) s.end([1000, 1002, 1008, 3000, 4001, NaN][h.below(6)]);
      await vi.advanceTimersByTimeAsync(30_000);
      if (made.at(-1) !== s) await meet(h, made.at(-1)!);
      continue;
    }
    const call = h.below(10);
    if (call === 0) ask(t.send({ to: fill(32), token: fill(16), body: fill(3) }));
    if (call === 1) ask(t.receive());
    if (call === 2) ask(t.admit([testToken().hash]));
    if (call === 3) ask(t.iceServers());
    s.message(h.message());
    if (h.below(10) === 0) await settle();
  }
  expect(made.length).toBeGreaterThan(3);
  // An honest relay at last: the client is as good as new.
  const before = made.length;
  made.at(-1)!.end();
  for (let i = 0; i < 5 && made.length === before; i++) await vi.advanceTimersToNextTimerAsync();
  const s = made.at(-1)!;
  s.open();
  s.frame('challenge', { version: 1, challenge: fill(32) });
  await settle();
  s.frame('ready', { version: 1 });
  const sent = t.send({ to: fill(32), token: fill(16), body: fill(3, 77) });
  await settle();
  for (const f of s.of('send')) s.frame('result', { n: f.n, code: 0 });
  for (const f of s.of('admit')) if (f.n > 0) s.frame('result', { n: f.n, code: 0 });
  for (const f of s.of('ask')) s.frame('servers', { n: f.n, seconds: 0, servers: [] });
  await settle();
  for (const f of s.of('send')) s.frame('result', { n: f.n, code: 0 });
  await sent;
  expect(s.closed).toBeUndefined();
  t.close();
  await settle();
  expect(vi.getTimerCount()).toBe(0);
  expect(faults.filter((e) => !(e instanceof SignalError))).toEqual([]);
  expect(unhandled).toEqual([]);
});
