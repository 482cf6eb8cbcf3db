import { Outgoing } from './candidate.ts';
import type { Candidate } from './candidate.ts';
import { MessageChannel0 } from './channel.ts';
import { available } from './codec_preferences.ts';
import { MediaError } from './errors.ts';
import type { ConnEvent, ConnState, Kinds, SentStream, TrackInfo, TrackRole, Withdrawn } from './events.ts';
import { canSeal } from './options.ts';
import type { ConnOptions } from './options.ts';
import { Negotiation, choose, media } from './negotiate.ts';
import { RemoteCandidates } from './remote_candidates.ts';
import type { Description } from './sdp.ts';
import { allCodecs } from './sdp_codec.ts';
import { Sections } from './sections.ts';
import { snapshot } from './stats.ts';
import type { ConnStats } from './stats.ts';
import { TrackEnds } from './track_ends.ts';

/**
 * The one owner of an RTCPeerConnection, as media.Conn in Go. Steps of a negotiation are taken one after another.
 * Tracks stay the application's: none is stopped here.
 */
export class Conn {
  readonly #o: ConnOptions;
  readonly #pc: RTCPeerConnection;
  readonly #sections: Sections;
  readonly #negotiation: Negotiation;
  readonly #candidates: RemoteCandidates;
  readonly #outgoing: Outgoing;
  readonly #channel: MessageChannel0;
  readonly #ends: TrackEnds;
  #queue: Promise<unknown> = Promise.resolve();
  #used = false;
  #started = false;
  #closed = false;
  #reported: ConnState = 'new';
  #wasUp = false;

  /** Touches no network. Throws an `unsupported` MediaError where frames cannot be sealed. */
  constructor(o: ConnOptions) {
    if (!canSeal()) {
      throw new MediaError('unsupported', 'this browser cannot seal what it sends (no RTCRtpScriptTransform): ' +
        'use a current Firefox, Chromium or Safari');
    }
    this.#o = o;
    const policy = { relayOnly: o.relayOnly ?? false, lan: o.lan ?? false };
    this.#pc = new RTCPeerConnection({
      iceServers: o.iceServers, iceTransportPolicy: policy.relayOnly ? 'relay' : 'all',
      bundlePolicy: 'max-bundle', rtcpMuxPolicy: 'require', iceCandidatePoolSize: 0,
      ...(o.certificate && { certificates: [o.certificate] }),
    });
    const order = available(o.codecs ?? allCodecs);
    this.#sections = new Sections(this.#pc, o.frames, o.callee ? 0 : 1, order);
    this.#negotiation = new Negotiation({
      pc: this.#pc, sections: this.#sections, sealing: o.frames, callee: o.callee, order,
      settled: (peer) => this.#settled(peer),
    });
    this.#ends = new TrackEnds((track) => this.#trackEnded(track));
    this.#outgoing = new Outgoing(policy);
    this.#candidates = new RemoteCandidates(policy, (line, ufrag) => this.#useCandidate(line, ufrag));
    this.#channel = new MessageChannel0(this.#pc, () => this.#notify({ type: 'channelOpen' }),
      (data) => this.#notify({ type: 'message', data }));
    this.#pc.onicecandidate = (e) => this.#onCandidate(e.candidate);
    this.#pc.onconnectionstatechange = () => this.#onState();
    this.#pc.ontrack = () => this.#sections.adopt(); // sealed before anything can come
  }

  /** SHA-256 of our DTLS certificate, 32 bytes; known after offer or answer, and the same for life. */
  fingerprint(): Uint8Array {
    return this.#negotiation.fingerprint.slice();
  }

  /** The caller's first description. Nothing is gathered and no candidate exists before accept. */
  offer(send: MediaStreamTrack[], receive: Kinds): Promise<string> {
    return this.#step(() => {
      this.#first();
      this.#attachAll(send);
      for (const s of this.#sections.all()) {
        s.wanted = receive[s.kind];
      }
      for (const kind of ['audio', 'video'] as const) {
        if (receive[kind] && !this.#sections.all().some((s) => s.kind === kind)) {
          this.#sections.add(kind).wanted = true;
        }
      }
      return this.#negotiation.offer(false);
    });
  }

  /** The caller's second step: the peer's answer, whose one fingerprint must be `want`. Gathering starts. */
  accept(answer: string, want: Uint8Array): Promise<void> {
    return this.#step(() => {
      this.#expect(!this.#negotiation.stable);
      return this.#negotiation.answered(answer, want);
    });
  }

  /**
   * The callee's first and only step; gathering starts. Tracks of the peer whose kind is not in `receive` are refused.
   * What the offer has no section for waits for the next describe, see untaken.
   */
  answer(offer: string, want: Uint8Array, send: MediaStreamTrack[], receive: Kinds): Promise<string> {
    return this.#step(() => {
      this.#expect(!this.#used);
      const checked = this.#negotiation.proposed(offer, want); // what is refused changes nothing
      this.#first();
      return this.#negotiation.take(checked, () => {
        choose(this.#sections, checked, receive);
        this.#attachAll(send);
        for (const s of this.#sections.all()) {
          s.wanted ||= s.transceiver.mid === null && receive[s.kind];
        }
      });
    });
  }

  /**
   * Makes a description that tells the peer what changed: tracks added, replaced or removed, hold; with `restart` ICE
   * starts anew. The peer's answer goes to described. A `state` error while another one is under way.
   */
  describe(restart: boolean): Promise<string> {
    return this.#step(() => {
      this.#expect(this.#negotiation.stable && !this.#negotiation.pending);
      return this.#negotiation.offer(restart);
    });
  }

  /** Takes the peer's answer to describe. A `state` error if that was dropped because descriptions crossed. */
  described(answer: string, want: Uint8Array): Promise<void> {
    return this.#step(() => {
      this.#expect(this.#negotiation.stable);
      return this.#negotiation.answered(answer, want);
    });
  }

  /** Drops a description of ours that will not be answered. */
  forget(): void {
    if (this.#negotiation.stable) {
      this.#negotiation.forget();
    }
  }

  /**
   * The peer refused our description, or none could be made: takes back what is in it for the first time, or no later one
   * would fare better. Gives the tracks that are not sent; they may be added again.
   */
  refused(): Promise<Withdrawn[]> {
    return this.#step(() => this.#negotiation.stable ? this.#negotiation.refused() : []);
  }

  /**
   * Takes a description of the peer and makes the answer. `accept` decides on each track that is new and may take its
   * time.
   * When descriptions cross, the callee drops its own (make it again after), and the caller throws a `glare` error.
   */
  async apply(offer: string, want: Uint8Array, accept: (t: TrackInfo) => boolean | Promise<boolean>): Promise<string> {
    const news = await this.#step(() => {
      this.#expect(this.#negotiation.stable);
      return this.#negotiation.news(this.#negotiation.proposed(offer, want));
    });
    const agreed = new Set<string>();
    for (const track of news) { // nothing waits while somebody thinks about it
      if (await accept(track)) {
        agreed.add(track.mid);
      }
    }
    return this.#step(() => {
      const checked = this.#negotiation.proposed(offer, want);
      return this.#negotiation.take(checked, () => {
        for (const line of media(checked)) {
          const s = this.#sections.byMid(line.mid);
          if (s !== undefined && agreed.has(line.mid)) {
            s.wanted = true;
          }
        }
      });
    });
  }

  /**
   * Agrees to a track that apply refused, because nobody had decided by then; the next describe asks the peer for it.
   * False: the peer does not want to send there any more, or it is taken already.
   */
  take(mid: string): boolean {
    const s = this.#sections.byMid(mid);
    if (this.#closed || !this.#negotiation.stable || !s?.peerSends || s.wanted) {
      return false;
    }
    return s.wanted = true;
  }

  /** Takes a candidate of the peer, before or after its description. */
  async addCandidate(c: Candidate): Promise<void> {
    if (!this.#closed && c.line !== '') {
      this.#candidates.add(c.line); // its mid is of no use: all sections are bundled
    }
  }

  /** What we send, in the order of the sections; known after offer or answer. */
  streams(): SentStream[] {
    return this.#sections.streams();
  }

  /**
   * Reports whether the peer has no section for something that we send, or takes nothing there: describe asks it to.
   */
  untaken(): boolean {
    return this.#sections.sending().some((s) => !(s.negotiated && s.peerTakes));
  }

  /** Reports whether something that we send is not what both sides know: a describe tells the peer. */
  undescribed(): boolean {
    return this.#sections.sending().some((s) => !s.negotiated);
  }

  /**
   * Lets our tracks be sent as soon as the path is up, but for the kinds that begin muted; where setMuted was called, that
   * counts. Nothing is sent before.
   */
  async start(muted: Partial<Kinds> = {}): Promise<void> {
    for (const s of this.#sections.sending()) {
      if (muted[s.kind] && s.muted === undefined) {
        s.muted = s.untold = true; // also where the peer has no section yet
      }
    }
    this.#started = true;
    await this.#flow();
  }

  /** Adds a track; it is sent after the next describe. What it gives is the stream as it is declared at any time. */
  addTrack(track: MediaStreamTrack, role: TrackRole): Promise<SentStream> {
    return this.#step(async () => {
      this.#expect(this.#negotiation.stable);
      const s = this.#sections.attach(track, role);
      this.#ends.watch(track);
      await s.flow(false);
      const sections = this.#sections;
      return {
        get ctx() { return s.ctx ?? -1; }, get mid() { return s.mid; }, kind: s.kind, role,
        get codec() { return sections.codecOf(s); }, get taken() { return s.taken; },
      };
    });
  }

  /** Ends a stream at once; the next describe tells the peer. */
  async removeTrack(ctx: number): Promise<void> {
    const s = this.#sections.byCtx(ctx);
    this.#ends.unwatch(s.track);
    s.track = undefined;
    await s.flow(false);
  }

  /** Swaps the track of a stream for another of its kind, without a describe. */
  async replaceTrack(ctx: number, track: MediaStreamTrack): Promise<void> {
    const s = this.#sections.byCtx(ctx);
    if (track.kind !== s.kind) {
      throw new MediaError('state', `stream ${ctx} is ${s.kind}: it keeps its kind for life`);
    }
    this.#ends.unwatch(s.track);
    s.track = track;
    this.#ends.watch(track);
    await this.#flow();
  }

  /** Takes the track of a stream off the wire, so that not even silence is sent, or puts it back. */
  async setMuted(ctx: number, on: boolean): Promise<void> {
    this.#sections.byCtx(ctx).muted = on;
    await this.#flow();
  }

  /** Stops everything in both directions, or goes on; the next describe tells the peer. */
  async hold(on: boolean): Promise<void> {
    this.#negotiation.held = on;
    for (const s of this.#sections.all()) {
      s.transceiver.receiver.track.enabled = !on;
    }
    await this.#flow();
  }

  /** Asks our encoders for key frames, as after a change of keys; where the browser cannot, the worker does. */
  async forceKeyFrames(): Promise<void> {
    for (const { kind, transceiver: { sender } } of this.#sections.sending()) {
      if (kind === 'video' && sender.track !== null) {
        const set = sender.setParameters.bind(sender) as (p: RTCRtpSendParameters, o: object) => Promise<void>;
        const parameters = sender.getParameters();
        const encodingOptions = parameters.encodings.map(() => ({ keyFrame: true }));
        await set(parameters, { encodingOptions }).catch(() => undefined);
      }
    }
  }

  /** Renews the servers, as when their credentials were; used from the next ICE restart on. */
  setIceServers(servers: RTCIceServer[]): void {
    this.#expect(true);
    this.#pc.setConfiguration({ ...this.#pc.getConfiguration(), iceServers: servers });
  }

  /** Sends one message of at most 32 KiB, in order, without waiting. Throws `notOpen` and `backlog` errors. */
  sendMessage(b: Uint8Array): void {
    this.#expect(true);
    this.#channel.send(b);
  }

  /** What was sent and received up to now. It holds no address. */
  async stats(): Promise<ConnStats> {
    return snapshot(await this.#pc.getStats(), this.#sections.all());
  }

  /** Ends everything at once; no event follows. Idempotent. */
  close(): void {
    if (this.#closed) {
      return;
    }
    this.#closed = true;
    this.#ends.clear();
    this.#channel.close();
    this.#pc.onicecandidate = this.#pc.onconnectionstatechange = this.#pc.ontrack = null;
    this.#pc.close();
  }

  /** Takes a step after all steps before it. */
  #step<T>(f: () => T | Promise<T>): Promise<T> {
    const done = this.#queue.then(() => {
      this.#expect(true);
      return f();
    });
    this.#queue = done.catch(() => undefined);
    return done;
  }

  #expect(ok: boolean): void {
    if (this.#closed) {
      throw new MediaError('closed', 'the connection is closed');
    }
    if (!ok) {
      throw new MediaError('state', 'the step does not fit where the negotiation stands');
    }
  }

  #first(): void {
    this.#expect(!this.#used);
    this.#used = true;
  }

  #attachAll(send: readonly MediaStreamTrack[]): void {
    for (const kind of ['audio', 'video']) {
      const [first, second] = send.filter((t) => t.kind === kind);
      for (const [track, role] of [[first, kind === 'audio' ? 'microphone' : 'camera'], [second, 'screen']] as const) {
        if (track !== undefined) {
          this.#sections.attach(track, role);
          this.#ends.watch(track);
        }
      }
    }
  }

  #trackEnded(track: MediaStreamTrack): void {
    const s = this.#sections.sending().find((o) => o.track === track);
    if (s !== undefined) {
      this.#notify({ type: 'trackEnded', info: s.info(), sent: true });
    }
  }

  /** Says for every section whether its track may be sent now. */
  async #flow(): Promise<void> {
    const flowing = this.#started && this.#negotiation.stable && !this.#negotiation.held && !this.#closed;
    await Promise.all(this.#sections.all().map((s) => {
      if (s.untold && s.negotiated && s.ctx !== undefined) {
        s.untold = false;
        this.#notify({ type: 'muted', ctx: s.ctx, muted: s.muted === true });
      }
      return s.flow(flowing && s.negotiated && s.peerTakes);
    }));
  }

  #settled(peer: Description): void {
    this.#candidates.described(peer.ufrag, peer.candidates);
    const held = media(peer).every((line) => !line.sends && !line.receives);
    for (const s of this.#sections.all()) {
      if (!held && s.negotiated) s.taken = s.peerTakes;
      const receives = s.wanted && s.peerSends && s.transceiver.mid !== null;
      if (receives && !s.announced) {
        s.announced = true;
        this.#notify({ type: 'trackAdded', track: s.transceiver.receiver.track, info: s.info() });
      } else if (!receives && s.announced && !held) {
        s.announced = false;
        this.#notify({ type: 'trackEnded', info: s.info(), sent: false });
      }
    }
    this.#flow().catch((error: unknown) => {
      this.#notify({ type: 'state', state: 'failed', error });
      this.close(); // a track that cannot be taken off the wire must not stay on it
    });
  }

  #useCandidate(line: string, ufrag: string): void {
    this.#pc.addIceCandidate({ candidate: line, sdpMLineIndex: 0, usernameFragment: ufrag })
      .catch(() => undefined); // one that the browser cannot use leaves the others
  }

  #onCandidate(found: RTCIceCandidate | null): void {
    if (found === null) {
      this.#notify({ type: 'gathered' });
      return;
    }
    try {
      const line = this.#outgoing.rewrite(found.candidate, found.usernameFragment ?? this.#negotiation.ufrag);
      this.#notify({ type: 'candidate', mid: found.sdpMid ?? '0', line });
    } catch (e) {
      if (!(e instanceof MediaError)) {
        throw e;
      } // never sent
    }
  }

  #onState(): void {
    const state = this.#pc.connectionState;
    if (state === this.#reported || state === 'closed') {
      return;
    }
    this.#reported = state;
    this.#wasUp ||= state === 'connected';
    if (state === 'connected') this.#o.frames.connected().catch(() => undefined); // its owner hears if it died
    this.#notify(state === 'failed' ? { type: 'state', state, error: this.#failure() } : { type: 'state', state });
  }

  #failure(): MediaError {
    // Firefox says of DTLS that it failed when the path is lost, too, and after it was up for no other reason.
    const path = this.#pc.iceConnectionState === 'connected' || this.#pc.iceConnectionState === 'completed';
    return path && !this.#wasUp && this.#pc.sctp?.transport.state === 'failed'
      ? new MediaError('fingerprint', 'DTLS failed: whoever answered does not hold the key behind the fingerprint')
      : new MediaError('state', 'no network path to the peer: is a TURN server reachable from both sides?');
  }

  #notify(e: ConnEvent): void {
    if (!this.#closed) {
      this.#o.notify(e);
    }
  }
}
