/** One member of a group in the tests against Go, on either side: the same operations, the same answers. */
import { base64url, hex } from '../bytes.ts';
import { Frames } from '../frames/frames.ts';
import { layoutOf } from '../frames/layout.ts';
import type { Stream } from '../frames/streams.ts';
import { encodeBinding, Group, type KeyPackage } from '../mls/index.ts';
import { generateOwn } from '../mls/testing.ts';
import { bytesOf, type Fields, type Peer } from './peer.ts';

/** What all members of an epoch must agree on, as text. */
export interface Agreed {
  epoch: number;
  authenticator: string;
  base: string;
  /** Leaf, identity and binding of each member. */
  roster: string[];
}

/** What a message was, for either side. */
export interface Heard {
  kind: string;
  leaf?: number;
  data?: Uint8Array;
  removed?: boolean;
}

/** A member. Those that reject leave it as it was. */
export interface Party {
  readonly name: string;
  readonly side: 'ts' | 'go';
  create(call: Uint8Array): Promise<void>;
  keyPackage(): Promise<Uint8Array>;
  join(welcome: Uint8Array, call: Uint8Array): Promise<void>;
  add(keyPackage: Uint8Array, path: boolean): Promise<{ welcome: Uint8Array; commit: Uint8Array }>;
  commit(): Promise<Uint8Array>;
  remove(leaf: number): Promise<Uint8Array>;
  propose(removed?: number): Promise<Uint8Array>;
  protect(data: Uint8Array, padding: number): Promise<Uint8Array>;
  handle(message: Uint8Array): Promise<Heard>;
  leaf(): Promise<number>;
  agreed(): Promise<Agreed>;
  /** Takes frame keys of its group's present epoch, and what the members at these leaves send. */
  takeFrameKeys(leaves: number[], streams: readonly Stream[]): Promise<void>;
  sealFrames(s: Sealed, frames: Uint8Array[]): Promise<Uint8Array[]>;
  /** Opens what the member at this leaf has sealed; what does not open is its reason. */
  openFrames(leaf: number, s: Sealed, frames: Uint8Array[]): Promise<(Uint8Array | string)[]>;
}

/** Of which stream frames are, in which codec's layout, and whether they are key frames. */
export interface Sealed {
  ctx: number;
  codec: string;
  key: boolean;
}

/** A member in this process. limit is how many members its groups may have. */
export class Ours implements Party {
  readonly name: string;
  readonly side = 'ts';
  readonly #creates: boolean;
  readonly #limit: number;
  #group: Group | undefined;
  #kp: KeyPackage | undefined;
  #frames = new Frames();

  constructor(name: string, creates: boolean, limit: number) {
    this.name = `ts:${name}`;
    this.#creates = creates;
    this.#limit = limit;
  }

  get group(): Group {
    if (!this.#group) throw new Error(`${this.name} is in no group`);
    return this.#group;
  }

  async create(call: Uint8Array): Promise<void> {
    this.#group = await Group.create({ call, ...(await generateOwn(this.#creates)), limit: this.#limit });
  }

  async keyPackage(): Promise<Uint8Array> {
    this.#kp = await Group.keyPackage(await generateOwn(this.#creates));
    return this.#kp.message;
  }

  async join(welcome: Uint8Array, call: Uint8Array): Promise<void> {
    if (!this.#kp) throw new Error('a KeyPackage comes first');
    this.#group = await Group.join(welcome, this.#kp, { call, peers: 'anybody', limit: this.#limit });
  }

  add(keyPackage: Uint8Array): Promise<{ welcome: Uint8Array; commit: Uint8Array }> {
    return this.group.add(keyPackage);
  }

  commit(): Promise<Uint8Array> {
    return this.group.commit();
  }

  remove(leaf: number): Promise<Uint8Array> {
    return this.group.remove(leaf);
  }

  propose(removed?: number): Promise<Uint8Array> {
    return removed === undefined ? this.group.proposeUpdate() : this.group.proposeRemove(removed);
  }

  protect(data: Uint8Array): Promise<Uint8Array> {
    return this.group.protect(data);
  }

  handle(message: Uint8Array): Promise<Heard> {
    return this.group.handle(message);
  }

  async leaf(): Promise<number> {
    return this.group.ownLeaf;
  }

  async agreed(): Promise<Agreed> {
    const base = await this.group.export('SFrame 1.0 Base Key', new Uint8Array(0), 32);
    const roster = this.group.members().map((m) => `${m.leaf} ${base64url(m.id)} ${base64url(encodeBinding(m.binding))}`);
    return { epoch: this.group.epoch, authenticator: hex(this.group.authenticator()), base: hex(base), roster };
  }

  async takeFrameKeys(leaves: number[], streams: readonly Stream[]): Promise<void> {
    const g = this.group;
    this.#frames = new Frames();
    const baseKey = await g.export('SFrame 1.0 Base Key', new Uint8Array(0), 32);
    this.#frames.install({ epoch: g.epoch, baseKey, ownLeaf: g.ownLeaf, leaves: g.members().map((m) => m.leaf) });
    this.#frames.switchSend(g.epoch);
    for (const leaf of leaves) this.#frames.declare(leaf, streams);
  }

  async sealFrames(s: Sealed, frames: Uint8Array[]): Promise<Uint8Array[]> {
    const sealer = this.#frames.sealer(s.ctx);
    return frames.map((f) => {
      const sealed = layoutOf(s.codec)!.seal(f, s.key, sealer);
      if (typeof sealed === 'string') throw new Error(`${this.name} does not seal ${s.codec}: ${sealed}`);
      return sealed;
    });
  }

  async openFrames(leaf: number, s: Sealed, frames: Uint8Array[]): Promise<(Uint8Array | string)[]> {
    const opener = this.#frames.opener(leaf, String(s.ctx));
    return frames.map((f) => layoutOf(s.codec)!.open(f, opener));
  }
}

/** A member in the Go program. */
export class Theirs implements Party {
  readonly name: string;
  readonly side = 'go';
  readonly #peer: Peer;

  private constructor(peer: Peer, name: string) {
    this.#peer = peer;
    this.name = name;
  }

  /** Makes one; fields are those of mls.new. */
  static async make(peer: Peer, name: string, fields: Fields = {}): Promise<Theirs> {
    await peer.request('mls.new', { ...fields, name: `go:${name}` });
    return new Theirs(peer, `go:${name}`);
  }

  /** Any op of the program for this member. */
  ask(op: string, fields: Fields = {}): Promise<Fields> {
    return this.#peer.request(op, { ...fields, name: this.name });
  }

  async create(call: Uint8Array): Promise<void> {
    await this.ask('mls.create', { call });
  }

  async keyPackage(): Promise<Uint8Array> {
    return bytesOf(await this.ask('mls.keyPackage'), 'message');
  }

  async join(welcome: Uint8Array): Promise<void> {
    await this.ask('mls.join', { welcome });
  }

  async add(keyPackage: Uint8Array, path: boolean): Promise<{ welcome: Uint8Array; commit: Uint8Array }> {
    const c = await this.ask('mls.commit', { proposals: [{ type: 'add', keyPackage }], path });
    return { welcome: bytesOf(c, 'welcome'), commit: bytesOf(c, 'commit') };
  }

  async commit(): Promise<Uint8Array> {
    return bytesOf(await this.ask('mls.commit'), 'commit');
  }

  async remove(removed: number): Promise<Uint8Array> {
    return bytesOf(await this.ask('mls.commit', { proposals: [{ type: 'remove', removed }] }), 'commit');
  }

  async propose(removed?: number): Promise<Uint8Array> {
    const fields = removed === undefined ? { type: 'update' } : { type: 'remove', removed };
    return bytesOf(await this.ask('mls.propose', fields), 'message');
  }

  async protect(data: Uint8Array, padding: number): Promise<Uint8Array> {
    return bytesOf(await this.ask('mls.protect', { message: data, padding }), 'message');
  }

  async handle(message: Uint8Array): Promise<Heard> {
    const h = await this.ask('mls.handle', { message });
    const data = typeof h['data'] === 'string' ? bytesOf(h, 'data') : new Uint8Array(0);
    return { kind: String(h['kind']), leaf: Number(h['leaf']), data, removed: h['removed'] === true };
  }

  async leaf(): Promise<number> {
    return Number((await this.ask('mls.state'))['leaf']);
  }

  async agreed(): Promise<Agreed> {
    const s = await this.ask('mls.state');
    const [leaves, ids, bindings] = [s['leaves'] as number[], s['ids'] as string[], s['bindings'] as string[]];
    const text = (b: string | undefined) => base64url(new Uint8Array(Buffer.from(b ?? '', 'base64')));
    return {
      epoch: Number(s['epoch']), authenticator: hex(bytesOf(s, 'authenticator')), base: hex(bytesOf(s, 'base')),
      roster: leaves.map((l, i) => `${l} ${text(ids[i])} ${text(bindings[i])}`),
    };
  }

  async takeFrameKeys(leaves: number[], streams: readonly Stream[]): Promise<void> {
    await this.ask('mls.frames');
    for (const leaf of leaves) await this.ask('frames declare', { leaf, streams });
  }

  async sealFrames(s: Sealed, payloads: Uint8Array[]): Promise<Uint8Array[]> {
    return payloadsOf(await this.ask('frames seal', { ...s, payloads })).map((p) => {
      if (typeof p === 'string') throw new Error(`${this.name} does not seal ${s.codec}: ${p}`);
      return p;
    });
  }

  async openFrames(leaf: number, s: Sealed, payloads: Uint8Array[]): Promise<(Uint8Array | string)[]> {
    return payloadsOf(await this.ask('frames open', { ...s, leaf, mid: String(s.ctx), payloads }));
  }
}

/** Frames of an answer; of those that failed, why. */
function payloadsOf(answer: Fields): (Uint8Array | string)[] {
  const errors = answer['errors'] as string[];
  return (answer['payloads'] as (string | null)[]).map((p, i) => errors[i] || new Uint8Array(Buffer.from(p ?? '', 'base64')));
}
