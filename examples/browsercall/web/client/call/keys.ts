// The secrets of one side of one call, and what it knows of the other side's.

import { equal, hex, random } from '../bytes.ts';
import { FramesError } from '../frames/errors.ts';
import { addressOf, checkBox } from '../identity/id.ts';
import { sas as shortString, sasCommit } from '../identity/sas.ts';
import { InCall } from './message-incall.ts';
import type { InCallType } from './message-incall.ts';
import { Ack, Bye, MessageType, mlsSuite, protocolVersion, sframeSuite } from './message.ts';
import type { AcceptBody, InviteBody, StreamBody, WelcomeBody } from './message.ts';
import type { AckInput, Hash, SetupMessage } from './input.ts';
import { within } from './patience.ts';
import type {
  Binding, Box, FramesLike, GroupLike, Groups, ID, Member, OwnIdentity, OwnKeyPackage, OwnMailbox, Packet,
} from './ports.ts';
import { AuthError, StateError } from './reason.ts';
import type { Role } from './state.ts';

/** A message that came, whose hash others refer to. */
export interface Received<B> {
  hash: Uint8Array;
  body: B;
}

/** A packet to send, and H of the payload in it. */
export interface SealedPacket {
  packet: Packet;
  hash: Uint8Array;
}

const zeros = new Uint8Array(32);

/** How long the thread that seals frames may take for an order, in milliseconds. */
const orderTime = 5000;

/** The thread that seals frames has failed, or takes too long. It is nobody's attack. */
export class WorkerError extends Error {}

/** Waits for an order to it. What breaks the rules of keys and streams stays FramesError. */
function ordered(what: string, order: Promise<void>): Promise<void> {
  return within(orderTime, what, order).catch((e: unknown) => {
    throw e instanceof FramesError ? e : new WorkerError(e instanceof Error ? e.message : what);
  });
}

/** What a side of a call is made of. */
export interface KeysOptions {
  identity: OwnIdentity;
  peer: ID;
  call: Uint8Array;
  role: Role;
  own: OwnMailbox;
  groups: Groups;
  frames: FramesLike;
}

/** Says whether this version can take an Invite. */
export function isSupported(b: InviteBody): boolean {
  return b.version === protocolVersion && b.mlsSuite === mlsSuite && b.sframeSuite === sframeSuite;
}

/** The packet of a box. */
export function packetTo(to: Box, box: Uint8Array): Packet {
  return { to: addressOf(to), token: to.token, body: box };
}

/** Keys of one call. They belong to its loop, and nothing of them outlives it: destroy is called on every way out. */
export class CallKeys {
  readonly peer: ID;
  readonly call: Uint8Array;
  readonly role: Role;
  readonly own: OwnMailbox;
  readonly frames: FramesLike;
  /** nonceA or nonceB: 32 random bytes. */
  readonly nonce = random(32);
  /** Packets of set-up, to be repeated. */
  readonly sealed = new Map<SetupMessage, Packet>();
  /** What the other side has declared to send. */
  streams: readonly StreamBody[] = [];

  /** Our certificate, known once the connection has made a description. */
  dtlsOwn: Uint8Array | undefined;
  theirs: Box | undefined;
  invite: InviteBody | undefined;
  hInvite: Uint8Array = zeros;
  hAccept: Uint8Array | undefined;
  /** The last Commit, for repetition. */
  committed: Uint8Array | undefined;
  group: GroupLike | undefined;
  welcome: Uint8Array | undefined;

  readonly #identity: OwnIdentity;
  readonly #groups: Groups;
  #expected: Binding | undefined;
  #keyPackage: OwnKeyPackage | undefined;
  #prepared: { dtls: Uint8Array; made: Promise<OwnKeyPackage> } | undefined;
  #seq = 0;
  #inCallSeq = 0;

  constructor(o: KeysOptions) {
    this.peer = o.peer;
    this.call = o.call;
    this.role = o.role;
    this.own = o.own;
    this.frames = o.frames;
    this.#identity = o.identity;
    this.#groups = o.groups;
  }

  /** Says little when it is logged or turned into JSON. */
  toJSON(): string {
    return 'keys of a call';
  }

  get ownLeaf(): number {
    return this.role === 'caller' ? 0 : 1;
  }

  get theirLeaf(): number {
    return 1 - this.ownLeaf;
  }

  /** The fingerprint that every description of the other side must have. */
  get dtlsTheirs(): Uint8Array {
    if (!this.#expected) throw new StateError('the other side is not known yet');
    return this.#expected.dtls;
  }

  /** The caller's commitment to its nonce. */
  commitment(): Uint8Array {
    return sasCommit(this.call, this.nonce);
  }

  /** Takes what an Invite says: where answers go, and what the caller's leaf will have to say. Throws for weak keys. */
  invited(invite: InviteBody, hash: Uint8Array): void {
    checkBox(invite.box);
    this.invite = invite;
    this.hInvite = hash;
    this.theirs = invite.box;
    this.#expected = { dtls: invite.dtls, invite: zeros, box: invite.box };
  }

  /** Makes the envelope of one message. Set-up refers to the Invite, what follows the Accept to the Accept. */
  async seal(to: Box, type: MessageType, body: Uint8Array): Promise<SealedPacket> {
    const ref = this.#refOf(type);
    const seq = this.#seq++;
    const m = { to: this.peer, call: this.call, seq, time: Date.now(), type, body };
    const { box, hash } = await this.#identity.seal(to, ref ? { ...m, ref } : m);
    return { packet: packetTo(to, box), hash };
  }

  #refOf(type: MessageType): Uint8Array | undefined {
    switch (type) {
      case MessageType.Invite:
        return undefined;
      case MessageType.Ringing:
      case MessageType.Accept:
      case MessageType.Decline:
      case MessageType.Cancel:
        return this.hInvite;
      default:
        return this.hAccept ?? zeros;
    }
  }

  /** Makes the callee's KeyPackage before there is a connection, for the certificate that it will have. */
  prepare(dtls: Uint8Array): void {
    const made = this.#makeKeyPackage({ dtls, invite: this.hInvite, box: this.own.box });
    made.catch(() => undefined); // keyPackage hears of it
    this.#prepared = { dtls, made };
  }

  #makeKeyPackage(binding: Binding): Promise<OwnKeyPackage> {
    return this.#groups.keyPackage({ id: this.#identity.id, signer: this.#identity.signer, binding });
  }

  /** The callee's KeyPackage; its private half waits for the Welcome. */
  async keyPackage(): Promise<Uint8Array> {
    const binding = this.#binding(this.hInvite);
    const ready = this.#prepared;
    const kp = await (ready && equal(ready.dtls, binding.dtls) ? ready.made : this.#makeKeyPackage(binding));
    this.#keyPackage = kp;
    return kp.message;
  }

  #binding(invite: Uint8Array): Binding {
    if (!this.dtlsOwn) throw new StateError('there is no certificate yet');
    return { dtls: this.dtlsOwn, invite, box: this.own.box };
  }

  /** Caller: makes the group for an Accept that proves to come from the one who was invited. Throws if it does not. */
  async found(accept: Received<AcceptBody>): Promise<void> {
    checkBox(accept.body.box);
    this.group = await this.#groups.create({
      call: this.call, id: this.#identity.id, signer: this.#identity.signer, binding: this.#binding(zeros),
      peers: [this.peer],
    });
    const { welcome } = await this.group.add(accept.body.keyPackage, (m) => this.#admit(m, accept.body.box));
    this.theirs = accept.body.box;
    this.hAccept = accept.hash;
    this.welcome = welcome;
    this.#checkMembers();
    await this.#began(accept.body.streams);
  }

  #admit(m: Member, box: Box): void {
    const b = m.binding;
    if (!equal(m.id, this.peer) || !equal(b.invite, this.hInvite) || !sameBox(b.box, box)) throw new AuthError();
    this.#expected = b;
  }

  /** Callee: joins the group of a Welcome that has proved to come from the caller. Throws if it has not. */
  async joined(w: Received<WelcomeBody>): Promise<void> {
    if (!this.invite || !this.#keyPackage) throw new StateError('no Welcome was due');
    if (!equal(sasCommit(this.call, w.body.nonce), this.invite.commitment)) {
      throw new AuthError('the nonce is not the one that was committed to');
    }
    this.group = await this.#groups.join(w.body.welcome, this.#keyPackage, { call: this.call, peers: [this.peer] });
    if (this.group.epoch !== 1) throw new AuthError('not the group that was promised');
    this.#checkMembers();
    await this.#began(w.body.streams);
  }

  /** The other side's leaf is held to what it has said once: certificate, Invite and mailbox are those of the call. */
  #checkMembers(): void {
    const g = this.group;
    const members = g?.members() ?? [];
    const them = members.find((m) => m.leaf === this.theirLeaf);
    const want = this.#expected;
    if (members.length !== 2 || g?.ownLeaf !== this.ownLeaf || !them || !want || !equal(them.id, this.peer) ||
      !sameBinding(them.binding, want)) {
      throw new AuthError('not the group that was promised');
    }
  }

  async #began(theirs: StreamBody[]): Promise<void> {
    await Promise.all([this.declare(theirs), this.install()]); // one way there and back, not two
  }

  /** Notes what the other side sends. Throws for what contradicts an earlier declaration. */
  async declare(theirs: StreamBody[]): Promise<void> {
    await ordered('declaring streams', this.frames.declare(this.theirLeaf, theirs));
    this.streams = theirs;
  }

  /** Makes the receive keys of the group's epoch. */
  async install(): Promise<void> {
    const g = this.#theGroup();
    this.#checkMembers();
    const baseKey = await g.export('SFrame 1.0 Base Key', new Uint8Array(0), 32);
    try {
      const leaves = g.members().map((m) => m.leaf);
      const epoch = { epoch: g.epoch, baseKey, ownLeaf: g.ownLeaf, leaves };
      await ordered('installing keys', this.frames.install(epoch));
    } finally {
      baseKey.fill(0);
    }
  }

  /** Seals frames with the keys of this epoch from now on. */
  switchSend(epoch: number): Promise<void> {
    return ordered('switching keys', this.frames.switchSend(epoch));
  }

  /** Encrypts an in-call message for the group. */
  async protect(type: InCallType, body: Uint8Array): Promise<Uint8Array> {
    const g = this.#theGroup();
    return g.protect(InCall.encode({ type, seq: ++this.#inCallSeq, body }));
  }

  /** What the machine must know of the group. */
  epoch(): { is: 'group'; epoch: number; auth: Hash } {
    const g = this.#theGroup();
    return { is: 'group', epoch: g.epoch, auth: hex(g.authenticator()) };
  }

  /** The 6 bytes of the emoji; theirs is the other side's nonce. */
  sas(theirs: Uint8Array): Uint8Array {
    const [a, b] = this.role === 'caller' ? [this.nonce, theirs] : [theirs, this.nonce];
    return shortString(a, b, this.hInvite, this.hAccept ?? zeros);
  }

  #theGroup(): GroupLike {
    if (!this.group) throw new StateError('there are no keys yet: wait until the call is accepted');
    return this.group;
  }

  /** Forgets everything. Idempotent. */
  destroy(): void {
    this.own.destroy();
    this.frames.destroy();
    this.group?.destroy();
    this.group = undefined;
    this.#keyPackage?.destroy();
    this.#keyPackage = undefined;
    this.#prepared?.made.then((kp) => kp.destroy()).catch(() => undefined);
    this.nonce.fill(0);
    this.welcome?.fill(0);
    this.sealed.clear();
  }
}

/** The bodies of what is said over and over. */
export function ackBody(epoch: number, auth: Uint8Array, got: boolean): Uint8Array {
  return Ack.encode({ epoch, authenticator: auth, got });
}

/** The body of a Bye. */
export function byeBody(reason: number): Uint8Array {
  return Bye.encode({ reason });
}

/** An Ack as the machine compares it. */
export function ackInput(ref: Hash, body: Uint8Array): AckInput {
  const a = Ack.parse(body);
  return { is: 'ack', ref, epoch: a.epoch, auth: hex(a.authenticator), got: a.got };
}

function sameBinding(a: Binding, b: Binding): boolean {
  return equal(a.dtls, b.dtls) && equal(a.invite, b.invite) && sameBox(a.box, b.box);
}

function sameBox(a: Box, b: Box): boolean {
  return equal(a.ed25519, b.ed25519) && equal(a.hpke, b.hpke) && equal(a.token, b.token);
}
