// A peer connection without a network, for tests: it writes descriptions as a browser does, and notes what it was told.

type Kind = 'audio' | 'video';

/** Notes every step of all fakes of a test, in order. */
export const steps: string[] = [];

class End {
  #transform: unknown = null;
  track: unknown;
  readonly name: string;

  constructor(name: string, track: unknown) {
    this.name = name;
    this.track = track;
  }

  get transform(): unknown {
    return this.#transform;
  }

  set transform(t: unknown) {
    steps.push(`${this.name} transform`);
    this.#transform = FakePC.deaf ? null : t;
  }

  async replaceTrack(track: unknown): Promise<void> {
    steps.push(`${this.name} ${track === null ? 'no track' : 'track'}`);
    this.track = track;
  }

  getParameters(): { encodings: { active?: boolean }[] } {
    return { encodings: [{}] };
  }

  async setParameters(p: { encodings: { active?: boolean }[] }): Promise<void> {
    steps.push(`${this.name} ${p.encodings[0]?.active ? 'active' : 'stopped'}`);
  }
}

/** One transceiver. */
export class FakeTransceiver {
  mid: string | null = null;
  direction = 'inactive';
  readonly kind: Kind;
  readonly sender: End;
  readonly receiver: End & { track: { kind: Kind; enabled: boolean } };

  constructor(kind: Kind, index: number) {
    this.kind = kind;
    this.sender = new End(`sender ${index}`, null);
    this.receiver = new End(`receiver ${index}`, { kind, enabled: true }) as FakeTransceiver['receiver'];
  }

  setCodecPreferences(): void {
    // descriptions here have one codec each
  }
}

/** Stands in for RTCPeerConnection. */
export class FakePC {
  /** True makes a browser that takes no transform. */
  static deaf = false;
  static readonly made: FakePC[] = [];
  connectionState = 'new';
  onicecandidate: ((e: { candidate: unknown }) => void) | null = null;
  onconnectionstatechange: (() => void) | null = null;
  ontrack: (() => void) | null = null;
  readonly added: { candidate: string }[] = [];
  #transceivers: FakeTransceiver[] = [];
  #remote = '';
  #role = 'active'; // in DTLS, for life, once the first description of ours is in force
  #decided = false;
  #first: number | undefined; // so many sections stand before that of the channel, as in the first description

  constructor() {
    FakePC.made.push(this);
  }

  createDataChannel(): object {
    return { readyState: 'connecting', bufferedAmount: 0 };
  }

  addTransceiver(kind: Kind): FakeTransceiver {
    const t = new FakeTransceiver(kind, this.#transceivers.length);
    this.#transceivers.push(t);
    return t;
  }

  getTransceivers(): FakeTransceiver[] {
    return this.#transceivers;
  }

  async createOffer(): Promise<{ sdp: string }> {
    steps.push('createOffer');
    return { sdp: this.#write('actpass', this.#transceivers) };
  }

  async createAnswer(): Promise<{ sdp: string }> {
    return { sdp: this.#write(this.#role, this.#transceivers.filter((t) => t.mid !== null)) };
  }

  async setLocalDescription(d: { type: string; sdp?: string }): Promise<void> {
    steps.push(`local ${d.type}`);
    this.#role = !this.#decided && d.type === 'offer' ? 'passive' : this.#role;
    this.#decided = true;
    this.#first ??= mids(d.sdp ?? '').length;
    this.#transceivers.forEach((t, i) => {
      t.mid = mids(d.sdp ?? '')[i] ?? null;
    });
  }

  async setRemoteDescription(d: { type: string; sdp?: string }): Promise<void> {
    steps.push(`remote ${d.type}`);
    this.#remote = d.sdp ?? '';
    const known = new Set(this.#transceivers.map((t) => t.mid));
    for (const [i, kind] of [...this.#remote.matchAll(/^m=(audio|video)/gm)].map((m) => m[1] as Kind).entries()) {
      if (d.type === 'offer' && !known.has(mids(this.#remote)[i] ?? null)) {
        this.addTransceiver(kind).mid = mids(this.#remote)[i] ?? null;
      }
    }
    this.ontrack?.();
  }

  async addIceCandidate(c: { candidate: string }): Promise<void> {
    this.added.push(c);
  }

  close(): void {
    steps.push('close');
    this.connectionState = 'closed';
  }

  #write(setup: string, transceivers: FakeTransceiver[]): string {
    const transport = ['c=IN IP4 192.168.1.4', 'a=ice-ufrag:Zk3q', 'a=ice-pwd:0123456789abcdefghijABCD',
      `a=setup:${setup}`];
    const sections = transceivers.map((t, i) => [
      `m=${t.kind} 9 UDP/TLS/RTP/SAVPF 96`, ...transport, `a=mid:${t.mid ?? i}`, `a=${t.direction}`, 'a=rtcp-mux',
      `a=rtpmap:96 ${t.kind === 'audio' ? 'opus/48000/2' : 'VP8/90000'}`, `a=ssrc:${i + 1} cname:x`,
    ].map((l) => l.replace('96', t.kind === 'audio' ? '111' : '96')));
    const names = transceivers.map((t, i) => t.mid ?? String(i));
    sections.splice(this.#first ?? sections.length, 0,
      ['m=application 9 UDP/DTLS/SCTP webrtc-datachannel', ...transport, 'a=mid:data', 'a=sctp-port:5000']);
    return ['v=0', 'o=- 1 1 IN IP4 127.0.0.1', 's=-', 't=0 0', `a=group:BUNDLE ${[...names, 'data'].join(' ')}`,
      `a=fingerprint:sha-256 ${Array(32).fill('AB').join(':')}`, ...sections.flat(), ''].join('\r\n');
  }
}

function mids(sdp: string): string[] {
  return [...sdp.matchAll(/^a=mid:(\S+)/gm)].map((m) => m[1] ?? '').filter((mid) => mid !== 'data');
}

/** A track of ours. */
export function fakeTrack(kind: Kind): MediaStreamTrack {
  return Object.assign(new EventTarget(), { kind }) as MediaStreamTrack;
}
