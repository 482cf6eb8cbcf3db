// A page that holds connections under fixed keys, for tests to drive.
import { FrameWorker } from '../client/frames/control.ts';
import { Conn } from '../client/media/conn.ts';
import type { ConnStats } from '../client/media/stats.ts';
import type { Candidate } from '../client/media/candidate.ts';
import type { ConnEvent, Kinds, Stream, TrackRole } from '../client/media/events.ts';
import type { CodecOrder } from '../client/media/sdp_codec.ts';

interface SideOptions {
  callee: boolean;
  codecs?: CodecOrder;
}

const both: Kinds = { audio: true, video: true };

/** One end of a call, with everything that a Conn has told. Bytes travel as arrays, since drivers carry JSON. */
class Side {
  readonly conn: Conn;
  readonly frames: FrameWorker;
  readonly events: string[] = [];
  readonly messages: number[][] = [];
  readonly candidates: Candidate[] = [];
  readonly #leaf: number;
  #gathered: () => void = () => undefined;
  readonly #allGathered = new Promise<void>((done) => {
    this.#gathered = done;
  });

  constructor(o: SideOptions) {
    this.#leaf = o.callee ? 1 : 0;
    this.frames = new FrameWorker('/worker.js');
    this.conn = new Conn({ frames: this.frames, iceServers: [], lan: true, notify: (e) => this.#told(e), ...o });
  }

  #told(e: ConnEvent): void {
    this.events.push(e.type === 'state' ? e.state : e.type);
    if (e.type === 'candidate') {
      this.candidates.push({ mid: e.mid, line: e.line });
    } else if (e.type === 'gathered') {
      this.#gathered();
    } else if (e.type === 'message') {
      this.messages.push([...e.data]);
    } else if (e.type === 'trackAdded') {
      play(e.track, `${this.#leaf}-${e.info.mid}`);
    }
  }

  async offer(): Promise<{ text: string; fingerprint: number[] }> {
    const text = await this.conn.offer(await capture(), both);
    return { text, fingerprint: [...this.conn.fingerprint()] };
  }

  async answer(offer: string, want: number[]): Promise<{ text: string; fingerprint: number[] }> {
    const text = await this.conn.answer(offer, Uint8Array.from(want), await capture(), both);
    return { text, fingerprint: [...this.conn.fingerprint()] };
  }

  accept(answer: string, want: number[]): Promise<void> {
    return this.conn.accept(answer, Uint8Array.from(want));
  }

  apply(offer: string, want: number[], yes: boolean): Promise<string> {
    return this.conn.apply(offer, Uint8Array.from(want), () => yes);
  }

  described(answer: string, want: number[]): Promise<void> {
    return this.conn.described(answer, Uint8Array.from(want));
  }

  async found(): Promise<Candidate[]> {
    await this.#allGathered;
    return this.candidates;
  }

  async take(candidates: Candidate[]): Promise<void> {
    for (const c of candidates) {
      await this.conn.addCandidate(c);
    }
  }

  /** Installs the key of an epoch; `key` is repeated 32 times. */
  async keys(epoch: number, key: number, peer: Stream[]): Promise<void> {
    await this.frames.declare(1 - this.#leaf, peer);
    await this.frames.install({ epoch, baseKey: new Uint8Array(32).fill(key), ownLeaf: this.#leaf, leaves: [0, 1] });
    await this.frames.switchSend(epoch);
    await this.conn.forceKeyFrames();
  }

  /** Draws on a canvas for as long as the page lives, and shares that. */
  async share(role: TrackRole): Promise<Stream> {
    const canvas = document.body.appendChild(document.createElement('canvas'));
    const draw = () => {
      const pen = canvas.getContext('2d');
      if (pen !== null) {
        pen.fillStyle = `hsl(${Math.floor(performance.now() / 10) % 360} 80% 50%)`;
        pen.fillRect(0, 0, canvas.width, canvas.height);
      }
    };
    setInterval(draw, 50);
    draw();
    const [track] = canvas.captureStream(20).getTracks();
    if (track === undefined) {
      throw new Error('a canvas without a track');
    }
    return this.conn.addTrack(track, role);
  }

  /** Which member of the group this is. */
  leaf(): number {
    return this.#leaf;
  }

  tell(message: number[]): void {
    this.conn.sendMessage(Uint8Array.from(message));
  }

  stats(): Promise<ConnStats> {
    return this.conn.stats();
  }

  close(): void {
    this.conn.close();
    this.frames.destroy();
  }
}

/** Pictures and sound are rendered, so that browsers decode them. */
function play(track: MediaStreamTrack, id: string): void {
  document.getElementById(id)?.remove();
  const element = document.createElement(track.kind === 'video' ? 'video' : 'audio');
  element.id = id;
  element.autoplay = true;
  element.srcObject = new MediaStream([track]);
  document.body.append(element);
  element.play().catch((e: unknown) => console.log('play', String(e)));
}

async function capture(): Promise<MediaStreamTrack[]> {
  const video = { width: 320, height: 240, frameRate: 15 };
  const stream = await navigator.mediaDevices.getUserMedia({ audio: true, video });
  return stream.getTracks();
}

declare global {
  interface Window {
    sides: Map<string, Side>;
    side(name: string, o: SideOptions): void;
  }
}

window.sides = new Map();
window.side = (name, o) => {
  window.sides.set(name, new Side(o));
};
