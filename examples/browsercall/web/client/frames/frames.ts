import { Epoch, type FrameEpoch, liveSlots, printOf } from './epoch.ts';
import { type Drop, FramesError } from './errors.ts';
import { FrameOpener, type Section } from './opener.ts';
import { FrameSealer, SendEpoch } from './sealer.ts';
import { count, type FrameStats } from './stats.ts';
import { maxContext, maxStreams, type Stream, Streams } from './streams.ts';

/** How long old keys open frames after the next epoch was installed, in ms. */
export const oldEpochTime = 10_000;
/** How many epochs before the newest keep their keys. */
export const oldEpochs = 5;
/** How long old keys open frames after a member was removed, in ms. */
export const removalTime = 2_000;
/** How many base keys are remembered: an hour of new keys as fast as a call for two makes them. */
const maxUsed = 4096;

/**
 * The frame keys of one call: SFrame with keys from the epochs of an MLS group (RFC 9605, section 5.2; docs/PROTOCOL.md
 * section 7). Keys are installed as epochs begin; sealers and openers are taken before or after there are keys.
 */
export class Frames {
  #clock: () => number;
  #epochs: Epoch[] = [];
  #bySlot: (Epoch | undefined)[] = Array<undefined>(liveSlots).fill(undefined);
  #send: SendEpoch | undefined;
  #streams = new Streams();
  #dropped = new Map<number, number>(); // leaves that were removed, with the last epoch that they were in
  #used = new Set<string>(); // the last base keys that were installed, oldest first
  #sealers = new Map<number, FrameSealer>();
  #openers = new Map<string, FrameOpener>();
  #quiet = false;
  #destroyed = false;

  /** clock tells milliseconds that never go back. */
  constructor(clock: () => number = () => performance.now()) {
    this.#clock = clock;
  }

  /**
   * Lets frames of the epoch be opened from now on, and sets the end of the epochs before; frames of members that the
   * epoch has no more are dropped at once. Throws FramesError `epoch`, also for a base key that is one of the last 4096
   * installed: its counters would start again.
   */
  install(e: FrameEpoch): void {
    this.#alive();
    const next = new Epoch(e);
    const newest = this.#epochs.at(-1);
    if (newest !== undefined && next.number <= newest.number) {
      throw new FramesError('epoch', `epoch ${next.number} after ${newest.number}`);
    }
    const print = printOf(next.baseKey);
    if (this.#used.has(print)) throw new FramesError('epoch', `epoch ${next.number}: its base key was used before`);
    this.#used.add(print);
    for (const oldest of this.#used) if (this.#used.size > maxUsed) this.#used.delete(oldest);
    if (newest !== undefined) this.#retire(newest, next, e.removed ?? []);
    this.#epochs.push(next);
    this.#publish();
  }

  /**
   * Seals with this epoch's keys from now on, and destroys the sending keys before. There is no way back: FramesError
   * `epoch` if it is not installed or older than the present one, `destroyed` after stopSend. Returns whether anything
   * changed.
   */
  switchSend(epoch: number): boolean {
    this.#alive();
    if (this.#quiet) throw new FramesError('destroyed', 'the call is ending: nothing is sealed any more');
    if (this.#send !== undefined && this.#send.number >= epoch) {
      if (this.#send.number === epoch) return false;
      throw new FramesError('epoch', `sending with ${this.#send.number} already, not ${epoch}`);
    }
    const e = this.#epochs.find((x) => x.number === epoch);
    if (e === undefined) throw new FramesError('epoch', `epoch ${epoch} is not installed`);
    this.#replaceSend(new SendEpoch(e));
    return true;
  }

  /** Destroys the sending keys for good: from now on frames are opened, and none is sealed. */
  stopSend(): void {
    this.#quiet = true;
    this.#replaceSend(undefined);
  }

  /** Adds what the member at this leaf says that it sends: all of it, or nothing and FramesError `streams`. */
  declare(leaf: number, streams: readonly Stream[]): void {
    this.#alive();
    this.#streams.declare(leaf, streams);
  }

  /** Destroys the keys of epochs whose time is over. The newest stays. */
  expire(now: number = this.#clock()): void {
    this.#keep((e) => e.deadline === undefined || now < e.deadline);
  }

  /** The earliest time, on the clock, at which expire has something to do. */
  nextExpiry(): number | undefined {
    const all = this.#epochs.flatMap((e) => e.deadline ?? []);
    return all.length === 0 ? undefined : Math.min(...all);
  }

  /**
   * What seals the stream with this ctx: always the same, so that no counter is used twice. A ctx above maxContext, or
   * one more than maxStreams, gives one that seals nothing.
   */
  sealer(ctx: number): FrameSealer {
    const known = this.#sealers.get(ctx);
    if (known !== undefined) return known;
    const has = Number.isInteger(ctx) && ctx >= 0 && ctx <= maxContext && this.#sealers.size < maxStreams;
    const s = new FrameSealer(ctx, () => this.#send, has);
    if (has) this.#sealers.set(ctx, s);
    return s;
  }

  /** What opens the frames that arrive in a media section: always the same, so that no frame is opened twice. */
  opener(leaf: number, mid: string): FrameOpener {
    const name = `${leaf} ${mid}`;
    let o = this.#openers.get(name);
    if (o === undefined) {
      o = new FrameOpener({ leaf, mid }, (kid, at) => this.#admit(kid, at));
      this.#openers.set(name, o);
    }
    return o;
  }

  /** Whether there are keys to open frames with. */
  get keyed(): boolean {
    return this.#epochs.length > 0;
  }

  /** Counts, without a secret. */
  stats(): FrameStats {
    return count(this.#sealers.values(), this.#openers.values());
  }

  /** Destroys every key and forgets every stream, for who joins the group anew. Used base keys stay refused. */
  reset(): void {
    for (const e of this.#epochs) e.wipe();
    this.#epochs = [];
    this.#streams.clear();
    this.#dropped.clear();
    this.#replaceSend(undefined);
    this.#publish();
  }

  /** Destroys every key for good. */
  destroy(): void {
    this.reset();
    this.#destroyed = true;
  }

  #alive(): void {
    if (this.#destroyed) throw new FramesError('destroyed', 'the frame keys of this call are destroyed');
  }

  #admit(kid: bigint, at: Section): Epoch | Drop {
    const e = this.#bySlot[Number(kid & 15n)];
    if (e === undefined) return 'noEpoch';
    const { ctx, leaf } = e.split(kid);
    if (leaf === e.own) return 'reflected';
    if (!e.leaves.has(leaf)) return 'blankLeaf';
    if (this.#isDropped(leaf, e.number)) return 'removed';
    if (leaf !== at.leaf) return 'wrongLeaf';
    const stream = this.#streams.get(leaf, ctx);
    if (stream === undefined) return 'undeclared';
    return stream.mid === at.mid ? e : 'wrongMID';
  }

  /**
   * Sets the end of the installed epochs when next comes. Those too far behind go at once, which leaves none with
   * next's low bits (RFC 9605, section 5.2).
   */
  #retire(newest: Epoch, next: Epoch, removed: readonly number[]): void {
    newest.expireBy(this.#clock() + oldEpochTime);
    for (const leaf of newest.leaves) {
      if (!next.leaves.has(leaf) || removed.includes(leaf)) this.#drop(leaf, newest.number);
    }
    this.#keep((e) => next.number - e.number <= oldEpochs);
  }

  #isDropped(leaf: number, epoch: number): boolean {
    return epoch <= (this.#dropped.get(leaf) ?? -1);
  }

  /** Refuses the frames of a removed leaf, of epochs up to this one, and ends the epochs in which it has keys. */
  #drop(leaf: number, last: number): void {
    this.#dropped.set(leaf, last);
    this.#streams.forget(leaf);
    for (const e of this.#epochs) if (e.leaves.has(leaf)) e.expireBy(this.#clock() + removalTime);
  }

  #keep(wanted: (e: Epoch) => boolean): void {
    for (const e of this.#epochs) if (!wanted(e)) e.wipe();
    this.#epochs = this.#epochs.filter(wanted);
    this.#publish();
  }

  /** Shows the openers the epochs of now. Keys of those that are gone go with them. */
  #publish(): void {
    this.#bySlot.fill(undefined);
    for (const e of this.#epochs) this.#bySlot[e.slot] = e;
    for (const o of this.#openers.values()) o.keepOnly((e) => this.#bySlot[e.slot] === e &&
      !this.#isDropped(o.at.leaf, e.number));
  }

  #replaceSend(next: SendEpoch | undefined): void {
    this.#send?.destroy();
    this.#send = next;
    for (const s of this.#sealers.values()) s.before = s.sealed;
  }
}
