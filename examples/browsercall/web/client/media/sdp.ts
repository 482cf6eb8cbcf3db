import { MediaError } from './errors.ts';
import { allCodecs } from './sdp_codec.ts';
import type { CodecOrder } from './sdp_codec.ts';
import { formatFingerprint, parseFingerprint } from './sdp_fingerprint.ts';
import { attribute, attributes, checkStreams, readSection, refused } from './sdp_section.ts';
import type { Section } from './sdp_section.ts';

/** The longest description, in bytes (PROTOCOL, section 8). */
export const maxDescription = 16 * 1024;

/** The most m= sections of a description. */
export const maxSections = 16;

/** The DTLS role that a description claims (RFC 8842). */
export type Setup = 'actpass' | 'active' | 'passive';

/** An SDP taken apart and checked, of ours or of the peer. */
export interface Description {
  session: string;
  version: string;
  /** One- and two-byte header extensions may be mixed (RFC 8285). */
  mixed: boolean;
  /** mids of the BUNDLE group, in its order. */
  bundle: string[];
  fingerprint: Uint8Array;
  setup: Setup;
  ufrag: string;
  password: string;
  sections: Section[];
  /** Taken out of the SDP; they go the way of all candidates. */
  candidates: string[];
}

/**
 * Checks an SDP against every rule that holds for both sides, and keeps only what is known. `order` sorts its codecs,
 * so that what is sent follows our own wishes, not those of the peer. Throws `description`, `fingerprint` and `codec`
 * errors.
 */
export function parseDescription(text: string, order: CodecOrder = allCodecs): Description {
  const parts = split(text);
  const head = parts[0] ?? [];
  const media = parts.slice(1);
  if (media.length === 0 || media.length > maxSections) {
    throw refused(`${media.length} media sections, where 1 to ${maxSections} may be`);
  }
  if (attribute(head, 'ice-lite') !== undefined) {
    throw refused('ICE lite is not for calls');
  }
  const bundle = attributes(head, 'group').find((g) => g.startsWith('BUNDLE '))?.split(' ').slice(1) ?? [];
  const sections = media.map((lines) => readSection(lines, new Set(bundle), order));
  checkSections(sections);
  const origin = /^o=\S+ (\d{1,20}) (\d{1,20}) IN IP[46] \S+$/.exec(head.find((l) => l.startsWith('o=')) ?? '');
  if (origin === null) {
    throw refused('no usable o= line');
  }
  const known = new Set(sections.map((s) => s.mid));
  return {
    session: origin[1] ?? '', version: origin[2] ?? '', mixed: text.includes('\na=extmap-allow-mixed'),
    bundle: bundle.filter((mid) => known.has(mid)),
    fingerprint: oneFingerprint([...attributes(head, 'fingerprint'), ...sections.flatMap((s) => s.fingerprints)]),
    ...readTransport(head, bundle[0], sections), sections, candidates: sections.flatMap((s) => s.candidates),
  };
}

/** Writes a description with a DTLS role. Its o= and c= lines say nothing about where it was made. */
export function writeDescription(d: Description, setup: Setup): string {
  const out = ['v=0', `o=- ${d.session} ${d.version} IN IP4 0.0.0.0`, 's=-', 't=0 0',
    `a=group:BUNDLE ${d.bundle.join(' ')}`, 'a=msid-semantic: WMS', `a=fingerprint:${formatFingerprint(d.fingerprint)}`,
    ...(d.mixed ? ['a=extmap-allow-mixed'] : [])];
  for (const s of d.sections) {
    const name = s.kind === 'application'
      ? 'UDP/DTLS/SCTP webrtc-datachannel'
      : `UDP/TLS/RTP/SAVPF ${s.formats.map((f) => f.payloadType).join(' ') || '0'}`;
    out.push(`m=${s.kind} ${s.rejected ? 0 : 9} ${name}`, 'c=IN IP4 0.0.0.0', `a=mid:${s.mid}`, `a=${direction(s)}`,
      `a=ice-ufrag:${d.ufrag}`, `a=ice-pwd:${d.password}`, 'a=ice-options:trickle', `a=setup:${setup}`, ...s.lines);
  }
  const text = `${out.join('\r\n')}\r\n`;
  if (text.length > maxDescription) {
    throw refused(`ours would be longer than ${maxDescription} bytes: send fewer tracks`);
  }
  return text;
}

function direction(s: Section): string {
  if (s.kind === 'application') {
    return 'sendrecv';
  }
  return s.sends ? (s.receives ? 'sendrecv' : 'sendonly') : s.receives ? 'recvonly' : 'inactive';
}

/** Cuts the text into the session's lines and those of each section. */
function split(text: string): string[][] {
  if (text.length > maxDescription) {
    throw refused(`longer than ${maxDescription} bytes`);
  }
  const parts: string[][] = [[]];
  for (const line of text.split(/\r?\n/)) {
    if (!/^[\x20-\x7e]*$/.test(line)) {
      throw refused('it has characters that no description has');
    }
    if (line.startsWith('m=')) {
      parts.push([]);
    }
    parts.at(-1)?.push(line);
  }
  if (parts[0]?.[0] !== 'v=0') {
    throw refused('not an SDP');
  }
  return parts;
}

function checkSections(sections: readonly Section[]): void {
  const mids = new Set(sections.map((s) => s.mid));
  if (mids.size !== sections.length) {
    throw refused('two sections have one mid');
  }
  if (sections.filter((s) => s.kind === 'application' && !s.rejected).length !== 1) {
    throw refused('there must be one message channel');
  }
  const taken = new Map<number, string>();
  for (const s of sections) {
    checkStreams(s, taken);
  }
}

/** Asks for exactly one distinct fingerprint, wherever it stands and however often. */
function oneFingerprint(values: readonly string[]): Uint8Array {
  const [first, ...others] = values.map(parseFingerprint);
  if (first === undefined) {
    throw new MediaError('fingerprint', 'a description has no fingerprint');
  }
  if (others.some((o) => o.some((b, i) => b !== first[i]))) {
    throw new MediaError('fingerprint', 'a description has two different fingerprints');
  }
  return first;
}

/** Reads what all bundled sections share: ICE credentials and the DTLS role. */
function readTransport(
  head: readonly string[], tag: string | undefined, sections: readonly Section[],
): Pick<Description, 'ufrag' | 'password' | 'setup'> {
  const shared = (key: string, of: (s: Section) => string): string => {
    const all = new Set(sections.filter((s) => !s.rejected).map((s) => of(s) || (attribute(head, key) ?? '')));
    const [value = ''] = all;
    if (all.size !== 1 || value === '') {
      throw refused(`${key} is missing or differs between sections`);
    }
    return value;
  };
  const ufrag = shared('ice-ufrag', (s) => s.ufrag);
  const password = shared('ice-pwd', (s) => s.password);
  // Firefox claims another role for a section that it adds: that of the section which carries the bundle counts (RFC
  // 9143).
  const setup = sections.find((s) => s.mid === tag)?.setup || attribute(head, 'setup');
  if (!/^[A-Za-z0-9+/]{4,256}$/.test(ufrag) || !/^[A-Za-z0-9+/]{22,256}$/.test(password)) {
    throw refused('ICE credentials are malformed');
  }
  if (setup !== 'actpass' && setup !== 'active' && setup !== 'passive') {
    throw refused('setup is malformed');
  }
  return { ufrag, password, setup };
}
