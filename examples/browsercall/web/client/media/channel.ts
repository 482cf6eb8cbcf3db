import { MediaError } from './errors.ts';

/** The most bytes of one message. */
export const maxMessage = 32 << 10;

const maxBacklog = 1 << 20; // bytes that wait to be sent

/** The one data channel of a call: ordered, reliable, negotiated beforehand as number 0. */
export class MessageChannel0 {
  readonly #channel: RTCDataChannel;

  constructor(pc: RTCPeerConnection, opened: () => void, received: (data: Uint8Array) => void) {
    this.#channel = pc.createDataChannel('sotto', { ordered: true, negotiated: true, id: 0 });
    this.#channel.binaryType = 'arraybuffer';
    this.#channel.onopen = opened;
    this.#channel.onmessage = ({ data }: MessageEvent<unknown>) => {
      if (data instanceof ArrayBuffer && data.byteLength <= maxMessage) {
        received(new Uint8Array(data)); // text, or too long: of no protocol of ours
      }
    };
  }

  /** Sends at most 32 KiB, in order, without waiting. Throws `notOpen` and `backlog` errors. */
  send(b: Uint8Array): void {
    if (this.#channel.readyState !== 'open') {
      throw new MediaError('notOpen', 'the message channel is not open: wait for channelOpen');
    }
    if (this.#channel.bufferedAmount > maxBacklog) {
      throw new MediaError('backlog', 'too much waits to be sent: try again later');
    }
    this.#channel.send(Uint8Array.from(b));
  }

  /** Forgets who listens. */
  close(): void {
    this.#channel.onopen = null;
    this.#channel.onmessage = null;
  }
}
