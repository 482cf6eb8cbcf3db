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
  stopped = false;
  #direction = 'inactive';
  readonly kind: Kind;
  readonly sender: End;
  readonly receiver: End & { track: { kind: Kind; enabled: boolean } };

  constructor(kind: Kind, index: number) {
    this.kind = kind;
    this.sender = new End(`sender ${index}`, null);
    this.receiver = new End(`receiver ${index}`, { kind, enabled: true }) as FakeTransceiver['receiver'];
  }

  get direction(): string {
    return this.stopped ? 'stopped' : this.#direction;
  }

  set direction(way: string) {
    if (this.stopped) throw new Error('InvalidStateError');
    this.#direction = way;
  }

  stop(): void {
    steps.push(`${this.sender.name} gone`);
    this.stopped = true;
  }

  setCodecPreferences(): void {
    // the connection has a list for all
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
  /** What it has for pictures, best first. */
  video: ('VP8' | 'H264')[] = ['VP8'];
  #transceivers: FakeTransceiver[] = [];
  #remote = '';
  #role = 'active'; // in DTLS, for life, once the first description of ours is in force
  #decided = false;
  #undo: (() => void) | undefined;
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
    return { sdp: this.#write('actpass', this.#transceivers.filter((t) => !t.stopped)) };
  }

  async createAnswer(): Promise<{ sdp: string }> {
    const answered = mids(this.#remote).map((mid) => this.#transceivers.find((t) => t.mid === mid)!);
    return { sdp: this.#write(this.#role, answered, this.#remote) };
  }

  async setLocalDescription(d: { type: string; sdp?: string }): Promise<void> {
    steps.push(`local ${d.type}`);
    this.#role = !this.#decided && d.type === 'offer' ? 'passive' : this.#role;
    this.#decided = true;
    this.#first ??= mids(d.sdp ?? '').length;
    if (d.type === 'rollback') return this.#undo?.();
    const before = this.#transceivers.map((t) => [t, t.mid] as const);
    this.#undo = () => before.forEach(([t, mid]) => Object.assign(t, { mid }));
    if (d.type === 'offer') {
      this.#transceivers.filter((t) => !t.stopped).forEach((t, i) => {
        t.mid = mids(d.sdp ?? '')[i] ?? null;
      });
    }
  }

  async setRemoteDescription(d: { type: string; sdp?: string }): Promise<void> {
    steps.push(`remote ${d.type}`);
    if (d.type === 'rollback') return this.#undo?.();
    const before = [...this.#transceivers];
    this.#undo = () => {
      for (const t of this.#transceivers.filter((t) => !before.includes(t))) Object.assign(t, { mid: null, stopped: true });
      this.#transceivers = before;
    };
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

  /** Offers all that it has, and answers with what it has of that. */
  #write(setup: string, transceivers: FakeTransceiver[], offer?: string): string {
    const transport = ['c=IN IP4 192.168.1.4', 'a=ice-ufrag:Zk3q', 'a=ice-pwd:0123456789abcdefghijABCD',
      `a=setup:${setup}`];
    const name = (t: FakeTransceiver) => t.mid ?? String(this.#transceivers.indexOf(t));
    const sections = transceivers.map((t, i) => {
      const section = offer?.split(/^(?=m=)/m).find((s) => mids(s)[0] === name(t));
      const common = codecs[t.kind].filter((c) => (t.kind === 'audio' || this.video.some((v) => v === c.name)) &&
        (section?.includes(c.rtpmap) ?? true));
      const formats = common.length > 0 ? common.map((c) => c.type).join(' ') : '0';
      return [`m=${t.kind} ${common.length > 0 ? 9 : 0} UDP/TLS/RTP/SAVPF ${formats}`, ...transport, `a=mid:${name(t)}`,
        `a=${t.direction}`, 'a=rtcp-mux', ...common.map((c) => c.rtpmap), `a=ssrc:${i + 1} cname:x`];
    });
    const names = transceivers.map(name);
    sections.splice(this.#first ?? sections.length, 0,
      ['m=application 9 UDP/DTLS/SCTP webrtc-datachannel', ...transport, 'a=mid:data', 'a=sctp-port:5000']);
    return ['v=0', 'o=- 1 1 IN IP4 127.0.0.1', 's=-', 't=0 0', `a=group:BUNDLE ${[...names, 'data'].join(' ')}`,
      `a=fingerprint:sha-256 ${Array(32).fill('AB').join(':')}`, ...sections.flat(), ''].join('\r\n');
  }
}

const codecs = {
  audio: [{ name: 'opus', type: 111, rtpmap: 'a=rtpmap:111 opus/48000/2' }],
  video: [
    { name: 'VP8', type: 96, rtpmap: 'a=rtpmap:96 VP8/90000' },
    { name: 'H264', type: 98,
      rtpmap: 'a=rtpmap:98 H264/90000\r\na=fmtp:98 packetization-mode=1;profile-level-id=42e01f' },
  ],
};

function mids(sdp: string): string[] {
  return [...sdp.matchAll(/^a=mid:(\S+)/gm)].map((m) => m[1] ?? '').filter((mid) => mid !== 'data');
}

/** A track of ours. */
export function fakeTrack(kind: Kind): MediaStreamTrack {
  return Object.assign(new EventTarget(), { kind }) as MediaStreamTrack;
}
