// A page that sends sealed media to a plain receiver, which writes down what comes.
import { FrameWorker } from '../client/frames/control.ts';
import { Conn } from '../client/media/conn.ts';
import type { Codec } from '../client/media/sdp_codec.ts';

/** What the receiver says. */
interface Answer {
  answer: string;
}

/** The receiver behind a WebSocket. */
class Receiver {
  readonly #ws: WebSocket;
  readonly #open: Promise<void>;

  constructor(url: string) {
    this.#ws = new WebSocket(url);
    this.#open = new Promise((open, fail) => {
      this.#ws.onopen = () => open();
      this.#ws.onerror = () => fail(new Error('no receiver'));
    });
  }

  async answer(offer: string): Promise<string> {
    await this.#open;
    const heard = new Promise<string>((take) => {
      this.#ws.onmessage = (e) => take((JSON.parse(String(e.data)) as Answer).answer);
    });
    this.#ws.send(JSON.stringify({ offer }));
    return heard;
  }

  candidate(candidate: string): void {
    if (candidate !== '') {
      this.#ws.send(JSON.stringify({ candidate: { candidate, sdpMid: '0', sdpMLineIndex: 0 } }));
    }
  }

  close(): void {
    this.#ws.close();
  }
}

async function camera(): Promise<MediaStreamTrack[]> {
  const stream = await navigator.mediaDevices.getUserMedia({ audio: true, video: { width: 320, height: 240, frameRate: 20 } });
  return stream.getTracks();
}

async function keyed(key: number): Promise<FrameWorker> {
  const frames = new FrameWorker('/worker.js');
  await frames.install({ epoch: 1, baseKey: new Uint8Array(32).fill(key), ownLeaf: 0, leaves: [0, 1] });
  await frames.switchSend(1);
  return frames;
}

const fingerprintOf = (sdp: string) => Uint8Array.from(
  (/a=fingerprint:sha-256 (\S+)/i.exec(sdp)?.[1] ?? '').split(':').map((b) => parseInt(b, 16)));

const sleep = (ms: number) => new Promise((done) => { setTimeout(done, ms); });

/** Sends for so many milliseconds, and 25 pictures at least, by the SDK's connection, and gives the counts of its worker. */
async function send(url: string, codec: Codec, key: number, ms: number, red = false): Promise<unknown> {
  const frames = await keyed(key);
  const receiver = new Receiver(url);
  const found: string[] = [];
  let connected: () => void = () => undefined;
  const up = new Promise<void>((yes) => { connected = yes; });
  let answered = false;
  const conn = new Conn({
    frames, callee: false, iceServers: [], lan: true, codecs: { audio: ['opus'], video: [codec], red },
    notify: (e) => {
      if (e.type === 'candidate' && answered) {
        receiver.candidate(e.line);
      } else if (e.type === 'candidate') {
        found.push(e.line);
      } else if (e.type === 'state' && e.state === 'connected') {
        connected();
      }
    },
  });
  const answer = await receiver.answer(await conn.offer(await camera(), { audio: false, video: false }));
  await conn.accept(answer, fingerprintOf(answer));
  answered = true;
  found.forEach((line) => receiver.candidate(line));
  await up;
  await conn.start();
  await sleep(ms);
  const few = async () => (await conn.stats()).sent.some((s) => s.kind === 'video' && s.frames < 25);
  for (let more = 0; more < 100 && await few(); more++) {
    await sleep(100); // a browser that has just started may be late
  }
  const counts = await frames.stats();
  conn.close();
  await sleep(100); // what is on the way
  receiver.close();
  frames.destroy();
  return counts;
}

const capture = { send };

declare global {
  interface Window {
    capture: typeof capture;
  }
}

window.capture = capture;
