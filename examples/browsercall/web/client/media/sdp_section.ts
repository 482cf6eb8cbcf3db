import { MediaError } from './errors.ts';
import { keepFormats, keepsLine } from './sdp_codec.ts';
import type { CodecOrder, Format, Kind } from './sdp_codec.ts';

/** One m= section, rebuilt of what is known: nothing else passes in either direction. */
export interface Section {
  mid: string;
  kind: Kind | 'application';
  /** As whoever wrote the description does. */
  sends: boolean;
  receives: boolean;
  /** Port 0 without bundle-only: there is no such section any more. */
  rejected: boolean;
  /** Best first; empty for the message channel. */
  formats: Format[];
  ufrag: string;
  password: string;
  setup: string;
  /** The rest of its lines, without direction, credentials, setup and candidates. */
  lines: string[];
  /** `candidate:…`, in their order. */
  candidates: string[];
  fingerprints: string[];
}

const maxSSRCs = 8;
const maxFormats = 64;

const passing = new Set(['rtcp-mux', 'rtcp-rsize', 'rtpmap', 'fmtp', 'rtcp-fb', 'ssrc', 'ssrc-group', 'msid',
  'sctp-port', 'max-message-size', 'sctp-init']);

/** Extensions stand outside of what is sealed. Those that tell how loud somebody speaks, or what is seen, stay out. */
const extensions = new Set([
  'urn:ietf:params:rtp-hdrext:sdes:mid',
  'http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01',
  'http://www.webrtc.org/experiments/rtp-hdrext/abs-send-time',
  'http://www.webrtc.org/experiments/rtp-hdrext/playout-delay',
  'urn:3gpp:video-orientation',
  'https://aomediacodec.github.io/av1-rtp-spec/#dependency-descriptor-rtp-header-extension',
]);

/** Reads one section; `lines` begins with its m= line, and `bundle` is the set of mids in the BUNDLE group. */
export function readSection(lines: readonly string[], bundle: ReadonlySet<string>, order: CodecOrder): Section {
  const [media = '', port = '', proto = '', ...formats] = (lines[0] ?? '').slice(2).split(' ');
  const mid = attribute(lines, 'mid') ?? '';
  if (!/^[A-Za-z0-9_.-]{1,16}$/.test(mid)) {
    throw refused('a section has no usable mid');
  }
  for (const key of ['simulcast', 'rid', 'crypto', 'ice-lite']) {
    if (attribute(lines, key) !== undefined) {
      throw refused(`${key} is not for calls`);
    }
  }
  if (!/^\d{1,5}$/.test(port) || formats.length === 0 || formats.length > maxFormats) {
    throw refused('a section has no usable port or formats');
  }
  const rejected = Number(port) === 0 && attribute(lines, 'bundle-only') === undefined;
  if (!rejected && !bundle.has(mid)) {
    throw refused('a section is not bundled');
  }
  const section: Section = {
    mid, kind: readKind(media, proto, lines), rejected, ...readDirection(lines, rejected), formats: [],
    ufrag: attribute(lines, 'ice-ufrag') ?? '', password: attribute(lines, 'ice-pwd') ?? '',
    setup: attribute(lines, 'setup') ?? '', lines: [],
    candidates: attributes(lines, 'candidate').map((c) => `candidate:${c}`),
    fingerprints: attributes(lines, 'fingerprint'),
  };
  return section.kind === 'application' ? keepLines(section, lines) : readMedia(section, formats, lines, order);
}

function readMedia(section: Section, formats: string[], lines: readonly string[], order: CodecOrder): Section {
  section.formats = keepFormats(section.kind as Kind, formats, lines, order);
  if (section.formats.length === 0 && !section.rejected) {
    throw new MediaError('codec', `section ${section.mid} has no ${section.kind} codec that can be sealed: ` +
      `both sides need one of ${order[section.kind as Kind].join(', ')}`);
  }
  keepLines(section, lines);
  section.lines = section.lines.filter((l) => keepsLine(l, section.formats));
  if (section.sends && !lines.some((l) => l.startsWith('a=ssrc:'))) {
    throw refused('a section sends without naming its streams');
  }
  return section;
}

function readKind(media: string, proto: string, lines: readonly string[]): Section['kind'] {
  if (media === 'application' && proto === 'UDP/DTLS/SCTP') {
    return media;
  }
  if (media !== 'audio' && media !== 'video') {
    throw refused('a section is neither audio, video nor the message channel');
  }
  if (proto !== 'UDP/TLS/RTP/SAVPF' || attribute(lines, 'rtcp-mux') === undefined) {
    throw refused('a section is not DTLS-SRTP with multiplexed RTCP');
  }
  return media;
}

/** Without a direction it is sendrecv (RFC 8866, section 6.7). */
function readDirection(lines: readonly string[], rejected: boolean): { sends: boolean; receives: boolean } {
  const way = lines.find((l) => /^a=(sendrecv|sendonly|recvonly|inactive)$/.test(l))?.slice(2) ?? 'sendrecv';
  return {
    sends: !rejected && way.startsWith('send'),
    receives: !rejected && (way === 'sendrecv' || way === 'recvonly'),
  };
}

function keepLines(section: Section, lines: readonly string[]): Section {
  section.lines = lines.slice(1).filter((line) => {
    const key = /^a=([A-Za-z0-9-]+)/.exec(line)?.[1] ?? '';
    return key === 'extmap' ? extensions.has(line.split(' ')[1] ?? '') : passing.has(key);
  });
  return section;
}

/** Checks that streams are few and that no two sections claim one; `taken` collects them. */
export function checkStreams(section: Section, taken: Map<number, string>): void {
  let count = 0;
  for (const text of attributes(section.lines, 'ssrc')) {
    const ssrc = Number(/^(\d{1,10}) /.exec(text)?.[1] ?? 0);
    if (ssrc === 0 || ssrc > 0xffffffff || (taken.get(ssrc) ?? section.mid) !== section.mid) {
      throw refused('a stream number is malformed or claimed by two sections');
    }
    count += taken.has(ssrc) ? 0 : 1;
    taken.set(ssrc, section.mid);
  }
  if (count > maxSSRCs) {
    throw refused(`section ${section.mid} has more than ${maxSSRCs} streams`);
  }
}

/** The value of the first attribute of this name; empty for a flag, undefined if there is none. */
export function attribute(lines: readonly string[], key: string): string | undefined {
  return attributes(lines, key)[0];
}

/** Every value of an attribute. */
export function attributes(lines: readonly string[], key: string): string[] {
  return lines.filter((l) => l === `a=${key}` || l.startsWith(`a=${key}:`)).map((l) => l.slice(key.length + 3).trim());
}


/** The error of a description that breaks a rule. */
export function refused(why: string): MediaError {
  return new MediaError('description', `description refused: ${why}`);
}
