/** A codec that can be sealed, spelled as in SDP and in the streams that a member declares. */
export type Codec = 'opus' | 'PCMU' | 'PCMA' | 'VP8' | 'VP9' | 'AV1' | 'H264';

/** What a media section carries. */
export type Kind = 'audio' | 'video';

/** Codecs in the order in which they are wanted; the first that both sides have is sent. */
export interface CodecOrder {
  audio: readonly Codec[];
  video: readonly Codec[];
  /**
   * Sends each Opus frame again with the next ones (RFC 2198), where browser and peer can: sound that loses single packets
   * stays whole, for twice the bytes. What the peer sends is its own choice.
   */
  red?: boolean;
}

/** Every codec that can be sealed. VP8 first: all peers have it, and it needs the least of a machine. */
export const allCodecs: CodecOrder = { audio: ['opus', 'PCMU', 'PCMA'], video: ['VP8', 'VP9', 'AV1', 'H264'] };

/** The codecs for which `keep` says so, and of a kind without any all. */
export function narrowed(order: CodecOrder, keep: (codec: Codec, kind: Kind) => boolean): CodecOrder {
  const of = (kind: Kind) => {
    const kept = order[kind].filter((codec) => keep(codec, kind));
    return kept.length > 0 ? kept : order[kind];
  };
  return { ...order, audio: of('audio'), video: of('video') };
}

/** One payload type of a section that may stay. */
export interface Format {
  payloadType: number;
  /** `red` and `rtx` carry another format, whose payload type is `of`. */
  codec: Codec | 'red' | 'rtx';
  of?: number;
}

interface Mapping {
  payloadType: number;
  name: string; // as in rtpmap, in lower case: vp8/90000
  fmtp: string;
}

/**
 * The formats of a section that may stay, best first, each followed by its repair format, or led by its redundant one.
 * Everything else is lost, here and at the peer: unknown codecs, telephone events, comfort noise, forward error
 * correction, and profiles whose layout nobody has tested sealed.
 */
export function keepFormats(
  kind: Kind, formats: readonly string[], lines: readonly string[], order: CodecOrder,
): Format[] {
  const mappings = readMappings(formats, lines);
  const out: Format[] = [];
  for (const codec of order[kind]) {
    for (const m of mappings.filter((m) => sealable(m, codec))) {
      const carriers = mappings.flatMap((other) => carrier(other, m.payloadType, kind));
      const format: Format = { payloadType: m.payloadType, codec };
      out.push(...(order.red && kind === 'audio' ? [...carriers, format] : [format, ...carriers]));
    }
  }
  return out;
}

/** The codec that is sent: the first that no other format carries. */
export function sentCodec(kept: readonly Format[]): Codec | undefined {
  for (const { codec } of kept) if (codec !== 'red' && codec !== 'rtx') return codec;
  return undefined;
}

/** The lines that belong to kept formats: rtpmap, fmtp and rtcp-fb. */
export function keepsLine(line: string, kept: readonly Format[]): boolean {
  const found = /^a=(?:rtpmap|fmtp|rtcp-fb):(\S+) /.exec(line);
  return found === null || kept.some((f) => String(f.payloadType) === found[1]);
}

function readMappings(formats: readonly string[], lines: readonly string[]): Mapping[] {
  const out: Mapping[] = [];
  for (const format of formats) {
    const payloadType = Number(format);
    if (!/^\d{1,3}$/.test(format) || payloadType > 127 || out.some((m) => m.payloadType === payloadType)) {
      continue;
    }
    const name = value(lines, `a=rtpmap:${format} `)?.toLowerCase();
    if (name !== undefined) {
      out.push({ payloadType, name, fmtp: value(lines, `a=fmtp:${format} `)?.toLowerCase() ?? '' });
    }
  }
  return out;
}

function value(lines: readonly string[], prefix: string): string | undefined {
  return lines.find((l) => l.startsWith(prefix))?.slice(prefix.length).trim();
}

/** How a codec is named in lower case; the one channel of G.711 goes unsaid. */
function rtpmap(codec: Codec): string {
  const clock = codec === 'opus' ? '48000/2' : codec.startsWith('PCM') ? '8000' : '90000';
  return `${codec.toLowerCase()}/${clock}`;
}

/** Reports whether a mapping is this codec, in a profile that every browser decodes. */
function sealable(m: Mapping, codec: Codec): boolean {
  if (m.name.replace(/^(pcm.*)\/1$/, '$1') !== rtpmap(codec)) {
    return false;
  }
  switch (codec) {
    case 'VP9':
      return (parameter(m.fmtp, 'profile-id') ?? '0') === '0';
    case 'AV1':
      return (parameter(m.fmtp, 'profile') ?? '0') === '0';
    case 'H264': // constrained baseline; single-NAL mode cannot carry what sealing adds to a slice
      return parameter(m.fmtp, 'packetization-mode') === '1' &&
        /^42[4-7c-f]/.test(parameter(m.fmtp, 'profile-level-id') ?? '');
    default:
      return true;
  }
}

function parameter(fmtp: string, name: string): string | undefined {
  for (const part of fmtp.split(';')) {
    const [key, text] = part.trim().split('=');
    if (key === name) {
      return text;
    }
  }
  return undefined;
}

/** The format `m` if it is nothing but a wrapping of payload type `of`. */
function carrier(m: Mapping, of: number, kind: Kind): Format[] {
  if (kind === 'video' && m.name === 'rtx/90000' && parameter(m.fmtp, 'apt') === String(of)) {
    return [{ payloadType: m.payloadType, codec: 'rtx', of }];
  }
  const blocks = m.fmtp.split('/');
  if (kind === 'audio' && m.name === 'red/48000/2' && blocks.length > 1 && blocks.every((b) => b === String(of))) {
    return [{ payloadType: m.payloadType, codec: 'red', of }];
  }
  return [];
}
