import { losesEarlyMedia } from './early.ts';
import { MediaError } from './errors.ts';
import type { Kinds, Sealing, TrackInfo, Withdrawn } from './events.ts';
import { parseDescription, writeDescription } from './sdp.ts';
import type { Description, Setup } from './sdp.ts';
import { sentCodec } from './sdp_codec.ts';
import type { CodecOrder, Kind } from './sdp_codec.ts';
import type { Section } from './sdp_section.ts';
import type { MediaSection } from './section.ts';
import type { Sections } from './sections.ts';

/** What a negotiation works on. */
export interface Negotiated {
  pc: RTCPeerConnection;
  sections: Sections;
  sealing: Sealing;
  callee: boolean;
  order: CodecOrder;
  /** Both descriptions are in force: `peer` is that of the peer. */
  settled: (peer: Description) => void;
}

/** An offer of ours that was given out. The browser is told of it only when it is answered, unless it is `local` already. */
interface Pending {
  sdp: string;
  local: boolean;
  description: Description;
  sending: Set<MediaSection>;
}

/**
 * The steps of a negotiation, one at a time. An offer is in force only once it is answered: so nothing is gathered
 * before, and there is nothing to roll back when descriptions cross. Only Firefox's restarts of ICE gather at once.
 */
export class Negotiation {
  readonly #o: Negotiated;
  #own: Uint8Array | undefined; // our fingerprint
  #pending: Pending | undefined;
  #mids: string[] = []; // sections in force, as "kind mid"
  /** The ufrag of our last description. */
  ufrag = '';
  held = false;
  stable = false;

  constructor(o: Negotiated) {
    this.#o = o;
  }

  get pending(): boolean {
    return this.#pending !== undefined;
  }

  /** The SHA-256 of our DTLS certificate; known once a description of ours is. */
  get fingerprint(): Uint8Array {
    if (this.#own === undefined) {
      throw new MediaError('state', 'the fingerprint is known after offer or answer');
    }
    return this.#own;
  }

  forget(): void {
    if (this.#pending?.local) void this.#o.pc.setLocalDescription({ type: 'rollback' }).catch(() => undefined);
    this.#pending = undefined;
    this.#o.sections.unname();
  }

  /** Drops our offer, and takes back what it would have added; all that is new if none could be made. */
  async refused(): Promise<Withdrawn[]> {
    const { pc, sections } = this.#o;
    const pending = this.#pending;
    this.#pending = undefined;
    if (pending?.local) await pc.setLocalDescription({ type: 'rollback' }).catch(() => undefined);
    return sections.withdraw(pending?.sending);
  }

  /** Makes an offer and gives it out. */
  async offer(restart: boolean): Promise<string> {
    const { pc, sections } = this.#o;
    this.#direct();
    const { sdp = '' } = await pc.createOffer({ iceRestart: restart });
    const description = this.#ours(sdp, this.stable ? sections.inUse() : this.#o.order);
    sections.name(description);
    // What is gathered goes ahead of a restart of Firefox: see gatherTime in call/describe.ts.
    const local = restart && losesEarlyMedia();
    if (local) await pc.setLocalDescription({ type: 'offer', sdp });
    this.#pending = { sdp, local, description, sending: new Set(sections.sending()) };
    return writeDescription(description, 'actpass');
  }

  /** Puts our offer and the peer's answer in force. */
  async answered(text: string, want: Uint8Array): Promise<void> {
    const { pc, sections, sealing } = this.#o;
    const pending = this.#pending;
    if (pending === undefined) {
      throw new MediaError('state', 'no description of ours waits for an answer');
    }
    const answer = this.#theirs(text, want, this.#o.callee ? 'passive' : 'active');
    sameSections(answer, pending.description.sections.map(nameOf), true);
    await sealing.codecs(payloadTypes([pending.description, answer]));
    if (!pending.local) await pc.setLocalDescription({ type: 'offer', sdp: pending.sdp });
    this.#pending = undefined;
    try {
      sections.adopt();
      await pc.setRemoteDescription({ type: 'answer', sdp: writeDescription(answer, answer.setup) });
    } catch (e) {
      await pc.setLocalDescription({ type: 'rollback' }).catch(() => undefined);
      throw asRefused(e);
    }
    this.#settle(answer, answer, pending.sending);
  }

  /** Checks that an offer of the peer can be applied now. */
  proposed(text: string, want: Uint8Array): Description {
    if (this.#pending !== undefined && !this.#o.callee) {
      throw new MediaError('glare', 'descriptions crossed, ours stands');
    }
    const offer = this.#theirs(text, want, 'actpass');
    sameSections(offer, this.#mids, false);
    return offer;
  }

  /** Tracks that the peer wants to send where nobody has agreed to that. */
  news(offer: Description): TrackInfo[] {
    return media(offer)
      .filter((line) => line.sends && !(this.#o.sections.byMid(line.mid)?.wanted ?? false))
      .map((line) => ({ mid: line.mid, kind: line.kind as Kind }));
  }

  /** Takes a checked offer; `choose` says what of it is wanted and attaches what we send. Gives our answer. */
  async take(offer: Description, choose: () => void): Promise<string> {
    const { pc, sections } = this.#o;
    this.forget();
    // Where ICE starts anew, Firefox would be active in its answer, whatever it was before.
    const setup = !this.stable ? 'actpass' : this.#o.callee ? 'passive' : 'active';
    await pc.setRemoteDescription({ type: 'offer', sdp: writeDescription(offer, setup) }).catch((e: unknown) => {
      throw asRefused(e);
    });
    try {
      sections.adopt();
      choose();
      return await this.#answer(offer);
    } catch (e) {
      await pc.setRemoteDescription({ type: 'rollback' }).catch(() => undefined);
      sections.prune();
      throw e;
    }
  }

  async #answer(offer: Description): Promise<string> {
    const { pc, sections, sealing, callee } = this.#o;
    const setup: Setup = callee ? 'active' : 'passive';
    this.#direct();
    const { sdp = '' } = await pc.createAnswer();
    const answer = this.#ours(sdp, this.#o.order);
    if (answer.setup !== setup) {
      throw new MediaError('description', `our answer must be ${setup}: the DTLS roles stay`);
    }
    sameSections(answer, offer.sections.map(nameOf), true);
    const sending = new Set(sections.sending());
    await Promise.all([sealing.codecs(payloadTypes([answer, offer])), pc.setLocalDescription({ type: 'answer', sdp })]);
    this.#settle(offer, answer, sending);
    return writeDescription(answer, setup);
  }

  /** Says which way media may flow in the next description. */
  #direct(): void {
    for (const s of this.#o.sections.all()) {
      const sends = s.track !== undefined && s.ctx !== undefined && !this.held;
      const receives = s.wanted && !this.held;
      s.transceiver.direction = sends ? (receives ? 'sendrecv' : 'sendonly') : receives ? 'recvonly' : 'inactive';
    }
  }

  #ours(sdp: string, order: CodecOrder): Description {
    const d = parseDescription(sdp, order);
    if (d.fingerprint.some((b, i) => b !== (this.#own ?? d.fingerprint)[i])) {
      throw new MediaError('fingerprint', 'our certificate changed within a call');
    }
    noneRejected(d);
    this.#own = d.fingerprint;
    this.ufrag = d.ufrag;
    return d;
  }

  #theirs(text: string, want: Uint8Array, setup: Setup): Description {
    const d = parseDescription(text, this.#o.order);
    if (want.length !== 32 || d.fingerprint.some((b, i) => b !== want[i])) {
      throw new MediaError('fingerprint', 'the fingerprint is not the one that the peer is bound to');
    }
    if (d.setup !== setup) {
      throw new MediaError('description', `description refused: its setup must be ${setup} here`);
    }
    noneRejected(d);
    return d;
  }

  /** Takes over what both descriptions say. `sending` are the sections that sent something when ours was made. */
  #settle(peer: Description, answer: Description, sending: ReadonlySet<MediaSection>): void {
    const { sections } = this.#o;
    this.stable = true;
    this.#mids = answer.sections.map(nameOf);
    for (const line of media(peer)) {
      const s = sections.byMid(line.mid);
      if (s === undefined) {
        throw new MediaError('description', 'the browser has no transceiver for a section');
      }
      if (!s.known && !line.sends) {
        s.wanted = false; // what the peer does not send at first it has to ask for
      }
      Object.assign(s, { known: true, peerSends: line.sends, peerTakes: line.receives });
      s.negotiated = s.track === undefined || sending.has(s);
      s.codec = sentCodec(answer.sections.find((a) => a.mid === line.mid)?.formats ?? []);
    }
    sections.redeclare();
    this.#o.settled(peer);
  }
}

/** Marks what the peer offers to send as wanted, by kind. */
export function choose(sections: Sections, offer: Description, receive: Kinds): void {
  for (const line of media(offer)) {
    const s = sections.byMid(line.mid);
    if (s !== undefined) {
      s.wanted = line.sends && receive[s.kind];
    }
  }
}

/** The audio and video sections of a description. */
export function media(d: Description): Section[] {
  return d.sections.filter((s) => s.kind !== 'application');
}

function nameOf(s: Section): string {
  return `${s.kind} ${s.mid}`;
}

/** Sections stay in their order for life; an offer may add some, an answer none. */
function sameSections(d: Description, known: readonly string[], exact: boolean): void {
  const names = d.sections.map(nameOf);
  if (known.some((name, i) => name !== names[i]) || exact && names.length !== known.length) {
    throw new MediaError('description', 'description refused: its sections are not those negotiated before');
  }
}

/** Nobody here ends a section: one is refused only by a side that can carry none of its codecs sealed. */
function noneRejected(d: Description): void {
  const rejected = d.sections.find((s) => s.rejected);
  if (rejected !== undefined) {
    throw new MediaError('codec',
      `the two sides share no ${rejected.kind} codec that can be sealed: use a newer version on both`);
  }
}

/** All payload types of a connection: they are one space, since all sections are bundled. */
function payloadTypes(descriptions: readonly Description[]): { payloadType: number; codec: string }[] {
  const map = new Map<number, string>();
  for (const { payloadType, codec } of descriptions.flatMap((d) => d.sections.flatMap((s) => s.formats))) {
    if ((map.get(payloadType) ?? codec) !== codec) {
      throw new MediaError('description', `description refused: payload type ${payloadType} means two codecs`);
    }
    map.set(payloadType, codec);
  }
  return [...map].map(([payloadType, codec]) => ({ payloadType, codec }));
}

function asRefused(e: unknown): unknown {
  return e instanceof MediaError ? e : new MediaError('description', 'description refused by the browser', e);
}
