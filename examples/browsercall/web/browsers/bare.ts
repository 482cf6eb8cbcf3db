// The bare side of a comparison: an RTCPeerConnection and a WebSocket, in the clear. It imports nothing, so that it shares no
// code with the SDK; window.bench is there before it.

interface Message {
  offer?: string;
  answer?: string;
  candidate?: RTCIceCandidateInit;
  ask?: boolean;
  freeze?: { frames: number; freezes: number; frozen: number };
}

/** A call that rings. */
class BareCall {
  readonly #ws: WebSocket;
  readonly #early: RTCIceCandidateInit[] = [];
  readonly ringing: Promise<string>;
  #tracks: MediaStreamTrack[] = [];
  #pc: RTCPeerConnection | undefined;
  #ready = false;
  #answered: (m: Message) => void = () => undefined;

  constructor(url: string) {
    this.#ws = new WebSocket(`${url}/call`);
    this.ringing = new Promise((rings, fail) => {
      this.#ws.onerror = () => fail(new Error('no WebSocket'));
      this.#ws.onmessage = (e) => {
        const m = JSON.parse(String(e.data)) as Message;
        if (m.offer !== undefined) {
          rings(m.offer);
        } else if (m.candidate !== undefined) {
          this.#candidate(m.candidate);
        } else {
          this.#answered(m);
        }
      };
    });
  }

  async prepare(): Promise<void> {
    this.#tracks = await window.bench.camera();
    await this.ringing;
  }

  #candidate(c: RTCIceCandidateInit): void {
    if (this.#ready) {
      void this.#pc?.addIceCandidate(c);
    } else {
      this.#early.push(c);
    }
  }

  #say(m: Message): void {
    this.#ws.send(JSON.stringify(m));
  }

  /** Takes the call, and tells after how many milliseconds a frame was shown. */
  async accept(): Promise<number> {
    const offer = await this.ringing;
    const start = performance.now();
    const pc = new RTCPeerConnection();
    this.#pc = pc;
    pc.onicecandidate = (e) => {
      if (e.candidate !== null && e.candidate.candidate !== '') {
        this.#say({ candidate: e.candidate.toJSON() });
      }
    };
    const shown = new Promise<number>((first) => {
      pc.ontrack = (e) => {
        if (e.track.kind === 'video') {
          first(window.bench.watch(e.track).first);
        } else {
          window.bench.hear(e.track);
        }
      };
    });
    await pc.setRemoteDescription({ type: 'offer', sdp: offer });
    for (const t of this.#tracks) {
      pc.addTrack(t, new MediaStream([t]));
    }
    const answer = await pc.createAnswer();
    await pc.setLocalDescription(answer);
    this.#say({ answer: answer.sdp ?? '' });
    this.#ready = true;
    this.#early.forEach((c) => this.#candidate(c));
    return await shown - start;
  }

  /** What the other side saw of us. */
  ask(): Promise<Message['freeze']> {
    return new Promise((answered) => {
      this.#answered = (m) => answered(m.freeze);
      this.#say({ ask: true });
    });
  }

  close(): void {
    this.#pc?.close();
    this.#ws.close();
  }
}

const calls: BareCall[] = [];

/** What tests call. */
const bare = {
  async open(url: string): Promise<void> {
    const c = new BareCall(url);
    calls.push(c);
    await c.prepare();
  },
  accept: () => calls.at(-1)?.accept(),
  ask: () => calls.at(-1)?.ask(),
  close: () => calls.at(-1)?.close(),
};

declare global {
  interface Window {
    bare: typeof bare;
  }
}

window.bare = bare;

export {};

export {};
