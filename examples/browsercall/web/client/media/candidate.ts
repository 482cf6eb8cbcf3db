import { allowsAddress, isAddress } from './address.ts';
import { MediaError } from './errors.ts';

/**
 * One ICE candidate as it travels between the peers: its media section, and `candidate:…` of at most 512 characters.
 */
export interface Candidate {
  mid: string;
  line: string;
}

/** Which candidates may leave and arrive (PROTOCOL, section 8). */
export interface CandidatePolicy {
  /** Only relay candidates leave, and no name of the peer is resolved. */
  relayOnly: boolean;
  /** Host addresses leave as they are, and link-local and loopback addresses of the peer are accepted. */
  lan: boolean;
}

/** The most candidates of the peer for one set of ICE credentials. */
export const maxCandidates = 32;

const maxLine = 512;
const form = new RegExp(String.raw`^candidate:([A-Za-z0-9+/]{1,32}) 1 udp (\d{1,10}) (\S+) (\d{1,5}) ` +
  String.raw`typ (host|srflx|prflx|relay)((?: \S+ \S+)*)$`, 'i');

/** A candidate line taken apart (RFC 8839, section 5.1). Extensions other than ufrag are lost. */
export interface CandidateLine {
  foundation: string;
  priority: number;
  /** A numeric address, or an mDNS name. */
  address: string;
  port: number;
  type: string;
  ufrag: string;
}

/** Reads one line. Anything but component 1 over UDP, well-formed, is a `candidate` error. */
export function parseCandidate(line: string): CandidateLine {
  const text = line.length > maxLine ? '' : line.replace(/^a=/, '').trim();
  const found = form.exec(text);
  if (found === null) {
    throw refused('not a candidate of component 1 over UDP');
  }
  const [, foundation = '', priority = '', address = '', port = '', type = '', rest = ''] = found;
  const c = { foundation, priority: Number(priority), address, port: Number(port), type: type.toLowerCase(),
    ufrag: ufragOf(rest) };
  if (c.priority > 0xffffffff || c.port === 0 || c.port > 0xffff || !isAddress(address) && !isMDNS(address) ||
    !/^[A-Za-z0-9+/]{0,256}$/.test(c.ufrag)) {
    throw refused('its priority, address, port or ufrag is malformed');
  }
  return c;
}

/**
 * Writes a line as it travels: with a related address that says nothing where the type asks for one (Firefox needs it),
 * and without any extension but ufrag.
 */
export function writeCandidate(c: CandidateLine): string {
  const related = c.type === 'host' ? '' : ` raddr ${c.address.includes(':') ? '::' : '0.0.0.0'} rport 9`;
  const ufrag = c.ufrag === '' ? '' : ` ufrag ${c.ufrag}`;
  return `candidate:${c.foundation} 1 udp ${c.priority} ${c.address} ${c.port} typ ${c.type}${related}${ufrag}`;
}

/** Rewrites candidates of ours, so that they tell no more than they must, or refuses them. One for each connection. */
export class Outgoing {
  readonly #policy: CandidatePolicy;
  readonly #foundations = new Map<string, number>();

  constructor(policy: CandidatePolicy) {
    this.#policy = policy;
  }

  /** The line to send, for a line of the browser and the ufrag of our description. Throws a `candidate` error. */
  rewrite(line: string, ufrag: string): string {
    const c = parseCandidate(line);
    if (this.#policy.relayOnly && c.type !== 'relay') {
      throw refused(`a ${c.type} candidate in a relay-only call`);
    }
    const host = c.type === 'host';
    if (isMDNS(c.address) ? !host : host && !this.#policy.lan || !allowsAddress(c.address, this.#policy)) {
      throw refused('an address that is not for the peer');
    }
    return writeCandidate({ ...c, foundation: this.#foundation(c.foundation), ufrag });
  }

  /** A browser's foundation is a checksum over an address: only that two are the same may be seen. */
  #foundation(own: string): string {
    const number = this.#foundations.get(own) ?? this.#foundations.size + 1;
    this.#foundations.set(own, number);
    return String(number);
  }
}

/** Checks a candidate of the peer. Throws a `candidate` error. */
export function incoming(line: string, policy: CandidatePolicy): CandidateLine {
  const c = parseCandidate(line);
  if (isMDNS(c.address) ? policy.relayOnly : !allowsAddress(c.address, policy)) { // a name would have to be resolved
    throw refused('its address is not allowed');
  }
  return c;
}

/** Reports whether `s` hides a host address: one label of hex digits and dashes under .local. */
function isMDNS(s: string): boolean {
  return /^[0-9a-f-]{1,63}\.local$/i.test(s);
}

function ufragOf(extensions: string): string {
  const words = extensions.split(' ').slice(1);
  for (let i = 0; i < words.length; i += 2) {
    if (words[i] === 'ufrag') {
      return words[i + 1] ?? '';
    }
  }
  return '';
}

function refused(why: string): MediaError {
  return new MediaError('candidate', `candidate refused: ${why}`);
}
