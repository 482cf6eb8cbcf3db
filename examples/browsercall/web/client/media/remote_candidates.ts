import { incoming, maxCandidates, writeCandidate } from './candidate.ts';
import type { CandidateLine, CandidatePolicy } from './candidate.ts';
import { MediaError } from './errors.ts';

/**
 * The peer's candidates. Those that come before the description they belong to are kept: on an ICE restart they may
 * overtake it, and would otherwise be thrown away with the ones before.
 */
export class RemoteCandidates {
  readonly #policy: CandidatePolicy;
  readonly #use: (line: string, ufrag: string) => void;
  #ufrag = ''; // of the description in force; empty before the first
  #lines = new Set<string>();
  #early: CandidateLine[] = [];

  /** `use` gets each candidate once, when its description is in force. */
  constructor(policy: CandidatePolicy, use: (line: string, ufrag: string) => void) {
    this.#policy = policy;
    this.#use = use;
  }

  /** Takes one candidate. A `candidate` error means that this one was refused; nothing else has changed. */
  add(text: string): void {
    const line = incoming(text, this.#policy);
    if (this.#ufrag === '' || line.ufrag !== '' && line.ufrag !== this.#ufrag) {
      bounded(this.#early.length);
      this.#early.push(line);
    } else {
      this.#take(line);
    }
  }

  /** Takes up the candidates of a description that is in force now, and those that overtook it. */
  described(ufrag: string, candidates: readonly string[]): void {
    if (this.#ufrag !== ufrag) {
      this.#ufrag = ufrag;
      this.#lines.clear();
    }
    const early = this.#early.filter((line) => line.ufrag === '' || line.ufrag === ufrag);
    this.#early = [];
    const all = [...early.map((line) => () => this.#take(line)), ...candidates.map((text) => () => this.add(text))];
    for (const take of all) {
      try {
        take();
      } catch (e) {
        if (!(e instanceof MediaError)) {
          throw e;
        }
      }
    }
  }

  /** The same one again, as from a peer that cannot know whether it arrived, counts once. */
  #take(line: CandidateLine): void {
    const text = writeCandidate({ ...line, ufrag: '' });
    if (!this.#lines.has(text)) {
      bounded(this.#lines.size);
      this.#lines.add(text);
      this.#use(text, this.#ufrag);
    }
  }
}

function bounded(count: number): void {
  if (count >= maxCandidates) {
    throw new MediaError('candidate', `candidate refused: more than ${maxCandidates}`);
  }
}
