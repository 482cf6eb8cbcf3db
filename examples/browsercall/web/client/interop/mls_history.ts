/**
 * A random history of one group of Go and TypeScript members: docs/PROTOCOL.md, section 5, with more members than two.
 */
import { expect } from 'vitest';
import { equal, random } from '../bytes.ts';
import { correspond } from './envelope_history.ts';
import { show } from './frames_history.ts';
import { Ours, Theirs, type Party } from './mls_party.ts';
import type { Peer } from './peer.ts';

/** Counts of what happened, so that a test can tell that it did. */
export interface Counts {
  epochs: number;
  added: number;
  removed: number;
  updates: number;
  messages: number;
  refusals: number;
  frames: number;
  envelopes: number;
  biggest: number;
}

/** Numbers in [0, n) that follow from the seed (mulberry32). */
export function generator(seed: number): (n: number) => number {
  let a = seed >>> 0;
  return (n) => {
    a = (a + 0x6d2b79f5) >>> 0;
    let t = Math.imul(a ^ (a >>> 15), a | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) % n;
  };
}

/** Runs one history; what differs between the sides throws. */
export class History {
  readonly counts: Counts;
  readonly #peer: Peer;
  readonly #seed: number;
  readonly #r: (n: number) => number;
  readonly #call = random(32);
  readonly #most: number;
  #members: Party[] = [];
  #gone: Party[] = [];
  #names = 0;
  #bases = new Set<string>();

  constructor(peer: Peer, seed: number, counts: Counts) {
    this.#peer = peer;
    this.#seed = seed;
    this.#r = generator(seed);
    this.#most = 2 + this.#r(7);
    this.counts = counts;
  }

  async run(steps: number): Promise<void> {
    const ours = this.#r(2) === 0; // the first two are of different sides, so that each has what the other sent
    const first = await this.#make(true, ours);
    await first.create(this.#call);
    this.#members.push(first);
    await this.#add(!ours);
    await this.#see();
    for (let i = 0; i < steps; i++) await this.#step();
    while (this.#members.length < this.#most && this.#r(3) > 0) await this.#add();
    await this.#talk();
    await this.#see();
    this.counts.envelopes += await correspond(this.#peer, String(this.#seed), this.#r);
  }

  async #step(): Promise<void> {
    const roll = this.#r(10);
    if (this.#members.length < 2 || (roll < 4 && this.#members.length < this.#most)) return this.#add();
    if (roll < 6) return this.#update();
    if (roll < 7) return this.#renew();
    if (roll < 8) return this.#remove();
    return this.#talk();
  }

  async #make(creates: boolean, ours = this.#r(2) === 0): Promise<Party> {
    const name = `${this.#seed}.${this.#names++}`;
    return ours ? new Ours(name, creates, 8) : Theirs.make(this.#peer, name, { creates });
  }

  get #creator(): Party {
    return this.#members[0]!;
  }

  #other(): Party {
    return this.#members[1 + this.#r(this.#members.length - 1)]!;
  }

  async #add(ours?: boolean): Promise<void> {
    const one = await this.#make(false, ours);
    const c = await this.#creator.add(await one.keyPackage(), this.#r(2) === 0);
    await this.#tell(this.#creator, c.commit, 'commit');
    await one.join(c.welcome, this.#call);
    this.#members.push(one);
    this.counts.added++;
    await this.#agree();
  }

  async #update(): Promise<void> {
    for (let n = 1 + this.#r(3); n > 0; n--) {
      const one = this.#other();
      await this.#tell(one, await one.propose(), 'proposal');
      this.counts.updates++;
      if (this.#r(3) === 0) await this.#talk();
    }
    if (this.#r(5) === 0 && this.#members.length > 2) return this.#remove();
    await this.#renew();
  }

  async #renew(): Promise<void> {
    await this.#tell(this.#creator, await this.#creator.commit(), 'commit');
    await this.#agree();
  }

  /** Removes somebody: by the creator's will, or by another's proposal. */
  async #remove(): Promise<void> {
    const out = this.#other();
    const leaf = await out.leaf();
    const proposer = this.#other();
    let commit: Uint8Array;
    if (proposer !== out && this.#r(2) === 0) {
      await this.#tell(proposer, await proposer.propose(leaf), 'proposal');
      commit = await this.#creator.commit();
    } else {
      commit = await this.#creator.remove(leaf);
    }
    this.#members = this.#members.filter((m) => m !== out);
    if (this.#r(2) === 0) expect(await out.handle(commit)).toMatchObject({ kind: 'commit', removed: true });
    await this.#tell(this.#creator, commit, 'commit');
    this.#gone.push(out);
    this.counts.removed++;
    await this.#agree();
  }

  async #talk(): Promise<void> {
    for (const one of [this.#creator, this.#members[this.#r(this.#members.length)]!]) {
      const data = random(this.#r(600));
      const leaf = await one.leaf();
      await this.#tell(one, await one.protect(data, this.#r(40)), 'application', { leaf, data });
      this.counts.messages++;
    }
  }

  /** Two members show each other frames under keys of the group. */
  async #see(): Promise<void> {
    const one = this.#members[this.#r(this.#members.length)]!;
    const other = this.#members.find((m) => m.side !== one.side) ?? this.#members.find((m) => m !== one);
    if (other) this.counts.frames += await show(one, other, this.#r);
  }

  /** Gives a message to all but its sender; those who are gone must not read it. */
  async #tell(from: Party, message: Uint8Array, kind: string, want: { leaf?: number; data?: Uint8Array } = {}): Promise<void> {
    await Promise.all(this.#members.filter((m) => m !== from).map(async (m) => {
      const h = await m.handle(message).catch((e: unknown) => { throw new Error(`${m.name} refuses a ${kind} of ${from.name}`, { cause: e }); });
      expect(h.kind).toBe(kind);
      if (want.leaf !== undefined) expect(h.leaf).toBe(want.leaf);
      if (want.data) expect(equal(h.data!, want.data)).toBe(true);
    }));
    for (const m of this.#gone) {
      await expect(m.handle(message), `${m.name} was removed`).rejects.toThrow();
      this.counts.refusals++;
    }
  }

  /** All are in one state, whose secrets are new. */
  async #agree(): Promise<void> {
    const [first, ...others] = await Promise.all(this.#members.map((m) => m.agreed()));
    for (const other of others) expect(other).toEqual(first);
    expect(first!.roster.length).toBe(this.#members.length);
    expect(this.#bases.has(first!.base)).toBe(false);
    this.#bases.add(first!.base);
    this.counts.epochs++;
    this.counts.biggest = Math.max(this.counts.biggest, this.#members.length);
  }
}
