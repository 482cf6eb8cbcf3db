import type { Bytes } from '../bytes.ts';
import type { Epoch } from './epoch.ts';
import type { Refusal } from './errors.ts';
import { SealKey } from './sframe.ts';

/** The sending keys of one epoch, let go whole at a switch. The counters live here: one for an epoch and ctx. */
export class SendEpoch {
  readonly number: number;
  #epoch: Epoch;
  #baseKey: Uint8Array;
  #keys = new Map<number, SealKey>();

  constructor(epoch: Epoch) {
    this.number = epoch.number;
    this.#epoch = epoch;
    this.#baseKey = epoch.baseKey.slice();
  }

  key(ctx: number): SealKey {
    let key = this.#keys.get(ctx);
    if (key === undefined) {
      key = new SealKey(this.#baseKey, this.#epoch.kid(ctx, this.#epoch.own));
      this.#keys.set(ctx, key);
    }
    return key;
  }

  destroy(): void {
    this.#baseKey.fill(0);
    for (const k of this.#keys.values()) k.destroy();
    this.#keys.clear();
  }
}

/** Seals the frames of one stream. Keys are switched under it at any time. */
export class FrameSealer {
  readonly ctx: number;
  /** Frames sealed and not sealed since the call began. */
  sealed = 0;
  refused = 0;
  /** Frames sealed when the present sending epoch began. */
  before = 0;
  #epoch: () => SendEpoch | undefined;
  #has: boolean;

  /** has tells whether the ctx has a place among the keys; without one nothing is ever sealed. */
  constructor(ctx: number, epoch: () => SendEpoch | undefined, has: boolean) {
    this.ctx = ctx;
    this.#epoch = epoch;
    this.#has = has;
  }

  /**
   * The sealed frame: SFrame header, ciphertext, tag. clear is authenticated with it and not part of it: the bytes that
   * travel readable beside it, as the receiver will have them. After a refusal the frame must not be sent in any way.
   */
  seal(clear: Uint8Array, frame: Uint8Array): Bytes | Refusal {
    const sealed = this.#seal(clear, frame);
    if (typeof sealed === 'string') this.refused++;
    else this.sealed++;
    return sealed;
  }

  #seal(clear: Uint8Array, frame: Uint8Array): Bytes | Refusal {
    const epoch = this.#epoch();
    if (epoch === undefined) return 'noKey';
    if (!this.#has) return 'undeclared';
    return epoch.key(this.ctx).seal(clear, frame) ?? 'exhausted';
  }
}
