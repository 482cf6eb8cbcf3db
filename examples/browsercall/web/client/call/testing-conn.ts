// For tests: connections without a network, and frames without media. Two connections of one world find each other by
// their descriptions; whether there is a path between them the test says.

import { equal, fromHex, hex, random } from '../bytes.ts';
import { Frames } from '../frames/frames.ts';
import { MediaError } from '../media/errors.ts';
import type { StreamBody } from './message.ts';
import type { Kinds } from './options.ts';
import type { ConnEvent, ConnLike, ConnOptions, FramesLike, SentStream, TrackInfo, TrackRole, Withdrawn } from './ports.ts';

/** The pure part of the frames, without a thread: it seals and opens for real, and says which keys it holds. */
export class FakeFrames extends EventTarget implements FramesLike {
  readonly keys = new Map<number, string>();
  readonly declared = new Map<number, StreamBody[]>();
  sending = 0;
  stopped = false;
  destroyed = false;
  /** Stands in for a count that takes days. */
  epochFrames = 0;
  readonly #frames = new Frames();
  #leaf = -1;

  async install(e: { epoch: number; baseKey: Uint8Array; ownLeaf: number; leaves: number[] }): Promise<void> {
    const copy = e.baseKey.slice(); // as it reaches another thread
    this.#frames.install({ ...e, baseKey: copy });
    this.keys.set(e.epoch, hex(copy));
    this.#leaf = e.ownLeaf;
  }

  async switchSend(epoch: number): Promise<void> {
    this.#frames.switchSend(epoch);
    this.sending = epoch;
  }

  async stopSend(): Promise<void> {
    this.#frames.stopSend();
    this.stopped = true;
  }

  async declare(leaf: number, streams: StreamBody[]): Promise<void> {
    this.#frames.declare(leaf, streams);
    this.declared.set(leaf, streams);
  }

  async stats(): Promise<{ epochFrames: number }> {
    return { epochFrames: this.epochFrames };
  }

  destroy(): void {
    this.destroyed = true;
    this.keys.clear();
    this.#frames.destroy();
  }

  /** A frame of the other side's first stream comes: says whether it opens. */
  receive(from: FakeFrames): boolean {
    const sealed = from.seal();
    if (typeof sealed === 'string') return false;
    const opens = typeof this.#frames.opener(from.#leaf, '0').open(new Uint8Array(0), sealed) !== 'string';
    if (opens) this.dispatchEvent(new Event('first'));
    return opens;
  }

  /** A frame of our first stream, or why there is none. */
  seal(): Uint8Array | string {
    return this.#frames.sealer(0).seal(new Uint8Array(0), Uint8Array.of(1, 2, 3));
  }

  sender(): never {
    throw new Error('nothing is sealed');
  }

  receiver(): never {
    throw new Error('nothing is opened');
  }

  async codecs(): Promise<void> {}
  async connected(): Promise<void> {}
}

interface Description {
  kind: string;
  id: number;
  fingerprint: string;
  adds?: string[];
}

/** Where connections find each other. */
export class World {
  /** No path is found, or the path is lost, while this is false. */
  path = true;
  /** Messages of the data channel that are lost: those for which this is true; of which side, it is told. */
  loses: (b: Uint8Array, callee: boolean) => boolean = () => false;
  readonly conns: FakeConn[] = [];

  make(o: ConnOptions): FakeConn {
    const c = new FakeConn(this, this.conns.length, o);
    this.conns.push(c);
    return c;
  }

  /** Breaks or mends the path of all connections that are open. */
  setPath(up: boolean): void {
    this.path = up;
    for (const c of this.conns) c.look();
  }
}

/** A connection that speaks to the one that its descriptions name. */
export class FakeConn implements ConnLike {
  readonly options: ConnOptions;
  readonly frames: FakeFrames;
  readonly muted = new Map<number, boolean>();
  readonly asked: TrackInfo[] = [];
  readonly taken: string[] = [];
  readonly candidates: string[] = [];
  started = false;
  mutedAtStart = 0;
  closed = false;
  restarts = 0;
  forced = 0;
  held = false;
  untakenKind = false;
  /** For tracks of this kind the caller's offer has no section: they have no mid before the next description. */
  unplaced = '';
  /** It sends otherwise than it has described. */
  unsaid = false;
  /** What the next description claims instead of the fingerprint. */
  forged: Uint8Array | undefined;
  readonly #world: World;
  readonly #id: number;
  readonly #print = random(32);
  #streams: SentStream[] = [];
  readonly #tracks = new Map<SentStream, MediaStreamTrack>();
  #pending: SentStream[] = [];
  #offered: SentStream[] = [];
  #untold: number[] = [];
  #offering = false;
  #peer: FakeConn | undefined;
  #state = 'new';

  constructor(world: World, id: number, options: ConnOptions) {
    this.#world = world;
    this.#id = id;
    this.options = options;
    this.frames = options.frames as FakeFrames;
  }

  fingerprint(): Uint8Array {
    return this.#print;
  }

  async offer(send: MediaStreamTrack[], _receive: Kinds): Promise<string> {
    this.#takes(send);
    return this.#text('offer');
  }

  async answer(offer: string, want: Uint8Array, send: MediaStreamTrack[], _receive: Kinds): Promise<string> {
    this.#peer = this.#check(offer, want);
    this.#takes(send);
    for (const s of this.#streams.filter(({ kind }) => kind === this.unplaced)) {
      s.mid = '';
      this.#pending.push(s);
    }
    this.#tell({ type: 'candidate', mid: '0', line: `candidate:1 1 udp 1 callee${this.#id}.local 9 typ host` });
    this.#tell({ type: 'gathered' });
    return this.#text('answer');
  }

  async accept(answer: string, want: Uint8Array): Promise<void> {
    this.#peer = this.#check(answer, want);
    this.#tell({ type: 'candidate', mid: '0', line: `candidate:1 1 udp 1 caller${this.#id}.local 9 typ host` });
    this.look();
    this.#peer.look();
  }

  /** Looks whether there is a path, and tells. */
  look(): void {
    const linked = this.#peer && this.#peer.#peer === this && !this.closed && !this.#peer.closed;
    if (!linked) return;
    const state = this.#world.path ? 'connected' : 'disconnected';
    const was = this.#state;
    if (state === was || (was === 'new' && state === 'disconnected')) return;
    this.#state = state;
    this.#tell({ type: 'state', state });
    if (was === 'new') this.#tell({ type: 'channelOpen' });
  }

  async addCandidate(c: { mid: string; line: string }): Promise<void> {
    this.candidates.push(c.line);
  }

  streams(): SentStream[] {
    return this.#streams.filter(({ mid }) => mid !== '');
  }

  async start(muted: Partial<Kinds> = {}): Promise<void> {
    for (const { ctx, kind, mid } of this.#streams) {
      if (!muted[kind]) continue;
      this.muted.set(ctx, true);
      if (mid === '') this.#untold.push(ctx);
      else this.#tell({ type: 'muted', ctx, muted: true });
    }
    this.started = true;
    this.mutedAtStart = this.muted.size;
    this.#peer?.frames.receive(this.frames);
  }

  untaken(): boolean {
    return this.untakenKind || this.#streams.some(({ mid }) => mid === '');
  }

  undescribed(): boolean {
    return this.unsaid;
  }

  async refused(): Promise<Withdrawn[]> {
    const gone = this.#offering ? this.#offered.splice(0) : this.#pending.splice(0);
    this.#offering = false;
    this.#streams = this.#streams.filter((s) => !gone.includes(s));
    return gone.map((s) => ({ track: this.#tracks.get(s)!, info: { mid: s.mid, kind: s.kind } }));
  }

  forget(): void {
    this.#pending.unshift(...this.#offered.splice(0));
    this.#offering = false;
  }

  async forceKeyFrames(): Promise<void> {
    this.forced++;
  }

  setIceServers(): void {}

  async describe(restart: boolean): Promise<string> {
    if (restart) this.restarts++;
    this.#offering = true;
    for (const s of this.#streams) s.mid ||= String(s.ctx);
    this.#offered = this.#pending.splice(0);
    return this.#text('offer', this.#offered.map(({ kind }) => kind));
  }

  async apply(offer: string, want: Uint8Array, accept: (t: TrackInfo) => boolean | Promise<boolean>): Promise<string> {
    this.#check(offer, want);
    if (this.#offering && !this.options.callee) throw new MediaError('glare', 'crossed');
    for (const kind of (JSON.parse(offer) as Description).adds ?? []) {
      const info: TrackInfo = { mid: 'x', kind: kind === 'audio' ? 'audio' : 'video' };
      this.asked.push(info);
      if (await accept(info)) this.#tell({ type: 'trackAdded', track: fakeTrack(info.kind), info });
    }
    return this.#text('answer');
  }

  take(mid: string): boolean {
    this.taken.push(mid);
    return true;
  }

  async described(answer: string, want: Uint8Array): Promise<void> {
    this.#check(answer, want);
    this.#offering = false;
    this.#offered = [];
    for (const ctx of this.#untold.splice(0)) this.#tell({ type: 'muted', ctx, muted: true });
  }

  async addTrack(track: MediaStreamTrack, role: TrackRole): Promise<SentStream> {
    this.#takes([track], role);
    const stream = this.#streams.at(-1) as SentStream;
    this.#pending.push(stream);
    return stream;
  }

  removeTrack(ctx: number): void {
    this.#streams = this.#streams.filter((s) => s.ctx !== ctx);
  }

  replaceTrack(): void {}

  setMuted(ctx: number, on: boolean): void {
    this.muted.set(ctx, on);
  }

  hold(on: boolean): void {
    this.held = on;
  }

  sendMessage(b: Uint8Array): void {
    if (this.closed) throw new MediaError('closed', 'closed');
    const data = b.slice();
    if (!this.#world.path || this.#world.loses(data, this.options.callee)) return;
    if (this.#peer) this.#peer.#tell({ type: 'message', data });
  }

  async stats(): Promise<unknown> {
    return {};
  }

  async close(): Promise<void> {
    this.closed = true;
  }

  /** What the connection would tell. */
  tell(e: ConnEvent): void {
    this.#tell(e);
  }

  #tell(e: ConnEvent): void {
    if (!this.closed) this.options.notify(e);
  }

  #takes(send: MediaStreamTrack[], role?: TrackRole): void {
    for (const t of send) {
      const kind = t.kind === 'audio' ? 'audio' : 'video';
      const ctx = this.#tracks.size;
      const stream: SentStream = {
        ctx, mid: String(ctx), kind, codec: kind === 'audio' ? 'opus' : 'VP8',
        role: role ?? (kind === 'audio' ? 'microphone' : 'camera'), taken: true,
      };
      this.#streams.push(stream);
      this.#tracks.set(stream, t);
    }
  }

  #text(kind: string, adds: string[] = []): string {
    const d: Description = { kind, id: this.#id, fingerprint: hex(this.forged ?? this.#print), adds };
    return JSON.stringify(d);
  }

  #check(sdp: string, want: Uint8Array): FakeConn {
    const d = JSON.parse(sdp) as Description;
    if (!equal(fromHex(d.fingerprint), want)) throw new MediaError('fingerprint', 'another fingerprint');
    const peer = this.#world.conns[d.id];
    if (!peer) throw new MediaError('description', 'nobody');
    return peer;
  }
}

/** What stands for a track. */
export function fakeTrack(kind: 'audio' | 'video'): MediaStreamTrack {
  return { kind, id: hex(random(4)) } as unknown as MediaStreamTrack;
}
