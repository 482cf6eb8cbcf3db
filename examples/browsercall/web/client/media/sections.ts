import { prefer } from './codec_preferences.ts';
import { MediaError } from './errors.ts';
import type { Sealing, SentStream, TrackRole, Withdrawn } from './events.ts';
import { maxSections } from './sdp.ts';
import type { Description } from './sdp.ts';
import { narrowed } from './sdp_codec.ts';
import type { Codec, CodecOrder, Kind } from './sdp_codec.ts';
import { MediaSection } from './section.ts';

/** The audio and video sections of a connection, and the streams that were declared in them. */
export class Sections {
  readonly #pc: RTCPeerConnection;
  readonly #sealing: Sealing;
  readonly #leaf: number; // of the peer
  readonly #order: CodecOrder;
  readonly #told = new Map<number, string>(); // ctx to the mid and codec that left with it
  readonly #used = new Set<number>();
  readonly #stopped = new WeakSet<RTCRtpTransceiver>();
  #all: MediaSection[] = [];

  constructor(pc: RTCPeerConnection, sealing: Sealing, leaf: number, order: CodecOrder) {
    this.#pc = pc;
    this.#sealing = sealing;
    this.#leaf = leaf;
    this.#order = order;
  }

  all(): readonly MediaSection[] {
    return this.#all;
  }

  /** Those that send something, or would. */
  sending(): MediaSection[] {
    return this.#all.filter((s) => s.track !== undefined);
  }

  byMid(mid: string): MediaSection | undefined {
    return this.#all.find((s) => s.mid === mid && mid !== '');
  }

  byCtx(ctx: number): MediaSection {
    const section = this.sending().find((s) => s.ctx === ctx);
    if (section === undefined) {
      throw new MediaError('state', `no stream ${ctx} is sent`);
    }
    return section;
  }

  /** Makes a section for the next offer. */
  add(kind: Kind): MediaSection {
    if (this.#all.length >= maxSections - 1) {
      throw new MediaError('description', `${this.#all.length} tracks are the most: remove one first`);
    }
    return this.#keep(kind, this.#pc.addTransceiver(kind, { direction: 'inactive' }));
  }

  /** Takes over the transceivers that a description of the peer made, in the task in which they appeared. */
  adopt(): void {
    for (const t of this.#pc.getTransceivers().filter((t) => !this.#stopped.has(t))) {
      const known = this.#all.find((s) => s.transceiver === t);
      (known ?? this.#keep(t.receiver.track.kind as Kind, t)).open(this.#sealing, this.#leaf);
    }
  }

  /** Forgets the transceivers that went with a description of the peer. */
  prune(): void {
    const live = this.#pc.getTransceivers();
    this.#all = this.#all.filter((s) => live.includes(s.transceiver));
  }

  /**
   * Takes back what the peer has not agreed to, as far as `offered` has it, and gives the tracks. A section that the peer
   * has never named would be in every later offer: a transceiver that was in no description can be stopped without a trace.
   */
  withdraw(offered: ReadonlySet<MediaSection> | undefined): Withdrawn[] {
    const gone: Withdrawn[] = [];
    this.#all = this.#all.filter((s) => {
      const { track, transceiver } = s;
      if (track !== undefined) {
        if (s.negotiated || offered?.has(s) === false) {
          return true;
        }
        gone.push({ track, info: s.info() });
        s.track = undefined;
      }
      if (transceiver.mid !== null) {
        return true;
      }
      this.#stopped.add(transceiver);
      transceiver.stop();
      return false;
    });
    return gone;
  }

  #keep(kind: Kind, transceiver: RTCRtpTransceiver): MediaSection {
    const section = new MediaSection(kind, transceiver, this.#sealing, this.#leaf);
    prefer(transceiver, kind, this.#order);
    this.#all.push(section);
    return section;
  }

  /** Puts a track into the section of its role, into an idle one or into a new one. */
  attach(track: MediaStreamTrack, role: TrackRole): MediaSection {
    const kind = track.kind as Kind;
    const slot = slotOf(kind, role);
    const own = this.#all.find((s) => s.slot === slot);
    if (own?.track !== undefined) {
      throw new MediaError('state', `a ${role} track is sent already: remove or replace it`);
    }
    const section = own ?? this.#all.find((s) => s.kind === kind && s.slot === undefined) ?? this.add(kind);
    if (section.ctx === undefined) {
      section.seal(this.#sealing, this.#takeCtx(slot));
    }
    section.slot = slot;
    section.track = track;
    section.negotiated = section.taken = false; // the peer has agreed to an older state of the section
    section.muted = undefined;
    return section;
  }

  #takeCtx(slot: number): number {
    let ctx = slot;
    for (let next = 4; this.#used.has(ctx); next++) {
      ctx = next;
    }
    this.#used.add(ctx);
    return ctx;
  }

  /** Names the sections that an offer of ours adds: browsers list them in the order in which they were made. */
  name(offer: Description): void {
    const fixed = new Set(this.#all.map((s) => s.transceiver.mid));
    const free = offer.sections.filter((s) => s.kind !== 'application' && !fixed.has(s.mid));
    const nameless = this.#all.filter((s) => s.transceiver.mid === null);
    if (nameless.length !== free.length || nameless.some((s, i) => s.kind !== free[i]?.kind)) {
      throw new MediaError('description', 'a description of ours has other sections than were made');
    }
    nameless.forEach((s, i) => {
      s.mid = free[i]?.mid ?? '';
    });
    this.redeclare();
  }

  /** Forgets names that an offer gave which is not in force. */
  unname(): void {
    for (const s of this.#all) {
      s.mid = s.transceiver.mid ?? '';
    }
  }

  /** A stream that would be declared otherwise than before gets another ctx: a ctx keeps its mid and codec for life. */
  redeclare(): void {
    for (const s of this.#all) {
      if (s.ctx !== undefined && s.slot !== undefined && this.#told.has(s.ctx) &&
        this.#told.get(s.ctx) !== this.#text(s)) {
        s.negotiated = false;
        s.seal(this.#sealing, this.#takeCtx(s.slot));
      }
    }
  }

  /**
   * The codecs that were agreed on, where there are any. A later offer names no others: Firefox numbers those anew,
   * with payload types that mean something else by the first answer.
   */
  inUse(): CodecOrder {
    return narrowed(this.#order, (codec) => this.#all.some((s) => s.codec === codec));
  }

  /** What we send, in the order of the sections. */
  streams(): SentStream[] {
    const out: SentStream[] = [];
    for (const s of this.sending()) {
      if (s.ctx !== undefined && s.mid !== '') {
        this.#told.set(s.ctx, this.#text(s));
        out.push({
          ctx: s.ctx, mid: s.mid, kind: s.kind, codec: this.codecOf(s), role: roles[s.slot ?? 0]!, taken: s.taken,
        });
      }
    }
    return out;
  }

  #text(s: MediaSection): string {
    return `${s.mid} ${this.codecOf(s)}`;
  }

  /** What a section sends, or will send to a peer that takes what it took elsewhere. */
  codecOf(s: MediaSection): Codec {
    const codec = s.codec ?? this.#all.find((o) => o.kind === s.kind && o.codec !== undefined)?.codec
      ?? this.#order[s.kind][0];
    if (codec === undefined) {
      throw new MediaError('codec', `no ${s.kind} codec is allowed here`);
    }
    return codec;
  }
}

const roles = ['microphone', 'camera', 'screen', 'screen'] as const; // by slot

function slotOf(kind: Kind, role: TrackRole): number {
  const slots = {
    audio: { microphone: 0, screen: 3, camera: -1 },
    video: { camera: 1, screen: 2, microphone: -1 },
  };
  const slot = slots[kind][role];
  if (slot < 0) {
    throw new MediaError('state', `a ${role} has no ${kind}`);
  }
  return slot;
}
