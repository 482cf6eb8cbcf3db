import { MediaError } from './errors.ts';
import type { Sealing, TrackInfo } from './events.ts';
import type { Codec, Kind } from './sdp_codec.ts';

/**
 * Stands for streams that do not exist: nobody declares them. What a transceiver carries is sealed and opened from
 * its birth on, since Chromium passes everything through, for good and in clear, unless a transform is set in the
 * task in which the script first sees a sender or receiver. Another transform may replace that one at any time.
 */
const nobody = { ctx: 4095, mid: '-' };

/** One m= section of audio or video: a transceiver, and what both sides have agreed about it. */
export class MediaSection {
  readonly kind: Kind;
  readonly transceiver: RTCRtpTransceiver;
  /** As in the description of ours given out last, or in the one in force; empty before. */
  mid = '';
  /** The stream that is or was sent here; it stays, so that its counter never starts again. */
  ctx: number | undefined;
  /** The ctx that convention gives to what is sent here; another one only if descriptions crossed. */
  slot: number | undefined;
  /** What is sent here. */
  track: MediaStreamTrack | undefined;
  /** undefined: nobody has decided. */
  muted: boolean | undefined;
  /** It began muted, and the peer has not heard of that. */
  untold = false;
  /** We take what the peer sends. */
  wanted = false;
  /** A description of the peer has named the section. */
  known = false;
  /** Both sides know what is sent here. */
  negotiated = false;
  /** By the last description of the peer. */
  peerSends = false;
  peerTakes = false;
  /** The same, but that no hold changes it. */
  taken = false;
  /** The owner was told of the peer's track. */
  announced = false;
  /** What we send in; undefined until negotiated. */
  codec: Codec | undefined;
  #opens = '';
  #sent: MediaStreamTrack | null = null;

  /** To be called in the task in which the transceiver appeared. */
  constructor(kind: Kind, transceiver: RTCRtpTransceiver, sealing: Sealing, leaf: number) {
    this.kind = kind;
    this.transceiver = transceiver;
    this.mid = transceiver.mid ?? '';
    this.#carry(transceiver.sender, sealing.sender(nobody.ctx, kind));
    this.#carry(transceiver.receiver, sealing.receiver(leaf, nobody.mid, kind));
  }

  #carry(end: RTCRtpSender | RTCRtpReceiver, transform: RTCRtpScriptTransform | undefined): void {
    end.transform = transform ?? null;
    if (end.transform !== transform || !transform) {
      throw new MediaError('unsupported', 'frames cannot be sealed here, so nothing is sent: ' +
        'use a browser with RTCRtpScriptTransform');
    }
  }

  /** Seals all that this section will ever send as stream `ctx`. Without it nothing is sent. */
  seal(sealing: Sealing, ctx: number): void {
    this.ctx = undefined; // should the browser refuse, nothing flows
    this.#carry(this.transceiver.sender, sealing.sender(ctx, this.kind));
    this.ctx = ctx;
  }

  /** Opens all that this section receives, under the mid that it has for good. */
  open(sealing: Sealing, leaf: number): void {
    const mid = this.transceiver.mid ?? '';
    if (mid === '' || this.#opens === mid) {
      return;
    }
    this.mid = mid;
    this.#carry(this.transceiver.receiver, sealing.receiver(leaf, mid, this.kind));
    this.#opens = mid;
  }

  /**
   * Lets the track be sent or not: a section whose sender is not sealed is never given one. Firefox goes on with
   * silence and black pictures when a track is taken away, unless the encoding is stopped too.
   */
  async flow(on: boolean): Promise<void> {
    const next = on && !this.muted && this.ctx !== undefined ? this.track ?? null : null;
    if (next === this.#sent) {
      return;
    }
    this.#sent = next;
    const { sender } = this.transceiver;
    await sender.replaceTrack(next); // the browser takes them one after another
    if (this.#sent === next) {
      const parameters = sender.getParameters();
      const wrong = parameters.encodings.filter(({ active }) => active !== (next !== null));
      for (const encoding of wrong) {
        encoding.active = next !== null;
      }
      if (wrong.length > 0) await sender.setParameters(parameters);
    }
  }

  /** What the owner is told of the peer's track. */
  info(): TrackInfo {
    return { mid: this.mid, kind: this.kind, codec: this.codec };
  }
}
