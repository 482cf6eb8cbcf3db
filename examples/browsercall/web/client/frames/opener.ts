import { type Epoch, liveSlots } from './epoch.ts';
import { type Drop, drops } from './errors.ts';
import { parseHeader } from './header.ts';
import { OpenKey, tagSize } from './sframe.ts';

/** One media section of one member's connection. */
export interface Section {
  leaf: number;
  mid: string;
}

/** Decides about a KID before anything is derived for it. */
export type Admit = (kid: bigint, at: Section) => Epoch | Drop;

interface SlotKeys {
  epoch: Epoch;
  byKID: Map<bigint, OpenKey>;
}

/** Opens the frames of one media section of one member's connection. Keys come and go under it at any time. */
export class FrameOpener {
  readonly at: Section;
  /** Frames opened, and dropped by reason, since the call began. */
  opened = 0;
  readonly dropped = Object.fromEntries(drops.map((d) => [d, 0])) as Record<Drop, number>;
  #admit: Admit;
  #slots: (SlotKeys | undefined)[] = Array<undefined>(liveSlots).fill(undefined);

  constructor(at: Section, admit: Admit) {
    this.at = at;
    this.#admit = admit;
  }

  /** Authenticates a sealed frame and what travelled readable beside it. A reason instead of bytes: drop the frame. */
  open(clear: Uint8Array, sealed: Uint8Array): Uint8Array | Drop {
    const frame = this.#open(clear, sealed);
    if (typeof frame === 'string') this.dropped[frame]++;
    else this.opened++;
    return frame;
  }

  /** Counts a frame that did not even have the layout of its codec. */
  malformed(): Drop {
    this.dropped.malformed++;
    return 'malformed';
  }

  #open(clear: Uint8Array, sealed: Uint8Array): Uint8Array | Drop {
    const header = parseHeader(sealed);
    if (header === undefined || sealed.length < header.size + tagSize) return 'malformed';
    const key = this.#key(header.kid);
    return typeof key === 'string' ? key : key.open(clear, sealed, header, header.size);
  }

  /** The key of a stream, derived at its first frame in an epoch. */
  #key(kid: bigint): OpenKey | Drop {
    const epoch = this.#admit(kid, this.at);
    if (typeof epoch === 'string') return epoch;
    let keys = this.#slots[epoch.slot];
    if (keys?.epoch !== epoch) {
      this.#forget(epoch.slot);
      keys = this.#slots[epoch.slot] = { epoch, byKID: new Map() };
    }
    let key = keys.byKID.get(kid);
    if (key === undefined) keys.byKID.set(kid, (key = new OpenKey(epoch.baseKey, kid)));
    return key;
  }

  /** Lets go the keys of epochs that are not live. */
  keepOnly(live: (e: Epoch) => boolean): void {
    this.#slots.forEach((keys, slot) => {
      if (keys !== undefined && !live(keys.epoch)) this.#forget(slot);
    });
  }

  /** How many keys are held. */
  get derived(): number {
    return this.#slots.reduce((n, keys) => n + (keys?.byKID.size ?? 0), 0);
  }

  #forget(slot: number): void {
    for (const k of this.#slots[slot]?.byKID.values() ?? []) k.destroy();
    this.#slots[slot] = undefined;
  }
}
