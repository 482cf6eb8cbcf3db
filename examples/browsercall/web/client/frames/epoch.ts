import { sha256 } from '@noble/hashes/sha2.js';
import { concat, hex, utf8 } from '../bytes.ts';
import { FramesError } from './errors.ts';
import { keySize } from './sframe.ts';

/** How many epochs a KID can tell apart: it has their low four bits. */
export const liveSlots = 16;

/** An epoch of the call's MLS group, as far as frames need it. */
export interface FrameEpoch {
  /** 0 to 2^53-1. */
  epoch: number;
  /** MLS-Exporter("SFrame 1.0 Base Key", "", 32). It is copied; the caller wipes its own. */
  baseKey: Uint8Array;
  ownLeaf: number;
  /** The occupied leaves, ours among them. */
  leaves: readonly number[];
  /** Leaves of the epoch before whose member is gone though the leaf is occupied. */
  removed?: readonly number[];
}

/** An installed epoch, with its KIDs: ctx << (S + 4) | leaf << 4 | epoch & 15, S the bits of the highest leaf. */
export class Epoch {
  readonly number: number;
  readonly own: number;
  readonly leaves: ReadonlySet<number>;
  /** When it goes, on the clock of its Frames; undefined for the newest. */
  deadline: number | undefined;
  #baseKey: Uint8Array;
  #indexBits: number;

  /** Throws FramesError `epoch` if it is not well-formed. */
  constructor(e: FrameEpoch) {
    if (!Number.isSafeInteger(e.epoch) || e.epoch < 0) throw new FramesError('epoch', 'an epoch has no number');
    if (!(e.baseKey instanceof Uint8Array) || e.baseKey.length !== keySize) {
      throw new FramesError('epoch', `epoch ${e.epoch}: the base key is not of ${keySize} bytes`);
    }
    if (!e.leaves.every(isLeaf)) throw new FramesError('epoch', `epoch ${e.epoch}: a leaf out of range`);
    if (!e.leaves.includes(e.ownLeaf)) throw new FramesError('epoch', `epoch ${e.epoch}: the own leaf is blank`);
    this.number = e.epoch;
    this.own = e.ownLeaf;
    this.leaves = new Set(e.leaves);
    this.#indexBits = 32 - Math.clz32(Math.max(...e.leaves));
    this.#baseKey = e.baseKey.slice();
  }

  /** The epoch's low bits: its place in the KID. */
  get slot(): number {
    return this.number % liveSlots;
  }

  /** The base key itself, no copy; zeros after wipe. */
  get baseKey(): Uint8Array {
    return this.#baseKey;
  }

  kid(ctx: number, leaf: number): bigint {
    return (BigInt(ctx) << BigInt(this.#indexBits + 4)) | (BigInt(leaf) << 4n) | BigInt(this.slot);
  }

  /** Takes a KID apart. A ctx too large for any stream is Infinity or inexact, and so never declared. */
  split(kid: bigint): { ctx: number; leaf: number } {
    const rest = kid >> 4n;
    const s = BigInt(this.#indexBits);
    return { ctx: Number(rest >> s), leaf: Number(rest & ((1n << s) - 1n)) };
  }

  /** Moves the deadline forward to at, never back. */
  expireBy(at: number): void {
    if (this.deadline === undefined || at < this.deadline) this.deadline = at;
  }

  wipe(): void {
    this.#baseKey.fill(0);
  }
}

/** Recognises a base key without keeping it. */
export function printOf(baseKey: Uint8Array): string {
  const input = concat(utf8('sotto/v1 frame base key'), baseKey);
  const sum = hex(sha256(input).subarray(0, 16));
  input.fill(0);
  return sum;
}

function isLeaf(n: number): boolean {
  return Number.isInteger(n) && n >= 0 && n <= 0xffffffff;
}
