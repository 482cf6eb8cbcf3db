import { keepFormats, narrowed } from './sdp_codec.ts';
import type { CodecOrder, Kind } from './sdp_codec.ts';

function capabilities(kind: Kind): RTCRtpCodec[] {
  return RTCRtpReceiver.getCapabilities?.(kind)?.codecs ?? [];
}

/** The order without the codecs that this browser lacks, unless it cannot say which it has. */
export function available(order: CodecOrder): CodecOrder {
  return narrowed(order, (codec, kind) => capabilities(kind).some((c) => isCodec(c, kind, codec, order)));
}

/**
 * The capabilities of this browser that may be offered, best first. Undefined if it cannot say: then descriptions alone
 * decide.
 */
function preferred(kind: Kind, order: CodecOrder): RTCRtpCodec[] | undefined {
  const all = capabilities(kind);
  const carriers = all.filter((c) => c.mimeType.toLowerCase() === (kind === 'audio' ? 'audio/red' : 'video/rtx'));
  const kept = order[kind].flatMap((codec) => all.filter((c) => isCodec(c, kind, codec, order)));
  if (kept.length === 0) return undefined;
  return order.red && kind === 'audio' ? [...carriers, ...kept] : [...kept, ...carriers];
}

/** Asks the same question as descriptions do, of a capability in their form. */
function isCodec(c: RTCRtpCodec, kind: Kind, codec: string, order: CodecOrder): boolean {
  const name = `${c.mimeType.slice(kind.length + 1)}/${c.clockRate}${kind === 'audio' ? `/${c.channels ?? 1}` : ''}`;
  const lines = [`a=rtpmap:0 ${name}`, `a=fmtp:0 ${c.sdpFmtpLine ?? ''}`];
  return keepFormats(kind, ['0'], lines, order)[0]?.codec === codec;
}

/** Tells a transceiver which codecs to offer. */
export function prefer(transceiver: RTCRtpTransceiver, kind: Kind, order: CodecOrder): void {
  const codecs = preferred(kind, order);
  if (codecs !== undefined && 'setCodecPreferences' in transceiver) {
    transceiver.setCodecPreferences(codecs);
  }
}
