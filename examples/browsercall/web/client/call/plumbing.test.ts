import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { random } from '../bytes.ts';
import { SignalError } from '../signal/transport.ts';
import { Quota } from './admit.ts';
import { Call } from './call.ts';
import type { CallContext } from './context.ts';
import { Courier } from './courier.ts';
import { Flood } from './flood.ts';
import { Jobs } from './jobs.ts';
import { pause, settled, TimeoutError, unless, within } from './patience.ts';
import type { Packet, Transport } from './ports.ts';
import { Queue } from './queue.ts';
import { declineEnd, EndedError, EndReason, missed, reasonName } from './reason.ts';
import { Registry } from './registry.ts';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

describe('a queue', () => {
  it('gives what waits, then what comes, then its end', async () => {
    const q = new Queue<number>();
    q.put(1);
    const got: number[] = [];
    const done = (async () => {
      for await (const n of q) got.push(n);
    })();
    q.put(2);
    await vi.advanceTimersByTimeAsync(0);
    q.put(3);
    q.end();
    expect(q.put(4)).toBe(false);
    await done;
    expect(got).toEqual([1, 2, 3]);
  });

  it('gives each value to one of several consumers', async () => {
    const q = new Queue<number>();
    const got: number[] = [];
    const consume = async () => {
      for await (const n of q) got.push(n);
    };
    const both = [consume(), consume()];
    for (let i = 0; i < 10; i++) q.put(i);
    q.end();
    await Promise.all(both);
    expect(got.sort((a, b) => a - b)).toEqual([...Array(10).keys()]);
  });
});

describe('patience', () => {
  it('ends', async () => {
    const never = new Promise<void>(() => undefined);
    const late = expect(within(100, 'it', never)).rejects.toThrow(new TimeoutError('it', 100));
    const [no, yes] = [settled(100, never), settled(100, Promise.reject(new Error('x')))];
    await vi.advanceTimersByTimeAsync(100);
    await late;
    expect([await no, await yes]).toEqual([false, true]);
    expect(await within(100, 'it', Promise.resolve(5))).toBe(5);
  });

  it('ends early when it is aborted', async () => {
    const c = new AbortController();
    const never = new Promise(() => undefined);
    const waits = [pause(1000, c.signal), expect(unless(c.signal, never)).rejects.toThrow('stop')];
    c.abort(new Error('stop'));
    await Promise.all(waits);
    await expect(unless(c.signal, Promise.resolve(1))).rejects.toThrow('stop');
    expect(vi.getTimerCount()).toBe(0);
  });
});

/** A transport whose sends end as the list says; undefined: well. */
function transport(outcomes: (Error | undefined)[], sent: number[]): Transport {
  return { send: async (p: Packet) => {
    const e = outcomes.shift();
    if (e) throw e;
    sent.push(p.body[0] ?? -1);
  } } as Transport;
}

const packet = (n: number): Packet => ({ to: random(32), token: random(16), body: Uint8Array.of(n) });

describe('a courier', () => {
  it('keeps the order, and tries again while the relay is away', async () => {
    const sent: number[] = [];
    const away = [new SignalError('unavailable'), new SignalError('throttled'), new SignalError('unavailable')];
    const c = new Courier(transport(away, sent), new AbortController().signal);
    const stored: unknown[] = [];
    for (const n of [1, 2]) c.send(packet(n), (e) => stored.push(e));
    c.send(packet(3));
    await vi.advanceTimersByTimeAsync(200 + 400 + 799);
    expect(sent).toEqual([]);
    await vi.advanceTimersByTimeAsync(1);
    expect([sent, stored]).toEqual([[1, 2, 3], [undefined, undefined]]);
    c.finish();
    await c.done;
  });

  it('gives up what the relay refuses, and goes on with the next', async () => {
    const sent: number[] = [];
    const c = new Courier(transport([new SignalError('rejected')], sent), new AbortController().signal);
    const stored: unknown[] = [];
    for (const n of [1, 2]) c.send(packet(n), (e) => stored.push(e));
    await vi.advanceTimersByTimeAsync(0);
    expect(sent).toEqual([2]);
    expect(stored).toEqual([new SignalError('rejected'), undefined]);
  });

  it('ends when it is aborted, whatever the transport does', async () => {
    const abort = new AbortController();
    const c = new Courier({ send: () => new Promise(() => undefined) } as unknown as Transport, abort.signal);
    const stored: unknown[] = [];
    for (const n of [1, 2]) c.send(packet(n), (e) => stored.push(e));
    abort.abort(new Error('over'));
    await c.done;
    expect(stored).toEqual([new Error('over'), new Error('over')]);
    c.send(packet(3), (e) => stored.push(e));
    expect(stored).toHaveLength(3);
  });
});

describe('jobs', () => {
  it('run one after another, and one that throws is told and leaves the others', async () => {
    const failed: unknown[] = [];
    const j = new Jobs((e) => failed.push(e));
    const ran: number[] = [];
    j.do(async () => {
      await Promise.resolve();
      ran.push(1);
    });
    j.do(async () => {
      throw new Error('x');
    });
    j.do(async () => void ran.push(3));
    await vi.advanceTimersByTimeAsync(0);
    expect([ran, failed]).toEqual([[1, 3], [new Error('x')]]);
    j.end();
    j.do(async () => void ran.push(4));
    await j.done;
    expect(ran).toEqual([1, 3]);
  });
});

describe('limits', () => {
  it('hold', () => {
    const f = new Flood(3);
    expect([f.in(2), f.in(2), f.in(1), f.in(0), f.in(1)]).toEqual([true, false, true, true, false]);
    f.out(1);
    expect(f.in(1)).toBe(true);
  });

  it('let a caller ring again when it has cooled down', () => {
    const q = new Quota({ rings: 2, window: 1000, coolDown: 5000 });
    const [a, b] = [random(64), random(64)];
    expect([q.take(a, 0), q.take(a, 1), q.take(a, 2), q.take(b, 2)]).toEqual([true, true, false, true]);
    expect([q.take(a, 5001), q.take(a, 5002), q.take(a, 6100)]).toEqual([false, true, true]);
  });

  it('forget the oldest counts rather than grow', () => {
    const q = new Quota({ rings: 1 });
    const first = random(64);
    q.take(first, 0);
    for (let i = 0; i < 4096; i++) q.take(random(64), 0);
    expect(q.take(first, 0)).toBe(true);
  });
});

describe('the calls of a client', () => {
  // Fails if only a call that rings already counts: its mailbox takes a moment to open.
  it('take none to somebody whose own is being taken, unless that is declined', () => {
    const peer = random(64);
    const call = (role: 'caller' | 'callee') => new Call({} as CallContext, role, peer, random(32));
    const calls = new Registry();
    const theirs = call('callee');
    calls.enter(theirs);
    expect(() => calls.enter(call('caller'))).toThrow('they ring already');
    theirs.unwanted = true;
    calls.enter(call('caller'));
  });
});

describe('reasons', () => {
  it('have the words of the Go side', () => {
    expect(Object.values(EndReason).map(reasonName)).toEqual(['left', 'declined', 'busy', 'timed out', 'cancelled',
      'answered elsewhere', 'unreachable', 'unsupported', 'ICE failed', 'ICE timed out', 'peer lost',
      'authentication failed', 'clock skew', 'media failed', 'closed']);
    expect(reasonName(77)).toBe('EndReason(77)');
    expect([2, 3, 7, 8, 13, 4, 99].map(declineEnd)).toEqual([2, 3, 2, 8, 13, 4, 2]);
    expect(Object.values(EndReason).filter(missed)).toEqual([4, 5, 7]);
    expect(new EndedError(12, false, new Error('why')).message).toBe('ended here: authentication failed: why');
  });
});
