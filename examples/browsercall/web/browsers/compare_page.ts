// What both sides of a comparison have: a camera, the raw statistics, and eyes. None of the SDK is in here; what is
// compared is loaded beside it.

/** What was seen of a track: when its first frame was shown, and its freezes, in milliseconds. */
interface Seen {
  first: number;
  presented: number;
  freezes: number;
  frozen: number;
}

const made: RTCPeerConnection[] = [];
globalThis.RTCPeerConnection = class extends RTCPeerConnection {
  constructor(c?: RTCConfiguration) {
    super(c);
    made.push(this);
  }
};

/** Shows a track; `first` settles when a frame of it is shown. */
export class Eyes {
  readonly first: Promise<number>;
  readonly seen: Seen = { first: 0, presented: 0, freezes: 0, frozen: 0 };
  #pauses: number[] = [];
  #last = 0;

  constructor(track: MediaStreamTrack) {
    const element = document.body.appendChild(document.createElement('video'));
    element.autoplay = element.muted = true;
    element.width = 320;
    element.srcObject = new MediaStream([track]);
    element.play().catch((e: unknown) => console.log('play', String(e)));
    this.first = new Promise((shown) => {
      const each = (now: number, m: VideoFrameCallbackMetadata) => {
        if (this.seen.presented === 0) {
          this.seen.first = performance.now();
          shown(this.seen.first);
        }
        this.#frame(now, m.presentedFrames);
        element.requestVideoFrameCallback(each);
      };
      element.requestVideoFrameCallback(each);
    });
  }

  /** As Freezes in Go, and as freezeCount: for browsers that do not count them. */
  #frame(now: number, presented: number): void {
    this.seen.presented = Math.max(presented, this.seen.presented + 1);
    const pause = now - this.#last;
    if (this.#last > 0) {
      if (this.#pauses.length === 30 && this.#long(pause)) {
        this.seen.freezes++;
        this.seen.frozen += pause;
      }
      this.#pauses.push(pause);
      if (this.#pauses.length > 30) {
        this.#pauses.shift();
      }
    }
    this.#last = now;
  }

  /** Whether a pause is long by those before. */
  #long(pause: number): boolean {
    const mean = this.#pauses.reduce((a, b) => a + b, 0) / Math.max(1, this.#pauses.length);
    return pause >= Math.max(3 * mean, mean + 150);
  }

  /** How long there has been no frame, in milliseconds, if that is a freeze: no browser counts one that goes on. */
  open(): number {
    const pause = performance.now() - this.#last;
    return this.#long(pause) ? pause : 0;
  }
}

/** Plays a sound track. */
export function hear(track: MediaStreamTrack): void {
  const element = document.body.appendChild(document.createElement('audio'));
  element.autoplay = true;
  element.srcObject = new MediaStream([track]);
  element.play().catch((e: unknown) => console.log('play', String(e)));
}

/** Every row of the last connection's statistics of this type and kind. */
async function rows(type: string, kind: string): Promise<Record<string, unknown>[]> {
  const out: Record<string, unknown>[] = [];
  (await made.at(-1)?.getStats())?.forEach((row: Record<string, unknown>) => {
    if (row['type'] === type && row['kind'] === kind) {
      out.push(row);
    }
  });
  return out;
}

/** What both sides use, and what tests call. */
const eyes: Eyes[] = [];
const bench = {
  rows,
  watch(track: MediaStreamTrack): Eyes {
    const e = new Eyes(track);
    eyes.push(e);
    return e;
  },
  hear,
  seen: () => ({ ...eyes.at(-1)?.seen, open: eyes.at(-1)?.open() }),
  camera: async () => (await navigator.mediaDevices.getUserMedia(
    { audio: true, video: { width: 640, height: 360, frameRate: 30 } })).getTracks(),
  load: (script: string) => import(script),
};

declare global {
  interface Window {
    bench: typeof bench;
  }
}

window.bench = bench;
