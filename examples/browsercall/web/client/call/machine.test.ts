import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { Effect } from './effect.ts';
import { Machine } from './machine.ts';
import { duration, machineOf, milliseconds, play, word, words } from './machine-words.ts';
import { EndReason } from './reason.ts';
import { successors } from './state.ts';
import type { Role, State } from './state.ts';

const golden = new URL('../../../../../call/testdata/', import.meta.url);
const files = readdirSync(golden).filter((f) => f.endsWith('.txt'));

describe('golden runs, the same files as the Go side', () => {
  it('are all there', () => expect(files.length).toBeGreaterThanOrEqual(11));
  it.each(files)('%s', (f) => {
    const want = readFileSync(new URL(f, golden), 'utf8');
    expect(want).toMatch(/\n {4}\w/);
    expect(play(want)).toBe(want);
  });
  it('has durations in Go notation', () => {
    expect(milliseconds('1m30.5s')).toBe(90_500);
    expect([500, 20_000, 60_000, 150_500].map(duration)).toEqual(['500ms', '20s', '1m0s', '2m30.5s']);
  });
});

const up = 'start ringing accept group ack-got up';
const callee = 'start answer sealed-accept welcome group ack-got up';
const ways: Record<Role, Partial<Record<State, string>>> = {
  caller: {
    new: '', dialing: 'start', ringing: 'start ringing', connecting: 'start ringing accept group', connected: up,
    reconnecting: `${up} down`, ended: 'start hangup',
  },
  callee: {
    new: '', ringing: 'start', connecting: 'start answer sealed-accept welcome group', connected: callee,
    reconnecting: `${callee} down`, ended: 'start hangup',
  },
};

/** Brings a new machine into a state by the shortest way. */
function reach(role: Role, state: State): Machine {
  const m = machineOf(role);
  for (const w of (ways[role][state] ?? '').split(' ').filter(Boolean)) m.step(0, word(w));
  expect(m.state).toBe(state);
  return m;
}

/** What must hold of any step: an end comes last and only in the state ended. */
function checkEffects(m: Machine, fx: Effect[]): void {
  fx.forEach((f, i) => {
    if (f.do === 'end') expect([i, m.state]).toEqual([fx.length - 1, 'ended']);
  });
}

const cells = (['caller', 'callee'] as const).flatMap((role) =>
  (Object.keys(ways[role]) as State[]).map((state) => [role, state] as const));

describe('every state takes every input', () => {
  it('is a table of all cells', () => expect(cells.length * Object.keys(words).length).toBe(13 * 39));

  it.each(cells)('%s %s', (role, state) => {
    for (const [name, input] of Object.entries(words)) {
      const m = reach(role, state);
      const fx = m.step(1000, input);
      checkEffects(m, fx);
      const told = fx.filter((f) => f.do === 'state').map((f) => f.state);
      const last = m.state === 'ended' ? told.at(-1) ?? state : m.state;
      expect([state, ...successors[state]], `${name} in ${state}`).toContain(told[0] ?? last);
      if (m.state !== state && m.state !== 'ended') expect(told.at(-1), name).toBe(m.state);
      if (state === 'ended') expect(fx, name).toEqual([]);
    }
  });
});

/** Watches a run for the promises that are written at the machine. */
class Watch {
  answered = false;
  grouped = false;
  proved = false;
  ended = false;
  readonly counts = new Map<Effect['do'], number>();

  take(m: Machine, name: string, fx: Effect[]): void {
    this.answered ||= name.startsWith('answer');
    this.grouped ||= name.startsWith('group');
    this.proved ||= m.view.acked || m.view.opened;
    checkEffects(m, fx);
    for (const f of fx) {
      if (this.ended) throw new Error(`${f.do} after the end`);
      if (f.do === 'end') this.ended = true;
      if (f.do === 'prepare' && !this.answered) throw new Error('prepared before the accept');
      if (f.do === 'start' && !(this.grouped && m.view.up)) throw new Error('started without keys or path');
      if (f.do === 'start' && m.view.lateThere && !this.proved) throw new Error('started before the Ack of a late side');
      const waits = m.view.late && !m.view.up && m.state === 'connecting';
      if (f.do === 'ack' && waits) throw new Error('an Ack without a path');
      if (f.do === 'state' && f.state === 'connected' && !this.proved) throw new Error('connected without proof');
      const n = (this.counts.get(f.do) ?? 0) + 1;
      this.counts.set(f.do, n);
      if (n > 1 && ['group', 'join', 'start', 'offer', 'end', 'prepare'].includes(f.do)) throw new Error(`${n} times ${f.do}`);
    }
  }
}

/** A small generator of numbers below n, the same each run (xorshift32). */
function dice(seed: number): (n: number) => number {
  let x = seed;
  return (n) => {
    x ^= x << 13;
    x ^= x >>> 17;
    x ^= x << 5;
    return (x >>> 0) % n;
  };
}

describe('a late side', () => {
  it.each([['caller', ways.caller.connecting], ['callee', ways.callee.connecting]] as const)(
    'acknowledges when it has a path, and no earlier: %s', (role, way = '') => {
      const m = machineOf(role, true);
      const acks = (fx: Effect[]) => fx.filter((f) => f.do === 'ack').map((f) => f.got);
      expect(way.split(' ').flatMap((w) => acks(m.step(0, word(w))))).toEqual([]);
      expect(acks(m.step(1000))).toEqual([]);
      expect(acks(m.step(1500, word('ack')))).toEqual([]);
      expect(acks(m.step(1600, word('up')))).toEqual([true]);
      expect(m.state).toBe('connected');
    });

  it('acknowledges once if the path was up first', () => {
    const m = machineOf('callee', true);
    const fx = 'start answer sealed-accept up welcome group'.split(' ').flatMap((w) => m.step(0, word(w)));
    expect(fx.filter((f) => f.do === 'ack')).toEqual([{ do: 'ack', epoch: 1, auth: expect.any(String), got: false }]);
  });
});

describe('random runs', () => {
  it('keep the promises', () => {
    const roll = dice(0x5eed);
    const names = Object.keys(words);
    let starts = 0;
    for (let run = 0; run < 30_000; run++) {
      const m = machineOf(run % 2 === 0 ? 'caller' : 'callee', run % 8 > 3);
      const r = new Watch();
      let now = 0;
      // Half of the runs begin as a call that connects, so that what comes late is reached too.
      const begun = run % 4 < 2 ? (run % 2 === 0 ? up : callee).split(' ').slice(0, roll(8)) : [];
      for (const w of begun) r.take(m, w, m.step(now, word(w)));
      for (let i = 0; i < 24; i++) {
        const name = names[roll(names.length)] ?? '';
        if (roll(5) === 0) r.take(m, 'time', m.step(now += 700 * roll(40)));
        else r.take(m, name, m.step(now, word(name)));
      }
      starts += r.counts.get('start') ?? 0;
      expect(r.ended).toBe(m.state === 'ended');
      if (r.ended) expect(m.deadline()).toBeUndefined();
    }
    expect(starts).toBeGreaterThan(3000);
  });

  it('let no remote input do anything before the local accept', () => {
    const remote = ['ringing', 'accept', 'accept-second', 'welcome', 'welcome-other', 'ack', 'ack-got', 'ack-forked',
      'bye', 'invite-again', 'decline', 'group', 'up', 'frame', 'cancel-won-race'];
    const roll = dice(42);
    for (let run = 0; run < 5000; run++) {
      const m = reach('callee', 'ringing');
      for (let i = 0; i <= roll(8); i++) {
        for (const f of m.step(1000, word(remote[roll(remote.length)] ?? ''))) {
          expect(['send', 'end', 'bye']).toContain(f.do);
        }
      }
    }
  });
});

describe('times', () => {
  it('limits set-up to 15 s, and says IceTimeout when the other side was heard', () => {
    const m = reach('caller', 'connecting');
    m.step(0, word('ack-got'));
    expect(m.step(14_999)).toEqual([]);
    expect(m.step(15_000).at(-1)).toMatchObject({ do: 'end', reason: 10 });
  });

  // Fails if only what was heard counts: the Acks of a late side wait for the path that it does not find.
  it.each([['caller', 'accept', true], ['caller', 'accept-late', false], ['callee', 'answer', true],
    ['callee', 'answer-late', false]] as const)('says IceTimeout where one side is late: %s, %s', (role, how, late) => {
    const m = machineOf(role, late);
    const way = role === 'caller' ? `start ringing ${how} group` : `start ${how} sealed-accept welcome group`;
    for (const w of way.split(' ')) m.step(0, word(w));
    expect(m.step(15_000).at(-1)).toMatchObject({ do: 'end', reason: 10 });
  });

  it('says PeerLost of a late side that has not joined', () => {
    const m = machineOf('callee', true);
    for (const w of 'start answer-late sealed-accept'.split(' ')) m.step(0, word(w));
    expect(m.step(15_000).at(-1)).toMatchObject({ do: 'end', reason: EndReason.PeerLost });
  });

  it('lets a path be sought for 4 s before ICE starts anew once more', () => {
    const m = reach('caller', 'connected');
    expect(m.step(0, { is: 'transport', path: 'sought' })).toEqual([{ do: 'state', state: 'reconnecting' }]);
    expect(m.step(3999)).toEqual([]);
    expect(m.step(4000)).toEqual([{ do: 'restart' }]);
  });

  const starts = (m: Machine, at: number) => m.step(at).some((f) => f.do === 'restart');

  // Fails if lost does not look at restarted, if underWay sets no timer, or if restarted outlives the path that is up.
  it.each([['caller', 'roam', 0], ['caller', 'restarted', 0], ['callee', 'roam', 2000], ['callee', 'restarted', 2000]] as
    const)('gives a start of ICE 4 s: %s, %s', (role, how, patience) => {
    for (const path of ['down', 'sought'] as const) {
      const m = reach(role, 'connected');
      m.step(10_000, word(how));
      expect(m.step(11_000, { is: 'transport', path }), path).toEqual([{ do: 'state', state: 'reconnecting' }]);
      expect([starts(m, 13_999), starts(m, 14_000)], path).toEqual([false, true]);
    }

    let m = reach(role, 'reconnecting');
    m.step(10_000, word(how));
    expect([starts(m, 13_999), starts(m, 14_000)]).toEqual([false, true]);

    m = reach(role, 'connected');
    for (const w of [how, 'up']) m.step(10_000, word(w));
    const at = m.step(10_000, word('down')).some((f) => f.do === 'restart') ? 10_000 : m.deadline();
    expect(at).toBe(10_000 + patience);
  });

  it('renews after 60 minutes, and not more often than each second', () => {
    const m = reach('caller', 'connected');
    expect(m.step(3_599_999)).toEqual([]);
    expect(m.step(3_600_000)).toEqual([{ do: 'commit' }]);
    expect(m.step(3_600_500, word('renew'))).toEqual([]);
    expect(m.step(3_601_000)).toEqual([{ do: 'commit' }]);
  });

  it('repeats a Commit with the Ack each second, and gives up after 20 s', () => {
    const m = reach('caller', 'connected');
    m.step(0, word('renew'));
    m.step(0, word('group2'));
    const seen: string[] = [];
    for (let at = m.deadline(); at !== undefined; at = m.deadline()) seen.push(...m.step(at).map((f) => f.do));
    expect(seen.filter((f) => f === 'recommit')).toHaveLength(20);
    expect(seen.filter((f) => f === 'switch')).toHaveLength(1);
    expect(seen.at(-1)).toBe('end');
  });
});
