// A page with two connections to each other, each behind a FrameWorker of its own, for tests to drive.
import { FrameWorker } from '../client/frames/control.ts';
import type { WorkerStats } from '../client/frames/messages.ts';

/** One video from `a` to `b` in one codec. */
class Loop {
  readonly a = new RTCPeerConnection();
  readonly b = new RTCPeerConnection();
  readonly from = new FrameWorker('/worker.js');
  readonly to = new FrameWorker('/worker.js');
  readonly events: string[] = [];
  #sender: RTCRtpSender | undefined;

  async connect(codec: string): Promise<boolean> {
    const all = RTCRtpReceiver.getCapabilities('video')?.codecs ?? [];
    const wanted = all.filter((c) => c.mimeType.toLowerCase() === `video/${codec.toLowerCase()}` &&
      !c.sdpFmtpLine?.includes('packetization-mode=0'));
    if (wanted.length === 0) return false;
    this.a.onicecandidate = (e) => void this.b.addIceCandidate(e.candidate ?? undefined);
    this.b.onicecandidate = (e) => void this.a.addIceCandidate(e.candidate ?? undefined);
    const media = await navigator.mediaDevices.getUserMedia({ video: { width: 320, height: 240, frameRate: 30 } });
    const t = this.a.addTransceiver(media.getVideoTracks()[0]!, { direction: 'sendonly' });
    t.setCodecPreferences(wanted);
    this.#sender = t.sender;
    t.sender.transform = this.from.sender(1, 'video');
    for (const name of ['first', 'refusedChanged', 'died']) {
      this.to.addEventListener(name, (e) => this.events.push(`${name} ${JSON.stringify((e as CustomEvent).detail)}`));
    }
    this.from.addEventListener('keyFrameWanted', () => void this.#keyFrame());
    this.b.ontrack = (e) => {
      e.receiver.transform = this.to.receiver(0, '0', 'video');
      const video = document.body.appendChild(document.createElement('video'));
      Object.assign(video, { autoplay: true, muted: true, srcObject: new MediaStream([e.track]) });
    };
    await this.a.setLocalDescription();
    await this.#tell(this.a.localDescription!.sdp, codec);
    await this.b.setRemoteDescription(this.a.localDescription!);
    await this.b.setLocalDescription();
    await this.a.setRemoteDescription(this.b.localDescription!);
    await this.to.declare(0, [{ ctx: 1, mid: '0', kind: 'video', codec }]);
    return true;
  }

  async #tell(sdp: string, codec: string): Promise<void> {
    const map = [...sdp.matchAll(/^a=rtpmap:(\d+) (\w+)\/90000/gm)]
      .filter((m) => m[2]!.toLowerCase() === codec.toLowerCase()).map((m) => ({ payloadType: Number(m[1]), codec }));
    await Promise.all([this.from.codecs(map), this.to.codecs(map)]);
  }

  async #keyFrame(): Promise<void> {
    this.events.push('wanted');
    const set = this.#sender!.setParameters as (p: RTCRtpSendParameters, o?: object) => Promise<void>;
    const p = this.#sender!.getParameters();
    await set.call(this.#sender, p, { encodingOptions: p.encodings.map(() => ({ keyFrame: true })) }).catch(() =>
      undefined);
  }

  /** Installs an epoch's key at one side, and sends with it if that is the sender. */
  async key(side: 'from' | 'to', epoch: number): Promise<void> {
    const ownLeaf = side === 'from' ? 0 : 1;
    await this[side].install({ epoch, baseKey: new Uint8Array(32).fill(epoch), ownLeaf, leaves: [0, 1] });
    if (side === 'from') await this.from.switchSend(epoch);
  }

  async state(): Promise<{ decoded: number; packets: number; from: WorkerStats; to: WorkerStats; events: string[] }> {
    type Row = { type: string; framesDecoded?: number; packetsReceived?: number };
    const stats = [...(await this.b.getStats()).values()] as Row[];
    const inbound = stats.find((s) => s.type === 'inbound-rtp');
    const [from, to] = await Promise.all([this.from.stats(), this.to.stats()]);
    return { decoded: inbound?.framesDecoded ?? 0, packets: inbound?.packetsReceived ?? 0, from, to,
      events: this.events };
  }
}

declare global {
  interface Window {
    frameLoop: Loop;
    startFrames(codec: string): Promise<boolean>;
    measureFrames(): Promise<unknown>;
  }
}

window.startFrames = (codec) => (window.frameLoop = new Loop()).connect(codec);
window.measureFrames = () => new Promise((resolve, reject) => {
  const worker = new Worker('/bench.js', { type: 'module' });
  worker.onmessage = (e) => resolve(e.data);
  worker.onerror = (e) => reject(new Error(e.message));
});
